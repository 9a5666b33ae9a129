"""What goes wrong with a function of one number: its derivative is missing, or taken elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinygrad_bp.check.mistakes.chain import Chain, Numbers, Override
from tinygrad_bp.check.mistakes.segments import BY_RESULT, Segment
from tinygrad_bp.check.mistakes.suspicion import (
    ARGUMENT,
    MISSING,
    Suspicion,
    exchanged,
    is_too_much,
)

# Its own derivative ------------------------------------------------------------------------


def of_a_segment(segment: Segment, *, is_known: bool) -> Iterator[Suspicion]:
    """A slope in the chain: left out, or taken where it does not belong.

    It is known if people write it with the result, as `h * (1 - h)`.
    """
    slope = _Slope(segment, f"slope {segment.tops[0]}" if is_known else "")
    yield slope.missing()
    yield from slope.of_its_argument()
    yield from slope.elsewhere()
    yield from slope.of_another_power()


@dataclass(frozen=True)
class _Slope:
    segment: Segment
    group: str

    def _with(self, kind: str, text: str, slopes: Sequence[Numbers], group: str = "") -> Suspicion:
        change = exchanged(self.segment.with_slopes(slopes))
        return Suspicion(kind, f"{self._called} {text}", self.segment.tops[0], change, group=group)

    @property
    def _called(self) -> str:
        name, ways = f"the derivative of {self.segment.formula('u')}", self.segment.by_result
        return f"{name}, {ways[0].format(r='h')} of its result h," if ways else name

    @property
    def _arguments(self) -> list[Numbers]:
        return [self.segment.chain.values[node] for node in self.segment.arguments]

    def missing(self) -> Suspicion:
        """As if it were 1."""
        ones = [np.ones_like(argument) for argument in self._arguments]
        return self._with(MISSING, "is missing", ones, self.group)

    def of_its_argument(self) -> Iterator[Suspicion]:
        """The formula is for the result."""
        for way in self.segment.by_result:
            text = f"is taken of its argument: {way.format(r='u')}"
            with np.errstate(all="ignore"):
                slopes = [BY_RESULT[way](argument) for argument in self._arguments]
            yield self._with(ARGUMENT, text, slopes, self.group)

    def elsewhere(self) -> Iterator[Suspicion]:
        """It is taken at its result, or at what its argument is made of."""
        segment = self.segment
        for what, nodes in _other_arguments(segment):
            places = zip(segment.paths, nodes, strict=True)
            slopes = [segment.at(path, segment.chain.values[node])[1] for path, node in places]
            yield self._with(ARGUMENT, f"is taken at {what}", slopes)

    def of_another_power(self) -> Iterator[Suspicion]:
        """The derivative of x**3 with x, or with x**3."""
        segment, chain = self.segment, self.segment.chain
        operation = chain.operations[segment.tops[0]]
        if len(segment) != 1 or operation is None or not operation.name.startswith("pow"):
            return
        factors = [chain.factors[path[0][0], path[0][1][0]] for path in segment.paths]
        for power, word in ((-1, "low"), (1, "high")):
            slopes = [f * u**power for f, u in zip(factors, self._arguments, strict=True)]
            yield self._with(MISSING, f"has a power that is one too {word}", slopes)


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


# That of what is inside --------------------------------------------------------------------


def of_an_inside(chain: Chain, family: Sequence[int]) -> Iterator[Suspicion]:
    """What one node is the function of: its derivative by that is forgotten as a whole."""
    if is_too_much(chain, len(family)):
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
