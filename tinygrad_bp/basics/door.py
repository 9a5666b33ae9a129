"""The door: where a number from outside becomes a float, or is refused."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from tinygrad_bp.basics.words import brief


def as_float(number: Any) -> float:
    """`number` as a Python float, or an error that says what to do instead.

    >>> as_float(2), as_float(True), as_float(np.array([3.0]))
    (2.0, 1.0, 3.0)
    >>> as_float("2")
    Traceback (most recent call last):
    TypeError: expected a number, got str '2'; convert it first, with float(...)

    Raises `TypeError` for anything that is not one real number, `OverflowError` for an
    integer or fraction beyond the largest float.
    """
    if type(number) is float:  # Nearly all are, and every operation with a number asks.
        return number
    if type(number) is not int:
        number = _one_real(number)
    try:
        return float(number)
    except OverflowError:
        # Without its digits: Python refuses to print an int of more than 4,300.
        raise OverflowError(
            f"expected a number that a float can hold, got a larger {type(number).__name__}; "
            "divide it first, or pass float('inf')"
        ) from None


def is_number(thing: Any) -> bool:
    """Whether the door lets it in.

    >>> is_number(2), is_number("2"), is_number(None), is_number(10**400)
    (True, False, False, False)
    """
    try:
        as_float(thing)
    except (TypeError, OverflowError):
        return False
    return True


def _one_real(number: Any) -> Any:
    if isinstance(number, np.ndarray):
        if number.size != 1:
            _refuse(number, "make one Value for each element: tinygrad_bp.values(array)")
        number = number.item()
    if isinstance(number, str | bytes):  # float("2") would work, and hide a mistake
        _refuse(number, "convert it first, with float(...)")
    if isinstance(number, complex | np.complexfloating):
        _refuse(number, "this engine differentiates real functions: pass .real or abs(...)")
    if not hasattr(type(number), "__float__") and not hasattr(type(number), "__index__"):
        _refuse(number, "pass an int or a float")
    return number


def _refuse(number: Any, way_out: str) -> NoReturn:
    kind = type(number).__name__
    raise TypeError(f"expected a number, got {kind} {brief(number)}; {way_out}")
