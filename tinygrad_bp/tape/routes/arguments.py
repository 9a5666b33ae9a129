"""Arguments taken apart: the numbers in them, and what is left, by which they are recognised."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.core.value import Value


def rows_of(arguments: Any) -> int:
    """How many rows a batch has; `ValueError` where its arrays differ, or there are none."""
    lengths = {len(b) for b in structure.blocks(arguments) if structure.shape(b)}
    rows = max(lengths, default=0)
    if not lengths:
        raise ValueError(
            "expected arrays with one row for each example, got none: wrap a list in numpy.array"
        )
    if not rows or lengths - {1, rows}:
        raise ValueError(
            f"expected arrays with one row for each example, got {sorted(lengths)} rows"
        )
    return rows


def first_row(arguments: Any) -> Any:
    """The structure of one example; its numbers do not matter."""
    parts = (
        np.zeros(shape[1:]) if len(shape := structure.shape(block)) > 1 else 0.0
        for block in structure.blocks(arguments)
    )
    return structure.rebuilt(arguments, parts)


def columns_of(block: Any, rows: int) -> Any:
    """One block's part of the columns: of an array a row for each element of an example."""
    one = np.array(_floats(block))
    by_example = one.reshape(len(block) if structure.shape(block) else 1, -1)
    return np.broadcast_to(by_example, (rows, by_example.shape[1])).T


class HasValues(Exception):  # noqa: N818  # it is news, and no error
    """There are `Value`s among the arguments."""


def taken_apart(part: Any, numbers: list[float]) -> Hashable:
    """Add the numbers of a structure to a list; what is left is its shape.

    One walk and no more, since every call takes it.
    """
    if type(part) is float:
        numbers.append(part)
        return None
    if isinstance(part, np.ndarray):
        numbers += _floats(part)
        return structure.shape(part)
    if isinstance(part, dict):
        return dict, *[(key, taken_apart(inner, numbers)) for key, inner in part.items()]
    if isinstance(part, list | tuple):
        return type(part), *[taken_apart(inner, numbers) for inner in part]
    numbers += _floats(part)
    return None


def _floats(block: Any) -> list[float]:
    if isinstance(block, np.ndarray) and block.dtype.kind in "fiub":
        floats: list[float] = block.astype(float).ravel().tolist()
        return floats
    elements = structure.elements(block)
    if any(isinstance(number, Value) for number in elements):
        raise HasValues
    return list(map(as_float, elements))
