"""Orders within columns that cross few links: barycentre sweeps, the best order kept.

>>> from tinygrad_bp.look.picture.straight import Joint
>>> joints = [Joint(0, 3), Joint(1, 2)]
>>> crossing_count([[0, 1], [2, 3]], joints), uncrossed([[0, 1], [2, 3]], joints, [0, 1, 2, 3])
(1, [[0, 1], [3, 2]])
"""

from collections.abc import Sequence

from tinygrad_bp.look.picture.straight import Joint

__all__ = ["crossing_count", "uncrossed"]

SWEEPS = 8
PATIENCE = 2


def uncrossed(
    columns: Sequence[Sequence[int]], joints: Sequence[Joint], first: Sequence[int]
) -> list[list[int]]:
    """The best order found, starting from vertices sorted by `first`."""
    order = [sorted(column, key=lambda vertex: first[vertex]) for column in columns]
    behind, ahead = _neighbours(joints, len(first))
    best, fewest, found_at, sweep = order, crossing_count(order, joints), 0, 0
    while fewest and sweep < SWEEPS and sweep - found_at <= PATIENCE:
        order = _swept(order, ahead if sweep % 2 else behind, backwards=sweep % 2 == 1)
        count = crossing_count(order, joints)
        if count < fewest:
            best, fewest, found_at = order, count, sweep
        sweep += 1
    return best


Neighbours = list[list[tuple[int, float, float]]]


def _neighbours(joints: Sequence[Joint], count: int) -> tuple[Neighbours, Neighbours]:
    """For each vertex its neighbours in the column before and in the one after, with ports."""
    behind: Neighbours = [[] for _ in range(count)]
    ahead: Neighbours = [[] for _ in range(count)]
    for joint in joints:
        behind[joint.head].append((joint.tail, joint.tail_port, joint.head_port))
        ahead[joint.tail].append((joint.head, joint.head_port, joint.tail_port))
    return behind, ahead


def _swept(order: list[list[int]], neighbours: Neighbours, *, backwards: bool) -> list[list[int]]:
    """Each column sorted by the mean place of its neighbours, column after column."""
    place: dict[int, float] = {v: i for column in order for i, v in enumerate(column)}
    swept = [list(column) for column in order]
    for column in reversed(swept) if backwards else swept:
        wish = {vertex: _barycentre(vertex, neighbours[vertex], place) for vertex in column}
        column.sort(key=wish.__getitem__)
        place.update((vertex, float(i)) for i, vertex in enumerate(column))
    return swept


def _barycentre(
    vertex: int, neighbours: list[tuple[int, float, float]], place: dict[int, float]
) -> float:
    if not neighbours:
        return place[vertex]
    # A port moves its neighbour's place by less than one place: 1,000 pixels are half of one.
    return sum(place[v] + port / (2000 + abs(port)) for v, port, _ in neighbours) / len(neighbours)


def crossing_count(columns: Sequence[Sequence[int]], joints: Sequence[Joint]) -> int:
    """How many pairs of links cross, in n log n: inversions counted with a Fenwick tree.

    Barth, Mutzel, Jünger: "Simple and efficient bilayer cross counting" (2004).
    """
    place = {v: (r, i) for r, column in enumerate(columns) for i, v in enumerate(column)}
    gaps: list[list[tuple[int, float, int, float]]] = [[] for _ in columns]
    for joint in joints:
        rank, start = place[joint.tail]
        gaps[rank].append((start, joint.tail_port, place[joint.head][1], joint.head_port))
    return sum(map(_inversions, gaps))


def _inversions(links: list[tuple[int, float, int, float]]) -> int:
    ends = {end: i for i, end in enumerate(sorted({link[2:] for link in links}), 1)}
    tree = [0] * (len(ends) + 1)
    count = 0
    for seen, link in enumerate(sorted(links)):
        place = ends[link[2:]]
        count += seen - _total(tree, place)
        while place < len(tree):
            tree[place] += 1
            place += place & -place
    return count


def _total(tree: list[int], place: int) -> int:
    total = 0
    while place:
        total += tree[place]
        place &= place - 1
    return total
