"""The two sweeps over a graph: adjoints from the outputs back, tangents from the inputs on.

Both apply the chain rule at each node in topological order, and both run on floats or, to
differentiate again, on the nodes themselves: then what they compute is graph as well.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tinygrad_bp.graph import modes
from tinygrad_bp.graph.node import Node
from tinygrad_bp.rows.primitive import CONSTANT, Primitive
from tinygrad_bp.rows.primitives import Gate, straight, where


@dataclass(frozen=True, eq=False, slots=True)
class Flow:
    """One operand of a node that the sweep passes: what an observer is shown."""

    node: Any
    position: int
    """The operand's place: `x*x` has `x` at 0 and at 1."""
    parent: Any
    upstream: Any
    """The node's own adjoint, complete."""
    partial: Any
    """`None`: the operation passes nothing on to this operand, not even zero."""
    contribution: Any
    """Upstream times partial; `None` where nothing flows."""
    before: Any
    """The operand's adjoint before this is added; `None`, which counts as 0: none yet."""
    after: Any


Observer = Callable[[Flow], object]
Partials = Callable[[Any, Any], tuple[Sequence[Any], Sequence[Any]]]
"""Of a node, and of the adjoint that comes to it: the operands, and the derivative by each."""


def adjoints(
    order: Sequence[Any],
    seeds: Mapping[Any, Any],
    *,
    as_graph: bool = False,
    partials: Partials | None = None,
    observer: Observer | None = None,
) -> dict[Any, Any]:
    """The derivative of the output with respect to each node that it depends on.

    `order` is topological; `seeds` holds the adjoint that each output starts from. A node
    that no gradient flows to is missing from the result: a constant, or what only the
    branch of a `where` that was not taken depends on, or an output with the seed 0. So
    neither of them makes 0 * inf.

    With `partials` the same goes for other numbers than floats: all that can be multiplied
    by these and added. An observer is called for each operand that the sweep passes.

    >>> from fractions import Fraction
    >>> from tinygrad_bp import Value
    >>> x = Value(3.0)
    >>> y, thirds = x * x, lambda node, _: (node.parents, [Fraction(1, 3)] * len(node.parents))
    >>> adjoints([x, y], {y: 1}, partials=thirds)[x]
    Fraction(2, 3)
    >>> seen = []
    >>> adjoint = adjoints([x, y], {y: 1.0}, observer=seen.append)
    >>> [(flow.before, flow.contribution, flow.after) for flow in seen]
    [(None, 3.0, 3.0), (3.0, 3.0, 6.0)]
    """
    adjoint = started(seeds)
    if as_graph:
        return _adjoint_graph(order, adjoint)
    if not (partials or observer):
        if not modes.is_strict():
            _pass_floats(order, adjoint)
            return adjoint
        observer = _refuse_nonfinite
    for node in reversed(order):
        if node in adjoint:
            pass_on(node, adjoint, partials, observer)
    return adjoint


def _pass_floats(order: Sequence[Node], adjoint: dict[Node, Any]) -> None:
    """`pass_on` for each node, without its calls: in half the time."""
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
            pass_on(node, adjoint)
            continue
        if by_x is not None and x.op is not CONSTANT:
            before = so_far(x)
            by_x *= upstream
            adjoint[x] = by_x if before is None else before + by_x
        if by_y is not None and y.op is not CONSTANT:
            before = so_far(y)
            by_y *= upstream
            adjoint[y] = by_y if before is None else before + by_y


def pass_on(
    node: Any,
    adjoint: dict[Any, Any],
    partials: Partials | None = None,
    observer: Observer | None = None,
) -> None:
    """Add to the adjoint of each parent what flows to it through the node."""
    upstream = adjoint[node]
    flows = contributions(node, upstream, partials)
    for position, (parent, partial, contribution) in enumerate(flows):
        before = after = adjoint.get(parent)
        if contribution is not None:
            # Every use adds: for x*x both contributions count. Not 0.0 + what flows where
            # nothing was: that would turn -0.0 into 0.0.
            after = contribution if before is None else before + contribution
            adjoint[parent] = after
        if observer:
            observer(Flow(node, position, parent, upstream, partial, contribution, before, after))


def _refuse_nonfinite(flow: Flow) -> None:
    if flow.contribution is not None:
        modes.check_contribution(flow.node, flow.upstream, flow.partial, flow.before or 0.0)


def contributions(
    node: Any, upstream: Any, partials: Partials | None = None
) -> Iterator[tuple[Any, Any, Any]]:
    """For each operand of a node: itself, the partial, and what flows to it, if anything does.

    >>> from tinygrad_bp import Value
    >>> x = Value(3.0)
    >>> [(partial, flow) for _, partial, flow in contributions(x * x, 10.0)]
    [(3.0, 30.0), (3.0, 30.0)]
    """
    found = partials(node, upstream) if partials else parents_and_partials(node)
    for parent, partial in zip(*found, strict=True):
        # A node may be anything that `partials` knows, as the number of a line is.
        flows = partial is not None and getattr(parent, "op", None) is not CONSTANT
        yield parent, partial, upstream * partial if flows else None


def started(seeds: Mapping[Any, Any]) -> dict[Any, Any]:
    """The seeds that anything comes of: 0 contributes nothing, like a branch not taken.

    That is known of a number. A `Value` may be another one later, so it is a `Condition`.
    """
    return {
        node: seed
        for node, seed in seeds.items()
        if getattr(seed, "_data", seed) or not getattr(seed, "is_constant", True)
    }


class Condition(NamedTuple):
    """When a derivative is there: where a branch is taken, and a seed is not 0."""

    branch: Any = None
    seed: Any = None
    """A number that is not 0 where the condition holds; `None` where it always does."""

    @property
    def is_sure(self) -> bool:
        """Whether it holds whatever the numbers are."""
        return self.branch is None and self.seed is None

    def and_taken(self, branch: Any) -> Condition:
        """That both this holds and the branch is taken."""
        return self._replace(
            branch=branch if self.branch is None else where(self.branch, branch, 0.0)
        )

    def or_where(self, other: Condition) -> Condition:
        """That one of two conditions holds."""
        return Condition(*map(_either, self, other))

    def kept(self, derivative: Any, otherwise: float) -> Any:
        """The derivative where the condition holds, and elsewhere the other number."""
        if self.branch is not None:
            derivative = where(self.branch, derivative, otherwise)
        # Not by `where`: a derivative varies with its seed at 0, too.
        return derivative if self.seed is None else straight(self.seed, derivative, otherwise)


def _either(one: Any, other: Any) -> Any:
    return None if one is None or other is None else where(one, 1.0, other)


class _Graph:
    """Derivatives as graph, good for other numbers too: each is there under a condition.

    Where contributions under different conditions meet, each becomes -0.0 where its own does
    not hold, which added to any number changes no bit of it.
    """

    def __init__(self, seeds: Mapping[Any, Any]) -> None:
        self.found = dict(seeds)
        self.condition = {
            node: Condition(seed=None if getattr(seed, "is_constant", True) else seed)
            for node, seed in seeds.items()
        }

    def pass_on(self, source: Node, target: Node, partial: Any) -> None:
        """Add to the derivative of one node what comes from that of another."""
        contribution, condition = self.found[source], self.condition[source]
        if isinstance(partial, Gate):
            condition = condition.and_taken(partial.condition)
        else:
            contribution = times(contribution, partial)
        if target not in self.found:
            self.found[target], self.condition[target] = contribution, condition
            return
        before, there = self.found[target], self.condition[target]
        if not all(map(operator.is_, condition, there)):
            before, contribution = there.kept(before, -0.0), condition.kept(contribution, -0.0)
            self.condition[target] = there.or_where(condition)
        self.found[target] = before + contribution

    def settle(self, node: Node) -> None:
        """Let the derivative be 0 where its condition does not hold."""
        self.found[node] = self.condition[node].kept(self.found[node], 0.0)


def _adjoint_graph(order: Sequence[Node], seeds: Mapping[Any, Any]) -> dict[Node, Any]:
    graph = _Graph(seeds)
    name = _Names(order, seeds) if modes.is_watched() else None
    for node in reversed(order):
        if node not in graph.found:
            continue
        if name and graph.condition[node].is_sure:
            name.derivative(node, graph.found[node])
        for parent, partial in zip(*parents_and_partials(node, as_graph=True), strict=True):
            if partial is not None and parent.op is not CONSTANT:
                graph.pass_on(node, parent, partial)
    for node, condition in graph.condition.items():
        graph.settle(node)
        if name and not condition.is_sure:
            name.derivative(node, graph.found[node])
    return graph.found


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


def tangents(
    order: Sequence[Node], seeds: Mapping[Any, Any], *, as_graph: bool = False
) -> dict[Node, Any]:
    """The derivative of each node along the direction in which the inputs move.

    `seeds` holds the tangents of the inputs. A node that does not move is missing: one that
    depends on no input with a seed other than 0. So what it flows into gets no 0 * inf.
    """
    tangent = started(seeds)
    if as_graph:
        return _tangent_graph(order, tangent, fixed=seeds)
    is_strict = modes.is_strict()
    for node in order:
        if node in tangent or node in seeds:
            continue
        for parent, partial in zip(*parents_and_partials(node), strict=True):
            if partial is None or parent not in tangent:
                continue
            contribution = times(tangent[parent], partial)
            if is_strict:
                modes.check_contribution(node, tangent[parent], partial, tangent.get(node, 0.0))
            tangent[node] = tangent[node] + contribution if node in tangent else contribution
    return tangent


def _tangent_graph(
    order: Sequence[Node], moving: Mapping[Any, Any], fixed: Mapping[Any, Any]
) -> dict[Node, Any]:
    graph = _Graph(moving)
    for node in order:
        if node in fixed:
            continue
        for parent, partial in zip(*parents_and_partials(node, as_graph=True), strict=True):
            if partial is not None and parent in graph.found:
                graph.pass_on(parent, node, partial)
    for node in graph.found:
        graph.settle(node)
    return graph.found


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
