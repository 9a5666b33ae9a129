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

from tinygrad_bp import primitives as p
from tinygrad_bp.primitive import Primitive
from tinygrad_bp.tape.assembly import Assembly, Lowering, Register
from tinygrad_bp.tape.packing import call_together

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


def any_nan(a: Assembly, xs: Sequence[R]) -> R:
    """Whether one of the numbers is `nan`."""
    return reduce(a.either, [a.compare("uno", x, x) for x in xs])


def largest(a: Assembly, xs: Sequence[R]) -> R:
    """The first of the largest."""
    return reduce(lambda top, x: a.select(a.compare("ogt", x, top), x, top), xs)


def logsumexp(a: Assembly, *xs: R) -> R:
    """The top + log1p(sum of exp(x - top)) over all but the first that is the top."""
    top = largest(a, xs)
    others, top_was_seen = a.number(0.0), None
    for x in xs:
        more = a.add(others, a.call(p.exp, a.subtract(x, top)))
        is_top = a.compare("oeq", x, top)
        skip = is_top if top_was_seen is None else a.both(is_top, a.negated(top_was_seen))
        others = a.select(skip, others, more)
        top_was_seen = is_top if top_was_seen is None else a.either(top_was_seen, is_top)
    result = a.add(top, a.call(p.log1p, others))
    infinite = a.compare("oeq", a.intrinsic("fabs", top), a.number(float("inf")))
    result = a.select(infinite, top, result)
    return a.select(any_nan(a, xs), a.number(float("nan")), result)


def softmax(a: Assembly, *xs: R) -> R:
    """The share of the first."""
    top = largest(a, xs)
    weights = [a.call(p.exp, gap(a, x, top)) for x in xs]
    share = a.divide(weights[0], total(a, *weights))
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
    p.sigmoid: sigmoid,
    p.softplus: softplus,
    p.log_sigmoid: lambda a, x: a.negative(softplus(a, a.negative(x))),
    p.silu: lambda a, x: a.multiply(x, sigmoid(a, x)),
    p.relu: lambda a, x: maximum(a, x, a.number(0.0)),
    p.leaky_relu: lambda a, x, slope: if_positive(a, x, a.multiply(slope, x)),
    p.elu: lambda a, x, y: if_positive(a, x, a.multiply(y, a.call(p.expm1, x))),
    p.maximum: maximum,
    p.minimum: minimum,
    p.clip: lambda a, x, low, high: minimum(a, maximum(a, x, low), high),
    p.where: where,
    p.straight: where,
    p.gap: gap,
    p.sign: sign,
    p.heaviside: heaviside,
    p.equal: lambda a, x, y: a.select(a.compare("oeq", x, y), a.number(1.0), a.number(0.0)),
    p.logaddexp: lambda a, x, y: a.add(maximum(a, x, y), log1p_exp(a, gap(a, x, y))),
    p.sum_: total,
    p.prod: lambda a, *xs: reduce(a.multiply, xs),
    p.dot: dot,
    p.logsumexp: logsumexp,
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
            return call_together(a, op.name, [x for (x,) in operands])
        lowering = self.lowerings.get(op)
        return [lowering(a, *xs) if lowering else a.call(op, *xs) for xs in operands]


EXACT = Arithmetic(Assembly, LOWERINGS, lambda a, x, y, z: f"fadd {a.type} {z}, {a.multiply(x, y)}")
"""The bits of Python."""
