"""What goes wrong with a product: a factor is missing, transposed, or another quantity."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence, Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from tinygrad_bp.check.mistakes.chain import Chain, Edge, Factors
from tinygrad_bp.check.mistakes.suspicion import MISSING, QUANTITY, TRANSPOSED, Suspicion, exchanged
from tinygrad_bp.rows.primitives import multiply


def of_products(
    chain: Chain, family: Sequence[int], activations: AbstractSet[int]
) -> Iterator[Suspicion]:
    """The derivative by either operand, which is the other one: its factor."""
    if chain.operations[family[0]] is not multiply:
        return
    for place in range(2):
        side = _Side(chain, family, place, activations)
        if all(edge in chain.factors for edge in side.edges):
            yield side.missing()
            yield from side.other_way_round()
            yield from side.transposed()
            yield from side.other_quantities()


@dataclass(frozen=True)
class _Side:
    """One operand of products that were all made in the same way."""

    chain: Chain
    family: Sequence[int]
    place: int
    activations: AbstractSet[int]

    @property
    def edges(self) -> list[Edge]:
        """Where the factor stands, product by product."""
        return [(node, self.place) for node in self.family]

    @property
    def _group(self) -> str:
        one, other = self.chain.parents[self.family[0]]
        return "" if one == other else f"product {self.family[0]} {self.place}"

    @property
    def _factor(self) -> str:
        return f"what {self._called(self.place)} is multiplied by"

    def _called(self, place: int) -> str:
        return self.chain.called(self.chain.parents[self.family[0]][place])

    def missing(self) -> Suspicion:
        """As if it were 1."""
        ones = dict.fromkeys(self.edges, np.ones_like(self.chain.values[self.family[0]]))
        text = f"the factor is missing, {self._factor}"
        return Suspicion(MISSING, text, self.family[0], exchanged(ones))

    def other_way_round(self) -> Iterator[Suspicion]:
        """If there are n by n of them, they may be a matrix."""
        edges, side = self.edges, math.isqrt(len(self.family))
        if side > 1 and side * side == len(edges):
            text = f"{self._factor}, a table of {side} by {side}, is the other way round"
            change = _with_places_swapped([edges[i : i + side] for i in range(0, len(edges), side)])
            yield Suspicion(TRANSPOSED, text, self.family[0], change, group=self._group)

    def transposed(self) -> Iterator[Suspicion]:
        """If they are the numbers of a square matrix of inputs."""
        other = 1 - self.place
        factors = [self.chain.parents[node][other] for node in self.family]
        across = _all_known(list(map(self.chain.transposed.get, factors)))
        if across:
            text = f"{self._called(other)} stands the other way round, transposed"
            yield self._with(TRANSPOSED, text, across, self._group)

    def other_quantities(self) -> Iterator[Suspicion]:
        """Another number of the same computation stands there."""
        for what, nodes in self._quantities():
            text = f"in place of {self._factor} stands {what}"
            group = self._group if nodes[0] in self.activations else ""
            yield self._with(QUANTITY, text, nodes, group)

    def _with(self, kind: str, text: str, nodes: Sequence[int], group: str) -> Suspicion:
        """With the values of these nodes as factors."""
        values = [self.chain.values[node] for node in nodes]
        change = exchanged(dict(zip(self.edges, values, strict=True)))
        return Suspicion(kind, text, self.family[0], change, group=group)

    def _quantities(self) -> Iterator[tuple[str, Sequence[int]]]:
        chain, activations = self.chain, self.activations
        yield self._called(self.place), [chain.parents[node][self.place] for node in self.family]
        further = _all_known([_further_on(chain, node, activations) for node in self.family])
        if further:
            yield "the result further on", further
        factors = [chain.parents[node][1 - self.place] for node in self.family]
        arguments = _all_known([_argument(chain, node, activations) for node in factors])
        if arguments:
            yield "the argument of the function that it is the result of", arguments


def _all_known(nodes: Sequence[int | None]) -> list[int]:
    """The nodes; none at all if one of them is not known."""
    known = [node for node in nodes if node is not None]
    return known if len(known) == len(nodes) else []


def _with_places_swapped(grid: Sequence[Sequence[Edge]]) -> Callable[[Factors], Factors]:
    each = range(len(grid))

    def change(before: Factors) -> Factors:
        return {**before, **{grid[i][j]: before[grid[j][i]] for i in each for j in each}}

    return change


def _further_on(chain: Chain, node: int, activations: AbstractSet[int]) -> int | None:
    """The first activation that a node goes into, by way of nodes of a single user."""
    while len(chain.users[node]) == 1:
        node = chain.users[node][0]
        if node in activations:
            return node
    return None


def _argument(chain: Chain, node: int, activations: AbstractSet[int]) -> int | None:
    """What a function was taken of whose result this is."""
    if node not in activations:
        return None
    while len(chain.variables(node)) == 1:
        (node,) = chain.variables(node)
    return node
