"""Settings that have to be numbers of a certain kind."""

from __future__ import annotations

import operator
from typing import Any

from tinygrad_bp.basics.door import as_float


def count(number: Any, what: str) -> int:
    """A whole number above zero, or an error that says what it is for.

    >>> count(3, "epochs")
    3
    >>> count(0, "epochs")
    Traceback (most recent call last):
    ValueError: epochs is a whole number from 1 up, got 0
    """
    expected = f"{what} is a whole number from 1 up, got"
    try:
        whole = operator.index(number)
    except TypeError:
        raise TypeError(f"{expected} {type(number).__name__} {number!r}") from None
    if whole < 1 or isinstance(number, bool):
        raise ValueError(f"{expected} {number!r}")
    return whole


def between(number: Any, low: float, high: float, what: str) -> float:
    """A number of `[low, high)`, or an error that says what it is for.

    >>> between(0.9, 0.0, 1.0, "momentum")
    0.9
    """
    value = as_float(number)
    if not low <= value < high:
        raise ValueError(f"{what} is a number from {low:g} to below {high:g}, got {number!r}")
    return value


__all__ = ["between", "count"]
