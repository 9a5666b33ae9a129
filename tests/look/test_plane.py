"""What a model makes of a plane, recorded or not."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_bp import Value, nn
from tinygrad_bp.look.plots.plane import on_plane, plane, reading

SIDES = plane(np.array([[-1.0, 0.0], [1.0, 3.0]]), 7)


@pytest.mark.parametrize(
    "model",
    [
        nn.MLP(2, [3, 1], activation="tanh", seed=0),
        nn.MLP(2, [3, 2], activation="relu", seed=0),
        lambda x: (x[0], 2.0),
        lambda x: np.array([x[0] * x[1], x[1]]),
        lambda x: 1.0 if x[0] > 0.5 else x[1],
        lambda _: 3.0,
        lambda x: getattr(x[0], "data", x[0]),  # cannot be recorded
    ],
    ids=["network", "classes", "tuple", "array", "branches", "constant", "data"],
)
def test_the_grid_has_the_models_own_numbers(model) -> None:
    grid = on_plane(model)(SIDES)

    for row, x2 in enumerate(SIDES[1].tolist()):
        for column, x1 in enumerate(SIDES[0].tolist()):
            output = model([x1, x2])
            several = output if isinstance(output, list | tuple | np.ndarray) else [output]
            expected = [one.data if isinstance(one, Value) else one for one in several]
            assert grid[:, row, column].tolist() == expected


def test_a_model_that_learns_is_read_anew() -> None:
    neuron = nn.Neuron(2, "linear", init=[1.0, 0.0])
    outputs = on_plane(neuron)
    before = outputs(SIDES)
    neuron.b.data = 5.0

    assert np.array_equal(outputs(SIDES), before + 5.0)


@pytest.mark.parametrize(
    ("outputs", "targets", "kind", "labels"),
    [
        (1, [[0.0], [1.0], [0.0]], "sides", [0, 1, 0]),
        (1, [[0.0], [1.0], [2.0]], "quantity", [0, 1, 2]),
        (3, [[0.0], [2.0]], "classes", [0, 2]),
        (2, [[0.0, 1.0], [1.0, 0.0]], "classes", [1, 0]),
    ],
)
def test_outputs_are_read_as_the_targets_ask(outputs, targets, kind, labels) -> None:
    read = reading(outputs, np.array(targets))

    assert (read.kind, read.labels.tolist()) == (kind, labels)
