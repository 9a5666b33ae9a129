"""What a module holds, and how it is saved."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest

from tinygrad_bp import Value, constant, nn


class Pair(nn.Module):
    """A user's module: every kind of place for a parameter."""

    def __init__(self) -> None:
        self.scale = Value(2.0)
        self.layer = nn.Layer(1, 1, init="zeros")
        self.table = {"a": Value(3.0), "b": [Value(4.0), (Value(5.0),)]}
        self.array = np.array([[Value(6.0)], [Value(7.0)]], dtype=object)
        self.fixed = constant(8.0)
        self.made = self.scale * 2
        self.numbers = np.array([1.0, 2.0])
        self.text = "w"
        self.again = self.scale

    def __call__(self, inputs: Any) -> Any:
        return self.scale * self.layer(inputs)


PATHS = [
    "scale",
    "layer.neurons.0.w.0",
    "layer.neurons.0.b",
    "table.a",
    "table.b.0",
    "table.b.1.0",
    "array.0.0",
    "array.1.0",
]


def test_parameters_are_found_in_any_nesting_in_the_order_of_their_making() -> None:
    assert [path for path, _ in Pair().named_parameters()] == PATHS


def test_parameters_are_the_values_themselves() -> None:
    pair = Pair()

    assert pair.parameters()[0] is pair.scale
    assert pair.parameters()[-1] is pair.array[1, 0]


def test_a_shared_parameter_counts_once() -> None:
    model = nn.MLP(1, [1, 1])
    model.layers[1].neurons[0].w[0] = model.layers[0].neurons[0].w[0]

    assert [path for path, _ in model.named_parameters()] == [
        "layers.0.neurons.0.w.0",
        "layers.0.neurons.0.b",
        "layers.1.neurons.0.b",
    ]


def test_modules_that_hold_one_another_are_walked_once() -> None:
    outer, inner = nn.Module(), nn.Neuron(1, bias=False)
    outer.inner = inner  # type: ignore[attr-defined]
    inner.outer = outer  # type: ignore[attr-defined]

    assert [path for path, _ in outer.named_parameters()] == ["inner.w.0"]
    assert [path for path, _ in outer.named_modules()] == ["", "inner"]


def test_zero_grad_clears_every_parameter() -> None:
    pair = Pair()
    for parameter in pair.parameters():
        parameter.grad = 1.0

    pair.zero_grad()

    assert [parameter.grad for parameter in pair.parameters()] == [0.0] * len(PATHS)


def test_rename_labels_parameters_and_modules_by_their_paths() -> None:
    pair = Pair()

    assert pair.rename("pair") is pair
    assert [p.label for p in pair.parameters()] == [f"pair.{path}" for path in PATHS]
    assert pair.layer.neurons[0].name == "pair.layer.neurons.0"
    assert pair.name == "pair"


def test_state_goes_through_json_to_the_last_bit() -> None:
    model = nn.MLP(3, [4, 2], init="normal", seed=0)
    other = nn.MLP(3, [4, 2], init="normal", seed=1)

    other.load_state_dict(json.loads(json.dumps(model.state_dict())))

    assert other.state_dict() == model.state_dict()
    assert next(iter(model.state_dict())) == "layers.0.neurons.0.w.0"
    assert all(type(number) is float for number in model.state_dict().values())


@pytest.mark.parametrize(
    ("state", "problems"),
    [
        ({"w.0": 1.0}, ["missing: b"]),
        ({"w.0": 1.0, "b": 2.0, "c": 3.0}, ["unexpected: c"]),
        ({"w.0": 1.0, "b": "2"}, ["not a finite number: b = '2'"]),
        ({"w.0": 1.0, "b": 10**400}, ["not a finite number: b = 1000"]),
        ({"w.0": 1.0, "b": float("nan")}, ["not a finite number: b = nan"]),
        ({"w.0": 1.0, "c": None}, ["missing: b", "unexpected: c", "number: c = None"]),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(
    state: dict[str, Any], problems: list[str]
) -> None:
    neuron = nn.Neuron(1, init=[5.0], bias_init=6.0)

    with pytest.raises(ValueError, match="does not fit Neuron, which stays as it was") as error:
        neuron.load_state_dict(state)

    assert all(problem in str(error.value) for problem in problems)
    assert neuron.state_dict() == {"w.0": 5.0, "b": 6.0}


def test_a_state_of_numpy_numbers_is_taken() -> None:
    neuron = nn.Neuron(1)

    neuron.load_state_dict({"w.0": np.float32(0.5), "b": np.int64(2)})

    assert neuron.state_dict() == {"w.0": 0.5, "b": 2.0}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_is_equal_and_independent(copied: Any) -> None:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0, name="net")

    other = copied(model)
    other.layers[0].neurons[0].w[0].data += 1.0

    assert repr(other) == repr(model)
    assert other.parameters()[0].label == "net.layers.0.neurons.0.w.0"
    assert other.parameters()[0].data == model.parameters()[0].data + 1.0
    assert [p.data for p in other.parameters()[1:]] == [p.data for p in model.parameters()[1:]]


def test_repr_of_a_module_names_its_parameters() -> None:
    class Many(nn.Module):
        def __init__(self, count: int) -> None:
            self.w = [Value(0.0) for _ in range(count)]

    assert repr(Many(0)) == "Many(0 parameters)"
    assert repr(Many(1)) == "Many(1 parameter: w.0)"
    assert repr(Many(6)) == "Many(6 parameters: w.0, w.1, w.2, w.3, w.4, w.5)"
    assert repr(Many(9)) == "Many(9 parameters: w.0, w.1, w.2, w.3, ..., w.8)"


def test_a_module_without_call_says_so() -> None:
    with pytest.raises(NotImplementedError, match=r"Module does not define __call__"):
        nn.Module()([1.0])


def test_an_array_without_dimensions_holds_no_parameters() -> None:
    module = nn.Module()
    module.array = np.array(None, dtype=object)  # type: ignore[attr-defined]

    assert module.parameters() == []
