"""Document 002: a 3-1 perceptron and a 3-4-1 network; the gradient as written and as it should be.

Rows are examples: inputs (4, 3), labels (4, 1). Weights are (3, 1), or (3, 4) and (4, 1); no
biases. ``as_written_*`` reproduces the document's faulty arithmetic, ``right_*`` is the gradient
of mean((yhat - y)^2), the loss that it states.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .notation import Array, sigmoid, transposed

INPUTS: Array = np.array([[4, 500, 6], [4, 550, 5.5], [2, 200, 3.5], [2, 250, 4]])
LABELS: Array = np.array([[1.0], [1], [0], [0]])
RATE = 0.5


class Perceptron(NamedTuple):
    """What one step of the perceptron leaves: its weights (3, 1), and what it saw."""

    weights: Array
    outputs: Array
    error: float


class Hidden(NamedTuple):
    """What one step of the 3-4-1 network leaves: its weights, and what it saw."""

    hidden_weights: Array
    output_weights: Array
    outputs: Array
    error: float


def perceptron_start() -> Array:
    """The weights (3, 1) that the document prints: the first three draws of the legacy seed 1."""
    return np.random.RandomState(1).random_sample((3, 1))


def hidden_start() -> tuple[Array, Array]:
    """The weights (3, 4) and (4, 1) behind the document's second printout, which it does not print.

    They are not the next sixteen draws of the stream: twelve lie between, drawn in a cell since
    deleted (the numbering skips 65 and 67). With these the first printed step agrees in every
    digit.
    """
    random = np.random.RandomState(1)
    random.random_sample(3 + 12)
    return random.random_sample((3, 4)), random.random_sample((4, 1))


def error_as_written(outputs: Array) -> float:
    """Twice the mean of a 4x4 table: every output (4, 1) less every label, whose shape is (4,)."""
    return float(2 * np.square(outputs - LABELS[:, 0]).mean())


def derivative_as_written(z: Array) -> Array:
    """The sigmoid's derivative s (1 - s), but of its input where its output belongs: z (1 - z)."""
    return z * (1 - z)


def perceptron_as_written(weights: Array) -> Perceptron:
    """One step of the document's first loop."""
    with np.errstate(over="ignore", invalid="ignore"):
        z = INPUTS @ weights
        outputs = sigmoid(z)
        error = error_as_written(outputs)
        moved = weights + RATE * (INPUTS.T @ (derivative_as_written(z) * error))
    return Perceptron(moved, outputs, error)


def hidden_as_written(hidden_weights: Array, output_weights: Array) -> Hidden:
    """One step of the document's second loop.

    The output weights move first, and the hidden gradient sees them moved.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        z = INPUTS @ hidden_weights
        z_out = sigmoid(z) @ output_weights
        outputs = sigmoid(z_out)
        error = error_as_written(outputs)
        slope = derivative_as_written(z_out)
        # outputs, (4, 1), where the hidden activations, (4, 4), belong: one number for all four
        # weights.
        moved_out = output_weights + RATE * (outputs.T @ (slope * error))
        # (4, 1) weights against (4, 4) slopes: the weight of unit i scales *example* i.
        at_hidden = derivative_as_written(z) * moved_out * slope * error
        moved = hidden_weights + RATE * (INPUTS.T @ at_hidden)
    return Hidden(moved, moved_out, outputs, error)


def perceptron_trajectory_as_written(weights: Array, *, steps: int = 10) -> Iterator[Perceptron]:
    """Each step of the document's first loop."""
    for _ in range(steps):
        step = perceptron_as_written(weights)
        weights = step.weights
        yield step


def hidden_trajectory_as_written(
    hidden_weights: Array, output_weights: Array, *, steps: int = 10
) -> Iterator[Hidden]:
    """Each step of the document's second loop."""
    for _ in range(steps):
        step = hidden_as_written(hidden_weights, output_weights)
        hidden_weights, output_weights = step.hidden_weights, step.output_weights
        yield step


def standardised(inputs: Array = INPUTS) -> Array:
    """Each column less its mean and divided by its (population) standard deviation."""
    result: Array = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    return result


def perceptron_outputs(weights: Array, inputs: Array) -> Array:
    """sigmoid(X W): (m, 1)."""
    return sigmoid(inputs @ weights)


def hidden_outputs(weights: tuple[Array, Array], inputs: Array) -> Array:
    """sigmoid(sigmoid(X W) V): (m, 1)."""
    return sigmoid(sigmoid(inputs @ weights[0]) @ weights[1])


def right_perceptron_gradient(weights: Array, inputs: Array, labels: Array = LABELS) -> Array:
    """Derivative of the mean squared error by the weights, (3, 1)."""
    yhat = perceptron_outputs(weights, inputs)
    return inputs.T @ (2 * (yhat - labels) / len(labels) * yhat * (1 - yhat))


def right_hidden_gradient(
    weights: tuple[Array, Array], inputs: Array, labels: Array = LABELS
) -> tuple[Array, Array]:
    """Derivative of the mean squared error by the weights (3, 4) and (4, 1)."""
    hidden = sigmoid(inputs @ weights[0])
    yhat = sigmoid(hidden @ weights[1])
    at_out = 2 * (yhat - labels) / len(labels) * yhat * (1 - yhat)
    at_hidden = at_out @ transposed(weights[1]) * hidden * (1 - hidden)
    return inputs.T @ at_hidden, transposed(hidden) @ at_out


def right_perceptron_trajectory(
    weights: Array, inputs: Array, *, epochs: int, rate: float
) -> Iterator[Array]:
    """The weights after each full-batch step down the right gradient."""
    for _ in range(epochs):
        weights = weights - rate * right_perceptron_gradient(weights, inputs)
        yield weights


def right_hidden_trajectory(
    weights: tuple[Array, Array], inputs: Array, *, epochs: int, rate: float
) -> Iterator[tuple[Array, Array]]:
    """The weights after each full-batch step down the right gradient, both layers at once."""
    for _ in range(epochs):
        by_hidden, by_output = right_hidden_gradient(weights, inputs)
        weights = weights[0] - rate * by_hidden, weights[1] - rate * by_output
        yield weights
