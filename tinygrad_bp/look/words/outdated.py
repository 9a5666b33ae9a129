"""Outdated values: numbers that their operands no longer give, and the words for it in every view.

>>> from tinygrad_bp import Value
>>> p = Value(2.0)
>>> q = p * 3.0
>>> p.data = 5.0
>>> outdated([p, q]) == (q,)
True
>>> remark([q], {p: "p", q: "q"})
'! q = p * 3 is 6, but p = 5 would give 15: data changed after it was computed.'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from tinygrad_bp.basics.same import same_number
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.run import result
from tinygrad_bp.look.words.formulas import formula
from tinygrad_bp.look.words.sheet import listed, name_of
from tinygrad_bp.look.words.text import plain, shortened

__all__ = ["CHANGED", "fact", "is_outdated", "now", "outdated", "remark"]

CHANGED = "data changed after it was computed"
LONGEST = 60
"""Columns of a formula."""


def now(node: Value) -> float:
    """What the operation of a node would give today; of a leaf its number."""
    operands = [parent._data for parent in node.parents]
    return float(result(node.op, operands)) if operands else node._data


def is_outdated(node: Value) -> bool:
    """Whether its number is not what its operands give."""
    return not same_number(now(node), node._data)


def outdated(nodes: Iterable[Value]) -> tuple[Value, ...]:
    """Those of the nodes that are outdated; what was made of these may follow from them still."""
    return tuple(filter(is_outdated, nodes))


def fact(node: Value, names: Mapping[Value, str], digits: int = 4) -> str:
    """Both numbers of an outdated node, with as many digits as tell them apart."""
    new = now(node)
    is_told_apart = plain(node._data, digits) != plain(new, digits)
    write = partial(plain, digits=digits) if is_told_apart else repr
    operands = dict.fromkeys(operand for operand in node.parents if not operand.is_constant)
    given = [
        f"{name_of(operand, names)} = {write(operand._data)}"
        if names.get(operand)
        else write(operand._data)
        for operand in operands
    ]
    return (
        f"{name_of(node, names)} = {shortened(formula(node, names, digits), LONGEST)} is "
        f"{write(node._data)}, but {listed(given)} would give {write(new)}"
    )


def remark(nodes: Sequence[Value], names: Mapping[Value, str], digits: int = 4) -> str:
    """What a view says about the outdated nodes in it, of which there is one at least."""
    first, *others = nodes
    likewise = listed([name_of(node, names) for node in others])
    more = f" Likewise {likewise}." if others else ""
    return f"! {fact(first, names, digits)}: {CHANGED}.{more}"
