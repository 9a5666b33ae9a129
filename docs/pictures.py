"""The pictures of the pages, drawn by the engine itself: the same to the byte everywhere."""

from __future__ import annotations

from pathlib import Path

from tinygrad_bp import Value
from tinygrad_bp.look import Drawing, draw

IMAGES = Path(__file__).with_name("images")


def files() -> dict[Path, str]:
    """Each picture's path, and what should stand in it."""
    return {IMAGES / f"{name}.svg": drawing.svg() + "\n" for name, drawing in drawings().items()}


def drawings() -> dict[str, Drawing]:
    """Every picture by its file's name."""
    return {"loss": loss_of_a_line()}


def loss_of_a_line() -> Drawing:
    """The README's: `(w*x + b - 3)**2`, small enough to check by hand."""
    w, x, b = Value(2.0, "w"), Value(3.0, "x"), Value(-5.0, "b")
    y = w * x + b
    y.label = "y"
    loss = (y - 3) ** 2
    loss.label = "loss"
    loss.backward()
    return draw(loss, edges="contribution")
