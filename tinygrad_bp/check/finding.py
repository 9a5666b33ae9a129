"""What is found out about a wrong gradient that was derived by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One mistake."""

    kind: str
    text: str
    line: str = ""
    """Where in the function what it is about is computed."""

    def __str__(self) -> str:
        return f"- {self.kind}: {self.text}" + (f"\n  {self.line}" if self.line else "")


@dataclass(frozen=True)
class Mistake:
    """What one part of a gradient suffers from."""

    inputs: tuple[str, ...]
    """The inputs, or blocks of them, whose derivatives it explains."""
    parts: tuple[Part, ...]
    """What it takes, together, to explain the numbers."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of each part: one of `tinygrad_bp.check.mistakes.suspicion.KINDS`."""
        return tuple(part.kind for part in self.parts)

    def __str__(self) -> str:
        return "\n".join([f"{', '.join(self.inputs)} is just what comes of", *map(str, self.parts)])
