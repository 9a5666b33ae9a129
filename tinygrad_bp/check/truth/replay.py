"""A recorded graph gone through once more, with 50 digits, and without its rules.

The value of each node is that of its operation's definition; its local slopes are differences of
that definition. The chain rule puts them together, as in the engine: in topological order, from
the output back, every use counts.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.basics.optional import mpmath
from tinygrad_bp.check.truth.float_slopes import float_slope
from tinygrad_bp.check.truth.local import exact_values, is_known, slope_within
from tinygrad_bp.check.truth.slopes import DIGITS, Slope, exact_slopes
from tinygrad_bp.check.truth.subject import Graph, Subject, engine_derivatives
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order

ROUNDED = 1e-15
"""What the value of an operation without a definition may be off by, being a float."""


@dataclass(frozen=True)
class Replayed:
    """What came out: the output, its slope by each leaf, and the nodes that have no slope."""

    value: Any
    slopes: list[Slope]
    kinks: list[Value]
    """Nodes where the sides of a slope differ and the output depends on it."""


def replayed(graph: Graph, numbers: Sequence[Any] | None = None, order: int = 1) -> Replayed:
    """The value and the first derivatives of a graph, under a precision of `DIGITS` or more.

    `numbers` stand in the leaves' place. `order` says of what order derivatives are in the end.
    """
    mp = mpmath()
    nodes = topological_order(graph.output)
    given = numbers or [leaf._data for leaf in graph.leaves]
    value = exact_values(nodes, dict(zip(graph.leaves, map(mp.mpf, given), strict=True)))
    adjoint: dict[Value, Any] = {graph.output: mp.mpf(1)}
    bar: dict[Value, Any] = {}
    size: dict[Value, Any] = {graph.output: mp.mpf(1)}
    kinks = []
    for node in reversed(nodes):
        upstream, unsure, operation = adjoint.get(node, 0), bar.get(node, 0), node.op
        # A slope of 0 that is not sure goes on: 1 + 1e-300 * x only looks flat.
        if not (upstream or unsure) or operation is None or node.is_leaf:
            continue
        operands = [value[parent] for parent in node.parents]
        for index, parent in enumerate(node.parents):
            if parent.is_constant:
                continue
            local = slope_within(operation, operands, index, order)
            if local.is_kink:
                kinks.append(node)
            contribution = upstream * local.value
            off = (abs(upstream) + unsure) * local.bar + abs(local.value) * unsure
            if not is_known(operation):
                off += ROUNDED * abs(contribution)
            adjoint[parent] = adjoint.get(parent, 0) + contribution
            bar[parent] = bar.get(parent, 0) + off
            size[parent] = size.get(parent, 0) + size[node] * abs(local.value)
    slopes = [
        Slope.smooth(mp.mpf(adjoint.get(leaf, 0)), bar.get(leaf, 0.0), size.get(leaf, 0.0))
        for leaf in graph.leaves
    ]
    return Replayed(value[graph.output], slopes, kinks)


def higher_slopes(graph: Graph, order: int) -> list[Slope]:
    """All derivatives of that order, row by row: differences of those of one order less."""
    mp = mpmath()
    with mp.workdps(max(mp.mp.dps, DIGITS[order])):
        at = [mp.mpf(leaf._data) for leaf in graph.leaves]
        return _derivatives(graph, at, order, order - 1)


def _derivatives(graph: Graph, at: Sequence[Any], order: int, level: int) -> list[Slope]:
    if not level:
        return replayed(graph, at, order).slopes
    within = _derivatives(graph, at, order, level - 1)
    columns = []
    for index, x in enumerate(at):

        def along(step: Any, index: int = index, x: Any = x) -> list[Any]:
            moved = [*at[:index], x + step, *at[index + 1 :]]
            return [one.value for one in _derivatives(graph, moved, order, level - 1)]

        columns.append(exact_slopes(along, abs(x) or 1, order, level, within))
    return [slope for row in zip(*columns, strict=True) for slope in row]


def higher_slopes_among_floats(subject: Subject, order: int) -> list[Slope]:
    """The same from what the engine gives for one order less, which is to be checked before."""
    at, columns = subject.numbers, []
    for index, x in enumerate(at):

        @functools.cache
        def lower(step: float, index: int = index, x: float = x) -> list[float]:
            graph = subject.graph([*at[:index], x + step, *at[index + 1 :]])
            return engine_derivatives(graph, order - 1)

        column = [_one_of(lower, i) for i in range(len(at) ** (order - 1))]
        columns.append([float_slope(along, subject.scales[index]) for along in column])
    return [slope for row in zip(*columns, strict=True) for slope in row]


def _one_of(lower: Callable[[float], list[float]], number: int) -> Callable[[float], float]:
    return lambda step: lower(step)[number]
