"""What a network made of the plane at each moment of its training, as bytes for a canvas.

>>> from tinygrad_bp import nn
>>> model = nn.MLP(2, [1], init="zeros")
>>> shown = Regions(model, [[0, 0], [1, 1]], [0, 1])
>>> shown.add(), len(shown.data()["frames"])
(None, 1)
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tinygrad_bp.look.picture.marks import element, text
from tinygrad_bp.look.plots.plane import Array, examples, on_plane, plane, reading
from tinygrad_bp.look.words.text import plain

__all__ = ["Regions"]

RESOLUTION, COARSEST = 40, 16
SIZE = 320
"""Of the plane, in the units of the drawing above it."""
MIDDLE, REACH = 128, 127
SHAPES = ("circle", "square", "triangle", "cross")


class Regions:
    """The model's outputs on a grid, added moment by moment."""

    def __init__(
        self, model: Callable[[list[Any]], Any], inputs: ArrayLike, targets: ArrayLike
    ) -> None:
        self.points, wanted = examples(inputs, targets)
        self.outputs = on_plane(model)
        self.layers = len(self.outputs(plane(self.points, 2)))
        # More layers, each coarser: the same number of bytes.
        self.sides = plane(self.points, max(COARSEST, round(RESOLUTION / self.layers**0.5)))
        self.frames: list[Array] = []
        self.read = reading(self.layers, wanted)

    def add(self) -> None:
        """The plane as the model sees it now."""
        self.frames.append(self.outputs(self.sides))

    def data(self) -> dict[str, Any]:
        """What the player reads: for each layer a byte for each point, top row first."""
        first, second = self.sides
        return {
            "size": len(first),
            "layers": self.layers,
            "kind": self.read.kind,
            "x": [first[0], first[-1]],
            "y": [second[0], second[-1]],
            "frames": [self._bytes(frame) for frame in self.frames],
        }

    def _bytes(self, outputs: Array) -> str:
        if self.read.kind == "classes":
            # How far behind the largest output each one is: nothing where it is the largest.
            behind = outputs.max(axis=0) - outputs
            shares = 1.0 - 2.0 * np.clip(behind / self._reach, 0.0, 1.0)
        else:
            shares = np.clip((outputs - self._middle) / self._reach, -1.0, 1.0)
        levels = MIDDLE + np.rint(REACH * np.nan_to_num(shares))
        return base64.b64encode(levels[:, ::-1].astype(np.uint8).tobytes()).decode()

    @property
    def _middle(self) -> float:
        if self.read.kind == "sides":
            return self.read.half
        return float(self.read.labels.min() + self.read.labels.max()) / 2

    @property
    def _reach(self) -> float:
        """What is as far from the middle has full colour: one scale for all moments."""
        if self.read.kind == "quantity":
            return float(np.ptp(self.read.labels)) / 2
        if self.read.kind == "classes":
            return max(float(np.nanmax(np.ptp(frame, axis=0))) for frame in self.frames) or 1.0
        farthest = max(float(np.nanmax(np.abs(frame[0] - self._middle))) for frame in self.frames)
        return min(farthest, 2.0 * float(np.ptp(self.read.labels)) or farthest) or 1.0

    def svg(self, names: tuple[str, str]) -> str:
        """The examples and the axes, to be laid over the canvas."""
        marks = "\n".join(self._marks(names))
        return (
            f'<svg id="examples" viewBox="0 0 {SIZE} {SIZE}" role="img" '
            f'aria-label="The {len(self.points)} examples on the plane of the inputs">\n{marks}\n'
            '<line id="border"/>\n</svg>'
        )

    def _marks(self, names: tuple[str, str]) -> Iterator[str]:
        kinds = np.unique(self.read.labels)
        for (x1, x2), label in zip(self.points.tolist(), self.read.labels, strict=True):
            # A quantity has no kinds: its examples are dots, and tell their number on hovering.
            kind = int(np.searchsorted(kinds, label)) if self.read.kind != "quantity" else 0
            colour = f" k{kind % len(SHAPES)}" if self.read.kind != "quantity" else ""
            shape = _shape(kind, self._across(x1), self._up(x2))
            yield f'<g class="example{colour}">{shape}'
            yield f"<title>{plain(x1)}, {plain(x2)}: {plain(label)}</title></g>"
        yield text(names[0], SIZE - 6, SIZE - 6, text_anchor="end")
        yield text(names[1], 6, 16)

    def _across(self, x: float) -> float:
        low, high = self.sides[0][0], self.sides[0][-1]
        return float((x - low) / (high - low) * SIZE)

    def _up(self, y: float) -> float:
        low, high = self.sides[1][0], self.sides[1][-1]
        return float((high - y) / (high - low) * SIZE)

    def legend(self) -> str:
        """Each target with its mark, where they are few."""
        kinds = np.unique(self.read.labels)
        if self.read.kind == "quantity":
            return "Lines: where the output is the same."
        marks = (f'<g class="example k{n % len(SHAPES)}">{_shape(n, 8, 8)}</g>' for n in count())
        samples = (
            f'<span><svg viewBox="0 0 16 16" aria-hidden="true">{mark}</svg> {plain(label)}</span>'
            for mark, label in zip(marks, kinds, strict=False)
        )
        return "Targets: " + " ".join(samples)


def _shape(kind: int, x: float, y: float) -> str:
    """A mark of its own for each kind, so that none is told by colour alone."""
    shape = SHAPES[kind % len(SHAPES)]
    if shape == "circle":
        return element("circle", cx=x, cy=y, r=5.5)
    paths = {
        "square": f"M{x - 5:g} {y - 5:g}h10v10h-10z",
        "triangle": f"M{x:g} {y - 6:g}l6 11h-12z",
        "cross": f"M{x - 5:g} {y - 2:g}h3v-3h4v3h3v4h-3v3h-4v-3h-3z",
    }
    return element("path", d=paths[shape])
