"""Rows with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tinygrad_bp import Value, topological_order, where
from tinygrad_bp.rows.primitive import Primitive

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


def _in_graph(change: Callable[[Value], Any]) -> Mutation:
    """One partial replaced by a function of itself where it is a node; as a number it is right."""
    return _with_partial(lambda partial: change(partial) if isinstance(partial, Value) else partial)


def _cut_from_operand(row: Primitive, index: int) -> Primitive:
    """All partials made of an operand's number, as if it were a constant."""

    def partials(z: Any, *xs: Any) -> Partials:
        cut = [_number(x) if i == index % len(xs) else x for i, x in enumerate(xs)]
        return row.partials(z, *cut)

    return replace(row, partials=partials)


def _cut_from_result(row: Primitive, _index: int) -> Primitive:
    """All partials made of the result's number, as if it were a constant."""
    return replace(row, partials=lambda z, *xs: row.partials(_number(z), *xs))


CROSSED_WHERE = replace(
    where, partials=lambda z, c, x, y: (None, *reversed(where.partials(z, c, x, y)[1:]))
)
"""It gives the operand that it should, and the gradient to the other one."""


def _with_branches_crossed(partial: Value) -> Value:
    """The graph of a partial with every choice in it made the other way, but for the numbers."""
    again: dict[Value, Value] = {}
    for node in topological_order(partial):
        if node.op is None or node.is_leaf or node.is_constant:
            again[node] = node
        else:
            operation = CROSSED_WHERE if node.op is where else node.op
            again[node] = Value.apply(operation, *[again[parent] for parent in node.parents])
    return again[partial]


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
CUT_FROM_OPERAND, CUT_FROM_RESULT = "cut off from an operand", "cut off from the result"
CROSSED = "branches crossed in the graph"
WRONG_GRAPH: dict[str, Mutation] = {
    "cut off from the graph": _in_graph(lambda partial: partial.data),
    "missing in the graph": _in_graph(lambda _: None),
    "wrong in the graph alone": _in_graph(lambda partial: partial * (1 + 1e-6)),
    CUT_FROM_OPERAND: _cut_from_operand,
    CUT_FROM_RESULT: _cut_from_result,
    CROSSED: _in_graph(_with_branches_crossed),
}
"""Right as numbers, so that first derivatives are right; wrong when differentiated again."""


def with_wrong_value(row: Primitive) -> Primitive:
    """The row with ten times the error that is allowed in its value."""
    return replace(row, value=lambda *xs: row.value(*xs) * (1 + 1e-13))
