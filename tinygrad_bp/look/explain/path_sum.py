"""A gradient as a sum over the paths that it flows along, with numbers that are exact.

>>> x = Value(3.0, label="x")
>>> y = x * x + 2.0 * x
>>> found = PathSum(y, x)
>>> found.count, found.total, [term.number for term in found.terms]
(3, Fraction(8, 1), [3.0, 3.0, 2.0])
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.sweep import adjoints
from tinygrad_bp.look.explain.factors import Factor, Folding
from tinygrad_bp.look.explain.paths import Path, Paths
from tinygrad_bp.look.explain.writing import Writing
from tinygrad_bp.look.walk.trace import Trace
from tinygrad_bp.look.words.outdated import outdated

__all__ = ["PathSum", "Term"]

UNIT = 2.0**-53
"""Half of a float's last digit, relative to it: by how much one rounding may change it."""

Verdict = Literal["the same", "rounding", "not finite", "overflow"]


@dataclass(frozen=True)
class Term:
    """One path from the output to the target: the product of its partials."""

    factors: tuple[Factor, ...]
    """In that order; each is one edge, or several that read as one derivative."""
    number: float
    """The product, rounded once; where it is not finite, as floats multiply."""
    exact: Fraction | None
    """The product exactly; `None` where it is not finite."""

    @property
    def path(self) -> Path:
        """All edges."""
        return tuple(edge for factor in self.factors for edge in factor)


class PathSum:
    """What an explanation knows.

    `terms` are the largest paths, `remainder` is the exact sum of all others: together they
    are `total`. `gradient` is what `backward` computes, with its roundings, and `verdict`
    compares.
    """

    def __init__(
        self,
        output: Value,
        target: Value,
        *,
        names: Mapping[str, object] | None = None,
        most: int = 8,
    ) -> None:
        trace = Trace(output)
        self.output = output
        self.target = target
        self.paths = Paths(trace, target)
        self.is_reached = target in self.paths.edges
        """Whether the target is part of the output's graph at all."""
        self.writing = Writing(trace, names, *([] if self.is_reached else [target]))
        self.gradient: float = adjoints(trace.nodes, {output: 1.0}).get(target, 0.0)
        """What `backward` computes for the target."""
        self.total: Fraction = self.paths.total.fraction
        """The exact sum of all finite paths."""
        self.count = self.paths.count
        """How many paths there are, exactly."""
        self.folding = Folding(self.paths, self.writing.given)
        paths = self.paths.largest(most)
        self.terms = tuple(self._term(self.folding.factors(path)) for path in paths)
        """The largest, in order of size; what is not finite comes first."""
        self.outdated = outdated(trace.nodes)
        """The nodes whose numbers their operands no longer give."""

    def _term(self, factors: tuple[Factor, ...]) -> Term:
        partials = [edge.partial for factor in factors for edge in factor]
        if not all(map(math.isfinite, partials)):
            return Term(factors, math.prod(partials), None)
        product = self.paths.product(partials)
        return Term(factors, float(product), product.fraction)

    @cached_property
    def remainder(self) -> Fraction:
        """The exact sum of the finite paths that are not among the terms."""
        shown = (term.exact for term in self.terms if term.exact is not None)
        return self.total - sum(shown, Fraction(0))

    @property
    def remaining(self) -> int:
        """How many paths are not among the terms."""
        return self.count - len(self.terms)

    @property
    def is_exact(self) -> bool:
        """Whether `total` has all its digits; of very deep graphs it has some 300."""
        return self.paths.is_exact

    @cached_property
    def tolerance(self) -> float:
        """How far roundings on the way back may take `gradient` from `total`."""
        return 1.01 * self.paths.roundings * UNIT * self.paths.magnitude

    @cached_property
    def verdict(self) -> Verdict:
        """How `gradient` compares with the paths.

        `"the same"`: it is `total`, rounded once. `"rounding"`: within the tolerance.
        `"not finite"`: some paths are not. `"overflow"`: some number on the way was too
        large, or too small, for a float.
        """
        if not self.paths.is_finite:
            return "not finite"
        if self.gradient == float(self.paths.total):
            return "the same"
        if math.isinf(self.gradient) or math.isnan(self.gradient):
            return "overflow"
        away = abs(Fraction(self.gradient) - self.total)
        return "rounding" if away <= self.tolerance else "overflow"
