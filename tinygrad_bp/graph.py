"""Walks over a graph: for anything with `.parents`, and never by recursion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar


class HasParents(Protocol):
    """A node of a directed acyclic graph."""

    @property
    def parents(self) -> tuple[Any, ...]:
        """The nodes that this one was made from, in order, twice if used twice."""
        ...


Node = TypeVar("Node", bound=HasParents)


def topological_order(*outputs: Node) -> list[Node]:
    """Every node that the outputs depend on, each after its parents.

    >>> from tinygrad_bp import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> topological_order(y) == [x, y]
    True

    The order depends on the structure alone: parents from left to right, depth first.
    """
    order: list[Node] = []
    seen: set[Node] = set()
    # A stack of our own: a 1,200-step sum overflows a recursive walk. `None` marks that
    # everything below the node under it has been put in order.
    stack: list[Node | None] = list(reversed(outputs))
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())  # type: ignore[arg-type]  # a node lies under a mark
        elif node not in seen:
            seen.add(node)
            parents = node.parents
            if parents:
                stack += (node, None)
                stack += parents[::-1]
            else:
                order.append(node)
    return order


def leaves(*outputs: Node) -> list[Node]:
    """The nodes without parents that the outputs depend on, in topological order."""
    return [node for node in topological_order(*outputs) if not node.parents]


def uses(nodes: Iterable[Node]) -> dict[Node, int]:
    """How many times each node is an operand of the given nodes: `x*x` uses `x` twice."""
    count: dict[Node, int] = {}
    for node in nodes:
        for parent in node.parents:
            count[parent] = count.get(parent, 0) + 1
    return count
