"""A picture of a graph as plain data: what is to be seen, and nothing about where.

The graphviz source (`dot.py`) and our own SVG (`svg.py`) are both made from a `Picture`,
so they cannot disagree.

>>> two = Node("n0", "leaf", (Row("x", "leaf"), Row("value", "2")))
>>> square = Node("n1", "operation", (Row("y", "multiply"), Row("x * x =", "4")), is_output=True)
>>> Picture((two, square), (Edge("n0", "n1"), Edge("n0", "n1"))).edges[0].head
'n1'
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["Box", "Direction", "Edge", "Key", "Node", "Picture", "Role", "Row", "all_boxes"]

Role = Literal["leaf", "constant", "operation", "summary", "guard"]
Direction = Literal["LR", "TB"]
Style = Literal["title", "plain", "muted", "alarm"]
Sample = Literal[
    "leaf",
    "constant",
    "operation",
    "summary",
    "guard",
    "output",
    "bar",
    "alarm",
    "broken",
    "current",
]


@dataclass(frozen=True)
class Row:
    """One line of a node: text at its left edge and text at its right edge."""

    left: str
    right: str = ""
    style: Style = "plain"


@dataclass(frozen=True)
class Node:
    """One node; `bar` is its gradient's sign and size, from -1 to 1, or None where it has none.

    `is_alarming` marks a gradient that is nan or infinite, `is_current` what a step is about.
    `tip` is shown on hovering.
    """

    id: str
    role: Role
    rows: tuple[Row, ...]
    bar: float | None = None
    is_alarming: bool = False
    is_output: bool = False
    tip: str = ""
    is_current: bool = False


@dataclass(frozen=True)
class Edge:
    """An operand on its way to the operation that uses it.

    `strength` is the sign and size of what the label says, from -1 to 1, or None without one.
    `is_broken` means that no derivative flows back along it, `is_current` that a step is about it.
    """

    tail: str
    head: str
    label: str = ""
    strength: float | None = None
    is_broken: bool = False
    is_alarming: bool = False
    tip: str = ""
    is_current: bool = False


@dataclass(frozen=True)
class Box:
    """A titled frame around nodes and around smaller boxes."""

    id: str
    title: str
    nodes: tuple[str, ...] = ()
    boxes: tuple["Box", ...] = ()


@dataclass(frozen=True)
class Key:
    """One entry of the legend: a sample of a mark, and what it means."""

    sample: Sample
    text: str


@dataclass(frozen=True)
class Picture:
    """Nodes, the edges between them, and the boxes around them.

    Ids are letters, digits and `_`.  A node is listed by at most one box, the innermost around it.
    """

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    boxes: tuple[Box, ...] = ()
    title: str = ""
    notes: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    direction: Direction = "LR"


def all_boxes(boxes: tuple[Box, ...]) -> Iterator[Box]:
    """Every box, outer ones before the ones inside them.

    >>> [box.id for box in all_boxes((Box("a", "", boxes=(Box("b", ""),)), Box("c", "")))]
    ['a', 'b', 'c']
    """
    for box in boxes:
        yield box
        yield from all_boxes(box.boxes)
