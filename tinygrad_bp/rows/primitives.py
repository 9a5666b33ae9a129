"""The table: one row per primitive. The only file that contains a derivative.

Vocabulary:  x, y, c   operands, in order        z           the result, z = value(x, y)
             partials  (dz/dx, dz/dy)            None        no gradient flows there

A row reads like a line of a calculus book. Its partials are generic arithmetic: the names
`exp`, `cos`, `where` in them are the rows of this very table, so on floats they give
numbers, on `Value`s graph, and the derivative of a derivative needs no rule of its own.
Where a formula is not the shortest, the short one loses digits or makes `nan` somewhere:
`4 * sigmoid(2x) * sigmoid(-2x)` is `1 - z*z` for tanh, but still right at x = 1000.

At points where no derivative exists the rows follow the list in `docs/decisions.md`.
"""

# A row is one line however long, and its partials name all operands, needed or not.
# ruff: noqa: E501, ARG005

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import cache, partial
from itertools import accumulate
from typing import Any

from tinygrad_bp.rows import ieee, special
from tinygrad_bp.rows.primitive import BY_NAME, FAMILIES, REAL, Interval, Primitive

POSITIVE: Interval = (0.0, math.inf)
UNIT: Interval = (-1.0, 1.0)
ABOVE_1: Interval = (1.0, math.inf)
ABOVE_MINUS_1: Interval = (-1.0, math.inf)
ORDERS: Interval = (0.0, 4.0)

LN_2 = math.log(2.0)
INVERSE_LN_10 = 1.0 / math.log(10.0)
TWO_OVER_SQRT_PI = 2.0 / math.sqrt(math.pi)
INVERSE_SQRT_PI = 1.0 / math.sqrt(math.pi)
INVERSE_SQRT_2_PI = 1.0 / math.sqrt(2.0 * math.pi)


def row(
    name: str,
    notation: str,
    value: Callable[..., float],
    partials: Callable[..., tuple[Any, ...]],
    *domain: Interval,
    kink: Callable[..., float] | None = None,
    defaults: tuple[float, ...] = (),
    if_constant: Primitive | None = None,
    spelled: Callable[..., Any] | None = None,
) -> Primitive:
    """A primitive that stands in the table."""
    BY_NAME[name] = Primitive(
        name, notation, value, partials, domain or (REAL,), kink, defaults, if_constant, spelled
    )
    return BY_NAME[name]


def family(
    first: str, name: str, value: Callable[[int, float], float], *domain: Interval
) -> Callable[[int], Primitive]:
    """Rows `first`, `name_1`, `name_2`, ..., each the derivative of the one before it.

    For functions whose derivatives no formula of other rows gives with all their digits.
    """

    @cache
    def of_order(n: int) -> Primitive:
        own = f"{name}_{n}" if n else first
        slope = lambda z, x: (of_order(n + 1)(x),)  # noqa: E731  # as in a row
        return row(own, f"{own}({{}})", partial(value, n), slope, *domain)

    FAMILIES[name] = of_order
    return of_order


# Rows that a row above them mentions; the type checker wants to know what they will be.
equal: Primitive
log: Primitive
power_slope: Primitive
power_log: Primitive
hypot_slope: Primitive
tanh: Primitive
atan_slope: Primitive
tanh_slope: Primitive
if_defined: Primitive
one_less_square: Primitive
gaussian_slope: Primitive
sigmoid_slope: Primitive
silu_slope: Primitive
share: Primitive
exp_gap: Primitive
floor_divide: Primitive
sign: Primitive
cos: Primitive
cosh: Primitive
round_: Primitive
copysign: Primitive
direction: Primitive
sigmoid: Primitive
heaviside: Primitive
where: Primitive
minimum: Primitive
gap: Primitive

# fmt: off
# Arithmetic ----- name ----------- notation ------- value ---------------- (dz/dx, dz/dy) ------------------
add          = row("add",           "{} + {}",       operator.add,          lambda z, x, y: (1.0, 1.0))
subtract     = row("subtract",      "{} - {}",       operator.sub,          lambda z, x, y: (1.0, -1.0))
multiply     = row("multiply",      "{} * {}",       operator.mul,          lambda z, x, y: (y, x))
divide       = row("divide",        "{} / {}",       ieee.divide,           lambda z, x, y: (1.0 / y, -z / y), kink=lambda x, y: y)
pow_constant = row("pow_constant",  "{} ** {}",      ieee.power,            lambda z, x, n: (slope_of_power(x, n), None), POSITIVE, REAL)
pow_         = row("pow",           "{} ** {}",      ieee.power,            lambda z, x, y: (power_slope(x, y), power_log(x, y, 1.0)), POSITIVE, REAL, if_constant=pow_constant)
power_slope  = row("power_slope",   "power_slope({}, {})", ieee.power_slope, lambda z, x, y: (y * power_slope(x, y - 1.0), mixed_slope(x, y, 1.0)), POSITIVE, REAL, spelled=lambda x, y: y * pow_(x, y - 1.0))
power_log    = row("power_log",     "power_log({}, {}, {})", ieee.power_log, lambda z, x, y, m: (mixed_slope(x, y, m), power_log(x, y, m + 1.0), None), ABOVE_1, REAL, ORDERS, spelled=lambda x, y, m: pow_(x, y) * power_of_log(x, m))
remainder    = row("remainder",     "{} % {}",       ieee.remainder,        lambda z, x, y: (1.0, -floor_divide(x, y)), kink=lambda x, y: y and math.remainder(x, y))
floor_divide = row("floor_divide",  "{} // {}",      ieee.floor_divide,     lambda z, x, y: (None, None), kink=lambda x, y: y and math.remainder(x, y))
fmod         = row("fmod",          "fmod({}, {})",  ieee.fmod,             lambda z, x, y: (1.0, -round_((x - z) / y)), kink=lambda x, y: y and (math.remainder(x, y) or float(abs(x) < abs(y))))
negative     = row("negative",      "-{}",           operator.neg,          lambda z, x: (-1.0,))
positive     = row("positive",      "+{}",           operator.pos,          lambda z, x: (1.0,))
abs_         = row("abs",           "abs({})",       abs,                   lambda z, x: (sign(x),), kink=lambda x: x)

# Powers and logarithms
exp          = row("exp",           "exp({})",       ieee.exp,              lambda z, x: (z,))
exp2         = row("exp2",          "exp2({})",      ieee.exp2,             lambda z, x: (LN_2 * z,))
expm1        = row("expm1",         "expm1({})",     ieee.expm1,            lambda z, x: (exp(x),))
log          = row("log",           "log({})",       ieee.log,              lambda z, x: (if_defined(z, 1.0 / x),), POSITIVE)
log1p        = row("log1p",         "log1p({})",     ieee.log1p,            lambda z, x: (if_defined(z, 1.0 / (1.0 + x)),), ABOVE_MINUS_1)
log2         = row("log2",          "log2({})",      ieee.log2,             lambda z, x: (if_defined(z, 1.0 / (x * LN_2)),), POSITIVE)
xlogy        = row("xlogy",         "xlogy({}, {})", ieee.xlogy,            lambda z, x, y: (log(y), where(y, x / y, or_zero(x, x / y))), REAL, POSITIVE)
entr         = row("entr",          "entr({})",      ieee.entr,             lambda z, x: (-1.0 - log(x),), POSITIVE)
logit        = row("logit",         "logit({})",     ieee.logit,            lambda z, x: (if_defined(z, 1.0 / x / (1.0 - x)),), (0.0, 1.0))
log10        = row("log10",         "log10({})",     ieee.log10,            lambda z, x: (if_defined(z, INVERSE_LN_10 / x),), POSITIVE)
sqrt         = row("sqrt",          "sqrt({})",      ieee.sqrt,             lambda z, x: (0.5 / z,), POSITIVE)
cbrt         = row("cbrt",          "cbrt({})",      ieee.cbrt,             lambda z, x: (1.0 / (3.0 * z * z),), kink=lambda x: x)
hypot        = row("hypot",         "hypot({}, {})", math.hypot,            lambda z, x, y: (hypot_slope(x, y), hypot_slope(y, x)), kink=lambda x, y: math.hypot(x, y))
hypot_slope  = row("hypot_slope",   "hypot_slope({}, {})", ieee.hypot_slope, lambda z, x, y: hypot_slope_partials(z, x, y, hypot(x, y)), kink=lambda x, y: math.hypot(x, y), spelled=lambda x, y: or_zero(hypot(x, y), x / hypot(x, y)))

# Trigonometric
sin          = row("sin",           "sin({})",       ieee.sin,              lambda z, x: (cos(x),))
cos          = row("cos",           "cos({})",       ieee.cos,              lambda z, x: (-sin(x),))
tan          = row("tan",           "tan({})",       ieee.tan,              lambda z, x: (1.0 + z * z,), (-math.pi / 2, math.pi / 2))
asin         = row("asin",          "asin({})",      ieee.asin,             lambda z, x: (1.0 / sqrt(one_less_square(x)),), UNIT)
acos         = row("acos",          "acos({})",      ieee.acos,             lambda z, x: (-1.0 / sqrt(one_less_square(x)),), UNIT)
atan         = row("atan",          "atan({})",      math.atan,             lambda z, x: (atan_slope(x),))
atan_slope   = row("atan_slope",    "atan_slope({})", lambda x: 1.0 / (1.0 + x * x), lambda z, x: (-2.0 * (x * z) * z,), spelled=lambda x: 1.0 / (1.0 + x * x))
atan2        = row("atan2",         "atan2({}, {})", math.atan2,            lambda z, x, y: atan2_partials(hypot(x, y), x, y), kink=lambda x, y: math.hypot(x, y) if y > 0.0 else x)

# Hyperbolic
sinh         = row("sinh",          "sinh({})",      ieee.sinh,             lambda z, x: (cosh(x),))
cosh         = row("cosh",          "cosh({})",      ieee.cosh,             lambda z, x: (sinh(x),))
tanh         = row("tanh",          "tanh({})",      math.tanh,             lambda z, x: (tanh_slope(x),))
tanh_slope   = row("tanh_slope",    "tanh_slope({})", ieee.tanh_slope,      lambda z, x: (-2.0 * z * tanh(x),), spelled=lambda x: 4.0 * sigmoid(2.0 * x) * sigmoid(-2.0 * x))
asinh        = row("asinh",         "asinh({})",     math.asinh,            lambda z, x: (1.0 / hypot(x, 1.0),))
acosh        = row("acosh",         "acosh({})",     ieee.acosh,            lambda z, x: (1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)),), ABOVE_1)
atanh        = row("atanh",         "atanh({})",     ieee.atanh,            lambda z, x: (if_defined(z, 1.0 / one_less_square(x)),), UNIT)

# What the derivatives of several rows share
if_defined   = row("if_defined",    "if_defined({}, {})", ieee.if_defined, lambda z, x, y: (None, if_defined(x, 1.0)), spelled=lambda x, y: where(equal(x, x), y, math.nan))
one_less_square = row("one_less_square", "one_less_square({})", lambda x: (1.0 - x) * (1.0 + x), lambda z, x: (-2.0 * x,), spelled=lambda x: (1.0 - x) * (1.0 + x))

# The normal distribution
gaussian     = row("gaussian",      "gaussian({})",  ieee.gaussian,         lambda z, x: (gaussian_slope(x),))
gaussian_slope = row("gaussian_slope", "gaussian_slope({})", ieee.gaussian_slope, lambda z, x: (or_zero(gaussian(x), -one_less_square(x) * gaussian(x)),), spelled=lambda x: -x * gaussian(x))
normal_cdf   = row("normal_cdf",    "normal_cdf({})", ieee.normal_cdf,      lambda z, x: (INVERSE_SQRT_2_PI * gaussian(x),))
erf          = row("erf",           "erf({})",       math.erf,              lambda z, x: (TWO_OVER_SQRT_PI * (gaussian(x) * gaussian(x)),))
erfc         = row("erfc",          "erfc({})",      math.erfc,             lambda z, x: (-TWO_OVER_SQRT_PI * (gaussian(x) * gaussian(x)),))

erfinv       = row("erfinv",        "erfinv({})",    special.erfinv,        lambda z, x: (0.5 / INVERSE_SQRT_PI / (gaussian(z) * gaussian(z)),), UNIT)

# Gamma, and sin(pi x) / (pi x)
polygamma_   = family("digamma",    "polygamma",     special.polygamma, POSITIVE)
digamma      = polygamma_(0)
lgamma       = row("lgamma",        "lgamma({})",    special.lgamma,        lambda z, x: (digamma(x),), POSITIVE)
sinc         = family("sinc",       "sinc",          special.sinc)(0)

# Activations
sigmoid      = row("sigmoid",       "sigmoid({})",   ieee.sigmoid,          lambda z, x: (sigmoid_slope(z, x),))
sigmoid_slope = row("sigmoid_slope", "sigmoid_slope({}, {})", ieee.sigmoid_slope, lambda z, s, x: (None, -z * tanh(0.5 * x)), spelled=lambda s, x: s * sigmoid(-x))
log_sigmoid  = row("log_sigmoid",   "log_sigmoid({})", lambda x: -ieee.softplus(-x), lambda z, x: (sigmoid(-x),))
softplus     = row("softplus",      "softplus({})",  ieee.softplus,         lambda z, x: (sigmoid(x),))
relu         = row("relu",          "relu({})",      lambda x: ieee.maximum(x, 0.0), lambda z, x: (heaviside(x, 0.0),), kink=lambda x: x)
leaky_relu   = row("leaky_relu",    "leaky_relu({}, {})", lambda x, a: x if x > 0.0 else a * x, lambda z, x, a: (if_defined(x, where(heaviside(x, 0.0), 1.0, a)), minimum(x, 0.0)), kink=lambda x, a: x, defaults=(0.01,))
elu          = row("elu",           "elu({}, {})",   lambda x, a: x if x > 0.0 else a * math.expm1(x), lambda z, x, a: (if_defined(x, where(heaviside(x, 0.0), 1.0, a * exp(x))), expm1(minimum(x, 0.0))), kink=lambda x, a: x, defaults=(1.0,))
gelu         = row("gelu",          "gelu({})",      ieee.gelu,             lambda z, x: (normal_cdf(x) - INVERSE_SQRT_2_PI * gaussian_slope(x),))
silu         = row("silu",          "silu({})",      ieee.silu,             lambda z, x: (silu_slope(x),))
silu_slope   = row("silu_slope",    "silu_slope({})", ieee.silu_slope,      lambda z, x: (sigmoid_slope(sigmoid(x), x) * (2.0 - x * tanh(0.5 * x)),), spelled=lambda x: sigmoid(x) * (1.0 + x * sigmoid(-x)))

# Choices
floor        = row("floor",         "floor({})",     ieee.floor,            lambda z, x: (None,), kink=lambda x: math.remainder(x, 1.0))
ceil         = row("ceil",          "ceil({})",      ieee.ceil,             lambda z, x: (None,), kink=lambda x: math.remainder(x, 1.0))
trunc        = row("trunc",         "trunc({})",     ieee.trunc,            lambda z, x: (None,), kink=lambda x: math.remainder(x, 1.0) or float(x == 0.0))
round_       = row("round",         "round({})",     ieee.rint,             lambda z, x: (None,), kink=lambda x: 0.5 - abs(math.remainder(x, 1.0)))
copysign     = row("copysign",      "copysign({}, {})", math.copysign,      lambda z, x, y: (copysign(1.0, y) * sign(x), None), kink=lambda x, y: x and y)
maximum      = row("maximum",       "maximum({}, {})", ieee.maximum,        lambda z, x, y: (heaviside(gap(x, y), 0.5), heaviside(gap(y, x), 0.5)), kink=lambda x, y: x - y)
minimum      = row("minimum",       "minimum({}, {})", ieee.minimum,        lambda z, x, y: (heaviside(gap(y, x), 0.5), heaviside(gap(x, y), 0.5)), kink=lambda x, y: x - y)
clip         = row("clip",          "clip({}, {}, {})", ieee.clip,          lambda z, x, low, high: clip_partials(x, low, high), kink=lambda x, low, high: (x - low) * (x - high) * (high - low), defaults=(-math.inf, math.inf))
where        = row("where",         "where({}, {}, {})", ieee.where,        lambda z, c, x, y: (None, only_if(c), only_if(equal(c, 0.0))), kink=lambda c, x, y: c)
straight     = row("straight",      "straight({}, {}, {})", ieee.where,     lambda z, c, x, y: (None, 1.0, None), kink=lambda c, x, y: c)
sign         = row("sign",          "sign({})",      ieee.sign,             lambda z, x: (None,), kink=lambda x: x)
heaviside    = row("heaviside",     "heaviside({}, {})", ieee.heaviside,    lambda z, x, at_zero: (None, None), kink=lambda x, at_zero: x)
equal        = row("equal",         "equal({}, {})", ieee.equal,            lambda z, x, y: (None, None), kink=lambda x, y: x - y)
exp_gap      = row("exp_gap",       "exp_gap({}, {})", ieee.exp_gap,        lambda z, x, y: (z, -z), spelled=lambda x, y: exp(gap(x, y)))
gap          = row("gap",           "gap({}, {})",   ieee.gap,              lambda z, x, y: (1.0, -1.0))
logaddexp    = row("logaddexp",     "logaddexp({}, {})", ieee.logaddexp,    lambda z, x, y: (sigmoid(gap(x, y)), sigmoid(gap(y, x))))

# Any number of operands
sum_         = row("sum",           "sum({...})",    ieee.total,            lambda z, *xs: (1.0,) * len(xs))
prod         = row("prod",          "prod({...})",   ieee.product,          lambda z, *xs: products_of_others(xs))
dot          = row("dot",           "dot({...})",    ieee.dot,              lambda z, *xs: xs[len(xs) // 2 :] + xs[: len(xs) // 2])
norm         = row("norm",          "norm({...})",   math.hypot,            lambda z, *xs: tuple(direction(x, *xs[:i], *xs[i + 1 :]) for i, x in enumerate(xs)), kink=lambda *xs: math.hypot(*xs))
direction    = row("direction",     "direction({...})", ieee.direction,     lambda z, *xs: direction_partials(z, norm(*xs), *xs), kink=lambda *xs: math.hypot(*xs))
logsumexp    = row("logsumexp",     "logsumexp({...})", ieee.logsumexp,     lambda z, *xs: shares(xs, z))
share        = row("share",         "share({}, {})",  ieee.share,            lambda z, x, y: (y / (x + y) / (x + y), -z / (x + y)), kink=lambda x, y: x + y, spelled=lambda x, y: x / (x + y))
softmax      = row("softmax",       "softmax({...})", ieee.softmax,         lambda z, *xs: softmax_partials(z, xs))
# fmt: on


class Gate:
    """The partial derivative 1 where a condition of the graph holds, and `None` elsewhere."""

    __slots__ = ("condition",)

    def __init__(self, condition: Any) -> None:
        self.condition = condition


def only_if(condition: Any) -> Any:
    """1 where the condition is not zero, else `None`: known now, or a `Gate` of a graph."""
    if getattr(condition, "is_constant", True):
        return 1.0 if condition else None
    return Gate(condition)


def power_of_log(x: Any, m: Any) -> Any:
    """The logarithm to the power of an order: the order 1 is not written."""
    # Read and not compared: in a formula of a graph the order is a symbol, too.
    return log(x) if str(m) in {"1", "1.0"} else pow_(log(x), m)


def or_zero(condition: Any, x: Any) -> Any:
    """`x`, or 0 where the condition is 0: 0/0 is a choice here, not a `nan`."""
    return where(condition, x, 0.0)


def slope_of_power(x: Any, n: Any) -> Any:
    """d(x**n)/dx = n * x**(n-1) for a constant n.

    At n = 0 the formula would be 0 * inf at x = 0; at 1 and 2 it would leave `x**0` and
    `x**1` standing in the graph of a second derivative.
    """
    if not n:
        return 0.0
    if not n - 1.0:
        return 1.0
    slope = n * (pow_(x, n - 1.0) if n - 2.0 else x)
    return slope * power_rest(x, n) if n - (n - 1.0 + 1.0) else slope


def power_rest(x: Any, y: Any) -> Any:
    """By how much x**(y-1) is more than it seems, because y - 1 was rounded.

    At x = 1e-300 that rounding counts 690 times: 0.3 * x**(0.3 - 1) loses two digits.
    """
    return where(x, pow_(x, y - (y - 1.0 + 1.0)), 1.0)


def mixed_slope(x: Any, y: Any, m: Any) -> Any:
    """The derivative by x of x**y * log(x)**m; of y * x**(y-1) by y, for m = 1, it is the same."""
    first = m * power_log(x, y - 1.0, m - 1.0) if m - 1.0 else pow_(x, y - 1.0)
    return first + y * power_log(x, y - 1.0, m)


def hypot_slope_partials(z: Any, x: Any, y: Any, r: Any) -> tuple[Any, Any]:
    """Of x / r: y*y / r**3 and -x*y / r**3. Of 1/r - x*x/r**3 nothing is left far out."""
    other = hypot_slope(y, x)
    return other * other / r, -(z * other) / r


def atan2_partials(r: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """(y, -x) / (x*x + y*y); r*r would overflow long before y/r does."""
    return or_zero(r, y / r / r), or_zero(r, -x / r / r)


def clip_partials(x: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    """1 for the operand that clip returns: x within the bounds, bounds included."""
    within = heaviside(gap(x, low), 1.0) * heaviside(gap(high, x), 1.0)
    at_low = heaviside(gap(low, x), 0.0) * heaviside(gap(high, low), 1.0)
    at_high = heaviside(gap(maximum(x, low), high), 0.0)
    return within, at_low, at_high


def products_of_others(xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """For each x the product of all others: dividing z by x would fail at x = 0."""
    if len(xs) == 1:
        return (1.0,)
    up_to = list(accumulate(xs, operator.mul))
    from_on = list(accumulate(reversed(xs), operator.mul))[::-1]
    between = map(operator.mul, up_to, from_on[2:])
    return from_on[1], *between, up_to[-2]


def direction_partials(u: Any, z: Any, _x: Any, *others: Any) -> tuple[Any, ...]:
    """Of u = x/z: the squares of the other components, which keep the digits of 1 - u*u."""
    components = [other / z for other in others]
    squares = [component * component for component in components]
    return sum_(*squares) / z, *(-u * component / z for component in components)


def shares(xs: tuple[Any, ...], z: Any) -> tuple[Any, ...]:
    """exp(x - z) for each x, scaled to add up to 1: equal infinities share equally.

    The scaling undoes the rounding of z, which at z = 1000 costs three digits. Each share is
    of itself and the sum of the others, which keeps the digits of 1 - p when it moves.
    """
    if len(xs) == 2:
        x, y = xs
        return sigmoid(gap(x, y)), sigmoid(gap(y, x))
    return tuple(map(share, *weights_and_rests(xs, z)))


def weights_and_rests(xs: tuple[Any, ...], z: Any) -> tuple[list[Any], list[Any]]:
    """exp(x - z) for each x, and for each the sum of the others."""
    weights = [exp_gap(x, z) for x in xs]
    return weights, sums_of_others(weights)[1] or [0.0]


def sums_of_others(xs: list[Any]) -> tuple[Any, list[Any]]:
    """The sum, and for each x the sum of all others: in halves, so that few roundings add up."""
    if len(xs) == 1:
        return xs[0], []
    half = len(xs) // 2
    (left, others_left), (right, others_right) = map(sums_of_others, (xs[:half], xs[half:]))
    to_left = [right + other for other in others_left] or [right]
    return left + right, to_left + ([left + other for other in others_right] or [left])


def softmax_partials(z: Any, xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Of the first share: p * (1 - p), as the share of the others, and -p * q for each other.

    Of two operands it is a sigmoid: where they nearly tie, p and 1 - p do not tell them apart.
    """
    if len(xs) == 2:
        slope = sigmoid_slope(z, gap(*xs))
        return slope, -slope
    weights, rests = weights_and_rests(xs, logsumexp(*xs))
    first, *others = map(share, weights, rests)
    return first * share(rests[0], weights[0]), *(-first * other for other in others)
