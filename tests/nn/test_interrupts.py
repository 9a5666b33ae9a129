"""Ctrl-C at any moment: the history so far, and the model as a finished batch left it."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import pytest

from tinygrad_bp import nn
from tinygrad_bp.nn import training

INPUTS, TARGETS = [0.0, 1.0, 2.0], [1.0, 3.0, 5.0]


def fitted(model: nn.Module, optimizer: nn.Optimizer, **changes: Any) -> nn.History:
    settings: dict[str, Any] = {
        "loss": nn.mse, "epochs": 3, "batch_size": 2, "compiled": False, **changes
    }  # fmt: skip
    return nn.fit(model, INPUTS, TARGETS, optimizer=optimizer, **settings)


def line() -> nn.Neuron:
    return nn.Neuron(1, "linear", init=[0.0])


def raise_interrupt(history: nn.History) -> None:
    if len(history) == 2:
        raise KeyboardInterrupt


def raise_signal(history: nn.History) -> None:
    if len(history) == 2:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("callback", [raise_interrupt, raise_signal])
def test_an_interrupt_ends_training_and_returns_what_there_is(callback: Any) -> None:
    model, other = line(), line()

    history = fitted(model, nn.SGD(0.1), callback=callback)

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
    """A trace function that interrupts at the n-th line that nn's own code runs inside `fit`."""

    def __init__(self, line: int) -> None:
        self.left = line
        self.inside = False

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if "/nn/" not in frame.f_code.co_filename.replace("\\", "/"):
            return None
        # From the first moment of the `try` on: before it nothing has been changed.
        self.inside = self.inside or frame.f_code.co_name == "epoch"
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


@pytest.mark.parametrize(
    "make", [lambda: nn.SGD(0.1), lambda: nn.Adam(0.1)], ids=["no state", "state"]
)
def test_an_interrupt_at_any_line_leaves_a_finished_batch(make: Any) -> None:
    finished, losses = states(make)
    seen = set()
    tracer = sys.gettrace()
    for n in range(1, 10_000):
        model, optimizer = line(), make()
        interruption = Interruption(n)
        sys.settrace(interruption)
        try:
            history = fitted(model, optimizer)
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


def test_an_interrupt_at_any_line_leaves_a_finished_stretch() -> None:
    finished, losses = states(lambda: nn.Adam(0.1))
    tracer = sys.gettrace()
    for n in range(1, 10_000, 11):
        model, optimizer = line(), nn.Adam(0.1)
        interruption = Interruption(n)
        sys.settrace(interruption)
        try:
            history = fitted(model, optimizer, compiled=True)
        finally:
            sys.settrace(tracer)

        assert (model.state_dict(), optimizer.state_dict(model)) in finished
        assert history.losses == losses[: len(history)]
        assert len(history.learning_rates) == len(history)
        if interruption.left > 0:
            break
        assert history.stopped == "interrupted"

    assert history.stopped == "finished"


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
