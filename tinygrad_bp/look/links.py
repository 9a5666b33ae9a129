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
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from tinygrad_bp.look.cells import Cell
from tinygrad_bp.look.palette import extent
from tinygrad_bp.look.picture import Edge
from tinygrad_bp.look.text import plain, signed
from tinygrad_bp.sweep import local_partials
from tinygrad_bp.value import Value

__all__ = ["Numbers", "edges_of"]

Numbers = Literal["partial", "contribution"]


class Use(NamedTuple):
    """One operand of one operation; `partial` is None where no gradient flows back."""

    operand: Value
    user: Value
    partial: float | None


def edges_of(
    cells: Sequence[Cell],
    ids: Sequence[str],
    names: Mapping[Value, str],
    numbers: Numbers | None,
    digits: int,
) -> list[Edge]:
    """The edges between the cells of those ids, and on request their partials or contributions."""
    bundles = _bundles(cells)
    carried = [_carried(bundle, numbers) for bundle in bundles]
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
        for bundle, number in zip(bundles, carried, strict=True)
    ]


class Bundle(NamedTuple):
    """The uses that one edge stands for, and the cells that it leads from and to."""

    tail_index: int
    head_index: int
    tail: Cell
    head: Cell
    uses: list[Use]


def _bundles(cells: Sequence[Cell]) -> list[Bundle]:
    """Both edges of x*x where both ends are values, otherwise one edge per pair of cells."""
    owner = {node: index for index, cell in enumerate(cells) for node in cell.members}
    found: dict[tuple[int, int, int], Bundle] = {}
    for head, cell in enumerate(cells):
        for use in _uses(cell, head, owner):
            tail = owner[use.operand]
            is_single = cells[tail].kind == cell.kind == "value"
            key = tail, head, len(found) if is_single else -1
            found.setdefault(key, Bundle(tail, head, cells[tail], cell, [])).uses.append(use)
    return list(found.values())


def _uses(cell: Cell, index: int, owner: Mapping[Value, int]) -> Iterator[Use]:
    """Every operand that comes from another cell."""
    for user in cell.members:
        # In a picture of a part of a graph, an operand may be left out.
        if any(owner.get(operand, index) != index for operand in user.parents):
            for operand, partial in zip(user.parents, local_partials(user), strict=True):
                if owner.get(operand, index) != index:
                    yield Use(operand, user, None if operand.is_constant else partial)


def _carried(bundle: Bundle, numbers: Numbers | None) -> float | None:
    """The number that an edge carries, or None where it would not say something exact.

    Contributions to one value add up over all its uses in a summary; partials do not.
    """
    flowing = [use for use in bundle.uses if use.partial is not None]
    if numbers is None or not flowing or bundle.tail.outputs != (flowing[0].operand,):
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
