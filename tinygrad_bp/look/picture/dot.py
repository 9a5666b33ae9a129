"""A picture as graphviz source: the same rows, bars, boxes, labels and ids, for `dot` to place.

>>> import graphviz
>>> from tinygrad_bp.look.picture.picture import Edge, Node, Picture, Row
>>> nodes = Node("n0", "leaf", (Row("x"),)), Node("n1", "operation", (Row("x * x"),))
>>> graph = graphviz.Digraph()
>>> write_source(graph, Picture(nodes, (Edge("n0", "n1"), Edge("n0", "n1"))))
>>> graph.source.count("n0 -> n1")
2
"""

from collections.abc import Sequence
from typing import Any

import graphviz

from tinygrad_bp.basics.escapes import dot
from tinygrad_bp.look.picture import cards, palette
from tinygrad_bp.look.picture.picture import Box, Edge, Node, Picture, Role, Row, Sample

__all__ = ["write_source"]

SHAPES: dict[Role, dict[str, str]] = {
    "leaf": {"shape": "box", "style": "rounded,filled"},
    "constant": {"shape": "note", "style": "filled"},
    "operation": {"shape": "box", "style": "filled"},
    "summary": {"shape": "box3d", "style": "filled"},
    "guard": {"shape": "octagon", "style": "filled"},
}


SAMPLES: dict[Sample, str] = {
    "leaf": "rounded: ",
    "constant": "folded corner: ",
    "operation": "box: ",
    "summary": "block: ",
    "guard": "cut corners: ",
    "output": "double frame: ",
    "bar": "bar: ",
    "alarm": "yellow: ",
    "broken": "dashed: ",
    "current": "thick frame: ",
}


def write_source(graph: Any, picture: Picture) -> None:
    """Write the picture into an empty `graphviz.Digraph`."""
    # fontnames are a list for pango, and the font-family of the SVG.
    graph.attr("graph", _attributes=_graph_attributes(picture))
    graph.attr("node", fontname=palette.FONT, fontsize=str(cards.FONT_SIZE), margin="0.08,0.05")
    graph.attr("edge", fontname=palette.FONT, fontsize=str(cards.SMALL_FONT_SIZE), arrowsize="0.7")
    nodes = {node.id: node for node in picture.nodes}
    boxed: set[str] = set()
    for box in picture.boxes:
        graph.subgraph(_cluster(box, nodes, boxed, 0))
    for node in picture.nodes:
        if node.id not in boxed:
            _write_node(graph, node)
    for index, edge in enumerate(picture.edges):
        graph.edge(edge.tail, edge.head, **_edge_attributes(edge, f"e{index}"))


def _graph_attributes(picture: Picture) -> dict[str, str]:
    found = {
        "rankdir": picture.direction,
        "bgcolor": palette.PAPER,
        "fontname": palette.FONT,
        "fontsize": str(cards.FONT_SIZE),
        "fontcolor": palette.INK,
        "labelloc": "b",
        "labeljust": "l",
        "nodesep": "0.2",
        "ranksep": "0.45",
        "newrank": "false",
    }
    lines = [line for line in (picture.title, *picture.notes, _legend(picture)) if line]
    if lines:
        found["label"] = "".join(dot(line) + "\\l" for line in lines)
    return found


def _legend(picture: Picture) -> str:
    """The legend in words: dot has no way to draw samples in a line of text."""
    return "; ".join(f"{SAMPLES[key.sample]}{key.text}" for key in picture.keys)


def _cluster(box: Box, nodes: dict[str, Node], boxed: set[str], depth: int) -> Any:
    # dot only frames a subgraph whose name starts with "cluster".
    cluster = graphviz.Digraph(f"cluster_{box.id}")
    cluster.attr(
        id=box.id,
        label=dot(box.title),
        labelloc="t",
        style="rounded,filled",
        color=palette.FRAME,
        fillcolor=palette.BOX_FILLS[depth % 2],
        tooltip=dot(box.title),
    )
    for inner in box.boxes:
        cluster.subgraph(_cluster(inner, nodes, boxed, depth + 1))
    for node in box.nodes:
        _write_node(cluster, nodes[node])
        boxed.add(node)
    return cluster


def _write_node(graph: Any, node: Node) -> None:
    graph.node(
        node.id,
        _label(node),
        id=node.id,
        tooltip=dot(node.tip),
        fillcolor=palette.tint(node.bar or 0.0),
        color=_frame_colour(node),
        penwidth="5" if node.is_current else "2.5" if node.is_alarming else "1.2",
        peripheries="2" if node.is_output else "1",
        **SHAPES[node.role],
    )


def _frame_colour(node: Node) -> str:
    if node.is_current:
        return palette.CURRENT
    return palette.INK if node.is_alarming else palette.LINE


def _label(node: Node) -> str:
    rows = [_row(row) for row in node.rows]
    if node.bar is not None:
        rows.append(f'<TR><TD COLSPAN="2" ALIGN="RIGHT">{_bar(node.bar)}</TD></TR>')
    return f"<{_table(rows, padding=1)}>"


def _table(rows: Sequence[str], *, padding: int) -> str:
    borders = 'BORDER="0" CELLBORDER="0" CELLSPACING="0"'
    return f'<TABLE {borders} CELLPADDING="{padding}">{"".join(rows)}</TABLE>'


def _row(row: Row) -> str:
    left, right = dot(row.left), dot(row.right)
    fill = f' BGCOLOR="{palette.ALARM}"' if row.style == "alarm" else ""
    if row.style in ("title", "alarm") and row.left:
        left = f"<B>{left}</B>"
    if row.style == "alarm" and row.right:
        right = f"<B>{right}</B>"
    if row.style == "title" and row.right:
        right = f'<FONT COLOR="{palette.MUTED}">{right}</FONT>'
    return f'<TR><TD ALIGN="LEFT"{fill}>{left} </TD><TD ALIGN="RIGHT"{fill}>{right}</TD></TR>'


def _bar(extent: float) -> str:
    """Five cells: the track and the bar left of the middle, a tick, the same to the right."""
    half = cards.BAR_LENGTH // 2
    reach = round(abs(extent) * half)
    left, right = (reach, 0) if extent < 0 else (0, reach)
    cells = [
        _cell(palette.TRACK, half - left),
        _cell(palette.NEGATIVE, left),
        _cell(palette.MUTED, 1),
        _cell(palette.POSITIVE, right),
        _cell(palette.TRACK, half - right),
    ]
    # Fixed, or dot spreads the cells over the width of the card.
    size = f'FIXEDSIZE="TRUE" WIDTH="{cards.BAR_LENGTH + 1}" HEIGHT="6" ALIGN="RIGHT"'
    return _table([f"<TR>{''.join(cells)}</TR>"], padding=0).replace("<TABLE", f"<TABLE {size}")


def _cell(fill: str, width: int) -> str:
    size = f'FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="6"'
    return f'<TD {size} BGCOLOR="{fill}"></TD>' if width else ""


def _edge_attributes(edge: Edge, name: str) -> dict[str, str]:
    strength = edge.strength or 0.0
    colour = palette.INK if edge.is_alarming else palette.hue(strength)
    found = {
        "id": name,
        "color": colour,
        "penwidth": f"{1.2 + 2.8 * abs(strength) + 3 * edge.is_current:.2g}",
        "tooltip": dot(edge.tip),
    }
    if edge.label:
        found |= {"label": dot(edge.label), "fontcolor": colour if strength else palette.INK}
    if edge.is_broken:
        found["style"] = "dashed"
    return found
