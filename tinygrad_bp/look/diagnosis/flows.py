"""How gradients that are not finite flow back: which uses made one, and where it went.

>>> from tinygrad_bp import Value, topological_order
>>> x = Value(0.0, "x")
>>> y = 0.0 * x.sqrt()
>>> flow, = found_flows(topological_order(y), {y: 1.0})
>>> flow.node.op.name, flow.upstream, flow.partial, flow.after
('sqrt', 0.0, inf, nan)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.sweep import adjoints, contributions

__all__ = ["Flow", "found_flows", "next_flows"]


@dataclass(frozen=True, slots=True)
class Flow:
    """One use of an operand, after which the operand's gradient is not finite."""

    node: Value
    position: int
    upstream: float
    partial: float
    before: float | None
    """The operand's gradient before this use added to it; `None`: none yet."""

    @property
    def parent(self) -> Value:
        """The operand."""
        operand: Value = self.node.parents[self.position]
        return operand

    @property
    def contribution(self) -> float:
        """What flows: the upstream gradient times the partial."""
        return self.upstream * self.partial

    @property
    def after(self) -> float:
        """The operand's gradient with what flowed."""
        return self.contribution if self.before is None else self.before + self.contribution

    @property
    def is_origin(self) -> bool:
        """Whether it came of a gradient that was finite."""
        return math.isfinite(self.upstream)

    @property
    def makes_nan(self) -> bool:
        """Whether it made `nan` of numbers that were none."""
        numbers = (self.upstream, self.partial, self.before or 0.0)
        return math.isnan(self.after) and not any(map(math.isnan, numbers))


def found_flows(order: Sequence[Value], seeds: Mapping[Value, float]) -> list[Flow]:
    """Every use that made a gradient not finite or passed one on, in the order of the sweep."""
    adjoint = adjoints(order, seeds)
    if all(map(math.isfinite, adjoint.values())):
        return []
    found: list[Flow] = []
    # Of nodes that end up not finite what they have so far, added as the sweep adds.
    so_far: dict[Value, float] = {}
    for node in reversed(order):
        upstream = adjoint.get(node)
        if upstream is None or all(_is_finite(adjoint.get(p)) for p in node.parents):
            continue
        for position, (parent, partial, flow) in enumerate(contributions(node, upstream)):
            if flow is None or partial is None or _is_finite(adjoint[parent]):
                continue
            before = so_far.get(parent)
            after = so_far[parent] = flow if before is None else before + flow
            if not math.isfinite(flow) or (_is_finite(before) and not math.isfinite(after)):
                found.append(Flow(node, position, upstream, partial, before))
    return found


def _is_finite(number: float | None) -> bool:
    return number is None or math.isfinite(number)


def next_flows(flows: Sequence[Flow]) -> dict[Value, Flow | None]:
    """For each node whose gradient spoils a leaf's, the next flow on the shortest way to one.

    A leaf itself has `None`. What is missing does no harm: no leaf gets any of it.
    """
    leaves = [flow.parent for flow in flows if flow.parent.is_leaf]
    distance = dict.fromkeys(leaves, 0)
    following: dict[Value, Flow | None] = dict.fromkeys(leaves)
    # From the leaves on: the sweep, backwards. Of ways of one length the first operand's.
    for flow in reversed(flows):
        to_parent = distance.get(flow.parent)
        if to_parent is not None and to_parent + 1 <= distance.get(flow.node, math.inf):
            distance[flow.node] = to_parent + 1
            following[flow.node] = flow
    return following
