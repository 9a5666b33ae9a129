"""Places across that make links straight, with columns in a given order and nothing overlapping.

Sweep by sweep, every column takes the places that are nearest to its neighbours' in the sense
of least squares.  With the order and the distances given that is isotonic regression, which
pooling adjacent violators solves exactly in linear time.

>>> nearest([0.0, 0.0], [1.0, 1.0], [4.0])
[-2.0, 2.0]
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Chain", "Joint", "nearest", "places", "straightened"]

SWEEPS = 10


class Joint(NamedTuple):
    """A segment between neighbouring columns; ports are offsets across from the ends' centres."""

    tail: int
    head: int
    tail_port: float = 0.0
    head_port: float = 0.0
    weight: float = 1.0


class Chain(NamedTuple):
    """Vertices of neighbouring columns that a line passes, and where the line comes from."""

    tail: int
    port: float
    vertices: tuple[int, ...]


def places(
    columns: Sequence[Sequence[int]],
    heights: Sequence[float],
    margins: Sequence[float],
    joints: Sequence[Joint],
) -> list[float]:
    """The place across of every vertex."""
    # Pulls: (neighbour, wish relative to the neighbour's place, weight).
    behind: list[list[tuple[int, float, float]]] = [[] for _ in heights]
    ahead: list[list[tuple[int, float, float]]] = [[] for _ in heights]
    for tail, head, tail_port, head_port, weight in joints:
        behind[head].append((tail, tail_port - head_port, weight))
        ahead[tail].append((head, head_port - tail_port, weight))
    distances = [
        [_apart(a, b, heights, margins) for a, b in pairwise(column)] for column in columns
    ]
    across = [0.0] * len(heights)
    for column, distance in zip(columns, distances, strict=True):
        _settle(column, distance, across, ())
    both = [b + a for b, a in zip(behind, ahead, strict=True)]
    for sweep in range(SWEEPS):
        # The last sweeps look both ways, or the picture would lean to where it was swept from.
        pulls = both if sweep >= SWEEPS - 4 else (behind, ahead)[sweep % 2]
        rows = list(zip(columns, distances, strict=True))
        for column, distance in reversed(rows) if sweep % 2 else rows:
            _settle(column, distance, across, pulls)
    return across


def _apart(a: int, b: int, heights: Sequence[float], margins: Sequence[float]) -> float:
    """How far the centres of two neighbours in a column are from each other at least."""
    return (heights[a] + heights[b]) / 2 + max(margins[a], margins[b])


def straightened(
    across: Sequence[float],
    chains: Sequence[Chain],
    columns: Sequence[Sequence[int]],
    heights: Sequence[float],
    margins: Sequence[float],
) -> list[float]:
    """The same places, but each chain as level as its neighbours let it be.

    Least squares spread a rise over all columns; one bend is easier to follow than five.
    """
    level = list(across)
    beside: dict[int, tuple[int | None, int | None]] = {}
    for column in columns:
        around = [None, *column, None]
        beside.update(zip(column, zip(around, around[2:], strict=False), strict=True))

    def room(vertex: int) -> tuple[float, float]:
        before, after = beside[vertex]
        return (
            -math.inf
            if before is None
            else level[before] + _apart(before, vertex, heights, margins),
            math.inf if after is None else level[after] - _apart(vertex, after, heights, margins),
        )

    for tail, port, vertices in chains:
        wish = level[tail] + port
        for run, low, high in _runs(vertices, [room(vertex) for vertex in vertices]):
            wish = min(max(wish, low), high)
            for vertex in run:
                level[vertex] = wish
    return level


def _runs(
    vertices: Sequence[int], rooms: Sequence[tuple[float, float]]
) -> Iterator[tuple[list[int], float, float]]:
    """The vertices in runs as long as they can be with room for one level in common."""
    run: list[int] = []
    low, high = -math.inf, math.inf
    for vertex, (least, most) in zip(vertices, rooms, strict=True):
        if run and max(low, least) > min(high, most):
            yield run, low, high
            run, low, high = [], -math.inf, math.inf
        run.append(vertex)
        low, high = max(low, least), min(high, most)
    yield run, low, high


def _settle(
    column: Sequence[int],
    distances: Sequence[float],
    across: list[float],
    pulls: Sequence[Sequence[tuple[int, float, float]]],
) -> None:
    """Move one column to where its neighbours pull it."""
    wishes, weights = [], []
    for vertex in column:
        wish, weight = across[vertex] * 0.01, 0.01
        for neighbour, offset, pull in pulls[vertex] if pulls else ():
            wish += pull * (across[neighbour] + offset)
            weight += pull
        wishes.append(wish / weight)
        weights.append(weight)
    for vertex, place in zip(column, nearest(wishes, weights, distances), strict=True):
        across[vertex] = place


def nearest(
    wishes: Sequence[float], weights: Sequence[float], distances: Sequence[float]
) -> list[float]:
    """The ascending places, at least `distances` apart, whose weighted squared misses are least.

    Ayer et al., "An empirical distribution function for sampling with incomplete information"
    (1955): measured from its least offset, an ascending order must only not descend.
    """
    offsets = [0.0]
    for distance in distances:
        offsets.append(offsets[-1] + distance)
    blocks: list[tuple[float, float, int]] = []  # weighted sum, weight, length
    for wish, weight, offset in zip(wishes, weights, offsets, strict=False):
        total, mass, length = (wish - offset) * weight, weight, 1
        while blocks and blocks[-1][0] * mass >= total * blocks[-1][1]:
            last = blocks.pop()
            total, mass, length = total + last[0], mass + last[1], length + last[2]
        blocks.append((total, mass, length))
    level = [total / mass for total, mass, length in blocks for _ in range(length)]
    return [base + offset for base, offset in zip(level, offsets, strict=False)]
