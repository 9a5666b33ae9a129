"""What a model says to many examples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.modes import no_grad
from tinygrad_bp.nn.fit.examples import table
from tinygrad_bp.nn.fit.gradients import Model
from tinygrad_bp.nn.losses import listed


def predict(model: Model, inputs: Any) -> NDArray[np.float64]:
    """The outputs for each row of inputs, as an (examples, outputs) array; no graph is kept.

    >>> from tinygrad_bp import nn
    >>> predict(nn.Neuron(1, "linear", init=[3.0]), [[1.0], [2.0]])
    array([[3.],
           [6.]])
    """
    with no_grad():
        outputs = [listed(model(row)) for row in table(inputs, "inputs").tolist()]
    return np.array([[float_of(output) for output in row] for row in outputs])


def float_of(output: Any) -> float:
    """The number in an output, which a model may give as a `Value` or plainly."""
    return output.data if isinstance(output, Value) else as_float(output)


__all__ = ["predict"]
