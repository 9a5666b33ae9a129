"""The search for the mistake that leads to the numbers that a derivation by hand gave.

Each suspicion is gone through the chain rule with, at several points, and compared with what was
given. The first that explains every number at every point is the answer; where none does alone,
those that are often made are tried together.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from tinygrad_bp.check.chain import (
    Chain,
    Factors,
    Numbers,
    Override,
    block_of,
    partials_at,
)
from tinygrad_bp.check.finding import Part
from tinygrad_bp.check.subject import Subject
from tinygrad_bp.check.suspicions import (
    AXIS,
    FACTOR,
    SIGN,
    TERM,
    TOO_EARLY,
    TRANSPOSED,
    Suspicion,
    adjoints,
    suspicions,
)

CLOSE = 1e-6
"""How well a mistake has to explain each number, relative to it."""
MOST = 4
"""Mistakes that are looked for together."""
EFFORT = 2_000_000
"""Factors that are multiplied at most in the search for several at once: some seconds."""


Parts = tuple[Part, ...]
Way = Callable[[str, Sequence[int]], Iterator[Parts]]
Explanation = tuple[list[str], Parts]


class Search:
    """The search for what explains one block of a gradient."""

    def __init__(self, subject: Subject, chain: Chain, gave: Numbers) -> None:
        self.subject = subject
        self.chain = chain
        self.gave = gave
        self.right = chain.gradient()

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

    # The numbers themselves, whatever made them -------------------------------------------------

    def _of_the_whole(self, block: str, indices: Sequence[int]) -> Iterator[Parts]:
        factor = self._factor(self.right, indices)
        if factor is not None:
            yield self._named_factor(factor)
        everywhere = [i for i, name in enumerate(self.subject.names) if block_of(name) == block]
        for other, text in self._rearranged(everywhere):
            if self._factor(other, indices) == 1.0:
                yield (Part(TRANSPOSED, text),)
        swapped = self._summed_over_the_other_axis(everywhere)
        if swapped is not None:
            factor = self._factor(swapped, indices)
            if factor is not None:
                text = f"summed over the wrong axis{_times(factor)}"
                yield (Part(AXIS, text),)

    def _rearranged(self, everywhere: Sequence[int]) -> Iterator[tuple[Numbers, str]]:
        size = len(everywhere)
        for rows in range(2, size // 2 + 1):
            if size % rows == 0:
                places = np.reshape(everywhere, (rows, size // rows)).T.reshape(-1)
                other = self.right.copy()
                other[everywhere] = self.right[places]
                yield other, f"transposed: {rows} by {size // rows} numbers, the other way round"

    def _summed_over_the_other_axis(self, everywhere: Sequence[int]) -> Numbers | None:
        derivatives = adjoints(self.chain)
        rows = []
        for index in everywhere:
            leaf = self.chain.leaves[index]
            rows.append(
                [
                    derivatives[node] * self.chain.factors[node, place]
                    for node, parents in enumerate(self.chain.parents)
                    for place, parent in enumerate(parents)
                    if parent == leaf
                    and (node, place) in self.chain.factors
                    and node in derivatives
                ]
            )
        if len(rows) < 2 or {len(row) for row in rows} != {len(rows)}:
            return None
        other = self.right.copy()
        other[everywhere] = np.array(rows).sum(axis=0)
        return other

    # One exchanged factor -------------------------------------------------------------------------

    def _of_one(self, _block: str, indices: Sequence[int]) -> Iterator[Parts]:
        candidates = self._candidates
        for exact in (True, False):
            for suspicion, gradient in candidates:
                factor = self._factor(gradient, indices)
                if factor is not None and (factor == 1.0) == exact:
                    yield self._worded([suspicion], factor)
            if exact:
                yield from self._of_one_term(indices)

    def _of_one_term(self, indices: Sequence[int]) -> Iterator[Parts]:
        """One of several terms is missing, or has another sign or factor."""
        chain = self.chain
        for family in chain.families.values():
            each = range(len(chain.parents[family[0]]))
            for places in dict.fromkeys([tuple(each), *((place,) for place in each)]):
                gone = {(node, place) for node in family for place in places}
                without = {e: f * 0.0 if e in gone else f for e, f in chain.factors.items()}
                rest = chain.gradient(without)
                share = self.right - rest
                factor = self._factor(share, indices, self.gave - rest)
                if factor is None or not _matters(rest[indices], self.right[indices]):
                    continue
                term, line = self._term(family[0], places), self._line(family[0])
                if factor == 0.0:
                    yield (Part(TERM, f"the term {term} is missing", line),)
                else:
                    parts = self._named_factor(factor)
                    yield tuple(Part(p.kind, f"the term {term}: {p.text}", line) for p in parts)

    def _term(self, node: int, places: Sequence[int]) -> str:
        operation = self.chain.operations[node]
        whole = f"by way of {operation.name if operation else 'the input'}"
        if len(places) > 1:
            return whole
        return f"{whole} of {self.chain.called(self.chain.parents[node][places[0]])}"

    @functools.cached_property
    def _candidates(self) -> list[tuple[Suspicion, Numbers]]:
        return [(one, one.gradient(self.chain)) for one in suspicions(self.chain)]

    # A parameter that moved -----------------------------------------------------------------------

    def _too_early(self, block: str, indices: Sequence[int]) -> Iterator[Parts]:
        for moved, factors in self._moves.items():
            if moved == block:
                continue
            step = self.chain.gradient(factors) - self.right
            rate = self._factor(step, indices, self.gave - self.right)
            if rate is not None and rate != 0.0:
                text = f"{moved} was updated too early, by {rate:.6g} times its gradient"
                yield (Part(TOO_EARLY, text),)

    @functools.cached_property
    def _moves(self) -> dict[str, Factors]:
        """The factors as they are once a block has gone one step down what was given for it."""
        blocks: dict[str, list[int]] = {}
        for index, name in enumerate(self.subject.names):
            blocks.setdefault(block_of(name), []).append(index)
        return {
            block: _moved(self.chain, {self.chain.leaves[i]: self.gave[i] for i in indices})
            for block, indices in blocks.items()
        }

    # Several at once ------------------------------------------------------------------------------

    def _of_several(self, block: str, indices: Sequence[int]) -> Iterator[Parts]:
        common = self._distinct([s for s, _ in self._candidates if s.group], indices)
        effort = 0
        for size in range(1, MOST + 1):
            for chosen in itertools.combinations(common, size):
                if len({suspicion.group for suspicion in chosen}) < size:
                    continue
                effort += len(self.chain.factors) * len(self._moves)
                if effort > EFFORT:
                    return
                before = self._together(chosen)
                factor = self._factor(before, indices)
                if factor is not None and (size > 1 or factor != 1.0):
                    yield self._worded(chosen, factor)
                for moved, factors in self._moves.items():
                    if moved == block:
                        continue
                    after = self._together(chosen, factors)
                    found = self._factors_with_move(before, after, indices)
                    if found is not None:
                        early = Part(TOO_EARLY, f"{moved} was updated too early")
                        yield (*self._worded(chosen, found[0]), early)

    def _together(self, chosen: Sequence[Suspicion], factors: Factors | None = None) -> Numbers:
        factors = factors or self.chain.factors
        overrides: dict[int, Override] = {}
        for suspicion in chosen:
            factors = suspicion.change(factors)
            overrides.update(suspicion.overrides)
        return self.chain.gradient(factors, overrides)

    def _distinct(self, candidates: Sequence[Suspicion], indices: Sequence[int]) -> list[Suspicion]:
        """Each once, of those in a group that come to the same."""
        kept: dict[tuple[str, ...], Suspicion] = {}
        for suspicion in candidates:
            gradient = suspicion.gradient(self.chain)[indices]
            digits = [f"{x:.9e}" for x in gradient.ravel()]
            kept.setdefault((suspicion.group, *digits), suspicion)
        return list(kept.values())

    def _factors_with_move(
        self, before: Numbers, after: Numbers, indices: Sequence[int]
    ) -> tuple[float, float] | None:
        """How many times each of two gradients was given: from before the move, and the rest."""
        step = after - before
        gave = np.nan_to_num(self.gave[indices].ravel())
        table = np.nan_to_num(np.array([before[indices].ravel(), step[indices].ravel()]).T)
        weights = 1.0 / np.maximum(abs(gave), 1e-300)
        found, *_ = np.linalg.lstsq(table * weights[:, None], gave * weights, rcond=None)
        off = abs(table @ found - gave) * weights
        if off.max() > CLOSE or abs(found[1]) < CLOSE * abs(found[0]):
            return None
        return _rounded(float(found[0])), float(found[1] / found[0])

    # Comparing and wording ------------------------------------------------------------------------

    def _factor(
        self, gradient: Numbers, indices: Sequence[int], gave: Numbers | None = None
    ) -> float | None:
        """How many times a gradient was given, if it is the same for all numbers."""
        found = gradient[indices].ravel()
        given = (self.gave if gave is None else gave)[indices].ravel()
        if not np.isfinite(found).all() or not np.isfinite(given).all() or not found.any():
            return None
        size = np.abs(given).max()
        if size <= CLOSE * np.abs(found).max() and gave is not None:
            return 0.0
        weights = 1.0 / np.maximum(abs(given), 1e-9 * size) if size else np.ones_like(given)
        a, b = found * weights, given * weights
        with np.errstate(all="ignore"):
            factor = float(a @ b / (a @ a))
        if not np.isfinite(factor) or np.abs(a * factor - b).max() > CLOSE:
            return None
        return _rounded(factor)

    def _worded(self, chosen: Sequence[Suspicion], factor: float) -> Parts:
        parts = [Part(one.kind, one.text, self._line(one.node)) for one in chosen]
        return (*parts, *(self._named_factor(factor) if factor != 1.0 else ()))

    def _named_factor(self, factor: float) -> Parts:
        if factor == 0.0:
            return (Part(TERM, "it is 0: every term is missing"),)
        if factor < 0.0:
            return Part(SIGN, "the sign is wrong"), *self._named_factor(-factor)
        if factor == 1.0:
            return ()
        if factor in (0.5, 2.0):  # forgotten more often than a mean over two is taken
            return (Part(FACTOR, f"{factor:g} times as large"),)
        sizes = self._sizes
        for count in sizes:
            if _is(factor, count):
                return (Part(AXIS, f"{count} times as large: a sum in place of a mean"),)
            if _is(factor, 1 / count):
                text = f"a {_ordinal(count)} of what it should be: a mean in place of a sum"
                return (Part(AXIS, text),)
        for one, other in itertools.permutations(sizes, 2):
            if _is(factor, one / other):
                return (Part(AXIS, f"a mean over {other} in place of one over {one}"),)
        return (Part(FACTOR, f"{factor:.6g} times as large"),)

    @property
    def _sizes(self) -> list[int]:
        """How many examples, inputs or units there are: over what sums may be taken."""
        uses = {
            sum(leaf in parents for parents in self.chain.parents) for leaf in self.chain.leaves
        }
        shapes = {
            size
            for block in self.subject.inputs
            for size in np.shape(np.asarray(block, dtype=object))
        }
        return sorted(size for size in uses | shapes if size > 2)

    def _line(self, node: int) -> str:
        line = self.chain.lines.get(node)
        return str(line) if line else ""


def _moved(chain: Chain, directions: Mapping[int, Numbers]) -> Factors:
    factors = dict(chain.factors)
    for node, place in chain.factors:
        operation, parents = chain.operations[node], chain.parents[node]
        if operation is None or not any(parent in directions for parent in parents):
            continue
        operands = [chain.values[p] - directions.get(p, 0.0) for p in parents]
        columns = zip(chain.values[node], zip(*operands, strict=True), strict=True)
        factors[node, place] = np.array(
            [partials_at(operation, z, column)[place] for z, column in columns]
        )
    return factors


def _matters(one: Numbers, other: Numbers) -> bool:
    return bool((np.abs(one - other) > CLOSE * np.abs(other)).any())


def _ordinal(count: int) -> str:
    return {3: "third", 4: "quarter"}.get(count, f"{count}th")


def _times(factor: float) -> str:
    return "" if factor == 1.0 else f", and {factor:.6g} times as large"


def _rounded(factor: float) -> float:
    nearest = round(2.0 * factor) / 2.0
    return nearest if nearest and _is(factor, nearest) else factor


def _is(factor: float, other: float) -> bool:
    return abs(factor - other) <= CLOSE * abs(other)
