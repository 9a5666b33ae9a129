"""How the numbers of a cell are written, and the room that they need on its card.

>>> numbers_text([1.5], plain, 4), numbers_text([1.0, 2.0, float("nan")], signed, 4)
('1.5', '+1 … +2, 1 nan or inf')
>>> gradient_text([0.5, -2.0], 2.0, 4), gradient_text([float("inf")], 2.0, 4)
(['-2 … +0.5', -1.0], ['+inf', None])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_bp.look.graphs.nodes import span
from tinygrad_bp.look.picture.palette import extent
from tinygrad_bp.look.picture.picture import Row
from tinygrad_bp.look.words.text import columns, plain, signed

__all__ = ["gradient_text", "numbers_text", "plain", "roomy", "signed"]

Write = Callable[[float, int], str]


def numbers_text(numbers: Sequence[float], write: Write, digits: int) -> str:
    """One number, or from the least to the greatest, and how many are not finite."""
    if len(numbers) == 1:
        return write(numbers[0], digits)
    bad = sum(not math.isfinite(number) for number in numbers)
    return span(numbers, write, digits) + (f", {bad:,} nan or inf" if bad else "")


def gradient_text(gradients: Sequence[float], largest: float, digits: int) -> list[Any]:
    """Gradients as text, and as a share of the largest of all; None if one is not finite."""
    text = numbers_text(gradients, signed, digits)
    if not all(map(math.isfinite, gradients)):
        return [text, None]
    share = extent(max(gradients, key=abs), largest)
    # What adds up to a gradient may be larger than any gradient in the end.
    return [text, round(max(-1.0, min(1.0, share)), 3)]


def roomy(left: str, texts: Sequence[str], room: int = 0) -> Row:
    """A row that ends in the last of these texts, and has room for the widest of them and more.

    >>> roomy("grad", ["+0.125", "+1"])
    Row(left='grad', right='    +1', style='plain')
    """
    widest = max(map(columns, texts)) + room
    return Row(left, " " * (widest - columns(texts[-1])) + texts[-1])
