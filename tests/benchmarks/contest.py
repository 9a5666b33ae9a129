"""Several programs that compute the same, timed in turn, and compared round by round.

A figure of this project is a ratio within one round: both programs ran within the same second on
the same machine, so its other work, its heat and its clock divide out.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS = 9
SECONDS = 0.2  # that one program gets in one round, at least


@dataclass(frozen=True)
class Contender:
    """A program: `run` is what is timed, `answer` what the runs so far computed."""

    name: str
    run: Callable[[], object]
    answer: Callable[[], Sequence[float]]
    steps: int = 1
    """How many steps a run makes; times are given for one."""


@dataclass(frozen=True)
class Times:
    """The seconds that one step of a contender took, in each round."""

    name: str
    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.rounds)

    def ratios_to(self, other: Times) -> list[float]:
        """This contender's time by the other's, round by round, in ascending order."""
        return sorted(a / b for a, b in zip(self.rounds, other.rounds, strict=True))


def contest(contenders: Sequence[Contender], rounds: int = ROUNDS) -> list[Times]:
    """The times of all contenders, who take turns: A B C, A B C, ...

    Raises `ValueError` if they do not all compute the same numbers.
    """
    for contender in contenders:
        contender.run()
    refuse_disagreement(contenders)
    repeats = [repeats_of(contender) for contender in contenders]
    table = [
        [seconds_per_step(*turn) for turn in zip(contenders, repeats, strict=True)]
        for _ in range(rounds)
    ]
    columns = zip(*table, strict=True)
    return [
        Times(contender.name, column) for contender, column in zip(contenders, columns, strict=True)
    ]


def refuse_disagreement(contenders: Sequence[Contender]) -> None:
    """Raise unless all answers equal the first one's: who computes less is faster for nothing."""
    first, *others = contenders
    expected = list(first.answer())
    for other in others:
        found = list(other.answer())
        if len(found) != len(expected) or not all(map(is_close, expected, found)):
            raise ValueError(f"{other.name} computes other numbers than {first.name}")


def is_close(x: float, y: float) -> bool:
    """Equal but for rounding, which the order of a sum decides."""
    return math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12)


def repeats_of(contender: Contender) -> int:
    """How many runs fill a turn."""
    return max(1, math.ceil(SECONDS / contender.steps / seconds_per_step(contender, 1)))


def seconds_per_step(contender: Contender, repeats: int) -> float:
    """One turn. The cycle collector is on, and starts with nothing left over from others.

    The processor's time, not the wall's: what other programs take in between does not count.
    Every contender runs on one thread, so that this hides nothing.
    """
    gc.collect()
    run = contender.run
    began = time.process_time()
    for _ in range(repeats):
        run()
    return (time.process_time() - began) / (repeats * contender.steps)
