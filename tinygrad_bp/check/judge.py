"""From a gradient and its reference to the verdicts."""

from __future__ import annotations

import functools
import itertools
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tinygrad_bp.basics.optional import mpmath
from tinygrad_bp.check.candidates import ByEngine, ByHand
from tinygrad_bp.check.truth.references import DIFFERENCES, Reference, References
from tinygrad_bp.check.truth.slopes import SAFETY, Slope
from tinygrad_bp.check.truth.subject import engine_derivatives
from tinygrad_bp.check.verdict import KINK, RIGHT, UNSTABLE, WRONG, Report, Verdict

ULPS = 64.0
"""How far rounding takes a gradient as a rule; what is farther off is looked into."""
BESIDE, AT = 1e-11, 2.0**-46
"""How far beside a kink a point may be that is to blame on it, and that counts as being there.

Relative to the input: 64 units in its last place, and what a sum of some terms may lose.
"""
NOTHING = 1e-12
"""How sure a slope of 0 has to be where there are only floats to tell."""
TOO_SMALL, NEAR_0 = 1e-30, 1e-15
"""What counts as 0 as a second or third derivative, by inputs that are not as small as that."""
FEW_DIGITS = "as near as floats allow that are below 2.2e-308 and have few digits"
NO_MORE_THAN_ROUNDING = "rounding alone explains the difference: floats lose the digits here"


def judged(candidate: ByEngine | ByHand, kind: str | None, tolerance: float) -> Report:
    """The verdicts on a gradient, and who is to blame."""
    return _Judge(candidate, kind, tolerance).report()


class _Judge:
    def __init__(self, candidate: ByEngine | ByHand, kind: str | None, tolerance: float) -> None:
        self.candidate = candidate
        self.subject = candidate.subject
        self.order = candidate.order
        self.gave = candidate.gave
        self.kind = kind
        self.tolerance = tolerance
        self.references = References(candidate.subject, candidate.graph, candidate.call)
        self._kinks: dict[float, bool] = {}

    def report(self) -> Report:
        """All that there is to say."""
        value = self.candidate.value
        if not math.isfinite(value):
            why = f"the function is {value!r} here"
            return self._report(
                [self._unstable(i, Slope.smooth(math.nan), why) for i in self._each]
            )
        reference = self._reference()
        unsettled = [i for i in self._each if not self._is_settled(i, reference.slopes[i])]
        blamed = self.candidate.blamed() if unsettled else set()
        verdicts = [self._verdict(i, reference, blamed) for i in self._each]
        wrong = [i for i in self._each if verdicts[i].verdict == WRONG]
        findings = self.candidate.findings(wrong) if wrong else ()
        return self._report(verdicts, reference.how, findings)

    @property
    def _each(self) -> range:
        return range(len(self.gave))

    def _report(
        self, verdicts: Sequence[Verdict], how: str = "", findings: Sequence[Any] = ()
    ) -> Report:
        return Report(self.subject.name, self.order, tuple(verdicts), how, tuple(findings))

    # The reference --------------------------------------------------------------------------

    def _reference(self) -> Reference:
        """With so many digits that more do not change what is in question."""
        reference = self.references.best(self.order, self.kind)
        in_question = self._in_question(reference)
        while in_question and self.references.deepen(self.order):
            deeper = self.references.best(self.order, self.kind)
            before, now, reference = reference.slopes, deeper.slopes, deeper
            # Two slopes of 0 prove nothing yet: 1 + 1e-300 * x looks flat to 300 digits.
            if all(
                now[i].value and _same(before[i], now[i]) and self._is_sure(i, now[i])
                for i in in_question
            ):
                break
            in_question = self._in_question(reference)
        return self._with_first_order(reference) if self.order > 1 else reference

    def _in_question(self, reference: Reference) -> list[int]:
        return [
            i
            for i, slope in enumerate(reference.slopes)
            if not (slope.is_kink or self._is_settled(i, slope) or self._is_confirmed(i, slope))
        ]

    def _is_confirmed(self, index: int, slope: Slope) -> bool:
        """Whether the engine says the same, of which the reference knows nothing."""
        is_told = isinstance(self.candidate, ByHand) and self.candidate.graph is not None
        if not is_told or not self._is_sure(index, slope):
            return False
        by_engine = self._by_engine[index]
        return bool(abs(by_engine - slope.value) <= 1e-9 * abs(by_engine))

    @functools.cached_property
    def _by_engine(self) -> list[float]:
        assert self.candidate.graph is not None  # noqa: S101  # asked only where there is one
        return engine_derivatives(self.candidate.graph, self.order)

    def _with_first_order(self, reference: Reference) -> Reference:
        """Where a first derivative does not exist, there is no second either.

        And where the graph does not know how the function moves, it does not know more.
        """
        first = References(self.subject, self.candidate.graph, self.candidate.call).best(1, None)
        if not first.is_of_graph and self.references.is_exact:
            reference = self.references.best(self.order, DIFFERENCES)
        is_kink = [slope.is_kink for slope in first.slopes]
        slopes = [
            Slope(math.nan, math.inf, math.nan, math.nan, is_kink=True)
            if any(is_kink[i] for i in by)
            else slope
            for by, slope in zip(self._by, reference.slopes, strict=True)
        ]
        return Reference(slopes, reference.how, first.is_of_graph)

    @property
    def _by(self) -> list[tuple[int, ...]]:
        return list(itertools.product(range(len(self.subject.numbers)), repeat=self.order))

    # One derivative -------------------------------------------------------------------------

    def _is_settled(self, index: int, slope: Slope) -> bool:
        """Whether it is so near to the truth that nothing needs to be explained."""
        if slope.is_kink:
            return True
        gave, true = self.gave[index], float(slope.value)
        if gave == true == 0.0 and not self.references.is_exact:
            return bool(slope.bar <= NOTHING)
        near = gave == true or abs(gave - slope.value) <= ULPS * _ulp(true) + slope.bar
        return bool(near and self._is_sure(index, slope))

    def _is_sure(self, index: int, slope: Slope) -> bool:
        """Whether the reference is good enough to say that something is right.

        Of 0 no error is small in comparison, but digits are added until it is below all floats.
        Most second derivatives are 0, and not looked at that long unless an input is far out.
        """
        is_last = self._is_everyday or not self.references.digits
        if self.order > 1 and is_last and self.gave[index] == 0.0 and slope.bar <= TOO_SMALL:
            return True
        if float(slope.bar) == 0.0:
            return True
        return bool(slope.bar <= max(self.tolerance, 1e-12) * abs(slope.value))

    @functools.cached_property
    def _is_everyday(self) -> bool:
        sizes = [abs(number) for number in self.subject.numbers if number]
        return all(NEAR_0 < size < 1.0 / NEAR_0 for size in sizes)

    def _verdict(self, index: int, reference: Reference, blamed: set[int]) -> Verdict:
        slope = reference.slopes[index]
        if index in self.candidate.transposed:
            return self._said(index, WRONG, slope, "in the transposed place")
        if slope.is_kink:
            return self._kink(index, slope)
        if self._is_beside_a_kink(AT):
            beside = self.references.beside(index, AT)
            if beside.is_kink:
                return self._kink(index, beside, "as near as floats can tell, ")
        if self._is_settled(index, slope):
            return self._said(index, RIGHT, slope)
        gave, true = self.gave[index], float(slope.value)
        off = float(abs(gave - slope.value))
        within = off <= self.tolerance * abs(true) + slope.bar + ULPS * math.ulp(0.0)
        if not within and not off <= SAFETY * slope.bar and not reference.is_of_graph:
            return self._said(index, WRONG, slope, self._why_not_of_graph())
        if index in blamed and not off <= slope.bar:
            return self._said(index, WRONG, slope)
        is_open = off <= SAFETY * slope.bar or math.isnan(true) or math.isinf(gave)
        if is_open and not self._is_sure(index, slope):
            return self._unstable(index, slope, "the reference is not known well enough")
        if within:
            return self._said(index, RIGHT, slope)
        if self._is_beside_a_kink(BESIDE):
            beside = self.references.beside(index, BESIDE)
            if beside.is_kink:
                return self._kink(index, beside, "as near as floats can tell, ")
        if not self.candidate.is_right_but_rounded(index, slope):
            return self._said(index, WRONG, slope)
        if abs(true) < sys.float_info.min and off < sys.float_info.min:
            return replace(self._unstable(index, slope, FEW_DIGITS), is_within_rounding=True)
        size = max(slope.size, self._size(index))
        if off <= ULPS * sys.float_info.epsilon * size:
            why = f"as near as terms allow that add up to {float(size):.1g} without their signs"
            return replace(self._unstable(index, slope, why), is_within_rounding=True)
        return self._unstable(index, slope, NO_MORE_THAN_ROUNDING)

    def _is_beside_a_kink(self, distance: float) -> bool:
        """Whether rounding may have put the point on the other side of a kink."""
        if distance not in self._kinks:
            found = self.order == 1 and self.references.is_beside_a_kink(distance)
            self._kinks[distance] = found
        return self._kinks[distance]

    def _size(self, index: int) -> float:
        """How much the derivative changes over the size of the input."""
        if self.order > 1 or not self.references.is_exact:
            return 0.0
        return float(self.references.beside(index, BESIDE).size)

    def _why_not_of_graph(self) -> str:
        if isinstance(self.candidate, ByHand):
            return ""
        return "the function moves otherwise than its graph: does it read .data, or use constants?"

    def _kink(self, index: int, slope: Slope, how: str = "") -> Verdict:
        left, right = float(slope.left), float(slope.right)
        if math.isnan(left) and math.isnan(right) and self.order > 1:
            return self._said(index, KINK, slope, "there is no first derivative here")
        if math.isnan(left) and math.isnan(right):
            return self._unstable(index, slope, "there is no slope on either side")
        one = self._said(index, KINK, slope)
        if math.isnan(left) or math.isnan(right):
            side, is_ = ("right", right) if math.isnan(left) else ("left", left)
            found = "gave just that" if one.lies_between else "gave another"
            why = f"{how}the function ends here, with slope {is_!r} on the {side}; {found}"
        else:
            found = "lies between" if one.lies_between else "does not lie between"
            why = f"{how}slopes {left!r} and {right!r}; what it gave {found}"
        return self._said(index, KINK, slope, why)

    def _unstable(self, index: int, slope: Slope, why: str) -> Verdict:
        return self._said(index, UNSTABLE, slope, why)

    def _said(self, index: int, verdict: str, slope: Slope, why: str = "") -> Verdict:
        names = [self.subject.names[i] for i in self._by[index]]
        true, left, right = map(float, (slope.value, slope.left, slope.right))
        true = math.nan if verdict == KINK else true
        return Verdict(
            ", ".join(names), verdict, self.gave[index], true, float(slope.bar), left, right, why
        )


def _ulp(true: float) -> float:
    return math.ulp(true) if math.isfinite(true) else 0.0


def _same(one: Slope, other: Slope) -> bool:
    return bool(abs(one.value - other.value) <= mpmath().mpf("1e-20") * abs(other.value))
