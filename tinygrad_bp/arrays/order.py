"""Functions that choose among numbers: by their order, which a tape keeps as guards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from tinygrad_bp.arrays.along import each, objects
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.graph import modes
from tinygrad_bp.graph.node import Node
from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.rows.primitives import equal, gap, sum_, where


def raw_numbers(xs: Any) -> Any:
    """The floats of an array, which nobody may show to a program that is being recorded."""
    return np.asarray(each(_number, xs), dtype=float)


def is_nan(x: Any) -> bool:
    """Whether it is `nan`; of a `Value` a question that a tape keeps."""
    return not x <= x


def compared(*arrays: Any) -> list[Any]:
    """The floats of arrays, to choose by.

    Whatever is chosen by comparing them depends on their order alone. While a program is
    recorded that order is a guard: a replay in which it is another does not answer.
    """
    if modes.is_watched():
        _note_order([x for array in arrays for x in objects(array).flat])
    return [raw_numbers(array) for array in arrays]


def extreme(pick: Primitive, xs: Sequence[Any]) -> Any:
    """The largest or the smallest, by `maximum` or `minimum`; equal ones share its gradient.

    >>> from tinygrad_bp import Value, maximum
    >>> x, y, z = Value(1.0), Value(1.0), Value(0.0)
    >>> extreme(maximum, [x, y, z]).backward()
    >>> x.grad, y.grad, z.grad
    (0.5, 0.5, 0.0)
    """
    if not xs:
        raise ValueError(f"{pick.name} of nothing: there is no number to choose; pass an initial")
    if not modes.is_watched():
        numbers = list(map(_number, xs))
        found = reduce(pick.value, numbers)
        if math.isnan(found) or numbers.count(found) == 1:
            return xs[numbers.index(found)] if found == found else reduce(pick, xs)
    # A chain alone would give three equal ones a half, a quarter and a quarter. What is added
    # is 0, and moves the derivative from the chain to all of them.
    chain = reduce(pick, xs)
    ties = [equal(x, chain) for x in xs]
    count = sum_(*ties)
    shares = [where(ties[i], gap(x, chain) / count, 0.0) for i, x in enumerate(xs)]
    return sum_(chain, *shares)


def _number(x: Any) -> float:
    return x._data if isinstance(x, Node) else as_float(x)


def _note_order(xs: list[Any]) -> None:
    """Ask of each neighbour in the order what a tape needs to know that it is still the order."""
    ordered = sorted((x for x in xs if not is_nan(x)), key=_number)
    for x, y in pairwise(ordered):
        _ = x < y or x <= y  # the second says that they are equal, as the first is False
