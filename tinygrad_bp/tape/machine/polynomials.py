"""exp, log, tanh and sigmoid as polynomials: for several numbers at a time, within one ulp.

Each function takes an assembly `a` and the operand's register, and gives the result's. All use
fused multiply-add by name and nothing that may be fused or reordered, so what they give does
not depend on the number of lanes. The coefficients are those of the polynomials with the least
relative error on their intervals, found by Remez's algorithm in 60 digits; `docs/decisions.md`
says how far they are off.

Vocabulary:  k     the power of two that an operand or a result was divided by
             high  a number, and low what rounding took from it: both together are the result
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tinygrad_bp.tape.machine.assembly import Assembly, Register

R = Register

LOG2_E = math.log2(math.e)
LN_2_HIGH, LN_2_LOW = 0.6931471803691238, 1.9082149292705877e-10
"""ln 2 in two: the first has 33 bits, so its product with any exponent is exact."""
ROUNDING = 1.5 * 2.0**52
"""Added to a number it leaves the nearest integer in the last bits."""

EXPM1 = (
    0.5,
    0.16666666666666677,
    0.04166666666666651,
    0.008333333333321691,
    0.0013888888888962353,
    0.0001984126988596521,
    2.480158717256485e-05,
    2.755724437491341e-06,
    2.7557402627577245e-07,
    2.510897863345102e-08,
    2.0875333028522994e-09,
)
"""q of exp(r) = 1 + r + r**2 q(r) for abs(r) <= ln(2) / 2, to 2**-61 of exp(r) - 1."""

LOG = (
    0.6666666666666734,
    0.39999999999415997,
    0.2857142874210571,
    0.22222198600865303,
    0.18183562953078297,
    0.15314084019479632,
    0.14795631120673242,
)
"""q of log(1 + f) = 2 s + s**3 q(s**2), s = f / (2 + f), for 1 + f in sqrt(2) to 1/sqrt(2)."""


def polynomial(a: Assembly, x: R, coefficients: Sequence[float]) -> R:
    """Their sum with the powers of x, in pairs of pairs: few operations wait for one another."""
    terms = [a.number(c) for c in coefficients]
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        odd = [terms[-1]] if len(terms) % 2 else []
        terms = [a.fma(high, x, low) for low, high in pairs] + odd
        x = a.multiply(x, x) if len(terms) > 1 else x
    return terms[0]


def exp(a: Assembly, x: R) -> R:
    """The exponential function."""
    k, r, tail = reduced(a, at_most(a, at_least(a, x, -750.0), 710.0))
    high, low = above_one(a, r, tail)
    return scaled(a, a.add(high, low), k)


def sigmoid(a: Assembly, x: R) -> R:
    """1 / (1 + e) above zero and e / (1 + e) below, where e = exp(-abs(x)).

    A power of two that would leave e few digits comes last, so that it rounds only once.
    """
    zero, one = a.number(0.0), a.number(1.0)
    k, r, tail = reduced(a, at_least(a, a.negative(a.intrinsic("fabs", x)), -750.0))
    head, rest = above_one(a, r, tail)
    high = a.add(head, rest)
    low = a.add(a.subtract(head, high), rest)
    near = a.at_least(k, -900)
    power = power_of_two(a, near)
    e, e_low = a.multiply(high, power), a.multiply(low, power)
    whole = a.add(one, e)
    whole_low = a.add(a.add(a.subtract(one, whole), e), e_low)
    above = a.compare("oge", x, zero)
    top = a.select(above, one, e), a.select(above, zero, e_low)
    last = a.select(above, one, power_of_two(a, a.integers("sub", k, near)))
    return a.multiply(quotient(a, top, (whole, whole_low)), last)


def tanh(a: Assembly, x: R) -> R:
    """The ratio t / (2 - t) with the sign of x, where t = 1 - exp(-2 abs(x))."""
    one, two = a.number(1.0), a.number(2.0)
    y = at_least(a, a.multiply(a.intrinsic("fabs", x), a.number(-2.0)), -60.0)
    k, r, tail = reduced(a, y)
    high = a.add(r, tail)  # exp(r) - 1
    low = a.add(a.subtract(r, high), tail)
    power = power_of_two(a, k)
    gap = a.subtract(one, power)
    gap_low = a.subtract(a.subtract(one, gap), power)
    step = a.multiply(power, high)
    t = a.subtract(gap, step)
    t_low = a.fma(a.negative(low), power, a.add(a.subtract(a.subtract(gap, t), step), gap_low))
    below = a.subtract(two, t)
    below_low = a.subtract(a.subtract(a.subtract(two, below), t), t_low)
    return a.copysign(quotient(a, (t, t_low), (below, below_low)), x)


def sigmoid_slope(a: Assembly, x: R) -> R:
    """The product of two sigmoids, which LLVM computes from one exponential."""
    return a.multiply(sigmoid(a, x), sigmoid(a, a.negative(x)))


def tanh_slope(a: Assembly, x: R) -> R:
    """Four times that product, of twice x."""
    return a.multiply(a.number(4.0), sigmoid_slope(a, a.multiply(a.number(2.0), x)))


def log(a: Assembly, x: R) -> R:
    """The natural logarithm: -inf at 0, and `nan` below."""
    tiny = a.compare("olt", x, a.number(2.0**-1022))
    normal = a.select(tiny, a.multiply(x, a.number(2.0**54)), x)
    k, mantissa = parts(a, normal)
    k = a.add(k, a.select(tiny, a.number(-54.0), a.number(0.0)))
    f = a.subtract(mantissa, a.number(1.0))
    s = a.divide(f, a.add(a.number(2.0), f))
    square = a.multiply(s, s)
    half = a.multiply(a.multiply(f, f), a.number(0.5))
    series = a.fma(polynomial(a, square, LOG), square, half)
    rest = a.fma(s, series, a.multiply(k, a.number(LN_2_LOW)))
    # log(1 + f) = f - (half - rest): what is large is added last.
    whole = a.multiply(k, a.number(LN_2_HIGH))
    result = a.subtract(whole, a.subtract(a.subtract(half, rest), f))
    zero, inf = a.number(0.0), a.number(math.inf)
    result = a.select(a.compare("oeq", x, inf), inf, result)
    result = a.select(a.compare("oeq", x, zero), a.number(-math.inf), result)
    # Not less than zero or zero: what is below, and nan.
    return a.select(a.compare("oge", x, zero), result, a.number(math.nan))


POLYNOMIALS: dict[str, Callable[[Assembly, R], R]] = {
    "exp": exp,
    "log": log,
    "sigmoid": sigmoid,
    "sigmoid_slope": sigmoid_slope,
    "tanh": tanh,
    "tanh_slope": tanh_slope,
}
"""By the names of the rows that they are the values of."""


def at_least(a: Assembly, x: R, low: float) -> R:
    """The larger of the two; `nan` stays."""
    return a.select(a.compare("olt", x, a.number(low)), a.number(low), x)


def at_most(a: Assembly, x: R, high: float) -> R:
    """The smaller of the two; `nan` stays."""
    return a.select(a.compare("ogt", x, a.number(high)), a.number(high), x)


def reduced(a: Assembly, x: R) -> tuple[R, R, R]:
    """k, r and tail with exp(x) = 2**k (1 + r + tail), where tail is less than r; k an integer."""
    shifted = a.fma(x, a.number(LOG2_E), a.number(ROUNDING))
    k = a.subtract(shifted, a.number(ROUNDING))
    near = a.fma(k, a.number(-LN_2_HIGH), x)
    r = a.fma(k, a.number(-LN_2_LOW), near)
    r_low = a.fma(k, a.number(-LN_2_LOW), a.subtract(near, r))
    tail = a.fma(a.multiply(r, r), polynomial(a, r, EXPM1), r_low)
    return a.integers("sub", a.bits(shifted), ROUNDING_BITS), r, tail


def above_one(a: Assembly, r: R, tail: R) -> tuple[R, R]:
    """1 + r + tail as a high and a low part."""
    high = a.add(a.number(1.0), r)
    rounded = a.subtract(r, a.subtract(high, a.number(1.0)))
    return high, a.add(rounded, tail)


def power_of_two(a: Assembly, k: R) -> R:
    """2**k as a float, for k from -1022 to 1023."""
    return a.from_bits(a.integers("shl", a.integers("add", k, 1023), 52))


def scaled(a: Assembly, x: R, k: R) -> R:
    """The product x 2**k, in two steps, since 2**k may be no float where the result is one."""
    half = a.integers("ashr", k, 1)
    rest = a.integers("sub", k, half)
    return a.multiply(a.multiply(x, power_of_two(a, half)), power_of_two(a, rest))


def quotient(a: Assembly, x: tuple[R, R], y: tuple[R, R]) -> R:
    """The ratio of two numbers of two parts each, with one division."""
    inverse = a.divide(a.number(1.0), y[0])
    first = a.multiply(x[0], inverse)
    rest = a.fma(a.negative(first), y[0], x[0])
    rest = a.add(rest, a.fma(a.negative(first), y[1], x[1]))
    return a.fma(rest, inverse, first)


SQRT_HALF_BITS = 0x3FE6A09E667F3BCD


def parts(a: Assembly, x: R) -> tuple[R, R]:
    """Of x = m 2**k the numbers k, as a float, and m in sqrt(1/2) to sqrt(2)."""
    bits = a.bits(x)
    k = a.integers("ashr", a.integers("sub", bits, SQRT_HALF_BITS), 52)
    mantissa = a.from_bits(a.integers("sub", bits, a.integers("shl", k, 52)))
    # Few integers become floats in one instruction everywhere; by their bits all do.
    shifted = a.from_bits(a.integers("add", k, ROUNDING_BITS))
    return a.subtract(shifted, a.number(ROUNDING)), mantissa


ROUNDING_BITS = 0x4338000000000000


def definition(name: str, lanes: int) -> str:
    """The function as text, under the name that `call_of` calls."""
    a = Assembly(lanes)
    result = POLYNOMIALS[name](a, Register("%x"))
    body = "\n  ".join([*a.lines, f"ret {a.type} {result}"])
    return f"define internal {a.type} @fast.{name}.{lanes}({a.type} %x) #0 {{\n  {body}\n}}"


def call_of(a: Assembly, name: str, x: str) -> R:
    """A call of the function for all lanes."""
    return a.emit(f"call {a.type} @fast.{name}.{a.lanes}({a.type} {x}) #0")


def all_definitions(text: str) -> list[str]:
    """Those of the functions that a program text calls."""
    return [
        definition(name, lanes)
        for name in POLYNOMIALS
        for lanes in (1, 4, 8)
        if f"@fast.{name}.{lanes}(" in text
    ]
