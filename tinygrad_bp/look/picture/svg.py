"""A picture as SVG text of our own making: self-contained, and the same to the byte every time.

>>> from tinygrad_bp.look.picture.picture import Node, Picture, Row
>>> text = svg(Picture((Node("n0", "leaf", (Row("a < b"),)),)))
>>> text.startswith("<svg ") and "a &lt; b" in text
True
"""

import textwrap
from collections.abc import Iterator

from tinygrad_bp.basics.escapes import xml
from tinygrad_bp.look.picture import cards, legend, palette
from tinygrad_bp.look.picture.layout import Layout, Rectangle, Route, layout
from tinygrad_bp.look.picture.marks import (
    arrow,
    bar,
    curve,
    element,
    outline,
    text,
)
from tinygrad_bp.look.picture.nesting import composable
from tinygrad_bp.look.picture.picture import Box, Edge, Node, Picture, Row, all_boxes

__all__ = ["svg"]

MARGIN = 18
TITLE_ROOM = 28
NOTE_ROOM = 16
NARROWEST = 420
THINNEST, THICKEST = 1.2, 4.0
GLOW = 6


def svg(picture: Picture) -> str:
    """The picture as the text of an SVG document."""
    return "\n".join(_Sheet(composable(picture), layout(picture)).lines()) + "\n"


class _Sheet:
    """The page: a title on top, the graph, then notes and the legend below it."""

    def __init__(self, picture: Picture, places: Layout) -> None:
        self.picture = picture
        self.places = places
        self.width = max(NARROWEST, places.width) + 2 * MARGIN
        self.top = MARGIN + (TITLE_ROOM if picture.title else 0)
        self.below = self.top + places.height + MARGIN
        self.left = MARGIN + max(0, NARROWEST - places.width) / 2
        self.rows = legend.legend_rows(picture.keys, self.width - 2 * MARGIN)
        self.notes = [line for note in picture.notes for line in self._wrapped(note)]
        self.height = self.below + NOTE_ROOM * len(self.notes) + legend.ROW * len(self.rows) + 6

    def _wrapped(self, note: str) -> list[str]:
        return textwrap.wrap(note, int((self.width - 2 * MARGIN) / cards.SMALL_COLUMN))

    def lines(self) -> Iterator[str]:
        w, h = round(self.width), round(self.height)
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}"'
            f' viewBox="0 0 {w} {h}" font-family="{palette.FONT}" font-size="{cards.FONT_SIZE}"'
            f' fill="{palette.INK}" role="img" xml:space="preserve">'
        )
        yield f"<title>{xml(self.picture.title or 'computation graph')}</title>"
        yield element("rect", width=w, height=h, rx=6, fill=palette.PAPER)
        if self.picture.title:
            yield text(self.picture.title, MARGIN, MARGIN + 12, font_weight="bold", font_size=14)
        yield f'<g transform="translate({self.left:g} {self.top:g})">'
        yield from self._graph()
        yield "</g>"
        for index, note in enumerate(self.notes):
            y = self.below + NOTE_ROOM * index + 10
            yield text(note, MARGIN, y, font_size=cards.SMALL_FONT_SIZE, fill=palette.MUTED)
        yield from legend.legend_marks(self.rows, MARGIN, self.below + NOTE_ROOM * len(self.notes))
        yield "</svg>"

    def _graph(self) -> Iterator[str]:
        depth = _depths(self.picture.boxes)
        for box in all_boxes(self.picture.boxes):
            yield from _box(box, self.places.boxes[box.id], depth[box.id])
        for stroke in self.places.trunks:
            yield element(
                "path",
                d=curve(stroke, self.picture.direction),
                fill="none",
                stroke=palette.LINE,
                stroke_width=THINNEST,
            )
        for index, (edge, route) in enumerate(
            zip(self.picture.edges, self.places.routes, strict=True)
        ):
            yield from _edge(f"e{index}", edge, route, self.picture)
        for node in self.picture.nodes:
            yield from _node(node, self.places.nodes[node.id])


def _depths(boxes: tuple[Box, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    level = boxes
    depth = 0
    while level:
        found.update((box.id, depth) for box in level)
        level = tuple(inner for box in level for inner in box.boxes)
        depth += 1
    return found


def _rounded(place: Rectangle, radius: float, **values: float | str) -> str:
    x, y, width, height = place.x, place.y, place.width, place.height
    return element("rect", x=x, y=y, width=width, height=height, rx=radius, **values)


def _box(box: Box, place: Rectangle, depth: int) -> Iterator[str]:
    yield f'<g id="{box.id}">'
    yield _rounded(place, 8, fill=palette.BOX_FILLS[depth % 2], stroke=palette.FRAME)
    yield text(
        box.title,
        place.x + 12,
        place.y + 17,
        font_weight="bold",
        fill=palette.MUTED,
    )
    yield "</g>"


def _edge(name: str, edge: Edge, route: Route, picture: Picture) -> Iterator[str]:
    strength = edge.strength or 0.0
    colour = palette.hue(strength)
    if edge.is_alarming:
        colour = palette.INK
    yield f'<g id="{name}"><title>{xml(edge.tip)}</title>'
    width = THINNEST + (THICKEST - THINNEST) * abs(strength)
    path = "".join(curve(stroke, picture.direction) for stroke in route.strokes)
    if edge.is_current:
        glow = palette.CURRENT
        yield element("path", d=path, fill="none", stroke=glow, stroke_width=width + GLOW)
    yield element(
        "path",
        d=path,
        fill="none",
        stroke=colour,
        stroke_width=width,
        stroke_dasharray="3 3" if edge.is_broken else None,
    )
    x, y = route.strokes[-1][-1]
    yield arrow(x, y, picture.direction, fill=colour)
    if route.label is not None:
        yield from _label(edge, route.label, colour)
    yield "</g>"


def _label(edge: Edge, place: Rectangle, colour: str) -> Iterator[str]:
    fill, opacity = (palette.ALARM, 1) if edge.is_alarming else (palette.PAPER, 0.85)
    yield _rounded(place, 3, fill=fill, fill_opacity=opacity)
    yield text(
        edge.label,
        place.x + place.width / 2,
        place.y + place.height - 3.5,
        text_anchor="middle",
        font_size=cards.SMALL_FONT_SIZE,
        fill=colour if edge.strength else palette.INK,
        font_weight="bold" if edge.is_alarming else None,
    )


def _node(node: Node, place: Rectangle) -> Iterator[str]:
    yield f'<g id="{node.id}"><title>{xml(node.tip)}</title>'
    x, y, width, height = place.x, place.y, place.width, place.height
    stroke: dict[str, str | float | None] = {
        "stroke": palette.INK if node.is_alarming else palette.LINE,
        "stroke_width": 2.5 if node.is_alarming else 1.2,
        "stroke_dasharray": "6 3" if node.is_alarming else None,
    }
    if node.is_current:
        yield element(
            "rect",
            x=x - GLOW,
            y=y - GLOW,
            width=width + 2 * GLOW,
            height=height + 2 * GLOW,
            rx=2 * GLOW,
            fill="none",
            stroke=palette.CURRENT,
            stroke_width=GLOW,
        )
    if node.is_output:
        yield outline(node.role, x - 4, y - 4, width + 8, height + 8, fill=palette.PAPER, **stroke)
    fill = palette.tint(node.bar or 0.0)
    yield outline(node.role, x, y, width, height, fill=fill, **stroke)
    for index, row in enumerate(node.rows):
        yield from _row(row, place, y + cards.PADDING + cards.ROW * index)
    if node.bar is not None:
        top = y + cards.PADDING + cards.ROW * len(node.rows) + 4
        yield from bar(node.bar, x + width - cards.MARGIN - cards.BAR_LENGTH, top)
    yield "</g>"


def _row(row: Row, place: Rectangle, top: float) -> Iterator[str]:
    weight = "bold" if row.style in ("title", "alarm") else None
    left, right = place.x + cards.MARGIN, place.x + place.width - cards.MARGIN
    if row.style == "alarm":
        yield element(
            "rect", x=left - 4, y=top, width=right - left + 8, height=cards.ROW, fill=palette.ALARM
        )
    muted = palette.MUTED if row.style != "alarm" else palette.INK
    fill = palette.INK if weight else muted
    yield text(row.left, left, top + 12, font_weight=weight, fill=fill)
    if row.right:
        fill = muted if row.style == "title" else palette.INK
        weight = weight if row.style == "alarm" else None
        yield text(row.right, right, top + 12, text_anchor="end", font_weight=weight, fill=fill)
