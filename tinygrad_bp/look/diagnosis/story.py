"""The story of a number that is not finite: what made it, what became of it, whom it reached.

>>> from tinygrad_bp import Value
>>> x = Value(0.0, "x")
>>> story = story_of(0.0 * x.sqrt())
>>> [event.kind for event in story.events], story.bad_leaves == (x,)
(['derivative', 'gradient'], True)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph import nonfinite
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.sweep import Flow
from tinygrad_bp.look.diagnosis.blame import Descent, descent, to_blame
from tinygrad_bp.look.diagnosis.flows import found_flows, makes_nan, next_flows
from tinygrad_bp.look.words.outdated import CHANGED, fact, is_outdated

__all__ = ["Event", "Story", "story_of"]

Part = Literal["value", "gradient", "nothing"]
Kind = Literal["given", "value", "derivative", "gradient", "outdated"]


@dataclass(frozen=True)
class Event:
    """One number that is not finite, and the operation that made it of other ones."""

    kind: Kind
    """A leaf was given it, an operation's value, its derivative, a gradient that flowed through
    it; or its operands have changed since it was computed."""
    node: Value
    """The operation; the leaf where it was given."""
    flow: Flow | None = None
    """For a derivative and a gradient, where in the backward pass."""

    @property
    def number(self) -> float:
        """What was made."""
        if self.flow is None:
            return self.node._data
        number: float = self.flow.partial if self.kind == "derivative" else self.flow.after
        return number

    def sentence(self, names: Mapping[Value, str]) -> str:
        """What happened, in the words of `strict`."""
        if self.kind == "given":
            called = names.get(self.node) or "a constant"
            return f"{called} is {self.number!r}: no operation made it, it was given"
        operands = [(names.get(parent, ""), parent._data) for parent in self.node.parents]
        op = self.node.op
        assert op is not None  # noqa: S101  # it has operands
        if self.flow is None:
            if self.kind == "value":
                return nonfinite.value_made(op, self.number, operands)
            return f"{fact(self.node, names)}: {CHANGED}"
        flow = self.flow
        if self.kind == "derivative":
            return nonfinite.partial_made(op, flow.partial, operands, flow.position)
        before = flow.before or 0.0
        return nonfinite.contribution_made(op, flow.upstream, flow.partial, before, operands)


@dataclass(frozen=True)
class Story:
    """What is not finite in the two passes that lead to an output, and why."""

    output: Value
    nodes: tuple[Value, ...]
    part: Part
    """Where it shows: in the value of the output, in gradients of leaves, or nowhere."""
    events: tuple[Event, ...] = ()
    """The first one is the cause; the others turned what it made into something else."""
    path: tuple[Value, ...] = ()
    """The shortest way from the cause to where it shows: the output, or a leaf."""
    causes: int = 0
    """How many operations and leaves did the same, each by itself."""
    bad_values: int = 0
    bad_leaves: tuple[Value, ...] = ()
    """Those that get a gradient that is not finite from this output."""


def story_of(output: Value) -> Story:
    """The story of an output."""
    nodes = tuple(topological_order(output))
    bad_values = sum(not math.isfinite(node._data) for node in nodes)
    if not math.isfinite(output._data):
        found = descent([output])
        events, path = _forward(found, nodes)
        return Story(output, nodes, "value", events, path, len(found.origins), bad_values)
    flows = found_flows(nodes, {output: 1.0})
    following = next_flows(flows)
    origins = [flow for flow in flows if math.isfinite(flow.upstream) and flow.parent in following]
    if not origins:
        return Story(output, nodes, "nothing", bad_values=bad_values)
    events, path = _backward(origins[0], following, nodes)
    bad_leaves = tuple(node for node in nodes if node.is_leaf and node in following)
    return Story(output, nodes, "gradient", events, path, len(origins), bad_values, bad_leaves)


def _forward(
    found: Descent, nodes: tuple[Value, ...]
) -> tuple[tuple[Event, ...], tuple[Value, ...]]:
    """What happened from the first origin to where we asked, and the way."""
    places = dict.fromkeys(found.origins, 0)
    first = next(node for node in nodes if node in places)
    path = found.path(first)
    turns = [Event("value", node) for node in path[1:] if _turns(node)]
    return (_made(first), *turns), path


def _made(node: Value) -> Event:
    if node.is_leaf:
        return Event("given", node)
    return Event("outdated" if is_outdated(node) else "value", node)


def _turns(node: Value) -> bool:
    """Whether it made `nan` of infinities."""
    return math.isnan(node._data) and not any(math.isnan(p._data) for p in to_blame(node))


def _backward(
    origin: Flow, following: Mapping[Value, Flow | None], nodes: tuple[Value, ...]
) -> tuple[tuple[Event, ...], tuple[Value, ...]]:
    """What happened from the first bad gradient to a leaf, and the way."""
    flows = [origin]
    while (flow := following[flows[-1].parent]) is not None:
        flows.append(flow)
    path = (origin.node, *(flow.parent for flow in flows))
    events: list[Event] = []
    if not math.isfinite(origin.partial):
        # The derivative of exp(x) is its value: if that was infinite, it all began there.
        found = descent([origin.node, *origin.node.parents])
        if found.origins:
            forward, way = _forward(found, nodes)
            events += forward
            path = (*(node for node in way if node is not origin.node), *path)
        else:
            events.append(Event("derivative", origin.node, origin))
    if not events:
        events.append(Event("gradient", origin.node, origin))
        flows = flows[1:]
    events += [Event("gradient", flow.node, flow) for flow in flows if makes_nan(flow)]
    return tuple(events), path
