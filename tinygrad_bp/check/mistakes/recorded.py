"""The chain of a function, recorded at its point and at some around it."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tinygrad_bp.check.mistakes.chain import Chain, Factors, block_of
from tinygrad_bp.check.truth.subject import REFUSALS, Graph, Subject
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.modes import source_line, source_lines
from tinygrad_bp.graph.sweep import local_partials

POINTS, FEWEST = 5, 4
SPREAD = 0.3
TOO_MANY = 3_000
"""Nodes of a graph; a derivation by hand of more than that is somebody else's."""


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
