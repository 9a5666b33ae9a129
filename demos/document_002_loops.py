"""Both loops of document 002 as they are written there, faults and all, on the engine's `Value`s.

Only the arithmetic runs on the engine here: the document takes no derivative that is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from demos.reference import document_002 as reference
from demos.reference.notation import Array
from tinygrad_bp import values

INPUTS, LABELS, RATE = reference.INPUTS, reference.LABELS[:, 0], reference.RATE


class Step(NamedTuple):
    """The weights that a step leaves, and the outputs that it saw: arrays of `Value`s."""

    weights: Any
    outputs: Any


def perceptron(start: Any, *, steps: int = 10) -> Iterator[Step]:
    """The first loop, from weights (3, 1)."""
    weights = start
    for _ in range(steps):
        sums = INPUTS @ weights
        outputs = squashed(sums)
        slopes = slope_as_written(sums)
        weights = weights + RATE * (INPUTS.T @ (slopes * error_as_written(outputs)))
        yield Step(weights, outputs)


def hidden(start: Any, output_start: Any, *, steps: int = 10) -> Iterator[Step]:
    """The second loop, from weights (3, 4) and (4, 1): those of the output move first."""
    weights, output_weights = start, output_start
    for _ in range(steps):
        hidden_sums = INPUTS @ weights
        sums = squashed(hidden_sums) @ output_weights
        outputs = squashed(sums)
        error, slopes = error_as_written(outputs), slope_as_written(sums)
        output_weights = output_weights + RATE * (outputs.T @ (slopes * error))
        at_hidden = slope_as_written(hidden_sums) * output_weights * slopes * error
        weights = weights + RATE * (INPUTS.T @ at_hidden)
        yield Step(weights, outputs)


def overflowing() -> np.errstate:
    """Where NumPy does not warn of what is on its way to infinity: the document's cells do."""
    return np.errstate(over="ignore", invalid="ignore")


def squashed(z: Any) -> Any:
    """The logistic function."""
    return 1 / (1 + np.exp(-z))


def slope_as_written(z: Any) -> Any:
    """Its derivative, but of its input where its output belongs."""
    return z * (1 - z)


def error_as_written(outputs: Any) -> Any:
    """Twice the mean of a 4x4 table: every output (4, 1) less every label (4,)."""
    return 2 * np.square(np.subtract(outputs, LABELS)).mean()


def numbers(array: Any) -> Array:
    """What an array of `Value`s holds."""
    result: Array = np.array([value.data for value in array.flat]).reshape(array.shape)
    return result


def perceptron_start() -> Any:
    """The weights that the document prints, as `Value`s."""
    return values(reference.perceptron_start(), label="W")


def hidden_start() -> tuple[Any, Any]:
    """The weights behind its second printout, as `Value`s."""
    weights, output_weights = reference.hidden_start()
    return values(weights, label="W"), values(output_weights, label="V")
