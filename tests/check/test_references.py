"""Where the truth is from: each way to it, and what happens where it is not to be had."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tinygrad_bp as tg
from tinygrad_bp import Value
from tinygrad_bp.basics.optional import mpmath
from tinygrad_bp.check import check_gradient, define
from tinygrad_bp.check.truth.exact import Exact
from tinygrad_bp.check.truth.float_slopes import float_slope
from tinygrad_bp.check.truth.local import slope
from tinygrad_bp.check.truth.slopes import exact_slope, exact_slopes
from tinygrad_bp.check.truth.truths import definition

wrong_tanh = replace(tg.tanh, partials=lambda z, x: (1.0 + z * x,))


def wave(x: Any) -> Any:
    return np.exp(x) * np.sin(x)


def slope_of_wave(x: Any) -> Any:
    return np.exp(x) * (np.sin(x) + np.cos(x))


def black_box(x: float) -> float:
    return math.exp(x) * math.sin(x)


@pytest.fixture
def without_mpmath(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpmath", None)


# Each by name -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["replay", "complex step", "differences"])
def test_every_reference_tells_right_from_wrong(kind: str) -> None:
    right = check_gradient(wave, 2.0, gradient=slope_of_wave, reference=kind)
    wrong = check_gradient(wave, 2.0, gradient=lambda x: slope_of_wave(x) * 1.00001, reference=kind)

    assert (right.verdict, wrong.verdict) == ("right", "wrong")
    assert right["x"].true == pytest.approx(slope_of_wave(2.0), rel=1e-12)


def test_complex_step_is_for_arrays_too() -> None:
    at = np.array([0.5, 1.5])

    report = check_gradient(
        lambda x: np.exp(x).prod(),
        at,
        gradient=lambda x: np.exp(x).prod() * np.ones(2),
        reference="complex step",
    )

    assert report.verdict == "right"


def test_black_box_is_differenced_among_floats() -> None:
    right = check_gradient(black_box, 2.0, gradient=slope_of_wave)
    wrong = check_gradient(black_box, 2.0, gradient=black_box)

    assert right.verdict == "right"
    assert "among floats" in right.reference
    assert wrong.verdict == "wrong"
    assert wrong.findings == ()


@pytest.mark.usefixtures("without_mpmath")
def test_plain_code_gets_the_complex_step_where_there_is_no_mpmath() -> None:
    # NumPy's own numbers do not turn into graph for `float`, so there is none to replay.
    report = check_gradient(wave, 2.0, gradient=slope_of_wave)

    assert report.verdict == "right"
    assert "imaginary" in report.reference


@pytest.mark.usefixtures("without_mpmath")
@pytest.mark.parametrize("function", [lambda x: abs(x) * x, lambda x: np.abs(x) * x])
def test_what_is_not_analytic_is_not_stepped_through_the_complex(function: Any) -> None:
    report = check_gradient(function, -1.5, gradient=tg.grad(function))

    assert report.verdict == "right"
    assert "among floats" in report.reference


def test_replay_needs_a_graph() -> None:
    with pytest.raises(ValueError, match=r"no reference 'replay' here: .* no graph"):
        check_gradient(black_box, 2.0, gradient=slope_of_wave, reference="replay")


# Without mpmath ----------------------------------------------------------------------------


@pytest.mark.usefixtures("without_mpmath")
def test_engine_is_checked_without_mpmath() -> None:
    right = check_gradient(lambda x: tg.exp(x) * tg.sin(x), 2.0)
    wrong = check_gradient(lambda x: wrong_tanh(2 * x), 0.4)
    kink = check_gradient(tg.relu, 0.0)

    assert (right.verdict, wrong.verdict, kink.verdict) == ("right", "wrong", "kink")
    assert wrong.findings[0].operation.name == "tanh"
    assert wrong.findings[0].true == pytest.approx(1 - math.tanh(0.8) ** 2, rel=1e-10)


@pytest.mark.usefixtures("without_mpmath")
def test_slope_of_zero_is_right_among_floats() -> None:
    assert check_gradient(tg.cos, 0.0).verdict == "right"


@pytest.mark.usefixtures("without_mpmath")
@pytest.mark.parametrize("order", [2, 3])
def test_higher_orders_are_differences_of_lower_ones_without_mpmath(order: int) -> None:
    report = check_gradient(lambda x, y: tg.exp(x * y), 0.5, 2.0, order=order)

    assert report.verdict == "right"
    assert "one order less" in report.reference


@pytest.mark.usefixtures("without_mpmath")
def test_replay_says_what_to_install() -> None:
    with pytest.raises(ImportError, match=r"pip install 'tinygrad_bp\[check\]'"):
        check_gradient(tg.exp, 1.0, reference="replay")


UNDERFLOW: list[tuple[Any, float]] = [
    (lambda x: x * tg.sin(x), 2.018e-216),
    (lambda x: x * x, 1e-200),
    (lambda x: 1e200 * (x * x), 1e-200),
    (lambda x: x * x * x, 1e-120),
    (lambda x: x * x, 5e-324),
]


@pytest.mark.usefixtures("without_mpmath")
@pytest.mark.parametrize(("function", "x"), UNDERFLOW)
@pytest.mark.parametrize("factor", [0.0, 1.0, 3.0])
def test_where_products_underflow_floats_cannot_tell(
    function: Any, x: float, factor: float
) -> None:
    report = check_gradient(function, x, gradient=lambda x: factor * tg.grad(function)(x))

    assert (report.verdict, check_gradient(function, x).verdict) == ("unstable", "unstable")


@pytest.mark.usefixtures("without_mpmath")
@pytest.mark.parametrize("x", [1e-70, 1e-150])
def test_where_they_do_not_floats_can_tell(x: float) -> None:
    wrong = check_gradient(lambda x: x * x, x, gradient=lambda x: 3 * x)
    right = check_gradient(lambda x: x * x, x)

    assert (wrong.verdict, right.verdict) == ("wrong", "right")


@pytest.mark.usefixtures("without_mpmath")
def test_subnormal_input_has_a_slope_without_mpmath() -> None:
    assert check_gradient(tg.sin, 1e-310).verdict == "right"
    assert check_gradient(tg.relu, -1.0).verdict == "right"


@pytest.mark.usefixtures("without_mpmath")
def test_higher_order_of_a_black_box_is_refused_without_mpmath() -> None:
    with pytest.raises(ValueError, match="order 2 takes mpmath"):
        check_gradient(black_box, 2.0, gradient=black_box, order=2)


@pytest.mark.usefixtures("without_mpmath")
def test_right_formula_that_cancels_is_unstable_without_mpmath() -> None:
    def gradient(x: Any) -> Any:  # of cosh, the long way round
        return (1.0 + 1e7 * np.sinh(x) - 1.0) / 1e7 + (1e9 + np.sinh(x) * 1e-6 - 1e9)

    report = check_gradient(lambda x: np.cosh(x) * (1 + 1e-6), 1.0, gradient=gradient)

    assert report.verdict in ("unstable", "right")


# Higher orders -----------------------------------------------------------------------------------


def test_second_derivatives_by_hand_have_the_structure_of_a_hessian() -> None:
    def function(x: Any, w: Any) -> Any:
        return (x * x).sum() * w

    def hessian(x: Any, w: Any) -> Any:
        return ((2 * w * np.eye(2), 2 * x), (2 * x, 0.0))

    right = check_gradient(function, np.array([1.0, 2.0]), 3.0, gradient=hessian, order=2)
    wrong = check_gradient(
        function,
        np.array([1.0, 2.0]),
        3.0,
        gradient=lambda x, w: ((w * np.eye(2), 2 * x), (2 * x, 0.0)),
        order=2,
    )

    assert right.verdict == "right", right
    assert [one.name for one in wrong.verdicts if one.verdict == "wrong"] == [
        "x[0], x[0]",
        "x[1], x[1]",
    ]
    assert wrong.findings == ()


def test_second_derivative_of_plain_code_by_differences_of_differences() -> None:
    report = check_gradient(
        wave, 0.7, gradient=lambda x: 2 * np.exp(x) * np.cos(x), order=2, reference="differences"
    )

    assert report.verdict == "right"
    assert "differences of differences" in report.reference


def test_there_is_no_second_derivative_at_a_kink() -> None:
    report = check_gradient(lambda x, y: tg.relu(x) * y, 0.0, 2.0, order=2)

    assert [one.verdict for one in report.verdicts] == ["kink", "kink", "kink", "right"]


# Operations of one's own -------------------------------------------------------------------------


def test_own_operation_without_a_definition_is_differenced() -> None:
    half = tg.register(
        "refs_half",
        "refs_half({})",
        math.sqrt,
        lambda z, _: (0.5 / z,),
        (0.0, math.inf),
    )

    right = check_gradient(lambda x: 3 * half(x) + x, 2.0)
    second = check_gradient(lambda x: 3 * half(x) + x, 2.0, order=2)

    assert (right.verdict, second.verdict) == ("right", "right")
    assert 1e-40 < right["x"].bar < 1e-9


def test_definition_makes_it_exact() -> None:
    cube = tg.register("refs_cube", "refs_cube({})", lambda x: x**3, lambda _, x: (3 * x * x,))
    define(cube, lambda x: x**3)

    report = check_gradient(lambda x: cube(x) * x, 2.0)

    assert report.verdict == "right"
    assert report["x"].bar < 1e-40


def test_own_operation_that_is_wrong_as_graph_alone_is_named() -> None:
    square = tg.register(
        "refs_square",
        "refs_square({}, {})",
        lambda x, y: x * x * y,
        lambda _, x, y: (2 * (x.data if isinstance(x, Value) else x) * y, x * x),
    )

    report = check_gradient(lambda x: square(x, x), 2.0, order=2)

    assert report.verdict == "wrong"
    assert all(one.operation.name == "refs_square" for one in report.findings)
    assert "second derivative" in str(report.findings[0])


def test_third_derivative_of_an_own_operation_is_looked_at() -> None:
    fourth = tg.register(
        "refs_fourth",
        "refs_fourth({})",
        lambda x: x**4,
        lambda _, x: (refs_third(x),),
    )
    refs_third = tg.register(
        "refs_third",
        "refs_third({})",
        lambda x: 4 * x**3,
        lambda _, x: (12 * x * (x.data if isinstance(x, Value) else x),),
    )

    report = check_gradient(lambda x: fourth(x) + 0 * refs_third(x), 1.5, order=3)

    assert report.verdict == "wrong"
    assert report.findings


def test_operation_that_nobody_defined_says_so() -> None:
    unknown = tg.register("refs_unknown", "refs_unknown({})", lambda x: x, lambda *_: (1.0,))

    with pytest.raises(LookupError, match=r"refs_unknown\(x\)> has no definition"):
        definition(unknown)


# Numbers of many digits ------------------------------------------------------------------------


def test_exact_numbers_take_the_branch_that_they_should() -> None:
    with mpmath().workdps(40):
        tiny = Exact(1) + 1e-30

        assert tiny > 1
        assert tiny >= 1
        assert not tiny < 1
        assert not tiny <= 1
        assert tiny
        assert tiny.data is tiny
        assert np.isfinite(tiny)
        assert "1.000000000000000000000000000001" in repr(tiny)


def test_exact_numbers_meet_arrays_and_values() -> None:
    with mpmath().workdps(40):
        array = Exact(2) * np.array([1.0, 3.0])
        value = Value(3.0) * Exact(2)

    assert [float(x.number) for x in array] == [2.0, 6.0]
    assert float(value.number) == 6.0


def test_exact_numbers_are_nan_where_there_is_no_real_one() -> None:
    with mpmath().workdps(40):
        assert mpmath().isnan(tg.sqrt(Exact(-1)).number)
        assert mpmath().isnan(tg.log(Exact(0) * 0 - 1).number)
        assert mpmath().isnan((Exact(1) / Exact(0)).number)
        assert float(tg.floor_divide(Exact(7), Exact(2)).number) == 3.0


# Slopes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "left", "right"),
    [
        (lambda t: t**3, 0.0, 0.0),
        (lambda t: t / 10**40 + t * t, 1e-40, 1e-40),
        (lambda t: mpmath().sign(t) * mpmath().root(abs(t), 3), math.inf, math.inf),
        (lambda t: abs(t) ** mpmath().mpf(1.5), 0.0, 0.0),
        (lambda t: mpmath().mpf(t > 0), 0.0, math.inf),
        (lambda t: 1 + mpmath().exp(t - 500), 0.0, 0.0),
        (lambda t: mpmath().hypot(t, mpmath().mpf("1e-9")), 0.0, 0.0),
    ],
)
def test_exact_slope_on_either_side(function: Any, left: float, right: float) -> None:
    with mpmath().workdps(440):
        slope = exact_slope(function, 1)

    assert float(slope.left) == pytest.approx(left, abs=1e-60)
    assert float(slope.right) == pytest.approx(right, abs=1e-60)
    assert slope.is_kink == (left != right)


@pytest.mark.parametrize(
    ("function", "at", "true"),
    [
        (math.exp, 1.0, math.e),
        (lambda x: math.sin(1000 * x), 1.0, 1000 * math.cos(1000)),
        (math.tanh, 15.0, 4 * math.exp(-30)),
        (lambda x: math.log(x) if x > 0 else math.nan, 1e-5, 1e5),
        (lambda x: math.sin(50 * x) + 1e6, 1.0, 50 * math.cos(50)),
        (lambda x: max(x - 0.3, 0.0), 0.3001, 1.0),
    ],
)
def test_float_slope_is_as_good_as_it_says(function: Any, at: float, true: float) -> None:
    slope = float_slope(lambda t: function(at + t), at)

    assert abs(slope.value - true) <= slope.bar


def test_slopes_of_several_numbers_are_taken_each_by_itself() -> None:
    with mpmath().workdps(110):
        straight, bent = exact_slopes(lambda t: [3 * t, abs(t) ** mpmath().mpf(1.5)], 1)

    assert (float(straight.value), float(bent.value)) == (3.0, 0.0)


def test_float_slope_sees_a_slope_that_grows_for_ever() -> None:
    slope = float_slope(lambda t: math.sqrt(t) if t >= 0 else math.nan, 1.0)

    assert slope.is_kink
    assert (math.isnan(slope.left), slope.right) == (True, math.inf)


# Corners --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("without_mpmath")
def test_wrong_gradient_of_a_black_box_is_wrong_without_mpmath() -> None:
    assert check_gradient(black_box, 2.0, gradient=black_box).verdict == "wrong"


@pytest.mark.usefixtures("without_mpmath")
def test_function_that_gives_no_complex_number_is_differenced() -> None:
    report = check_gradient(lambda x: 2.0 * np.real(x), 2.0, gradient=lambda x: 2.0 + 0 * x)

    assert report.verdict == "right"
    assert "among floats" in report.reference


def test_own_operation_may_end_here() -> None:
    root = tg.register("refs_root", "refs_root({})", math.sqrt, lambda z, _: (0.5 / z,))

    report = check_gradient(lambda x: root(x) * (x + 1), 0.0)

    assert report.verdict == "kink"


def test_third_derivative_of_an_unknown_operation_is_differenced() -> None:
    fifth = tg.register("refs_fifth", "refs_fifth({})", lambda x: x**5, lambda _, x: (5 * x**4,))

    found = slope(fifth, [1.0], 0, 0, 0)

    assert found.value == pytest.approx(60.0, rel=1e-6)
