"""The picture of a moment of a walk: what is known so far, and what the step is about.

>>> from tinygrad_bp import Value
>>> from tinygrad_bp.look.walk.trace import Trace
>>> x = Value(3.0)
>>> trace = Trace(x.exp())
>>> trace.goto(3)
>>> picture = scene(trace, {x: "x", trace.output: "y"}, digits=4)
>>> [(node.rows[0].left, node.rows[2].right, node.is_current) for node in picture.nodes]
[('x', '+20.09', False), ('y', '+1', True)]
>>> [edge.label for edge in picture.edges]
['1·20.09 = 20.09']
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import islice

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.graphs.boxes import neurons
from tinygrad_bp.look.graphs.cells import everything
from tinygrad_bp.look.graphs.draw import assembled, largest
from tinygrad_bp.look.graphs.nodes import Walk, Writer
from tinygrad_bp.look.picture.palette import extent
from tinygrad_bp.look.picture.picture import Direction, Edge, Picture
from tinygrad_bp.look.walk.narration import flow
from tinygrad_bp.look.walk.trace import Step, Trace, Use
from tinygrad_bp.look.words.text import ordinal, plain

__all__ = ["scene"]

MOST = 60
"""Nodes up to which the whole graph is shown."""
NEAR = 6
"""Neighbours of one kind that are shown of a larger graph."""


def scene(
    trace: Trace, names: Mapping[Value, str], digits: int, direction: Direction = "LR"
) -> Picture:
    """The graph, or if it is large what is near the current node, as it is at this moment."""
    step = trace.step(trace.position - 1) if trace.position else None
    current = step.node if step else None
    is_whole = len(trace.nodes) <= MOST
    nodes = trace.nodes if is_whole else _near(trace, trace.output if current is None else current)
    size = largest(trace.adjoint[node] for node in nodes if node in trace.adjoint)
    here = {node: names.get(node, "") for node in nodes}
    here |= {parent: names.get(parent, "") for node in nodes for parent in node.parents}
    writer = Writer(here, digits, size, Walk(trace.adjoint, trace.waiting, _Ahead(trace), current))
    cells = everything(nodes, neurons(nodes) if is_whole else [])
    picture = assembled(cells, writer, [trace.output], direction=direction)
    notes = () if is_whole else (f"Near the current node, out of {len(trace.nodes):,} nodes.",)
    if step is None:
        edges = tuple(replace(edge, tip="") for edge in picture.edges)
        return replace(picture, edges=edges, notes=notes)
    places = {node: place for place, node in enumerate(nodes)}
    marks = _Marks(step, f"n{places[step.node]}", set(nodes), digits, size)
    return replace(picture, edges=tuple(map(marks.marked, picture.edges)), notes=notes)


class _Marks:
    """What the edges of the current operation show: what flows along them."""

    def __init__(
        self, step: Step, head: str, shown: Collection[Value], digits: int, size: float
    ) -> None:
        self.step = step
        self.head = head
        self.digits = digits
        self.size = size
        # An operation's edges come in the order of its operands.
        self.uses = iter([use for use in step.uses if use.parent in shown])

    def marked(self, edge: Edge) -> Edge:
        """The edge, lit if it is one of the step's."""
        # A tip tells what the last `backward` found, which is no part of this walk.
        edge = replace(edge, tip="")
        if edge.head != self.head or self.step.kind == "seed":
            return edge
        use = next(self.uses, None)
        if use is None or use.contribution is None:
            return replace(edge, is_current=self.step.kind == "forward")
        return replace(
            edge,
            label=self._label(use),
            strength=extent(use.contribution, self.size),
            is_alarming=not math.isfinite(use.contribution),
            is_current=True,
        )

    def _label(self, use: Use) -> str:
        product = flow(self.step.upstream or 0.0, use.partial or 0.0, self.digits)
        label = f"{product} = {plain(use.contribution or 0.0, self.digits)}"
        return label if use.of == 1 else f"{label}, {ordinal(use.nth)} of {use.of:,}"


class _Ahead:
    """The nodes whose values are yet to be computed."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __contains__(self, node: object) -> bool:
        trace = self.trace
        is_over = trace.position >= len(trace.operations)
        if is_over or not isinstance(node, Value) or node.is_leaf:
            return False
        return trace.forward_step(node) >= trace.position


def _near(trace: Trace, node: Value) -> list[Value]:
    """The node, its operands and theirs, and what uses it, in order; some of each if many."""
    operands = node.parents[:NEAR]
    further = islice((below for operand in operands for below in operand.parents), NEAR)
    later = islice(trace.operations, _place(trace, node) + 1, None)
    using = (user for user in later if node in set(user.parents))
    users = islice(using, min(trace.uses[node], NEAR))
    found = dict.fromkeys([*further, *operands, node, *users])
    return sorted(found, key=lambda shown: _place(trace, shown))


def _place(trace: Trace, node: Value) -> int:
    """Where an operation stands in order; leaves stand before all."""
    return trace.forward_step(node) if node.parents else -1
