"""The slope of a function of one number, from differences: how steep, how sure, and on which side.

Here digits are plenty, so steps can be so small that nothing but the slope is left.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tinygrad_bp.basics.optional import mpmath

Along = Callable[[Any], Any]
"""What a function gives after a step, back or on, from the point in question."""
SAFETY = 4.0
"""How many times the bar of a slope what is compared with it may be off."""


@dataclass(frozen=True)
class Slope:
    """A derivative as far as it is known: what it is, and how much that may be off.

    The slopes on either side are those with the function's own steps back and on; `nan` where
    the function ends there.
    """

    value: Any
    bar: Any
    """As many digits as a float has, but maybe smaller than any: of mpmath where that is."""
    left: Any
    right: Any
    is_kink: bool = False
    """Whether the sides differ by more than can be an error."""
    size: Any = 0.0
    """How large the terms are that it is the sum of, all taken together."""

    @classmethod
    def smooth(cls, value: Any, bar: Any = 0.0, size: Any = 0.0) -> Slope:
        """The same on both sides."""
        return cls(value, bar, value, value, size=size)


EXACT = Slope.smooth(0.0)
"""In place of what a function is at 0, where its numbers have all digits in force."""
DIGITS = {1: 110, 2: 170, 3: 300}
"""For derivatives of each order: 50 for the answer, what the steps take, and some to spare."""
DEEPER = {1: (600, 1760), 2: (600, 4000), 3: (600, 4000)}
"""How many are tried where that is too few; the last are for what looks like a kink, too."""
SHORTER = 0.7
"""What share of the digits beyond that goes into shorter steps."""
MOST = {1: 350, 2: 780, 3: 650}
"""How many at most: so that a step is short beside a wave, or a stair, of any floats, and that
what it leaves off is nothing beside the second derivative of sin at the smallest of them.
"""
STEPS = {1: (-45,), 2: (-60, -25), 3: (-90, -35, -12)}
"""The steps of differences of differences, as powers of ten, the innermost first.

What a difference is off by goes with the square of its step, and has to vanish beside the next.
"""


def exact_slope(
    along: Along, scale: Any, order: int = 1, level: int = 0, within: Slope = EXACT
) -> Slope:
    """The slope at 0 of a function in mpmath's numbers, under the precision in force.

    >>> exact_slope(abs, 1).is_kink
    True

    `scale` is the size of what steps are small beside. Of a function that is itself a
    difference, `level` says how many there are within it, and `order` of how many in all; and
    `within` is what it is at 0: how sure, and how large its terms are, where they cancel.
    """
    (slope,) = exact_slopes(lambda t: [along(t)], scale, order, level, [within])
    return slope


def exact_slopes(
    along: Callable[[Any], Sequence[Any]],
    scale: Any,
    order: int = 1,
    level: int = 0,
    within: Sequence[Slope] = (EXACT,),
) -> list[Slope]:
    """The same of a function that gives several numbers."""
    mp = mpmath()
    found, is_plain = _slopes(along, scale, order, level, within)
    if is_plain or mp.mp.dps >= DEEPER[order][-1]:
        return found
    # sin(1e249) has a wave a hundred times in the shortest step, hypot(x, 1e-100) bends like
    # abs(x): nothing is a kink that is none to steps shorter than any float.
    with mp.workdps(DEEPER[order][-1]):
        return _slopes(along, scale, order, level, within)[0]


def _slopes(
    along: Callable[[Any], Sequence[Any]],
    scale: Any,
    order: int,
    level: int,
    within: Sequence[Slope],
) -> tuple[list[Slope], bool]:
    """The slopes with the steps for the precision in force, and whether they look smooth."""
    mp = mpmath()
    step, noise_of_one, nothing = _constants(order, level, mp.mp.prec)
    h = scale * step
    here = along(nothing)
    sizes = [abs(number) for number in here if mp.isfinite(number)]
    largest = max([*sizes, *(one.size for one in within)]) / scale
    noises = [noise_of_one * largest + 4 * one.bar / h for one in within]
    noises *= len(here) // len(noises)
    (left, is_plain), (right, is_too) = (_one_sided(along, here, noises, s) for s in (-h, h))
    found = [
        # The point is rounded as well: by how much a slope makes of that.
        replace(_joined(*one, *other, noise, noise_of_one), size=largest)
        for one, other, noise in zip(left, right, noises, strict=True)
    ]
    return found, is_plain and is_too and not any(map(_is_bent, found))


def _is_bent(slope: Slope) -> bool:
    """Whether it is that of a kink, and not of a kink of what the function is the slope of."""
    is_nowhere = mpmath().isnan(slope.left) and mpmath().isnan(slope.right)
    return slope.is_kink and not is_nowhere


@functools.cache
def _constants(order: int, level: int, _precision: int) -> tuple[Any, Any, Any]:
    """The step, what numbers of size 1 make a quotient over it be off by, and 0."""
    mp = mpmath()
    # With more digits smaller steps, so that what they leave off vanishes as well. Each difference
    # takes its share, and what remains is for what is lost in between.
    spare = max(0, mp.mp.dps - DIGITS[order])
    shorter = min(MOST[order], round(SHORTER * spare / order))
    exponents = [exponent - shorter for exponent in STEPS[order]]
    step = mp.mpf(10) ** exponents[level]
    rounding = mp.mpf(10) ** (2 * exponents[level - 1] + 10) if level else +mp.eps
    return step, 64 * rounding / step, mp.mpf(0)


def _one_sided(
    along: Callable[[Any], Sequence[Any]], here: Sequence[Any], noises: Sequence[Any], h: Any
) -> tuple[list[tuple[Any, Any]], bool]:
    """The slope of each number on the side of `h`, and how much its quotients still change.

    It is what the quotients over h, h/2, ... tend to. At last whether all do as those of a
    smooth function.
    """

    def quotients(step: Any) -> list[Any]:
        return [(moved - start) / step for moved, start in zip(along(step), here, strict=True)]

    far, near = quotients(h), quotients(h / 2)
    if all(map(_has_settled, far, near, noises)):
        pairs = zip(far, near, strict=True)
        return [(2 * other - one, abs(other - one)) for one, other in pairs], True
    each = list(zip(far, near, quotients(h / 4), noises, strict=True))
    limits = [(_limit(*one), abs(one[1] - one[0])) for one in each]
    return limits, all(_is_plain(*one) for one in each)


def _has_settled(far: Any, near: Any, noise: Any) -> bool:
    return not abs(near - far) > abs(near) * 1e-10 + noise


def _limit(far: Any, near: Any, nearest: Any, noise: Any) -> Any:
    mp = mpmath()
    if _is_plain(far, near, nearest, noise):
        return 2 * nearest - near
    if abs(nearest - near) >= abs(near - far) * (1 - mp.mpf("1e-6")):  # for ever, as of sqrt at 0
        return mp.sign(nearest) * mp.inf
    return mp.mpf(0)  # as of x**1.5 at 0


def _is_plain(far: Any, near: Any, nearest: Any, noise: Any) -> bool:
    """Whether quotients settle, or change by halves, as where a slope of 1e-40 is left over."""
    if _has_settled(near, nearest, noise):  # or is nan
        return True
    change, last = near - far, nearest - near
    return bool(abs(2 * last - change) <= mpmath().mpf("1e-4") * abs(change))


def _joined(left: Any, changed: Any, right: Any, changes: Any, noise: Any, of_point: Any) -> Slope:
    mp = mpmath()
    bar = noise + of_point * abs(left)
    if left == right:
        return Slope(left, 0.0 if mp.isinf(left) else bar, left, right)
    apart = abs(left - right)
    # Where the slope is 0, what is left of it goes with the square of the step.
    curve = 1e-10 * max(changed, changes)
    if mp.isfinite(apart) and apart <= max(abs(left), abs(right)) * 1e-20 + noise + curve:
        return Slope((left + right) / 2, apart + bar, left, right)
    return Slope(mp.nan, math.inf, left, right, is_kink=True)


def exact_derivative(function: Callable[..., Any], at: Sequence[Any], by: Sequence[int]) -> Slope:
    """The derivative by one operand after the other, under a precision of `DIGITS` or more."""

    def nested(at: Sequence[Any], level: int) -> Slope:
        index = by[level]

        def along(step: Any) -> Any:
            moved = [*at[:index], at[index] + step, *at[index + 1 :]]
            return nested(moved, level - 1).value if level else function(*moved)

        within = nested(at, level - 1) if level else EXACT
        return exact_slope(along, abs(at[index]) or 1, len(by), level, within)

    return nested(at, len(by) - 1)


FARTHER, STEADY = (1.0, 1.15, 1.3, 1.5, 1.7, 2.0), 0.4
"""Where, on one side of a kink, slopes may differ by what share of what they do at the kink."""


def slopes_beside(along: Along, scale: float, distance: float) -> Slope:
    """The slopes a little to the left and to the right, and whether they are a kink's.

    The size is how much the slope would change over the scale.
    """
    mp = mpmath()

    def there(away: float) -> Slope:
        start = mp.mpf(away * scale)
        return exact_slope(lambda t: along(start + t), scale)

    def is_steady(side: float, allowed: Any) -> bool:
        values = [there(side * distance * farther).value for farther in FARTHER]
        return bool(max(values) - min(values) <= allowed)

    with mp.workdps(DIGITS[1]):
        left, right = there(-distance), there(distance)
        low, high = there(-distance / 2), there(distance / 2)
        change, size = abs(right.value - left.value), max(abs(left.value), abs(right.value))
        # What is smooth changes half as much over half the way; and waves change on each side.
        stays = abs(high.value - low.value) > 0.75 * change
        is_kink = stays and change > size * 1e-6 + left.bar + right.bar
        is_kink = is_kink and all(is_steady(side, STEADY * change) for side in (-1.0, 1.0))
        curve = float(change / (2 * distance))
    return Slope(mp.nan, math.inf, left.value, right.value, bool(is_kink), curve)
