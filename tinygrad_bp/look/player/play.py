"""`play`: a page on which both passes over a graph, or a training run, are gone through.

>>> from tinygrad_bp import Value
>>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
>>> play((w * x - 5) ** 2)
Player(7 steps, ... bytes; .save('play.html') saves it, a notebook shows it)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.graphs.draw import Collapse
from tinygrad_bp.look.player.page import page
from tinygrad_bp.look.player.passes import Passes
from tinygrad_bp.look.player.player import Player
from tinygrad_bp.look.player.stage import stage
from tinygrad_bp.look.player.training import training
from tinygrad_bp.nn.fit.history import History
from tinygrad_bp.nn.losses import Loss

__all__ = ["play"]

Path = str | os.PathLike[str]


@overload
def play(
    shown: Value,
    path: Path | None = ...,
    *,
    names: Mapping[str, object] | None = ...,
    collapse: Collapse | None = ...,
    digits: int = ...,
    title: str = ...,
) -> Player: ...


@overload
def play(
    shown: History,
    path: Path | None = ...,
    *,
    model: Any = ...,
    inputs: Any = ...,
    targets: Any = ...,
    loss: Loss | str | None = ...,
    example: int = ...,
    names: Sequence[str] = ...,
    digits: int = ...,
    title: str = ...,
) -> Player: ...


def play(shown: Value | History, path: Path | None = None, **settings: Any) -> Player:
    """A page that plays both passes over a value's graph, or a training run: one file, no network.

    >>> x = Value(3.0)
    >>> player = play(x * x, names={"x": x})
    >>> "<script>" in player.html
    True

    Of a value: forward every operation computes its value; backward each passes its gradient on,
    and the page says by which formula and which numbers. `grad` is neither used nor changed.
      names     where nodes without a label get one, usually `locals()`
      collapse  "auto" shows every node up to 2,000, and above that neurons, layers, or runs of
                nodes as one node each; as for `draw`
    Of a history, at the moments of which `fit(..., snapshots=...)` kept the parameters: the loss,
    and the parameters neuron by neuron. More with
      model     with its `inputs` and `targets`, as for `fit`: what it makes of the plane, where an
                input is two numbers; the model itself is afterwards as it was before
      loss      with these: the graph of the loss of one `example`, counted from 0
      names     of the two inputs
    Of both: `path`, where to save the page, if anywhere; `title`; `digits`, significant ones.

    Keys, a slider and clicks go to a step, and `#step=12` in the address does.

    Raises TypeError for what is neither, ValueError for a constant, for a history without
    snapshots or of another model, and for an unknown setting.
    """
    make: Callable[..., Player] = _of_history if isinstance(shown, History) else _of_value
    player = make(shown, **settings)
    if path is not None:
        player.save(path)
    return player


def _of_value(
    output: Value,
    *,
    names: Mapping[str, object] | None = None,
    collapse: Collapse | None = "auto",
    digits: int = 4,
    title: str = "",
) -> Player:
    if not isinstance(output, Value):
        raise TypeError(
            f"play takes a Value or the History of a training run, not {type(output).__name__} "
            f"{output!r}"
        )
    passes = Passes(output, names=names, collapse=collapse, digits=digits)
    html = page(
        "passes",
        title or f"Forward and backward: {passes.names[output]}",
        {"stage": stage(passes.picture)},
        passes.data(),
        note=passes.note,
    )
    return Player(html, f"{len(passes):,} steps")


def _of_history(history: History, *, title: str = "", **settings: Any) -> Player:
    shown = training(history, **settings)
    title = title or f"Training: {len(history):,} epochs"
    html = page("training", title, shown.parts, shown.data, note=" ".join(shown.notes))
    return Player(html, f"{len(shown.data['epochs']):,} moments")
