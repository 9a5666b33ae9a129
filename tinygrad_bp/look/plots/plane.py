"""What a model of two inputs makes of a plane: its outputs on a grid around the examples.

>>> first, second = plane(np.array([[0.0, 0.0], [1.0, 2.0]]), 3)
>>> first.tolist(), second.tolist()
([-0.25, 0.5, 1.25], [-0.5, 1.0, 2.5])
>>> on_plane(lambda x: x[0] * x[1])((first, second)).shape
(1, 3, 3)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.modes import no_grad
from tinygrad_bp.nn.fit.courses import REFUSALS
from tinygrad_bp.tape.routes.compiled import compile as compiled

__all__ = ["Array", "Reading", "Sides", "examples", "on_plane", "plane", "reading"]

Array = NDArray[np.float64]
Sides = tuple[Array, Array]
"""The places of a grid's columns, and of its rows."""

MARGIN = 0.25


@dataclass(frozen=True)
class Reading:
    """How a model's outputs are read: two sides of a line, a class each, or a quantity."""

    kind: Literal["sides", "classes", "quantity"]
    labels: Array
    """One for each example."""
    half: float = 0.0
    """Where one side ends and the other begins."""


def examples(inputs: ArrayLike, targets: ArrayLike) -> tuple[Array, Array]:
    """Inputs (m, 2) and targets (m, outputs), or an error that says what came."""
    points, wanted = np.asarray(inputs, dtype=float), np.asarray(targets, dtype=float)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(
            f"decision regions need inputs of shape (examples, 2), got {points.shape}: of a model "
            "with more inputs, give a function of two that fixes the others"
        )
    if wanted.ndim not in (1, 2) or len(wanted) != len(points):
        raise ValueError(
            f"decision regions need a target for each of the {len(points)} examples, "
            f"got shape {wanted.shape}"
        )
    return points, wanted.reshape(len(points), -1)


def reading(outputs: int, targets: Array, threshold: float | None = None) -> Reading:
    """How to read so many outputs, for targets (m, outputs) or (m, 1).

    >>> reading(1, np.array([[0.0], [1.0]]))
    Reading(kind='sides', labels=array([0., 1.]), half=0.5)
    """
    if outputs > 1:
        is_wide = targets.shape[1] > 1
        labels = targets.argmax(axis=1).astype(float) if is_wide else targets[:, 0]
        return Reading("classes", labels)
    labels = targets[:, 0]
    kinds = np.unique(labels)
    if len(kinds) > 2:
        return Reading("quantity", labels)
    return Reading("sides", labels, float(kinds.mean()) if threshold is None else threshold)


def plane(points: Array, resolution: int) -> Sides:
    """The two axes of a grid that holds all points, with a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.where(high > low, high - low, 1.0) * MARGIN
    first, second = np.linspace(low - room, high + room, resolution).T
    return first, second


def on_plane(model: Callable[[list[Any]], Any]) -> Callable[[Sides], Array]:
    """A function that gives every output of the model at every point: (outputs, rows, columns).

    It may be called again when the model's parameters are others. The model is recorded, and
    replayed for all points at once; if it cannot be, it is called for one after the other.
    """
    recorded = compiled(lambda x1, x2: model([x1, x2]))

    def outputs(sides: Sides) -> Array:
        first, second = (grid.ravel() for grid in np.meshgrid(*sides))
        try:
            found = recorded.map(first, second)
            rows = isinstance(found, np.ndarray)
            columns = found.reshape(len(first), -1).T if rows else np.array(found)
        except REFUSALS:
            columns = _one_by_one(model, first, second)
        return columns.reshape(-1, len(sides[1]), len(sides[0]))

    return outputs


@no_grad()
def _one_by_one(model: Callable[[list[Any]], Any], first: Array, second: Array) -> Array:
    points = zip(first.tolist(), second.tolist(), strict=True)
    return np.array([_numbers(model([x1, x2])) for x1, x2 in points]).T


def _numbers(output: Any) -> list[float]:
    outputs: Any = output if isinstance(output, list | tuple | np.ndarray) else [output]
    return [float(one.data if isinstance(one, Value) else one) for one in outputs]
