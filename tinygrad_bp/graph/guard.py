"""Guards: the questions a program asked about its numbers, and the answers it got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.rows.operand import COMPARISONS


class BranchError(RuntimeError):
    """A replay would have taken another branch than the program did when recorded."""

    def __init__(self, message: str) -> None:
        # With names and a line that may come from a file.
        super().__init__(visible(message))


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
