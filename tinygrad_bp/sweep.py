"""The two sweeps over a graph: adjoints from the outputs back, tangents from the inputs on.

Both apply the chain rule at each node in topological order, and both run on floats or, to
differentiate again, on the nodes themselves: then what they compute is graph as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_bp import modes
from tinygrad_bp.node import Node
from tinygrad_bp.primitive import CONSTANT, Primitive
from tinygrad_bp.primitives import Gate, where


def adjoints(
    order: Sequence[Node], seeds: Mapping[Any, Any], *, as_graph: bool = False
) -> dict[Node, Any]:
    """The derivative of the output with respect to each node that it depends on.

    `order` is topological; `seeds` holds the adjoint that each output starts from. A node
    that no gradient flows to is missing from the result: a constant, or what only the
    branch of a `where` that was not taken depends on. So that branch never makes 0 * inf.
    """
    if as_graph:
        return _adjoint_graph(order, seeds)
    adjoint = dict(seeds)
    if not modes.is_strict():
        _pass_floats(order, adjoint)
        return adjoint
    for node in reversed(order):
        if node in adjoint:
            _pass_on(node, adjoint)
    return adjoint


def _pass_floats(order: Sequence[Node], adjoint: dict[Node, Any]) -> None:
    """`_pass_on` for each node, without its calls: in half the time."""
    so_far = adjoint.get
    for node in reversed(order):
        x = node._x
        if x is None:
            continue
        upstream = so_far(node)
        if upstream is None:
            continue
        y = node._y
        partials = node.op.partials  # type: ignore[union-attr]  # only a leaf has no operation
        try:
            if y is not None:
                by_x, by_y = partials(node._data, x._data, y._data)
            elif type(x) is not tuple:
                (by_x,), by_y = partials(node._data, x._data), None
            else:
                found = partials(node._data, *[parent._data for parent in x])
                for parent, partial in zip(x, found, strict=True):
                    if partial is not None and parent.op is not CONSTANT:
                        before = so_far(parent)
                        by = upstream * partial
                        adjoint[parent] = by if before is None else before + by
                continue
        except ZeroDivisionError:
            _pass_on(node, adjoint)
            continue
        if by_x is not None and x.op is not CONSTANT:
            before = so_far(x)
            by_x *= upstream
            adjoint[x] = by_x if before is None else before + by_x
        if by_y is not None and y.op is not CONSTANT:
            before = so_far(y)
            by_y *= upstream
            adjoint[y] = by_y if before is None else before + by_y


def _pass_on(node: Node, adjoint: dict[Node, Any]) -> None:
    """Add to the adjoint of each parent what flows to it through the node."""
    upstream = adjoint[node]
    is_strict = modes.is_strict()
    for parent, partial, contribution in contributions(node, upstream):
        if partial is None or contribution is None:
            continue
        if is_strict:
            modes.check_contribution(node, upstream, partial, adjoint.get(parent, 0.0))
        # Every use adds: for x*x both contributions count.
        adjoint[parent] = adjoint[parent] + contribution if parent in adjoint else contribution


def contributions(node: Node, upstream: Any) -> Iterator[tuple[Any, float | None, float | None]]:
    """For each operand of a node: itself, the partial, and what flows to it, if anything does.

    >>> from tinygrad_bp import Value
    >>> x = Value(3.0)
    >>> [(partial, flow) for _, partial, flow in contributions(x * x, 10.0)]
    [(3.0, 30.0), (3.0, 30.0)]
    """
    for parent, partial in zip(*parents_and_partials(node), strict=True):
        flows = partial is not None and parent.op is not CONSTANT
        yield parent, partial, upstream * partial if flows else None


def _adjoint_graph(order: Sequence[Node], seeds: Mapping[Any, Any]) -> dict[Node, Any]:
    """The same as graph, good for other numbers too: which branch is taken is a `where`.

    What only a branch depends on has an adjoint under a condition, and any number where that
    does not hold. Where contributions under different conditions meet, each becomes -0.0 where
    its own does not hold, which added to any number changes no bit of it.
    """
    adjoint, condition = dict(seeds), dict.fromkeys(seeds)
    name = _Names(order, seeds) if modes.is_watched() else None
    for node in reversed(order):
        if node not in adjoint:
            continue
        if name and condition[node] is None:
            name.derivative(node, adjoint[node])
        if node.is_leaf:
            continue
        parents, partials = parents_and_partials(node, as_graph=True)
        for parent, partial in zip(parents, partials, strict=True):
            if partial is None or parent.op is CONSTANT:
                continue
            if isinstance(partial, Gate):
                needed, contribution = both(condition[node], partial.condition), adjoint[node]
            else:
                needed, contribution = condition[node], times(adjoint[node], partial)
            if parent not in adjoint:
                adjoint[parent], condition[parent] = contribution, needed
            elif condition[parent] is needed:
                adjoint[parent] = adjoint[parent] + contribution
            else:
                there = if_needed(condition[parent], adjoint[parent])
                adjoint[parent] = there + if_needed(needed, contribution)
                condition[parent] = either(condition[parent], needed)
    for node, needed in condition.items():
        if needed is not None:
            adjoint[node] = where(needed, adjoint[node], 0.0)
            if name:
                name.derivative(node, adjoint[node])
    return adjoint


class _Names:
    """What derivatives are called on a tape: `d_loss_d_w`, where both have a label."""

    def __init__(self, order: Sequence[Node], seeds: Mapping[Any, Any]) -> None:
        self._forward = set(order)
        # One that several outputs seed has no such name.
        self._output = next(iter(seeds)).label if len(seeds) == 1 else ""

    def derivative(self, node: Node, adjoint: Any) -> None:
        """Label the adjoint, if it is a node of its own: that of `w` in `w * x` is `x`."""
        if not (self._output and node.label and isinstance(adjoint, Node)):
            return
        if not (adjoint.label or adjoint.is_leaf or adjoint in self._forward):
            adjoint.label = f"d_{self._output}_d_{node.label}"


def if_needed(condition: Any, contribution: Any) -> Any:
    """The contribution where the condition holds, and elsewhere what adds nothing."""
    return contribution if condition is None else where(condition, contribution, -0.0)


def both(one: Any, other: Any) -> Any:
    """The condition that two conditions hold; `None` is one that always does."""
    return other if one is None else where(one, other, 0.0)


def either(one: Any, other: Any) -> Any:
    """The condition that one of two conditions holds; `None` is one that always does."""
    return None if one is None or other is None else where(one, 1.0, other)


def tangents(
    order: Sequence[Node], seeds: Mapping[Any, Any], *, as_graph: bool = False
) -> dict[Node, Any]:
    """The derivative of each node along the direction in which the inputs move.

    `seeds` holds the tangents of the inputs. A node that does not move is missing.
    """
    tangent = dict(seeds)
    is_strict = modes.is_strict() and not as_graph
    for node in order:
        if node in tangent or node.is_leaf:
            continue
        parents, partials = parents_and_partials(node, as_graph=as_graph)
        for parent, partial in zip(parents, partials, strict=True):
            if partial is None or parent not in tangent:
                continue
            if isinstance(partial, Gate):
                contribution = where(partial.condition, tangent[parent], 0.0)
            else:
                contribution = times(tangent[parent], partial)
            if is_strict:
                modes.check_contribution(node, tangent[parent], partial, tangent.get(node, 0.0))
            tangent[node] = tangent[node] + contribution if node in tangent else contribution
    return tangent


def times(adjoint: Any, partial: Any) -> Any:
    """The product, without a node for a multiplication by 1 or -1."""
    if type(partial) is float and abs(partial) == 1.0:
        return adjoint if partial == 1.0 else -adjoint
    return partial if type(adjoint) is float and adjoint == 1.0 else adjoint * partial


def local_partials(node: Node) -> tuple[float | None, ...]:
    """The partial derivative of a node with respect to each of its parents.

    >>> from tinygrad_bp import Value
    >>> local_partials(Value(2.0) * Value(3.0))
    (3.0, 2.0)

    `None` says that no gradient flows there: to a constant exponent, say.
    """
    return tuple(parents_and_partials(node)[1])


def parents_and_partials(
    node: Node, *, as_graph: bool = False
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """A node's parents and, as floats or as graph, its partial derivative for each."""
    parents = node.parents
    if not parents:
        return (), ()
    primitive: Primitive = node.op  # type: ignore[assignment]  # only a leaf has none
    if as_graph:
        return parents, primitive.partials(node, *parents)
    numbers = [parent._data for parent in parents]
    try:
        partials = primitive.partials(node._data, *numbers)
    except ZeroDivisionError:
        partials = _at_a_pole(primitive, node._data, *numbers)
    if modes.is_strict():
        modes.check_partials(node, partials)
    return parents, partials


def _at_a_pole(primitive: Primitive, *numbers: float) -> tuple[float | None, ...]:
    """The partials in NumPy's floats, whose division by zero is `inf` and no error."""
    with np.errstate(all="ignore"):
        partials = primitive.partials(*map(np.float64, numbers))
    return tuple(None if partial is None else float(partial) for partial in partials)
