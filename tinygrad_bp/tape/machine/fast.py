"""Fast arithmetic: products fused with sums, sums in another order, polynomials for libraries.

What it gives differs from eager evaluation in the last digits, and is the same for any number of
lanes: what is fused and in which order sums go is decided here, and not by LLVM.
"""

from __future__ import annotations

from functools import partial, reduce

from tinygrad_bp.rows import primitives as p
from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.tape.machine.assembly import Assembly, Lowering, Register
from tinygrad_bp.tape.machine.engine import backend
from tinygrad_bp.tape.machine.lowering import EXACT, LOWERINGS, Arithmetic, silu, silu_slope
from tinygrad_bp.tape.machine.polynomials import POLYNOMIALS, call_of

R = Register

WAYS = 4
"""Partial sums of a long sum: so many additions are on their way at a time."""


class FastAssembly(Assembly):
    """An assembly in which a sum with a product is one operation, rounded once.

    >>> body = FastAssembly(lanes=1)
    >>> body.add(body.multiply(Register("%x"), Register("%y")), Register("%z"))
    '%r1'
    >>> body.lines[-1]
    '%r1 = call double @llvm.fma.f64(double %x, double %y, double %z)'
    """

    def __init__(self, lanes: int) -> None:
        super().__init__(lanes)
        self.factors: dict[str, tuple[str, str]] = {}
        """Of each register that is a product."""

    def multiply(self, x: str, y: str) -> Register:
        """`x * y`."""
        product = super().multiply(x, y)
        self.factors[product] = x, y
        return product

    def add(self, x: str, y: str) -> Register:
        """`x + y`."""
        if x in self.factors:
            return self.fma(*self.factors[x], y)
        if y in self.factors:
            return self.fma(*self.factors[y], x)
        return super().add(x, y)

    def subtract(self, x: str, y: str) -> Register:
        """`x - y`.

        Between two products it stays as it is: with one of them fused, x*x - x*x would be the
        rounding of x*x, and perhaps below zero, where every reader expects 0.
        """
        if (x in self.factors) == (y in self.factors):
            return super().subtract(x, y)
        if x in self.factors:
            return self.fma(*self.factors[x], self.negative(y))
        left, right = self.factors[y]
        return self.fma(self.negative(left), right, x)

    def call(self, row: Primitive, *operands: str) -> Register:
        """A function outside, or the polynomial for it."""
        if row in ROWS:
            return call_of(self, row.name, operands[-1])
        return super().call(row, *operands)


def total(a: Assembly, *xs: R) -> R:
    """In up to four partial sums of every fourth operand, which are added in pairs."""
    ways = min(WAYS, max(1, len(xs) // 2))
    sums = [reduce(a.add, xs[i::ways]) for i in range(ways)]
    while len(sums) > 1:
        sums = [reduce(a.add, sums[i : i + 2]) for i in range(0, len(sums), 2)]
    return sums[0]


def dot(a: Assembly, *xs: R) -> R:
    """The sum of the products, in that order."""
    half = len(xs) // 2
    return total(a, *map(a.multiply, xs[:half], xs[half:]))


ROWS = [getattr(p, name) for name in POLYNOMIALS]


def _polynomial(row: Primitive) -> Lowering:
    return lambda a, *xs: a.call(row, *xs)


FAST = Arithmetic(
    FastAssembly,
    {
        **LOWERINGS,
        **{row: _polynomial(row) for row in ROWS},
        p.silu: partial(silu, sigmoid=_polynomial(p.sigmoid)),
        p.silu_slope: partial(silu_slope, sigmoid=_polynomial(p.sigmoid)),
        p.sum_: total,
        p.dot: dot,
    },
    Assembly.fused,
    frozenset(ROWS),
)


def chosen_arithmetic(*, fast: bool) -> Arithmetic:
    """The fast one where that is asked for and the processor can fuse, else the exact one."""
    return FAST if fast and can_fuse() else EXACT


def can_fuse() -> bool:
    """Whether the processor has fused multiply-add: nearly all do that were made since 2013."""
    llvm = backend()
    is_arm = llvm.get_process_triple().startswith(("aarch64", "arm64"))
    return is_arm or bool(llvm.get_host_cpu_features().get("fma"))
