"""The loss over the epochs as SVG, with room for a mark that moves.

Epochs stand as far apart as the moments that are shown: so the mark moves as the slider does.

>>> text = curve([3.0, 2.0, 1.0], [0, 1, 3]).svg
>>> text.count("<polyline "), "epoch" in text
(1, True)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinygrad_bp.look.picture.marks import element, text
from tinygrad_bp.look.plots.plots import is_wide
from tinygrad_bp.look.words.text import plain

__all__ = ["Curve", "curve"]

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 62, 26, 18, 40
# More points than that cannot be told apart.
POINTS = 300
TICKS = 5


@dataclass(frozen=True)
class Curve:
    """The drawing, and where on it each moment is."""

    svg: str
    places: list[tuple[float, float]]


def curve(losses: Sequence[float], moments: Sequence[int]) -> Curve:
    """The losses of epochs 1, 2, ..., drawn for these moments, of which 0 is the start."""
    scale = _Scale(losses, moments)
    about = f"The loss over the epochs, from {plain(losses[0])} to {plain(losses[-1])}"
    lines = [
        f'<svg id="curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{about}">',
        *scale.axes(),
        *(element("polyline", points=run) for run in _runs(scale, losses)),
        f'<g id="mark"><line y1="{TOP}" y2="{HEIGHT - BOTTOM}"/><circle r="5"/></g>',
        "</svg>",
    ]
    places = [scale.place(moment, losses[max(moment, 1) - 1]) for moment in moments]
    return Curve("\n".join(lines), places)


class _Scale:
    """From epochs and losses to places; the loss is on a log scale where it spans much."""

    def __init__(self, losses: Sequence[float], moments: Sequence[int]) -> None:
        self.moments = moments
        self.is_log = is_wide(losses)
        finite = [self._height(loss) for loss in losses if math.isfinite(loss)] or [0.0]
        self.low, self.high = min(finite), max(finite)
        if self.low == self.high:
            self.low, self.high = self.low - 1.0, self.high + 1.0

    def _height(self, loss: float) -> float:
        return math.log10(loss) if self.is_log else loss

    def x(self, epoch: float) -> float:
        place = float(np.interp(epoch, self.moments, range(len(self.moments))))
        share = place / max(len(self.moments) - 1, 1)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def place(self, epoch: float, loss: float) -> tuple[float, float]:
        height = self._height(loss) if math.isfinite(loss) else self.high
        share = (height - self.low) / (self.high - self.low)
        return self.x(epoch), round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def axes(self) -> Iterator[str]:
        """Lines with numbers across, epochs below, and what they are."""
        for height in self._ticks():
            loss = 10.0**height if self.is_log else height
            _, y = self.place(0, loss)
            yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
            yield text(plain(loss, 3), LEFT - 6, y + 4, text_anchor="end")
        chosen = np.linspace(0, len(self.moments) - 1, TICKS + 1).round().astype(int)
        for index in dict.fromkeys(chosen.tolist()):
            moment = self.moments[index]
            yield text(f"{moment:,}", self.x(moment), HEIGHT - BOTTOM + 17, text_anchor="middle")
        yield text("epoch", WIDTH - RIGHT, HEIGHT - 4, text_anchor="end")
        yield text("loss", 2, TOP - 2)

    def _ticks(self) -> list[float]:
        if self.is_log and self.high - self.low > 2:
            every = math.ceil((self.high - self.low) / TICKS)
            return [float(n) for n in range(math.ceil(self.low), math.floor(self.high) + 1, every)]
        room = (self.high - self.low) / TICKS
        size = 10.0 ** math.floor(math.log10(room))
        step = next(size * m for m in (1, 2, 5, 10) if size * m >= room)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [n * step for n in range(first, last + 1)]


def _runs(scale: _Scale, losses: Sequence[float]) -> Iterator[str]:
    """The course, its highest and lowest points kept, broken where the loss is not finite."""
    run: list[str] = []
    for epoch in _telling(scale, losses):
        if math.isfinite(losses[epoch]):
            run.append("{:g},{:g}".format(*scale.place(epoch + 1, losses[epoch])))
        elif run:
            yield " ".join(run)
            run = []
    if run:
        yield " ".join(run)


def _telling(scale: _Scale, losses: Sequence[float]) -> list[int]:
    """Of the epochs that fall into one column of the picture the first, lowest, highest, last."""
    columns: dict[int, list[int]] = {}
    for index in range(len(losses)):
        column = round(scale.x(index + 1) / (WIDTH / POINTS))
        columns.setdefault(column, []).append(index)
    kept: set[int] = set()
    for members in columns.values():
        kept |= {members[0], members[-1]}
        kept |= {min(members, key=losses.__getitem__), max(members, key=losses.__getitem__)}
        kept |= {index for index in members if not math.isfinite(losses[index])}
    return sorted(kept)
