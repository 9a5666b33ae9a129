"""The layered layout of Sugiyama, Tagawa and Toda (1981) for one flat acyclic graph.

Columns by longest path, dummies where a link passes through a column, barycentre sweeps against
crossings (`crossings.py`), then places across (`straight.py`).  "Along" is the direction in which
links run, "across" is the other: neither knows whether the picture runs to the right or down.

>>> a, b = Item(10, 10), Item(20, 10)
>>> arranged = arrange([a, b], [Link(0, 1)])
>>> arranged.centres[0], arranged.length
((5.0, 5.0), 56.0)
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from tinygrad_bp.look.picture.crossings import uncrossed
from tinygrad_bp.look.picture.straight import Chain, Joint, places, straightened

__all__ = ["Arrangement", "Item", "Link", "Point", "Stroke", "arrange"]

Point = tuple[float, float]
Stroke = tuple[Point, ...]

NARROWEST_GAP = 26.0
WIDEST_GAP = 150
GAP_PER_RISE = 0.14
PORT_STEP = 14
# Straight long links please the eye more than straight short ones.
THROUGH_WEIGHT = 6.0


@dataclass(frozen=True)
class Item:
    """Something to place: its size, its distance to neighbours across, and what it is.

    A box grows along to the width of its column; a label stands just before its head; "first"
    and "last" are ports on the rims, and have the first and the last column to themselves.
    """

    along: float
    across: float
    margin: float = 8.0
    kind: Literal["node", "box", "label", "first", "last"] = "node"


@dataclass(frozen=True)
class Link:
    """From item to item; ports are offsets across from the items' centres.

    A link without a head port gets one of its own: two links between the same two items stay two.
    """

    tail: int
    head: int
    tail_port: float = 0.0
    head_port: float | None = None


@dataclass(frozen=True)
class Arrangement:
    """Centres of the items as (along, across), a stroke for each link, and strokes that they share.

    Links that leave one port share a trunk and start where they branch off it, so that the drawing
    stays linear in the graph: a leaf used by each of n steps would else be drawn n times over.
    """

    centres: tuple[Point, ...]
    strokes: tuple[Stroke, ...]
    trunks: tuple[Stroke, ...]
    length: float
    breadth: float
    lengths: tuple[float, ...] = ()


def arrange(items: Sequence[Item], links: Sequence[Link]) -> Arrangement:
    """Places for the items and ways for the links; raises ValueError when there is a cycle."""
    board = _Board(items, links)
    board.columns = uncrossed(board.columns, board.joints(), board.tidiness())
    board.spread_ports()
    sizes = board.heights, board.margins
    board.across = places(board.columns, *sizes, board.joints())
    board.across = straightened(board.across, board.chains(), board.columns, *sizes)
    return board.arrangement()


def ranks(items: Sequence[Item], links: Sequence[Link]) -> list[int]:
    """Columns by longest path from the start; leaves and labels just before what uses them.

    >>> ranks([Item(1, 1)] * 4, [Link(0, 1), Link(1, 2), Link(3, 2)])
    [0, 1, 2, 1]
    """
    heads: list[list[int]] = [[] for _ in items]
    waiting = [0] * len(items)
    for link in links:
        heads[link.tail].append(link.head)
        waiting[link.head] += 1
    is_late = [item.kind == "label" for item in items]
    rank = [0 if item.kind == "first" else 1 for item in items]
    ready = [index for index, count in enumerate(waiting) if count == 0]
    for index in ready:
        is_late[index] = items[index].kind != "first"
    for index in ready:  # grows while it is read: Kahn's algorithm
        for head in heads[index]:
            rank[head] = max(rank[head], rank[index] + 1)
            waiting[head] -= 1
            if waiting[head] == 0:
                ready.append(head)
    if len(ready) < len(items):
        raise ValueError(f"{len(items) - len(ready)} of {len(items)} items stand on a cycle")
    last = max(rank, default=0) + 1
    rank = [last if item.kind == "last" else r for item, r in zip(items, rank, strict=True)]
    for index in reversed(ready):
        if is_late[index] and heads[index]:
            rank[index] = min(rank[head] for head in heads[index]) - 1
    return _compact(rank)


def _compact(rank: list[int]) -> list[int]:
    """The same order of columns without empty ones."""
    used = {old: new for new, old in enumerate(sorted(set(rank)))}
    return [used[old] for old in rank]


@dataclass
class _Board:
    """The items plus dummies, and every segment between neighbouring columns."""

    items: Sequence[Item]
    links: Sequence[Link]
    rank: list[int] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)
    columns: list[list[int]] = field(default_factory=list)
    trunks: dict[tuple[int, float], list[int]] = field(default_factory=dict)
    heads: list[float] = field(default_factory=list)
    across: list[float] = field(default_factory=list)
    lengths: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rank = ranks(self.items, self.links)
        self.heights = [item.across for item in self.items]
        self.margins = [item.margin for item in self.items]
        self.heads = [link.head_port or 0.0 for link in self.links]
        self.lengths = [item.along for item in self.items]
        self._add_dummies()
        self.columns = [[] for _ in range(max(self.rank, default=-1) + 1)]
        for vertex, rank in enumerate(self.rank):
            self.columns[rank].append(vertex)

    def _add_dummies(self) -> None:
        reach: dict[tuple[int, float], int] = {}
        for link in self.links:
            source = (link.tail, link.tail_port)
            reach[source] = max(reach.get(source, 0), self.rank[link.head])
        for source, last in reach.items():
            trunk = [source[0]]
            for rank in range(self.rank[source[0]] + 1, last):
                trunk.append(len(self.rank))
                self.rank.append(rank)
                self.heights.append(0.0)
                self.margins.append(5.0)
            self.trunks[source] = trunk

    def _branch(self, link: Link) -> int:
        """The vertex in the column before the head, on the trunk of the link's source."""
        trunk = self.trunks[link.tail, link.tail_port]
        return trunk[self.rank[link.head] - self.rank[link.tail] - 1]

    def joints(self) -> list[Joint]:
        """Every segment once, with its ports and its wish to be straight."""
        found = []
        for (tail, port), trunk in self.trunks.items():
            for before, after in pairwise(trunk):
                weight = THROUGH_WEIGHT if before != tail else 2.0
                found.append(Joint(before, after, port if before == tail else 0.0, 0.0, weight))
        for index, link in enumerate(self.links):
            before = self._branch(link)
            port = link.tail_port if before == link.tail else 0.0
            weight = 1.0 if before == link.tail else 2.0
            found.append(Joint(before, link.head, port, self.heads[index], weight))
        return found

    def users(self) -> dict[tuple[int, float], list[Link]]:
        """The links of each trunk."""
        found: dict[tuple[int, float], list[Link]] = defaultdict(list)
        for link in self.links:
            found[link.tail, link.tail_port].append(link)
        return found

    def chains(self) -> list[Chain]:
        """The trunks with their dummies, and with a label or a port where one ends in it."""
        found = []
        users = self.users()
        for source, trunk in self.trunks.items():
            ends = [link.head for link in users[source] if len(users[source]) == 1]
            loose = [head for head in ends if self.items[head].kind in ("label", "last")]
            if len(trunk) + len(loose) > 1:
                found.append(Chain(*source, (*trunk[1:], *loose)))
        return found

    def tidiness(self) -> list[int]:
        """The order in which a walk back from the ends meets the vertices: no tree crosses itself.

        Operands are met in their own order, so a picture reads like its formula.
        """
        before: dict[int, list[int]] = defaultdict(list)
        for joint in self.joints():
            before[joint.head].append(joint.tail)
        met: dict[int, int] = {}
        ends = [v for column in reversed(self.columns) for v in column]
        for end in ends:
            # Iterative: a chain of a thousand operations overflows a recursive walk.
            stack = [end]
            while stack:
                vertex = stack.pop()
                if vertex not in met:
                    met[vertex] = len(met)
                    stack.extend(reversed(before[vertex]))
        return [met[vertex] for vertex in range(len(self.rank))]

    def spread_ports(self) -> None:
        """Give links that have no head port one each, in the order in which they arrive."""
        place = {v: i for column in self.columns for i, v in enumerate(column)}
        arriving: dict[int, list[int]] = defaultdict(list)
        for index, link in enumerate(self.links):
            if link.head_port is None:
                arriving[link.head].append(index)
        for head, indices in arriving.items():
            indices.sort(key=lambda i: self._arrival(i, place))
            room = 0.7 * self.heights[head]
            step = min(PORT_STEP, room / max(1, len(indices) - 1))
            for position, index in enumerate(indices):
                self.heads[index] = (position - (len(indices) - 1) / 2) * step

    def _arrival(self, index: int, place: dict[int, int]) -> tuple[int, float]:
        link = self.links[index]
        return place[self._branch(link)], link.tail_port

    def arrangement(self) -> Arrangement:
        """The result, with the least place across at 0."""
        starts, ends, length = self._column_bounds()
        top = min((a - h / 2 for a, h in zip(self.across, self.heights, strict=True)), default=0.0)
        self.across = [place - top for place in self.across]
        rims = (a + h / 2 for a, h in zip(self.across, self.heights, strict=True))
        bottom = max(rims, default=0.0)
        along = [(starts[rank] + ends[rank]) / 2 for rank in self.rank]
        for index, item in enumerate(self.items):
            if item.kind == "box":
                self.lengths[index] = ends[self.rank[index]] - starts[self.rank[index]]
        way = _Way(self, along, starts, ends)
        count = len(self.items)
        return Arrangement(
            tuple(zip(along[:count], self.across[:count], strict=True)),
            tuple(way.of_link(index) for index in range(len(self.links))),
            tuple(way.of_trunk(*source) for source, links in way.users.items() if len(links) > 1),
            length,
            bottom,
            tuple(self.lengths),
        )

    def _column_bounds(self) -> tuple[list[float], list[float], float]:
        """Where each column starts and ends along, and where the last one does."""
        gaps = [NARROWEST_GAP] * len(self.columns)
        for tail, head, tail_port, head_port, _ in self.joints():
            rise = abs(self.across[head] + head_port - self.across[tail] - tail_port)
            rank = self.rank[tail]
            gaps[rank] = max(gaps[rank], min(WIDEST_GAP, GAP_PER_RISE * rise))
        starts, ends, edge = [], [], 0.0
        for column, gap in zip(self.columns, gaps, strict=True):
            starts.append(edge)
            real = [v for v in column if v < len(self.items)]
            ends.append(edge + max((self.lengths[v] for v in real), default=0.0))
            edge = ends[-1] + gap
        return starts, ends, ends[-1] if ends else 0.0


@dataclass
class _Way:
    """Turns vertices into points: straight through columns, bends only in the gaps between them."""

    board: _Board
    along: list[float]
    starts: list[float]
    ends: list[float]
    users: dict[tuple[int, float], list[Link]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.users = self.board.users()

    def of_trunk(self, tail: int, port: float) -> Stroke:
        """From the rim of the item to the last place that more than one link passes."""
        trunk = self.board.trunks[tail, port][: self._shared(tail, port) + 1]
        return (self._rim(tail, port, 1), *self._through(tail, port, trunk))

    def of_link(self, index: int) -> Stroke:
        """What is the link's own: from where it leaves the trunk, or all if nobody shares it."""
        link = self.board.links[index]
        source = link.tail, link.tail_port
        rim = self._rim(link.head, self.board.heads[index], -1)
        entry = (self.starts[self.board.rank[link.head]], rim[1])
        first = min(self._reach(link), self._shared(*source))
        own = self.board.trunks[source][max(first, 0) : self._reach(link) + 1]
        points = self._through(*source, own)
        if first < 0:
            return (self._rim(*source, 1), *points, entry, rim)
        # The trunk comes to the first place; the link goes on from its far side.
        return (*points[0 if own[0] == link.tail else 1 :], entry, rim)

    def _through(self, tail: int, port: float, vertices: list[int]) -> list[Point]:
        points = []
        for vertex in vertices:
            rank = self.board.rank[vertex]
            across = self.board.across[vertex] + (port if vertex == tail else 0.0)
            if vertex != tail:
                points.append((self.starts[rank], across))
            points.append((self.ends[rank], across))
        return points

    def _reach(self, link: Link) -> int:
        """How far along the trunk a link goes before it turns to its head."""
        return self.board.rank[link.head] - self.board.rank[link.tail] - 1

    def _shared(self, tail: int, port: float) -> int:
        """How far along the trunk at least two links go; -1 if there is one link only."""
        return sorted([-1, *map(self._reach, self.users[tail, port])])[-2]

    def _rim(self, item: int, port: float, side: int) -> Point:
        return (
            self.along[item] + side * self.board.lengths[item] / 2,
            self.board.across[item] + port,
        )
