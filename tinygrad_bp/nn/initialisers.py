"""Where weights start.

An initialiser is a function of (rng, inputs, outputs) that draws one number, where
`inputs` and `outputs` count the operands of a neuron and the neurons of its layer. Numbers
are drawn one by one, row by row, layer after layer, so that with the same seed

>>> import numpy as np
>>> from tinygrad_bp import nn
>>> layer = nn.Layer(3, 2, init="normal", seed=0)
>>> drawn = np.random.default_rng(0).standard_normal((2, 3))
>>> [[w.data for w in neuron.w] for neuron in layer.neurons] == drawn.tolist()
True

the weights are those of a NumPy program that draws whole matrices.

Sources: Glorot and Bengio, "Understanding the difficulty of training deep feedforward
neural networks" (2010), equation 16; He et al., "Delving deep into rectifiers" (2015),
equation 10.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.nn.arrays import array_of
from tinygrad_bp.nn.choices import chosen

Initialiser = Callable[[Generator, int, int], float]


def uniform(rng: Generator, inputs: int, outputs: int) -> float:  # noqa: ARG001
    """Uniform in [-1, 1), as in micrograd."""
    return rng.uniform(-1.0, 1.0)


def normal(rng: Generator, inputs: int, outputs: int) -> float:  # noqa: ARG001
    """The standard normal distribution."""
    return rng.standard_normal()


def xavier_uniform(rng: Generator, inputs: int, outputs: int) -> float:
    """Uniform, of variance 2 / (inputs + outputs): for sigmoid and tanh."""
    bound = math.sqrt(6.0 / (inputs + outputs))
    return rng.uniform(-bound, bound)


def xavier_normal(rng: Generator, inputs: int, outputs: int) -> float:
    """Normal, of variance 2 / (inputs + outputs): for sigmoid and tanh."""
    return rng.normal(0.0, math.sqrt(2.0 / (inputs + outputs)))


def he_uniform(rng: Generator, inputs: int, outputs: int) -> float:  # noqa: ARG001
    """Uniform, of variance 2 / inputs: for relu."""
    bound = math.sqrt(6.0 / inputs)
    return rng.uniform(-bound, bound)


def he_normal(rng: Generator, inputs: int, outputs: int) -> float:  # noqa: ARG001
    """Normal, of variance 2 / inputs: for relu."""
    return rng.normal(0.0, math.sqrt(2.0 / inputs))


def zeros(rng: Generator, inputs: int, outputs: int) -> float:  # noqa: ARG001
    """Zero: for biases. Neurons of a layer that all start so stay alike for ever."""
    return 0.0


INITIALISERS: dict[str, Initialiser] = {
    function.__name__: function
    for function in (
        uniform,
        normal,
        xavier_uniform,
        xavier_normal,
        he_uniform,
        he_normal,
        zeros,
    )
}


def weights(init: Any, rng: Generator, inputs: int, outputs: int) -> list[list[float]]:
    """A row of `inputs` numbers for each of the `outputs` neurons.

    `init` is a name, an initialiser, or the numbers themselves, (outputs, inputs).
    """
    drawn = _draw(init, rng, inputs, outputs, rows=outputs, columns=inputs)
    if drawn is not None:
        return drawn
    rows: list[list[float]] = _given(init, (outputs, inputs), "weights, a row for each neuron,")
    return rows


def biases(init: Any, rng: Generator, inputs: int, outputs: int) -> list[float]:
    """A number for each of the `outputs` neurons.

    `init` is a name, an initialiser, one number for all, or the numbers themselves.
    """
    drawn = _draw(init, rng, inputs, outputs, rows=1, columns=outputs)
    if drawn is not None:
        return drawn[0]
    if np.ndim(init) == 0:
        return [as_float(init)] * outputs
    numbers: list[float] = _given(init, (outputs,), "biases, one for each neuron,")
    return numbers


def _draw(
    init: Any, rng: Generator, inputs: int, outputs: int, rows: int, columns: int
) -> list[list[float]] | None:
    """Numbers from an initialiser, row by row; `None` if `init` is not one."""
    if isinstance(init, str):
        init = chosen(init, INITIALISERS, "initialiser")
    if not callable(init):
        return None
    return [[as_float(init(rng, inputs, outputs)) for _ in range(columns)] for _ in range(rows)]


def _given(init: Any, shape: tuple[int, ...], what: str) -> Any:
    """The caller's own numbers as nested lists of floats, if they have that shape."""
    expected = f"expected {what} of shape {shape}"
    array = array_of(init, expected)
    if array.shape != shape:
        raise ValueError(f"{expected}, got shape {array.shape}")
    return array.tolist()


__all__ = [
    "INITIALISERS",
    "Initialiser",
    "biases",
    "he_normal",
    "he_uniform",
    "normal",
    "uniform",
    "weights",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
