"""The boundary: what goes into machine code is checked here, and what comes out takes shape.

Vocabulary:  numbers  the floats of the arguments, in order; what a structure is taken apart to
             columns  an array with a row for each number and a column for each example
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure

Array = np.ndarray[Any, np.dtype[np.float64]]

Folder = str | PathLike[str] | None
"""Where compiled code is kept."""


class OtherBranch(Exception):  # noqa: N818  # it is news, and no error until nobody has an answer
    """The program would have branched elsewhere, at this example of several."""

    def __init__(self, row: int = 0, stop: int = 1) -> None:
        super().__init__(row)
        self.row = row
        self.stop = stop


def assembler(outputs: Any) -> Callable[[Any], Any]:
    """A function from the numbers of a result, an array of C, to its structure."""
    if not isinstance(outputs, dict | list | tuple | np.ndarray):
        return lambda numbers: numbers[0]
    places: list[tuple[int, int, tuple[int, ...] | None]] = []
    stop = 0
    for block in structure.blocks(outputs):
        start, stop = stop, stop + len(structure.elements(block))
        places.append((start, stop, block.shape if isinstance(block, np.ndarray) else None))

    def assembled(numbers: Any) -> Any:
        # The arrays share the memory of the numbers, which nobody else has.
        flat = np.frombuffer(numbers) if len(numbers) else np.empty(0)
        parts = [
            numbers[start] if shape is None else flat[start:stop].reshape(shape)
            for start, stop, shape in places
        ]
        return structure.rebuilt(outputs, iter(parts))

    return assembled


def check_batch(inputs: int, outputs: int, columns: Array, results: Array, start: int) -> None:
    """Nothing reaches machine code that it would read or write out of bounds."""
    rows = columns.shape[1]
    shapes = (inputs, rows), (outputs, rows)
    if (columns.shape, results.shape) != shapes or not 0 <= start <= rows:
        raise ValueError(
            f"expected arrays of the shapes {shapes} and a row of them, "
            f"got {columns.shape}, {results.shape} and row {start}"
        )
    if np.may_share_memory(columns, results):
        raise ValueError("the columns and the results share memory; make one of them a copy")


def address(array: Array) -> int:
    """Where an array stands in memory; it must be one piece of doubles."""
    if array.dtype != np.float64 or not array.flags.c_contiguous or not array.flags.aligned:
        raise ValueError(f"machine code needs contiguous float64, got {array.dtype} {array.flags}")
    return array.ctypes.data
