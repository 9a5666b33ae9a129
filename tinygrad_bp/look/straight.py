"""Places across that make links straight, with columns in a given order and nothing overlapping.

Sweep by sweep, every column takes the places that are nearest to its neighbours' in the sense
of least squares.  With the order and the distances given that is isotonic regression, which
pooling adjacent violators solves exactly in linear time.

>>> nearest([0.0, 0.0], [1.0, 1.0], [4.0])
[-2.0, 2.0]
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Joint", "nearest", "places"]

SWEEPS = 10


class Joint(NamedTuple):
    """A segment between neighbouring columns; ports are offsets across from the ends' centres."""

    tail: int
    head: int
    tail_port: float = 0.0
    head_port: float = 0.0
    weight: float = 1.0


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
        [(heights[a] + heights[b]) / 2 + max(margins[a], margins[b]) for a, b in pairwise(column)]
        for column in columns
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
