"""How the operands of a graph become the edges of the picture, with numbers to check by hand.

>>> from tinygrad_bp import Value
>>> x = Value(3.0)
>>> y = x * x
>>> y.backward()
>>> cells = [Cell("value", (v,), (v,)) for v in (x, y)]
>>> [edge.label for edge in edges_of(cells, ["n0", "n1"], {x: "x", y: "y"}, "contribution", 4)]
['3 * 1 = +3', '3 * 1 = +3']
"""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Literal, NamedTuple

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.sweep import adjoints, local_partials
from tinygrad_bp.look.graphs.cells import Cell
from tinygrad_bp.look.picture.palette import extent
from tinygrad_bp.look.picture.picture import Edge
from tinygrad_bp.look.words.text import ordinal, plain, signed

__all__ = ["Numbers", "bundles", "edges_of", "in_order_of_arrival", "silent_ones"]

Numbers = Literal["partial", "contribution"]


class Use(NamedTuple):
    """One operand of one operation; `partial` is None where no gradient flows back."""

    operand: Value
    user: Value
    position: int
    """Which operand of the operation it is, counted from 0."""
    partial: float | None


def edges_of(
    cells: Sequence[Cell],
    ids: Sequence[str],
    names: Mapping[Value, str],
    numbers: Numbers | None,
    digits: int,
    silent: Collection[Value] = (),
) -> list[Edge]:
    """The edges between the cells of those ids, and on request their partials or contributions.

    Through operations that are `silent` nothing flows back.
    """
    found = bundles(cells, silent)
    carried = [_carried(bundle, numbers) for bundle in found]
    sizes = [abs(number) for number in carried if number and math.isfinite(number)]
    largest = max(sizes, default=1.0)
    return [
        Edge(
            ids[bundle.tail_index],
            ids[bundle.head_index],
            "" if number is None else _label(bundle, number, numbers, digits),
            None if number is None else extent(number, largest),
            is_broken=all(use.partial is None for use in bundle.uses),
            is_alarming=number is not None and not math.isfinite(number),
            tip=_tip(bundle.uses, names),
        )
        for bundle, number in zip(found, carried, strict=True)
    ]


class Bundle(NamedTuple):
    """The uses that one edge stands for, and the cells that it leads from and to."""

    tail_index: int
    head_index: int
    tail: Cell
    head: Cell
    uses: list[Use]


def silent_ones(order: Sequence[Value], outputs: Sequence[Value]) -> set[Value]:
    """The nodes that no gradient reaches: they lie on branches not taken.

    Of 1/x at 0 on such a branch the partial is -inf, and 0 times that would be nan.
    """
    reached = adjoints(order, dict.fromkeys(outputs, 1.0))
    return {node for node in order if node not in reached}


def in_order_of_arrival(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """Edges that are sorted by head, each told which of its operand's uses `backward` adds first.

    >>> edges = [Edge("x", "square", "3 * 1 = +3"), Edge("x", "y", "1 * 1 = +1")]
    >>> [edge.label for edge in in_order_of_arrival(edges)]
    ['3 * 1 = +3, 2nd of 2', '1 * 1 = +1, 1st of 2']
    """
    heads = reversed([list(group) for _, group in groupby(edges, key=lambda edge: edge.head)])
    of = Counter(edge.tail for edge in edges)
    arrived: Counter[str] = Counter()
    told: list[list[Edge]] = []
    for group in heads:
        told.append([])
        for edge in group:
            arrived[edge.tail] += 1
            place = f", {ordinal(arrived[edge.tail])} of {of[edge.tail]:,}"
            is_one_of_several = edge.label and of[edge.tail] > 1
            told[-1].append(replace(edge, label=edge.label + place) if is_one_of_several else edge)
    return tuple(edge for group in reversed(told) for edge in group)


def bundles(cells: Sequence[Cell], silent: Collection[Value] = ()) -> list[Bundle]:
    """What each edge stands for.

    Both edges of x*x where both ends are values, otherwise one edge per pair of cells.
    """
    owner = {node: index for index, cell in enumerate(cells) for node in cell.members}
    found: dict[tuple[int, int, int], Bundle] = {}
    for head, cell in enumerate(cells):
        for use in _uses(cell, head, owner, silent):
            tail = owner[use.operand]
            is_single = cells[tail].kind == cell.kind == "value"
            key = tail, head, len(found) if is_single else -1
            found.setdefault(key, Bundle(tail, head, cells[tail], cell, [])).uses.append(use)
    return list(found.values())


def _uses(
    cell: Cell, index: int, owner: Mapping[Value, int], silent: Collection[Value]
) -> Iterator[Use]:
    """Every operand that comes from another cell."""
    for user in cell.members:
        # In a picture of a part of a graph, an operand may be left out.
        if any(owner.get(operand, index) != index for operand in user.parents):
            for position, partial in enumerate(local_partials(user)):
                operand = user.parents[position]
                if owner.get(operand, index) != index:
                    flows = not (operand.is_constant or user in silent)
                    yield Use(operand, user, position, partial if flows else None)


def _carried(bundle: Bundle, numbers: Numbers | None) -> float | None:
    """The number that an edge carries, or None where it would not say something exact.

    Contributions to one value add up over all its uses in a summary; partials do not.
    """
    flowing = [use for use in bundle.uses if use.partial is not None]
    output, *others = bundle.tail.outputs
    if numbers is None or not flowing or others or output is not flowing[0].operand:
        return None
    if numbers == "contribution":
        # Not fsum, which raises where inf meets -inf.
        return sum((use.partial or 0.0) * use.user.grad for use in flowing)
    return flowing[0].partial if bundle.head.kind == "value" else None


def _label(bundle: Bundle, number: float, numbers: Numbers | None, digits: int) -> str:
    # What is upstream inside a summary cannot be seen: there the product alone is of use.
    if numbers == "partial" or bundle.head.kind != "value":
        return signed(number, digits)
    (use,) = bundle.uses
    partial, upstream = plain(use.partial or 0.0, digits), plain(use.user.grad, digits)
    return f"{partial} * {upstream} = {signed(number, digits)}"


def _tip(uses: Sequence[Use], names: Mapping[Value, str]) -> str:
    if len(uses) > 1:
        return f"stands for {len(uses):,} edges"
    (use,) = uses
    # What is inside a summary has no name.
    ends = names.get(use.operand, "") or repr(use.operand.data), names.get(use.user, "a node")
    way = " to ".join(ends)
    if use.partial is None:
        return f"{way}: no gradient flows back here"
    contribution = use.partial * use.user.grad
    return f"{way}: partial {use.partial!r} * upstream {use.user.grad!r} = {contribution!r}"
