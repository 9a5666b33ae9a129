"""How far rounding alone can move a gradient: the bound that programs are held to.

A gradient that is computed as a graph is itself a program. If each of its nodes is wrong by
at most a few units in the last place, then to first order the result is wrong by at most the
sum over all nodes of |derivative of the result by the node| * |number at the node| * units.
The derivatives are those of one more backward sweep. Nothing is guessed but the units, and
these are what `test_rows_against_mpmath` measures.
"""

from __future__ import annotations

import math
import sys
from typing import Any

from tinygrad_bp import Value, topological_order
from tinygrad_bp.graph.sweep import adjoints

UNITS = 4.0
"""Of the worst row (tanh has 2); and twice, for what is not of first order."""

TERMS = {"sum", "dot", "logaddexp", "logsumexp"}
"""Rows that may be small though what they round is not."""


def rounding_bound(result: Any) -> float:
    """The largest error that rounding can explain in a result that is a graph."""
    if not isinstance(result, Value) or result.is_constant:
        return 0.0
    order = topological_order(result)
    sensitivity = adjoints(order, {result: 1.0})
    return (
        UNITS
        * sys.float_info.epsilon
        * math.fsum(abs(sensitivity.get(node, 0.0)) * _size(node) for node in order if node.parents)
    )


def _size(node: Value) -> float:
    assert node.op is not None
    size = abs(node.data)
    numbers: list[float] = [abs(parent.data) for parent in node.parents]
    if node.op.name == "dot":
        half = len(numbers) // 2
        return size + math.fsum(map(float.__mul__, numbers[:half], numbers[half:]))
    if node.op.name == "softmax":  # the rounding of x - y is a relative error of exp(x - y)
        return size * (1.0 + max(numbers))
    return size + (math.fsum(numbers) if node.op.name in TERMS else 0.0)
