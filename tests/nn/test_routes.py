"""Training from a tape, in either language: the eager numbers, bit for bit, and the same words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.nn.routes import RECORDED, ROUTES, fit
from tinygrad_bp import (
    NonFiniteError,
    abs as abs_,
    compile,
    exp,
    heaviside,
    nn,
    register,
    strict,
    where,
)
from tinygrad_bp.graph.modes import RecordingError
from tinygrad_bp.nn.fit import (
    courses,
    machine_training as training,
    source_training,
    training_program,
)
from tinygrad_bp.tape.machine import loops
from tinygrad_bp.tape.routes.boundary import address

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]]
LABELS = [0, 1, 1, 0]


def outcomes(make: Callable[[], nn.Module], *data: Any, **settings_: Any) -> list[Any]:
    """What becomes of the same run by each route: history or error, model, optimiser."""
    make_optimizer = settings_.pop("optimizer")
    results = []
    for route in ROUTES:
        model, optimizer = make(), make_optimizer()
        try:
            ended: Any = fit(route, model, *data, optimizer=optimizer, **settings_)
        except NonFiniteError as error:
            ended = str(error)
        results.append((ended, model.state_dict(), optimizer.state_dict(model)))
    return results


def assert_alike(results: list[Any]) -> None:
    """By all routes the same to the last bit; as text, since there 0.0 is not -0.0."""
    eager, *others = map(repr, results)
    for other in others:
        assert other == eager


class Bent(nn.Module):
    """A model that branches on its values."""

    def __init__(self, *sizes: int) -> None:
        first, *others = sizes or (2, 4, 1)
        self.net = nn.MLP(first, others, activation=lambda v: v if v > 0 else 0.1 * v, seed=1)

    def __call__(self, inputs: Any) -> Any:
        return self.net(inputs)


def quarrelsome(prediction: Any, target: Any) -> Any:
    """A loss that branches on what it is given, and divides."""
    difference = nn.losses.listed(prediction)[0] - nn.losses.listed(target)[0]
    return difference * difference if difference > 0.3 else 1.0 / (1.0 + difference) ** 2


LOSSES = [*nn.losses.LOSSES, quarrelsome]
ACTIVATIONS = ["sigmoid", "tanh", "relu", "softplus", "leaky_relu", "gelu", "elu", "sin"]


@st.composite
def optimizers(draw: st.DrawFn) -> Callable[[], nn.Optimizer]:
    """Ways to make an optimiser, some of which go too far."""
    rate: Any = draw(st.sampled_from([0.01, 0.1, 0.5, 30.0]))
    lr = draw(st.sampled_from([rate, nn.Cosine(rate, 20), nn.StepDecay(rate, 3)]))
    decay = draw(st.sampled_from([0.0, 0.01]))
    momentum = draw(st.sampled_from([0.0, 0.9]))
    return draw(
        st.sampled_from(
            [
                lambda: nn.SGD(lr, momentum=momentum, weight_decay=decay),
                lambda: nn.SGD(lr, momentum=0.5, nesterov=True, weight_decay=decay),
                lambda: nn.Adam(lr, weight_decay=decay),
                lambda: nn.AdamW(lr),
            ]
        )
    )


def targets_for(loss: Any, classes: np.ndarray) -> np.ndarray:
    """Zeros and ones, as the loss wants them."""
    if loss == "hinge":
        return 2.0 * classes - 1.0
    if loss == "cross_entropy":
        return np.array(classes[:, 0] % classes.shape[1])
    return classes


@settings(max_examples=40)
@given(st.data())
def test_random_runs_give_the_eager_numbers(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    inputs, hidden, outputs = data.draw(st.tuples(*[st.integers(1, 3)] * 3))
    examples = data.draw(st.integers(1, 19))
    loss = data.draw(st.sampled_from(LOSSES))
    outputs += loss == "cross_entropy"
    x = rng.normal(size=(examples, inputs)) * rng.integers(0, 2, size=(examples, inputs))
    y = targets_for(loss, rng.integers(0, 2, size=(examples, outputs)))
    activation = data.draw(st.sampled_from([*ACTIVATIONS, "bent"]))
    bias = data.draw(st.booleans())

    def model() -> nn.Module:
        if activation == "bent":
            return Bent(inputs, hidden, outputs)
        output = "sigmoid" if loss == "binary_cross_entropy" else "linear"
        return nn.MLP(
            inputs,
            [hidden, outputs],
            activation=activation,
            output_activation=output,
            bias=bias,
            seed=1,
        )

    assert_alike(
        outcomes(
            model,
            x,
            y,
            loss=loss,
            optimizer=data.draw(optimizers()),
            epochs=data.draw(st.integers(1, 5)),
            batch_size=data.draw(st.sampled_from([None, 1, 2, 4, 5, 8, 17, 100])),
            shuffle=data.draw(st.booleans()),
            seed=3,
            reduction=data.draw(st.sampled_from(["mean", "sum"])),
            snapshots=data.draw(st.sampled_from([None, 2])),
            until=data.draw(st.sampled_from([None, 0.2])),
        )
    )


@pytest.mark.parametrize("batch_size", [1, 2, 4, 7, 8, 16, 21, None])
@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy_from_logits"])
def test_loops_in_a_long_program_give_the_eager_numbers(
    monkeypatch: pytest.MonkeyPatch, loss: str, batch_size: int | None
) -> None:
    monkeypatch.setattr(training_program, "SMALL", 0)
    training.plans.clear()
    monkeypatch.setattr(loops, "GROUPS", 2)  # so that a batch has more
    rng = np.random.default_rng(0)
    x = rng.normal(size=(45, 11)) * rng.integers(0, 2, size=(45, 11))
    y = rng.integers(0, 2, size=(45, 2)).astype(float)

    results = outcomes(
        lambda: nn.MLP(11, [9, 2], activation="tanh", seed=1),
        x,
        y,
        loss=loss,
        optimizer=lambda: nn.Adam(0.05),
        epochs=3,
        batch_size=batch_size,
        shuffle=True,
        seed=3,
    )

    assert_alike(results)


def test_a_long_program_hands_back_what_it_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_program, "SMALL", 0)
    training.plans.clear()
    x = np.random.default_rng(0).normal(size=(10, 9))

    results = outcomes(
        lambda: Bent(9, 8, 1), x, x[:, 0] * x[:, 1], loss="mse", optimizer=lambda: nn.SGD(0.1),
        epochs=3, batch_size=4,
    )  # fmt: skip

    assert_alike(results)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, None])
def test_a_branch_not_recorded_is_done_eagerly(*, batch_size: int | None, shuffle: bool) -> None:
    x = np.random.default_rng(0).normal(size=(7, 2))

    results = outcomes(
        Bent,
        x,
        x[:, 0] * x[:, 1],
        loss="mse",
        optimizer=lambda: nn.SGD(0.1, momentum=0.5),
        epochs=5,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=0,
    )

    assert_alike(results)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_what_python_refuses_and_the_table_answers_is_done_eagerly(batch_size: int) -> None:
    class Reciprocal(nn.Module):
        def __init__(self) -> None:
            self.net = nn.Neuron(1, "linear", init=[2.0])

        def __call__(self, inputs: Any) -> Any:
            return self.net(inputs) + 1.0 / (1.0 / inputs[0])  # 1 / inf is 0

    results = outcomes(
        Reciprocal,
        [[1.0], [0.0], [3.0]],
        [1.0, 0.0, 2.0],
        loss="mse",
        optimizer=lambda: nn.SGD(0.01),
        epochs=2,
        batch_size=batch_size,
    )

    assert isinstance(results[0][0], nn.History)
    assert_alike(results)


def test_a_second_run_goes_on_where_the_first_stopped() -> None:
    results = []
    for route in ROUTES:
        model, optimizer = nn.MLP(2, [3, 1], seed=2), nn.Adam(0.05)
        for size in (1, 3):
            fit(
                route, model, XOR, LABELS, loss="mse", optimizer=optimizer, epochs=3,
                batch_size=size,
            )  # fmt: skip
        results.append((model.state_dict(), optimizer.state_dict(model)))

    assert_alike(results)


def test_snapshots_callbacks_and_goals_see_every_epoch() -> None:
    seen: list[int] = []

    results = outcomes(
        lambda: nn.MLP(2, [3, 1], activation="tanh", seed=0),
        XOR,
        LABELS,
        loss="mse",
        optimizer=lambda: nn.SGD(0.1),
        epochs=50,
        batch_size=1,
        snapshots=2,
        until=0.2,
        callback=lambda history: seen.append(len(history)),
    )

    assert_alike(results)
    assert results[0][0].stopped == "until"
    assert seen == 3 * list(range(1, len(results[0][0]) + 1))


@pytest.mark.parametrize("batch_size", [1, 4])
def test_nan_is_refused_in_the_same_words(batch_size: int) -> None:
    results = outcomes(
        lambda: nn.MLP(2, [3, 1], activation="relu", seed=0),
        XOR,
        [0, 9, 9, 0],
        loss="squared_error",
        optimizer=lambda: nn.SGD(50.0),
        epochs=200,
        batch_size=batch_size,
    )

    assert_alike(results)
    assert "in epoch " in results[0][0]
    assert " at example " in results[0][0]
    assert "subtract" in results[0][0] or "multiply" in results[0][0]


# Which route ------------------------------------------------------------------------------


@pytest.mark.parametrize("llvm", [False, True])
@pytest.mark.parametrize("epochs", [1, 1_000, 10**5])
def test_the_quickest_route_is_taken(
    monkeypatch: pytest.MonkeyPatch, epochs: int, llvm: bool
) -> None:
    monkeypatch.setattr(courses, "has_llvm", lambda: llvm)
    wanted = {1: "eager", 1_000: "source", 10**5: "machine code" if llvm else "source"}

    history = nn.fit(
        nn.Neuron(2, seed=0), XOR, LABELS, loss="mse", optimizer=nn.SGD(0.1), epochs=epochs,
        until=math.inf,
    )  # fmt: skip

    assert history.route == wanted[epochs]
    assert history.is_compiled is (epochs > 1)


@pytest.mark.parametrize(
    ("llvm", "compiled", "route"),
    [
        (False, None, "eager"),
        (True, None, "machine code"),
        (False, True, "source"),
        (True, True, "machine code"),
    ],
)
def test_a_very_long_tape_is_written_as_python_only_if_asked_for(
    monkeypatch: pytest.MonkeyPatch, llvm: bool, compiled: bool | None, route: str
) -> None:
    monkeypatch.setattr(courses, "has_llvm", lambda: llvm)
    monkeypatch.setattr(courses, "SOURCE_UP_TO", 3)

    history = nn.fit(
        nn.Neuron(2, seed=0), XOR, LABELS, loss="mse", optimizer=nn.SGD(0.1), epochs=30,
        compiled=compiled,
    )  # fmt: skip

    assert history.route == route


@pytest.mark.parametrize("compiled", [None, True])
def test_strict_training_is_eager_and_stops_at_what_a_tape_would_not_see(
    compiled: bool | None,
) -> None:
    def steep(prediction: Any, target: Any) -> Any:
        # In the end exp overflows, where it is not chosen any more: no loss is infinite.
        growing = 0.0 * exp(1000.0 * prediction)
        return (prediction - target) ** 2 + where(heaviside(0.5 - prediction, 0.0), growing, 0.0)

    settings_: dict[str, Any] = {"loss": steep, "epochs": 200, "compiled": compiled}
    data = [1.0, 2.0], [1.0, 2.0]
    lenient, strictly = (nn.Neuron(1, "linear", init=[0.001]) for _ in range(2))

    assert nn.fit(lenient, *data, optimizer=nn.SGD(0.05), **settings_).stopped == "finished"
    with strict(), pytest.raises(NonFiniteError, match="exp"):
        nn.fit(strictly, *data, optimizer=nn.SGD(0.05), **settings_)


def test_machine_code_needs_llvmlite() -> None:
    assert courses.has_llvm()


def test_a_loss_that_peeks_at_its_target_is_not_compiled() -> None:
    def peeking(prediction: Any, target: Any) -> Any:
        return prediction * prediction if "1.0" in repr(target) else prediction

    settings_: dict[str, Any] = {"loss": peeking, "optimizer": nn.SGD(0.1), "epochs": 2}

    for route in RECORDED:
        with pytest.raises(RecordingError, match=r"does not give that of example 1"):
            fit(route, nn.MLP(2, [1], seed=0), XOR, LABELS, **settings_)


def test_a_loss_may_ask_for_the_class_of_its_target() -> None:
    def asking(prediction: Any, target: Any) -> Any:
        return prediction * prediction if target == 1 else (prediction - 1) ** 4

    results = outcomes(
        lambda: nn.MLP(2, [3, 1], seed=0),
        *(XOR, LABELS),
        loss=asking,
        optimizer=lambda: nn.SGD(0.1),
        epochs=9,
    )

    assert_alike(results)


def test_what_cannot_be_recorded_runs_eagerly() -> None:
    def reading(prediction: Any, target: Any) -> Any:
        return prediction * prediction.data - target

    settings_: dict[str, Any] = {"loss": reading, "optimizer": nn.SGD(0.1), "epochs": 30}

    assert nn.fit(nn.MLP(2, [1], seed=0), XOR, LABELS, **settings_).route == "eager"
    with pytest.raises(RecordingError, match="was read while a tape was being recorded"):
        nn.fit(nn.MLP(2, [1], seed=0), XOR, LABELS, compiled=True, **settings_)


@pytest.mark.parametrize("route", RECORDED)
def test_parameters_with_different_histories_are_refused(route: str) -> None:
    model, optimizer = nn.MLP(1, [1], seed=0), nn.Adam(0.1)
    optimizer.step(model.parameters()[:1])

    with pytest.raises(ValueError, match="more often than others"):
        fit(route, model, [1, 2], [1, 2], loss="mse", optimizer=optimizer, epochs=1)


def test_generated_python_is_exact_and_knows_no_fast_arithmetic() -> None:
    settings_: dict[str, Any] = {"loss": "mse", "epochs": 3, "batch_size": 1}
    model, other = nn.MLP(2, [3, 1], seed=0), nn.MLP(2, [3, 1], seed=0)

    history = fit("source", model, XOR, LABELS, optimizer=nn.Adam(0.1), fast=True, **settings_)
    fit("eager", other, XOR, LABELS, optimizer=nn.Adam(0.1), **settings_)

    assert history.strayed is None
    assert model.state_dict() == other.state_dict()


def test_what_was_written_for_a_shape_is_there_for_the_next_of_its_kind() -> None:
    settings_: dict[str, Any] = {"loss": "mse", "epochs": 3}
    source_training.functions.clear()

    for seed in (0, 1):
        fit("source", nn.MLP(2, [3, 1], seed=seed), XOR, LABELS, optimizer=nn.SGD(0.1), **settings_)

    assert len(source_training.functions) == 2  # of the examples, and of the rule


# The boundary of machine code -------------------------------------------------------------


def test_machine_code_is_given_whole_arrays_of_doubles_only() -> None:
    doubles = np.zeros((4, 4))

    assert address(doubles) == doubles.ctypes.data
    for wrong in (doubles[:, ::2], doubles.astype(np.float32), doubles.T[1:]):
        with pytest.raises(ValueError, match="contiguous float64"):
            address(wrong)


@pytest.mark.parametrize("route", RECORDED)
def test_an_error_in_an_operation_of_ones_own_comes_out(route: str) -> None:
    calls: list[float] = []

    def value(x: float) -> float:
        calls.append(x)
        if len(calls) > 200:
            raise LookupError("enough")
        return x

    fussy = register("fussy_native", "fussy_native({})", value, lambda *_: (1.0,), replace=True)
    model = nn.MLP(2, [3, 1], activation=fussy, seed=0)

    with pytest.raises(LookupError, match="enough"):
        fit(
            route, model, XOR, LABELS, loss="mse", optimizer=nn.SGD(0.1), epochs=10**6,
            batch_size=1,
        )  # fmt: skip
    calls.clear()
    assert compile(abs_)(-1.0) == 1.0
