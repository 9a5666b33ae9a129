"""Points at which a row can be looked at: inside its domain, at its ends, and where it may bend."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence

from tinygrad_bp.rows.primitive import Interval, Primitive
from tinygrad_bp.rows.primitives import dot

Point = tuple[float, ...]
Draw = Callable[[random.Random, Interval, float], float]

SEED = 20
TRIES = 1000
"""For each point, until it lies inside."""
SPECIAL = (0.0, -0.0, 1.0, -1.0, 5e-324, 1e-300, 1e300, math.inf, -math.inf, math.nan)

# Inside -----------------------------------------------------------------------------------


def points(
    row: Primitive,
    count: int,
    draw: Draw,
    *,
    sizes: tuple[int, ...] = (1, 2, 3),
    decades: float = 300.0,
) -> list[Point]:
    """Points of the row's domain, the same at each call; fewer where there are hardly any.

    >>> from tinygrad_bp import log
    >>> all(0.0 < x for x, in points(log, 10, moderate))
    True

    `sizes` are how many operands a row gets that takes any number.
    """
    rng = random.Random(f"{SEED} {row.name} _{draw.__name__}")
    found: list[Point] = []
    for _ in range(TRIES * count):
        where = domain(row, rng.choice(sizes))
        point = tuple(draw(rng, interval, decades) for interval in where)
        if is_inside(row, point):
            found.append(point)
        if len(found) == count:
            break
    return found


def domain(row: Primitive, size: int) -> list[Interval]:
    """Where each operand may lie; the size counts for rows that take any number."""
    return intervals(row, row.arity or (2 * size if row is dot else size))


def intervals(row: Primitive, count: int) -> list[Interval]:
    """Where each of so many operands may lie."""
    return [row.domain[min(i, len(row.domain) - 1)] for i in range(count)]


def is_inside(row: Primitive, point: Point) -> bool:
    """Whether the row has a derivative there."""
    return _is_in_domain(row, point) and (row.kink is None or bool(row.kink(*point)))


def _is_in_domain(row: Primitive, point: Point) -> bool:
    inside = zip(point, intervals(row, len(point)), strict=True)
    return all(low < x < high for x, (low, high) in inside)


def moderate(rng: random.Random, interval: Interval, _decades: float) -> float:
    """A number of everyday size."""
    low, high = interval
    if math.isinf(low):
        return rng.choice((rng.gauss(0.0, 1.0), rng.uniform(-10.0, 10.0)))
    if math.isinf(high):
        return low + float(10.0 ** rng.uniform(-1.0, 1.0))
    return rng.uniform(low, high)


def extreme(rng: random.Random, interval: Interval, decades: float) -> float:
    """A number that is tiny, huge, or close to an end."""
    low, high = interval
    tiny: float = 10.0 ** rng.uniform(-decades, -1.0)
    large, huge = 10.0 ** rng.uniform(0.0, 3.0), 10.0 ** rng.uniform(0.0, decades)
    if math.isinf(low):
        return rng.choice((-1.0, 1.0)) * rng.choice((tiny, large, huge))
    near: float = 10.0 ** rng.uniform(-16.0, -1.0)
    if math.isinf(high):
        return low + rng.choice((tiny, near, large, huge))
    return rng.choice((low + near, high - near, tiny, -tiny))


# At the edges -----------------------------------------------------------------------------


def ends(row: Primitive, inside: Sequence[Point]) -> list[Point]:
    """Each finite end of a domain, and the floats on both sides of it; otherwise as inside."""
    return [
        _with(point, i, number)
        for point in inside
        for i, interval in enumerate(intervals(row, len(point)))
        for end in filter(math.isfinite, interval)
        for number in (math.nextafter(end, -math.inf), end, math.nextafter(end, math.inf))
    ]


def specials(inside: Sequence[Point]) -> list[Point]:
    """With each operand zero, subnormal, infinite, `nan`, ...; and with all zero or infinite."""
    found: list[Point] = []
    for point in inside:
        found += [_with(point, i, x) for i in range(len(point)) for x in SPECIAL]
        found += itertools.product((0.0, math.inf), repeat=len(point))
    return found


def bends(row: Primitive, inside: Sequence[Point]) -> list[Point]:
    """Where functions bend that have branches: at 0 and ±1, at ties, and where the row says so."""
    found: list[Point] = []
    for point in inside:
        found += [_with(point, i, x) for i in range(len(point)) for x in (0.0, 1.0, -1.0)]
        found.append((point[0],) * len(point))
        if row.kink:
            found.append(_with(point, 0, point[0] - row.kink(*point)))
    return [point for point in found if _is_in_domain(row, point)]


def _with(point: Point, index: int, number: float) -> Point:
    return (*point[:index], number, *point[index + 1 :])
