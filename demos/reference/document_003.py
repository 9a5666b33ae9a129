"""Document 003: a network of sigmoids with biases, trained by mini-batches.

    a_0 = x,  a_k = sigmoid(W_k a_{k-1} + b_k),  cost of one example = 1/2 |y - a_last|^2

The document names no cost; this is the quadratic one of the book that it quotes (Nielsen). Rows
are examples: inputs (m, n), targets (m, outputs). A layer is its weights (units, inputs) and
biases (units,).
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .notation import Array, sigmoid

Indices = NDArray[np.intp]


class Layer(NamedTuple):
    """Weights (units, inputs) and biases (units,)."""

    weights: Array
    biases: Array


Network = tuple[Layer, ...]

# The start that the document prints, to its eight decimals.
PRINTED: Network = (
    Layer(
        np.array(
            [
                [-0.5429775, -0.02178585, 0.72909077, 0.46251342],
                [1.24434343, 0.73691073, 2.19286778, 0.71802016],
                [-0.13738598, 1.67472041, 0.19574636, -0.01059091],
                [-0.67570365, 0.84736245, -1.80284305, -2.30078438],
                [0.76816213, 1.85204346, -0.04290432, 1.34077169],
            ]
        ),
        np.array([1.15494994, -0.6007814, -0.24239692, 1.78980074, -0.3145079]),
    ),
    Layer(
        np.array(
            [
                [0.22725836, -0.22472271, -1.18352648, 0.53570675, 1.29350688],
                [-0.61104483, -0.52933924, 0.04232861, -0.19318958, 1.28618062],
            ]
        ),
        np.array([-0.74048213, -0.71329663]),
    ),
)


def start(sizes: list[int], rng: np.random.Generator) -> Network:
    """Standard normal numbers, in the document's order: every layer's biases, then its weights."""
    biases = [rng.standard_normal(units) for units in sizes[1:]]
    weights = [rng.standard_normal((units, inputs)) for inputs, units in pairwise(sizes)]
    return tuple(Layer(w, b) for w, b in zip(weights, biases, strict=True))


def activations(network: Network, inputs: Array) -> list[Array]:
    """The inputs and what each layer makes of them, each (m, units)."""
    result = [inputs]
    for layer in network:
        result.append(sigmoid(result[-1] @ layer.weights.T + layer.biases))
    return result


def predictions(network: Network, inputs: Array) -> Array:
    """The last layer's activations, (m, outputs)."""
    return activations(network, inputs)[-1]


def accuracy(network: Network, inputs: Array, targets: Array) -> float:
    """The share of rows whose largest output stands where the largest target does."""
    return float((predictions(network, inputs).argmax(axis=1) == targets.argmax(axis=1)).mean())


def cost(network: Network, inputs: Array, targets: Array) -> float:
    """Half the squared distance to the target, averaged over the examples."""
    return float(np.square(targets - predictions(network, inputs)).sum(axis=1).mean() / 2)


def gradient(network: Network, inputs: Array, targets: Array) -> Network:
    """Derivative of ``cost`` by every weight and bias, in the network's own shape."""
    a = activations(network, inputs)
    delta = (a[-1] - targets) * a[-1] * (1 - a[-1])
    layers = []
    for k in reversed(range(len(network))):
        layers.append(Layer(delta.T @ a[k] / len(inputs), delta.mean(axis=0)))
        delta = delta @ network[k].weights * a[k] * (1 - a[k])
    return tuple(reversed(layers))


def stepped(network: Network, inputs: Array, targets: Array, *, rate: float) -> Network:
    """The network after one mini-batch: every layer moves by the same gradient."""
    slopes = gradient(network, inputs, targets)
    return tuple(
        Layer(layer.weights - rate * slope.weights, layer.biases - rate * slope.biases)
        for layer, slope in zip(network, slopes, strict=True)
    )


def trajectory(
    network: Network,
    inputs: Array,
    targets: Array,
    *,
    orders: Iterable[Indices],
    batch_size: int,
    rate: float,
) -> Iterator[Network]:
    """The network after each epoch.

    An epoch takes the rows in the order given, ``batch_size`` at a time. The last batch
    of an epoch may be smaller.
    """
    for order in orders:
        for first in range(0, len(order), batch_size):
            batch = order[first : first + batch_size]
            network = stepped(network, inputs[batch], targets[batch], rate=rate)
        yield network
