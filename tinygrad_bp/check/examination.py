"""What `check_operation` says: part by part, what was looked at and what was found."""

from __future__ import annotations

from dataclasses import dataclass

from tinygrad_bp.basics.escapes import lines
from tinygrad_bp.rows.primitive import Primitive

SHOWN = 3
"""Findings of each part that are told."""


@dataclass(frozen=True)
class Part:
    """One part of the examination: on how many points, or why not; and what was found."""

    name: str
    points: int
    findings: tuple[str, ...] = ()
    why_not: str = ""

    def __str__(self) -> str:
        if self.why_not:
            return f"{self.name:<16} not checked: {self.why_not}"
        said = "wrong" if self.findings else f"right at {self.points} points"
        told = [line for text in self.findings[:SHOWN] for line in ("", *text.splitlines())]
        left_out = len(self.findings) - SHOWN
        more = ["", f"and {left_out} more"] if left_out > 0 else []
        indented = "".join(f"\n    {line}".rstrip(" ") for line in [*told, *more])
        return f"{self.name:<16} {said}{indented}"


@dataclass(frozen=True, repr=False)
class Examination:
    """What `check_operation` found: true if nothing is wrong, and legible as it stands."""

    operation: Primitive
    parts: tuple[Part, ...]

    def __bool__(self) -> bool:
        return not any(part.findings for part in self.parts)

    def __getitem__(self, name: str) -> Part:
        """The part of that name."""
        return {part.name: part for part in self.parts}[name]

    def __str__(self) -> str:
        verdict = "right" if self else "wrong"
        return lines("\n".join([f"{verdict}: {self.operation!r}", *map(str, self.parts)]))

    __repr__ = __str__
