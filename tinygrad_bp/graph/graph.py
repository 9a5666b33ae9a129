"""Walks over a graph, never by recursion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tinygrad_bp.graph.node import Node

AnyNode = TypeVar("AnyNode", bound=Node)


def topological_order(*outputs: AnyNode) -> list[AnyNode]:
    """Every node that the outputs depend on, each after its parents.

    >>> from tinygrad_bp import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> topological_order(y) == [x, y]
    True

    The order depends on the structure alone: parents from left to right, depth first.
    """
    order: list[AnyNode] = []
    seen: set[AnyNode] = set()
    # A stack of our own: a 1,200-step sum overflows a recursive walk. `None` marks that
    # everything below the node under it has been put in order.
    stack: list[AnyNode | None] = list(reversed(outputs))
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())  # type: ignore[arg-type]  # a node lies under a mark
            continue
        if node in seen:
            continue
        seen.add(node)
        # What `parents` says, without its tuples: the walk is a third of backward. For the
        # same reason a parent that is a leaf takes its place at once, not by way of the stack.
        x, y = node._x, node._y
        if y is not None:
            if x not in seen:
                if x._x is not None:
                    stack += (node, None, y, x)
                    continue
                seen.add(x)
                order.append(x)
            if y not in seen:
                if y._x is not None:
                    stack += (node, None, y)
                    continue
                seen.add(y)
                order.append(y)
        elif x is not None:
            if type(x) is tuple:
                stack += (node, None, *x[::-1])
                continue
            stack += (node, None, x)
            continue
        order.append(node)
    return order


def leaves(*outputs: AnyNode) -> list[AnyNode]:
    """The nodes without parents that the outputs depend on, in topological order."""
    return [node for node in topological_order(*outputs) if node.is_leaf]


def uses(nodes: Iterable[AnyNode]) -> dict[AnyNode, int]:
    """How many times each node is an operand of the given nodes: `x*x` uses `x` twice."""
    count: dict[AnyNode, int] = {}
    for node in nodes:
        for parent in node.parents:
            count[parent] = count.get(parent, 0) + 1
    return count
