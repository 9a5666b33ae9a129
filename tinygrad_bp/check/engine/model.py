"""A naive model of the engine: slow, exact, and simple enough to be believed.

It finds derivatives forwards, one pair of nodes at a time, in rational numbers. It believes the
table: what it tests is what the engine makes of the rules.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from tinygrad_bp.rows.primitive import Primitive

Bounded = tuple[Fraction, Fraction]
"""A number, and the same with the absolute values of all that was added up to it."""

STEEPEST = 1e6
"""Of the partials that the model is asked about."""

_numbers = itertools.count()


class Twin:
    """A node as the model knows it."""

    def __init__(
        self,
        data: float,
        row: Primitive | None = None,
        parents: Sequence[Twin] = (),
        *,
        is_constant: bool = False,
    ) -> None:
        self.data = data
        self.row = row
        self.parents = tuple(parents)
        self.is_constant = is_constant
        self.grad = Fraction(0)
        self.slack = 0.0
        """By how much rounding may have moved the engine's gradient."""
        self.born = next(_numbers)

    @property
    def is_leaf(self) -> bool:
        """Whether gradients accumulate here."""
        return self.row is None and not self.is_constant

    def partials(self) -> list[Fraction | None]:
        """What the rule gives for each parent, as it is."""
        if self.row is None:
            return []
        found = self.row.partials(self.data, *[parent.data for parent in self.parents])
        return [None if partial is None else Fraction(partial) for partial in found]

    def is_calm(self) -> bool:
        """Whether its partials are numbers that are not too large to compare."""
        try:
            return all(abs(partial or Fraction(0)) < STEEPEST for partial in self.partials())
        except (ArithmeticError, ValueError):  # a pole; `inf` and `nan` are no fractions
            return False

    def backward(self, seed: float) -> None:
        """What `Value.backward` should do."""
        order = before(self)
        for twin in order:
            exact, size = derivative(self, twin) if not twin.is_constant else (Fraction(0),) * 2
            slack = abs(seed) * float(size) * sys.float_info.epsilon * (4 + 4 * len(order))
            if twin.is_leaf:
                twin.grad += Fraction(seed) * exact
                twin.slack += slack + float(abs(twin.grad)) * sys.float_info.epsilon
            else:
                twin.grad, twin.slack = Fraction(seed) * exact, slack

    def zero_grad(self) -> None:
        """What `Value.zero_grad` should do."""
        for twin in before(self):
            twin.grad, twin.slack = Fraction(0), 0.0

    def computed(self, operands: Mapping[Twin, Any]) -> Any:
        """It once more, from other operands in place of its leaves."""
        found = dict(operands)
        for twin in before(self):
            if twin.is_constant:
                found[twin] = twin.data
            elif twin not in found:
                assert twin.row is not None  # noqa: S101  # leaves are given
                found[twin] = twin.row(*[found[parent] for parent in twin.parents])
        return found[self]


def before(*twins: Twin) -> list[Twin]:
    """All that these were made from, in the order of their making, and these."""
    found, waiting = set(twins), list(twins)
    while waiting:
        new = set(waiting.pop().parents) - found
        found |= new
        waiting += new
    return sorted(found, key=lambda twin: twin.born)


def derivative(output: Twin, by: Twin) -> Bounded:
    """How the output moves as one node moves: the chain rule, forwards, exactly."""
    moved: dict[Twin, Bounded] = {by: (Fraction(1), Fraction(1))}
    for twin in before(output):
        if twin is by:
            continue
        terms = [
            (partial * moved[parent][0], abs(partial) * moved[parent][1])
            for parent, partial in zip(twin.parents, twin.partials(), strict=True)
            if parent in moved and partial is not None
        ]
        if terms:
            moved[twin] = _sum(x for x, _ in terms), _sum(size for _, size in terms)
    return moved.get(output, (Fraction(0), Fraction(0)))


def copied(twins: Sequence[Twin]) -> list[Twin]:
    """Copies of these and of all that they were made from; what is one stays one."""
    copies: dict[Twin, Twin] = {}
    for twin in before(*twins):
        copies[twin] = copied_alone(twin, [copies[parent] for parent in twin.parents])
    return [copies[twin] for twin in twins]


def copied_alone(twin: Twin, parents: Sequence[Twin]) -> Twin:
    """A copy of one, with other parents."""
    copy = Twin(twin.data, twin.row, parents, is_constant=twin.is_constant)
    copy.grad, copy.slack = twin.grad, twin.slack
    return copy


def same(x: float, y: float) -> bool:
    """Whether two floats are one number, zeros with their signs; `nan` is `nan`."""
    return repr(x) == repr(y)


def is_near(found: float, exact: Fraction, slack: float) -> bool:
    """Whether a float differs by rounding alone."""
    return math.isfinite(found) and abs(Fraction(found) - exact) <= Fraction(slack)


def _sum(terms: Iterable[Fraction]) -> Fraction:
    return sum(terms, Fraction(0))
