"""For each row its derivatives to 20 digits, and the points to compare at.

They are central differences of the definitions in `tinygrad_bp.check.truth.truths`, with more
and more digits until two results agree: so no formula for a derivative is used, and none has to be
believed.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from tests.table.differences import BITS, by_differences
from tinygrad_bp.check.programs import points as inside
from tinygrad_bp.check.programs.points import Draw, Point, extreme, moderate
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.check.truth.truths import truths
from tinygrad_bp.rows.primitive import Primitive

Orders = tuple[int, ...]
"""How many times to differentiate by each operand."""

TRUTHS = truths()

# Truth at a point -----------------------------------------------------------------------

COARSE, FINE = slice(0, 5), slice(4, 6)
WHICH_BITS = {
    # Steps so dense that with few digits the difference quotient goes across them.
    "remainder": FINE,
    "floor_divide": FINE,
    "round": FINE,
    # Slow, and with these digits exact down to 1e-500.
    "xlogy": COARSE,
    "logaddexp": COARSE,
    "logsumexp": COARSE,
    "softmax": COARSE,
    "erf": COARSE,
    "elu": COARSE,
}


@functools.cache
def truth(name: str, point: Point, orders: Orders) -> Any:
    """The derivative of those orders by each operand, to 20 digits; of order 0 the value."""
    bits = BITS[WHICH_BITS.get(name, slice(None))]
    return by_differences(ROWS[name], point, orders, bits=bits)


# Points ---------------------------------------------------------------------------------

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
    "entr": [(0.36787944117144233,), (0.37,)],
    "logit": [(0.5,), (0.5000000000000001,), (0.3,), (1e-300,), (0.9999999999999999,)],
    "norm": [(3.0, 0.0, 0.0), (1e9, 3.0), (0.0, -2.0), (1e200, 1e-200), (1e-170, 1e-170)],
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
    drawn = _drawn(row, count // 2, moderate, SIZES) + _drawn(row, count // 2, extreme, SIZES)
    return OF_INTEREST.get(row.name, []) + drawn


def moderate_points(row: Primitive) -> list[Point]:
    """Points at which higher derivatives are neither vanishing nor overflowing."""
    count = 20 if row.arity in (1, 2) else 6
    return _drawn(row, count, moderate, (1, 2) if row.name == "dot" else (1, 2, 3))


def _drawn(row: Primitive, count: int, draw: Draw, sizes: tuple[int, ...]) -> list[Point]:
    return inside.points(row, count, draw, sizes=sizes, decades=DECADES.get(row.name, 300.0))
