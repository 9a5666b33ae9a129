"""The numbers that strategies draw where any number will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad_bp.basics.optional import hypothesis

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def numbers(size: float) -> SearchStrategy[float]:
    """Floats of at most that size; millionths, since what is smaller vanishes in a sum.

    The simplest is 0.5, which is inside most domains and beside most kinks.
    """
    around = hypothesis().strategies.floats(-size - 0.5, size - 0.5)
    shifted: SearchStrategy[float] = around.map(lambda x: round((x + 0.5) * 2.0**20) / 2.0**20)
    return shifted
