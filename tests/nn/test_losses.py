"""Losses against 50 digits, their derivatives, and their edges."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, strategies as st

from tinygrad_bp import Value, constant, gradient, nn
from tinygrad_bp.nn.losses import LOSSES

mp = mpmath.mp.clone() if hasattr(mpmath.mp, "clone") else mpmath.mp
mp.dps = 50


def precise(loss: str) -> Callable[[Any, list[float]], Any]:
    """The loss in 50 digits, or more where the formula needs them, by its definition."""

    def softmax_loss(p: Any, t: list[float]) -> Any:
        largest = max(p)
        whole = mpmath.log(sum(mpmath.exp(x - largest) for x in p)) + largest
        return sum(tk * (whole - x) for x, tk in zip(p, t, strict=True))

    def each(term: Callable[[Any, Any], Any]) -> Callable[[Any, list[float]], Any]:
        return lambda p, t: sum(term(a, b) for a, b in zip(p, t, strict=True))

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + mpmath.exp(-x))

    def nothing_or(t: Any, term: Callable[[], Any]) -> Any:
        return t * term() if t else mpmath.mpf(0)

    def bernoulli(p: Any, t: Any) -> Any:
        return -nothing_or(t, lambda: mpmath.log(p)) - nothing_or(1 - t, lambda: mpmath.log(1 - p))

    return {
        "squared_error": each(lambda p, t: (t - p) ** 2),
        "mse": lambda p, t: each(lambda p, t: (t - p) ** 2)(p, t) / len(p),
        "huber": each(lambda p, t: abs(t - p) - 0.5 if abs(t - p) > 1 else (t - p) ** 2 / 2),
        "hinge": each(lambda p, t: max(1 - t * p, mpmath.mpf(0))),
        "binary_cross_entropy": each(bernoulli),
        "binary_cross_entropy_from_logits": each(lambda x, t: bernoulli(sigmoid(x), t)),
        "cross_entropy": softmax_loss,
    }[loss]


def close(found: float, exact: Any, digits: float = 1e-13) -> bool:
    return bool(abs(mpmath.mpf(found) - exact) <= digits * abs(exact) + mpmath.mpf(10) ** -307)


POINTS = [-1000.0, -40.0, -1.5, -0.3, 0.2, 0.9, 3.0, 40.0, 1000.0]
WITHIN = [1e-100, 1e-20, 0.25, 0.999999]

CASES = [
    (name, [p], [t])
    for name, points, targets in (
        ("squared_error", POINTS, [-1.0, 0.5]),
        ("mse", POINTS, [-1.0, 0.5]),
        ("huber", POINTS, [-1.0, 0.5]),
        ("hinge", POINTS, [-1.0, 1.0]),
        ("binary_cross_entropy", WITHIN, [0.0, 0.25, 1.0]),
        ("binary_cross_entropy_from_logits", POINTS, [0.0, 0.25, 1.0]),
    )
    for p in points
    for t in targets
] + [
    ("cross_entropy", logits, target)
    for logits in (
        [0.5, -0.25],
        [1000.0, -1000.0],
        [0.3, 1.2, -2.0],
        [1000.0, 0.0, -1000.0],
        [-1000.0, -1001.0, -1003.0],
        [40.0, 0.0, 1.0],
    )
    for target in (
        [float(k == 0) for k in range(len(logits))],
        [float(k == 1) for k in range(len(logits))],
        [1 / len(logits)] * len(logits),
    )
]


@pytest.mark.parametrize(("name", "points", "targets"), CASES)
def test_value_and_two_derivatives_are_right_to_13_digits(
    name: str, points: list[float], targets: list[float]
) -> None:
    predictions = [Value(point) for point in points]
    loss = LOSSES[name](predictions, targets)
    exact = precise(name)
    with mpmath.workdps(1000):  # 1 - sigmoid(1000) needs 435 of them
        p, t = list(map(mpmath.mpf, points)), list(map(mpmath.mpf, targets))
        along = [lambda x, k=k: exact([*p[:k], x, *p[k + 1 :]], t) for k in range(len(p))]
        value = exact(p, t)
        slopes = [
            mpmath.diff(f, x, h=mpmath.mpf(10) ** -450) for f, x in zip(along, p, strict=True)
        ]
        bends = [
            mpmath.diff(f, x, 2, h=mpmath.mpf(10) ** -300) for f, x in zip(along, p, strict=True)
        ]

        assert close(loss.data, value)
        first = gradient(loss, predictions, create_graph=True)
        for prediction, slope, exact_slope, exact_bend in zip(
            predictions, first, slopes, bends, strict=True
        ):
            assert close(slope.data, exact_slope)
            if not slope.is_constant:
                assert close(gradient(slope, [prediction])[0], exact_bend, 1e-12)
            else:
                assert abs(exact_bend) < mpmath.mpf(10) ** -100


# Edges --------------------------------------------------------------------------------------

INF = math.inf


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "expected"),
    [
        (nn.binary_cross_entropy, 0.0, 0.0, 0.0),
        (nn.binary_cross_entropy, 1.0, 1.0, 0.0),
        (nn.binary_cross_entropy, 0.0, 1.0, INF),
        (nn.binary_cross_entropy, 1.0, 0.0, INF),
        (nn.binary_cross_entropy, 1.0, 0.5, INF),
        (nn.binary_cross_entropy_from_logits, INF, 1.0, 0.0),
        (nn.binary_cross_entropy_from_logits, -INF, 0.0, 0.0),
        (nn.binary_cross_entropy_from_logits, INF, 0.0, INF),
        (nn.cross_entropy, [0.0, -INF], 0, 0.0),
        (nn.cross_entropy, [0.0, -INF], 1, INF),
        (nn.cross_entropy, [0.0, -INF], [1.0, 0.0], 0.0),
        (nn.hinge, 1.0, 1.0, 0.0),
        (nn.huber, 1.0, 0.0, 0.5),
        (nn.huber, INF, 0.0, INF),
    ],
)
def test_edges(loss: Any, prediction: Any, target: Any, expected: float) -> None:
    values = [Value(p) for p in np.ravel(prediction)]

    assert loss(values, target).data == expected


def test_a_prediction_that_is_right_and_certain_pulls_on_nothing_else() -> None:
    p = Value(1.0)
    nn.binary_cross_entropy(p, 1.0).backward()

    assert p.grad == -1.0


def test_delta_is_where_huber_turns_straight() -> None:
    assert nn.huber(0.0, 2.0, delta=2.0) == 2.0
    assert nn.huber(0.0, 3.0, delta=2.0) == 4.0
    assert nn.huber(0.0, -3.0, delta=2.0) == 4.0


def test_a_known_target_of_0_or_1_leaves_no_trace_in_the_graph() -> None:
    p = Value(0.5)

    assert nn.binary_cross_entropy(p, 1.0).parents[0].parents == (p,)
    assert nn.binary_cross_entropy(p, constant(1.0)).parents[0].parents == (p,)


probabilities = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
LOGITS = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=4)


def assert_same_bits(x: float, y: float) -> None:
    assert np.float64(x).tobytes() == np.float64(y).tobytes()


@given(probabilities, probabilities)
def test_a_target_that_is_an_input_gives_the_same_bits(p: float, t: float) -> None:
    for loss, at in ((nn.binary_cross_entropy, p), (nn.binary_cross_entropy_from_logits, 50 * p)):
        known, unknown = Value(at), Value(at)
        by_known, by_unknown = loss(known, t), loss(unknown, Value(t))
        by_known.backward()
        by_unknown.backward()

        assert_same_bits(by_known.data, by_unknown.data)
        assert_same_bits(known.grad, unknown.grad)


@given(LOGITS, st.data())
def test_one_hot_targets_that_are_inputs_give_the_same_bits(
    logits: list[float], data: st.DataObject
) -> None:
    right = data.draw(st.integers(0, len(logits) - 1))
    one_hot = [float(k == right) for k in range(len(logits))]
    runs = []
    for target in (right, one_hot, [Value(t) for t in one_hot]):
        values = [Value(x) for x in logits]
        loss = nn.cross_entropy(values, target)
        loss.backward()
        runs.append([loss.data, *[value.grad for value in values]])

    for x, y, z in zip(*runs, strict=True):
        assert_same_bits(x, y)
        assert_same_bits(x, z)


@given(st.lists(st.tuples(st.floats(-10, 10), st.floats(-10, 10)), min_size=1, max_size=5))
def test_mse_is_squared_error_over_the_number_of_outputs(
    outputs: list[tuple[float, float]],
) -> None:
    predictions, targets = [p for p, _ in outputs], [t for _, t in outputs]

    assert nn.mse(predictions, targets) == nn.squared_error(predictions, targets) / len(outputs)


def test_losses_take_numbers_values_sequences_and_arrays() -> None:
    for prediction in ([1.0, 2.0], (1.0, 2.0), np.array([1.0, 2.0]), np.array([[1.0], [2.0]])):
        for target in ([3, 5], (3.0, 5.0), np.array([3, 5]), [Value(3.0), constant(5.0)]):
            loss = nn.squared_error(prediction, target)

            assert (loss.data if isinstance(loss, Value) else loss) == 13.0


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_loss_needs_a_target_for_each_prediction(loss: Any) -> None:
    with pytest.raises(ValueError, match="3 predictions and 2 targets"):
        loss([0.5, 0.25, 0.25], [0.0, 1.0])
    with pytest.raises(ValueError, match="0 predictions and 0 targets"):
        loss([], [])


@pytest.mark.parametrize(
    ("logits", "target", "error", "message"),
    [
        ([1.0], 0, ValueError, "two classes or more"),
        ([1.0, 2.0], 2, ValueError, "a class from 0 to 1, got 2"),
        ([1.0, 2.0], -1, ValueError, "a class from 0 to 1, got -1"),
        ([1.0, 2.0], 0.5, ValueError, "a class from 0 to 1, got 0.5"),
        ([1.0, 2.0], "0", TypeError, "expected a number, got str"),
        ([1.0, 2.0], Value(0.0), TypeError, "must be known"),
    ],
)
def test_classes_are_checked(logits: Any, target: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        nn.cross_entropy(logits, target)


def test_probabilities_of_zero_add_nothing() -> None:
    assert nn.cross_entropy([1.0, 2.0], [0.0, 0.0]) == 0.0
