"""A progress bar for long work, on stderr, where somebody is there to see it."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

PATIENCE = 1.0
"""Seconds of work that need no bar."""


class Progress:
    """A bar that counts batches; drawn by tqdm, and only if it is wanted.

    `shown` is True, False, or None for: in a terminal or a notebook, after a second.
    """

    def __init__(self, batches: int, *, shown: bool | None = None) -> None:
        self.bar: Any = None
        if is_interactive() if shown is None else shown:
            # Takes 30 ms to import, and ships no annotations.
            from tqdm import tqdm  # type: ignore[import-untyped]

            self.bar = tqdm(
                total=batches,
                unit="batch",
                delay=PATIENCE if shown is None else 0.0,
                file=sys.stderr,
                dynamic_ncols=True,
            )

    def advance(self, batches: int = 1) -> None:
        """Count some batches."""
        if self.bar is not None:
            self.bar.update(batches)

    def tell(self, loss: float) -> None:
        """Show the loss at the next redrawing."""
        if self.bar is not None:
            self.bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.close()


def is_interactive() -> bool:
    """Whether stderr is a terminal, or this is a notebook."""
    # A notebook's kernel, and nothing else, has loaded this.
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())


__all__ = ["Progress", "is_interactive"]
