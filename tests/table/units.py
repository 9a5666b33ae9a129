"""How far each row is from its truth, in units in the last place, and what is allowed.

A value may be wrong by 2 units and a partial by 4, wherever the truth is a normal number. Some rows
can not keep that everywhere; `EXCEPTIONS` says which, why, and what they keep instead.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import mpmath

from tests.table.comparison import CONSTANT_OPERAND, at
from tests.table.truths import Point, truth
from tinygrad_bp.graph.sweep import local_partials
from tinygrad_bp.rows.primitive import Primitive

LIMITS = (2.0, 4.0)
"""In a value, and in a partial."""
SMALLEST_NORMAL, LARGEST = sys.float_info.min, sys.float_info.max


@dataclass(frozen=True)
class Error:
    """How far off a value (`operand` is None) or the partial by one operand is at a point."""

    point: Point
    operand: int | None
    units: float
    allowed: float

    @property
    def limit(self) -> float:
        """What is allowed where there is no exception."""
        return LIMITS[self.operand is not None]


@dataclass(frozen=True)
class Excuse:
    """Where a row may be wrong by more, and by how much: units, from the point and the truth."""

    why: str
    allowed: Callable[[Point, float], float]


def _sizes(*terms: float) -> float:
    return math.fsum(map(abs, terms))


def _products(point: Point) -> list[float]:
    half = len(point) // 2
    return [x * y for x, y in zip(point[:half], point[half:], strict=True)]


def _spread(point: Point) -> float:
    return max(point) - min(point)


def _where(is_lost: Callable[[Point], bool]) -> Callable[[Point, float], float]:
    """No claim at all at some points, and none less than the usual elsewhere."""
    return lambda point, _: math.inf if is_lost(point) else 0.0


SUBNORMAL_RADIUS = Excuse(
    "next to (0, 0), a singular point: a distance below 2.3e-308 has few digits itself",
    _where(lambda point: math.hypot(*point) < SMALLEST_NORMAL),
)
SUBNORMAL_BASE = Excuse(
    "next to 0, a singular point: of a base below 2.3e-308 one power less overflows",
    _where(lambda point: abs(point[0]) < SMALLEST_NORMAL),
)
# e**(x - y): half a unit of x - y is a relative error of the result.
DIFFERENCE = "operands that are far apart: the difference in the exponent is rounded"

EXCEPTIONS: dict[tuple[str, int], Excuse] = {
    # (row, order of the derivative)
    ("sum", 0): Excuse(
        "added from left to right: half a unit of the partial sums for each operand",
        lambda point, z: len(point) * _sizes(*point) / abs(z),
    ),
    ("dot", 0): Excuse(
        "added from left to right: half a unit of the partial sums for each product",
        lambda point, z: len(point) * _sizes(*_products(point)) / abs(z),
    ),
    ("logaddexp", 0): Excuse(
        "a result near 0 of operands that are not: their rounding remains",
        lambda point, z: 2.0 * _sizes(*point) / abs(z),
    ),
    ("logsumexp", 0): Excuse(
        "a result near 0 of operands that are not: their rounding remains",
        lambda point, z: 2.0 * _sizes(*point) / abs(z),
    ),
    ("logaddexp", 1): Excuse(DIFFERENCE, lambda point, _: 2.0 + _spread(point)),
    ("logsumexp", 1): Excuse(DIFFERENCE, lambda point, _: 2.0 + 2.0 * _spread(point)),
    ("softmax", 1): Excuse(DIFFERENCE, lambda point, _: 2.0 + 2.0 * _spread(point)),
    ("gelu", 1): Excuse(
        "next to its root at -0.7518, where two terms of 0.23 cancel",
        lambda _, slope: 4.0 * 0.25 / abs(slope),
    ),
    ("silu", 1): Excuse(
        "next to its root at -1.2785, where two terms of 0.22 cancel",
        lambda _, slope: 4.0 * 0.25 / abs(slope),
    ),
    ("silu_slope", 1): Excuse(
        "next to its roots at 2.3994 and -2.3994, where two terms of 0.16 cancel",
        lambda _, slope: 4.0 * 0.16 / abs(slope),
    ),
    ("tanh_slope", 0): Excuse(
        "two sigmoids, of which each rounds thrice: six halves of a unit, or twice that",
        lambda _, __: 6.0,
    ),
    ("power_log", 0): Excuse(
        "the m-th power of a logarithm magnifies its rounding m times",
        lambda point, _: 3.0 + point[2],
    ),
    ("elu", 1): Excuse(
        "below -708 e**x has few digits, which a scale of 1e60 lifts to a normal number",
        _where(lambda point: point[0] < -708.0),
    ),
    ("entr", 1): Excuse(
        "next to its root at 1/e, where two terms of 1 cancel",
        lambda _, slope: 4.0 / abs(slope),
    ),
    ("lgamma", 0): Excuse(
        "beyond 3.5 and below 1/2 Python's own; beside 1 two terms cancel", lambda _, __: 8.0
    ),
    ("lgamma", 1): Excuse(
        "next to the root of digamma at 1.4616, where terms of 2 cancel",
        lambda _, slope: 8.0 / abs(slope),
    ),
    ("digamma", 0): Excuse(
        "next to its root at 1.4616, where terms of 2 cancel",
        lambda _, value: 8.0 / abs(value),
    ),
    ("sinc", 1): Excuse(
        "next to its roots, where two terms of 1/x cancel",
        lambda point, slope: (
            8.0 / (1.0 + abs(point[0])) / abs(slope) if abs(point[0]) > 1.0 else 0.0
        ),
    ),
    ("erfinv", 1): Excuse(
        "in the tails, where the slope magnifies the rounding of the value",
        lambda _, slope: 4.0 + 4.0 * math.log(slope),
    ),
    ("direction", 1): SUBNORMAL_RADIUS,
    ("hypot_slope", 1): SUBNORMAL_RADIUS,
    ("atan2", 1): SUBNORMAL_RADIUS,
    ("power_slope", 1): SUBNORMAL_BASE,
    ("pow_constant", 1): SUBNORMAL_BASE,
}


def errors(row: Primitive, points: Iterable[Point]) -> Iterator[Error]:
    """Of the value and of each partial at each point where the truth is a normal number."""
    for point in points:
        value = row.value(*point)
        yield from _error(row, point, None, value)
        if not math.isfinite(value):
            continue
        for operand, partial in enumerate(local_partials(at(row, point))):
            if operand != CONSTANT_OPERAND.get(row.name):
                yield from _error(row, point, operand, 0.0 if partial is None else partial)


def _error(row: Primitive, point: Point, operand: int | None, found: float) -> Iterator[Error]:
    exact = truth(row.name, point, tuple(int(i == operand) for i in range(len(point))))
    if exact == 0 or SMALLEST_NORMAL <= abs(exact) <= LARGEST:
        order = int(operand is not None)
        exception = EXCEPTIONS.get((row.name, order))
        more = exception.allowed(point, float(exact)) if exception and exact else 0.0
        yield Error(point, operand, units(found, exact), max(LIMITS[order], more))


def units(found: float, exact: mpmath.mpf) -> float:
    """How many units in the last place of the truth two numbers are apart."""
    if not math.isfinite(found):
        return math.inf
    if exact == 0:
        return 0.0 if found == 0.0 else math.inf
    return float(abs(mpmath.mpf(found) - exact) / math.ulp(float(abs(exact))))
