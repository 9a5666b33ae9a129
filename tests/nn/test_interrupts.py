"""Whatever ends training: the model is as a finished batch or stretch left it, by every route."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import pytest

from tests.nn.routes import RECORDED, ROUTES, fit
from tinygrad_bp import nn, register
from tinygrad_bp.nn.fit import fit as training, stretches

INPUTS, TARGETS = [0.0, 1.0, 2.0], [1.0, 3.0, 5.0]


def fitted(
    model: nn.Module, optimizer: nn.Optimizer, route: str = "eager", **changes: Any
) -> nn.History:
    settings: dict[str, Any] = {"loss": nn.mse, "epochs": 3, "batch_size": 2, **changes}
    return fit(route, model, INPUTS, TARGETS, optimizer=optimizer, **settings)


def line() -> nn.Neuron:
    return nn.Neuron(1, "linear", init=[0.0])


def raise_interrupt(history: nn.History) -> None:
    if len(history) == 2:
        raise KeyboardInterrupt


def raise_signal(history: nn.History) -> None:
    if len(history) == 2:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("callback", [raise_interrupt, raise_signal])
def test_an_interrupt_ends_training_and_returns_what_there_is(callback: Any, route: str) -> None:
    model, other = line(), line()

    history = fitted(model, nn.SGD(0.1), route, callback=callback)

    whole = fitted(other, nn.SGD(0.1), epochs=2)
    assert history.stopped == "interrupted"
    assert history.losses == whole.losses
    assert history.learning_rates == whole.learning_rates
    assert model.state_dict() == other.state_dict()


def test_an_interrupt_before_the_first_batch_leaves_the_start() -> None:
    model = line()

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    # The model is asked once before training starts: for the number of its outputs.
    history = fitted(model, nn.SGD(0.1), loss=interrupted)

    assert history.stopped == "interrupted"
    assert history.losses == []
    assert model.state_dict() == {"w.0": 0.0, "b": 0.0}


class Interruption:
    """A trace function that interrupts at the n-th line of nn's own code, or of generated code."""

    def __init__(self, line: int) -> None:
        self.left = line
        self.inside = False

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename.replace("\\", "/")
        if "/tinygrad_bp/nn/" not in file and not file.startswith("<tape "):
            return None
        # Before that nothing has been changed.
        self.inside = self.inside or frame.f_code.co_name == "advance"
        if self.inside and event == "line" and frame.f_code is not nn.fit.__code__:
            self.left -= 1
            if self.left == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self


def states(make: Any) -> tuple[list[Any], list[float]]:
    """The model and the optimizer after each number of batches, and the losses."""
    model, optimizer = line(), make()
    fixed: list[Any] = []

    def noted(p: Any, t: Any) -> Any:
        state = model.state_dict(), optimizer.state_dict(model)
        if not fixed or fixed[-1] != state:
            fixed.append(state)
        return nn.mse(p, t)

    losses = fitted(model, optimizer, loss=noted).losses
    return [*fixed, (model.state_dict(), optimizer.state_dict(model))], losses


@pytest.fixture
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stretch is one batch."""
    monkeypatch.setattr(stretches, "FIRST_STRETCH", 0)
    monkeypatch.setattr(stretches, "STRETCH", 0.0)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "make", [lambda: nn.SGD(0.1), lambda: nn.Adam(0.1)], ids=["no state", "state"]
)
def test_an_interrupt_at_any_line_leaves_a_finished_batch(
    make: Any, route: str, short_stretches: None
) -> None:
    finished, losses = states(make)
    seen = set()
    tracer = sys.gettrace()
    step = 1 if route == "eager" else 2
    for n in range(1, 10_000, step):
        model, optimizer = line(), make()
        interruption = Interruption(n)
        sys.settrace(interruption)
        try:
            history = fitted(model, optimizer, route)
        finally:
            sys.settrace(tracer)

        state = model.state_dict(), optimizer.state_dict(model)
        assert state in finished
        assert history.losses == losses[: len(history)]
        assert len(history.learning_rates) == len(history)
        seen.add(finished.index(state))
        if interruption.left > 0:
            break
        assert history.stopped == "interrupted"

    assert history.stopped == "finished"
    assert seen == set(range(len(finished)))


@pytest.mark.parametrize("route", RECORDED)
def test_ctrl_c_leaves_the_last_finished_stretch(
    route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    run = stretches.Stretches.run

    def interrupted(self: stretches.Stretches, *arguments: Any) -> Any:
        runs.append(1)
        if len(runs) == 3:
            signal.raise_signal(signal.SIGINT)
        return run(self, *arguments)

    monkeypatch.setattr(stretches.Stretches, "run", interrupted)
    model, other = line(), line()

    history = fitted(model, nn.SGD(0.1), route, epochs=10**9)

    epochs = len(history)
    monkeypatch.undo()
    assert len(runs) == 3
    assert history.stopped == "interrupted"
    assert epochs > 10
    assert history.losses == fitted(other, nn.SGD(0.1), route, epochs=epochs).losses
    assert model.state_dict() == other.state_dict()


class Trouble(Exception):  # noqa: N818
    """Anything."""


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("error", [MemoryError, Trouble])
def test_an_error_in_the_middle_leaves_a_finished_batch(
    error: type[Exception], route: str, short_stretches: None
) -> None:
    calls: list[float] = []
    last: list[int] = []

    def value(x: float) -> float:
        calls.append(x)
        if len(calls) in last:
            raise error
        return x

    failing = register("failing", "failing({})", value, lambda *_: (1.0,), replace=True)
    loss = lambda p, t: nn.mse(failing(p), t)  # noqa: E731
    for _ in range(2):  # the first run also holds the generated text against its tape
        calls.clear()
        fitted(line(), nn.Adam(0.1), route, loss=loss)
    finished, _ = states(lambda: nn.Adam(0.1))
    seen = set()
    for call in range(1, len(calls) + 1):
        model, optimizer = line(), nn.Adam(0.1)
        calls.clear()
        last[:] = [call]
        with pytest.raises(error):
            fitted(model, optimizer, route, loss=loss)
        state = model.state_dict(), optimizer.state_dict(model)

        assert state in finished
        seen.add(finished.index(state))

    assert len(seen) == len(finished) - 1


@pytest.mark.parametrize("route", ROUTES)
def test_an_error_in_a_callback_leaves_the_finished_epoch(route: str) -> None:
    model, other = line(), line()

    def fail(history: nn.History) -> None:
        if len(history) == 2:
            raise Trouble

    with pytest.raises(Trouble):
        fitted(model, nn.SGD(0.1), route, callback=fail)

    fitted(other, nn.SGD(0.1), epochs=2)
    assert model.state_dict() == other.state_dict()


def test_an_epoch_is_noted_as_a_whole() -> None:
    interrupting: list[float] = []

    class Rates(list[float]):
        def __iadd__(self, numbers: Any) -> Any:
            interrupting.extend(numbers)
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "History", lambda: nn.History(learning_rates=Rates()))
        history = fitted(line(), nn.SGD(0.1))

    assert interrupting == [0.1]
    assert history.losses == []
