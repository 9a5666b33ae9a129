"""Copies and pickles of a graph of any depth, without recursion, with identities kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.node import Node

Facts = tuple[Any, ...]


def facts(node: Node) -> Facts:
    """All that a node knows: its class, then the contents of its slots."""
    return type(node), node._data, node.grad, node.op, node.label, node._x, node._y


def restored(kind: type[Any], data: float, grad: float, op: Any, label: str, x: Any, y: Any) -> Any:
    """The node that the facts are about."""
    node = object.__new__(kind)
    node._data = data
    node.grad = grad
    node.op = op
    node.label = label
    node._x = x
    node._y = y
    return node


def deep_copy(node: Any, memo: dict[int, Any]) -> Any:
    """A copy of the node and of all that it was made from; what is in the memo is used."""
    for original in topological_order(node):
        if id(original) not in memo:
            kind, data, grad, op, label, x, y = facts(original)
            if type(x) is tuple:
                x = tuple(memo[id(parent)] for parent in x)
            else:
                x = None if x is None else memo[id(x)]
                y = None if y is None else memo[id(y)]
            memo[id(original)] = restored(kind, data, grad, op, label, x, y)
    return memo[id(node)]


_ready: ContextVar[set[Node] | None] = ContextVar("tinygrad_bp_ready", default=None)
"""Nodes that a pickler is about to meet after their operands."""


class _Ancestors:
    """What stands before a node in its graph; pickles as a list, parents first.

    A pickler would follow a chain of operands by recursion. Met in this order, it has seen
    the operands of each node before the node, and refers to them by number.
    """

    def __init__(self, node: Node) -> None:
        self.node = node

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self._in_order()

    def _in_order(self) -> Iterator[Node]:
        ready = _ready.get()
        if ready is None:
            ready = set()
            _ready.set(ready)
        order = topological_order(self.node)[:-1]
        try:
            for node in order:
                ready.add(node)
                yield node
        finally:
            ready.difference_update(order)


def reduced(node: Node) -> tuple[Callable[..., Any], Facts]:
    """For pickle: how to make the node again; if it is the first of its graph, all of it."""
    # Node by node, not one flag for "a pickling is going on": a pickling that failed, and
    # whose frames a traceback still holds, would leave the flag up and the next one deep.
    ready = _ready.get() or ()
    if node.is_leaf or node in ready:
        return restored, facts(node)
    return _restored_after, (_Ancestors(node), *facts(node))


def _restored_after(_ancestors: list[Node], *own: Any) -> Any:
    return restored(*own)
