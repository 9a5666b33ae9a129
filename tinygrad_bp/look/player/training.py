"""What the player shows of a training run: the loss, the plane, the weights, one example's graph.

>>> from tinygrad_bp import nn
>>> model = nn.MLP(1, [1], init="zeros")
>>> history = nn.fit(model, [0, 1], [1, 3], loss="mse", optimizer=nn.SGD(0.1), epochs=20,
...                  snapshots=10)
>>> training(history).data["epochs"]
[0, 10, 20]
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.player.curve import curve
from tinygrad_bp.look.player.moments import Moments
from tinygrad_bp.look.player.regions import Regions
from tinygrad_bp.look.player.stage import stage
from tinygrad_bp.look.player.weights import weights
from tinygrad_bp.look.words.text import plain
from tinygrad_bp.nn.fit.gradients import batch_loss
from tinygrad_bp.nn.fit.history import History
from tinygrad_bp.nn.losses import Loss

__all__ = ["Training", "training"]

# A slider cannot be set more finely; and each moment costs bytes.
MOST = 150
Run = dict[int, Mapping[str, float]]


@dataclass
class Training:
    """The parts of the page by name, and what its script reads."""

    data: dict[str, Any]
    parts: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def training(
    history: History,
    *,
    model: Any = None,
    inputs: Any = None,
    targets: Any = None,
    loss: Loss | str | None = None,
    example: int = 0,
    names: Sequence[str] = ("x1", "x2"),
    digits: int = 4,
) -> Training:
    """The run at the moments of which the history has snapshots."""
    moments = _moments(history)
    epochs = list(moments)
    course = curve(history.losses, epochs)
    losses = [history.losses[max(epoch, 1) - 1] for epoch in epochs]
    shown = Training(
        {
            "epochs": epochs,
            "total": len(history),
            "losses": [plain(number, digits) for number in losses],
            "curve": course.places,
            **weights(list(moments.values()), digits),
        },
        {"curve": course.svg, "plane": "", "graph": "", "legend": "", "caption": ""},
    )
    if model is None:
        return shown
    _check(inputs, targets, example, names)
    if _is_a_plane(inputs):
        _add_plane(shown, model, moments, Regions(model, inputs, targets), names)
    if loss is not None:
        one = slice(example, example + 1)
        graph = partial(_loss, model, inputs[one], targets[one], loss)
        _add_graph(shown, model, moments, graph, digits)
        shown.parts["caption"] = f"The loss of example {example}"
    return shown


def _moments(history: History) -> Run:
    """The snapshots to show: all, or of many some that are spread evenly among them."""
    epochs = [epoch for epoch in history.snapshots if epoch <= len(history)]
    if len(epochs) < 2 or not history.losses:
        raise ValueError(
            f"{history!r} has {len(history.snapshots)} snapshots, and playing needs two or more: "
            "fit(..., snapshots=10) keeps one after every tenth epoch"
        )
    chosen = np.unique(np.linspace(0, len(epochs) - 1, min(len(epochs), MOST)).round().astype(int))
    return {epochs[index]: history.snapshots[epochs[index]] for index in chosen.tolist()}


def _check(inputs: Any, targets: Any, example: int, names: Sequence[str]) -> None:
    if inputs is None or targets is None:
        raise TypeError("with a model play needs the inputs and targets that it learnt from")
    if len(names) != 2:
        raise ValueError(f"a plane has two names, for its two inputs, got {names!r}")
    count = len(np.asarray(targets))
    if not 0 <= example < count:
        raise IndexError(f"there is no example {example} among {count}, counted from 0")


def _add_plane(
    shown: Training, model: Any, moments: Run, regions: Regions, names: Sequence[str]
) -> None:
    """What the model made of the plane at each moment, which no history holds."""
    with _at_each(model, moments) as states:
        for _ in states:
            regions.add()
    shown.data["regions"] = regions.data()
    shown.parts["plane"] = regions.svg((names[0], names[1]))
    shown.parts["legend"] = regions.legend()


def _add_graph(
    shown: Training, model: Any, moments: Run, graph: Callable[[], Value], digits: int
) -> None:
    """The graph of one example's loss as it was at each moment."""
    course = Moments(digits=digits)
    with _at_each(model, moments) as states:
        for _ in states:
            course.add(graph())
    if course.note:
        shown.notes.append(course.note)
    if course.is_one_form:
        shown.data["graph"] = course.data()["frames"]
        shown.parts["graph"] = stage(course.picture)


def _loss(model: Any, inputs: Any, targets: Any, loss: Loss | str) -> Value:
    value: Value = batch_loss(model, inputs, targets, loss=loss)
    value.label = value.label or "loss"
    return value


def _is_a_plane(inputs: Any) -> bool:
    return np.asarray(inputs).ndim == 2 and np.asarray(inputs).shape[1] == 2


@contextlib.contextmanager
def _at_each(model: Any, moments: Run) -> Iterator[Iterator[int]]:
    """Puts each state into the model in turn, and in the end what was there before."""
    parameters: list[Value] = list(model.parameters())
    before = [parameter.data for parameter in parameters]
    named = model.state_dict() if hasattr(model, "state_dict") else None
    for state in moments.values():
        if len(state) != len(parameters) or (named is not None and list(named) != list(state)):
            raise ValueError(
                f"this history is of another model: its snapshots hold {', '.join(state)}"
                f"; {model!r} does not"
            )
    try:
        yield _each(parameters, moments)
    finally:
        _put(parameters, before)


def _each(parameters: Sequence[Value], moments: Run) -> Iterator[int]:
    for epoch, state in moments.items():
        _put(parameters, list(state.values()))
        yield epoch


def _put(parameters: Sequence[Value], numbers: Sequence[float]) -> None:
    for parameter, number in zip(parameters, numbers, strict=True):
        parameter.data = number
