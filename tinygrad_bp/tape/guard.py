"""Guards: the questions a program asked about its numbers, and the answers it got."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    # Only `bool(x)` asks this, and always about 0; `!=` of `Value`s would ask who they are.
    "!=": lambda x, _: bool(x),
}
"""What a program may ask of numbers; `bool(x)` asks `x != 0`."""


class BranchError(RuntimeError):
    """A replay would have taken another branch than the program did when recorded."""


@dataclass(frozen=True)
class Guard:
    """A comparison that the program made while it was recorded, and what came of it."""

    comparison: str
    left: int
    right: int
    outcome: bool
    line: str
    """The user's line that made it."""

    def holds(self, slots: Sequence[Any]) -> bool:
        """Whether the comparison comes out as it did when recorded."""
        return COMPARISONS[self.comparison](slots[self.left], slots[self.right]) == self.outcome


def refuse_branch(guard: Guard, left: str, right: str) -> BranchError:
    """The error that names the comparison and the line."""
    return BranchError(
        f"the tape was recorded where ({left}) {guard.comparison} ({right}) is "
        f"{guard.outcome}, and here it is {not guard.outcome}; {guard.line}. "
        "Record the function again for such inputs, or use where(...)"
    )
