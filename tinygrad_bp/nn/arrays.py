"""Arrays of plain numbers, from whatever a user has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def array_of(numbers: Any, expected: str) -> Array:
    """The numbers as an array of floats, or an error that begins with what was expected.

    >>> array_of([[1, 2], [3, 4]], "expected a table of numbers")
    array([[1., 2.],
           [3., 4.]])
    >>> array_of(["1"], "expected a table of numbers")
    Traceback (most recent call last):
    TypeError: expected a table of numbers, got <U1, '1' for one
    """
    try:
        found = np.asarray(numbers)
    except ValueError as error:
        raise ValueError(f"{expected}, all rows of one length: {error}") from None
    if found.dtype.kind not in "biuf" and not _holds_numbers(found):
        sample = f", {found.ravel().tolist()[0]!r} for one" if found.size else ""
        raise TypeError(f"{expected}, got {found.dtype}{sample}")
    return found.astype(float)


def _holds_numbers(array: NDArray[Any]) -> bool:
    """Whether an array of objects, such as a column of a data frame, holds plain numbers."""
    return array.dtype.kind == "O" and all(
        isinstance(x, int | float | np.floating | np.integer) for x in array.flat
    )


__all__ = ["Array", "array_of"]
