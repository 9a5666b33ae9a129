"""Document 001: one sigmoid neuron, then a 2-2-1 network differentiated weight by weight.

    h1 = sigmoid(w1 x1 + w2 x2 + b1)    h2 = sigmoid(w3 x1 + w4 x2 + b2)
    o  = sigmoid(w5 h1 + w6 h2 + b3)    loss of one example = (y - o)^2

Parameters stand in the order w1 w2 w3 w4 w5 w6 b1 b2 b3 along the first axis, (9,); a second axis
holds many starts, (9, s), and they all train at once.
"""

from collections.abc import Iterator

import numpy as np

from .notation import Array, sigmoid

INPUTS: Array = np.array([[-2.0, -1], [25, 6], [17, 4], [-15, -6]])
LABELS: Array = np.array([1.0, 0, 0, 1])
RATE = 0.5


def neuron(weights: Array, bias: float, inputs: Array) -> Array:
    """The sigmoid of the weighted inputs plus the bias: weights (n,), inputs (n,)."""
    return sigmoid(weights @ inputs + bias)


def fixed_network(weights: Array, bias: float, inputs: Array) -> Array:
    """A 2-2-1 network whose three neurons share the same weights (2,) and bias."""
    hidden = neuron(weights, bias, inputs)
    return neuron(weights, bias, np.array([hidden, hidden]))


def mean_squared_error(labels: Array, predicted: Array) -> Array:
    """The squared errors' mean over the first axis."""
    mean: Array = ((labels - predicted) ** 2).mean(axis=0)
    return mean


def fixed_figures() -> tuple[float, float, float, float]:
    """The four numbers that the document prints for weights nobody trained."""
    weights = np.array([0.0, 1.0])
    return (
        float(neuron(weights, 4, np.array([2.0, 3.0]))),
        float(neuron(weights, 4, np.array([1.0, 1.0]))),
        float(fixed_network(weights, 0, np.array([2.0, 3.0]))),
        float(mean_squared_error(np.array([1.0, 0, 0, 1]), np.zeros(4))),
    )


def activations(parameters: Array, inputs: Array) -> tuple[Array, Array, Array]:
    """h1, h2 and o for one example, inputs (2,)."""
    w1, w2, w3, w4, w5, w6, b1, b2, b3 = parameters
    h1 = sigmoid(w1 * inputs[0] + w2 * inputs[1] + b1)
    h2 = sigmoid(w3 * inputs[0] + w4 * inputs[1] + b2)
    return h1, h2, sigmoid(w5 * h1 + w6 * h2 + b3)


def loss(parameters: Array) -> Array:
    """Mean squared error over the four examples."""
    predicted = np.array([activations(parameters, x)[2] for x in INPUTS])
    return mean_squared_error(LABELS.reshape(-1, *[1] * (predicted.ndim - 1)), predicted)


def gradient(parameters: Array, inputs: Array, label: float) -> Array:
    """Derivative of one example's squared error by each parameter; same shape as ``parameters``."""
    w5, w6 = parameters[4], parameters[5]
    h1, h2, o = activations(parameters, inputs)
    at_o = -2 * (label - o) * o * (1 - o)
    at_h1 = at_o * w5 * h1 * (1 - h1)
    at_h2 = at_o * w6 * h2 * (1 - h2)
    x1, x2 = inputs
    return np.array(
        [at_h1 * x1, at_h1 * x2, at_h2 * x1, at_h2 * x2, at_o * h1, at_o * h2, at_h1, at_h2, at_o]
    )


def after_epoch(parameters: Array) -> Array:
    """The parameters after one step on each example in turn."""
    for inputs, label in zip(INPUTS, LABELS, strict=True):
        parameters = parameters - RATE * gradient(parameters, inputs, label)
    return parameters


def trajectory(parameters: Array, *, epochs: int = 1_000) -> Iterator[Array]:
    """The parameters after each epoch."""
    for _ in range(epochs):
        parameters = after_epoch(parameters)
        yield parameters
