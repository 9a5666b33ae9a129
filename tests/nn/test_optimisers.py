"""Optimisers against their formulas written down in NumPy, and the state that they own."""

from __future__ import annotations

import copy
import gc
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_bp import Value, gradient, nn
from tinygrad_bp.nn.optimisers import Change, Stepper

Array = np.ndarray[Any, Any]
STEPS = 50
RNG = np.random.default_rng(0)
START = RNG.standard_normal(5)
GRADIENTS = RNG.standard_normal((STEPS, 5))


def sgd(w: Array, *, lr: float, momentum: float, nesterov: bool, decay: float) -> Array:
    v = np.zeros_like(w)
    for g in GRADIENTS:
        g = g + decay * w
        v = momentum * v + g
        w = w - lr * (g + momentum * v if nesterov else v)
    return w


def adam(
    w: Array, *, lr: float, b1: float, b2: float, eps: float, l2: float, w_decay: float
) -> Array:
    m, s = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(GRADIENTS, start=1):
        w = w - lr * w_decay * w
        g = g + l2 * w
        m = b1 * m + (1 - b1) * g
        s = b2 * s + (1 - b2) * (g * g)
        w = w - lr * (m / (1 - b1**t)) / (np.sqrt(s / (1 - b2**t)) + eps)
    return w


def trained(optimizer: nn.Optimizer, start: Array = START) -> Array:
    parameters = [Value(x) for x in start]
    for gradients in GRADIENTS:
        for parameter, g in zip(parameters, gradients, strict=True):
            parameter.grad = g
        optimizer.step(parameters)
    return np.array([parameter.data for parameter in parameters])


def test_sgd_is_its_formula_bit_for_bit() -> None:
    expected = sgd(START, lr=0.1, momentum=0.0, nesterov=False, decay=0.0)

    assert trained(nn.SGD(0.1)).tolist() == expected.tolist()


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_momentum_is_its_formula_bit_for_bit(nesterov: bool, decay: float) -> None:
    expected = sgd(START, lr=0.1, momentum=0.9, nesterov=nesterov, decay=decay)
    optimizer = nn.SGD(0.1, momentum=0.9, nesterov=nesterov, weight_decay=decay)

    assert trained(optimizer).tolist() == expected.tolist()


def test_weight_decay_alone_is_its_formula_bit_for_bit() -> None:
    expected = sgd(START, lr=0.1, momentum=0.0, nesterov=False, decay=0.01)

    assert trained(nn.SGD(0.1, weight_decay=0.01)).tolist() == expected.tolist()


@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_adam_is_its_formula(l2: float) -> None:
    expected = adam(START, lr=0.1, b1=0.8, b2=0.95, eps=1e-3, l2=l2, w_decay=0.0)
    optimizer = nn.Adam(0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=l2)

    assert np.allclose(trained(optimizer), expected, rtol=1e-13, atol=1e-14)


def test_adamw_is_its_formula() -> None:
    expected = adam(START, lr=0.1, b1=0.9, b2=0.999, eps=1e-8, l2=0.0, w_decay=0.01)

    assert np.allclose(trained(nn.AdamW(0.1)), expected, rtol=1e-13, atol=1e-14)


def test_adams_first_step_has_the_length_of_the_learning_rate() -> None:
    w = Value(1.0)
    w.grad = -1e-4
    nn.Adam(0.5, eps=0.0).step([w])

    assert w.data == pytest.approx(1.5, rel=1e-15)


OPTIMIZERS: dict[str, Callable[[], nn.Optimizer]] = {
    "sgd": lambda: nn.SGD(0.1),
    "decay": lambda: nn.SGD(0.1, weight_decay=0.01),
    "momentum": lambda: nn.SGD(0.1, momentum=0.9),
    "nesterov": lambda: nn.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda: nn.Adam(0.1),
    "adam_decay": lambda: nn.Adam(0.1, weight_decay=0.01),
    "adamw": lambda: nn.AdamW(0.1),
}
every_optimizer = pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)


@every_optimizer
def test_a_rule_on_values_is_the_rule_on_floats_bit_for_bit(
    make: Callable[[], nn.Optimizer],
) -> None:
    optimizer = make()
    state = (0.25, 0.5)[: optimizer.slots]
    floats = optimizer.rule(2.0, 3.0, state, 4, 0.1)
    parameter, g = Value(2.0), Value(3.0)
    values = optimizer.rule(parameter, g, tuple(map(Value, state)), Value(4.0), Value(0.1))

    assert values[0].data == floats[0]
    assert tuple(kept.data for kept in values[1]) == floats[1]
    assert gradient(values[0], [parameter])[0] != 0.0
    assert gradient(values[0], [g])[0] != 0.0


@every_optimizer
def test_a_rule_changes_nothing(make: Callable[[], nn.Optimizer]) -> None:
    optimizer = make()
    state = (0.25, 0.5)[: optimizer.slots]

    assert optimizer.rule(2.0, 3.0, state, 1, 0.1) == optimizer.rule(2.0, 3.0, state, 1, 0.1)
    assert optimizer.updates == 0


def half_trained(optimizer: nn.Optimizer, model: nn.Module) -> None:
    for parameter in model.parameters():
        parameter.grad = parameter.data
    optimizer.step(model.parameters())


@every_optimizer
def test_an_optimizer_goes_on_from_its_saved_state(make: Callable[[], nn.Optimizer]) -> None:
    model, optimizer = nn.Neuron(2, seed=0), make()
    half_trained(optimizer, model)
    other, fresh = copy.deepcopy(model), make()
    fresh.load_state_dict(json.loads(json.dumps(optimizer.state_dict(model))), other)

    half_trained(optimizer, model)
    half_trained(fresh, other)

    assert other.state_dict() == model.state_dict()
    assert fresh.state_dict(other) == optimizer.state_dict(model)
    assert fresh.updates == 2


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
@every_optimizer
def test_an_optimizer_is_copied_with_its_model(
    make: Callable[[], nn.Optimizer], copied: Any
) -> None:
    model, optimizer = nn.Neuron(2, seed=0), make()
    half_trained(optimizer, model)
    other, twin = copied((model, optimizer))

    half_trained(optimizer, model)
    half_trained(twin, other)

    assert other.state_dict() == model.state_dict()
    assert repr(twin) == repr(optimizer)


def test_moments_are_kept_for_each_parameter_apart() -> None:
    first, second = Value(1.0), Value(1.0)
    optimizer = nn.Adam(0.1)
    for parameters in ([first], [first], [second]):
        for parameter in parameters:
            parameter.grad = 1.0
        optimizer.step(parameters)

    assert optimizer.cell(first)[0] == 2
    assert optimizer.cell(second)[0] == 1
    assert second.data == pytest.approx(0.9)  # a first step, though the optimizer's third
    assert optimizer.updates == 3


def test_a_parameter_that_equals_nothing_has_its_state() -> None:
    w, optimizer = Value(NAN), nn.Adam(0.1)
    w.grad = 1.0

    for _ in range(3):
        optimizer.step([w])

    assert optimizer.cell(w)[0] == 3


def test_state_goes_when_its_parameter_goes() -> None:
    optimizer = nn.Adam(0.1)
    parameter = Value(1.0)
    optimizer.step([parameter])
    assert len(optimizer.__getstate__()["_cells"]) == 1

    del parameter
    gc.collect()

    assert optimizer.__getstate__()["_cells"] == []


def test_a_change_is_computed_before_anything_is_written() -> None:
    model = nn.Neuron(1, init=[2.0])
    optimizer = nn.SGD(0.5, momentum=0.5)
    change = Stepper(optimizer, model.parameters()).change([1.0, 1.0])

    assert model.state_dict() == {"w.0": 2.0, "b": 0.0}
    assert optimizer.state_dict(model)["state"] == {"w.0": [0, 0.0], "b": [0, 0.0]}

    change.make()

    assert model.state_dict() == {"w.0": 1.5, "b": -0.5}
    assert optimizer.state_dict(model)["state"] == {"w.0": [1, 1.0], "b": [1, 1.0]}
    assert optimizer.updates == 1


def test_an_interrupted_change_is_made_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting(list[Any]):
        """A cell in which the first write is interrupted."""

        def __setitem__(self, key: Any, value: Any) -> None:
            if not self[0]:
                super().__setitem__(0, 1)
                raise KeyboardInterrupt
            super().__setitem__(key, value)

    model, optimizer = nn.Neuron(1, init=[2.0]), nn.SGD(0.5, momentum=0.5)
    stepper = Stepper(optimizer, model.parameters())
    stepper.cells[0] = Interrupting(stepper.cells[0])

    with pytest.raises(KeyboardInterrupt):
        stepper.change([1.0, 1.0]).make()

    assert model.state_dict() == {"w.0": 1.5, "b": -0.5}
    assert stepper.cells == [[1, 1.0], [1, 1.0]]
    assert optimizer.updates == 1


def test_a_schedule_is_asked_for_each_update_from_0() -> None:
    asked = []

    def schedule(update: int) -> float:
        asked.append(update)
        return 1.0 / (1 + update)

    w = Value(0.0)
    optimizer = nn.SGD(schedule)
    for _ in range(3):
        w.grad = -1.0
        optimizer.step([w])

    assert asked == [0, 1, 2]
    assert w.data == 1.0 + 1.0 / 2 + 1.0 / 3
    assert optimizer.learning_rate() == 0.25


def test_the_defaults_are_pytorchs() -> None:
    assert repr(nn.SGD()) == "SGD(lr=0.01, momentum=0.0, nesterov=False, weight_decay=0.0)"
    assert repr(nn.Adam()) == "Adam(lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0)"
    assert repr(nn.AdamW()) == "AdamW(lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01)"


NAN = float("nan")
REFUSALS: list[tuple[Any, type[Exception], str]] = [
    (lambda: nn.SGD(-0.1), ValueError, "a learning rate is a number from 0 to below inf, got -0.1"),
    (lambda: nn.SGD(NAN), ValueError, "learning rate .* got nan"),
    (lambda: nn.SGD("0.1"), TypeError, "expected a number, got str"),  # type: ignore[arg-type]
    (lambda: nn.SGD(0.1, momentum=1.0), ValueError, "momentum is a number from 0 to below 1"),
    (lambda: nn.SGD(0.1, weight_decay=-1.0), ValueError, "weight_decay"),
    (lambda: nn.SGD(0.1, nesterov=True), ValueError, "nesterov needs a momentum above 0"),
    (lambda: nn.Adam(betas=(1.0, 0.9)), ValueError, "beta1"),
    (lambda: nn.Adam(betas=(0.9, 1.0)), ValueError, "beta2"),
    (lambda: nn.Adam(eps=-1.0), ValueError, "eps"),
    (lambda: nn.AdamW(weight_decay=-1.0), ValueError, "weight_decay"),
    (lambda: nn.SGD(lambda _: -1.0).step([]), ValueError, "learning rate for update 0 .* got -1"),
]


@pytest.mark.parametrize(("act", "error", "message"), REFUSALS)
def test_what_can_not_be_right_is_refused(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        act()


def test_the_state_of_another_model_or_optimizer_is_refused() -> None:
    one, two = nn.Neuron(1), nn.Neuron(2)
    optimizer = nn.Adam()

    with pytest.raises(ValueError, match=r"another model: it differs in \['w.1'\]"):
        optimizer.load_state_dict(nn.Adam().state_dict(two), one)
    with pytest.raises(ValueError, match="another optimiser: Adam keeps 3 numbers"):
        optimizer.load_state_dict(nn.SGD(0.1).state_dict(one), one)
    assert optimizer.state_dict(one) == nn.Adam().state_dict(one)


def test_a_rule_of_ones_own_without_state_is_told_the_step_from_1() -> None:
    class Harmonic(nn.Optimizer):
        slots = 0

        def rule(self, parameter: Any, gradient: Any, state: Any, step: Any, lr: Any) -> Any:
            return parameter - lr * gradient / step, state

    w, optimizer = Value(0.0), Harmonic(1.0)
    w.grad = -1.0
    for _ in range(3):
        optimizer.step([w])

    assert w.data == 1.0 + 1.0 / 2 + 1.0 / 3


def test_a_change_is_public_enough_to_look_at() -> None:
    change = Stepper(nn.SGD(0.5), [Value(1.0)]).change([1.0])

    assert isinstance(change, Change)
    assert change.numbers == [0.5]
