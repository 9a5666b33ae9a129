"""Rows with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tinygrad_bp import Value
from tinygrad_bp.primitive import Primitive

Partials = tuple[Any, ...]
Mutation = Callable[[Primitive, int], Primitive]
"""From a row and the number of an operand (for rows of any number, of each operand)."""


def _with_partial(change: Callable[[Any], Any]) -> Mutation:
    """One partial replaced by a function of itself; to begin with, `None` is 0."""

    def mutated(row: Primitive, index: int) -> Primitive:
        def partials(z: Any, *xs: Any) -> Partials:
            right = row.partials(z, *xs)
            return tuple(
                change(0.0 if partial is None else partial) if i == index % len(xs) else partial
                for i, partial in enumerate(right)
            )

        return replace(row, partials=partials)

    return mutated


def _swapped(row: Primitive, index: int) -> Primitive:
    """The partial of an operand and of the next one in each other's place."""

    def partials(z: Any, *xs: Any) -> Partials:
        result = list(row.partials(z, *xs))
        here, there = index % len(xs), (index + 1) % len(xs)
        result[here], result[there] = result[there], result[here]
        return tuple(result)

    return replace(row, partials=partials)


def _shifted(row: Primitive, index: int) -> Primitive:
    """All partials taken a little beside the operand."""

    def partials(z: Any, *xs: Any) -> Partials:
        moved = list(xs)
        moved[index % len(xs)] = moved[index % len(xs)] * (1 + 1e-6)
        return row.partials(z, *moved)

    return replace(row, partials=partials)


def _with_result_shifted(row: Primitive, _index: int) -> Primitive:
    """All partials taken with a result a little beside the right one."""
    return replace(row, partials=lambda z, *xs: row.partials(z * (1 + 1e-6), *xs))


def _number(partial: Any) -> Any:
    return partial.data if isinstance(partial, Value) else partial


ADDED = "one millionth added"
WRONG_PARTIAL: dict[str, Mutation] = {
    "zero": _with_partial(lambda _: 0.0),
    "missing": _with_partial(lambda _: None),
    "sign flipped": _with_partial(lambda partial: -partial),
    "one millionth too large": _with_partial(lambda partial: partial * (1 + 1e-6)),
    ADDED: _with_partial(lambda partial: partial + 1e-6),
}
SWAPPED, SHIFTED, RESULT_SHIFTED = "swapped", "operand shifted", "result shifted"
WRONG_CALL: dict[str, Mutation] = {
    SWAPPED: _swapped,
    SHIFTED: _shifted,
    RESULT_SHIFTED: _with_result_shifted,
}
WRONG_GRAPH: dict[str, Mutation] = {
    "cut off from the graph": _with_partial(_number),
    "wrong in the graph alone": _with_partial(
        lambda partial: partial * (1 + 1e-6) if isinstance(partial, Value) else partial
    ),
}


def with_wrong_value(row: Primitive) -> Primitive:
    """The row with ten times the error that is allowed in its value."""
    return replace(row, value=lambda *xs: row.value(*xs) * (1 + 1e-13))
