"""Mistakes in derivations, each made on purpose, and when none is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_bp as tg
from tests.check.derivations import logistic, network, regression, square_network
from tinygrad_bp.check import check_gradient

RNG = np.random.default_rng(3)
MADE = [*square_network(RNG), *network(RNG), *regression(RNG), *logistic(RNG)]


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.kind)
def test_planted_mistake_is_named(made: Any) -> None:
    report = check_gradient(made.function, *made.inputs, gradient=made.gradient)

    assert report.verdict == "wrong"
    assert {mistake.kinds for mistake in report.findings} == {(made.kind,)}


def kinds(function: Any, *inputs: Any, gradient: Any) -> list[tuple[str, ...]]:
    report = check_gradient(function, *inputs, gradient=gradient)
    assert report.verdict == "wrong", report
    return [mistake.kinds for mistake in report.findings]


def test_sign_and_factor_of_one_are_both_named() -> None:
    assert kinds(lambda x: x**3, 2.0, gradient=lambda x: -6 * x**2) == [("sign", "constant factor")]


def test_missing_factor_and_constant_factor_of_one_are_both_named() -> None:
    found = kinds(lambda x: tg.sigmoid(2 * x), 0.4, gradient=lambda _: 6.0)

    assert found == [("missing factor", "constant factor")]


def test_two_mistakes_in_a_sigmoid_and_its_error_are_both_named() -> None:
    x, y = np.array([[0.5, 1.0], [-1.0, 0.3], [0.2, 0.7]]), np.array([1.0, 0.0, 1.0])

    def loss(w: Any) -> Any:
        return ((tg.sigmoid(x @ w) - y) ** 2).sum()

    def gradient(w: Any) -> Any:
        z = x @ w
        return x.T @ (loss(w) * z * (1 - z))

    (found,) = kinds(loss, np.array([0.3, -0.4]), gradient=gradient)

    assert sorted(found) == ["another quantity", "wrong argument"]


def test_labels_that_broadcast_are_noticed() -> None:
    x, y = np.array([[0.5, 1.0], [-1.0, 0.3], [0.2, 0.7]]), np.array([[1.0], [0.0], [2.5]])

    def loss(w: Any) -> Any:
        return ((tg.tanh(x @ w) - y) ** 2).mean()

    def gradient(w: Any) -> Any:
        p = np.tanh(x @ w)
        table = p - y[:, 0]  # (3, 1) less (3,)
        return x.T @ (2 * table.mean(axis=1, keepdims=True) / 3 * (1 - p * p))

    (found,) = kinds(loss, np.array([[0.3], [-0.4]]), gradient=gradient)

    assert found == ("wrong axis",)


def test_error_that_is_averaged_too_early_is_noticed() -> None:
    x, y = np.array([[0.5, 1.0], [-1.0, 0.3], [0.2, 0.7]]), np.array([1.0, 0.0, 2.5])

    def loss(w: Any) -> Any:
        return ((x @ w - y) ** 2).sum()

    def gradient(w: Any) -> Any:
        return x.T @ np.full(3, (2 * (x @ w - y)).mean())

    (found,) = kinds(loss, np.array([0.3, -0.4]), gradient=gradient)

    assert found == ("wrong axis",)


def test_each_number_of_a_block_may_have_its_own_mistake() -> None:
    def function(p: Any) -> Any:
        return np.sin(p[0] * p[0]) + np.exp(p[1]) * p[1]

    def gradient(p: Any) -> Any:
        return np.array([np.cos(p[0] * p[0]), np.exp(p[1])])

    found = kinds(function, np.array([0.6, 0.8]), gradient=gradient)

    assert found == [("missing factor",), ("missing term",)]


def test_matrix_that_is_the_other_way_round_is_noticed_in_its_shape() -> None:
    x = np.array([[0.5, 1.0, 2.0], [-1.0, 0.3, 0.1]])

    def function(w: Any) -> Any:
        return (x * w * w).sum()

    found = kinds(function, x + 1.0, gradient=lambda w: (2 * x * w).T.reshape(2, 3))

    assert found == [("transposed",)]


def test_what_is_no_known_mistake_is_wrong_without_a_name() -> None:
    assert kinds(tg.exp, 0.5, gradient=lambda x: np.cos(17 * x) + x) == []


def test_gradient_that_runs_at_this_point_alone_is_not_explained() -> None:
    def gradient(x: float) -> float:
        if x != 2.0:
            raise ValueError("only there")
        return 3.0

    assert kinds(lambda x: x**3, 2.0, gradient=gradient) == []


def test_function_without_a_graph_is_not_explained() -> None:
    assert kinds(lambda x: float(x) ** 3, 2.0, gradient=lambda x: 3 * x) == []


def test_constant_function_has_no_chain() -> None:
    assert kinds(lambda x: 3.0, 2.0, gradient=lambda x: 1.0) == []  # noqa: ARG005


def test_graph_that_is_another_at_every_point_has_no_chain() -> None:
    def function(x: Any) -> Any:
        result = x
        for _ in range(int(abs(getattr(x, "data", x)) * 1e6) % 97):
            result = result + 1.0
        return result * 2

    assert kinds(function, 2.0, gradient=lambda x: 1.5 + x) == []


def test_long_graph_is_not_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygrad_bp.check.mistakes.recorded.TOO_MANY", 5)

    assert kinds(lambda x: np.exp(x * x) + x * x + 1, 0.5, gradient=lambda x: 2 * x) == []


def test_functions_within_functions_are_taken_apart() -> None:
    def nested(x: Any) -> Any:
        for _ in range(10):
            x = np.sin(x)
        return x

    def gradient(x: Any) -> Any:
        slope = 1.0
        for step in range(10):
            slope, x = slope * (np.cos(x) if step != 4 else 1.0), np.sin(x)
        return slope

    assert kinds(nested, 0.5, gradient=gradient) == [("missing factor",)]


def test_input_that_does_not_matter_has_the_gradient_zero() -> None:
    report = check_gradient(lambda x, y: x * x, 3.0, 4.0, gradient=lambda x, y: (x, 0.0))  # noqa: ARG005

    assert [one.verdict for one in report.verdicts] == ["wrong", "right"]
    assert report.findings[0].kinds == ("constant factor",)


def test_function_that_runs_here_alone_has_no_chain() -> None:
    def function(x: Any) -> Any:
        if not 1.9999 < x < 2.0001:
            raise ValueError("only here")
        return x**3

    assert kinds(function, 2.0, gradient=lambda x: 3 * x) == []


def test_search_for_several_mistakes_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygrad_bp.check.mistakes.several.EFFORT", 0)

    assert kinds(tg.sigmoid, 0.5, gradient=lambda x: np.cos(17 * x) + x) == []


def test_part_of_a_block_may_be_explained() -> None:
    def gradient(p: Any) -> Any:
        return np.array([2 * np.exp(p[0]), np.cos(17 * p[1])])

    report = check_gradient(lambda p: np.exp(p).sum(), np.array([0.5, 0.7]), gradient=gradient)

    assert [mistake.inputs for mistake in report.findings] == [("p[0]",)]


def test_large_batches_are_not_turned_for_every_label(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygrad_bp.check.mistakes.suspicion.MOST_WORK", 10)
    made = next(m for m in regression(np.random.default_rng(0)) if m.kind == "missing factor")

    assert kinds(made.function, *made.inputs, gradient=made.gradient) == [("missing factor",)]


def test_difference_of_two_results_has_no_labels() -> None:
    x = np.array([[0.5, 1.0], [-1.0, 0.3], [0.2, 0.7]])

    def function(w: Any) -> Any:
        return np.exp(np.tanh(x @ w) - x @ w).sum()

    def gradient(w: Any) -> Any:
        h = np.tanh(x @ w)
        return x.T @ (np.exp(h - x @ w) * ((1 - (x @ w) ** 2) - 1))

    assert kinds(function, np.array([0.3, -0.4]), gradient=gradient) == [("wrong argument",)]


def test_gradient_that_is_zero_is_a_missing_term() -> None:
    assert kinds(lambda x: x * x + 0 * x, 2.0, gradient=lambda x: 0.0 * x) == [("missing term",)]


def test_gradient_of_the_transposed_shape_is_named() -> None:
    x, w = (
        np.array([[0.5, 1.0], [-1.0, 0.3], [0.2, 0.7]]),
        np.array([[0.3, 1.0, 2.0], [0.4, 0.1, 0.2]]),
    )

    def loss(w: Any, b: Any) -> Any:
        return ((x @ w + b) ** 2).sum()

    def gradient(w: Any, b: Any) -> Any:
        off = 2 * (x @ w + b)
        return off.T @ x, off.sum() / 2

    report = check_gradient(loss, w, 0.5, gradient=gradient)

    by_shape, by_value = report.findings
    assert [one.verdict for one in report.verdicts] == ["wrong"] * 7
    assert (by_shape.inputs, by_shape.kinds) == (("w",), ("transposed",))
    assert (by_value.inputs, by_value.kinds) == (("b",), ("constant factor",))


def test_gradient_of_one_matrix_may_have_the_transposed_shape() -> None:
    w = np.array([[0.3, 1.0, 2.0], [0.4, 0.1, 0.2]])

    assert kinds(lambda w: (w * w).sum(), w, gradient=lambda w: 2 * w.T) == [("transposed",)]


def test_gradient_of_an_array_may_come_as_a_list() -> None:
    report = check_gradient(lambda x: (x * x).sum(), np.ones(2), gradient=lambda x: list(2 * x))

    assert report.verdict == "right"
