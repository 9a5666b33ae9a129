"""The paths along which a gradient flows: counted, added up exactly, and the largest of them.

By the chain rule the gradient is a sum over paths, and of each path the product of its
partials. There may be 10^30 paths, so they are never listed: one sweep over the graph counts
them and adds them up, and a search finds the largest in order of size.

>>> from tinygrad_bp import Value
>>> x = Value(3.0, label="x")
>>> y = x * x + 2.0 * x
>>> paths = Paths(Trace(y), x)
>>> paths.count, float(paths.total)
(3, 8.0)
>>> [[edge.partial for edge in path] for path in paths.largest(3)]
[[1.0, 3.0], [1.0, 3.0], [1.0, 2.0]]
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import count, islice
from typing import Any, NamedTuple, TypeVar

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.sweep import parents_and_partials
from tinygrad_bp.look.explain.dyadic import ONE, ZERO, Dyadic
from tinygrad_bp.look.walk.trace import Trace

__all__ = ["Edge", "Paths"]

T = TypeVar("T")

# How large a factor counts in the search, as a logarithm. A path with a zero in it comes
# after all others, and one with an infinity or a nan before, whatever else is on it:
# no million factors of 2 to the ±1100 weigh as much.
OF_ZERO, OF_INFINITY, OF_NAN = -1e20, 1e30, 1e31

BITS, FEWEST_BITS, WORK = 1 << 17, 1 << 10, 1 << 31
"""Sums are exact up to so many bits, and up to so much work; beyond they have 300 digits."""

LONGEST = 1_000_000
"""Edges of all the paths that are listed, about."""


class Edge(NamedTuple):
    """One use of a node by another, and the partial derivative there."""

    node: Value
    place: int
    """The operand's position: `x*x` uses `x` at 0 and at 1."""
    parent: Value
    partial: float


Path = tuple[Edge, ...]
"""From the output down to the target; empty if they are the same."""


class Paths:
    """All paths from the output of a trace down to one node of its graph."""

    def __init__(self, trace: Trace, target: Value) -> None:
        self.output = trace.output
        self.target = target
        self.edges = _edges(trace, target)
        """The edges from each node that lead to the target, in the order of its operands.

        The nodes stand in topological order. A branch not taken has no edge.
        """

        self.is_exact = True
        """Whether sums and products had all their digits so far: numbers did not get too long."""

    @property
    def is_finite(self) -> bool:
        """Whether every path is a finite number, so that there is an exact sum."""
        return self.finite == self.count

    @cached_property
    def uses(self) -> dict[Value, int]:
        """How many of these edges end at each node."""
        uses = dict.fromkeys(self.edges, 0)
        for of_node in self.edges.values():
            for edge in of_node:
                uses[edge.parent] += 1
        return uses

    @cached_property
    def places(self) -> dict[Value, int]:
        """Where each node stands in the topological order."""
        return {node: place for place, node in enumerate(self.edges)}

    @cached_property
    def count(self) -> int:
        """How many paths there are, exactly."""
        return self._swept(1, 0, lambda edges, of: sum(of[edge.parent] for edge in edges))

    @cached_property
    def finite(self) -> int:
        """How many of them meet no infinite partial and no nan."""
        return self._counted(math.isfinite)

    @cached_property
    def flowing(self) -> int:
        """How many of the finite ones meet no partial that is 0."""
        return self._counted(lambda partial: bool(partial) and math.isfinite(partial))

    @cached_property
    def bits(self) -> int:
        """To how many bits sums and products are kept."""
        edges = sum(map(len, self.edges.values()))
        return max(FEWEST_BITS, min(BITS, WORK // (edges + 1)))

    @cached_property
    def total(self) -> Dyadic:
        """The exact sum over the paths; a non-finite partial is left out."""

        def by_target(edges: list[Edge], of: Mapping[Value, Dyadic]) -> Dyadic:
            found = [
                of[edge.parent]
                if edge.partial == 1.0
                else Dyadic.of(edge.partial) * of[edge.parent]
                for edge in edges
                if math.isfinite(edge.partial)
            ]
            return self._kept(reduce(Dyadic.__add__, found)) if found else ZERO

        return self._swept(ONE, ZERO, by_target)

    @cached_property
    def magnitude(self) -> float:
        """The sum of the absolute values of the paths."""
        return self._swept(
            1.0, 0.0, lambda edges, of: sum(abs(e.partial) * of[e.parent] for e in edges)
        )

    @cached_property
    def roundings(self) -> int:
        """How many roundings a path meets at most, on the way back from the output.

        One for each product, and one for each sum at a node that is used more than once.
        """
        met: dict[Value, int] = {self.output: 0}
        arrivals: dict[Value, int] = {}
        for node in reversed(self.edges):
            if node not in met:
                continue
            here = met[node] + max(arrivals.get(node, 0) - 1, 0)
            for edge in self.edges[node]:
                arrivals[edge.parent] = arrivals.get(edge.parent, 0) + 1
                met[edge.parent] = max(met.get(edge.parent, 0), here + 1)
        return met.get(self.target, 0) + arrivals.get(self.target, 0)

    def product(self, partials: Iterable[float]) -> Dyadic:
        """The exact product of finite partials."""
        found = ONE
        for partial in partials:
            if partial != 1.0:  # a sum's, as half of all partials are
                found = self._kept(found * Dyadic.of(partial))
        return found

    def largest(self, most: int) -> list[Path]:
        """So many paths, the largest in absolute value first; what is not a number is first.

        Of paths that are very long there are fewer.
        """
        found: list[Path] = []
        length = 0
        for path in islice(_Search(self), most):
            found.append(path)
            length += len(path)
            if length > LONGEST:
                break
        return found

    def _kept(self, number: Dyadic) -> Dyadic:
        kept = number.shortened(self.bits)
        self.is_exact = self.is_exact and kept is number
        return kept

    def _counted(self, counts: Callable[[float], bool]) -> int:
        """How many paths have only such partials."""
        if all(counts(edge.partial) for edges in self.edges.values() for edge in edges):
            return self.count
        return self._swept(
            1, 0, lambda edges, of: sum(of[e.parent] for e in edges if counts(e.partial))
        )

    def _swept(
        self, start: T, nothing: T, by_target: Callable[[list[Edge], Mapping[Value, T]], T]
    ) -> T:
        """What a sweep from the target to the output finds, each node after its parents."""
        if self.output not in self.edges:
            return nothing
        found = {self.target: start}
        # Numbers as long as the graph is deep are dropped after their last use.
        uses = dict(self.uses)
        for node, edges in self.edges.items():
            if node is self.target:
                continue
            found[node] = by_target(edges, found)
            for edge in edges:
                uses[edge.parent] -= 1
                if not uses[edge.parent]:
                    del found[edge.parent]
        return found[self.output]


def _edges(trace: Trace, target: Value) -> dict[Value, list[Edge]]:
    found: dict[Value, list[Edge]] = {}
    for node in trace.nodes:
        if node is target:
            found[node] = []
        elif any(parent in found for parent in node.parents):
            parents, partials = parents_and_partials(node)
            edges = [
                Edge(node, place, parent, partial)
                for place, (parent, partial) in enumerate(zip(parents, partials, strict=True))
                if parent in found and partial is not None
            ]
            if edges:
                found[node] = edges
    return found


_Prefix = Any
"""The way from the output so far: `None`, or the prefix before and an edge."""


@dataclass
class _Search:
    """Best first, where the best that a node can still lead to is known exactly.

    So every path that is taken from the queue is the largest that is left, and only its own
    side turnings are put in: k paths of length n cost about k·n steps, however many there are.
    """

    paths: Paths

    def __iter__(self) -> Iterator[Path]:
        output, target, edges = self.paths.output, self.paths.target, self.paths.edges
        if output not in edges:
            return
        best = self._best()
        order = count()
        queue: list[tuple[float, int, float, _Prefix, Value]] = [
            (-best[output], next(order), 0.0, None, output)
        ]
        while queue:
            _, _, size, prefix, node = heapq.heappop(queue)
            while node is not target:
                main, *others = edges[node]
                if others:
                    main, *others = sorted(edges[node], key=lambda e: -_size(e) - best[e.parent])
                for edge in others:
                    side = size + _size(edge)
                    entry = (-side - best[edge.parent], next(order), side)
                    heapq.heappush(queue, (*entry, (prefix, edge), edge.parent))
                size, prefix, node = size + _size(main), (prefix, main), main.parent
            yield _unrolled(prefix)

    def _best(self) -> dict[Value, float]:
        best = {self.paths.target: 0.0}
        for node, edges in self.paths.edges.items():
            if node is not self.paths.target:
                best[node] = max(_size(edge) + best[edge.parent] for edge in edges)
        return best


def _size(edge: Edge) -> float:
    """The logarithm of the partial's absolute value."""
    partial = edge.partial
    if partial == 0.0:
        return OF_ZERO
    if math.isfinite(partial):
        return math.log2(abs(partial))
    return OF_NAN if math.isnan(partial) else OF_INFINITY


def _unrolled(prefix: _Prefix) -> Path:
    edges = []
    while prefix is not None:
        prefix, edge = prefix
        edges.append(edge)
    return tuple(reversed(edges))
