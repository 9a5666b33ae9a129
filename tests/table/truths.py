"""For each row its derivatives to 20 digits, and the points to compare at.

They are central differences of the definitions in `tinygrad_bp.check.truths`, with more and more
digits until two results agree: so no formula for a derivative is used, and none has to be
believed.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mp

from tinygrad_bp.check.rows import ROWS
from tinygrad_bp.check.truths import truths
from tinygrad_bp.primitive import REAL, Interval, Primitive

Point = tuple[float, ...]
Orders = tuple[int, ...]
"""How many times to differentiate by each operand."""

TRUTHS = truths()

# Truth at a point -----------------------------------------------------------------------

BITS = (200, 400, 1000, 2000, 3000, 6000)
COARSE, FINE = slice(0, 5), slice(4, 6)
WHICH_BITS = {
    # Steps so dense that with few digits the difference quotient goes across them.
    "remainder": FINE,
    "floor_divide": FINE,
    # Slow, and with these digits exact down to 1e-500.
    "logaddexp": COARSE,
    "logsumexp": COARSE,
    "softmax": COARSE,
    "erf": COARSE,
    "elu": COARSE,
}
VANISHED = mpmath.mpf("1e-330")
"""Half of the smallest subnormal is more."""


@functools.cache
def truth(name: str, point: Point, orders: Orders) -> Any:
    """The derivative of those orders by each operand, to 20 digits; of order 0 the value."""
    row, previous = ROWS[name], mpmath.mpf(0)
    is_smooth = row.kink is None and set(row.domain) == {REAL}
    for bits in BITS[WHICH_BITS.get(name, slice(None))]:
        with mpmath.workprec(bits):
            exact = tuple(map(mpmath.mpf, point))
            # A step relative to the operand, so that it ends before a pole or a kink does.
            scales = tuple(1 if is_smooth else abs(x) or 1 for x in exact)
            current = mpmath.mpf(derivative(TRUTHS[name], exact, orders, scales))
        # Two zeros prove nothing yet: softplus(1000) is 1000 to 434 digits.
        if current != 0 and _agree(previous, current):
            return current
        previous = current
    assert not VANISHED < abs(previous) < mpmath.inf, (name, point, orders)
    return previous


def _agree(x: Any, y: Any) -> bool:
    return bool(abs(x - y) <= abs(y) * mpmath.mpf("1e-20"))


def derivative(
    function: Callable[..., Any], point: tuple[Any, ...], orders: Orders, scales: tuple[Any, ...]
) -> Any:
    """A central difference by one operand of the central difference by the others."""
    if not any(orders):
        return function(*point)
    index = next(i for i, order in enumerate(orders) if order)
    others = tuple(0 if i == index else order for i, order in enumerate(orders))

    def along(x: Any) -> Any:
        return derivative(function, (*point[:index], x, *point[index + 1 :]), others, scales)

    step = mpmath.ldexp(scales[index], -mp.prec)
    return mpmath.diff(along, point[index], orders[index], h=step)


# Points ---------------------------------------------------------------------------------

SEED = 20
SIZES = (1, 2, 3, 7)
"""How many operands a row gets that takes any number; `dot` twice as many."""
DECADES = {
    # Multiplying from left to right would overflow on the way to a finite result.
    "prod": 40.0,
    "dot": 140.0,
    # Slow in mpmath, and beyond 1000 all but the largest operand vanish.
    "logaddexp": 4.0,
    "logsumexp": 3.0,
    "softmax": 3.0,
}


OF_INTEREST: dict[str, list[Point]] = {
    # Roots of the value or of a partial, ends of the domain, and negative bases.
    "gelu": [(-0.7517915246935645,)],
    "silu": [(-1.2784645427610738,)],
    "logaddexp": [
        (-math.log(2.0), -math.log(2.0)),
        (-1e-20, -46.0517),
        (1e300, 1e300),
        (1e300, -1e300),
    ],
    "logsumexp": [(-math.log(3.0),) * 3, (0.0, -800.0), (1000.0, 1000.0, -1000.0)],
    "pow_constant": [
        (-2.0, 3.0),
        (-2.0, -3.0),
        (-3.0, 2.0),
        (2.0, 0.0),
        (-5.0, 1.0),
        (0.0, 3.0),
        (1e-300, 0.3),
    ],
    "pow": [(1e-300, 0.3), (1e300, -0.3)],
    "prod": [(0.0, 2.0, 3.0), (0.0, 2.0, 0.0), (5.0, 0.0), (0.0,), (-0.0, 1e200, 1e200)],
    "where": [(0.0, 2.0, 3.0), (-1.0, 2.0, 3.0)],
    "sin": [(math.pi,), (1e22,), (0.0,)],
    "cos": [(math.pi / 2,), (1e22,), (0.0,)],
    "tan": [(math.nextafter(math.pi / 2, 0.0),), (0.0,)],
    "log1p": [(1e-17,), (-0.9999999999999999,)],
    "log": [(0.9999999999999999,), (1.0000000000000002,)],
    "acosh": [(1.0000000000000002,)],
    "normal_cdf": [(-38.0,), (-14.0,), (8.5,)],
    "erfc": [(26.0,), (-5.0,)],
    "gaussian": [(38.0,), (30.0,), (0.0,)],
    "tanh": [(0.0,), (1e-300,), (19.0,)],
}


def points(row: Primitive, count: int | None = None) -> list[Point]:
    """Points of the row's domain, moderate and extreme ones, the same at each call."""
    if count is None:
        count = 100 if row.arity == 1 else 150 if row.arity else 60
    drawn = _drawn(row, count // 2, _moderate, SIZES) + _drawn(row, count // 2, _extreme, SIZES)
    return OF_INTEREST.get(row.name, []) + drawn


def moderate_points(row: Primitive) -> list[Point]:
    """Points at which higher derivatives are neither vanishing nor overflowing."""
    count = 20 if row.arity in (1, 2) else 6
    return _drawn(row, count, _moderate, (1, 2) if row.name == "dot" else (1, 2, 3))


Draw = Callable[[random.Random, Interval, float], float]


def _drawn(row: Primitive, count: int, draw: Draw, sizes: tuple[int, ...]) -> list[Point]:
    rng = random.Random(f"{SEED} {row.name} {draw.__name__}")
    decades = DECADES.get(row.name, 300.0)
    found: list[Point] = []
    while len(found) < count:
        point = tuple(draw(rng, interval, decades) for interval in domain(row, rng.choice(sizes)))
        if is_inside(row, point):
            found.append(point)
    return found


def domain(row: Primitive, size: int) -> tuple[Interval, ...]:
    """The interval of each operand; `size` counts for rows that take any number."""
    size = row.arity or (2 * size if row.name == "dot" else size)
    return tuple(row.domain[min(i, len(row.domain) - 1)] for i in range(size))


def is_inside(row: Primitive, point: Point) -> bool:
    """Whether the row has a derivative there."""
    intervals = domain(row, len(point))
    return all(low < x < high for x, (low, high) in zip(point, intervals, strict=False)) and (
        row.kink is None or bool(row.kink(*point))
    )


def _moderate(rng: random.Random, interval: Interval, _decades: float) -> float:
    low, high = interval
    if math.isinf(low):
        return rng.choice((rng.gauss(0.0, 1.0), rng.uniform(-10.0, 10.0)))
    if math.isinf(high):
        return low + float(10.0 ** rng.uniform(-1.0, 1.0))
    return rng.uniform(low, high)


def _extreme(rng: random.Random, interval: Interval, decades: float) -> float:
    low, high = interval
    tiny: float = 10.0 ** rng.uniform(-decades, -1.0)
    large, huge = 10.0 ** rng.uniform(0.0, 3.0), 10.0 ** rng.uniform(0.0, decades)
    if math.isinf(low):
        return rng.choice((-1.0, 1.0)) * rng.choice((tiny, large, huge))
    near: float = 10.0 ** rng.uniform(-16.0, -1.0)
    if math.isinf(high):
        return low + rng.choice((tiny, near, large, huge))
    return rng.choice((low + near, high - near, tiny, -tiny))
