"""A suspicion: a mistake that derivations by hand are made of, as another chain of factors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tinygrad_bp.check.mistakes.chain import Chain, Factors, Numbers, Override

SIGN, FACTOR, MISSING = "sign", "constant factor", "missing factor"
ARGUMENT, TRANSPOSED, AXIS = "wrong argument", "transposed", "wrong axis"
TOO_EARLY, TERM, QUANTITY = "updated too early", "missing term", "another quantity"
KINDS = (SIGN, FACTOR, MISSING, ARGUMENT, TRANSPOSED, AXIS, TOO_EARLY, TERM, QUANTITY)

MOST_WORK = 30_000
"""Nodes gone through for one suspicion."""


@dataclass(frozen=True)
class Suspicion:
    """What a gradient would be if one thing in its chain of factors were otherwise."""

    kind: str
    text: str
    node: int
    change: Callable[[Factors], Factors] = dict
    """The factors, with some of them exchanged."""
    overrides: Mapping[int, Override] = field(default_factory=dict)
    group: str = ""
    """Of those that are made so often that they are tried together: one of each group."""

    def gradient(self, chain: Chain) -> Numbers:
        """The gradient that it leads to."""
        return chain.gradient(self.change(chain.factors), self.overrides)


def exchanged(factors: Mapping[Any, Numbers]) -> Callable[[Factors], Factors]:
    """With these in place of what was there."""
    return lambda before: {**before, **factors}


def is_too_much(chain: Chain, times: int) -> bool:
    """Whether going through the chain so many times is more than a suspicion is worth."""
    return times * len(chain.values) > MOST_WORK
