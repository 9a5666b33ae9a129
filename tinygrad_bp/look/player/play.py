"""`play`: a page on which both passes over a graph can be gone through, step by step.

>>> from tinygrad_bp import Value
>>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
>>> play((w * x - 5) ** 2)
Player(7 steps, ...; .save('play.html') saves it, a notebook shows it)
"""

from __future__ import annotations

import os
from collections.abc import Mapping

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
    digits: int = 4,
    title: str = "",
) -> Player:
    passes = Passes(output, names=names, digits=digits)
    name = passes.names[output]
    html = page(
        "passes", title or f"Forward and backward: {name}", stage(passes.picture), passes.data()
    )
    player = Player(html, f"{len(passes)} steps")
    if path is not None:
        player.save(path)
    return player
