"""`Examples`: the inputs and targets of a data set, checked once before training."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_bp.core.value import Value, constant
from tinygrad_bp.nn.arrays import Array, array_of
from tinygrad_bp.nn.losses import (
    Loss,
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    class_index,
    cross_entropy,
    hinge,
    huber,
    listed,
    mse,
    squared_error,
)


@dataclass(frozen=True)
class Examples:
    """Rows of inputs, as constants, and what the loss compares a prediction with."""

    inputs: list[list[Value]]
    targets: list[Any]

    def __len__(self) -> int:
        return len(self.inputs)


def examples_of(inputs: Any, targets: Any) -> Examples:
    """The examples in an (examples, inputs) and an (examples, outputs) array or list.

    >>> examples = examples_of([[1, 2], [3, 4]], [0, 1])
    >>> [x.data for x in examples.inputs[1]], examples.targets
    ([3.0, 4.0], [0.0, 1.0])

    Where there is one number for each example, a plain list of them will do. Targets of one
    number are kept bare, several as a list.
    """
    x, y = table(inputs, "inputs"), table(targets, "targets")
    if len(x) != len(y):
        raise ValueError(
            f"each example needs its target, got {len(x)} examples of inputs, shape {x.shape}, "
            f"and {len(y)} of targets, shape {y.shape}"
        )
    rows = [[constant(number) for number in row] for row in x.tolist()]
    return Examples(rows, [row[0] if len(row) == 1 else row for row in y.tolist()])


def table(numbers: Any, what: str) -> Array:
    """An (examples, numbers) array of finite floats, or an error that says what is wrong."""
    array = array_of(numbers, f"{what} are a table of numbers, (examples, numbers)")
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2:
        raise ValueError(
            f"{what} are a table, (examples, numbers), got an array of shape {array.shape}"
        )
    if len(array) == 0:
        raise ValueError(f"{what} are empty: expected one example at least, got none")
    if array.size == 0:
        raise ValueError(f"{what} hold no numbers: their shape is {array.shape}")
    if not np.isfinite(array).all():
        row, column = map(int, np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"{what} hold {array[row, column]} in row {row}, column {column}, counted from 0: "
            "leave such examples out, or put a number there"
        )
    return array


# What each loss expects of its targets ----------------------------------------------------


def fitted(targets: Sequence[Any], loss: Loss, outputs: int) -> list[Any]:
    """The targets as the loss wants them for a model of so many outputs, or an error.

    >>> fitted([0.0, 2.0], cross_entropy, 3)
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]

    A loss that is not one of this package's own gets the targets as they are.
    """
    if loss is cross_entropy and not isinstance(targets[0], list):
        targets = [_one_hot(class_index(target, outputs), outputs) for target in targets]
    expectation = next((found for own, found in EXPECTED.items() if own is loss), None)
    if expectation is None:
        return list(targets)
    width = len(listed(targets[0]))
    if width != outputs:
        raise ValueError(
            f"the model gives {_plural(outputs, 'output')} for an example, "
            f"but the targets have {_plural(width, 'number')} for each"
        )
    is_right, expected = expectation
    for row, target in enumerate(targets):
        if not is_right(listed(target)):
            name = loss.__name__
            raise ValueError(f"{name} expects targets {expected}, got {target} in row {row}")
    return list(targets)


def _one_hot(index: int, classes: int) -> list[float]:
    return [float(k == index) for k in range(classes)]


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _are_any(targets: list[float]) -> bool:  # noqa: ARG001
    return True


def _are_shares(targets: list[float]) -> bool:
    return all(0.0 <= t <= 1.0 for t in targets)


def _are_signs(targets: list[float]) -> bool:
    return all(abs(t) == 1.0 for t in targets)


def _are_probabilities(targets: list[float]) -> bool:
    return _are_shares(targets) and math.isclose(sum(targets), 1.0, abs_tol=1e-6)


EXPECTED: dict[Loss, tuple[Callable[[list[float]], bool], str]] = {
    mse: (_are_any, "of any size"),
    squared_error: (_are_any, "of any size"),
    huber: (_are_any, "of any size"),
    hinge: (_are_signs, "-1 or 1"),
    binary_cross_entropy: (_are_shares, "from 0 to 1"),
    binary_cross_entropy_from_logits: (_are_shares, "from 0 to 1"),
    cross_entropy: (_are_probabilities, "that are a class, or probabilities that add up to 1"),
}

__all__ = ["Examples", "examples_of", "fitted", "table"]
