"""Training in machine code: the eager numbers, bit for bit, and the same words."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_bp import NonFiniteError, compile, nn, register  # noqa: A004
from tinygrad_bp import abs as abs_
from tinygrad_bp.modes import RecordingError
from tinygrad_bp.nn import courses, native
from tinygrad_bp.tape import loops, training
from tinygrad_bp.tape.training import address

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]]
LABELS = [0, 1, 1, 0]

OPTIMIZERS: list[Callable[[], nn.Optimizer]] = [
    lambda: nn.SGD(0.5),
    lambda: nn.SGD(0.1, momentum=0.9),
    lambda: nn.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    lambda: nn.SGD(nn.Cosine(0.3, 20)),
    lambda: nn.Adam(0.05),
    lambda: nn.AdamW(nn.StepDecay(0.1, 3)),
]


def both(make: Callable[[], nn.Module], *data: Any, **settings_: Any) -> tuple[Any, Any]:
    """The same run, eager and compiled: (history, parameters, optimiser's state) of each."""
    results = []
    make_optimizer = settings_.pop("optimizer")
    for compiled in (False, True):
        model, optimizer = make(), make_optimizer()
        history = nn.fit(model, *data, optimizer=optimizer, compiled=compiled, **settings_)
        assert history.is_compiled is compiled
        results.append((history, model.state_dict(), optimizer.state_dict(model)))
    return results[0], results[1]


@settings(max_examples=20)
@given(st.data())
def test_machine_code_gives_the_eager_numbers(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    inputs, hidden, outputs = data.draw(st.tuples(*[st.integers(1, 3)] * 3))
    examples = data.draw(st.integers(1, 19))
    activation = data.draw(st.sampled_from(["sigmoid", "tanh", "relu", "softplus", "leaky_relu"]))
    loss = data.draw(
        st.sampled_from(["mse", "squared_error", "huber", "binary_cross_entropy_from_logits"])
    )
    x = rng.normal(size=(examples, inputs))
    y = rng.integers(0, 2, size=(examples, outputs)).astype(float)

    eager, compiled = both(
        lambda: nn.MLP(inputs, [hidden, outputs], activation=activation, seed=1),
        x,
        y,
        loss=loss,
        optimizer=data.draw(st.sampled_from(OPTIMIZERS)),
        epochs=data.draw(st.integers(1, 5)),
        batch_size=data.draw(st.sampled_from([None, 1, 2, 4, 5, 8, 17])),
        shuffle=data.draw(st.booleans()),
        seed=3,
        reduction=data.draw(st.sampled_from(["mean", "sum"])),
    )

    assert compiled == eager


@pytest.mark.parametrize("batch_size", [1, 2, 4, 7, 8, 16, 21, None])
@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy_from_logits"])
def test_loops_in_a_long_program_give_the_eager_numbers(
    monkeypatch: pytest.MonkeyPatch, loss: str, batch_size: int | None
) -> None:
    monkeypatch.setattr(training, "SMALL", 0)
    monkeypatch.setattr(loops, "GROUPS", 2)  # so that a batch has more
    rng = np.random.default_rng(0)
    x = rng.normal(size=(45, 11)) * rng.integers(0, 2, size=(45, 11))
    y = rng.integers(0, 2, size=(45, 2)).astype(float)

    eager, compiled = both(
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

    assert compiled == eager


def test_a_long_program_hands_back_what_it_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kinked(nn.Module):
        def __init__(self) -> None:
            self.net = nn.MLP(9, [8, 1], activation=lambda v: v if v > 0 else 0.1 * v, seed=1)

        def __call__(self, inputs: Any) -> Any:
            return self.net(inputs)

    monkeypatch.setattr(training, "SMALL", 0)
    x = np.random.default_rng(0).normal(size=(10, 9))

    eager, compiled = both(
        Kinked, x, x[:, 0] * x[:, 1], loss="mse", optimizer=lambda: nn.SGD(0.1), epochs=3,
        batch_size=4,
    )  # fmt: skip

    assert compiled == eager


def test_a_second_run_goes_on_where_the_first_stopped() -> None:
    results = []
    for compiled in (False, True):
        model, optimizer = nn.MLP(2, [3, 1], seed=2), nn.Adam(0.05)
        for size in (1, 3):
            nn.fit(
                model, XOR, LABELS, loss="mse", optimizer=optimizer, epochs=3, batch_size=size,
                compiled=compiled,
            )  # fmt: skip
        results.append((model.state_dict(), optimizer.state_dict(model)))

    assert results[0] == results[1]


def test_snapshots_callbacks_and_goals_see_every_epoch() -> None:
    seen: list[int] = []
    eager, compiled = both(
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

    assert compiled == eager
    assert compiled[0].stopped == "until"
    assert seen == 2 * list(range(1, len(compiled[0]) + 1))


class Bent(nn.Module):
    """A model that branches on its values."""

    def __init__(self) -> None:
        self.net = nn.MLP(2, [4, 1], activation=lambda v: v if v > 0 else 0.1 * v, seed=1)

    def __call__(self, inputs: Any) -> Any:
        return self.net(inputs)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, None])
def test_a_branch_not_recorded_is_done_eagerly(*, batch_size: int | None, shuffle: bool) -> None:
    x = np.random.default_rng(0).normal(size=(7, 2))
    eager, compiled = both(
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

    assert compiled == eager


@pytest.mark.parametrize("batch_size", [1, 4])
def test_nan_is_refused_in_the_same_words(batch_size: int) -> None:
    messages, models = [], []
    for compiled in (False, True):
        model = nn.MLP(2, [3, 1], activation="relu", seed=0)
        with pytest.raises(NonFiniteError) as caught:
            nn.fit(
                model, XOR, [0, 9, 9, 0], loss="squared_error", optimizer=nn.SGD(50.0),
                epochs=200, batch_size=batch_size, compiled=compiled,
            )  # fmt: skip
        messages.append(str(caught.value))
        models.append(model.state_dict())

    assert messages[0] == messages[1]
    assert models[0] == models[1]


def test_a_loss_that_peeks_at_its_target_is_not_compiled() -> None:
    def peeking(prediction: Any, target: Any) -> Any:
        return prediction * prediction if target == 1 else prediction

    settings_: dict[str, Any] = {"loss": peeking, "optimizer": nn.SGD(0.1), "epochs": 2}

    with pytest.raises(RecordingError, match=r"does not give that of example 1"):
        nn.fit(nn.MLP(2, [1], seed=0), XOR, LABELS, compiled=True, **settings_)


def test_what_cannot_be_recorded_runs_eagerly(monkeypatch: pytest.MonkeyPatch) -> None:
    def reading(prediction: Any, target: Any) -> Any:
        return prediction * prediction.data - target

    settings_: dict[str, Any] = {"loss": reading, "optimizer": nn.SGD(0.1), "epochs": 2}
    monkeypatch.setattr(courses, "WORTH", 0.0)

    assert not nn.fit(nn.MLP(2, [1], seed=0), XOR, LABELS, **settings_).is_compiled
    with pytest.raises(RecordingError, match="was read while a tape was being recorded"):
        nn.fit(nn.MLP(2, [1], seed=0), XOR, LABELS, compiled=True, **settings_)


def test_only_work_that_takes_long_is_compiled() -> None:
    settings_: dict[str, Any] = {"loss": "mse", "optimizer": nn.SGD(0.1), "batch_size": 1}
    model = nn.MLP(2, [3, 1], seed=0)

    assert not nn.fit(model, XOR, LABELS, epochs=1, **settings_).is_compiled
    assert nn.fit(model, XOR, LABELS, epochs=10**5, **settings_).is_compiled


def test_without_llvmlite_it_runs_eagerly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courses, "is_available", lambda: False)
    monkeypatch.setattr(courses, "WORTH", 0.0)
    model = nn.MLP(2, [3, 1], seed=0)
    history = nn.fit(model, XOR, LABELS, loss="mse", optimizer=nn.SGD(0.1), epochs=2)

    assert not history.is_compiled


def test_availability_is_that_of_llvmlite() -> None:
    assert native.is_available()


def test_parameters_with_different_histories_are_refused() -> None:
    model, optimizer = nn.MLP(1, [1], seed=0), nn.Adam(0.1)
    optimizer.step(model.parameters()[:1])

    with pytest.raises(ValueError, match="more often than others"):
        nn.fit(
            model, [1, 2], [1, 2], loss="mse", optimizer=optimizer, epochs=1, compiled=True
        )  # fmt: skip


@pytest.fixture
def stretches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """SIGINT arrives during the third stretch."""
    begun: list[int] = []
    run = native.Training.run

    def counted(self: Any, *arguments: Any) -> Any:
        begun.append(1)
        if len(begun) == 3:
            signal.raise_signal(signal.SIGINT)
        return run(self, *arguments)

    monkeypatch.setattr(native.Training, "run", counted)
    return begun


def test_ctrl_c_leaves_the_last_finished_stretch(stretches: list[int]) -> None:
    def trained(epochs: int) -> tuple[nn.MLP, nn.History]:
        model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
        optimizer = nn.SGD(0.1)
        return model, nn.fit(
            model, XOR, LABELS, loss="mse", optimizer=optimizer, epochs=epochs, compiled=True
        )

    model, history = trained(10**9)
    begun = len(stretches)
    again, whole = trained(len(history))

    assert history.stopped == "interrupted"
    assert begun == 3
    assert len(history) > native.FIRST_STRETCH
    assert model.state_dict() == again.state_dict()
    assert history.losses == whole.losses


def test_machine_code_is_given_whole_arrays_of_doubles_only() -> None:
    doubles = np.zeros((4, 4))

    assert address(doubles) == doubles.ctypes.data
    for wrong in (doubles[:, ::2], doubles.astype(np.float32), doubles.T[1:]):
        with pytest.raises(ValueError, match="contiguous float64"):
            address(wrong)


def test_an_error_in_an_operation_of_ones_own_comes_out() -> None:
    calls: list[float] = []

    def value(x: float) -> float:
        calls.append(x)
        if len(calls) > 200:
            raise LookupError("enough")
        return x

    fussy = register("fussy_native", "fussy_native({})", value, lambda *_: (1.0,), replace=True)
    model = nn.MLP(2, [3, 1], activation=fussy, seed=0)

    with pytest.raises(LookupError, match="enough"):
        nn.fit(
            model, XOR, LABELS, loss="mse", optimizer=nn.SGD(0.1), epochs=10**6, batch_size=1,
            compiled=True,
        )  # fmt: skip
    calls.clear()
    assert compile(abs_)(-1.0) == 1.0
