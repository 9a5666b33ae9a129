"""A formula's value and derivatives, by every mode, against differences of 50 digits.

A formula is written once, in the names of the table, and read in two worlds: `m.log1p(-x)` is a
graph if `m` holds the rows, and a number of mpmath if it holds their definitions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np

from tests.others.counts import Counts
from tinygrad_bp import Value, grad, jvp
from tinygrad_bp.check.truth.truths import real, truths
from tinygrad_bp.rows import primitives

Formula = Callable[..., Any]
Function = Callable[..., Any]

OURS = SimpleNamespace(**{name: getattr(primitives, name, None) for name in truths()})
OURS.__dict__.update(abs=primitives.abs_, pow=primitives.pow_, round=primitives.round_)
OURS.__dict__.update(fmax=primitives.maximum, fmin=primitives.minimum)
TRUE = SimpleNamespace(**truths(), fmax=max, fmin=min)


def _of_one(function: Function) -> Function:
    """A function of `math` without its exceptions: a pole of lgamma is infinite."""

    def found(x: float) -> float:
        try:
            return float(function(float(x)))
        except ValueError:
            return math.inf

    return found


OLD_NAMES = ("asin", "acos", "atan", "asinh", "acosh", "atanh")
FLOATS = SimpleNamespace(
    **{name: getattr(np, name) for name in truths() if hasattr(np, name)},
    **{old: getattr(np, f"arc{old[1:]}") for old in OLD_NAMES if not hasattr(np, old)},
)
"""C's answers at the ends of the numbers, where mpmath raises: 1/0, hypot(inf, nan), lgamma(-2)."""
FLOATS.__dict__.update(
    fmax=np.fmax,
    fmin=np.fmin,
    pow=np.power,
    pow_constant=np.power,
    erf=_of_one(math.erf),
    erfc=_of_one(math.erfc),
    lgamma=_of_one(math.lgamma),
    sigmoid=lambda x: 1.0 / (1.0 + np.exp(-x)),
    softplus=lambda x: np.logaddexp(0.0, x),
    log_sigmoid=lambda x: -np.logaddexp(0.0, -x),
    normal_cdf=lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0)),
)
RELATIVE = 1e-9
VANISHING = 1e-15
"""What a float may leave of a term that cancels: 1 - tanh(x)**2 far out."""


def row(name: str) -> Formula:
    """A row of the table as a formula.

    >>> row("sin")(OURS, 0.0), row("sin")(TRUE, 0)
    (0.0, mpf('0.0'))
    """
    return lambda m, *xs: getattr(m, name)(*xs)


def compare(
    counts: Counts, name: str, formula: Formula, point: Sequence[float], order: int
) -> None:
    """Count the value, and each derivative up to `order` by each mode, where there is one.

    >>> counts = Counts("made up")
    >>> compare(counts, "half", lambda m, x: m.exp(x) * 0.5, (1.0,), 2)
    >>> counts.agreed
    6
    """

    def ours(*xs: Any) -> Any:
        return formula(OURS, *xs)

    def true(*xs: Any) -> Any:
        return formula(TRUE, *xs)

    with mpmath.workdps(50):
        exact = true_value(formula, point)
        found = float(ours(*map(Value, point)).data)
        _count(counts, f"{name}{tuple(point)}", found, exact)
        if not all(map(math.isfinite, (found, *point))):
            return
        for size in range(1, order + 1):
            for indices in itertools.combinations_with_replacement(range(len(point)), size):
                slope = true_slope(true, point, [indices.count(i) for i in range(len(point))])
                if slope is None:  # At a kink derivatives of higher orders are none either.
                    return
                for mode, function in by_modes(ours, indices):
                    where = f"{name}{tuple(point)} d{indices} {mode}"
                    _count(counts, where, float(function(*point)), slope)


def true_value(formula: Formula, point: Sequence[float]) -> Any:
    """What a formula is to 50 digits; where mpmath has no answer, or no number goes in, C's.

    >>> true_value(row("exp"), (1,)), true_value(lambda m, x: 1 / x, (0.0,))
    (mpf('2.7182818284590451'), mpf('+inf'))
    """
    exact = real(lambda *xs: formula(TRUE, *xs), [mpmath.mpf(x) for x in point])
    if mpmath.isfinite(exact) and all(map(math.isfinite, point)):
        return exact
    try:
        with np.errstate(all="ignore"):
            return mpmath.mpf(float(formula(FLOATS, *map(np.float64, point))))
    except AttributeError:  # NumPy has no such function.
        return exact


def by_modes(function: Function, indices: Sequence[int]) -> Iterator[tuple[str, Function]]:
    """The derivative by those operands one after the other: reverse, forward, and mixed."""
    reverse = forward = mixed = function
    for turn, index in enumerate(indices):
        mixed = _forward(mixed, index) if turn % 2 else grad(mixed, index)
        reverse, forward = grad(reverse, index), _forward(forward, index)
    yield "rev", reverse
    yield "fwd", forward
    if len(indices) > 1:
        yield "mixed", mixed


def true_slope(function: Function, point: Sequence[float], orders: Sequence[int]) -> Any:
    """The derivative of those orders by differences; None where the two sides do not agree.

    >>> true_slope(lambda x: x * x, (3.0,), (1,))
    mpf('6.0')
    >>> true_slope(abs, (0.0,), (1,))
    """
    exact = tuple(map(mpmath.mpf, point))
    # As many more as a number has before its point, so that a step does not vanish beside it.
    more = max([0, *(int(mpmath.log10(abs(x))) for x in exact if x)])
    sides = []
    # From both sides, and by two steps: a kink has a second difference, which grows.
    for direction, digits in ((-1, 50), (1, 50), (1, 60)):
        try:
            with mpmath.workdps(digits + more):
                side = mpmath.diff(function, exact, tuple(orders), direction=direction)
        except (ValueError, ArithmeticError):
            return None
        if isinstance(side, mpmath.mpc) or not mpmath.isfinite(side):
            return None
        sides.append(side)
    size = max(map(abs, sides))
    return sides[-1] if max(sides) - min(sides) <= 1e-10 * size + 1e-20 else None


def _forward(function: Function, index: int) -> Function:
    def pushed(*xs: Any) -> Any:
        return jvp(function, xs, [float(i == index) for i in range(len(xs))])[1]

    return pushed


def _count(counts: Counts, where: str, found: float, exact: Any) -> None:
    if are_near(found, exact):
        counts.agree()
    else:
        counts.differ(where, f"{found!r} here, {mpmath.nstr(exact, 17)} there")


def are_near(found: float, exact: Any) -> bool:
    """Whether a float is what is exact, as far as a float can tell.

    >>> are_near(1.0, mpmath.mpf(1)), are_near(0.0, mpmath.mpf(1)), are_near(math.nan, mpmath.nan)
    (True, False, True)
    """
    if mpmath.isnan(exact) or math.isnan(found):
        return bool(mpmath.isnan(exact)) and math.isnan(found)
    if mpmath.isinf(exact) or math.isinf(found):
        return bool(found == exact)
    return bool(abs(found - exact) <= RELATIVE * abs(exact) + VANISHING)
