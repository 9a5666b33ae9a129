"""Small graphs cut out of a large one, that show a failure by themselves.

>>> from tinygrad_bp import Value
>>> x = Value(0.0, "x")
>>> y = x.sqrt() * 2.0 + 1.0
>>> copied, cut = excerpt([y], {y: "y"}, {})
>>> copied.label, [parent.data for parent in copied.parents]
('y', [0.0, 1.0])
>>> cut == {copied.parents[0]: y.parents[0]}
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tinygrad_bp.core.value import Value, constant
from tinygrad_bp.graph.modes import lenient, recording
from tinygrad_bp.look.diagnosis.story import Event
from tinygrad_bp.rows.primitives import add, multiply

__all__ = ["Excerpt", "excerpt", "smallest"]


class Excerpt(NamedTuple):
    """A graph cut out of a larger one."""

    output: Value
    cut: Mapping[Value, Value]
    """The leaves that stand for operations, each with the operation."""


def excerpt(
    part: Sequence[Value], names: Mapping[Value, str], grads: Mapping[Value, float]
) -> Excerpt:
    """A copy of some operations, parents first, the last one the output.

    What else they are made from are leaves. Names and gradients are those given.
    """
    copied: dict[Value, Value] = {}
    for node in part:
        operands = [
            copied[parent] if parent in copied else _leaf(copied, parent, names, grads)
            for parent in node.parents
        ]
        with recording(), lenient():
            made = Value.apply(node.op, *operands) if node.op and operands else _bare(node, names)
        # Not what it would be today: its operands may have been changed since.
        made._data = node._data
        made.label = names.get(node, node.label)
        made.grad = grads.get(node, 0.0)
        copied[node] = made
    # Of the part an operation has operands, but for those that `apply` folded.
    cut = {new: old for old, new in copied.items() if old.parents and not new.parents}
    return Excerpt(copied[part[-1]], cut)


def _leaf(
    copied: dict[Value, Value],
    node: Value,
    names: Mapping[Value, str],
    grads: Mapping[Value, float],
) -> Value:
    copied[node] = _bare(node, names)
    copied[node].grad = grads.get(node, 0.0)
    return copied[node]


def _bare(node: Value, names: Mapping[Value, str]) -> Value:
    make = constant if node.is_constant else Value
    return make(node._data, names.get(node, node.label))


def smallest(event: Event, names: Mapping[Value, str]) -> Value:
    """The smallest graph in which the same happens: one operation, on leaves.

    Where it happens to a gradient, the gradient that reaches the operation comes from a
    product with it, and what was there before from a sum.
    """
    node = excerpt([event.node], names, {}).output
    flow = event.flow
    if flow is None:
        return node
    operand = node.parents[flow.position]
    with recording(), lenient():
        if flow.upstream != 1.0 or flow.before is not None:
            node = multiply(flow.upstream, node)
        if flow.before is not None:
            # On the right, where the sweep comes first.
            node = add(node, multiply(flow.before, operand))
    return node
