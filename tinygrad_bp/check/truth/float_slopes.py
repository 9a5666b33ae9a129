"""The slope of a function of floats, from differences.

A small step drowns in rounding and a large one sees the curve, so steps of many sizes are
extrapolated (Richardson 1911, Neville's scheme as in Ridders 1982), and the noise of the function
is measured first, by differences of high order (Hamming 1973; Moré and Wild 2011).
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Sequence

from tinygrad_bp.check.truth.slopes import SAFETY, Slope

SIZES = range(2, 28)
"""Steps are 1/4, 1/8, ... of the scale."""
SHORTEST = 50
"""Where there seems to be a kink, steps go down to so many halvings of the scale."""
SMALLEST = 2.0**40 * sys.float_info.min
"""Of the scales of steps, so that no step is 0."""
UNDERFLOWS = 1e-77
"""What numbers are smaller than where a product of four is below the normal ones."""
ORDERS = 8
"""How many times quotients are extrapolated at most."""


def float_slope(along: Callable[[float], float], scale: float) -> Slope:
    """The slope at 0 of a function of floats, with an estimate of the error.

    >>> slope = float_slope(lambda t: math.exp(1 + t), 1.0)
    >>> abs(slope.value - math.e) < slope.bar < 1e-10
    True
    """
    here, is_tiny, scale = along(0.0), scale < SMALLEST, max(scale, SMALLEST)
    # Where everything underflows there is no noise, and nothing else either.
    jumps, rounding = _noise(along, scale), 0.5 * sys.float_info.epsilon * abs(here)
    noise = max(jumps, rounding, math.ulp(0.0))
    steps = [math.ldexp(scale, -size) for size in SIZES]
    forward = [(along(h) - here) / h for h in steps]
    backward = [(here - along(-h)) / h for h in steps]
    if scale < UNDERFLOWS and not any(forward) and not any(backward):
        return Slope.smooth(0.0, math.inf)  # flat, or its terms are too small for floats
    changes = [abs(q) * h for q, h in zip((*forward, *backward), (*steps, *steps), strict=True)]
    if jumps > 64.0 * rounding and not any(change > 256.0 * jumps for change in changes):
        return Slope.smooth(math.nan, math.inf)  # waves that are shorter than steps, or noise alone
    central = [(one + other) / 2 for one, other in zip(forward, backward, strict=True)]
    left, left_bar = _extrapolated(backward, steps, 2.0, noise)
    right, right_bar = _extrapolated(forward, steps, 2.0, noise)
    if abs(right - left) <= SAFETY * (right_bar + left_bar):
        middle, bar = _extrapolated(central, steps, 4.0, noise)
        # Three ways to one number: where they disagree, steps were too large for what is there.
        return Slope(middle, max(bar, abs(middle - left), abs(middle - right)), left, right)
    if is_tiny or _is_smooth_nearby(along, here, scale, abs(right - left), noise):
        return Slope.smooth(math.nan, math.inf)
    return Slope(math.nan, math.inf, left, right, is_kink=True)


def _is_smooth_nearby(
    along: Callable[[float], float], here: float, scale: float, apart: float, noise: float
) -> bool:
    """Whether shorter steps than all that were tried see no kink, if they see anything."""
    for size in range(SIZES.stop, SHORTEST):
        step = math.ldexp(scale, -size)
        bend = abs(along(step) - 2.0 * here + along(-step)) / step
        if SAFETY * noise / step < 0.25 * apart and bend < 0.25 * apart:
            return True
    return False


def _extrapolated(
    quotients: Sequence[float], steps: Sequence[float], factor: float, noise: float
) -> tuple[float, float]:
    """The limit of difference quotients over steps that halve, and the error it may have.

    Quotients are wrong by powers of the step: h, h**2, ... where the factor is 2; by even
    powers alone where it is 4.
    """
    best, error = math.nan, math.inf
    previous: list[float] = []
    for quotient, step in zip(quotients, steps, strict=True):
        row = [quotient]
        for order, above in enumerate(previous[:ORDERS], 1):
            power = factor**order
            row.append((power * row[-1] - above) / (power - 1.0))
            off = max(abs(row[-1] - row[-2]), abs(row[-1] - above)) + SAFETY * noise / step
            if off < error:
                best, error = row[-1], off
        previous = row
    if all(abs(near) > 1.05 * abs(far) for far, near in itertools.pairwise(quotients)):
        return math.copysign(math.inf, best), math.inf  # it grows for ever, as of sqrt at 0
    return best, error


NOISE_STEPS = (2.0**-40, 2.0**-30, 2.0**-22)
FOURTH_DIFFERENCE = (1.0, -4.0, 6.0, -4.0, 1.0)


def _noise(along: Callable[[float], float], scale: float) -> float:
    """By how much what the function gives jumps about between neighbours.

    A fourth difference takes away whatever is smooth. Independent errors it makes larger by the
    root of 70, the sum of the squares of its coefficients.
    """
    sizes = []
    for step in (side * size * scale for side in (-1.0, 1.0) for size in NOISE_STEPS):
        values = [along(k * step) for k in range(1, 8)]
        for start in range(3):
            terms = [c * v for c, v in zip(FOURTH_DIFFERENCE, values[start:], strict=False)]
            sizes.append(abs(math.fsum(terms)) if all(map(math.isfinite, terms)) else math.nan)
    return max(filter(math.isfinite, sizes), default=math.inf) / math.sqrt(70.0)
