"""The engine's chain of factors, at several points at once, so that factors can be exchanged.

A mistake in a derivation is a chain with one factor wrong. Whether it is the mistake that somebody
made is a question of numbers: go back through the graph with that factor, and compare. At one
point two mistakes may look alike; at several they do not.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygrad_bp.check.subject import REFUSALS, Graph, Subject
from tinygrad_bp.graph import topological_order
from tinygrad_bp.lines import SourceLine
from tinygrad_bp.modes import source_line, source_lines
from tinygrad_bp.primitive import Primitive
from tinygrad_bp.sweep import local_partials
from tinygrad_bp.value import Value

Numbers = Any
"""An array with one number for each point."""
Edge = tuple[int, int]
"""A node, and the place of one of its operands."""
Factors = dict[Edge, Numbers]
Override = Callable[[int, Mapping[int, Numbers]], Numbers]

POINTS, FEWEST = 5, 4
SPREAD = 0.3
TOO_MANY = 3_000
"""Nodes of a graph; a derivation by hand of more than that is somebody else's."""


@dataclass(frozen=True)
class Chain:
    """Nodes in topological order, by number, with what they are at each point."""

    operations: Sequence[Primitive | None]
    parents: Sequence[tuple[int, ...]]
    values: Sequence[Numbers]
    factors: Factors
    """The partial derivative of each node by each operand that is no constant."""
    leaves: Sequence[int]
    """The node of each input; -1 where the output does not depend on it."""
    constants: frozenset[int]
    families: Mapping[int, Sequence[int]]
    """Nodes that were made in the same way from the same blocks, by the first of them."""
    lines: Mapping[int, SourceLine | None]
    blocks: Sequence[str]
    """What each leaf is part of."""
    transposed: Mapping[int, int]
    """For each leaf of a square matrix the one in the transposed place."""

    def called(self, node: int) -> str:
        """A node in words: the block of a leaf, or the operation that made it."""
        if node < len(self.blocks):
            return self.blocks[node]
        operation = self.operations[node]
        return f"the result of {operation.name}" if operation else "a number"

    def variables(self, node: int) -> list[int]:
        """The operands of a node that are no constants, each once."""
        return [p for p in dict.fromkeys(self.parents[node]) if p not in self.constants]

    @functools.cached_property
    def users(self) -> Mapping[int, Sequence[int]]:
        """For each node those that it is an operand of."""
        users: dict[int, list[int]] = defaultdict(list)
        for node, parents in enumerate(self.parents):
            for parent in dict.fromkeys(parents):
                users[parent].append(node)
        return users

    @functools.cached_property
    def _edges(self) -> list[list[tuple[Edge, int]]]:
        return [
            [((node, i), p) for i, p in enumerate(parents) if (node, i) in self.factors]
            for node, parents in enumerate(self.parents)
        ]

    def gradient(
        self,
        factors: Factors | None = None,
        overrides: Mapping[int, Override] | None = None,
        output: int = -1,
    ) -> Numbers:
        """The chain rule with these factors: a row for each input, a column for each point.

        An override says what the derivative by a node is taken to be, from those found before.
        """
        factors, overrides = factors or self.factors, overrides or {}
        last = output % len(self.values)
        adjoint: dict[int, Numbers] = {last: np.ones_like(self.values[last])}
        for node in range(last, -1, -1):
            if node in overrides and node in adjoint:
                adjoint[node] = overrides[node](node, adjoint)
            upstream = adjoint.get(node)
            if upstream is None:
                continue
            for edge, parent in self._edges[node]:
                found = upstream * factors[edge]
                adjoint[parent] = adjoint[parent] + found if parent in adjoint else found
        nothing = np.zeros_like(self.values[last])
        return np.array([adjoint.get(leaf, nothing) for leaf in self.leaves])

    def with_values(self, exchanged: Mapping[int, Numbers]) -> Chain:
        """The same computation where these nodes have other numbers."""
        values, factors = list(self.values), dict(self.factors)
        for node, numbers in exchanged.items():
            values[node] = numbers
        for node, operation in enumerate(self.operations):
            if operation is None:
                continue
            operands = [values[parent] for parent in self.parents[node]]
            columns = [tuple(map(float, column)) for column in zip(*operands, strict=True)]
            values[node] = np.array([operation.value(*column) for column in columns])
            partials = [
                partials_at(operation, z, column)
                for z, column in zip(values[node], columns, strict=True)
            ]
            for place in range(len(operands)):
                if (node, place) in factors:
                    factors[node, place] = np.array([found[place] for found in partials])
        return replace(self, values=values, factors=factors)


def partials_at(operation: Primitive, z: float, operands: Sequence[float]) -> list[float]:
    """The partials of an operation, with `nan` for what is none."""
    with np.errstate(all="ignore"):
        found = operation.partials(np.float64(z), *map(np.float64, operands))
    return [math.nan if partial is None else float(partial) for partial in found]


def chain_of(subject: Subject) -> tuple[Chain, list[list[float]]] | None:
    """The chain at the subject's point and at some around it, and these points.

    `None` where there is no graph, or not the same graph at enough points.
    """
    try:
        with source_lines():
            first = _listed(subject.graph())
    except REFUSALS:
        return None
    if len(first) > TOO_MANY or first[-1].is_leaf:
        return None
    points, graphs = [list(subject.numbers)], [first]
    for point in itertools.islice(_around(subject), 8 * POINTS):
        if len(points) == POINTS:
            break
        graph = _same_graph(subject, point, first)
        if graph:
            points.append(point)
            graphs.append(graph)
    return (_chain(subject, graphs), points) if len(points) >= FEWEST else None


def _around(subject: Subject) -> Iterator[list[float]]:
    rng = random.Random(1)
    while True:
        yield [
            x + rng.uniform(-SPREAD, SPREAD) * scale
            for x, scale in zip(subject.numbers, subject.scales, strict=True)
        ]


def _listed(graph: Graph) -> list[Value]:
    """The graph's nodes with its leaves first, in order."""
    nodes = topological_order(graph.output)
    leaves = set(graph.leaves)
    return [*graph.leaves, *(node for node in nodes if node not in leaves)]


def _same_graph(subject: Subject, point: list[float], first: list[Value]) -> list[Value] | None:
    try:
        nodes = _listed(subject.graph(point))
    except REFUSALS:
        return None
    alike = len(nodes) == len(first) and all(
        one.op is other.op and math.isfinite(one._data)
        for one, other in zip(nodes, first, strict=True)
    )
    return nodes if alike else None


def _chain(subject: Subject, graphs: list[list[Value]]) -> Chain:
    nodes = graphs[0]
    number = {node: i for i, node in enumerate(nodes)}
    parents = [tuple(number[parent] for parent in node.parents) for node in nodes]
    constants = frozenset(i for i, node in enumerate(nodes) if node.is_constant)
    values = [np.array([graph[i]._data for graph in graphs]) for i in range(len(nodes))]
    factors: Factors = {}
    for i, node in enumerate(nodes):
        if node.is_leaf:
            continue
        found = [local_partials(graph[i]) for graph in graphs]
        for place, parent in enumerate(parents[i]):
            column = [partials[place] for partials in found]
            if parent not in constants and None not in column:
                factors[i, place] = np.array(column)
    blocks = list(map(block_of, subject.names))
    return Chain(
        [None if node.is_leaf else node.op for node in nodes],
        parents,
        values,
        factors,
        range(len(subject.numbers)),
        constants,
        _families(nodes, parents, blocks),
        {i: source_line(node) for i, node in enumerate(nodes)},
        blocks,
        _transposed(subject.names),
    )


def block_of(name: str) -> str:
    """What an input is part of: `w[0]` of `w[0][1, 2]`, `x` of `x`."""
    return name.rpartition("[")[0] or name


def _transposed(names: Sequence[str]) -> dict[int, int]:
    number = {name: i for i, name in enumerate(names)}
    pairs = {i: re.sub(r"\[(\d+), (\d+)\]$", r"[\2, \1]", name) for i, name in enumerate(names)}
    return {i: number[name] for i, name in pairs.items() if ", " in name and name in number}


def _families(
    nodes: Sequence[Value], parents: Sequence[tuple[int, ...]], blocks: Sequence[str]
) -> dict[int, list[int]]:
    kinds: dict[Any, int] = {}
    kind_of: list[int] = []
    members: dict[int, list[int]] = defaultdict(list)
    for i, node in enumerate(nodes):
        if i < len(blocks):
            key: Any = blocks[i]
        elif node.is_constant or node.op is None:
            key = None
        else:
            key = (node.op.name, *(kind_of[parent] for parent in parents[i]))
        kind_of.append(kinds.setdefault(key, len(kinds)))
        if key is not None and i >= len(blocks):
            members[kind_of[-1]].append(i)
    return {family[0]: family for family in members.values()}
