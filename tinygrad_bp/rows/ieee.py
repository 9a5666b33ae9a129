"""Float functions that never raise: overflow is `inf`, a pole is `inf`, no answer is `nan`.

Python's `math` raises where IEEE-754 has an answer (`math.exp(1000)`, `1.0 / 0.0`,
`math.log(0.0)`), and its `**` leaves the real line (`(-8.0) ** 0.5` is complex). The table
of primitives is written on the functions of this file, so arithmetic means the same thing
everywhere. The second half holds functions whose textbook formula loses digits.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from math import copysign, inf, isinf, isnan, nan

import numpy as np

SMALLEST_NORMAL, LARGEST = sys.float_info.min, sys.float_info.max
Unary = Callable[[float], float]


def divide(x: float, y: float) -> float:
    """`x / y`, where `1/0` is `inf`, `1/-0.0` is `-inf` and `0/0` is `nan`."""
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0.0 or isnan(x):
            return nan
        return copysign(inf, x) * copysign(1.0, y)


def remainder(x: float, y: float) -> float:
    """`x % y` with the sign of `y`, as in Python; `nan` where `y` is 0."""
    return x % y if y else nan


def floor_divide(x: float, y: float) -> float:
    """`x // y`; where `y` is 0 the quotient `divide(x, y)`, as in NumPy."""
    return x // y if y else divide(x, y)


def fmod(x: float, y: float) -> float:
    """What `x` leaves when divided by `y`, with the sign of `x`, as in C; `nan` where `y` is 0."""
    return math.fmod(x, y) if y and not isinf(x) else nan


def power(x: float, y: float) -> float:
    """`x ** y` on the real line: `(-8) ** 0.5` is `nan`, `0 ** -1` is `inf`."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0.0 and y % 2.0 == 1.0 else inf
    except ValueError:
        if x != 0.0:
            return nan
        return copysign(inf, x) if y % 2.0 == 1.0 else inf


def times_power(factor: float, x: float, y: float) -> float:
    """`factor * x ** y`, where the power alone may leave the range of normal numbers."""
    z = power(x, y)
    if x == 0.0 or isnan(z) or SMALLEST_NORMAL <= abs(z) <= LARGEST:
        return factor * z
    half = power(abs(x), 0.5 * y)
    return copysign(1.0, z) * (factor * half * half)


def power_slope(x: float, y: float) -> float:
    """`y * x ** (y - 1)`; 0 where `y` is.

    By how much the power is more because y - 1 was rounded is put back: at x = 1e-300 that
    rounding counts 690 times.
    """
    if y == 0.0:
        return 0.0
    rest = y - (y - 1.0 + 1.0)
    slope = times_power(y, x, y - 1.0)
    return slope * power(x, rest) if rest and x else slope


def power_log(x: float, y: float, m: float) -> float:
    """`x ** y * log(x) ** m`; 0 where x is 0 and `0 ** y` does not vary with y."""
    if x == 0.0 and y >= 0.0:
        return 0.0
    return times_power(power(log(x), m), x, y)


def log_like(function: Unary, pole: float) -> Unary:
    """A logarithm from `math` that is `-inf` at its pole and `nan` below it.

    >>> log_like(math.log1p, -1.0)(-1.0)
    -inf
    """

    def logarithm(x: float) -> float:
        if x > pole:
            return function(x)
        return -inf if x == pole else nan

    return logarithm


def defined_within(function: Unary, low: float, high: float) -> Unary:
    """A function from `math` that is `nan` outside `[low, high]` instead of raising.

    >>> defined_within(math.asin, -1.0, 1.0)(2.0)
    nan
    """

    def guarded(x: float) -> float:
        return function(x) if low <= x <= high else nan

    return guarded


def overflowing(function: Unary, below: float = inf) -> Unary:
    """A function from `math` that overflows to `inf` above, and to `below` below zero.

    >>> overflowing(math.sinh, -math.inf)(-1000.0)
    -inf
    """

    def saturating(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return inf if x > 0.0 else below

    return saturating


def periodic(function: Unary) -> Unary:
    """A trigonometric function from `math` that is `nan` at infinity instead of raising."""

    def guarded(x: float) -> float:
        return nan if isinf(x) else function(x)

    return guarded


def integral(function: Callable[[float], int]) -> Unary:
    """A rounding to a whole number from Python: a float, with the sign of a zero kept.

    >>> integral(math.ceil)(-0.5), integral(math.ceil)(inf)
    (-0.0, inf)
    """

    def rounded(x: float) -> float:
        return copysign(float(function(x)), x) if math.isfinite(x) else x

    return rounded


floor = integral(math.floor)
ceil = integral(math.ceil)
trunc = integral(math.trunc)
rint = integral(round)
exp = overflowing(math.exp)
expm1 = overflowing(math.expm1)
cosh = overflowing(math.cosh)
sinh = overflowing(math.sinh, -inf)
log = log_like(math.log, 0.0)
log2 = log_like(math.log2, 0.0)
log10 = log_like(math.log10, 0.0)
log1p = log_like(math.log1p, -1.0)
sqrt = defined_within(math.sqrt, 0.0, inf)
asin = defined_within(math.asin, -1.0, 1.0)
acos = defined_within(math.acos, -1.0, 1.0)
acosh = defined_within(math.acosh, 1.0, inf)
sin = periodic(math.sin)
cos = periodic(math.cos)
tan = periodic(math.tan)


def cbrt(x: float) -> float:
    """The real cube root: NumPy's, which some processors round by 3 units, and a step of Newton's.

    `math.cbrt` came with Python 3.11.
    """
    z = float(np.cbrt(x))
    return z - (z - x / z / z) / 3.0 if z and not isinf(z) else z


def atanh(x: float) -> float:
    """`math.atanh`, with the poles `±inf` at ±1 and `nan` outside."""
    if abs(x) < 1.0:
        return math.atanh(x)
    return copysign(inf, x) if abs(x) == 1.0 else nan


def sigmoid(x: float) -> float:
    """`1 / (1 + exp(-x))`, without overflow on either side."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def sigmoid_slope(_s: float, x: float) -> float:
    """`sigmoid(x) * sigmoid(-x)`, in these very operations; `_s`, the first, is for formulas."""
    e = math.exp(-abs(x))
    return (1.0 / (1.0 + e)) * (e / (1.0 + e))


def tanh_slope(x: float) -> float:
    """`4 * sigmoid(2 * x) * sigmoid(-2 * x)`, in the same way."""
    e = math.exp(-abs(2.0 * x))
    return (4.0 / (1.0 + e)) * (e / (1.0 + e))


def silu(x: float) -> float:
    """`x * sigmoid(x)`; 0 at `-inf`, its limit."""
    return -0.0 if x == -inf else x * sigmoid(x)


def silu_slope(x: float) -> float:
    """`sigmoid(x) * (1 + x * sigmoid(-x))`; 0 at `-inf`, its limit."""
    return -0.0 if x == -inf else sigmoid(x) * (1.0 + x * sigmoid(-x))


def softplus(x: float) -> float:
    """`log(1 + exp(x))`: `exp(x)` far below zero, `x` far above."""
    return (x if x > 0.0 else 0.0) + math.log1p(math.exp(-abs(x)))


def exp2(x: float) -> float:
    """`2 ** x`; `math.exp2` came with Python 3.11."""
    return power(2.0, x)


def xlogy(x: float, y: float) -> float:
    """`x * log(y)`, and 0 where `x` is 0, as SciPy has it."""
    return 0.0 if x == 0.0 and not isnan(y) else x * log(y)


def entr(x: float) -> float:
    """`-x * log(x)`, an entropy's term: 0 at 0 and `-inf` below, as SciPy has it."""
    if x > 0.0 or isnan(x):
        return -x * log(x)
    return 0.0 if x == 0.0 else -inf


def logit(x: float) -> float:
    """`log(x / (1 - x))`; between 0.3 and 0.65 as SciPy has it, which keeps the digits near 1/2."""
    if not 0.0 < x < 1.0:
        return log(x) if x <= 0.0 else inf if x == 1.0 else nan
    if not 0.3 < x < 0.65:
        return math.log(x / (1.0 - x))
    s = 2.0 * (x - 0.5)
    return math.log1p(s) - math.log1p(-s)


def gap(x: float, y: float) -> float:
    """`x - y`, and 0 between equal infinities, whose difference would be `nan`."""
    return 0.0 if x == y else x - y


def exp_gap(x: float, y: float) -> float:
    """`exp(gap(x, y))`; what rounding took from the gap is put back by one Taylor step."""
    high = gap(x, y)
    e = exp(high)
    if high == 0.0 or not 0.0 < e < inf:
        return e
    added = high - x
    return e + e * ((x - (high - added)) - (y + added))


def logaddexp(x: float, y: float) -> float:
    """`log(exp(x) + exp(y))` without overflow, infinities included."""
    return maximum(x, y) + math.log1p(math.exp(-abs(gap(x, y))))


def maximum(x: float, y: float) -> float:
    """The larger; the first of equals; `nan` if either is, as in the array API."""
    return x if x >= y or isnan(x) else y


def minimum(x: float, y: float) -> float:
    """The smaller; the first of equals; `nan` if either is, as in the array API."""
    return x if x <= y or isnan(x) else y


def clip(x: float, low: float, high: float) -> float:
    """`x` held within `[low, high]`; `high` where the bounds cross, as in NumPy."""
    return minimum(maximum(x, low), high)


def where(condition: float, x: float, y: float) -> float:
    """`x` if `condition` is not zero, else `y`."""
    return x if condition else y


def equal(x: float, y: float) -> float:
    """1.0 if `x` and `y` are the same number, else 0.0."""
    return 1.0 if x == y else 0.0


def sign(x: float) -> float:
    """-1.0, 0.0 or 1.0; `nan` stays `nan`."""
    return copysign(1.0, x) if x > 0.0 or x < 0.0 else x


def heaviside(x: float, at_zero: float) -> float:
    """The unit step: 0.0 below zero, 1.0 above, `at_zero` at zero; `nan` stays `nan`."""
    if x == 0.0:
        return at_zero
    return x if isnan(x) else float(x > 0.0)


def if_defined(x: float, y: float) -> float:
    """`y`, and `nan` where `x` is: log has no slope at -1, though 1/x is -1 there."""
    return y if x == x else nan


# Functions whose textbook formula loses digits ------------------------------------------


def split(x: float) -> tuple[float, float]:
    """`x` as high + low, each of at most 27 bits, so that products are exact (Veltkamp)."""
    scaled = 134217729.0 * x  # 2**27 + 1
    high = scaled - (scaled - x)
    return high, x - high


def gaussian(x: float) -> float:
    """`exp(-x*x / 2)`.

    Rounding `x*x` costs as many digits as the exponent has: at x = 30 the plain formula
    is wrong in the 14th digit. So the square is taken as an exact part and a small rest.
    """
    if abs(x) > 40.0 or isnan(x):  # below the smallest subnormal; `split` fails at inf
        return x * nan if isnan(x) else 0.0
    high, low = split(x)
    return math.exp(-0.5 * high * high) * math.exp(-0.5 * low * (x + high))


def gaussian_slope(x: float) -> float:
    """`-x * gaussian(x)`; 0 at infinity, its limit."""
    return -copysign(0.0, x) if isinf(x) else -x * gaussian(x)


INVERSE_SQRT_2 = 0.7071067811865476
INVERSE_SQRT_2_REST = -4.833646656726457e-17  # 1/sqrt(2) = the two together, to 32 digits


def normal_cdf(x: float) -> float:
    """The normal distribution function, `erfc(-x / sqrt(2)) / 2`.

    In the lower tail `erfc` magnifies the rounding of its argument by twice its square
    (at x = -14 by 200), so the rest that rounding dropped is put back by one Taylor step.
    """
    if not -40.0 < x < 9.0:
        return x if isnan(x) else float(x > 0.0)
    t = -x * INVERSE_SQRT_2
    t_rest = product_rest(-x, INVERSE_SQRT_2, t) - x * INVERSE_SQRT_2_REST
    slope = 2.0 / math.sqrt(math.pi) * gaussian(x)
    return 0.5 * (math.erfc(t) - slope * t_rest)


def gelu(x: float) -> float:
    """`x` times `normal_cdf(x)`; 0 at `-inf`, its limit."""
    return -0.0 if x == -inf else x * normal_cdf(x)


def product_rest(x: float, y: float, product: float) -> float:
    """What rounding dropped: `x*y - product`, exactly (Dekker)."""
    (a, b), (c, d) = split(x), split(y)
    return ((a * c - product) + a * d + b * c) + b * d


def hypot_slope(x: float, y: float) -> float:
    """`x / hypot(x, y)`, also where that overflows or has few digits; 0 at (0, 0)."""
    radius = math.hypot(x, y)
    if not FEW_DIGITS <= radius <= LARGEST:
        scale = 0.5 if radius > 1.0 else 1.0 / FEW_DIGITS
        x, y = x * scale, y * scale
        radius = math.hypot(x, y)
    return x / radius if radius else 0.0


FEW_DIGITS = 2.0**-960
"""Below it hypot, or the square of a number, may be subnormal."""


def total(*xs: float) -> float:
    """The sum, from left to right.

    Not `sum`, which compensates from Python 3.12 on: one order, one result, everywhere.
    """
    result = xs[0] if xs else 0.0
    for x in xs[1:]:
        result += x
    return result


def exact_total(*xs: float) -> float:
    """The sum, from left to right, and what rounding took from it (Knuth)."""
    result = rest = 0.0
    for x in xs:
        before, result = result, result + x
        added = result - before
        rest += (before - (result - added)) + (x - added)
    return result + rest


def product(*xs: float) -> float:
    """The product, from left to right."""
    result = xs[0] if xs else 1.0
    for x in xs[1:]:
        result *= x
    return result


def dot(*operands: float) -> float:
    """The inner product of the first half of `operands` with the second half."""
    n = len(operands) // 2
    return total(*[x * y for x, y in zip(operands[:n], operands[n:], strict=True)])


def direction(*xs: float) -> float:
    """The first component of the vector `xs` scaled to the length 1; 0 of the zero vector."""
    length = math.hypot(*xs)
    if not 1e-150 < length < 1e150:  # a length that overflows, or is subnormal, has no digits
        scale = 2.0**600 if length < 1.0 else 2.0**-600
        xs = tuple(x * scale for x in xs)
        length = math.hypot(*xs)
    return xs[0] / length if length else 0.0


def logsumexp(*xs: float) -> float:
    """`log(sum(exp(xs)))` without overflow, infinities included; `-inf` of nothing."""
    if not xs:
        return -inf
    if any(isnan(x) for x in xs):
        return nan
    top = max(xs)
    if isinf(top):
        return top
    others = list(xs)
    others.remove(top)  # so that log1p keeps the digits of what is far below the top
    return top + math.log1p(exact_total(*[exp_gap(x, top) for x in others]))


def softmax(*xs: float) -> float:
    """The share of the first in `exp(x) / sum(exp(xs))`; equal infinities share equally."""
    if any(isnan(x) for x in xs):
        return nan
    top = max(xs)
    weights = [exp_gap(x, top) for x in xs]
    return weights[0] / exact_total(*weights)


def share(x: float, y: float) -> float:
    """`x / (x + y)`."""
    return divide(x, x + y)
