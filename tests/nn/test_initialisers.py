"""Where weights start: exact draws, distributions, and the caller's own numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tinygrad_bp import nn
from tinygrad_bp.nn.initialisers import INITIALISERS


def weights(layer: nn.Layer) -> list[list[float]]:
    return [[w.data for w in neuron.w] for neuron in layer.neurons]


def biases(layer: nn.Layer) -> list[float]:
    return [neuron.b.data for neuron in layer.neurons if neuron.b is not None]


def test_normal_weights_are_numpys_matrices_layer_after_layer() -> None:
    model = nn.MLP(3, [4, 4, 1], init="normal", seed=0)
    rng = np.random.default_rng(0)

    for layer, shape in zip(model.layers, [(4, 3), (4, 4), (1, 4)], strict=True):
        assert weights(layer) == rng.standard_normal(shape).tolist()
        assert biases(layer) == [0.0] * shape[0]


def test_uniform_weights_are_numpys_matrices_layer_after_layer() -> None:
    model = nn.MLP(3, [4, 2], seed=7)
    rng = np.random.default_rng(7)

    assert weights(model.layers[0]) == rng.uniform(-1, 1, (4, 3)).tolist()
    assert weights(model.layers[1]) == rng.uniform(-1, 1, (2, 4)).tolist()


def test_a_layers_biases_are_drawn_after_all_its_weights() -> None:
    model = nn.MLP(3, [4, 2], init="normal", bias_init="normal", seed=3)
    rng = np.random.default_rng(3)

    for layer, shape in zip(model.layers, [(4, 3), (2, 4)], strict=True):
        assert weights(layer) == rng.standard_normal(shape).tolist()
        assert biases(layer) == rng.standard_normal(shape[0]).tolist()


def test_a_seed_may_be_a_generator_which_goes_on() -> None:
    rng = np.random.default_rng(5)
    first, second = nn.Neuron(2, init="normal", seed=rng), nn.Neuron(2, init="normal", seed=rng)

    drawn = np.random.default_rng(5).standard_normal(4).tolist()
    assert [w.data for w in first.w + second.w] == drawn


INPUTS, OUTPUTS = 100, 50
UNIFORM_OF_VARIANCE = {name: math.sqrt(3 * v) for name, v in {
    "uniform": 1 / 3, "xavier_uniform": 2 / (INPUTS + OUTPUTS), "he_uniform": 2 / INPUTS,
}.items()}  # fmt: skip
NORMAL_OF_DEVIATION = {
    "normal": 1.0,
    "xavier_normal": math.sqrt(2 / (INPUTS + OUTPUTS)),
    "he_normal": math.sqrt(2 / INPUTS),
}


def drawn(name: str) -> np.ndarray[Any, Any]:
    return np.array(weights(nn.Layer(INPUTS, OUTPUTS, init=name, seed=0)))


@pytest.mark.parametrize(("name", "bound"), UNIFORM_OF_VARIANCE.items())
def test_uniform_initialisers_fill_their_interval_evenly(name: str, bound: float) -> None:
    sample = np.sort(drawn(name).ravel()) / bound

    # Kolmogorov's statistic of 5,000 numbers is above 0.027 once in a thousand seeds.
    uniform = np.linspace(-1, 1, sample.size)
    assert np.abs(sample - uniform).max() / 2 < 0.027
    assert np.abs(sample).max() <= 1


@pytest.mark.parametrize(("name", "deviation"), NORMAL_OF_DEVIATION.items())
def test_normal_initialisers_have_their_deviation(name: str, deviation: float) -> None:
    sample = drawn(name).ravel() / deviation

    assert abs(sample.mean()) < 0.05
    assert abs(sample.std() - 1) < 0.03
    assert abs((np.abs(sample) < 1).mean() - 0.6827) < 0.02


def test_every_named_initialiser_is_checked_here() -> None:
    assert set(INITIALISERS) == {*UNIFORM_OF_VARIANCE, *NORMAL_OF_DEVIATION, "zeros"}


def test_zeros_are_zero() -> None:
    assert not drawn("zeros").any()


def test_an_initialiser_is_any_function_of_rng_inputs_and_outputs() -> None:
    layer = nn.Layer(2, 3, init=lambda _rng, inputs, outputs: 10 * inputs + outputs, bias_init=0.5)

    assert weights(layer) == [[23.0, 23.0]] * 3
    assert biases(layer) == [0.5] * 3


def test_the_initialisers_are_public_functions() -> None:
    same = nn.Layer(2, 3, init=nn.he_normal, seed=0), nn.Layer(2, 3, init="he_normal", seed=0)

    assert weights(same[0]) == weights(same[1])


W, B = [[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]
V, C = [[7.0, 8.0]], [9.0]


@pytest.mark.parametrize("kind", [list, np.array])
def test_the_callers_own_numbers_for_a_layer(kind: Any) -> None:
    with_biases = nn.Layer(2, 2, init=(kind(W), kind(B)))
    without = nn.Layer(2, 2, init=kind(W))
    apart = nn.Layer(2, 2, init=kind(W), bias_init=kind(B))

    assert weights(with_biases) == weights(without) == weights(apart) == W
    assert biases(with_biases) == biases(apart) == B
    assert biases(without) == [0.0, 0.0]


@pytest.mark.parametrize("kind", [list, np.array])
def test_the_callers_own_numbers_for_a_network(kind: Any) -> None:
    with_biases = nn.MLP(2, [2, 1], init=[(kind(W), kind(B)), (kind(V), kind(C))])
    without = nn.MLP(2, [2, 1], init=[kind(W), kind(V)], bias=False)

    assert [weights(layer) for layer in with_biases.layers] == [W, V]
    assert [biases(layer) for layer in with_biases.layers] == [B, C]
    assert [weights(layer) for layer in without.layers] == [W, V]


def test_the_callers_own_numbers_for_a_neuron() -> None:
    neuron = nn.Neuron(2, init=([1, 2], 3))

    assert [p.data for p in neuron.parameters()] == [1.0, 2.0, 3.0]
    assert [p.data for p in nn.Neuron(2, init=[1, 2]).parameters()] == [1.0, 2.0, 0.0]


REFUSALS: list[tuple[Any, type[Exception], str]] = [
    (lambda: nn.Layer(2, 3, init=W), ValueError, r"of shape \(3, 2\), got shape \(2, 2\)"),
    (
        lambda: nn.Layer(2, 2, init=[[1, 2], [3]]),
        ValueError,
        "all rows of one length",
    ),
    (lambda: nn.Layer(2, 2, init=[]), ValueError, r"got shape \(0,\)"),
    (lambda: nn.Layer(2, 2, init=W, bias_init=[1.0]), ValueError, r"one for each neuron, of shape"),
    (lambda: nn.Layer(2, 2, init=(W, B), bias=False), ValueError, "init holds biases, but bias="),
    (lambda: nn.Neuron(2, init=([], 1.0)), ValueError, r"got shape \(1, 0\)"),
    (lambda: nn.Neuron(1, init=[None]), TypeError, "expected weights"),
    (lambda: nn.Neuron(1, init=["1"]), TypeError, "expected weights.*'1' for one"),
    (lambda: nn.MLP(2, [2, 1], init=[W]), ValueError, "numbers for 1 layers, but there are 2"),
    (lambda: nn.MLP(2, [2, 1], init=3.0), TypeError, "a name, a function or numbers"),
    (lambda: nn.MLP(2, [1], init="he"), ValueError, "no initialiser 'he'. There are: uniform"),
    (lambda: nn.MLP(2, [1], init="xavier"), ValueError, "did you mean 'xavier_"),
    (lambda: nn.Neuron(1, bias_init="zero"), ValueError, "did you mean 'zeros'"),
    (lambda: nn.Neuron(1, init=lambda *_: "1"), TypeError, "expected a number, got str"),
]


@pytest.mark.parametrize(("act", "error", "message"), REFUSALS)
def test_what_can_not_be_right_is_refused(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        act()
