"""Who is to blame for a number that is not finite: operands that would spoil it by themselves.

>>> from tinygrad_bp import Value, where
>>> x, bad = Value(1.0, "x"), Value(math.nan, "bad")
>>> [operand.label for operand in to_blame(x + bad)], to_blame(where(x, x / 0.0, bad))[0].op.name
(['bad'], 'divide')
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.run import result

__all__ = ["Descent", "descent", "to_blame"]

STAND_INS = (1.0, 0.5, -2.0, 30.0)
"""What is put in place of the other operands that are not finite."""
MOST = 4
"""Of an operation on more operands, as a sum may have, all that are not finite are to blame."""


def to_blame(node: Value) -> list[Value]:
    """The operands that are not finite and, if all others were, would spoil the result.

    So the branch that a `where` leaves out is innocent, and so is the -inf in a maximum. If
    the result is not finite and nobody is to blame, the operation itself made it so.
    """
    parents = node.parents
    bad = [place for place, parent in enumerate(parents) if not math.isfinite(parent._data)]
    if 1 < len(bad) <= len(parents) <= MOST:
        bad = [place for place in bad if _spoils(node, place, bad)] or bad
    return list(dict.fromkeys(parents[place] for place in bad))


def _spoils(node: Value, place: int, bad: list[int]) -> bool:
    """Whether the operand in that place spoils the result with any number in the other places."""
    numbers = [parent._data for parent in node.parents]
    for number in STAND_INS:
        for other in bad:
            if other != place:
                numbers[other] = number
        if math.isfinite(result(node.op, numbers)):
            return False
    return True


@dataclass(frozen=True)
class Descent:
    """Where a number that is not finite comes from, through operands that are to blame."""

    steps: Mapping[Value, Value | None]
    """Each node on the way, and the next one on the shortest way to where we asked."""
    origins: tuple[Value, ...]
    """Those without anybody to blame: an operation that made it, or a leaf that was given so."""

    def path(self, origin: Value) -> tuple[Value, ...]:
        """The shortest way from an origin to where we asked."""
        way = [origin]
        while (following := self.steps[way[-1]]) is not None:
            way.append(following)
        return tuple(way)


def descent(asked: Iterable[Value]) -> Descent:
    """Where the numbers of these nodes come from, as far as they are not finite."""
    level = [node for node in asked if not math.isfinite(node._data)]
    steps: dict[Value, Value | None] = dict.fromkeys(level)
    origins: list[Value] = []
    while level:
        following: list[Value] = []
        for node in level:
            blamed = to_blame(node)
            if not blamed:
                origins.append(node)
            for operand in blamed:
                if operand not in steps:
                    steps[operand] = node
                    following.append(operand)
        level = following
    return Descent(steps, tuple(origins))
