"""Document 000: a 3-4-4-1 network of sigmoids without biases, binary cross-entropy, rate 0.5.

    a0 = x,  a_k = sigmoid(W_k a_{k-1}),  loss = -sum(y ln a3 + (1-y) ln(1-a3))

Columns are examples: inputs (3, m), labels (1, m). Weights are (4, 3), (4, 4), (1, 4). With
leading axes on the weights, a whole stack of starts trains at once.
"""

from collections.abc import Iterator

import numpy as np

from .notation import Array, sigmoid, transposed

Weights = tuple[Array, Array, Array]

INPUTS: Array = np.array([[1.0, 0, 0, 1], [1, 0, 1, 0], [1, 1, 1, 1]])
LABELS: Array = np.array([[0.0, 0, 1, 1]])
SHAPES = ((4, 3), (4, 4), (1, 4))
RATE = 0.5


def start(rng: np.random.Generator) -> Weights:
    """Standard normal weights, first layer first, each matrix row by row."""
    first, second, third = (rng.standard_normal(shape) for shape in SHAPES)
    return first, second, third


def activations(weights: Weights, inputs: Array = INPUTS) -> tuple[Array, Array, Array, Array]:
    """The inputs and what each layer makes of them: (3, m), (4, m), (4, m), (1, m)."""
    first, second, third = weights
    a1 = sigmoid(first @ inputs)
    a2 = sigmoid(second @ a1)
    return inputs, a1, a2, sigmoid(third @ a2)


def predictions(weights: Weights, inputs: Array = INPUTS) -> Array:
    """The network's outputs, (1, m)."""
    return activations(weights, inputs)[-1]


def loss(weights: Weights, inputs: Array = INPUTS, labels: Array = LABELS) -> Array:
    """Binary cross-entropy summed over the examples; one number for each start in the stack."""
    yhat = predictions(weights, inputs)
    total: Array = -(labels * np.log(yhat) + (1 - labels) * np.log(1 - yhat)).sum(axis=(-1, -2))
    return total


def gradient(weights: Weights, inputs: Array = INPUTS, labels: Array = LABELS) -> Weights:
    """Derivative of ``loss`` by each weight.

    As in the document, the loss and the last sigmoid are differentiated apart, so a prediction of
    exactly 0 or 1 gives nan although their product, yhat - y, is harmless.
    """
    _, second, third = weights
    a0, a1, a2, yhat = activations(weights, inputs)
    by_yhat = (1 - labels) / (1 - yhat) - labels / yhat
    d3 = by_yhat * yhat * (1 - yhat)
    d2 = transposed(third) @ d3 * a2 * (1 - a2)
    d1 = transposed(second) @ d2 * a1 * (1 - a1)
    return d1 @ transposed(a0), d2 @ transposed(a1), d3 @ transposed(a2)


def stepped(weights: Weights, inputs: Array = INPUTS, labels: Array = LABELS) -> Weights:
    """The weights after one step down the gradient over these examples."""
    first, second, third = (
        w - RATE * g for w, g in zip(weights, gradient(weights, inputs, labels), strict=True)
    )
    return first, second, third


def after_example_pass(weights: Weights) -> Weights:
    """The weights after four steps, one for each example, in the order of the columns."""
    for i in range(INPUTS.shape[1]):
        weights = stepped(weights, INPUTS[:, i : i + 1], LABELS[:, i : i + 1])
    return weights


def batch_trajectory(weights: Weights, *, steps: int = 50_000) -> Iterator[Weights]:
    """The weights after each full-batch step."""
    for _ in range(steps):
        weights = stepped(weights)
        yield weights


def example_trajectory(weights: Weights, *, passes: int = 50_000) -> Iterator[Weights]:
    """The weights after each pass of one example at a time."""
    for _ in range(passes):
        weights = after_example_pass(weights)
        yield weights
