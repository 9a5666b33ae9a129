"""Document 004: 2 inputs, 4 sigmoids, 1 linear output, no biases, targets 0 to 3.

    H = sigmoid(X W),  Z = H V,  loss = 1/2 sum((Z - Y)^2)

Rows are examples: inputs (4, 2), targets (4, 1). Weights are W (2, 4) and V (4, 1); with leading
axes, a whole stack of starts trains at once.
"""

from collections.abc import Callable, Iterator

import numpy as np

from .notation import Array, sigmoid, transposed

Weights = tuple[Array, Array]

INPUTS: Array = np.array([[1.0, 1], [1, 2], [2, 1], [2, 2]])
TARGETS: Array = np.array([[0.0], [1], [2], [3]])
RATE = 0.1

# What the document prints before its first update, from weights nobody recorded.
PRINTED_OUTPUTS: Array = np.array([[2.17654678], [2.32612864], [2.47571744], [2.58035145]])
# One of the many starts in [0, 1) that give that print to its last digit, found by least squares.
# Chosen because rounding stays small on its way: most starts amplify 1e-15 to 1e-3 within 700
# epochs at this rate.
PRINTED_START: Weights = (
    np.array(
        [
            [0.998695813, 0.7554202164, 0.1788472944, 0.6591885432],
            [0.1622652313, 0.3990609517, 0.1880149395, 0.2695831546],
        ]
    ),
    np.array(
        [
            [0.6575734807],
            [0.8354663142],
            [0.9174546834],
            [0.6956080488],
        ]
    ),
)


def start(rng: np.random.Generator) -> Weights:
    """Weights uniform in [0, 1), hidden layer first, each matrix row by row."""
    return rng.random((2, 4)), rng.random((4, 1))


def outputs(weights: Weights, inputs: Array = INPUTS) -> Array:
    """H V: (m, 1)."""
    return sigmoid(inputs @ weights[0]) @ weights[1]


def loss(weights: Weights) -> Array:
    """Half the summed squared error, the function whose gradient the document means to descend."""
    total: Array = np.square(outputs(weights) - TARGETS).sum(axis=(-1, -2)) / 2
    return total


def mean_squared_error(weights: Weights) -> Array:
    """The squared errors' mean over the four examples."""
    mean: Array = np.square(outputs(weights) - TARGETS).mean(axis=(-1, -2))
    return mean


def output_gradient(weights: Weights) -> Array:
    """Derivative of ``loss`` by V, (4, 1)."""
    return transposed(sigmoid(INPUTS @ weights[0])) @ (outputs(weights) - TARGETS)


def hidden_gradient(weights: Weights, *, through: Array) -> Array:
    """What ``loss`` passes back to W, (2, 4), if errors travel through these output weights.

    It is the derivative when ``through`` is V itself; the document passes V after its update.
    """
    hidden = sigmoid(INPUTS @ weights[0])
    errors = outputs(weights) - TARGETS
    return INPUTS.T @ (errors @ transposed(through) * hidden * (1 - hidden))


def stepped_as_written(weights: Weights, *, rate: float = RATE) -> Weights:
    """One step in the document's order: V moves, then W by what came back through the moved V."""
    moved = weights[1] - rate * output_gradient(weights)
    return weights[0] - rate * hidden_gradient(weights, through=moved), moved


def stepped(weights: Weights, *, rate: float = RATE) -> Weights:
    """One step down the gradient: both layers move at once."""
    return (
        weights[0] - rate * hidden_gradient(weights, through=weights[1]),
        weights[1] - rate * output_gradient(weights),
    )


def trajectory(
    weights: Weights, step: Callable[[Weights], Weights], *, epochs: int = 10_000
) -> Iterator[Weights]:
    """The weights after each epoch, one full-batch ``step`` long."""
    for _ in range(epochs):
        weights = step(weights)
        yield weights


def update_order_error(weights: Weights, *, rate: float = RATE) -> Array:
    """How far the document's hidden gradient lies from the right one, in lengths of the latter."""
    right = hidden_gradient(weights, through=weights[1])
    moved = weights[1] - rate * output_gradient(weights)
    written = hidden_gradient(weights, through=moved)
    ratio: Array = np.linalg.norm(written - right, axis=(-1, -2)) / np.linalg.norm(
        right, axis=(-1, -2)
    )
    return ratio


def momentum_trajectory(
    weights: Weights, *, rate: float, momentum: float = 0.9, epochs: int
) -> Iterator[Weights]:
    """The weights after each full-batch step of heavy-ball descent on the *mean* squared error.

    velocity = momentum * velocity + gradient, weights -= rate * velocity, both layers at once.
    Mean squared error over four examples is half of ``loss``, so its gradient is too.
    """
    hidden, output = weights
    by_hidden, by_output = np.zeros_like(hidden), np.zeros_like(output)
    for _ in range(epochs):
        by_hidden = momentum * by_hidden + hidden_gradient((hidden, output), through=output) / 2
        by_output = momentum * by_output + output_gradient((hidden, output)) / 2
        hidden, output = hidden - rate * by_hidden, output - rate * by_output
        yield hidden, output
