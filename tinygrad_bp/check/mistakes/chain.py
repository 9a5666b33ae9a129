"""The engine's chain of factors, at several points at once, so that factors can be exchanged.

A mistake in a derivation is a chain with one factor wrong. Whether it is the mistake that somebody
made is a question of numbers: go back through the graph with that factor, and compare. At one
point two mistakes may look alike; at several they do not.
"""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygrad_bp.basics.lines import SourceLine
from tinygrad_bp.graph.run import Arithmetic, result
from tinygrad_bp.rows.primitive import Primitive

Numbers = Any
"""An array with one number for each point."""
Edge = tuple[int, int]
"""A node, and the place of one of its operands."""
Factors = dict[Edge, Numbers]
Override = Callable[[int, Mapping[int, Numbers]], Numbers]

COLUMNS = Arithmetic(lambda operation: np.vectorize(operation.value, otypes=[float]), float)
"""One number for each point."""


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
        found = self.adjoints(factors, overrides, output)
        nothing = np.zeros_like(self.values[output])
        return np.array([found.get(leaf, nothing) for leaf in self.leaves])

    def adjoints(
        self,
        factors: Factors | None = None,
        overrides: Mapping[int, Override] | None = None,
        output: int = -1,
    ) -> dict[int, Numbers]:
        """The same by every node that the output depends on."""
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
        return adjoint

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
            values[node] = result(operation, operands, COLUMNS)
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


def block_of(name: str) -> str:
    """What an input is part of: `w[0]` of `w[0][1, 2]`, `x` of `x`."""
    return name.rpartition("[")[0] or name


def blocks_of(names: Sequence[str], indices: Iterable[int]) -> dict[str, list[int]]:
    """Some of the inputs, by what they are part of.

    >>> blocks_of(["w[0]", "w[1]", "b"], [0, 1, 2])
    {'w': [0, 1], 'b': [2]}
    """
    blocks: dict[str, list[int]] = {}
    for index in indices:
        blocks.setdefault(block_of(names[index]), []).append(index)
    return blocks
