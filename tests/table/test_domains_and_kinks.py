"""Each row's domain ends where its derivative ends, and its kinks are where slopes part."""

# Operands are named, needed or not.
# ruff: noqa: ARG005

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import mpmath
import pytest

from tinygrad_bp.check.programs.points import domain
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.check.truth.truths import definition, real
from tinygrad_bp.rows.primitive import Primitive

GRID = (-2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 2.0)
STEP, STEEP, DIGITS = mpmath.mpf("1e-20"), 1e6, 60

# Where a rule has a kink in general, but at these operands both sides meet.
SIDES_MEET = {
    "leaky_relu": lambda x, a: a == 1.0,
    "elu": lambda x, a: a == 1.0,
    "where": lambda condition, x, y: x == y,
    "straight": lambda condition, x, y: x == y,
    "clip": lambda x, low, high: low >= high,
}

Point = tuple[float, ...]


def is_smooth(row: Primitive, point: Point) -> bool:
    """Whether the slopes to both sides of each operand are there, and agree."""
    truth = definition(row)
    with mpmath.workdps(DIGITS):
        here = real(truth, list(map(mpmath.mpf, point)))
        for i in range(len(point)):
            beside = [list(map(mpmath.mpf, point)) for _ in range(2)]
            beside[0][i] -= STEP
            beside[1][i] += STEP
            left, right = real(truth, beside[0]), real(truth, beside[1])
            slopes = (here - left) / STEP, (right - here) / STEP
            if not all(abs(slope) < STEEP for slope in slopes):  # true of nan
                return False
            if abs(slopes[0] - slopes[1]) > 1e-9:
                return False
    return True


def points(row: Primitive) -> Iterator[Point]:
    """The points of a grid inside the domain."""
    intervals = domain(row, 2)
    sides = [[x for x in GRID if low < x < high] for low, high in intervals]
    return itertools.product(*sides)


def is_kink(row: Primitive, point: Point) -> bool:
    return row.kink is not None and row.kink(*point) == 0.0


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_inside_its_domain_and_off_its_kinks_a_row_is_smooth(row: Primitive) -> None:
    rough = [p for p in points(row) if not is_kink(row, p) and not is_smooth(row, p)]

    assert rough == []


KINKED = [row for row in ROWS.values() if row.kink is not None]


@pytest.mark.parametrize("row", KINKED, ids=lambda row: row.name)
def test_on_its_kinks_it_is_not(row: Primitive) -> None:
    meet = SIDES_MEET.get(row.name, lambda *_: False)
    kinks = [p for p in points(row) if is_kink(row, p) and not meet(*p)]

    assert len(kinks) > 0
    assert [p for p in kinks if is_smooth(row, p)] == []


ENDS = [
    pytest.param(row, index, end, id=f"{row.name}-{index}-{side}")
    for row in ROWS.values()
    if row.name != "power_log"  # its last operand is a small whole number, with no ends
    for index, interval in enumerate(domain(row, 2))
    for side, end in zip(("low", "high"), interval, strict=True)
    if math.isfinite(end)
]


@pytest.mark.parametrize(("row", "index", "end"), ENDS)
def test_at_the_ends_of_its_domain_it_is_not_either(row: Primitive, index: int, end: float) -> None:
    at_end = {(*point[:index], end, *point[index + 1 :]) for point in points(row)}

    assert not all(is_smooth(row, point) for point in at_end)
