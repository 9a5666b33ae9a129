"""Programs for micrograd's `Value`, `Neuron`, `Layer`, `MLP`: only their imports are changed."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_bp import Value
from tinygrad_bp.nn import MLP, Layer, Module, Neuron


def test_arithmetic_as_its_readme_shows_it() -> None:
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()

    assert f"{g.data:.4f}" == "24.7041"
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def moons(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles, one inside the bend of the other, labelled -1 and 1."""
    angle = np.linspace(0, np.pi, count // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return np.concatenate([upper, lower]), np.repeat([-1, 1], count // 2)


def test_its_moons_program_learns() -> None:
    X, y = moons(24)  # noqa: N806  # its names
    model = MLP(2, [8, 1])

    def loss() -> tuple[Value, float]:
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores, strict=True)]
        return data_loss + reg_loss, sum(accuracy) / len(accuracy)

    first, _ = loss()
    for k in range(25):
        total_loss, acc = loss()
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 25
        for p in model.parameters():
            p.data -= learning_rate * p.grad

    assert total_loss.data < first.data
    assert acc > 0.75


def test_positional_arguments_and_attributes_are_its_own() -> None:
    rectified, straight = Neuron(2), Neuron(2, False)
    layer = Layer(2, 3, nonlin=False)
    model = MLP(2, [3, 1])

    assert [len(rectified.w), rectified.b.data] == [2, 0.0]  # type: ignore[union-attr]
    assert rectified.parameters() == [*rectified.w, rectified.b]
    assert Neuron(2, True).activation is rectified.activation
    assert Neuron(2, nonlin=False).activation is straight.activation
    assert all(neuron.activation is straight.activation for neuron in layer.neurons)
    assert [len(found.neurons) for found in model.layers] == [3, 1]
    assert model.layers[0].neurons[0].activation is rectified.activation
    assert model.layers[1].neurons[0].activation is straight.activation
    assert isinstance(model, Module)
    assert len(model.parameters()) == 13


def test_one_output_is_bare_and_several_are_a_list() -> None:
    x = [Value(1.0), -2.0]

    assert isinstance(Layer(2, 1)(x), Value)
    assert isinstance(MLP(2, [2, 1])(x), Value)
    assert [type(out) for out in MLP(2, [1, 3])(x)] == [Value] * 3


def test_weights_start_within_1_of_zero() -> None:
    numbers = [w.data for w in Neuron(200).w]

    assert min(numbers) >= -1.0
    assert max(numbers) < 1.0
    assert np.std(numbers) == pytest.approx(0.577, abs=0.1)


def test_a_module_of_ones_own_may_list_its_parameters() -> None:
    class Own(Module):
        def __init__(self) -> None:
            self.hidden = {Neuron(2)}  # in a set, where nobody looks

        def parameters(self) -> list[Value]:
            return [p for neuron in self.hidden for p in neuron.parameters()]

    own = Own()
    own.parameters()[0].grad = 1.0
    own.zero_grad()

    assert own.parameters()[0].grad == 0.0
