"""Nested structures of numbers: lists, tuples, dicts and arrays, taken apart and rebuilt.

A *block* is what stands at the end of a structure's branches: one number, or one array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Block = Any


def blocks(structure: Any) -> list[Block]:
    """The blocks of a structure, in order.

    >>> blocks({"w": [1.0, 2.0], "b": 3.0})
    [1.0, 2.0, 3.0]
    """
    if isinstance(structure, dict):
        return [block for part in structure.values() for block in blocks(part)]
    if isinstance(structure, list | tuple):
        return [block for part in structure for block in blocks(part)]
    return [structure]


def rebuilt(structure: Any, replacements: Iterator[Any]) -> Any:
    """The structure with each block replaced by the next of the replacements.

    >>> rebuilt({"w": [1.0, 2.0], "b": 3.0}, iter("xyz"))
    {'w': ['x', 'y'], 'b': 'z'}
    """
    if isinstance(structure, dict):
        return {key: rebuilt(part, replacements) for key, part in structure.items()}
    if isinstance(structure, list | tuple):
        return sequence_like(structure, [rebuilt(part, replacements) for part in structure])
    return next(replacements)


def sequence_like(sequence: Sequence[Any], parts: list[Any]) -> Sequence[Any]:
    """The parts as a list, a tuple or a named tuple, as the sequence is."""
    if hasattr(sequence, "_fields"):  # a named tuple takes its parts one by one
        return type(sequence)(*parts)
    return tuple(parts) if isinstance(sequence, tuple) else parts


def numbers(structure: Any) -> list[Any]:
    """The numbers of a structure, arrays read element by element."""
    return [number for block in blocks(structure) for number in elements(block)]


def numbers_in_order_of(model: Any, structure: Any) -> list[Any]:
    """The numbers of a structure in the order in which the model has its own.

    >>> numbers_in_order_of({"w": [1.0, 2.0], "b": 3.0}, {"b": 30.0, "w": [10.0, 20.0]})
    [10.0, 20.0, 30.0]

    Raises `ValueError` if they are not alike: the same keys, lengths and shapes.
    """
    if isinstance(model, dict):
        if not isinstance(structure, dict) or structure.keys() != model.keys():
            raise ValueError(f"expected the keys {list(model)}, got {structure!r}")
        parts = [(part, structure[key]) for key, part in model.items()]
    elif isinstance(model, list | tuple):
        given = list(structure) if isinstance(structure, list | tuple) or shape(structure) else []
        if len(given) != len(model):
            raise ValueError(f"expected {len(model)} parts, got {structure!r}")
        parts = list(zip(model, given, strict=True))
    else:
        flat = np.asarray(structure, dtype=object)
        if flat.shape != shape(model):
            raise ValueError(f"expected the shape {shape(model)}, got {structure!r}")
        return elements(flat)
    return [number for pair in parts for number in numbers_in_order_of(*pair)]


def with_numbers(structure: Any, new: Sequence[Any]) -> Any:
    """The structure with its numbers replaced, in order."""
    each = iter(new)
    return rebuilt(structure, (_like(block, each) for block in blocks(structure)))


def elements(block: Block) -> list[Any]:
    """The numbers of one block: of an array its elements, row by row."""
    return list(block.flat) if isinstance(block, np.ndarray) else [block]


def shape(block: Block) -> tuple[int, ...]:
    """The shape of an array; `()` for a number."""
    return block.shape if isinstance(block, np.ndarray) else ()


def array(new: Sequence[Any], of_shape: tuple[int, ...]) -> Any:
    """The numbers as an array: of floats if all are, an `Array` if there are `Value`s.

    >>> array([1.0, 2.0], (2, 1)).tolist()
    [[1.0], [2.0]]
    """
    result = np.empty(len(new), dtype=object)
    result[:] = new
    return gathered(result).reshape(of_shape)


def gathered(numbers: Any) -> Any:
    """An array of objects as what it holds: of floats if all are, else as its operands say.

    >>> gathered(np.array([1.0, 2.0], dtype=object)).dtype
    dtype('float64')
    """
    if not isinstance(numbers, np.ndarray) or numbers.dtype != object:
        return numbers
    kinds = set(map(type, numbers.flat))
    for kind in kinds:
        if hasattr(kind, "in_array"):
            return kind.in_array(numbers)
    return numbers.astype(float) if all(issubclass(kind, float) for kind in kinds) else numbers


def crossed(outer: Any, inner: Any, table: Sequence[Sequence[Any]]) -> Any:
    """A table with a row for each number of `outer` and a column for each of `inner`.

    It comes as `outer` with each block replaced by `inner`, each block of which is an
    array of the two shapes put together; a block that pairs two numbers is a number.

    >>> crossed([1.0, 2.0], (3.0, 4.0), [[5.0, 6.0], [7.0, 8.0]])
    [(5.0, 6.0), (7.0, 8.0)]
    """
    rows = iter(table)
    parts = []
    for block in blocks(outer):
        own_rows = [next(rows) for _ in elements(block)]
        parts.append(rebuilt(inner, iter(_pairs(block, inner, own_rows))))
    return rebuilt(outer, iter(parts))


def _pairs(block: Block, inner: Any, rows: list[Sequence[Any]]) -> list[Any]:
    pairs, start = [], 0
    for other in blocks(inner):
        stop = start + len(elements(other))
        flat = [number for row in rows for number in row[start:stop]]
        both = shape(block) + shape(other)
        is_array = isinstance(block, np.ndarray) or isinstance(other, np.ndarray)
        pairs.append(array(flat, both) if is_array else flat[0])
        start = stop
    return pairs


def _like(block: Block, each: Iterator[Any]) -> Any:
    own = [next(each) for _ in elements(block)]
    return array(own, block.shape) if isinstance(block, np.ndarray) else own[0]


def mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """The structure with the function applied to every number."""
    return with_numbers(structure, [function(number) for number in numbers(structure)])


def outline(structure: Any) -> str:
    """What a structure looks like: its nesting, the shapes of its arrays, no numbers.

    >>> outline(({"w": [1.0, 2.0]}, np.zeros((2, 3))))
    "({'w': [., .]}, array(2, 3))"
    """
    names = (f"array{shape(b)}" if isinstance(b, np.ndarray) else "." for b in blocks(structure))
    return str(rebuilt(structure, map(_Bare, names)))


class _Bare(str):
    """A text that shows without quotes."""

    __slots__ = ()
    __repr__ = str.__str__
