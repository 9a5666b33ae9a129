"""The search for the mistake that leads to the numbers that a derivation by hand gave.

Each suspicion is gone through the chain rule with, at several points, and compared with what was
given. The first that explains every number at every point is the answer; where none does alone,
those that are often made are tried together.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tinygrad_bp.check.finding import Part
from tinygrad_bp.check.mistakes.chain import Chain, Factors, Numbers, blocks_of
from tinygrad_bp.check.mistakes.moves import factors_after_moves
from tinygrad_bp.check.mistakes.proportion import differ, proportion, share
from tinygrad_bp.check.mistakes.several import several_at_once
from tinygrad_bp.check.mistakes.suspicion import AXIS, TERM, TOO_EARLY, TRANSPOSED, Suspicion
from tinygrad_bp.check.mistakes.suspicions import suspicions
from tinygrad_bp.check.mistakes.wording import Parts, Wording, times
from tinygrad_bp.check.truth.subject import Subject

Way = Callable[[str, Sequence[int]], Iterator[Parts]]
Explanation = tuple[list[str], Parts]


class Search:
    """The search for what explains one block of a gradient."""

    def __init__(self, subject: Subject, chain: Chain, gave: Numbers) -> None:
        self.subject = subject
        self.chain = chain
        self.gave = gave
        self.right = chain.gradient()
        self.blocks = blocks_of(subject.names, range(len(subject.names)))
        self.wording = Wording(subject, chain)

    def explained(self, block: str, indices: Sequence[int]) -> Iterator[Explanation]:
        """The block as a whole, or number by number."""
        found = self._explanation(block, indices, (*self._simple, self._of_several))
        if found:
            yield [block], found
        elif 1 < len(indices) <= 16:
            for index in indices:
                name = self.subject.names[index]
                one = self._explanation(name, [index], self._simple)
                if one:
                    yield [name], one

    @property
    def _simple(self) -> tuple[Way, ...]:
        return self._of_the_whole, self._too_early, self._of_one

    def _explanation(self, block: str, indices: Sequence[int], ways: Sequence[Way]) -> Parts | None:
        with np.errstate(all="ignore"):
            for way in ways:
                found = next(way(block, indices), None)
                if found:
                    return found
        return None

    def _factor(self, gradient: Numbers, indices: Sequence[int]) -> float | None:
        """How many times that gradient was given."""
        return proportion(self.gave[indices], gradient[indices])

    # The numbers themselves, whatever made them -------------------------------------------------

    def _of_the_whole(self, block: str, indices: Sequence[int]) -> Iterator[Parts]:
        factor = self._factor(self.right, indices)
        if factor is not None:
            yield self.wording.factor(factor)
        everywhere = self.blocks.get(block, [])
        for other, text in self._rearranged(everywhere):
            if self._factor(other, indices) == 1.0:
                yield (Part(TRANSPOSED, text),)
        swapped = self._summed_over_the_other_axis(everywhere)
        if swapped is not None:
            factor = self._factor(swapped, indices)
            if factor is not None:
                yield (Part(AXIS, f"summed over the wrong axis{times(factor)}"),)

    def _rearranged(self, everywhere: Sequence[int]) -> Iterator[tuple[Numbers, str]]:
        size = len(everywhere)
        for rows in range(2, size // 2 + 1):
            if size % rows == 0:
                places = np.reshape(everywhere, (rows, size // rows)).T.reshape(-1)
                other = self.right.copy()
                other[everywhere] = self.right[places]
                yield other, f"transposed: {rows} by {size // rows} numbers, the other way round"

    def _summed_over_the_other_axis(self, everywhere: Sequence[int]) -> Numbers | None:
        rows = [self._terms(self.chain.leaves[index]) for index in everywhere]
        if len(rows) < 2 or {len(row) for row in rows} != {len(rows)}:
            return None
        other = self.right.copy()
        other[everywhere] = np.array(rows).sum(axis=0)
        return other

    def _terms(self, leaf: int) -> list[Numbers]:
        """What the derivative by a leaf is the sum of: one for each of its uses."""
        chain, adjoints = self.chain, self._adjoints
        return [
            adjoints[node] * chain.factors[node, place]
            for node, parents in enumerate(chain.parents)
            for place, parent in enumerate(parents)
            if parent == leaf and (node, place) in chain.factors and node in adjoints
        ]

    @functools.cached_property
    def _adjoints(self) -> dict[int, Numbers]:
        return self.chain.adjoints()

    # One exchanged factor -------------------------------------------------------------------------

    def _of_one(self, _block: str, indices: Sequence[int]) -> Iterator[Parts]:
        found = [(one, self._factor(gradient, indices)) for one, gradient in self._candidates]
        yield from (self.wording.suspicions([one], 1.0) for one, factor in found if factor == 1.0)
        yield from self._of_one_term(indices)
        for one, factor in found:
            if factor is not None:
                yield self.wording.suspicions([one], factor)

    @functools.cached_property
    def _candidates(self) -> list[tuple[Suspicion, Numbers]]:
        return [(one, one.gradient(self.chain)) for one in suspicions(self.chain)]

    def _of_one_term(self, indices: Sequence[int]) -> Iterator[Parts]:
        """One of several terms is missing, or has another sign or factor."""
        for family in self.chain.families.values():
            each = range(len(self.chain.parents[family[0]]))
            for places in dict.fromkeys([tuple(each), *((place,) for place in each)]):
                rest = self._without(family, places)
                factor = share((self.gave - rest)[indices], (self.right - rest)[indices])
                if factor is not None and differ(rest[indices], self.right[indices]):
                    yield self._worded_term(family[0], places, factor)

    def _without(self, family: Sequence[int], places: Sequence[int]) -> Numbers:
        """The gradient if nothing came by way of these operands."""
        gone = {(node, place) for node in family for place in places}
        factors = self.chain.factors
        return self.chain.gradient({e: f * 0.0 if e in gone else f for e, f in factors.items()})

    def _worded_term(self, node: int, places: Sequence[int], factor: float) -> Parts:
        term, line = self.wording.term(node, places), self.wording.line(node)
        if factor == 0.0:
            return (Part(TERM, f"the term {term} is missing", line),)
        parts = self.wording.factor(factor)
        return tuple(Part(part.kind, f"the term {term}: {part.text}", line) for part in parts)

    # A parameter that moved, and several mistakes -------------------------------------------------

    @functools.cached_property
    def _moves(self) -> dict[str, Factors]:
        return factors_after_moves(self.chain, self.blocks, self.gave)

    def _moves_of_others(self, block: str) -> dict[str, Factors]:
        return {moved: factors for moved, factors in self._moves.items() if moved != block}

    def _too_early(self, block: str, indices: Sequence[int]) -> Iterator[Parts]:
        for moved, factors in self._moves_of_others(block).items():
            step = self.chain.gradient(factors) - self.right
            rate = share((self.gave - self.right)[indices], step[indices])
            if rate:
                text = f"{moved} was updated too early, by {rate:.6g} times its gradient"
                yield (Part(TOO_EARLY, text),)

    def _of_several(self, block: str, indices: Sequence[int]) -> Iterator[Parts]:
        usual = [suspicion for suspicion, _ in self._candidates if suspicion.group]
        moves = self._moves_of_others(block)
        return several_at_once(self.chain, usual, moves, self.gave, indices, self.wording)
