"""Several mistakes at once: those that are made most often, and an update that came too early."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from tinygrad_bp.check.finding import Part
from tinygrad_bp.check.mistakes.chain import Chain, Factors, Numbers, Override
from tinygrad_bp.check.mistakes.proportion import proportion, proportions
from tinygrad_bp.check.mistakes.suspicion import TOO_EARLY, Suspicion
from tinygrad_bp.check.mistakes.wording import Parts, Wording

MOST = 4
"""Mistakes that are looked for together."""
EFFORT = 2_000_000
"""Factors that are multiplied at most: some seconds."""


def several_at_once(
    chain: Chain,
    usual: Sequence[Suspicion],
    moves: Mapping[str, Factors],
    gave: Numbers,
    indices: Sequence[int],
    wording: Wording,
) -> Iterator[Parts]:
    """What explains the numbers of some inputs, with as few of the usual mistakes as it takes.

    `moves` are the factors once another block has moved.
    """
    for chosen in _choices(chain, _distinct(chain, usual, indices), 1 + len(moves)):
        before = _together(chain, chosen, chain.factors)[indices]
        factor = proportion(gave[indices], before)
        if factor is not None and (len(chosen) > 1 or factor != 1.0):
            yield wording.suspicions(chosen, factor)
        for moved, factors in moves.items():
            step = _together(chain, chosen, factors)[indices] - before
            found = proportions(gave[indices], before, step)
            if found is not None:
                early = Part(TOO_EARLY, f"{moved} was updated too early")
                yield (*wording.suspicions(chosen, found[0]), early)


def _choices(
    chain: Chain, usual: Sequence[Suspicion], tries: int
) -> Iterator[tuple[Suspicion, ...]]:
    """One of each of some groups, few of them first, as long as the effort is bearable."""
    effort = 0
    for size in range(1, MOST + 1):
        for chosen in itertools.combinations(usual, size):
            if len({suspicion.group for suspicion in chosen}) < size:
                continue
            effort += len(chain.factors) * tries
            if effort > EFFORT:
                return
            yield chosen


def _distinct(chain: Chain, usual: Sequence[Suspicion], indices: Sequence[int]) -> list[Suspicion]:
    """Each once, of those in a group that come to the same."""
    kept: dict[tuple[str, ...], Suspicion] = {}
    for suspicion in usual:
        gradient = suspicion.gradient(chain)[indices]
        digits = [f"{x:.9e}" for x in gradient.ravel()]
        kept.setdefault((suspicion.group, *digits), suspicion)
    return list(kept.values())


def _together(chain: Chain, chosen: Sequence[Suspicion], factors: Factors) -> Numbers:
    overrides: dict[int, Override] = {}
    for suspicion in chosen:
        factors = suspicion.change(factors)
        overrides.update(suspicion.overrides)
    return chain.gradient(factors, overrides)
