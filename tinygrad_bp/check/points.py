"""Points at which a row can be looked at: moderate ones and extreme ones, inside its domain."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from tinygrad_bp.primitive import Interval, Primitive
from tinygrad_bp.primitives import dot

Point = tuple[float, ...]
Draw = Callable[[random.Random, Interval, float], float]

SEED = 20
TRIES = 1000
"""For each point, until it lies inside."""


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
    inside = zip(point, intervals(row, len(point)), strict=True)
    return all(low < x < high for x, (low, high) in inside) and (
        row.kink is None or bool(row.kink(*point))
    )


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
