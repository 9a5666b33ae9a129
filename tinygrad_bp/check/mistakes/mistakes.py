"""What a wrong gradient that was derived by hand is just what comes of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tinygrad_bp.check.finding import Mistake
from tinygrad_bp.check.mistakes.chain import blocks_of
from tinygrad_bp.check.mistakes.recorded import chain_of
from tinygrad_bp.check.mistakes.search import Search
from tinygrad_bp.check.mistakes.wording import Parts
from tinygrad_bp.check.truth.subject import REFUSALS, Subject


def mistakes(
    subject: Subject, given: Callable[[Sequence[float]], list[float]], wrong: Sequence[int]
) -> list[Mistake]:
    """What explains the wrong derivatives, block by block."""
    found = chain_of(subject)
    if found is None:
        return []
    chain, points = found
    try:
        with np.errstate(all="ignore"):
            gave = np.array([given(point) for point in points]).T
    except REFUSALS:
        return []
    explained: dict[Parts, list[str]] = {}
    search = Search(subject, chain, gave)
    for block, indices in blocks_of(subject.names, wrong).items():
        for names, parts in search.explained(block, indices):
            explained.setdefault(parts, []).extend(names)
    return [Mistake(tuple(names), parts) for parts, names in explained.items()]
