"""Learning rates that change: functions of the number of updates made so far.

Any function of that number is a schedule; these are the common ones. They pickle, and
print what they are.

>>> [StepDecay(0.1, factor=0.5, every=100)(update) for update in (0, 99, 100, 250)]
[0.1, 0.1, 0.05, 0.025]
>>> [round(WarmUp(Cosine(1.0, updates=10), updates=4)(update), 3) for update in range(6)]
[0.25, 0.488, 0.678, 0.794, 0.655, 0.5]

One update is one batch. To count in epochs of 30 batches: `PerEpoch(Exponential(0.1, 0.99),
batches=30)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Schedule = Callable[[int], float]


@dataclass(frozen=True)
class Constant:
    """The same rate for ever."""

    rate: float

    def __call__(self, update: int) -> float:  # noqa: ARG002
        """The rate."""
        return self.rate


@dataclass(frozen=True)
class StepDecay:
    """rate * factor**k, where k counts the full rounds of `every` updates."""

    rate: float
    factor: float = 0.1
    every: int = 1000

    def __call__(self, update: int) -> float:
        """The rate for an update, counted from 0."""
        return self.rate * self.factor ** (update // self.every)


@dataclass(frozen=True)
class Exponential:
    """rate * factor**update."""

    rate: float
    factor: float = 0.999

    def __call__(self, update: int) -> float:
        """The rate for an update, counted from 0."""
        return self.rate * self.factor**update


@dataclass(frozen=True)
class Cosine:
    """From `rate` down to `floor` along half a cosine in `updates` updates; then `floor`.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017),
    equation 5, without the restarts.
    """

    rate: float
    updates: int
    floor: float = 0.0

    def __call__(self, update: int) -> float:
        """The rate for an update, counted from 0."""
        share = min(update / self.updates, 1.0)
        return self.floor + (self.rate - self.floor) * 0.5 * (1.0 + math.cos(math.pi * share))


@dataclass(frozen=True)
class WarmUp:
    """Another schedule, or a rate, with the first `updates` rates growing from near zero."""

    after: float | Schedule
    updates: int

    def __call__(self, update: int) -> float:
        """The rate for an update, counted from 0."""
        return rate_at(self.after, update) * min((update + 1) / self.updates, 1.0)


@dataclass(frozen=True)
class PerEpoch:
    """A schedule that counts epochs of `batches` updates, where others count updates."""

    schedule: Schedule
    batches: int

    def __call__(self, update: int) -> float:
        """The rate for an update, counted from 0."""
        return self.schedule(update // self.batches)


def rate_at(rate: float | Schedule, update: int) -> float:
    """The rate for an update: the number itself, or what the schedule says.

    >>> rate_at(0.5, 7), rate_at(lambda update: 1 / (1 + update), 3)
    (0.5, 0.25)
    """
    return rate(update) if callable(rate) else rate


__all__ = [
    "Constant",
    "Cosine",
    "Exponential",
    "PerEpoch",
    "Schedule",
    "StepDecay",
    "WarmUp",
    "rate_at",
]
