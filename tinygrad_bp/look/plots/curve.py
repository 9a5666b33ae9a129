"""A curve with its tangent and its parabola: how far what a gradient says holds.

As SVG of our own making, or as a figure of matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinygrad_bp.basics.escapes import mathtext, xml
from tinygrad_bp.look.picture import palette
from tinygrad_bp.look.picture.marks import element, text
from tinygrad_bp.look.plots.plots import COLOURS, sheet
from tinygrad_bp.look.words.text import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Curve", "plot", "shares", "svg"]

FIRST, LAST = -1.0, 2.0
"""How far the curve is drawn, in shares of the change: as far beyond it as before it."""
MOST_POINTS, FEWEST_POINTS, WORK = 121, 4, 500_000
WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 74, 16, 34, 44
MARGIN = 0.08
APART = 14
"""Pixels between two words above one another."""
CURVE, TANGENT, PARABOLA = palette.INK, COLOURS[1], COLOURS[0]


@dataclass(frozen=True)
class Curve:
    """Heights of a function over shares of a change, and what its derivatives at 0 say."""

    shares: tuple[float, ...]
    heights: tuple[float, ...]
    before: float
    after: float
    slope: float
    """Of the tangent, for the whole change."""
    curvature: float
    """Half the second derivative, for the whole change."""
    start: float
    length: float
    """Where on the axis the change starts, and how long it is there."""
    across: str
    upwards: str

    def tangent(self, share: float) -> float:
        """The straight line's height."""
        return self.before + share * self.slope

    def parabola(self, share: float) -> float:
        """With the second derivative."""
        return self.tangent(share) + share * share * self.curvature

    def x(self, share: float) -> float:
        """Where a share of the change is on the axis."""
        return self.start + share * self.length


def shares(nodes: int) -> list[float]:
    """Where to compute a curve, at fewer points if the graph is large; 0 and 1 among them.

    >>> shares(1_000_000)
    [-1.0, 0.0, 1.0, 2.0]
    """
    points = max(FEWEST_POINTS, min(MOST_POINTS, WORK // nodes))
    steps = max(1, (points - 1) // 3)
    return [FIRST + index / steps for index in range(3 * steps + 1)]


def plot(curve: Curve, *, title: str = "") -> Figure:
    """With matplotlib."""
    figure, axes = sheet(title, height=4.0)
    xs = list(map(curve.x, curve.shares))
    axes.plot(xs, curve.heights, color=CURVE, linewidth=2.0, label=mathtext(curve.upwards))
    limits = axes.get_ylim()
    tangent, parabola = (list(map(f, curve.shares)) for f in (curve.tangent, curve.parabola))
    axes.plot(xs, tangent, "-", color=TANGENT, linewidth=1.4, label="the gradient")
    axes.plot(xs, parabola, "--", color=PARABOLA, linewidth=1.2, label="with curvature")
    # The curve decides what is seen; where it runs flat, so do the points.
    points = [h for h in (curve.before, curve.after, curve.tangent(1.0)) if math.isfinite(h)]
    if all(map(math.isfinite, limits)) and points:
        axes.set_ylim(min(limits[0], *points), max(limits[1], *points))
    axes.plot([curve.x(0.0)], [curve.before], "o", color=CURVE, label="now")
    axes.plot([curve.x(1.0)], [curve.after], "s", color=CURVE, label="then")
    axes.set(xlabel=mathtext(curve.across), ylabel=mathtext(curve.upwards))
    axes.grid(visible=True, color=palette.FRAME, linewidth=0.5, alpha=0.7)
    axes.legend(frameon=False)
    return figure


def svg(curve: Curve) -> str:
    """A document of its own, and the same to the byte every time."""
    return "\n".join(_Sheet(curve).lines()) + "\n"


class _Sheet:
    """The curve's place on paper."""

    def __init__(self, curve: Curve) -> None:
        self.curve = curve
        heights = [*curve.heights, curve.before, curve.after, curve.tangent(1.0)]
        finite = [height for height in heights if math.isfinite(height)] or [0.0]
        low, high = min(finite), max(finite)
        room = (high - low) * MARGIN or abs(high) * MARGIN or 1.0
        self.low, self.high = low - room, high + room

    def lines(self) -> Iterator[str]:
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
            f' viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{palette.FONT}" font-size="11"'
            f' fill="{palette.INK}" role="img">'
        )
        title = f"{self.curve.upwards} over {self.curve.across}, with its tangent"
        yield f"<title>{xml(title)}</title>"
        yield element("rect", width=WIDTH, height=HEIGHT, rx=6, fill=palette.PAPER)
        yield from self._axes()
        # An inner <svg> cuts off what leaves it, without an id that could clash on a page.
        width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        yield f'<svg x="{LEFT}" y="{TOP}" width="{width}" height="{height}">'
        yield from self._line(self.curve.heights, stroke=CURVE, stroke_width=2.2)
        tangent = list(map(self.curve.tangent, self.curve.shares))
        yield from self._line(tangent, stroke=TANGENT, stroke_width=1.6)
        parabola = list(map(self.curve.parabola, self.curve.shares))
        yield from self._line(parabola, stroke=PARABOLA, stroke_width=1.4, stroke_dasharray="5 3")
        yield from self._marks()
        yield "</svg>"
        yield from self._key()
        yield "</svg>"

    def _axes(self) -> Iterator[str]:
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        yield element("path", d=f"M{LEFT} {TOP}V{bottom}H{right}", fill="none", stroke=palette.LINE)
        for share in (0.0, 1.0):
            x = LEFT + self._x(share)
            yield element("path", d=f"M{x:g} {bottom}v5", stroke=palette.LINE)
            yield text(plain(self.curve.x(share)), x, bottom + 17, text_anchor="middle")
        for height in self._ticks():
            y = TOP + self._y(height)
            yield element("path", d=f"M{LEFT} {y:g}h-5", stroke=palette.LINE)
            yield text(plain(height), LEFT - 8, y + 4, text_anchor="end")
        middle = (LEFT + right) / 2
        yield text(self.curve.across, middle, HEIGHT - 10, text_anchor="middle")

    def _ticks(self) -> list[float]:
        """Now and then; of two that would touch, now."""
        now, then = self.curve.before, self.curve.after
        ticks = [height for height in (now, then) if math.isfinite(height)]
        if len(ticks) == 2 and abs(self._y(now) - self._y(then)) < APART:
            ticks.pop()
        return ticks

    def _marks(self) -> Iterator[str]:
        """A disc for now, a square for then, and how far that is from what was promised."""
        now, then, promised = self.curve.before, self.curve.after, self.curve.tangent(1.0)
        x = self._x(1.0)
        if math.isfinite(now):
            yield element("circle", cx=self._x(0.0), cy=self._y(now), r=4.5, fill=CURVE)
            yield from self._word("now", 0.0, now, above=9)
        if math.isfinite(then):
            yield element("rect", x=x - 4, y=self._y(then) - 4, width=8, height=8, fill=CURVE)
            yield from self._word("then", 1.0, then, above=9)
        if math.isfinite(then) and math.isfinite(promised):
            path = f"M{x:g} {self._y(promised):g}V{self._y(then):g}"
            yield element("path", d=path, stroke=TANGENT, stroke_dasharray="2 2")
            if abs(self._y(promised) - self._y(then)) > APART:
                yield from self._word("promised", 1.0, promised, above=-4)

    def _word(self, word: str, share: float, height: float, *, above: float) -> Iterator[str]:
        """A word on a rim of paper, so that a line behind it does not cross it out."""
        rim: dict[str, str | float] = {
            "stroke": palette.PAPER,
            "stroke_width": 3,
            "paint_order": "stroke",
        }
        yield text(word, self._x(share) + 8, self._y(height) - above, fill=palette.INK, **rim)

    def _line(self, heights: Sequence[float], **style: str | float) -> Iterator[str]:
        """A line, broken where there is no number."""
        pieces, pen = [], "M"
        for share, height in zip(self.curve.shares, heights, strict=True):
            if math.isfinite(height):
                pieces.append(f"{pen}{self._x(share):.1f} {self._y(height):.1f}")
            pen = "L" if math.isfinite(height) else "M"
        if pieces:
            yield element("path", d="".join(pieces), fill="none", **style)

    def _key(self) -> Iterator[str]:
        x = LEFT
        keys = ((self.curve.upwards, CURVE, None), ("the gradient", TANGENT, None))
        for words, colour, dashes in (*keys, ("with curvature", PARABOLA, "5 3")):
            yield element(
                "path", d=f"M{x} 18h22", stroke=colour, stroke_width=2, stroke_dasharray=dashes
            )
            yield text(words, x + 27, 22)
            x += 27 + 7 * len(words) + 16

    def _x(self, share: float) -> float:
        return (share - FIRST) / (LAST - FIRST) * (WIDTH - LEFT - RIGHT)

    def _y(self, height: float) -> float:
        """Downwards, and not so far outside that a number would not fit a file."""
        size = HEIGHT - TOP - BOTTOM
        place = (self.high - height) / (self.high - self.low) * size
        return min(max(place, -9.0 * size), 10.0 * size)
