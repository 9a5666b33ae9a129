"""Neurons, layers and networks: numbers, graphs, labels, and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tinygrad_bp import Primitive, Value, nn, no_grad, tanh, topological_order as order
from tinygrad_bp.rows import primitives
from tinygrad_bp.rows.primitive import BY_NAME


def sizes_and_seed() -> st.SearchStrategy[tuple[int, list[int], int]]:
    sizes = st.integers(1, 4)
    return st.tuples(sizes, st.lists(sizes, min_size=1, max_size=3), st.integers(0, 99))


@given(sizes_and_seed(), st.booleans())
def test_a_network_is_the_matrix_formula(setting: tuple[int, list[int], int], bias: bool) -> None:
    inputs, outputs, seed = setting
    model = nn.MLP(
        inputs, outputs, activation="tanh", bias=bias, init="normal", bias_init="normal", seed=seed
    )
    x = np.random.default_rng(seed).standard_normal(inputs)
    expected = x
    for layer in model.layers:
        last = layer is model.layers[-1]
        weights = np.array([[w.data for w in neuron.w] for neuron in layer.neurons])
        shifts = [neuron.b.data if neuron.b else 0.0 for neuron in layer.neurons]
        total = weights @ expected + shifts
        expected = total if last else np.tanh(total)

    result = model(x)

    results = result if isinstance(result, list) else [result]
    assert len(results) == outputs[-1]
    assert isinstance(result, list) == (outputs[-1] > 1)
    assert np.allclose([value.data for value in results], expected, rtol=1e-12, atol=1e-12)


def test_a_neuron_is_one_sum_of_products_then_the_bias() -> None:
    neuron = nn.Neuron(2, "sigmoid", name="h")
    out = neuron([1.0, 2.0])
    (total,) = out.parents
    first, second, bias = total.parents

    assert out.op is primitives.sigmoid
    assert total.op is primitives.sum_
    assert (first.op, second.op) == (primitives.multiply, primitives.multiply)
    assert first.parents[0] is neuron.w[0]
    assert second.parents[0] is neuron.w[1]
    assert bias is neuron.b


def test_a_sum_of_one_product_has_no_sum_node() -> None:
    out = nn.Neuron(1, "linear", bias=False, init=[3.0])(2.0)

    assert out.op is primitives.multiply
    assert out.data == 6.0


def test_numbers_become_constants_and_values_stay_in_the_graph() -> None:
    x = Value(2.0)
    out = nn.Neuron(2, "linear", init=[3.0, 4.0])([x, 5.0])

    out.backward()

    assert out.data == 26.0
    assert x.grad == 3.0
    assert sum(node.is_constant for node in order(out)) == 1


@pytest.mark.parametrize(
    "inputs",
    [[1, 2], (1, 2), np.array([1, 2]), np.array([1.0, 2.0], dtype=np.float32), iter([1, 2])],
)
def test_any_sequence_of_numbers_is_an_example(inputs: Any) -> None:
    assert nn.Neuron(2, "linear", init=[3.0, 4.0])(inputs).data == 11.0


@pytest.mark.parametrize("number", [2, 2.0, np.float64(2.0), np.array(2.0), np.array([2.0])])
def test_a_bare_number_is_an_example_of_one_input(number: Any) -> None:
    for model in (
        nn.Neuron(1, "linear", init=[3.0]),
        nn.Layer(1, 1, "linear", init=[[3.0]]),
        nn.MLP(1, [1], init=[[[3.0]]]),
    ):
        assert model(number).data == 6.0
        assert model(Value(2.0)).data == 6.0


def test_labels_are_paths() -> None:
    model = nn.MLP(1, [2, 1], name="net", seed=0)

    hidden = model.layers[0](1.0)

    assert [parameter.label for parameter in model.parameters()] == [
        "net.layers.0.neurons.0.w.0",
        "net.layers.0.neurons.0.b",
        "net.layers.0.neurons.1.w.0",
        "net.layers.0.neurons.1.b",
        "net.layers.1.neurons.0.w.0",
        "net.layers.1.neurons.0.w.1",
        "net.layers.1.neurons.0.b",
    ]
    assert [out.label for out in hidden] == ["net.layers.0.neurons.0", "net.layers.0.neurons.1"]
    assert model(1.0).label == "net.layers.1.neurons.0"


def test_labels_without_a_name_are_the_paths_alone() -> None:
    neuron = nn.Neuron(1)

    assert [parameter.label for parameter in neuron.parameters()] == ["w.0", "b"]
    assert neuron(1.0).label == ""
    assert nn.MLP(1, [1])(1.0).label == "layers.0.neurons.0"


@pytest.mark.parametrize("name", ["relu", "tanh", "leaky_relu", "elu", "softplus", "exp", "silu"])
def test_an_activation_by_name_is_the_primitive(name: str) -> None:
    neuron = nn.Neuron(1, name, init=[-0.5])

    assert neuron(1.0).data == BY_NAME[name](-0.5)


def test_an_activation_is_any_function_of_a_value() -> None:
    neuron = nn.Neuron(1, lambda v: v * v + 1, init=[3.0])
    out = neuron(1.0)
    out.backward()

    assert out.data == 10.0
    assert neuron.w[0].grad == 6.0


def test_an_activation_may_give_a_plain_number() -> None:
    assert nn.Neuron(1, lambda _: 7.0, name="n")(1.0) == 7.0


def test_a_registered_primitive_is_an_activation_by_name() -> None:
    cube = Primitive("cube", "cube({})", lambda x: x**3, lambda _, x: (3 * x * x,))
    BY_NAME["cube"] = cube
    try:
        assert nn.Neuron(1, "cube", init=[2.0])(1.0).data == 8.0
    finally:
        del BY_NAME["cube"]


def test_each_layer_but_the_last_has_the_hidden_activation() -> None:
    model = nn.MLP(1, [1, 1, 1], activation=tanh, output_activation="sigmoid")

    assert [layer.neurons[0].activation for layer in model.layers] == [
        primitives.tanh,
        primitives.tanh,
        primitives.sigmoid,
    ]


def test_by_default_a_network_is_relu_and_then_linear() -> None:
    model = nn.MLP(1, [1, 1])

    assert [layer.neurons[0].activation for layer in model.layers] == [primitives.relu, nn.linear]


def test_without_bias_there_is_none() -> None:
    model = nn.MLP(2, [2, 1], bias=False)

    assert [neuron.b for layer in model.layers for neuron in layer.neurons] == [None] * 3
    assert len(model.parameters()) == 6


def test_nothing_is_recorded_under_no_grad() -> None:
    with no_grad():
        assert nn.MLP(2, [2, 1], name="n")([1.0, 2.0]).is_constant


def test_reprs_say_what_would_make_them() -> None:
    assert repr(nn.Neuron(2)) == "Neuron(2, 'relu')"
    assert repr(nn.Neuron(2, "tanh", bias=False)) == "Neuron(2, 'tanh', bias=False)"
    assert repr(nn.Layer(2, 3, nonlin=False)) == "Layer(2, 3, 'linear')"
    assert repr(nn.MLP(2, (3, 1), bias=False)) == (
        "MLP(2, [3, 1], activation='relu', output_activation='linear', bias=False)"
    )
    assert repr(nn.MLP(2, [1])) == "MLP(2, [1], output_activation='linear')"
    assert "<lambda>" in repr(nn.Neuron(1, lambda v: v))


def test_a_function_without_a_name_is_shown_as_it_is() -> None:
    class Square:
        def __call__(self, v: Any) -> Any:
            return v * v

        def __repr__(self) -> str:
            return "Square()"

    assert repr(nn.Neuron(1, Square())) == "Neuron(1, 'Square()')"


MODEL = nn.MLP(3, [4, 1])

REFUSALS: list[tuple[Any, type[Exception], str]] = [
    (lambda: MODEL([1.0, 2.0]), ValueError, r"MLP\(3, .*takes 3 inputs, got 2"),
    (lambda: MODEL([Value(1.0), Value(2.0)]), ValueError, "takes 3 inputs, got 2"),
    (lambda: MODEL(1.0), ValueError, "takes 3 inputs, got 1"),
    (lambda: MODEL([[1, 2, 3], [4, 5, 6]]), ValueError, "one example at a time"),
    (lambda: MODEL(np.zeros((2, 3))), ValueError, "one example at a time"),
    (lambda: MODEL([1.0, 2.0, "3"]), TypeError, "expected a number, got str '3'"),
    (lambda: MODEL.layers[0]([1.0]), ValueError, r"layers.0 = Layer\(3, 4, .*takes 3 inputs"),
    (lambda: nn.Neuron(2)([1.0]), ValueError, r"^Neuron\(2, 'relu'\) takes 2 inputs, got 1"),
    (lambda: nn.Neuron(0), ValueError, "number of inputs of a neuron is a whole number from 1"),
    (lambda: nn.Neuron(True), ValueError, "got True"),
    (lambda: nn.Neuron(1.5), TypeError, "got float 1.5"),  # type: ignore[arg-type]
    (lambda: nn.Layer(2, -1), ValueError, "number of neurons of a layer .* got -1"),
    (lambda: nn.MLP(2, []), ValueError, "at least one layer"),
    (lambda: nn.MLP(2, 3), TypeError, r"write \[3\]"),  # type: ignore[arg-type]
    (lambda: nn.MLP(2, "31"), TypeError, "a list"),  # type: ignore[arg-type]
    (lambda: nn.MLP(2, [3, 0]), ValueError, "got 0"),
    (
        lambda: nn.Neuron(1, "sigmiod"),
        ValueError,
        "no activation 'sigmiod'; did you mean 'sigmoid'",
    ),
    (lambda: nn.Neuron(1, "add"), ValueError, "no activation 'add'"),
    (lambda: nn.Neuron(1, "sum"), ValueError, "no activation 'sum'"),
    (lambda: nn.Neuron(1, 3), TypeError, "a name or a function of a Value, got int 3"),
]


@pytest.mark.parametrize(("act", "error", "message"), REFUSALS)
def test_what_can_not_be_right_is_refused(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        act()


def test_a_neuron_works_at_infinity() -> None:
    assert nn.Neuron(1, "sigmoid", init=[1.0])(math.inf).data == 1.0
