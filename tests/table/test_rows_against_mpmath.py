"""Every row's value, partials and third derivatives against 20 digits of mpmath."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import mpmath
import pytest

from tests.table import truths
from tests.table.comparison import (
    error_of_value,
    errors_of_higher_derivatives,
    errors_of_partials,
    relative_error,
)
from tests.table.differences import by_differences
from tests.table.truths import TRUTHS, points, truth
from tinygrad_bp import Value, gradient
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.check.truth import truths as definitions
from tinygrad_bp.rows.primitive import Primitive

every_row = pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))


def test_every_row_has_a_truth() -> None:
    assert set(TRUTHS) == set(ROWS)


@every_row
def test_value(row: Primitive) -> None:
    errors = {point: error_of_value(row, point) for point in points(row)}

    assert max(errors.values()) <= 1.0, worst(errors)


@every_row
def test_partials(row: Primitive) -> None:
    errors = {
        (point, index): error
        for point in points(row)
        if math.isfinite(row.value(*point))
        for index, error in enumerate(errors_of_partials(row, point))
    }

    assert max(errors.values()) <= 1.0, worst(errors)


@every_row
def test_second_and_third_derivatives(row: Primitive) -> None:
    errors = {
        (point, indices): error
        for point in truths.moderate_points(row)
        for indices, error in errors_of_higher_derivatives(row, point)
    }

    assert max(errors.values()) <= 1.0, worst(errors)


def worst(errors: Mapping[Any, float]) -> str:
    """For the message of a failure."""
    key = max(errors, key=lambda k: errors[k])
    return f"{errors[key]} at {key}"


def test_truth_is_not_fooled_by_a_vanishing_tail() -> None:
    # softplus(300) is 300 + 5e-131: with 60 digits its second derivative would be 0.
    found = truth("softplus", (300.0,), (2,))

    assert abs(found / mpmath.exp(-300) - 1) < 1e-15


def test_truth_that_has_no_derivative_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(definitions._OWN, "exp", lambda x: x * mpmath.mp.prec)

    with pytest.raises(ArithmeticError, match="differences of its truth do not agree"):
        by_differences(ROWS["exp"], [1.0], [1])


STABLE = ("sigmoid", "log_sigmoid", "softplus", "tanh", "silu", "gelu", "log1p", "expm1")
FAR = [(x,) for x in (-1000.0, -700.0, -40.0, -30.0, 30.0, 40.0, 700.0, 1000.0)]
STABLE_AT = [
    *[(name, point) for name in STABLE for point in FAR if name != "log1p" or point > (-1.0,)],
    *[("logaddexp", (x, y)) for x in (-1000.0, 0.0, 1000.0) for y in (-1000.0, -970.0, 1000.0)],
]


@pytest.mark.parametrize(("name", "point"), STABLE_AT)
def test_value_first_and_second_derivative_far_out(name: str, point: truths.Point) -> None:
    row = ROWS[name]
    operands = [Value(x) for x in point]
    output = row(*operands)
    if math.isinf(output.data):  # expm1(1000)
        return

    assert error_of_value(row, point) <= 1.0
    assert max(errors_of_partials(row, point)) <= 1.0
    for i, x in enumerate(operands):
        for j, y in enumerate(operands):
            second = gradient(gradient(output, x, create_graph=True), y)
            orders = tuple((k == i) + (k == j) for k in range(len(point)))
            assert relative_error(second, truth(name, point, orders)) <= 1e-13


def test_sigmoid_slope_at_40_is_not_zero() -> None:
    x = Value(40.0)

    slope = gradient(x.sigmoid(), x)

    assert slope == pytest.approx(4.248354255291589e-18, rel=1e-15)


def test_softplus_second_derivative_at_30_is_not_zero() -> None:
    x = Value(30.0)

    slope = gradient(x.softplus(), x, create_graph=True)

    assert gradient(slope, x) == pytest.approx(9.357622968838423e-14, rel=1e-14)
