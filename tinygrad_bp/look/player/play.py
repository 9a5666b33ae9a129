"""`play`: a page on which both passes over a graph can be gone through, step by step.

>>> from tinygrad_bp import Value
>>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
>>> play((w * x - 5) ** 2)
Player(7 steps, ... bytes; .save('play.html') saves it, a notebook shows it)
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tinygrad_bp.look.draw import Collapse
from tinygrad_bp.look.player.page import page
from tinygrad_bp.look.player.passes import Passes
from tinygrad_bp.look.player.player import Player
from tinygrad_bp.look.player.stage import stage
from tinygrad_bp.value import Value

__all__ = ["play"]


def play(
    output: Value,
    path: str | os.PathLike[str] | None = None,
    *,
    names: Mapping[str, object] | None = None,
    collapse: Collapse | None = "auto",
    digits: int = 4,
    title: str = "",
) -> Player:
    """Both passes over the graph of a value, as a page that plays them: one file, no network.

    >>> x = Value(3.0)
    >>> player = play(x * x, names={"x": x})
    >>> "<script>" in player.html, "http://" in player.html
    (True, False)

    Forward every operation computes its value; backward each passes its gradient on, and the page
    says by which formula and which numbers. Keys, a slider and clicks on nodes go to a step, and
    `#step=12` in the address does. `grad` is neither used nor changed.

    `path`: where to save the page, if anywhere.
    `names`: where nodes without a label get one, usually `locals()`.
    `collapse`: "auto" shows every node up to 2,000, and above that neurons, layers, or runs of
    nodes as one node each; as for `draw`.  `digits`: significant ones.

    Raises TypeError for what is not a value, ValueError for a constant or an unknown setting.
    """
    passes = Passes(output, names=names, collapse=collapse, digits=digits)
    name = passes.names[output]
    html = page(
        "passes",
        title or f"Forward and backward: {name}",
        stage(passes.picture),
        passes.data(),
        note=passes.note,
    )
    player = Player(html, f"{len(passes):,} steps")
    if path is not None:
        player.save(path)
    return player
