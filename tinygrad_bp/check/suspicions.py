"""The mistakes that derivations by hand are made of, each as another chain of factors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_bp.check.chain import Chain, Factors, Numbers, Override
from tinygrad_bp.check.segments import BY_RESULT, Segment, segments
from tinygrad_bp.primitives import multiply, subtract

SIGN, FACTOR, MISSING = "sign", "constant factor", "missing factor"
ARGUMENT, TRANSPOSED, AXIS = "wrong argument", "transposed", "wrong axis"
TOO_EARLY, TERM, QUANTITY = "updated too early", "missing term", "another quantity"
KINDS = (SIGN, FACTOR, MISSING, ARGUMENT, TRANSPOSED, AXIS, TOO_EARLY, TERM, QUANTITY)

MOST_WORK = 30_000
"""Nodes gone through for one suspicion."""


@dataclass(frozen=True)
class Suspicion:
    """What a gradient would be if one thing in its chain of factors were otherwise."""

    kind: str
    text: str
    node: int
    change: Callable[[Factors], Factors] = dict
    """The factors, with some of them exchanged."""
    overrides: Mapping[int, Override] = field(default_factory=dict)
    group: str = ""
    """Of those that are made so often that they are tried together: one of each group."""

    def gradient(self, chain: Chain) -> Numbers:
        """The gradient that it leads to."""
        return chain.gradient(self.change(chain.factors), self.overrides)


def suspicions(chain: Chain) -> Iterator[Suspicion]:
    """All there are in a chain, the most usual ones first."""
    found = segments(chain)
    known = _largest([segment for segment in found if segment.by_result])
    inside = {node for segment in known for node, _ in segment.edges}
    for segment in found:
        yield from _of_a_segment(segment, is_known=segment in known)
    activations = {node for segment in known for node in segment.tops}
    for family in chain.families.values():
        if family[0] not in inside:
            yield from _of_products(chain, family, activations)
    for family in chain.families.values():
        yield from _of_a_sum(chain, family)
        yield from _of_an_inside(chain, family)


def _largest(found: Sequence[Segment]) -> list[Segment]:
    """Those that are no part of others."""
    edges = [set(segment.edges) for segment in found]
    return [
        segment
        for segment, own in zip(found, edges, strict=True)
        if not any(own < other for other in edges)
    ]


def exchanged(factors: Mapping[Any, Numbers]) -> Callable[[Factors], Factors]:
    """With these in place of what was there."""
    return lambda before: {**before, **factors}


# A function of one number ----------------------------------------------------------------------


def _of_a_segment(segment: Segment, *, is_known: bool) -> Iterator[Suspicion]:
    chain, top = segment.chain, segment.tops[0]
    ways = segment.by_result
    group = f"slope {top}" if is_known else ""
    slope = f"the derivative of {segment.formula('u')}"
    if ways:
        slope = f"{slope}, {ways[0].format(r='h')} of its result h,"

    def suspicion(kind: str, text: str, slopes: Sequence[Numbers], group: str = "") -> Suspicion:
        change = exchanged(segment.with_slopes(slopes))
        return Suspicion(kind, f"{slope} {text}", top, change, group=group)

    ones = [np.ones_like(chain.values[node]) for node in segment.tops]
    yield suspicion(MISSING, "is missing", ones, group)
    arguments = [chain.values[node] for node in segment.arguments]
    for way in ways:
        text = f"is taken of its argument: {way.format(r='u')}"
        yield suspicion(ARGUMENT, text, [_by_result(way, u) for u in arguments], group)
    for what, nodes in _other_arguments(segment):
        pairs = zip(segment.paths, nodes, strict=True)
        slopes = [segment.at(path, chain.values[node])[1] for path, node in pairs]
        yield suspicion(ARGUMENT, f"is taken at {what}", slopes)
    operation = chain.operations[top]
    if len(segment) == 1 and operation is not None and operation.name.startswith("pow"):
        factors = [chain.factors[path[0][0], path[0][1][0]] for path in segment.paths]
        for power, word in ((-1, "low"), (1, "high")):
            changed = [f * u**power for f, u in zip(factors, arguments, strict=True)]
            yield suspicion(MISSING, f"has a power that is one too {word}", changed)


def _by_result(way: str, numbers: Numbers) -> Numbers:
    with np.errstate(all="ignore"):
        return BY_RESULT[way](numbers)


def _other_arguments(segment: Segment) -> Iterator[tuple[str, Sequence[int]]]:
    """Its result, and what its argument is made of, some way down."""
    chain = segment.chain
    yield "its result", segment.tops
    below = segment.arguments
    for _ in range(3):
        operands = [chain.variables(node) for node in below]
        count = min(map(len, operands))
        for place in range(min(count, 3)):
            yield "part of its argument", [found[place] for found in operands]
        if count != 1:
            return
        below = [found[0] for found in operands]


def _of_an_inside(chain: Chain, family: Sequence[int]) -> Iterator[Suspicion]:
    """What one node is the function of: its derivative by that is forgotten as a whole."""
    if len(family) * len(chain.values) > MOST_WORK:
        return
    overrides: dict[int, Override] = {}
    for node in family:
        slopes = chain.gradient(output=node)
        (reached,) = np.nonzero(np.any(slopes, axis=1))
        if len(reached) != 1:
            return
        overrides[node], overrides[chain.leaves[reached[0]]] = _forgotten(node, slopes[reached[0]])
    text = f"the derivative of {chain.called(family[0])}, inside another function, is missing"
    if len(overrides) == 2 * len(family):
        yield Suspicion(MISSING, text, family[0], overrides=overrides)


def _forgotten(node: int, slope: Numbers) -> tuple[Override, Override]:
    kept: list[Numbers] = []

    def keep(_: int, adjoint: Mapping[int, Numbers]) -> Numbers:
        kept.append(adjoint[node])
        return adjoint[node]

    def forget(leaf: int, adjoint: Mapping[int, Numbers]) -> Numbers:
        return adjoint[leaf] - kept[-1] * slope + kept[-1]

    return keep, forget


# A product ---------------------------------------------------------------------------------------


def _of_products(chain: Chain, family: Sequence[int], activations: set[int]) -> Iterator[Suspicion]:
    operation = chain.operations[family[0]]
    if operation is not multiply:
        return
    operands = chain.parents[family[0]]
    is_square = operands[0] == operands[1]
    for place in range(2):
        edges = [(node, place) for node in family]
        if not all(edge in chain.factors for edge in edges):
            continue
        group = "" if is_square else f"product {family[0]} {place}"
        factor = f"what {chain.called(operands[place])} is multiplied by"
        ones = dict.fromkeys(edges, np.ones_like(chain.values[family[0]]))
        yield Suspicion(MISSING, f"the factor is missing, {factor}", family[0], exchanged(ones))
        side = math.isqrt(len(edges))
        if side > 1 and side * side == len(edges):
            text = f"{factor}, a table of {side} by {side}, is the other way round"
            change = _with_places_swapped([edges[i : i + side] for i in range(0, len(edges), side)])
            yield Suspicion(TRANSPOSED, text, family[0], change, group=group)
        across = [chain.transposed.get(chain.parents[node][1 - place]) for node in family]
        if None not in across:
            factors = {
                edge: chain.values[node]
                for edge, node in zip(edges, across, strict=True)
                if node is not None
            }
            text = f"{chain.called(operands[1 - place])} stands the other way round, transposed"
            yield Suspicion(TRANSPOSED, text, family[0], exchanged(factors), group=group)
        for what, quantities in _other_quantities(chain, family, place, activations):
            factors = {
                edge: chain.values[node] for edge, node in zip(edges, quantities, strict=True)
            }
            text = f"in place of {factor} stands {what}"
            usual = group if quantities[0] in activations else ""
            yield Suspicion(QUANTITY, text, family[0], exchanged(factors), group=usual)


def _with_places_swapped(grid: Sequence[Sequence[Any]]) -> Callable[[Factors], Factors]:
    def change(before: Factors) -> Factors:
        moved = {grid[i][j]: before[grid[j][i]] for i in range(len(grid)) for j in range(len(grid))}
        return {**before, **moved}

    return change


def _other_quantities(
    chain: Chain, family: Sequence[int], place: int, activations: set[int]
) -> Iterator[tuple[str, Sequence[int]]]:
    own = [chain.parents[node][place] for node in family]
    yield chain.called(own[0]), own
    further = [_further_on(chain, node, activations) for node in family]
    if None not in further:
        yield "the result further on", [node for node in further if node is not None]
    argument = [_argument(chain, chain.parents[node][1 - place], activations) for node in family]
    if None not in argument:
        text = "the argument of the function that it is the result of"
        yield text, [node for node in argument if node is not None]


def _further_on(chain: Chain, node: int, activations: set[int]) -> int | None:
    """The first activation that a node goes into, by way of nodes of a single user."""
    while len(chain.users[node]) == 1:
        node = chain.users[node][0]
        if node in activations:
            return node
    return None


def _argument(chain: Chain, node: int, activations: set[int]) -> int | None:
    """What a function was taken of whose result this is."""
    if node not in activations:
        return None
    while len(chain.variables(node)) == 1:
        (node,) = chain.variables(node)
    return node


# A sum over examples ----------------------------------------------------------------------------

ERROR = "error"


def _of_a_sum(chain: Chain, family: Sequence[int]) -> Iterator[Suspicion]:
    operation = chain.operations[family[0]]
    if len(family) < 2 or operation is None:
        return
    derivatives = adjoints(chain)
    mean = np.mean([derivatives.get(node, 0.0) for node in family], axis=0)
    text = f"the derivative by {operation.name} is averaged over all {len(family)} too early"
    yield Suspicion(AXIS, text, family[0], overrides=_all(family, mean))
    labels = _labels(chain, family)
    if labels:
        outputs = [chain.variables(node)[0] for node in family]
        result = chain.values[-1]
        text = "the error itself stands in place of its derivative"
        yield Suspicion(QUANTITY, text, family[0], dict, _all(outputs, result), ERROR)
        yield from _of_every_pair(chain, family, labels, outputs)


def _all(nodes: Sequence[int], numbers: Numbers) -> dict[int, Override]:
    return dict.fromkeys(nodes, lambda _node, _adjoint: numbers)


def _labels(chain: Chain, family: Sequence[int]) -> list[int]:
    """The constants, one for each node, that results are compared with; none if they are not."""
    if chain.operations[family[0]] is not subtract:
        return []
    found = [[p for p in chain.parents[node] if p in chain.constants] for node in family]
    if any(len(constants) != 1 for constants in found):
        return []
    labels = [c[0] for c in found]
    return labels if len({float(chain.values[label][0]) for label in labels}) > 1 else []


def _of_every_pair(
    chain: Chain, family: Sequence[int], labels: Sequence[int], outputs: Sequence[int]
) -> Iterator[Suspicion]:
    """Outputs of shape (n, 1) less labels of shape (n,) are a table of n by n."""
    if len(labels) * len(chain.values) > MOST_WORK:
        return
    turned = []
    for turn in range(len(labels)):
        numbers = [chain.values[label] for label in [*labels[turn:], *labels[:turn]]]
        turned.append(chain.with_values(dict(zip(labels, numbers, strict=True))))
    error = np.mean([one.values[-1] for one in turned], axis=0)
    text = "the error, of every result with every label, stands in place of its derivative"
    yield Suspicion(QUANTITY, text, family[0], dict, _all(outputs, error), ERROR)
    slopes = [adjoints(one) for one in turned]
    overrides: dict[int, Override] = {}
    for node in outputs:
        overrides |= _all([node], np.mean([found.get(node, 0.0) for found in slopes], axis=0))
    text = "every result is compared with every label: their shapes broadcast"
    yield Suspicion(AXIS, text, family[0], dict, overrides, ERROR)


def adjoints(chain: Chain) -> Mapping[int, Numbers]:
    """The derivative of the output by every node."""
    found: dict[int, Numbers] = {}

    def kept(node: int, adjoint: Mapping[int, Numbers]) -> Numbers:
        found[node] = adjoint.get(node)
        return found[node]

    chain.gradient(overrides=dict.fromkeys(range(len(chain.values)), kept))
    return {node: number for node, number in found.items() if number is not None}
