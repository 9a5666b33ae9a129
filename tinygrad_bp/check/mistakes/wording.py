"""What the search found, in words: what a factor probably is, and the line a suspicion is about."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from tinygrad_bp.check.finding import Part
from tinygrad_bp.check.mistakes.chain import Chain
from tinygrad_bp.check.mistakes.proportion import is_about
from tinygrad_bp.check.mistakes.suspicion import AXIS, FACTOR, SIGN, TERM, Suspicion
from tinygrad_bp.check.truth.subject import Subject

Parts = tuple[Part, ...]


class Wording:
    """The words for one function: over what sums may be taken there, and what line made what."""

    def __init__(self, subject: Subject, chain: Chain) -> None:
        self.chain = chain
        self.sizes = _sizes(subject, chain)

    def suspicions(self, chosen: Sequence[Suspicion], factor: float) -> Parts:
        """Those that explain it together, with what is left to be explained by a factor."""
        parts = [Part(one.kind, one.text, self.line(one.node)) for one in chosen]
        return (*parts, *self.factor(factor))

    def factor(self, factor: float) -> Parts:
        """What it may be that is so many times as large; nothing if it is not."""
        if factor == 0.0:
            return (Part(TERM, "it is 0: every term is missing"),)
        if factor < 0.0:
            return Part(SIGN, "the sign is wrong"), *self.factor(-factor)
        if factor == 1.0:
            return ()
        if factor in (0.5, 2.0):  # forgotten more often than a mean over two is taken
            return (Part(FACTOR, f"{factor:g} times as large"),)
        text = self._mean_or_sum(factor)
        return (Part(AXIS, text) if text else Part(FACTOR, f"{factor:.6g} times as large"),)

    def term(self, node: int, places: Sequence[int]) -> str:
        """The terms of a derivative that come by way of these operands of a node."""
        operation = self.chain.operations[node]
        whole = f"by way of {operation.name if operation else 'the input'}"
        if len(places) > 1:
            return whole
        return f"{whole} of {self.chain.called(self.chain.parents[node][places[0]])}"

    def line(self, node: int) -> str:
        """The line that made it, as far as it is known."""
        line = self.chain.lines.get(node)
        return str(line) if line else ""

    def _mean_or_sum(self, factor: float) -> str:
        for count in self.sizes:
            if is_about(factor, count):
                return f"{count} times as large: a sum in place of a mean"
            if is_about(factor, 1 / count):
                return f"a {_ordinal(count)} of what it should be: a mean in place of a sum"
        for one, other in itertools.permutations(self.sizes, 2):
            if is_about(factor, one / other):
                return f"a mean over {other} in place of one over {one}"
        return ""


def times(factor: float) -> str:
    """A factor at the end of a sentence."""
    return "" if factor == 1.0 else f", and {factor:.6g} times as large"


def _sizes(subject: Subject, chain: Chain) -> list[int]:
    """How many examples, inputs or units there are: over what sums may be taken."""
    uses = {sum(leaf in parents for parents in chain.parents) for leaf in chain.leaves}
    shapes = {
        size for block in subject.inputs for size in np.shape(np.asarray(block, dtype=object))
    }
    return sorted(size for size in uses | shapes if size > 2)


def _ordinal(count: int) -> str:
    return {3: "third", 4: "quarter"}.get(count, f"{count}th")
