"""Points where floating point is at its limits: ends of domains, subnormals, overflow, kinks."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator

from tinygrad_bp.check.programs.points import SEED, Point, domain, is_inside
from tinygrad_bp.rows.primitive import Interval, Primitive

LARGEST = sys.float_info.max
SMALLEST_NORMAL = sys.float_info.min
FEW = 8
"""An edge is so many floats wide."""

MILD = {"logaddexp", "logsumexp", "softmax", "prod"}
"""Rows whose operands stay below 1000: beyond, all but the largest vanish, or all overflow."""


def edge_points(row: Primitive, count: int) -> list[Point]:
    """So many points of each kind that the row has, the same at each call."""
    rng = random.Random(f"{SEED} {row.name} edges")
    kinds: list[Callable[[random.Random, Primitive], Point]] = [ends, subnormals]
    if row.name not in MILD:
        kinds.append(large)
    if row.kink is not None:
        kinds.append(near_kink)
    if row.arity == 1 and any(overflow_starts(row)):
        kinds.append(near_overflow)
    return [point for kind in kinds for point in _inside(rng, row, kind, count)]


def _inside(
    rng: random.Random,
    row: Primitive,
    kind: Callable[[random.Random, Primitive], Point],
    count: int,
) -> Iterator[Point]:
    # Some kinds have few points inside the domain: remainder near a kink, say.
    attempts = (kind(rng, row) for _ in range(20 * count))
    found = [point for point in attempts if is_inside(row, point)]
    return iter(found[:count])


def ends(rng: random.Random, row: Primitive) -> Point:
    """One operand a few floats from an end of its domain, if that is finite."""
    return _with_one(rng, row, lambda interval: _from_end(rng, interval))


def subnormals(rng: random.Random, row: Primitive) -> Point:
    """One operand, or all, so small that floats have few digits."""

    def tiny(_interval: Interval) -> float:
        return rng.choice((-1.0, 1.0)) * math.ldexp(rng.random(), -rng.randint(1022, 1073))

    if rng.random() < 0.5:
        return tuple(map(tiny, domain(row, 2)))
    return _with_one(rng, row, tiny)


def large(rng: random.Random, row: Primitive) -> Point:
    """One operand of the last few powers of two that floats have."""

    def huge(_interval: Interval) -> float:
        return rng.choice((-1.0, 1.0)) * math.ldexp(1.0 - rng.random() / 2, rng.randint(1000, 1024))

    return _with_one(rng, row, huge)


def near_kink(rng: random.Random, row: Primitive) -> Point:
    """Two operands that are equal but for a few floats; of one, some that are hardly not zero."""
    if row.arity == 1:
        return (rng.choice((-1.0, 1.0)) * 10.0 ** rng.uniform(-300.0, -10.0),)
    point = list(_moderate(rng, row))
    first, second = rng.sample(range(len(point)), 2)
    multiple = float(rng.randint(1, 5)) if row.name in ("remainder", "floor_divide") else 1.0
    point[first] = nudged(multiple * point[second], rng.randint(-FEW, FEW))
    return tuple(point)


def near_overflow(rng: random.Random, row: Primitive) -> Point:
    """The last operands before the value overflows."""
    start = rng.choice(list(overflow_starts(row)))
    if rng.random() < 0.5:
        return (nudged(start, -rng.randint(1, FEW)),)
    return (start * rng.uniform(0.99, 1.0),)


def overflow_starts(row: Primitive) -> Iterator[float]:
    """On either side, the operand nearest to zero whose value is infinite."""
    for sign in (-1.0, 1.0):
        low, high = sign, sign * LARGEST
        if not math.isinf(row.value(high)) or math.isinf(row.value(low)):
            continue
        while nudged(low, 1) != high:
            middle = low / 2 + high / 2
            low, high = (low, middle) if math.isinf(row.value(middle)) else (middle, high)
        yield high


def nudged(x: float, floats: int) -> float:
    """So many floats further from zero."""
    for _ in range(abs(floats)):
        x = math.nextafter(x, math.copysign(math.inf, x) if floats > 0 else 0.0)
    return x


def _with_one(rng: random.Random, row: Primitive, draw: Callable[[Interval], float]) -> Point:
    point = list(_moderate(rng, row))
    index = rng.randrange(len(point))
    point[index] = draw(domain(row, 2)[index])
    return tuple(point)


def _from_end(rng: random.Random, interval: Interval) -> float:
    end = rng.choice(interval)
    if math.isinf(end):
        return rng.gauss(0.0, 1.0)
    inwards = math.inf if end == interval[0] else -math.inf
    for _ in range(rng.randint(1, FEW)):
        end = math.nextafter(end, inwards)
    return end


def _moderate(rng: random.Random, row: Primitive) -> Iterator[float]:
    for low, high in domain(row, 2):
        if math.isinf(low):
            yield rng.gauss(0.0, 2.0)
        elif math.isinf(high):
            yield low + 10.0 ** rng.uniform(-1.0, 1.0)
        else:
            yield rng.uniform(low, high)
