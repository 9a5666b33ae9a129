"""Verdicts where floats are huge, tiny, or at the ends of domains: no kink where there is none."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
from hypothesis import assume, given, settings, strategies as st

import tinygrad_bp as tg
from tinygrad_bp.check import check_gradient
from tinygrad_bp.check.programs.points import domain, is_inside
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.check.truth.exact import Exact, exactly
from tinygrad_bp.check.truth.local import slope
from tinygrad_bp.check.truth.subject import REFUSALS

SIZES = (
    *(1e16, 3.7e17, 1e30, 1e60, 1e155, 1e249, 1.7e308),
    *(5e-324, 1e-320, 1e-310, 2.3e-308, 1e-200, 1e-30, 0.3, 38.0, 720.0, 744.0),
)
NEAR_AN_END = [
    (row.name, end + side * floats * math.ulp(end))
    for row in ROWS.values()
    if row.arity == 1
    for end in filter(math.isfinite, domain(row, 1)[0])
    for side in (-1.0, 1.0)
    for floats in (1, 8, 1000)
    if is_inside(row, (end + side * floats * math.ulp(end),))
]
AT_AN_EDGE = NEAR_AN_END + [
    (row.name, x)
    for row in ROWS.values()
    if row.arity == 1
    for x in (side * size for side in (-1.0, 1.0) for size in SIZES)
    if is_inside(row, (x,)) and math.isfinite(row.value(x))
]
FUNCTIONS: list[Callable[[Any], Any]] = [
    *(tg.sin, tg.exp, tg.log, tg.sqrt, tg.tanh, tg.softplus, tg.relu, tg.atan, tg.gelu),
    tg.normal_cdf,
    *(lambda x: 1 / x, lambda x: x * x, lambda x: 1e300 * x, lambda x: 1e-300 * x, lambda x: x + 1),
]  # fmt: skip


def truth(function: Callable[[Any], Any], x: float, order: int = 1) -> Any:
    """The derivative by a difference with 2,600 digits, or 4,000; `nan` where sides differ."""
    with mpmath.workdps(4000 if order > 1 else 2600):
        step = abs(mpmath.mpf(x)) * mpmath.mpf("1e-650")
        before, here, after = (
            exactly(function(Exact(mpmath.mpf(x) + t))) for t in (-step, mpmath.mpf(0), step)
        )
        left, right = (here - before) / step, (after - here) / step
        if not abs(left - right) <= abs(left) * mpmath.mpf("1e-60") + mpmath.mpf("1e-500"):
            return mpmath.nan
        return (left + right) / 2 if order == 1 else (right - left) / step


def off_by_a_thousandth(true: Any) -> float:
    return float(true * mpmath.mpf("1.001"))


def is_told_apart(function: Callable[[Any], Any], x: float, true: Any, order: int) -> bool:
    """Whether a gradient that is off by a thousandth is not called right."""
    wrong = off_by_a_thousandth(true)
    if not 1e-318 < abs(wrong) < math.inf:  # there floats are as far apart
        return True
    report = check_gradient(function, x, order=order, gradient=lambda _: wrong)
    return report.verdict in ("wrong", "unstable") and not report


@pytest.mark.parametrize("x", [1e17, 1e60, -1e60, 1e249, 1.7e308])
@pytest.mark.parametrize("row", [tg.sin, tg.cos, tg.tan])
def test_waves_far_out_are_no_kinks(row: Any, x: float) -> None:
    off = 1.001 * tg.grad(row)(x)

    right, wrong = check_gradient(row, x), check_gradient(row, x, gradient=lambda _: off)

    assert (right.verdict, wrong.verdict) == ("right", "wrong")
    assert right.verdicts[0].bar <= 1e-40 * abs(right.verdicts[0].true)


@given(st.sampled_from(AT_AN_EDGE))
@settings(max_examples=25)
def test_rows_are_right_at_the_edges_of_floats(where: tuple[str, float]) -> None:
    row, x = ROWS[where[0]], where[1]
    true = truth(row, x)
    assume(mpmath.isfinite(true))

    report = check_gradient(row, x)

    # log10(1.7e308) has a subnormal slope, for which its rule is too short of digits.
    assert report.verdict == "right" or report.verdicts[0].is_within_rounding, report
    assert is_told_apart(row, x, true, 1)


@given(st.sampled_from(AT_AN_EDGE))
@settings(max_examples=4)
def test_second_derivatives_of_rows_at_the_edges_of_floats(where: tuple[str, float]) -> None:
    row, x = ROWS[where[0]], where[1]
    assume(1e-200 < abs(x) < 1e100)
    true = truth(row, x, 2)
    assume(mpmath.isfinite(true))

    report = check_gradient(row, x, order=2)

    assert report.verdict in ("right", "unstable"), report
    assert is_told_apart(row, x, true, 2)


@given(st.sampled_from(FUNCTIONS), st.sampled_from(FUNCTIONS), st.sampled_from(SIZES))
@settings(max_examples=15)
def test_functions_of_functions_at_the_edges_of_floats(outer: Any, inner: Any, x: float) -> None:
    def function(x: Any) -> Any:
        return outer(inner(x))

    assume(math.isfinite(check_gradient(function, x).verdicts[0].gave))
    try:
        true = truth(function, x)
    except REFUSALS:
        true = mpmath.nan
    assume(mpmath.isfinite(true))

    report = check_gradient(function, x)

    assert report.verdict in ("right", "unstable"), report
    assert is_told_apart(function, x, true, 1)


def test_sum_that_hides_its_slope_is_looked_at_with_more_digits() -> None:
    report = check_gradient(lambda x: 1e-300 * x + 1, 1e16)

    assert report.verdict == "right"
    assert report["x"].true == 1e-300


def test_bend_that_is_sharper_than_the_first_steps_is_no_kink() -> None:
    found = slope(tg.hypot, [0.0, 1e-100], 0)

    assert (found.is_kink, float(found.value)) == (False, 0.0)


def test_stairs_narrower_than_the_first_steps_are_flat() -> None:
    right = check_gradient(tg.floor_divide, 5.9e28, -3e-268)
    slanted = check_gradient(tg.floor_divide, 5.9e28, 3e-268, gradient=lambda _, y: (1 / y, 0.0))

    assert (right.verdict, slanted.verdict) == ("right", "wrong")


@pytest.mark.parametrize(
    ("row", "at"), [(tg.hypot, (5e-324, 5e-324)), (tg.pow, (5e-324, 1.0 - 1e-10))]
)
def test_rule_that_is_right_is_not_blamed_for_subnormal_numbers(row: Any, at: Any) -> None:
    report = check_gradient(row, *at)

    assert report.verdict in ("right", "unstable"), report
    assert report.findings == ()


def test_wrong_rule_is_blamed_for_subnormal_numbers() -> None:
    flat = tg.register(
        "edges_flat", "edges_flat({}, {})", math.hypot, lambda z, x, y: (2 * x / z, y / z)
    )
    tg.check.define(flat, lambda x, y: mpmath.sqrt(x * x + y * y))

    report = check_gradient(flat, 5e-324, 5e-324)

    assert report.verdict == "wrong"
    assert report.findings[0].operation is flat


def test_subnormal_slope_is_right_or_said_to_have_few_digits() -> None:
    # As the table had it once: x * log(10) is infinite there, and the slope 0, not 2.6e-309.
    short = tg.register(
        "edges_log10", "edges_log10({})", math.log10, lambda _, x: (1 / (x * math.log(10.0)),)
    )
    tg.check.define(short, mpmath.log10)

    few = check_gradient(short, 1.7e308)
    off = check_gradient(tg.log10, 1.7e308, gradient=lambda x: 1.001 / x / tg.log(10.0))

    assert (few.verdict, bool(few)) == ("unstable", True)
    assert "few digits" in few.verdicts[0].why
    assert (off.verdict, bool(off)) == ("wrong", False)


# Without mpmath ----------------------------------------------------------------------------


AMONG_FLOATS: list[tuple[Callable[[Any], Any], float]] = [
    *((tg.sin, x) for x in (1e8, 1e17, 1e60, 1e249)),
    (lambda x: tg.sin(1e10 * x), 1.0),
    (tg.sqrt, 1e-310),
    (tg.log, 1e-310),
    (lambda x: 1 / x, 1e-310),
    (lambda x: tg.exp(x) * 1e300, -744.0),
    (lambda x: tg.relu(x - 1), 1.0 + 1e-10),
    (lambda x: x + 1, 1.7e308),
]


@pytest.mark.parametrize(("function", "x"), AMONG_FLOATS)
def test_floats_that_cannot_tell_say_so(
    function: Any, x: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mpmath", None)

    assert check_gradient(function, x).verdict in ("right", "unstable")


@pytest.mark.parametrize(
    ("function", "x"), [(tg.relu, 0.0), (lambda x: tg.relu(x - 1), 1.0), (tg.sqrt, 0.0)]
)
def test_kinks_are_kinks_among_floats(
    function: Any, x: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mpmath", None)

    assert check_gradient(function, x).verdict == "kink"


def test_a_gradient_that_refuses_its_neighbourhood_is_judged_where_it_answers() -> None:
    def only_there(x: float) -> float:
        if type(x) is not float or x != 0.5:
            raise ValueError("no gradient here")
        return math.cos(0.5) * (1 + 1e-6)

    assert check_gradient(lambda x: tg.sin(x), 0.5, gradient=only_there).verdict == "wrong"
