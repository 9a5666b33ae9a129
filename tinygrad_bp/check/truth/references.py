"""What a gradient is compared with, and how it was obtained: the best that can be had.

Three ways, each of which can be asked for by name:

* `"replay"`: the recorded graph with 50 digits, confirmed by the function itself: with 50 digits
  where it runs on them, else by differences.
* `"complex step"`: the imaginary part after an imaginary step (Squire and Trapp 1998), for plain
  code that is analytic and runs on complex numbers. No difference is taken, so no digit is lost.
* `"differences"`: one input at a time, on either side; with 50 digits where the function runs on
  them, else among floats, extrapolated.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.basics.optional import mpmath
from tinygrad_bp.check.truth.float_slopes import float_slope
from tinygrad_bp.check.truth.imaginary import imaginary_slopes
from tinygrad_bp.check.truth.local import is_known
from tinygrad_bp.check.truth.replay import higher_slopes, higher_slopes_among_floats, replayed
from tinygrad_bp.check.truth.slopes import (
    DEEPER,
    DIGITS,
    SAFETY,
    Slope,
    exact_derivative,
    exact_slope,
    slopes_beside,
)
from tinygrad_bp.check.truth.subject import (
    REFUSALS,
    Graph,
    Subject,
    runs,
    unless_refused,
)
from tinygrad_bp.check.truth.truths import is_installed
from tinygrad_bp.graph.graph import topological_order

REPLAY, COMPLEX, DIFFERENCES = "replay", "complex step", "differences"
KINDS = (REPLAY, COMPLEX, DIFFERENCES)


@dataclass(frozen=True)
class Reference:
    """The derivatives that a gradient is held against, and where they come from."""

    slopes: list[Slope]
    how: str
    is_of_graph: bool = True
    """Whether the function moves as its graph says; not if it reads the number of a value."""


class References:
    """The ways to a reference for one function at one point."""

    def __init__(
        self, subject: Subject, graph: Graph | None, call: Callable[[Sequence[float]], float]
    ) -> None:
        self.subject = subject
        self.graph = graph
        self.digits = DIGITS[1]
        self._call = unless_refused(call)
        self.is_exact = is_installed() and runs(lambda: self._exact(subject.numbers))

    def best(self, order: int, kind: str | None) -> Reference:
        """The reference of that kind, or the best that there is.

        Raises `ValueError` where the kind that was asked for is not to be had, and says why.
        """
        if order > 1:
            return self._of_higher_order(order, kind)
        if kind == REPLAY or (kind is None and is_installed() and self.graph):
            return self._replay()
        if kind == COMPLEX or (kind is None and not self.is_exact):
            found = self._complex()
            if found:
                return found
            if kind == COMPLEX:
                why = "the function does not run on complex numbers, or is not analytic here"
                raise _refusal(kind, why)
        return self.differences()

    def deepen(self, order: int) -> bool:
        """Go on with more digits; false where there are none, or enough."""
        self.digits = next((more for more in DEEPER[order] if more > self.digits), 0)
        return bool(self.digits) and is_installed()

    def _replay(self) -> Reference:
        if self.graph is None:
            raise _refusal(REPLAY, "the function does not run on Values, so there is no graph")
        with mpmath().workdps(self.digits):
            again = replayed(self.graph)
            along = self._along_a_direction(again.slopes)
        if not again.kinks and along.agrees:
            return Reference(again.slopes, f"the recorded graph at 50 digits, {along.how}")
        found = self.differences()
        return Reference(found.slopes, found.how, is_of_graph=along.agrees or along.is_kink)

    def _along_a_direction(self, slopes: Sequence[Slope]) -> _Confirmation:
        """Whether the function itself moves as the slopes say, along one direction."""
        mp, direction = mpmath(), self._direction
        terms = [s.value * d for s, d in zip(slopes, direction, strict=True)]
        size = mp.fsum(map(abs, terms))
        off = mp.fsum(s.bar * abs(d) for s, d in zip(slopes, direction, strict=True))
        if self.is_exact:
            found = exact_slope(lambda t: self._exact_or_nan(self._moved(t)), 1)
            how, allowed = "confirmed by the function at 50 digits", size * mp.mpf("1e-15")
        else:
            found = float_slope(lambda t: self._call(self._moved(t)), 1.0)
            how, allowed = "confirmed by differences", size * 1e-9 + SAFETY * found.bar
        agrees = not found.is_kink and abs(found.value - mp.fsum(terms)) <= allowed + SAFETY * off
        return _Confirmation(bool(agrees), found.is_kink, how)

    @functools.cached_property
    def _direction(self) -> list[float]:
        rng = random.Random(0)
        return [rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.5) * s for s in self.subject.scales]

    def _moved(self, step: Any) -> list[Any]:
        pairs = zip(self.subject.numbers, self._direction, strict=True)
        return [x + step * d for x, d in pairs]

    def differences(self) -> Reference:
        """One input at a time, on both sides."""
        each = range(len(self.subject.numbers))
        if not self.is_exact:
            return Reference(
                [float_slope(self._along(i), self.subject.scales[i]) for i in each],
                "extrapolated differences of the function among floats",
            )
        with mpmath().workdps(self.digits):
            return Reference(
                [self._exact_slope(i) for i in each], "differences of the function at 50 digits"
            )

    def is_beside_a_kink(self, distance: float) -> bool:
        """Whether there is one nearby, along a direction in which every input moves.

        Second differences of what is smooth vanish with the square of the step, those of a kink
        with the step itself.
        """
        if not self.is_exact:
            return False
        mp = mpmath()
        with mp.workdps(DIGITS[1]):
            here = self._exact(self.subject.numbers)
            after, before = (self._exact_or_nan(self._moved(s * distance)) for s in (1, -1))
            bend = after - 2 * here + before
            rounding = 2**20 * mp.eps * abs(here)
            if not abs(bend) > mp.mpf("1e-6") * abs(after - before) + rounding:
                return False
            near = [self._exact_or_nan(self._moved(s * distance / 2)) for s in (1, -1)]
            return bool(abs(near[0] - 2 * here + near[1]) > mp.mpf("0.4") * abs(bend))

    def beside(self, index: int, distance: float) -> Slope:
        """The slopes by an input a little to the left and to the right."""
        return slopes_beside(self._exactly_along(index), self.subject.scales[index], distance)

    def _exact_slope(self, index: int) -> Slope:
        return exact_slope(self._exactly_along(index), self.subject.scales[index])

    def _along(self, index: int) -> Callable[[float], float]:
        at = self.subject.numbers
        return lambda step: self._call([*at[:index], at[index] + step, *at[index + 1 :]])

    def _exactly_along(self, index: int) -> Callable[[Any], Any]:
        at = self.subject.numbers
        return lambda step: self._exact_or_nan([*at[:index], at[index] + step, *at[index + 1 :]])

    def _exact(self, numbers: Sequence[Any]) -> Any:
        return self.subject.exact(numbers)

    def _exact_or_nan(self, numbers: Sequence[Any]) -> Any:
        try:
            return self._exact(numbers)
        except REFUSALS:
            return mpmath().nan

    def _complex(self) -> Reference | None:
        try:
            found = imaginary_slopes(self.subject)
        except REFUSALS:
            return None
        for index, slope in enumerate(found):  # abs(...) of a complex number has no such slope
            real = float_slope(self._along(index), self.subject.scales[index])
            if not abs(real.value - slope.value) <= SAFETY * real.bar + 1e-6 * abs(slope.value):
                return None
            if slope.value == 0.0:  # or it underflows, as all else does there
                found[index] = real
        return Reference(found, "the imaginary part after an imaginary step")

    # Second and third derivatives -----------------------------------------------------------

    def _of_higher_order(self, order: int, kind: str | None) -> Reference:
        if kind == COMPLEX:
            raise _refusal(kind, "an imaginary step gives first derivatives alone")
        if kind != DIFFERENCES and is_installed() and self.graph and self._all_known():
            with mpmath().workdps(self.digits):
                slopes = higher_slopes(self.graph, order)
            return Reference(
                slopes,
                "differences, at 50 digits, of the recorded graph's derivatives of one order less",
            )
        if self.is_exact:
            mp = mpmath()
            with mp.workdps(max(self.digits, DIGITS[order])):
                at = list(map(mp.mpf, self.subject.numbers))
                slopes = [
                    exact_derivative(lambda *xs: self._exact_or_nan(xs), at, by)
                    for by in itertools.product(range(len(at)), repeat=order)
                ]
            return Reference(slopes, "differences of differences of the function at 50 digits")
        if kind == REPLAY or self.graph is None:
            raise _refusal(
                kind or DIFFERENCES,
                f"order {order} takes mpmath, and a function that runs on 50 digits or on Values",
            )
        return Reference(
            higher_slopes_among_floats(self.subject, order),
            "differences, among floats, of the engine's derivatives of one order less",
        )

    def _all_known(self) -> bool:
        assert self.graph is not None  # noqa: S101  # asked only where there is one
        order = topological_order(self.graph.output)
        return all(is_known(node.op) for node in order if node.parents and node.op)


@dataclass(frozen=True)
class _Confirmation:
    agrees: bool
    is_kink: bool
    how: str


def _refusal(kind: str, why: str) -> ValueError:
    return ValueError(
        f"there is no reference {kind!r} here: {why}. Leave `reference` out for the best there is"
    )
