"""What the functions of arrays share: plain arrays of objects, rows along axes, a refusal."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_bp.rows.operand import Operand


def plain(x: Any) -> Any:
    """Whatever holds operands as an array of objects in which NumPy sees nothing else.

    >>> from tinygrad_bp import Value, values
    >>> plain(Value(1.0)).shape, type(plain(values(np.ones(2)))).__name__, plain(2.0)
    ((), 'ndarray', 2.0)
    """
    if isinstance(x, np.ndarray):
        return x.view(np.ndarray)
    if isinstance(x, Operand):
        array = np.empty((), dtype=object)
        array[()] = x
        return array
    return x


def objects(x: Any) -> Any:
    """The same of numbers and lists too."""
    return plain(np.asarray(plain(x), dtype=object))


def each(function: Callable[..., Any], *arrays: Any) -> Any:
    """The function of each element, broadcast as NumPy does."""
    with np.errstate(all="ignore"):  # comparing nan is no mistake
        return np.frompyfunc(function, len(arrays), 1)(*map(objects, arrays))


def along(
    function: Callable[[list[Any]], Any], xs: Any, axis: Any = None, *, keepdims: bool = False
) -> Any:
    """The function of each row along an axis, along several, or of all elements.

    >>> along(len, np.ones((2, 3, 4)), axis=(0, 2)).tolist()
    [8, 8, 8]
    """
    array = objects(xs)
    axes = axes_of(array, axis)
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(array, axes, last)
    shape = moved.shape[: array.ndim - len(axes)]
    rows = moved.reshape(math.prod(shape), math.prod(moved.shape[len(shape) :]))
    results = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows.tolist()):
        results[i] = function(row)
    found = results.reshape(shape)
    return np.expand_dims(found, axes) if keepdims else found[()]


def axes_of(array: Any, axis: Any) -> tuple[int, ...]:
    """The axes that `axis` means: all, several or one."""
    if axis is None:
        return tuple(range(array.ndim))
    return axis if isinstance(axis, tuple) else (axis,)


class LeftOut(TypeError):  # noqa: N818  # it says what, not that it is an error
    """What stays out, in a sentence that has a way out."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}: take .numbers if only the numbers count, or write it with the functions "
            "that docs/arrays.md lists"
        )
