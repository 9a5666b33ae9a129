"""A path as a product of factors that read as on paper: `d_L_d_ypred · d_ypred_d_h1 · d_h1_d_w1`.

Nodes that nobody named are folded into their neighbours, where there is no other way between
these: then the factor is the whole derivative of the one by the other, and may be called so.

>>> from tinygrad_bp import Value
>>> w, x, t = Value(2.0, label="w"), Value(3.0, label="x"), Value(5.0, label="t")
>>> y = w * x
>>> y.label = "y"
>>> loss = (y - t) ** 2
>>> from tinygrad_bp.look.walk.trace import Trace
>>> from tinygrad_bp.look.explain.writing import Writing
>>> trace = Trace(loss)
>>> writing = Writing(trace, {"loss": loss})
>>> paths = Paths(trace, w)
>>> [path] = paths.largest(1)
>>> [writing.name(factor) for factor in Folding(paths, writing.given).factors(path)]
['d_loss_d_y', 'd_y_d_w']
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from itertools import groupby

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.explain.paths import Edge, Path, Paths

__all__ = ["Factor", "Folding"]

Factor = tuple[Edge, ...]
"""Edges of a path one after another, all nodes between them without a name of their own."""

REGION = 5_000
"""So many unnamed nodes are searched for a second way between two names."""


class Folding:
    """Which edges of a path make one factor."""

    def __init__(self, paths: Paths, named: Container[Value]) -> None:
        self.paths = paths
        self.named = named
        self.uses = paths.uses
        self.forks: dict[Value, None] = {}
        """Where stretches begin that are one way of several, so that they were not folded."""
        self._ways: dict[Value, Mapping[Value, int]] = {}

    def factors(self, path: Path) -> tuple[Factor, ...]:
        """The path's factors, from the output to the target."""
        factors: list[Factor] = []
        for stretch in self._stretches(path):
            if self._is_only_way(stretch[0].node, stretch[-1].parent):
                factors.append(stretch)
            else:
                self.forks[stretch[0].node] = None
                factors += self._runs(stretch)
        return tuple(factors)

    def _stretches(self, path: Path) -> list[Factor]:
        """The path, cut at the nodes that have a name."""
        number = 0
        numbered = []
        for edge in path:
            numbered.append((number, edge))
            number += edge.parent in self.named
        groups = groupby(numbered, key=lambda pair: pair[0])
        return [tuple(edge for _, edge in group) for _, group in groups]

    def _runs(self, stretch: Factor) -> list[Factor]:
        """The stretch, cut at what is used twice: to what is used once there is only one way."""
        runs: list[list[Edge]] = [[]]
        for edge in stretch:
            if runs[-1] and self.uses[edge.parent] > 1:
                runs.append([])
            runs[-1].append(edge)
            if self.uses[edge.parent] > 1:
                runs.append([])
        return [tuple(run) for run in runs if run]

    def _is_only_way(self, start: Value, end: Value) -> bool:
        if start not in self._ways:
            self._ways[start] = self._ways_from(start)
        return self._ways[start].get(end) == 1

    def _ways_from(self, start: Value) -> Mapping[Value, int]:
        """How many ways lead down from a node, by unnamed nodes only, to each: 1, or 2 for more.

        Nothing if there is too much to search.
        """
        edges, target = self.paths.edges, self.paths.target
        region, todo = {start}, [start]
        while todo and len(region) <= REGION:
            for edge in edges[todo.pop()]:
                parent = edge.parent
                if parent not in region and parent not in self.named and parent is not target:
                    region.add(parent)
                    todo.append(parent)
        if todo:
            return {}
        ways = {start: 1}
        for node in sorted(region, key=self.paths.places.__getitem__, reverse=True):
            for edge in edges[node]:
                ways[edge.parent] = min(ways.get(edge.parent, 0) + ways[node], 2)
        return ways
