"""What the race is against: each document's program in its own shape, from given weights.

The other files of this folder state the mathematics in functions that return new arrays. That is
not how the documents compute: 000 keeps an object for each layer, 001 a number for each weight,
002 and 004 move their weights in place. Their way is often faster, so a race against anything else
would flatter the engine. `tests/demos` shows that both ways give the same numbers.

003 prints no program to race against; there the race is against `document_003` of this folder.
"""

import numpy as np

from . import document_000, document_001, document_002, document_004
from .notation import Array

RATE = 0.5


class Layer000:
    """A layer of sigmoids that remembers what its backward pass needs: weights (units, inputs)."""

    def __init__(self, weights: Array) -> None:
        """Start from these weights."""
        self.weights = weights
        self.inputs = self.outputs = self.delta = self.gradient = np.empty(0)

    def squashed(self, sums: Array) -> Array:
        """The logistic function."""
        result: Array = 1 / (1 + np.exp(-sums))
        return result

    def forward(self, inputs: Array) -> Array:
        """The activations of these columns."""
        self.inputs = inputs
        self.outputs = self.squashed(self.weights.dot(inputs))
        return self.outputs

    def backward(self, arriving: Array) -> None:
        """From the derivative of the loss by the activations to that by the weights."""
        self.delta = arriving * self.outputs * (1 - self.outputs)
        self.gradient = self.delta.dot(self.inputs.T)

    def update(self) -> None:
        """A step down."""
        self.weights = self.weights - RATE * self.gradient


class Network000:
    """Three such layers under a cross-entropy."""

    def __init__(self, start: document_000.Weights) -> None:
        """Start from these weights."""
        self.first, self.second, self.third = map(Layer000, start)
        self.predictions = np.empty(0)

    def forward(self, inputs: Array) -> None:
        """Layer after layer."""
        hidden = self.first.forward(inputs)
        self.predictions = self.third.forward(self.second.forward(hidden))

    def backward(self, arriving: Array) -> None:
        """The same way back."""
        self.third.backward(arriving)
        self.second.backward(self.third.weights.T.dot(self.third.delta))
        self.first.backward(self.second.weights.T.dot(self.second.delta))

    def update(self) -> None:
        """A step down for each layer."""
        self.first.update()
        self.second.update()
        self.third.update()

    def train(self, inputs: Array, labels: Array | int) -> None:
        """One step on these examples; a single one comes with its label as a number."""
        self.forward(inputs)
        arriving = (1 - labels) / (1 - self.predictions) - labels / self.predictions
        self.backward(arriving)
        self.update()

    def all_together(self, steps: int) -> None:
        """So many steps on all four examples."""
        inputs, labels = document_000.INPUTS.astype(int), document_000.LABELS.astype(int)
        for _ in range(steps):
            self.train(inputs, labels)

    def one_by_one(self, passes: int) -> None:
        """So many passes with a step for each example."""
        x1, x2, x3, x4 = (column[:, None] for column in document_000.INPUTS.astype(int).T)
        for _ in range(passes):
            self.train(x1, 0)
            self.train(x2, 0)
            self.train(x3, 1)
            self.train(x4, 1)

    @property
    def weights(self) -> document_000.Weights:
        """Those of the three layers."""
        return self.first.weights, self.second.weights, self.third.weights


def squashed(x: float) -> float:
    """The logistic function of one number."""
    result: float = 1 / (1 + np.exp(-x))
    return result


def slope(x: float) -> float:
    """The logistic function's derivative, which computes the function once more."""
    s = squashed(x)
    return s * (1 - s)


class Network001:
    """Two inputs, two hidden neurons and an output, one attribute for each of nine parameters."""

    def __init__(self, start: Array) -> None:
        """Start from w1 to w6 and b1 to b3."""
        self.w1, self.w2, self.w3, self.w4, self.w5, self.w6 = start.tolist()[:6]
        self.b1, self.b2, self.b3 = start.tolist()[6:]
        self.losses: list[float] = []

    def feedforward(self, x: Array) -> float:
        """The output for one example."""
        h1 = squashed(self.w1 * x[0] + self.w2 * x[1] + self.b1)
        h2 = squashed(self.w3 * x[0] + self.w4 * x[1] + self.b2)
        return squashed(self.w5 * h1 + self.w6 * h2 + self.b3)

    def train(self, epochs: int) -> None:
        """A step for each example, and every tenth epoch the loss."""
        data, labels = document_001.INPUTS.astype(int), document_001.LABELS.astype(int)
        for epoch in range(epochs):
            for x, label in zip(data, labels, strict=True):
                self.step(x, label)
            if epoch % 10 == 0:
                outputs = np.apply_along_axis(self.feedforward, 1, data)
                self.losses.append(float(((labels - outputs) ** 2).mean()))

    def step(self, x: Array, label: float) -> None:
        """Each derivative by itself, as a product of its factors."""
        z1 = self.w1 * x[0] + self.w2 * x[1] + self.b1
        h1 = squashed(z1)
        z2 = self.w3 * x[0] + self.w4 * x[1] + self.b2
        h2 = squashed(z2)
        z3 = self.w5 * h1 + self.w6 * h2 + self.b3
        by_output = -2 * (label - squashed(z3))

        output_by_w5, output_by_w6, output_by_b3 = h1 * slope(z3), h2 * slope(z3), slope(z3)
        output_by_h1, output_by_h2 = self.w5 * slope(z3), self.w6 * slope(z3)
        h1_by_w1, h1_by_w2, h1_by_b1 = x[0] * slope(z1), x[1] * slope(z1), slope(z1)
        h2_by_w3, h2_by_w4, h2_by_b2 = x[0] * slope(z2), x[1] * slope(z2), slope(z2)

        self.w1 -= RATE * by_output * output_by_h1 * h1_by_w1
        self.w2 -= RATE * by_output * output_by_h1 * h1_by_w2
        self.b1 -= RATE * by_output * output_by_h1 * h1_by_b1
        self.w3 -= RATE * by_output * output_by_h2 * h2_by_w3
        self.w4 -= RATE * by_output * output_by_h2 * h2_by_w4
        self.b2 -= RATE * by_output * output_by_h2 * h2_by_b2
        self.w5 -= RATE * by_output * output_by_w5
        self.w6 -= RATE * by_output * output_by_w6
        self.b3 -= RATE * by_output * output_by_b3

    @property
    def parameters(self) -> Array:
        """Those nine, in their order."""
        weights = [self.w1, self.w2, self.w3, self.w4, self.w5, self.w6]
        return np.array([*weights, self.b1, self.b2, self.b3])


def perceptron_002(start: Array, inputs: Array, *, epochs: int) -> Array:
    """The first loop of 002 with the right gradient in place of its own."""
    weights, labels = start.copy(), document_002.LABELS
    for _ in range(epochs):
        outputs = 1 / (1 + np.exp(-np.dot(inputs, weights)))
        by_outputs = 2 * np.subtract(outputs, labels) / len(labels)
        weights -= RATE * np.dot(inputs.T, by_outputs * outputs * (1 - outputs))
    return weights


def hidden_002(start: tuple[Array, Array], inputs: Array, *, epochs: int) -> tuple[Array, Array]:
    """The second loop of 002 with the right gradient in place of its own."""
    weights, output_weights = (matrix.copy() for matrix in start)
    labels = document_002.LABELS
    for _ in range(epochs):
        hidden = 1 / (1 + np.exp(-np.dot(inputs, weights)))
        outputs = 1 / (1 + np.exp(-np.dot(hidden, output_weights)))
        delta = 2 * np.subtract(outputs, labels) / len(labels) * outputs * (1 - outputs)
        at_hidden = np.dot(delta, output_weights.T) * hidden * (1 - hidden)
        output_weights -= RATE * np.dot(hidden.T, delta)
        weights -= RATE * np.dot(inputs.T, at_hidden)
    return weights, output_weights


def as_written_004(start: document_004.Weights, *, epochs: int) -> document_004.Weights:
    """The one step of 004 as often as it sets out to: the output weights move first."""
    inputs, targets = document_004.INPUTS.astype(int), document_004.TARGETS.astype(int)
    weights, output_weights = (matrix.copy() for matrix in start)
    for _ in range(epochs):
        hidden = 1 / (1 + np.exp(-np.dot(inputs, weights)))
        step = (targets - np.dot(hidden, output_weights)) * document_004.RATE
        output_weights += hidden.T.dot(step)
        at_hidden = step.dot(output_weights.T) * (hidden * (1 - hidden))
        weights += inputs.T.dot(at_hidden)
    return weights, output_weights


def momentum_004(
    start: document_004.Weights, *, rate: float, momentum: float = 0.9, epochs: int
) -> document_004.Weights:
    """That loop with the mean squared error, momentum, and both layers moved at once."""
    inputs, targets = document_004.INPUTS.astype(int), document_004.TARGETS.astype(int)
    weights, output_weights = (matrix.copy() for matrix in start)
    velocity, output_velocity = np.zeros_like(weights), np.zeros_like(output_weights)
    for _ in range(epochs):
        hidden = 1 / (1 + np.exp(-np.dot(inputs, weights)))
        delta = (np.dot(hidden, output_weights) - targets) * (2 / len(targets))
        at_hidden = delta.dot(output_weights.T) * (hidden * (1 - hidden))
        output_velocity = momentum * output_velocity + hidden.T.dot(delta)
        velocity = momentum * velocity + inputs.T.dot(at_hidden)
        output_weights -= rate * output_velocity
        weights -= rate * velocity
    return weights, output_weights
