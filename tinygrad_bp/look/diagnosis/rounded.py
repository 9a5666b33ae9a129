"""Why a number is exactly 0 or 1: an operation before it whose result was rounded away.

>>> from tinygrad_bp import Value, log, sigmoid
>>> loss = log(1 - sigmoid(Value(40.0, "z")))
>>> found = rounded_before(loss)
>>> found.node.op.name, found.node.data
('sigmoid', 1.0)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.run import numbers_of, result
from tinygrad_bp.rows.primitives import add, subtract, sum_

__all__ = ["Rounded", "rounded_before"]

NEAR = 1e-9
"""How far a number is moved to see what would be without the rounding."""
MOST_OPERANDS = 6
MOST_NODES = 60
"""How many nodes are looked at, nearest first."""


@dataclass(frozen=True)
class Rounded:
    """An operation whose result does not depend on an operand, as far as a float can tell."""

    node: Value
    operand: Value
    way: tuple[Value, ...]
    """From the node to the operation where it had consequences."""
    is_limit: bool
    """The result is what it would be for an infinite operand; else the operand was too small
    to count beside the other."""

    def sentence(self, names: Mapping[Value, str], formula: Callable[[Value], str]) -> str:
        """What was rounded away."""
        called = names.get(self.node)
        operand = names.get(self.operand)
        known = f" where {operand} = {self.operand._data!r}" if operand else ""
        is_exactly = f"{f'{called} = ' if called else ''}{formula(self.node)}"
        why = "its limit" if self.is_limit else f"{operand or 'an operand'} is too small to count"
        return f"{is_exactly} is exactly {self.node._data!r}{known}: {why}"


def rounded_before(origin: Value) -> Rounded | None:
    """The nearest operation before this one without whose rounding its result were finite."""
    seen: set[Value] = set()
    level: list[tuple[Value, ...]] = [(origin,)]
    while level and len(seen) < MOST_NODES:
        ways = [(parent, *way) for way in level for parent in dict.fromkeys(way[0].parents)]
        level = []
        for way in ways:
            node = way[0]
            if node in seen or node.is_leaf:
                continue
            seen.add(node)
            found = _rounded(way)
            if found and _is_to_blame(way):
                return found
            level.append(way)
    return None


def _rounded(way: tuple[Value, ...]) -> Rounded | None:
    node = way[0]
    parents = node.parents
    if len(parents) > MOST_OPERANDS:
        return None
    for place, parent in enumerate(parents):
        if parent.is_constant or not math.isfinite(parent._data):
            continue
        is_limit = any(_value(node, place, end) == node._data for end in (-math.inf, math.inf))
        is_sum = node.op in (add, subtract, sum_) and parent._data != 0.0
        if is_limit or (is_sum and _value(node, place, 0.0) == node._data):
            return Rounded(node, parent, way, is_limit)
    return None


def _value(node: Value, place: int, number: float) -> float:
    numbers = [parent._data for parent in node.parents]
    numbers[place] = number
    return float(result(node.op, numbers))


def _is_to_blame(way: tuple[Value, ...]) -> bool:
    """Whether the last of the way would be finite if the first were a little more or less."""
    node = way[0]
    for moved in (node._data * (1.0 - NEAR) - NEAR, node._data * (1.0 + NEAR) + NEAR):
        if math.isfinite(numbers_of(way, {node: moved})[way[-1]]):
            return True
    return False
