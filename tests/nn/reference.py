"""Mini-batch training of a network of sigmoids, in plain NumPy: what `fit` is held against."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Layers = list[tuple[Array, Array]]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def forward(layers: Layers, x: Array) -> list[Array]:
    activations = [x]
    for weights, biases in layers:
        activations.append(sigmoid(activations[-1] @ weights.T + biases))
    return activations


def step(
    layers: Layers, x: Array, y: Array, lr: float, *, loss: str, mean: bool
) -> tuple[Layers, float]:
    """One update, and the loss before it."""
    activations = forward(layers, x)
    out = activations[-1]
    share = 1 / len(x) if mean else 1.0
    if loss == "binary_cross_entropy":
        value = -(y * np.log(out) + (1 - y) * np.log(1 - out)).sum()
        delta = out - y
    else:
        value = ((y - out) ** 2).sum()
        delta = 2 * (out - y) * out * (1 - out)
    moved: Layers = []
    for k in reversed(range(len(layers))):
        weights, biases = layers[k]
        by_weights, by_biases = delta.T @ activations[k], delta.sum(axis=0)
        moved.insert(0, (weights - lr * share * by_weights, biases - lr * share * by_biases))
        delta = delta @ weights * activations[k] * (1 - activations[k])
    return moved, float(value * share)


def train(
    layers: Layers,
    x: Array,
    y: Array,
    *,
    lr: float,
    epochs: int,
    size: int,
    loss: str,
    mean: bool,
    rng: np.random.Generator | None = None,
) -> tuple[Layers, list[float]]:
    """The layers after all epochs, and the loss of each epoch."""
    losses = []
    for _ in range(epochs):
        order = np.arange(len(x)) if rng is None else rng.permutation(len(x))
        total = 0.0
        for first in range(0, len(x), size):
            batch = order[first : first + size]
            layers, value = step(layers, x[batch], y[batch], lr, loss=loss, mean=mean)
            total += value * len(batch) if mean else value
        losses.append(total / len(x) if mean else total)
    return layers, losses
