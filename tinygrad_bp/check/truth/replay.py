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
from tinygrad_bp.check.truth.local import exact_values, slope_within
from tinygrad_bp.check.truth.slopes import DIGITS, Slope, exact_slopes
from tinygrad_bp.check.truth.subject import Graph, Subject, engine_derivatives
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.sweep import adjoints


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
    kinks: list[Value] = []

    def partials(node: Value, upstream: _Sum) -> tuple[Sequence[Value], list[Slope | None]]:
        if node.op is None or node.is_leaf or not upstream:
            return (), []
        operation = node.op
        operands = [value[parent] for parent in node.parents]
        found = [
            None if parent.is_constant else slope_within(operation, operands, index, order)
            for index, parent in enumerate(node.parents)
        ]
        kinks.extend(node for local in found if local and local.is_kink)
        return node.parents, found

    one, nothing = _Sum(mp.mpf(1), 0, mp.mpf(1)), _Sum(mp.mpf(0), 0.0, 0.0)
    found = adjoints(nodes, {graph.output: one}, partials=partials)
    sums = [found.get(leaf, nothing) for leaf in graph.leaves]
    slopes = [Slope.smooth(one.value, one.bar, one.size) for one in sums]
    return Replayed(value[graph.output], slopes, kinks)


@dataclass(frozen=True)
class _Sum:
    """A derivative on its way: what it is, how far it may be off, how large its terms are."""

    value: Any
    bar: Any
    size: Any

    def __bool__(self) -> bool:
        # A slope of 0 that is not sure goes on: 1 + 1e-300 * x only looks flat.
        return bool(self.value or self.bar)

    def __mul__(self, local: Slope) -> _Sum:
        size, unsure = abs(local.value), self.bar
        off = (abs(self.value) + unsure) * local.bar + size * unsure
        return _Sum(self.value * local.value, off, self.size * size)

    def __add__(self, other: _Sum) -> _Sum:
        return _Sum(self.value + other.value, self.bar + other.bar, self.size + other.size)


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
