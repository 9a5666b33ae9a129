"""Moving nodes: what happens to an output as some nodes of its graph get other numbers.

A node that is moved no longer follows from its operands: move `h` in `h = w * x`, and `h`
alone is different; move `w` as well, and `h` still is what it was told to be.

>>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
>>> h = w * x
>>> y = h + w
>>> nodes = topological_order(y)
>>> slopes(nodes, y, {w: 1.0}), slopes(nodes, y, {w: 1.0, h: 1.0}) == {w: 1.0, h: 1.0}
({Value(data=2.0, grad=0.0, label='w'): 4.0}, True)
>>> replayed(nodes, {w: 3.0})[y], replayed(nodes, {w: 3.0, h: 0.0})[y]
(12.0, 3.0)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.modes import recording
from tinygrad_bp.graph.run import numbers_of
from tinygrad_bp.graph.sweep import adjoints, tangents

__all__ = ["bend", "checked", "replayed", "slopes"]


def checked(moves: Mapping[Value, Any], nodes: Iterable[Value]) -> dict[Value, float]:
    """By how much each node moves; an error that says why one cannot."""
    if not isinstance(moves, Mapping):
        raise TypeError(f"what moves is a dict such as {{w1: +0.1}}, got {moves!r}")
    known = set(nodes)
    for node in moves:
        if not isinstance(node, Value):
            raise TypeError(
                f"what moves is a Value, got {type(node).__name__} {node!r}: write {{w1: +0.1}}"
            )
        if node.is_constant:
            raise ValueError(f"{node!r} does not move; to move it, make it a Value")
        if node not in known:
            raise ValueError(f"{node!r} is not in the output's graph, so moving it changes nothing")
    if not moves:
        raise ValueError("nothing moves: say what, and by how much, as in {w1: +0.1}")
    return {node: as_float(number) for node, number in moves.items()}


def slopes(nodes: Sequence[Value], output: Value, moving: Iterable[Value]) -> dict[Value, float]:
    """The derivative of the output by each moving node, while the others that move stay.

    `nodes` are the output's, in topological order.
    """
    moved = dict.fromkeys(moving)
    # What flows into a moved node ends there: what it was made of does not matter to it.
    passing = [node for node in nodes if node not in moved]
    found = {output: 1.0} if output in moved else adjoints(passing, {output: 1.0})
    return {node: found.get(node, 0.0) for node in moved}


def bend(nodes: Sequence[Value], output: Value, moves: Mapping[Value, float]) -> float:
    """The second derivative of the output along the moves: δᵀHδ, without making H.

    >>> x, y = Value(2.0), Value(3.0)
    >>> z = x * x * y
    >>> bend(topological_order(z), z, {x: 1.0, y: 10.0})
    86.0
    """
    if output in moves:
        return 0.0
    # Forward over forward: the tangent of the tangent, in the same direction.
    with recording():
        first = tangents(nodes, moves, as_graph=True).get(output, 0.0)
    if not isinstance(first, Value):
        return 0.0
    second = tangents(topological_order(first), moves).get(first, 0.0)
    return float(second)


def replayed(nodes: Sequence[Value], numbers: Mapping[Value, float]) -> dict[Value, float]:
    """Every node's number if some nodes had these; nothing in the graph is changed."""
    moved = set(numbers)
    for node in nodes:
        if any(parent in moved for parent in node.parents):
            moved.add(node)
    # What depends on nothing that moved keeps its number.
    found = numbers_of([node for node in nodes if node in moved], numbers)
    return {node: found.get(node, node._data) for node in nodes}
