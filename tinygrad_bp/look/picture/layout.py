"""Where everything in a picture goes, without the `dot` program.

Each box is laid out on its own and then stands in its parent's layout as one large item, so a box
never overlaps what is not in it.  A link that enters or leaves a box does so through a port on
the box's rim, and inside the box the port is an item like any other.

>>> from tinygrad_bp.look.picture.picture import Edge, Node, Picture, Row
>>> nodes = (Node("a", "leaf", (Row("a"),)), Node("b", "operation", (Row("b"),)))
>>> found = layout(Picture(nodes, (Edge("a", "b"),)))
>>> found.nodes["a"].x < found.nodes["b"].x
True
"""

from dataclasses import dataclass, field

from tinygrad_bp.look.picture.cards import card_size, label_size, text_width
from tinygrad_bp.look.picture.layered import Arrangement, Item, Link, Point, Stroke, arrange
from tinygrad_bp.look.picture.nesting import composable
from tinygrad_bp.look.picture.picture import Box, Picture

__all__ = ["Layout", "Rectangle", "Route", "layout"]

TITLE_ROOM = 26
BOX_PADDING = 12
NODE_MARGIN = 14
BOX_MARGIN = 18
LABEL_MARGIN = 2
PORT_MARGIN = 6


@dataclass(frozen=True)
class Rectangle:
    """Left, top, and size, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Route:
    """An edge: its strokes, the last of which ends at the arrow's tip, and its label's place."""

    strokes: tuple[Stroke, ...]
    label: Rectangle | None = None


@dataclass(frozen=True)
class Layout:
    """Places of nodes and boxes by id, of edges in the picture's order; trunks that edges share."""

    width: float
    height: float
    nodes: dict[str, Rectangle]
    boxes: dict[str, Rectangle]
    routes: tuple[Route, ...]
    trunks: tuple[Stroke, ...]


def layout(picture: Picture) -> Layout:
    """Places for all that the picture shows; the same picture always gives the same places."""
    picture = composable(picture)
    root = _scopes(picture)
    _join(root, picture)
    _measure(root, picture)
    return _Placing(picture).placed(root)


@dataclass
class _Scope:
    """What stands directly in one box, or in the picture; ports are keyed by the source node."""

    box: Box
    parent: "_Scope | None"
    depth: int
    scopes: "list[_Scope]" = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    entries: dict[str, None] = field(default_factory=dict)
    exits: dict[str, None] = field(default_factory=dict)
    # (source, what it goes to): an edge's index, an inner box's id, or "" for out of this box.
    joins: dict[tuple[str, int | str], None] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    item_of: dict[tuple[str, str], int] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    link_edges: list[int | None] = field(default_factory=list)
    labels: dict[int, int] = field(default_factory=dict)
    arrangement: Arrangement = field(default_factory=lambda: arrange((), ()))
    along: float = 0.0
    across: float = 0.0
    inset: Point = (0.0, 0.0)

    @property
    def outside(self) -> "_Scope":
        """The scope around this one; around the outermost there is itself."""
        return self.parent or self

    def port(self, kind: str, source: str) -> float:
        """Where across, from this box's centre, a link passes the rim."""
        centre = self.arrangement.centres[self.item_of[kind, source]]
        return self.inset[1] + centre[1] - self.across / 2


def _scopes(picture: Picture) -> _Scope:
    root = _Scope(Box("", "", boxes=picture.boxes), None, 0)
    boxed: set[str] = set()
    stack = [root]
    while stack:
        scope = stack.pop()
        scope.nodes = list(scope.box.nodes)
        boxed.update(scope.nodes)
        scope.scopes = [_Scope(box, scope, scope.depth + 1) for box in scope.box.boxes]
        stack.extend(scope.scopes)
    root.nodes = [node.id for node in picture.nodes if node.id not in boxed]
    return root


def _all_scopes(root: _Scope) -> list[_Scope]:
    """Outer ones first."""
    found = [root]
    for scope in found:
        found.extend(scope.scopes)
    return found


def _join(root: _Scope, picture: Picture) -> None:
    """Cut every edge at the rims that it passes, and note in each scope what joins what."""
    home = {node: scope for scope in _all_scopes(root) for node in scope.nodes}
    for index, edge in enumerate(picture.edges):
        tail, head = home[edge.tail], home[edge.head]
        inward: list[_Scope] = []
        while tail is not head:
            if tail.depth > head.depth:
                tail.exits[edge.tail] = None
                tail.joins[edge.tail, ""] = None
                tail = tail.outside
            else:
                inward.append(head)
                head = head.outside
        for scope in reversed(inward):
            head.joins[edge.tail, scope.box.id] = None
            scope.entries[edge.tail] = None
            head = scope
        head.joins[edge.tail, index] = None


def _measure(root: _Scope, picture: Picture) -> None:
    """Arrange the inside of every box, innermost first, and so find how large it is."""
    cards = {node.id: card_size(node) for node in picture.nodes}
    for scope in reversed(_all_scopes(root)):
        _fill(scope, picture, cards)
        scope.arrangement = arrange(scope.items, scope.links)
        _frame(scope, picture.direction)


def _turned(size: tuple[float, float], direction: str) -> tuple[float, float]:
    """(width, height) as (along, across), and back."""
    return size if direction == "LR" else (size[1], size[0])


def _fill(scope: _Scope, picture: Picture, cards: dict[str, tuple[int, int]]) -> None:
    sources: dict[str, tuple[int, float]] = {}

    def add(kind: str, name: str, item: Item) -> int:
        scope.item_of[kind, name] = len(scope.items)
        scope.items.append(item)
        return len(scope.items) - 1

    for source in scope.entries:
        sources[source] = add("entry", source, Item(0, 0, PORT_MARGIN, "first")), 0.0
    for node in scope.nodes:
        along, across = _turned(cards[node], picture.direction)
        sources[node] = add("node", node, Item(along, across, NODE_MARGIN)), 0.0
    inner = {child.box.id: child for child in scope.scopes}
    for child in scope.scopes:
        place = add("box", child.box.id, Item(child.along, child.across, BOX_MARGIN, "box"))
        sources.update((source, (place, child.port("exit", source))) for source in child.exits)
    for source in scope.exits:
        add("exit", source, Item(0, 0, PORT_MARGIN, "last"))
    for source, target in scope.joins:
        item, port = sources[source]
        if isinstance(target, int):
            _lead_to_node(scope, picture, target, item, port)
        elif target:
            head = scope.item_of["box", target]
            _link(scope, Link(item, head, port, inner[target].port("entry", source)))
        else:
            _link(scope, Link(item, scope.item_of["exit", source], port, 0.0))


def _link(scope: _Scope, link: Link, edge: int | None = None) -> None:
    scope.links.append(link)
    scope.link_edges.append(edge)


def _lead_to_node(scope: _Scope, picture: Picture, index: int, item: int, port: float) -> None:
    """The last leg of an edge; a label on it is an item of its own, so it overlaps nothing."""
    edge = picture.edges[index]
    head = scope.item_of["node", edge.head]
    if edge.label:
        along, across = _turned(label_size(edge.label), picture.direction)
        label = scope.labels[index] = len(scope.items)
        scope.items.append(Item(along, across, LABEL_MARGIN, "label"))
        _link(scope, Link(item, label, port, 0.0), index)
        item, port = label, 0.0
    _link(scope, Link(item, head, port), index)


def _frame(scope: _Scope, direction: str) -> None:
    """The size of a box: its inside, its padding, and room for its title."""
    inside = scope.arrangement.length, scope.arrangement.breadth
    if scope.parent is None:
        scope.along, scope.across = inside
        return
    width, height = _turned(inside, direction)
    framed = max(width, text_width(scope.box.title)) + 2 * BOX_PADDING
    scope.along, scope.across = _turned((framed, height + TITLE_ROOM + BOX_PADDING), direction)
    scope.inset = _turned(((framed - width) / 2, TITLE_ROOM), direction)


class _Placing:
    """Walks the scopes from the outside in and turns their own coordinates into the picture's."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.nodes: dict[str, Rectangle] = {}
        self.boxes: dict[str, Rectangle] = {}
        self.strokes: list[list[Stroke]] = [[] for _ in picture.edges]
        self.labels: dict[int, Rectangle] = {}
        self.trunks: list[Stroke] = []

    def placed(self, root: _Scope) -> Layout:
        stack: list[tuple[_Scope, Point]] = [(root, (0.0, 0.0))]
        while stack:
            scope, corner = stack.pop()
            stack.extend(self._place(scope, corner))
        width, height = _turned((root.along, root.across), self.picture.direction)
        routes = (
            Route(tuple(strokes), self.labels.get(index))
            for index, strokes in enumerate(self.strokes)
        )
        size = _rounded(width), _rounded(height)
        return Layout(*size, self.nodes, self.boxes, tuple(routes), tuple(self.trunks))

    def _place(self, scope: _Scope, corner: Point) -> "list[tuple[_Scope, Point]]":
        """Place what stands directly in this scope; the corners of the boxes inside it."""
        origin = corner[0] + scope.inset[0], corner[1] + scope.inset[1]
        for node in scope.nodes:
            self.nodes[node] = self._rectangle(scope, scope.item_of["node", node], origin)
        for edge, item in scope.labels.items():
            self.labels[edge] = self._rectangle(scope, item, origin)
        self._stroke(scope, origin)
        self._stroke_rims(scope, corner)
        corners = []
        for child in scope.scopes:
            item = scope.item_of["box", child.box.id]
            self.boxes[child.box.id] = self._rectangle(scope, item, origin)
            child.along = scope.arrangement.lengths[item]
            along, across = scope.arrangement.centres[item]
            start = origin[0] + along - child.along / 2, origin[1] + across - child.across / 2
            corners.append((child, start))
        return corners

    def _rectangle(self, scope: _Scope, item: int, origin: Point) -> Rectangle:
        size = scope.arrangement.lengths[item], scope.items[item].across
        centre = scope.arrangement.centres[item]
        start = origin[0] + centre[0] - size[0] / 2, origin[1] + centre[1] - size[1] / 2
        x, y = _turned(start, self.picture.direction)
        width, height = _turned(size, self.picture.direction)
        return Rectangle(_rounded(x), _rounded(y), _rounded(width), _rounded(height))

    def _stroke(self, scope: _Scope, origin: Point) -> None:
        arrangement = scope.arrangement
        self.trunks.extend(self._moved(stroke, origin) for stroke in arrangement.trunks)
        for edge, stroke in zip(scope.link_edges, arrangement.strokes, strict=True):
            moved = self._moved(stroke, origin)
            if edge is None:
                self.trunks.append(moved)
            else:
                self.strokes[edge].append(moved)

    def _stroke_rims(self, scope: _Scope, corner: Point) -> None:
        """Through the padding: from the rim to where the inside starts, and out again."""
        inside = scope.inset[0]
        for kind, start, end in (
            ("entry", 0.0, inside),
            ("exit", inside + scope.arrangement.length, scope.along),
        ):
            for source in scope.entries if kind == "entry" else scope.exits:
                centre = scope.arrangement.centres[scope.item_of[kind, source]]
                across = scope.inset[1] + centre[1]
                self.trunks.append(self._moved(((start, across), (end, across)), corner))

    def _moved(self, stroke: Stroke, origin: Point) -> Stroke:
        points = [
            _turned((origin[0] + along, origin[1] + across), self.picture.direction)
            for along, across in stroke
        ]
        return tuple((_rounded(x), _rounded(y)) for x, y in points)


def _rounded(number: float) -> float:
    """Tenths of a pixel; short numbers, and no -0.0."""
    return round(number, 1) + 0.0
