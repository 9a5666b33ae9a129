"""`Neuron`, `Layer` and `MLP`: networks in which every weight is a `Value` with a name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import mul as multiply
from typing import Any

import numpy as np

from tinygrad_bp.core.value import Value, constant
from tinygrad_bp.nn import initialisers
from tinygrad_bp.nn.activations import activation_of, name_of
from tinygrad_bp.nn.module import Module
from tinygrad_bp.nn.settings import count
from tinygrad_bp.rows.operand import Operand
from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.rows.primitives import sum_


class Neuron(Module):
    """activation(w_0 x_0 + w_1 x_1 + ... + b).

    >>> neuron = Neuron(2, "tanh", init=[1.0, -1.0], name="h1")
    >>> neuron([0.5, 0.5])
    Value(data=0.0, grad=0.0, label='h1')
    >>> [parameter.label for parameter in neuron.parameters()]
    ['h1.w.0', 'h1.w.1', 'h1.b']

    `inputs` is how many numbers it takes; `activation` a name of a function of one operand,
    such a function, or, as `nonlin` in micrograd, `True` for relu and `False` for none.
    `init` is an initialiser, by name or as a function (rng, inputs, outputs) -> number, or
    the weights themselves, or a pair (weights, bias); `bias_init` likewise, or one number.
    `seed` is an int or a NumPy `Generator`. Without bias, `b` is `None`.

    Called with numbers it takes them for constants; with `Value`s the graph goes on.
    """

    def __init__(
        self,
        inputs: int,
        activation: Any = "relu",
        *,
        bias: bool = True,
        init: Any = "uniform",
        bias_init: Any = "zeros",
        seed: Any = None,
        name: str = "",
        nonlin: bool | None = None,
    ) -> None:
        inputs = count(inputs, "the number of inputs of a neuron")
        if _is_pair(init, 1):
            init, bias_init = _split(init, bias=bias)
        if not isinstance(init, str) and not callable(init):
            init = [init]
        rng = np.random.default_rng(seed)
        self.w = [Value(number) for number in initialisers.weights(init, rng, inputs, 1)[0]]
        self.b = Value(initialisers.biases(bias_init, rng, inputs, 1)[0]) if bias else None
        self.activation = activation_of(activation if nonlin is None else nonlin)
        self.rename(name)

    def __call__(self, inputs: Any) -> Any:
        """The neuron's value at the numbers of one example, labelled with its name."""
        return self.value_at(operands(inputs, len(self.w), self))

    def value_at(self, inputs: list[Any]) -> Any:
        """The same for a list of the right number of operands, which is not checked again."""
        terms = list(map(multiply, self.w, inputs))
        if self.b is not None:
            terms.append(self.b)
        total = terms[0] if len(terms) == 1 else _sum(terms)
        activation = self.activation
        if type(activation) is Primitive and activation.arity == 1 and type(total) is Value:
            result = Value.apply_unary(activation, total)  # skips the look at what it is
        else:
            result = activation(total)
        if self.name and type(result) is Value:
            result.label = self.name
        return result

    def __repr__(self) -> str:
        return f"Neuron({len(self.w)}, {name_of(self.activation)!r}{_bias_note(self.b)})"


class Layer(Module):
    """Neurons side by side, on the same inputs.

    >>> layer = Layer(2, 3, activation="sigmoid", init="normal", seed=0)
    >>> len(layer([1.0, -1.0]))
    3
    >>> layer
    Layer(2, 3, 'sigmoid')

    Settings as for `Neuron`; the caller's own numbers are an (outputs, inputs) array, or a
    pair of that and `outputs` biases. A layer of one neuron returns it bare, not in a list.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: Any = "relu",
        *,
        bias: bool = True,
        init: Any = "uniform",
        bias_init: Any = "zeros",
        seed: Any = None,
        name: str = "",
        nonlin: bool | None = None,
    ) -> None:
        self.inputs = count(inputs, "the number of inputs of a layer")
        outputs = count(outputs, "the number of neurons of a layer")
        activation = activation_of(activation if nonlin is None else nonlin)
        if _is_pair(init, 2):
            init, bias_init = _split(init, bias=bias)
        rng = np.random.default_rng(seed)
        # All weights before all biases, so that a layer's weights are one draw of a matrix.
        rows = initialisers.weights(init, rng, inputs, outputs)
        shifts = initialisers.biases(bias_init, rng, inputs, outputs) if bias else [0.0] * outputs
        self.neurons = [
            Neuron(inputs, activation, bias=bias, init=row, bias_init=shift)
            for row, shift in zip(rows, shifts, strict=True)
        ]
        self.rename(name)

    def __call__(self, inputs: Any) -> Any:
        """The value of each neuron at the numbers of one example."""
        return bare(self.values_at(operands(inputs, self.inputs, self)))

    def values_at(self, inputs: list[Any]) -> list[Any]:
        """The same for a list of the right number of operands, which is not checked again."""
        return [neuron.value_at(inputs) for neuron in self.neurons]

    def __repr__(self) -> str:
        first = self.neurons[0]
        return (
            f"Layer({self.inputs}, {len(self.neurons)}, "
            f"{name_of(first.activation)!r}{_bias_note(first.b)})"
        )


class MLP(Module):
    """A multi-layer perceptron: layers, each on the outputs of the one before.

    >>> model = MLP(3, [4, 4, 1], activation="sigmoid", output_activation="sigmoid", seed=0)
    >>> model
    MLP(3, [4, 4, 1], activation='sigmoid', output_activation='sigmoid')
    >>> model([1.0, 0.0, 1.0]).label
    'layers.2.neurons.0'
    >>> len(model.parameters())
    41

    `outputs` is the number of neurons of each layer. `activation` is that of all layers but
    the last, which has `output_activation`. Other settings as for `Neuron`; the caller's own
    numbers are a list with an (outputs, inputs) array for each layer, or a pair of that and
    `outputs` biases. All layers draw from the one `seed`, first layer first.
    """

    def __init__(
        self,
        inputs: int,
        outputs: Sequence[int],
        *,
        activation: Any = "relu",
        output_activation: Any = "linear",
        bias: bool = True,
        init: Any = "uniform",
        bias_init: Any = "zeros",
        seed: Any = None,
        name: str = "",
    ) -> None:
        sizes = [inputs, *_sizes(outputs)]
        activations = [activation] * (len(sizes) - 2) + [output_activation]
        rng = np.random.default_rng(seed)
        self.layers = [
            Layer(*size, chosen, bias=bias, init=start, bias_init=bias_init, seed=rng)
            for size, chosen, start in zip(
                pairwise(sizes), activations, _for_each_layer(init, len(activations)), strict=True
            )
        ]
        self.rename(name)

    def __call__(self, inputs: Any) -> Any:
        """What the last layer gives: one value bare, several in a list."""
        values = operands(inputs, self.layers[0].inputs, self)
        for layer in self.layers:
            values = layer.values_at(values)
        return bare(values)

    def __repr__(self) -> str:
        hidden, last = self.layers[0].neurons[0], self.layers[-1].neurons[0]
        sizes = [len(layer.neurons) for layer in self.layers]
        middle = f"activation={name_of(hidden.activation)!r}, " if len(sizes) > 1 else ""
        return (
            f"MLP({self.layers[0].inputs}, {sizes}, {middle}"
            f"output_activation={name_of(last.activation)!r}{_bias_note(last.b)})"
        )


def operands(inputs: Any, width: int, module: Module) -> list[Any]:
    """One example's numbers as a list of `width` operands; a bare number counts as one."""
    if type(inputs) is list and len(inputs) == width and all(type(x) is Value for x in inputs):
        return inputs
    if isinstance(inputs, np.ndarray):
        inputs = inputs.tolist()  # to Python's floats, which are checked faster than NumPy's
    inputs = list(inputs) if hasattr(inputs, "__iter__") else [inputs]
    if any(isinstance(x, list | tuple | np.ndarray) for x in inputs):
        raise ValueError(
            f"{_called(module)} takes one example at a time, {width} numbers, got nested ones: "
            "call it for each row, [model(row) for row in rows], or nn.predict(model, rows)"
        )
    if len(inputs) != width:
        raise ValueError(f"{_called(module)} takes {width} inputs, got {len(inputs)}")
    return [x if isinstance(x, Operand) else constant(x) for x in inputs]


def bare(values: list[Any]) -> Any:
    """The one value, or the list of several."""
    return values[0] if len(values) == 1 else values


def _sum(terms: list[Any]) -> Any:
    return Value.apply(sum_, *terms) if type(terms[0]) is Value else sum_(*terms)


def _called(module: Module) -> str:
    return f"{module.name} = {module!r}" if module.name else repr(module)


def _bias_note(bias: Value | None) -> str:
    return ", bias=False" if bias is None else ""


def _is_pair(init: Any, dimensions: int) -> bool:
    """Whether `init` is (weights, bias), with weights of that many dimensions."""
    return (
        isinstance(init, list | tuple)
        and len(init) == 2
        and not isinstance(init[0], str)
        and _dimensions(init[0]) == dimensions
        and _dimensions(init[1]) == dimensions - 1
    )


def _dimensions(numbers: Any) -> int:
    """How deep nested lists go, ragged ones too; an array knows."""
    if isinstance(numbers, np.ndarray):
        return numbers.ndim
    if isinstance(numbers, list | tuple):
        return 1 + (_dimensions(numbers[0]) if numbers else 0)
    return 0


def _split(init: Any, *, bias: bool) -> tuple[Any, Any]:
    if not bias:
        raise ValueError("init holds biases, but bias=False: give the weights alone")
    weights, shifts = init
    return weights, shifts


def _sizes(outputs: Any) -> list[int]:
    if not hasattr(outputs, "__iter__") or isinstance(outputs, str):
        raise TypeError(
            f"the outputs of an MLP are a list, one number for each layer, got {outputs!r}: "
            f"write [{outputs!r}] for a single layer"
        )
    sizes = [count(size, "the number of neurons of a layer") for size in outputs]
    if not sizes:
        raise ValueError("an MLP has at least one layer, got an empty list of outputs")
    return sizes


def _for_each_layer(init: Any, layers: int) -> list[Any]:
    if isinstance(init, str) or callable(init):
        return [init] * layers
    if not hasattr(init, "__len__"):
        raise TypeError(f"init is a name, a function or numbers for each layer, got {init!r}")
    if len(init) != layers:
        raise ValueError(f"init holds numbers for {len(init)} layers, but there are {layers}")
    return list(init)


__all__ = ["MLP", "Layer", "Neuron", "bare", "operands"]
