"""When two floats are the same: as numbers, or to the bit. `==` says neither of `nan`."""

from __future__ import annotations

import struct


def same_number(x: float, y: float) -> bool:
    """Whether two floats are one number, `nan` and `nan` too.

    >>> same_number(0.0, -0.0), same_number(float("nan"), float("nan"))
    (True, True)
    """
    return x == y or (x != x and y != y)


def same_bits(x: float, y: float) -> bool:
    """Whether two floats are the same to the bit; any `nan` is like any other.

    >>> same_bits(0.0, -0.0), same_bits(float("nan"), float("nan"))
    (False, True)
    """
    return (x != x and y != y) or struct.pack("d", x) == struct.pack("d", y)
