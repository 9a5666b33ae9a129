"""How each row of the table becomes machine code: its value, instruction by instruction.

Each function here takes an assembly `a` and the operands' registers and gives the result's.
It computes, bit for bit, what the row's `value` computes in Python, in the same order. A row
that is not here is a call: of the system's mathematical library where that gives what Python
gives, else of the row's own value in Python, which is slower and the same number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from tinygrad_bp.rows import ieee, primitives as p
from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.tape.machine.assembly import Assembly, Lowering, Register
from tinygrad_bp.tape.machine.packing import call_together

R = Register


def maximum(a: Assembly, x: R, y: R) -> R:
    """The first where it is not less, or is `nan`."""
    return a.select(a.either(a.compare("oge", x, y), a.compare("uno", x, x)), x, y)


def minimum(a: Assembly, x: R, y: R) -> R:
    """The first where it is not greater, or is `nan`."""
    return a.select(a.either(a.compare("ole", x, y), a.compare("uno", x, x)), x, y)


def gap(a: Assembly, x: R, y: R) -> R:
    """The difference; 0 between equals, infinities included."""
    return a.select(a.compare("oeq", x, y), a.number(0.0), a.subtract(x, y))


def sigmoid(a: Assembly, x: R) -> R:
    """1 / (1 + e) above zero and e / (1 + e) below, where e = exp(-abs(x))."""
    one = a.number(1.0)
    e = a.call(p.exp, a.negative(a.intrinsic("fabs", x)))
    above = a.compare("oge", x, a.number(0.0))
    return a.divide(a.select(above, one, e), a.add(one, e))


def silu(a: Assembly, x: R, sigmoid: Lowering = sigmoid) -> R:
    """The product; its limit at -inf."""
    return unless_lowest(a, x, a.multiply(x, sigmoid(a, x)))


def silu_slope(a: Assembly, x: R, sigmoid: Lowering = sigmoid) -> R:
    """sigmoid(x) * (1 + x * sigmoid(-x)); its limit at -inf."""
    rest = a.multiply(x, sigmoid(a, a.negative(x)))
    return unless_lowest(a, x, a.multiply(sigmoid(a, x), a.add(a.number(1.0), rest)))


def unless_lowest(a: Assembly, x: R, otherwise: R) -> R:
    """-0.0 where x is -inf."""
    is_lowest = a.compare("oeq", x, a.number(float("-inf")))
    return a.select(is_lowest, a.number(-0.0), otherwise)


def sigmoid_slope(a: Assembly, _s: R, x: R) -> R:
    """Of the two sigmoids, which share their exponential."""
    return a.multiply(sigmoid(a, x), sigmoid(a, a.negative(x)))


def tanh_slope(a: Assembly, x: R) -> R:
    """Four times that product, of twice x."""
    twice = a.multiply(a.number(2.0), x)
    left = a.multiply(a.number(4.0), sigmoid(a, twice))
    return a.multiply(left, sigmoid(a, a.negative(twice)))


def log1p_exp(a: Assembly, x: R) -> R:
    """log1p(exp(-abs(x)))."""
    return a.call(p.log1p, a.call(p.exp, a.negative(a.intrinsic("fabs", x))))


def positive_part(a: Assembly, x: R) -> R:
    """`x` above zero, else 0."""
    zero = a.number(0.0)
    return a.select(a.compare("ogt", x, zero), x, zero)


def softplus(a: Assembly, x: R) -> R:
    """The positive part, and the rest."""
    return a.add(positive_part(a, x), log1p_exp(a, x))


def if_positive(a: Assembly, x: R, otherwise: R) -> R:
    """`x` where it is positive, else the other."""
    return a.select(a.compare("ogt", x, a.number(0.0)), x, otherwise)


def heaviside(a: Assembly, x: R, at_zero: R) -> R:
    """0, `at_zero` or 1; `nan` stays."""
    zero = a.number(0.0)
    step = a.select(a.compare("ogt", x, zero), a.number(1.0), zero)
    step = a.select(a.compare("uno", x, x), x, step)
    return a.select(a.compare("oeq", x, zero), at_zero, step)


def sign(a: Assembly, x: R) -> R:
    """-1, 1, or what is neither below nor above zero as it is."""
    zero = a.number(0.0)
    below = a.select(a.compare("olt", x, zero), a.number(-1.0), x)
    return a.select(a.compare("ogt", x, zero), a.number(1.0), below)


def where(a: Assembly, c: R, x: R, y: R) -> R:
    """`nan` is not zero, so it counts as true, as in Python."""
    return a.select(a.compare("une", c, a.number(0.0)), x, y)


def total(a: Assembly, *xs: R) -> R:
    """From left to right."""
    return reduce(a.add, xs)


def dot(a: Assembly, *xs: R) -> R:
    """The products, then their sum from left to right."""
    half = len(xs) // 2
    return total(a, *map(a.multiply, xs[:half], xs[half:]))


def one_less_square(a: Assembly, x: R) -> R:
    """(1 - x) * (1 + x)."""
    one = a.number(1.0)
    return a.multiply(a.subtract(one, x), a.add(one, x))


def atan_slope(a: Assembly, x: R) -> R:
    """1 / (1 + x * x)."""
    one = a.number(1.0)
    return a.divide(one, a.add(one, a.multiply(x, x)))


def gaussian_slope(a: Assembly, x: R) -> R:
    """-x times the Gaussian; 0 at infinity."""
    slope = a.multiply(a.negative(x), a.call(p.gaussian, x))
    size = a.intrinsic("fabs", x)
    is_infinite = a.compare("oeq", size, a.number(float("inf")))
    return a.select(is_infinite, a.copysign(a.number(0.0), a.negative(x)), slope)


def times_power(a: Assembly, factor: R, x: R, y: R) -> R:
    """The product factor * x**y, by halves where the power is not a normal number."""
    z, size = a.call(p.pow_, x, y), a.intrinsic("fabs", x)
    half = a.call(p.pow_, size, a.multiply(a.number(0.5), y))
    halves = a.multiply(a.multiply(factor, half), half)
    halves = a.multiply(a.copysign(a.number(1.0), z), halves)
    power = a.intrinsic("fabs", z)
    in_range = a.both(
        a.compare("oge", power, a.number(ieee.SMALLEST_NORMAL)),
        a.compare("ole", power, a.number(ieee.LARGEST)),
    )
    is_plain = a.either(in_range, a.compare("uno", z, z))
    is_plain = a.either(is_plain, a.compare("oeq", x, a.number(0.0)))
    return a.select(is_plain, a.multiply(factor, z), halves)


def power_slope(a: Assembly, x: R, y: R) -> R:
    """The slope y * x**(y - 1), and what rounding y - 1 took away; 0 where y is."""
    zero, one = a.number(0.0), a.number(1.0)
    below = a.subtract(y, one)
    rest = a.subtract(y, a.add(below, one))
    slope = times_power(a, y, x, below)
    more = a.multiply(slope, a.call(p.pow_, x, rest))
    is_exact = a.either(a.compare("oeq", rest, zero), a.compare("oeq", x, zero))
    slope = a.select(is_exact, slope, more)
    return a.select(a.compare("oeq", y, zero), zero, slope)


def power_log(a: Assembly, x: R, y: R, m: R) -> R:
    """x**y * log(x)**m; 0 where x is and y is not below."""
    zero = a.number(0.0)
    result = times_power(a, a.call(p.pow_, a.call(p.log, x), m), x, y)
    stays = a.both(a.compare("oeq", x, zero), a.compare("oge", y, zero))
    return a.select(stays, zero, result)


def any_nan(a: Assembly, xs: Sequence[R]) -> R:
    """Whether one of the numbers is `nan`."""
    return reduce(a.either, [a.compare("uno", x, x) for x in xs])


def largest(a: Assembly, xs: Sequence[R]) -> R:
    """The first of the largest."""
    return reduce(lambda top, x: a.select(a.compare("ogt", x, top), x, top), xs)


def exp_gap(a: Assembly, x: R, y: R) -> R:
    """The exponential of the gap, and a Taylor step for what rounding took from the gap."""
    zero, high = a.number(0.0), gap(a, x, y)
    e, added = a.call(p.exp, high), a.subtract(high, x)
    low = a.subtract(a.subtract(x, a.subtract(high, added)), a.add(y, added))
    is_plain = a.either(a.compare("oeq", high, zero), a.compare("ule", e, zero))
    is_plain = a.either(is_plain, a.compare("oeq", e, a.number(float("inf"))))
    return a.select(is_plain, e, a.add(e, a.multiply(e, low)))


def exact_total(a: Assembly, *xs: R) -> R:
    """From left to right, and what rounding took from it."""
    result, rest = xs[0], a.number(0.0)
    for x in xs[1:]:
        before, result = result, a.add(result, x)
        added = a.subtract(result, before)
        lost = a.subtract(before, a.subtract(result, added))
        rest = a.add(rest, a.add(lost, a.subtract(x, added)))
    return a.add(result, rest)


def logsumexp(a: Assembly, *xs: R) -> R:
    """The top + log1p(sum of exp(x - top)) over all but the first that is the top."""
    top, zero = largest(a, xs), a.number(0.0)
    others, top_was_seen = [], None
    for x in xs:
        is_top = a.compare("oeq", x, top)
        skip = is_top if top_was_seen is None else a.both(is_top, a.negated(top_was_seen))
        others.append(a.select(skip, zero, exp_gap(a, x, top)))
        top_was_seen = is_top if top_was_seen is None else a.either(top_was_seen, is_top)
    result = a.add(top, a.call(p.log1p, exact_total(a, *others)))
    infinite = a.compare("oeq", a.intrinsic("fabs", top), a.number(float("inf")))
    result = a.select(infinite, top, result)
    return a.select(any_nan(a, xs), a.number(float("nan")), result)


def softmax(a: Assembly, *xs: R) -> R:
    """The share of the first."""
    top = largest(a, xs)
    weights = [exp_gap(a, x, top) for x in xs]
    share = a.divide(weights[0], exact_total(a, *weights))
    return a.select(any_nan(a, xs), a.number(float("nan")), share)


LOWERINGS: dict[Primitive, Lowering] = {
    p.add: lambda a, x, y: a.add(x, y),
    p.subtract: lambda a, x, y: a.subtract(x, y),
    p.multiply: lambda a, x, y: a.multiply(x, y),
    p.divide: Assembly.divide,
    p.negative: Assembly.negative,
    p.positive: lambda _, x: x,
    p.abs_: lambda a, x: a.intrinsic("fabs", x),
    p.floor: lambda a, x: a.intrinsic("floor", x),
    p.ceil: lambda a, x: a.intrinsic("ceil", x),
    p.trunc: lambda a, x: a.intrinsic("trunc", x),
    p.round_: lambda a, x: a.intrinsic("rint", x),
    p.copysign: Assembly.copysign,
    p.exp2: lambda a, x: a.call(p.pow_, a.number(2.0), x),
    p.sqrt: lambda a, x: a.intrinsic("sqrt", x),
    p.pow_constant: lambda a, x, n: a.call(p.pow_, x, n),
    p.power_slope: power_slope,
    p.power_log: power_log,
    p.if_defined: lambda a, x, y: a.select(a.compare("uno", x, x), a.number(float("nan")), y),
    p.one_less_square: one_less_square,
    p.atan_slope: atan_slope,
    p.gaussian_slope: gaussian_slope,
    p.sigmoid: sigmoid,
    p.sigmoid_slope: sigmoid_slope,
    p.tanh_slope: tanh_slope,
    p.softplus: softplus,
    p.log_sigmoid: lambda a, x: a.negative(softplus(a, a.negative(x))),
    p.silu: silu,
    p.silu_slope: silu_slope,
    p.relu: lambda a, x: maximum(a, x, a.number(0.0)),
    p.leaky_relu: lambda a, x, slope: if_positive(a, x, a.multiply(slope, x)),
    p.elu: lambda a, x, y: if_positive(a, x, a.multiply(y, a.call(p.expm1, x))),
    p.maximum: maximum,
    p.minimum: minimum,
    p.clip: lambda a, x, low, high: minimum(a, maximum(a, x, low), high),
    p.where: where,
    p.straight: where,
    p.exp_gap: exp_gap,
    p.gap: gap,
    p.sign: sign,
    p.heaviside: heaviside,
    p.equal: lambda a, x, y: a.select(a.compare("oeq", x, y), a.number(1.0), a.number(0.0)),
    p.logaddexp: lambda a, x, y: a.add(maximum(a, x, y), log1p_exp(a, gap(a, x, y))),
    p.sum_: total,
    p.prod: lambda a, *xs: reduce(a.multiply, xs),
    p.dot: dot,
    p.logsumexp: logsumexp,
    p.share: lambda a, x, y: a.divide(x, a.add(x, y)),
    p.softmax: softmax,
}
"""The rows that have instructions of their own."""


@dataclass(frozen=True)
class Arithmetic:
    """How a tape is written: on which assembly, and what each row becomes."""

    assembly: type[Assembly]
    lowerings: Mapping[Primitive, Lowering]
    multiply_add: Callable[[Assembly, str, str, str], str]
    """The last instruction of `x * y + z`, for loops, whose registers have names of their own."""

    packed: frozenset[Primitive] = frozenset()
    """Rows that several numbers of one example go through at once, as polynomials."""

    def lowered(self, a: Assembly, op: Primitive, operands: Sequence[Sequence[R]]) -> list[R]:
        """A row on each of these operands: its instructions, or else a call."""
        if op in self.packed and a.lanes == 1:
            return call_together(a, op.name, [xs[-1] for xs in operands])
        lowering = self.lowerings.get(op)
        return [lowering(a, *xs) if lowering else a.call(op, *xs) for xs in operands]


EXACT = Arithmetic(Assembly, LOWERINGS, lambda a, x, y, z: f"fadd {a.type} {z}, {a.multiply(x, y)}")
"""The bits of Python."""
