"""Special functions of floats that Python's `math` lacks, or computes with few digits.

None raises; each is good to a few units in the last place, except next to a root that is not at a
whole number, where the error is that much of the terms that cancel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, reduce
from itertools import zip_longest
from math import copysign, inf, isinf, isnan, nan, pi

from tinygrad_bp.rows import ieee

BERNOULLI = (
    *(1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66),
    *(-691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330),
)
"""B2, B4, ..., B20."""
EULER_GAMMA = 0.5772156649015329


def polygamma(n: int, x: float) -> float:
    """The derivative of order n of digamma: of order 0 itself.

    Below 0 by reflection. At the poles 0, -1, -2, ... `inf` for odd n, where both sides agree; for
    even n `nan`, but at ±0.0 the side that the sign says.
    """
    if x <= 0.0 and x == math.floor(x) if not isinf(x) else x < 0.0:
        return _at_pole(n, x)
    if x < 0.0:
        return (-1.0) ** n * polygamma(n, 1.0 - x) - ieee.power(pi, n + 1.0) * _cotangent(n, x)
    if n == 0:
        return _digamma(x)
    return (-1.0) ** (n + 1) * GAMMA(n + 1.0) * hurwitz_zeta(n + 1, x)


GAMMA = ieee.overflowing(math.gamma)


def _at_pole(n: int, x: float) -> float:
    if isinf(x):
        return nan
    if n % 2:
        return inf
    return nan if x else -copysign(inf, x)


def _cotangent(n: int, x: float) -> float:
    """The derivative of order n of cot at pi*x, a polynomial in the cotangent."""
    coefficients = [0.0, 1.0]
    for _ in range(n):  # d/dx p(cot x) = -(1 + cot(x)**2) * p'(cot x)
        slope = [i * c for i, c in enumerate(coefficients)][1:]
        pairs = zip_longest(slope, [0.0, 0.0, *slope], fillvalue=0.0)
        coefficients = [-(a + b) for a, b in pairs]
    cot = 1.0 / math.tan(pi * math.remainder(x, 1.0))
    return reduce(lambda so_far, c: so_far * cot + c, reversed(coefficients))


def _digamma(x: float) -> float:
    """Recurrence to 10 and beyond, and there the asymptotic series (DLMF 5.5.2, 5.11.2)."""
    steps = _steps(x, 10.0)
    a = x + len(steps)
    series = [-b / (2 * j * ieee.power(a, 2.0 * j)) for j, b in enumerate(BERNOULLI, 1)]
    return math.fsum([ieee.log(a), -0.5 / a, *series, *(-1.0 / (x + k) for k in steps)])


def hurwitz_zeta(s: int, x: float) -> float:
    """The sum of (x + k)**-s over k = 0, 1, ..., by Euler and Maclaurin (DLMF 25.11.28)."""
    steps = _steps(x, 10.0 + s)
    a = x + len(steps)
    if isinf(a) or isnan(a):
        return 1.0 / a
    first = [ieee.power(x + k, -s) for k in steps]
    tail = ieee.power(a, -s)
    return math.fsum(
        [*first, ieee.power(a, 1.0 - s) / (s - 1.0), tail / 2.0, *_corrections(s, a, tail)]
    )


def _corrections(s: int, a: float, tail: float) -> Iterator[float]:
    factor = tail * s / a / 2.0  # s (s+1) ... (s+2j-2) a**(-s-2j+1) / (2j)!
    for j, b in enumerate(BERNOULLI, 1):
        yield b * factor
        factor *= (s + 2 * j - 1) / a * ((s + 2 * j) / a) / ((2 * j + 1) * (2 * j + 2))


def _steps(x: float, least: float) -> range:
    """How often 1 must be added until x is at least so large."""
    return range(math.ceil(least - x) if x < least else 0)


def lgamma(x: float) -> float:
    """`log(abs(gamma(x)))`: Python's, but around its roots 1 and 2 their Taylor series.

    There Python's loses all digits, and up to 3.5 two of them: it is a difference of large numbers.
    """
    if not 0.5 <= x <= 3.5:
        return _lgamma(x)
    if x > 2.5:
        return _lgamma_beside_2(x - 3.0) + math.log(x - 1.0)
    if x > 1.5:
        return _lgamma_beside_2(x - 2.0)
    return _lgamma_beside_2(x - 1.0) - math.log1p(x - 1.0)


def _lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole; too large
        return inf


def _lgamma_beside_2(u: float) -> float:
    """DLMF 5.7.3."""
    terms = [c * ieee.power(-u, k) / k for k, c in enumerate(_zetas(), 2)]
    return math.fsum([(1.0 - EULER_GAMMA) * u, *terms])


@cache
def _zetas() -> list[float]:
    """zeta(k) - 1 for k = 2, 3, ..."""
    return [hurwitz_zeta(k, 2.0) for k in range(2, 34)]


def sinc(n: int, x: float) -> float:
    """The derivative of order n of sin(pi*x) / (pi*x)."""
    if isinf(x) or isnan(x):
        return 0.0 if isinf(x) else x
    y = pi * x
    if abs(y) <= max(n, 1):
        return ieee.power(pi, n) * _bessel_series(n, y)
    waves = sine_of_pi(x), cosine_of_pi(x)
    found = waves[0] / y
    for k in range(1, n + 1):  # y * f has the derivatives of sin: y f(k) + k f(k-1) = sin(k)
        wave = waves[k % 2] * (-1.0) ** (k // 2)
        found = (wave - k * found) / y
    return ieee.power(pi, n) * found


def _bessel_series(n: int, y: float) -> float:
    """The derivative of order n of sin(y) / y, of which the recurrence loses digits near 0."""
    parity = n % 2
    term, terms = (y if parity else 1.0), []
    for k in range(parity, parity + 40, 2):
        terms.append(term / (k + n + 1))
        term *= -y * y / ((k + 1) * (k + 2))
    return (-1.0) ** ((n + 1) // 2) * math.fsum(terms)


def sine_of_pi(x: float) -> float:
    """`sin(pi * x)`, exactly 0 at whole numbers."""
    r = math.remainder(x, 2.0)
    return math.sin(pi * (r if abs(r) <= 0.5 else copysign(1.0, r) - r))


def cosine_of_pi(x: float) -> float:
    """`cos(pi * x)`, exactly 0 halfway between."""
    return math.sin(pi * (0.5 - abs(math.remainder(x, 2.0))))


def erfinv(x: float) -> float:
    """The inverse of `erf`: Winitzki's approximation, good to three digits, and Halley's steps.

    Sources: S. Winitzki, A handy approximation for the error function and its inverse, 2008; the
    steps as in Numerical Recipes, 6.2.2. In the tails they compare `erfc`, which has its digits.
    """
    if not abs(x) < 1.0:
        return copysign(inf, x) if abs(x) == 1.0 else nan
    is_tail, rest = abs(x) >= 0.5, 1.0 - abs(x)
    y = _erfinv_roughly(x) if is_tail else x * (0.8862 + 0.232 * x * x)
    for _ in range(3):
        beyond = rest - math.erfc(abs(y))
        error = math.copysign(1.0, x) * beyond if is_tail else math.erf(y) - x
        step = error / (2.0 / math.sqrt(pi) * ieee.gaussian(y) ** 2)
        y -= step / (1.0 + step * y)
    return y


def _erfinv_roughly(x: float) -> float:
    log = math.log((1.0 - x) * (1.0 + x))
    half = 2.0 / (pi * 0.147) + log / 2.0
    return copysign(math.sqrt(math.sqrt(half * half - log / 0.147) - half), x)
