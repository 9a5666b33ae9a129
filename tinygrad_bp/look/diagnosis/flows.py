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

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.sweep import Flow, adjoints

__all__ = ["found_flows", "makes_nan", "next_flows"]


def makes_nan(flow: Flow) -> bool:
    """Whether it made `nan` of numbers that were none."""
    numbers = (flow.upstream, flow.partial, flow.before or 0.0)
    return math.isnan(flow.after) and not any(map(math.isnan, numbers))


def found_flows(order: Sequence[Value], seeds: Mapping[Value, float]) -> list[Flow]:
    """Every use that made a gradient not finite or passed one on, in the order of the sweep."""
    found: list[Flow] = []

    def look(flow: Flow) -> None:
        if flow.contribution is None or _is_finite(flow.after):
            return
        if not math.isfinite(flow.contribution) or _is_finite(flow.before):
            found.append(flow)

    if not all(map(math.isfinite, adjoints(order, seeds).values())):
        adjoints(order, seeds, observer=look)
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
