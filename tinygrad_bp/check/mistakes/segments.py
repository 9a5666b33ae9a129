"""Pieces of a graph that are functions of one number: where derivations by hand go wrong.

`1 / (1 + exp(-z))` is four nodes to the engine and one sigmoid to whoever derives by hand. So each
run of nodes with a single operand that is no constant counts as a function, its parts too; and
all nodes of a family, such as one layer's, count together.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_bp.check.mistakes.chain import COLUMNS, Chain, Edge, Factors, Numbers, partials_at
from tinygrad_bp.graph.run import ANY, result
from tinygrad_bp.tape.python.symbol import Symbol

Step = tuple[int, tuple[int, ...]]
"""A node, and the places of the one operand that is no constant: both of `x * x`."""
Path = Sequence[Step]

LONGEST = 8
"""Nodes in one segment."""
BY_RESULT: dict[str, Callable[[Numbers], Numbers]] = {
    "{r} * (1 - {r})": lambda r: r * (1 - r),
    "1 - {r}**2": lambda r: 1 - r * r,
    "{r}": lambda r: r,
    "1 + {r}**2": lambda r: 1 + r * r,
    "-{r}**2": lambda r: -r * r,
    "1 / (2 * {r})": lambda r: 1 / (2 * r),
}
"""Derivatives that people write with the result in place of the argument."""


@dataclass(frozen=True, eq=False)
class Segment:
    """A function of one number that the nodes of a family compute."""

    chain: Chain
    paths: Sequence[Path]
    """For each node of the family the nodes from it down to the argument."""

    def __len__(self) -> int:
        return len(self.paths[0])

    @property
    def tops(self) -> list[int]:
        """The nodes of its results."""
        return [path[0][0] for path in self.paths]

    @property
    def arguments(self) -> list[int]:
        """The nodes of its arguments."""
        return [_below(self.chain, path[-1]) for path in self.paths]

    @property
    def edges(self) -> list[Edge]:
        """All that it is made of."""
        return [(node, place) for path in self.paths for node, places in path for place in places]

    def with_slopes(self, slopes: Sequence[Numbers]) -> Factors:
        """The factors that make these the derivatives of its nodes by their arguments."""
        found: Factors = {}
        for path, slope in zip(self.paths, slopes, strict=True):
            factor = slope
            for node, places in path:
                found |= {(node, place): np.zeros_like(slope) for place in places}
                found[node, places[0]] = factor
                factor = np.ones_like(slope)
        return found

    def at(self, path: Path, argument: Numbers) -> tuple[Numbers, Numbers]:
        """The value and the slope at another argument."""
        x, slope = argument, np.ones_like(argument)
        for node, places in reversed(path):
            operands = [self.chain.values[parent] for parent in self.chain.parents[node]]
            for place in places:
                operands[place] = x
            operation = self.chain.operations[node]
            assert operation is not None  # noqa: S101  # a leaf is in no path
            columns = [tuple(map(float, column)) for column in zip(*operands, strict=True)]
            x = result(operation, operands, COLUMNS)
            partials = [partials_at(operation, z, c) for z, c in zip(x, columns, strict=True)]
            slope = slope * np.array([sum(found[place] for place in places) for found in partials])
        return x, slope

    @functools.cached_property
    def by_result(self) -> list[str]:
        """The ways to write its slope with its result, as `{r} * (1 - {r})`."""
        probe = np.resize([0.3, 0.7, 1.1, 0.2, 0.6], len(self.chain.values[0]))
        result, slope = self.at(self.paths[0], probe)
        return [
            text
            for text, formula in BY_RESULT.items()
            if np.allclose(slope, formula(result), rtol=1e-9, atol=0.0)
        ]

    def formula(self, argument: str) -> str:
        """How it is written, of an argument of that name."""
        x: Any = Symbol(argument)
        for node, places in reversed(self.paths[0]):
            operands: list[Any] = [float(self.chain.values[p][0]) for p in self.chain.parents[node]]
            for place in places:
                operands[place] = x
            x = result(self.chain.operations[node], operands, ANY)
        return str(x)


def segments(chain: Chain) -> list[Segment]:
    """Every segment of every family, short ones first."""
    found = []
    for family in chain.families.values():
        paths = [_longest_path(chain, node) for node in family]
        for size in range(1, min(map(len, paths)) + 1):
            found.append(Segment(chain, [path[:size] for path in paths]))
    return sorted(found, key=len)


def _longest_path(chain: Chain, node: int) -> Path:
    path: list[Step] = []
    while len(path) < LONGEST:
        places = [
            place for place in range(len(chain.parents[node])) if (node, place) in chain.factors
        ]
        if len(chain.variables(node)) != 1 or not places:
            break
        path.append((node, tuple(places)))
        node = _below(chain, path[-1])
    return path


def _below(chain: Chain, step: Step) -> int:
    node, places = step
    return chain.parents[node][places[0]]
