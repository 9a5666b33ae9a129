"""What `check_gradient` says of gradients whose rightness is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_bp as tg
import tinygrad_bp.check
import tinygrad_bp.rows.primitives
from demos.reference import document_000, document_001
from tinygrad_bp import Value
from tinygrad_bp.check import assert_gradients_agree, check_gradient
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.rows.primitive import BY_NAME

wrong_sigmoid = replace(tg.sigmoid, partials=lambda z, x: (z * (1.0 + x),))

# Right --------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(expressions())
def test_engine_is_right_on_random_programs(program: Expression) -> None:
    report = check_gradient(program, *program.inputs)

    # Not always "right": of terms that cancel nothing is left but rounding.
    assert report, report


@settings(max_examples=10)
@given(expressions(max_inputs=2, max_steps=4))
def test_engine_is_right_in_second_derivatives(program: Expression) -> None:
    report = check_gradient(program, *program.inputs, order=2)

    assert report.verdict == "right", report


def test_third_derivative_is_right() -> None:
    report = check_gradient(lambda x, y: tg.sin(x * y), 0.3, 2.0, order=3)

    assert report.verdict == "right"
    assert len(report.verdicts) == 8
    assert report["x, x, x"].gave == pytest.approx(-8.0 * math.cos(0.6))


def test_document_000_passes() -> None:
    start = document_000.start(np.random.default_rng(0))

    report = check_gradient(document_000.loss, start, gradient=document_000.gradient)

    assert report.verdict == "right"
    assert max(one.ulps for one in report.verdicts) < 20


def test_document_001_passes() -> None:
    parameters = np.random.default_rng(9).standard_normal(9)
    inputs, label = document_001.INPUTS[1], 0.0

    report = check_gradient(
        lambda p: (label - document_001.activations(p, inputs)[2]) ** 2,
        parameters,
        gradient=lambda p: document_001.gradient(p, inputs, label),
    )

    assert report.verdict == "right"


@pytest.mark.parametrize(
    ("function", "at"),
    [(tg.log_sigmoid, 500.0), (tg.softplus, -700.0)],
)
def test_what_takes_hundreds_of_digits_is_right(function: Any, at: float) -> None:
    assert check_gradient(function, at).verdict == "right"


def test_root_of_a_derivative_passes_though_floats_cannot_tell() -> None:
    # The slope is the sum of 0.2 and -0.2; what is left of it is rounding.
    report = check_gradient(tg.gelu, -0.7517915246935645)

    assert report.verdict == "unstable"
    assert "as near as terms allow" in str(report)
    assert report


def test_slope_that_is_infinite_is_right() -> None:
    report = check_gradient(tg.cbrt, 0.0)

    assert report.verdict == "right"
    assert report.verdicts[0].gave == math.inf


def test_structures_are_gone_through_number_by_number() -> None:
    def energy(body: Any, scale: Any) -> Any:
        return scale * body["mass"] * tg.sum([v * v for v in body["velocity"]])

    report = check_gradient(energy, {"mass": 2.0, "velocity": [3.0, 4.0]}, 0.5)

    names = [one.name for one in report.verdicts]
    assert names == ["body['mass']", "body['velocity'][0]", "body['velocity'][1]", "scale"]
    assert report.verdict == "right"


# Wrong --------------------------------------------------------------------------------------


def test_wrong_rule_is_named_with_its_line() -> None:
    def network(w: Any) -> Any:
        return wrong_sigmoid(w[0] * 2 + w[1]) * w[2]

    report = check_gradient(network, [0.5, 0.1, 2.0])

    assert [one.verdict for one in report.verdicts] == ["wrong", "wrong", "right"]
    (culprit,) = report.findings
    assert culprit.operation.name == "sigmoid"
    assert culprit.operands == (1.1,)
    assert culprit.by == (0,)
    assert culprit.true == pytest.approx(tg.sigmoid(1.1) * tg.sigmoid(-1.1))
    assert "return wrong_sigmoid(w[0] * 2 + w[1]) * w[2]" in culprit.where
    assert str(culprit) in str(report)


def test_rule_that_is_wrong_as_graph_alone_is_named() -> None:
    half_right = replace(
        tg.sin, partials=lambda _, x: (x.cos().data if isinstance(x, Value) else math.cos(x),)
    )

    assert check_gradient(lambda x: half_right(x), 1.0).verdict == "right"
    report = check_gradient(lambda x: half_right(x), 1.0, order=2)

    assert report.verdict == "wrong"
    assert report.findings[0].by == (0, 0)


def test_number_that_is_read_is_noticed() -> None:
    report = check_gradient(lambda x: x.data * x, 3.0)

    assert report.verdict == "wrong"
    assert (report["x"].gave, report["x"].true) == (3.0, 6.0)
    assert "does it read .data" in report["x"].why


def test_number_that_is_read_is_noticed_in_second_derivatives() -> None:
    report = check_gradient(lambda x: x.data * x, 3.0, order=2)

    assert report.verdict == "wrong"
    assert report["x, x"].gave == 0.0
    assert report["x, x"].true == 2.0


def test_wrong_by_a_millionth_is_wrong() -> None:
    slightly = replace(tg.exp, partials=lambda z, _: (z * (1 + 1e-6),))

    assert check_gradient(lambda x: slightly(x), 1.0).verdict == "wrong"


# Kinks --------------------------------------------------------------------------------------

KINKS: list[tuple[Callable[..., Any], float, float, float, bool]] = [
    (tg.relu, 0.0, 0.0, 1.0, True),
    (abs, 0.0, -1.0, 1.0, True),
    (lambda x: x if x > 0 else 2 * x, 0.0, 2.0, 1.0, True),
    (lambda x: tg.relu(x) - tg.relu(-x) + abs(x), 0.0, 0.0, 2.0, True),
    (lambda x: 5 * x if x == 0 or x < 0 else 7 * x, 0.0, 5.0, 7.0, True),
    (lambda x: abs((x + 0.2) - 0.30000000000000004), 0.1, -1.0, 1.0, True),
    (tg.sqrt, 0.0, math.nan, math.inf, True),
    (lambda x: x**1.5, 0.0, math.nan, 0.0, True),
    (lambda x: tg.sqrt(x) ** 2, 0.0, math.nan, 1.0, False),
]


@pytest.mark.parametrize(("function", "at", "left", "right", "between"), KINKS)
def test_kink_has_its_slopes(
    function: Any, at: float, left: float, right: float, between: bool
) -> None:
    report = check_gradient(function, at)

    (one,) = report.verdicts
    assert one.verdict == "kink", report
    assert one.left == pytest.approx(left, nan_ok=True)
    assert one.right == pytest.approx(right, nan_ok=True)
    assert one.lies_between == bool(report) == between


def test_kinks_of_operations_that_cancel_are_no_kink() -> None:
    # The function is x, whose slope is 1; at 0 the engine adds up 0 and 0.
    report = check_gradient(lambda x: tg.relu(x) - tg.relu(-x), 0.0)

    assert report.verdict == "wrong"
    assert report["x"].true == 1.0


# Unstable -----------------------------------------------------------------------------------


def test_cancellation_is_unstable() -> None:
    report = check_gradient(lambda x: (1 - tg.cos(x)) / (x * x), 1e-8)

    assert report.verdict == "unstable"
    assert not report
    assert report["x"].true == pytest.approx(-1e-8 / 12)


def test_function_that_is_not_finite_has_nothing_to_compare() -> None:
    report = check_gradient(tg.log, 0.0)

    assert report.verdict == "unstable"
    assert "the function is -inf here" in str(report)


# The assertion ------------------------------------------------------------------------------


def test_assertion_passes_what_is_right() -> None:
    assert_gradients_agree(lambda x, y: x * y, 2.0, 3.0)


def test_assertion_reads_as_the_verdict() -> None:
    def cube(x: Any) -> Any:
        return x**3

    report = check_gradient(cube, 2.0, gradient=lambda x: 3 * x)

    with pytest.raises(AssertionError) as failure:
        assert_gradients_agree(cube, 2.0, gradient=lambda x: 3 * x)
    assert str(failure.value) == str(report)


# What is asked wrongly ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"order": 4}, "expected 1, 2 or 3 as order, got 4"),
        ({"reference": "guess"}, "expected one of replay, complex step, differences"),
        ({"tolerance": -1.0}, "expected a tolerance between 0 and 1, got -1.0"),
        ({"reference": "complex step"}, "does not run on complex numbers"),
        ({"reference": "complex step", "order": 2}, "first derivatives alone"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        check_gradient(tg.exp, 1.0, **settings)


def test_inputs_are_needed() -> None:
    with pytest.raises(ValueError, match="got none"):
        check_gradient(lambda: 1.0)


def test_inputs_are_numbers_and_no_values() -> None:
    with pytest.raises(TypeError, match=r"numbers as inputs, got Value.*: pass its \.data"):
        check_gradient(tg.exp, Value(1.0))
    with pytest.raises(TypeError, match="expected numbers as inputs"):
        check_gradient(tg.sum, [1.0, Value(1.0)])


def test_a_gradient_that_is_a_number_is_refused() -> None:
    with pytest.raises(TypeError, match=r"a function of the inputs as gradient, got 0\.0"):
        check_gradient(tg.exp, 1.0, gradient=0.0)


def test_what_the_function_raises_comes_out() -> None:
    def broken(x: Any) -> Any:
        raise KeyError("weights")

    with pytest.raises(KeyError, match="weights"):
        check_gradient(broken, 1.0)
    with pytest.raises(KeyError, match="weights"):
        check_gradient(broken, 1.0, gradient=lambda x: x)


def test_several_outputs_are_refused() -> None:
    with pytest.raises(TypeError, match="gives one number"):
        check_gradient(lambda x: [x, x], 1.0)


def test_gradient_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="must have the structure of the inputs"):
        check_gradient(lambda x: (x * x).sum(), np.ones(3), gradient=lambda _: np.ones(4))


def test_package_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'prove'"):
        tg.check.prove  # noqa: B018  # it is the asking that fails


def test_name_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError, match="there are x"):
        check_gradient(lambda x: x, 1.0)["y"]


# Corners --------------------------------------------------------------------------------------


def test_function_of_values_alone_may_have_a_gradient_by_hand() -> None:
    report = check_gradient(lambda x: x.relu() * x, 2.0, gradient=lambda x: 2 * x)

    assert report.verdict == "right"


def test_gradient_of_one_argument_may_come_in_a_tuple() -> None:
    assert check_gradient(lambda x: x * x, 2.0, gradient=lambda x: (2 * x,)).verdict == "right"


def test_slope_that_vanishes_is_no_kink() -> None:
    def share(x: Any) -> Any:
        same = tg.atan(16 * x)
        return tg.softmax([same, same])[0]

    report = check_gradient(share, 0.53125)

    assert report.verdict == "right"
    assert report["x"].gave == 0.0


def test_kink_that_rounding_moved_farther_is_still_seen() -> None:
    # 0.1 + 1000 is rounded by a hundred units in the last place of 0.1.
    report = check_gradient(lambda x: abs((x + 1000.0) - 1000.1), 0.1)

    assert report.verdict == "kink"
    assert (report["x"].left, report["x"].right) == (-1.0, 1.0)


def test_point_without_neighbours_has_no_slope() -> None:
    report = check_gradient(lambda x: tg.sqrt(-x * x) + x, 0.0)

    assert report.verdict == "unstable"
    assert "no slope on either side" in report["x"].why
    assert not report["x"].lies_between


def test_function_may_refuse_points_nearby() -> None:
    def root(x: Any) -> Any:
        if x < 0:
            raise ValueError("of a negative number")
        return x * 3

    exact = check_gradient(root, 0.0)
    among_floats = check_gradient(lambda x: math.sqrt(x) * x, 0.0, gradient=lambda x: 1.5 * x)

    assert (exact.verdict, exact["x"].right) == ("kink", 3.0)
    assert among_floats.verdict == "kink"


def test_many_inputs_are_counted_where_the_screen_is_full() -> None:
    report = check_gradient(lambda x: (x * x).sum(), np.arange(1.0, 16.0))

    assert "and 3 right" in str(report)


def test_wrong_rules_of_wide_operations_are_named_briefly() -> None:
    wide = replace(BY_NAME["sum"], partials=lambda z, *xs: (1.0, z, *[1.0] * (len(xs) - 2)))

    report = check_gradient(lambda x: wide(*x), [0.1, 0.2, 0.3, 0.4, 0.5])

    assert "sum(x0, x1, x2, x3, x4) at 5 operands" in str(report)
    assert report.findings[0].by == (1,)


def test_missing_gradient_is_said_to_be_none() -> None:
    cut = replace(tg.exp, partials=lambda *_: (None,))

    report = check_gradient(lambda x: cut(x) + x, 1.0)

    assert "its rule gives no gradient as derivative by x" in str(report)


def test_wrong_rule_far_out_is_named() -> None:
    # There the slope is the 78th digit of the value.
    wrong_tanh = replace(tg.tanh, partials=lambda _, x: (1.1 * tg.tanh.partials(0.0, x)[0],))

    report = check_gradient(lambda x: wrong_tanh(x), 90.0)

    assert report.verdict == "wrong"
    assert report.findings[0].operation.name == "tanh"


def test_sign_of_a_rule_is_said_to_be_wrong() -> None:
    negative = replace(tg.exp, partials=lambda z, _: (-z,))

    assert ": the sign is wrong" in str(check_gradient(lambda x: negative(x), 1.0))


def test_rules_at_numbers_that_are_not_finite_are_not_judged() -> None:
    report = check_gradient(lambda x: 1 / tg.exp(x) + wrong_sigmoid(x / 800), 800.0)

    assert [one.operation.name for one in report.findings] == ["sigmoid"]


def test_infinite_slope_of_one_operation_is_compared_as_it_is() -> None:
    report = check_gradient(lambda x: tg.cbrt(x) * 0.0 + wrong_sigmoid(x), 0.0)

    assert [one.operation.name for one in report.findings] == ["sigmoid"]


def test_wrong_rule_beside_a_kink_is_named() -> None:
    wrong = replace(tg.maximum, partials=lambda *_: (1.0, 1e-9))

    report = check_gradient(lambda x, y: wrong(x, y) + x, 1.0, 1.0 + 2.0**-20)

    assert report.findings[0].operation.name == "maximum"


def test_cancellation_with_an_operation_that_nobody_defined_is_unstable() -> None:
    same = tg.register("checker_same", "checker_same({})", lambda x: x, lambda *_: (1.0,))

    report = check_gradient(lambda x: same(1 - tg.cos(x)) / (x * x), 1e-8)

    assert report.verdict == "unstable"


def test_a_number_in_place_of_the_function_is_refused():
    with pytest.raises(TypeError, match=r"expected a function, .* got 3.0 where the function"):
        check_gradient(3.0)
