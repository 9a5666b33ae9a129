"""The player's stage: a picture as SVG whose marks have classes and ids in place of colours.

The colours are in `player.css`, for light and for dark; the ids are what `passes.js` moves.

>>> from tinygrad_bp.look.picture.picture import Node, Picture, Row
>>> text = stage(Picture((Node("n0", "leaf", (Row("a < b"),)),)))
>>> 'id="n0"' in text and "a &lt; b" in text
True
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import product

from tinygrad_bp.basics.escapes import xml
from tinygrad_bp.look.picture import cards
from tinygrad_bp.look.picture.layered import Point, Stroke
from tinygrad_bp.look.picture.layout import Layout, Rectangle, Route, layout
from tinygrad_bp.look.picture.marks import arrow, curve, element, outline, text
from tinygrad_bp.look.picture.nesting import composable
from tinygrad_bp.look.picture.picture import Edge, Node, Picture, Row, all_boxes

__all__ = ["stage"]

MARGIN = 14
# Where two strokes meet, as the layout rounds to tenths of a pixel.
TOUCHING = 0.5


def stage(picture: Picture) -> str:
    """The picture's graph as the text of an SVG element; its title and legend are the page's."""
    picture = composable(picture)
    return "\n".join(_lines(picture, layout(picture)))


def _lines(picture: Picture, places: Layout) -> Iterator[str]:
    width, height = (math.ceil(size) + 2 * MARGIN for size in (places.width, places.height))
    yield (
        f'<svg id="graph" class="{picture.direction}" width="{width}" height="{height}"'
        f' viewBox="{-MARGIN} {-MARGIN} {width} {height}" font-size="{cards.FONT_SIZE}"'
        ' role="img" aria-label="The computation graph" xml:space="preserve">'
    )
    for box in all_boxes(picture.boxes):
        place = places.boxes[box.id]
        yield f'<g class="box">{_rectangle(place, rx=8)}'
        yield text(box.title, place.x + 12, place.y + 17) + "</g>"
    for stroke in places.trunks:
        yield element("path", **{"class": "trunk"}, d=curve(stroke, picture.direction))
    ways = _Ways(places)
    for index, (edge, route) in enumerate(zip(picture.edges, places.routes, strict=True)):
        yield _edge(f"e{index}", edge, route, ways, picture)
    for node in picture.nodes:
        yield "".join(_node(node, places.nodes[node.id]))
    yield '<g id="chips"></g>\n</svg>'


def _rectangle(place: Rectangle, **more: float) -> str:
    return element("rect", x=place.x, y=place.y, width=place.width, height=place.height, **more)


def _edge(name: str, edge: Edge, route: Route, ways: _Ways, picture: Picture) -> str:
    own = "".join(curve(stroke, picture.direction) for stroke in route.strokes)
    shared = "".join(curve(stroke, picture.direction) for stroke in ways.to(route, edge))
    return (
        f'<g id="{name}" class="edge{" broken" * edge.is_broken}">'
        f"{element('path', **{'class': 'shared'}, d=shared) if shared else ''}"
        f"{element('path', **{'class': 'own'}, d=own)}"
        f"{arrow(*route.strokes[-1][-1], picture.direction)}</g>"
    )


class _Ways:
    """The parts of trunks, shared with other edges, that lead from an operand to an edge's own."""

    def __init__(self, places: Layout) -> None:
        self.nodes = places.nodes
        self.trunks = places.trunks
        self.passing: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for index, trunk in enumerate(places.trunks):
            for place, point in enumerate(trunk[1:], 1):
                self.passing[_cell(point)].append((index, place))

    def to(self, route: Route, edge: Edge) -> list[Stroke]:
        """From the last part to the first; none where the edge starts at its operand."""
        found: dict[int, Stroke] = {}
        start, card = route.strokes[0][0], self.nodes[edge.tail]
        while not _touches(card, start):
            before = next((way for way in self._near(start) if way[0] not in found), None)
            if before is None:
                break
            trunk, place = before
            found[trunk] = self.trunks[trunk][: place + 1]
            start = self.trunks[trunk][0]
        return list(found.values())

    def _near(self, point: Point) -> Iterator[tuple[int, int]]:
        x, y = _cell(point)
        for cell in product((x - 1, x, x + 1), (y - 1, y, y + 1)):
            for trunk, place in self.passing.get(cell, ()):
                if math.dist(self.trunks[trunk][place], point) <= TOUCHING:
                    yield trunk, place


def _cell(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])


def _touches(card: Rectangle, point: Point) -> bool:
    x, y = point
    return (
        card.x - TOUCHING <= x <= card.x + card.width + TOUCHING
        and card.y - TOUCHING <= y <= card.y + card.height + TOUCHING
    )


def _node(node: Node, place: Rectangle) -> Iterator[str]:
    x, y, width, height = place.x, place.y, place.width, place.height
    yield f'<g id="{node.id}" class="node {node.role}"><title>{xml(node.tip)}</title>'
    if node.is_output:
        yield outline(node.role, x - 4, y - 4, width + 8, height + 8, **{"class": "ring"})
    yield outline(node.role, x, y, width, height, **{"class": "card"})
    yield outline(node.role, x, y, width, height, **{"class": "tint"})
    for index, row in enumerate(node.rows):
        yield from _row(row, place, y + cards.PADDING + cards.ROW * index + 12)
    if node.bar is not None:
        top = y + cards.PADDING + cards.ROW * len(node.rows) + 4
        left = x + width - cards.MARGIN - cards.BAR_LENGTH
        middle = left + cards.BAR_LENGTH / 2
        yield element("rect", **{"class": "track"}, x=left, y=top, width=cards.BAR_LENGTH, height=6)
        yield element("rect", **{"class": "bar"}, x=middle, y=top, width=0, height=6)
        yield element("rect", **{"class": "zero"}, x=middle - 0.5, y=top - 2, width=1, height=10)
    yield "</g>"


def _row(row: Row, place: Rectangle, baseline: float) -> Iterator[str]:
    left, right = _kinds(row)
    start, end = place.x + cards.MARGIN, place.x + place.width - cards.MARGIN
    yield text(row.left, start, baseline, **{"class": left})
    yield text(row.right, end, baseline, **{"class": right}) if row.right else ""


def _kinds(row: Row) -> tuple[str, str]:
    """The classes of a row's left and right text."""
    if row.style == "title":
        return "name", "kind"
    if row.left == "grad":
        return "label", "grad"
    return "what", "value" if row.left in ("value", "values") or row.left.endswith("=") else "note"
