"""The losses of a model on its data: of all examples together, or one after the other.

>>> from tinygrad_bp import nn
>>> neuron = nn.Neuron(1, "linear", init=[3.0])
>>> [loss.data for loss in losses(neuron, [[1.0], [2.0]], [3.0, 4.0], "mse")]
[0.0, 4.0]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tinygrad_bp.core.value import Value
from tinygrad_bp.nn.fit.gradients import batch_loss

__all__ = ["is_model", "losses", "sample", "two_of"]

MOST = 100


def is_model(subject: Any) -> bool:
    """Whether it has parameters, as an `nn.Module` does, and whatever `fit` takes for a model."""
    return callable(getattr(subject, "parameters", None)) and callable(subject)


def two_of(data: Sequence[Any], called: str) -> tuple[Any, Any]:
    """The inputs and the targets, or an error."""
    if len(data) != 2:
        raise TypeError(
            f"a model is looked at on its data: {called}(model, inputs, targets, loss=...), "
            f"got {len(data)} of inputs and targets"
        )
    return data[0], data[1]


def losses(model: Any, inputs: Any, targets: Any, loss: Any) -> Iterator[Value]:
    """The loss of each example by itself."""
    for row in range(len(inputs)):
        yield batch_loss(model, inputs[row : row + 1], targets[row : row + 1], loss=loss)


def sample(inputs: Any, targets: Any) -> tuple[list[Any], list[Any]]:
    """At most a hundred of the examples, spread evenly.

    >>> sample(range(300), range(300))[0][:3]
    [0, 3, 6]
    """
    rows = np.unique(np.linspace(0, len(inputs) - 1, MOST).round().astype(int))
    return [inputs[row] for row in rows], [targets[row] for row in rows]
