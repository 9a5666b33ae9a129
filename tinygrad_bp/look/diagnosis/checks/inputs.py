"""Inputs on scales that a network learns badly from."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.diagnosis.finding import Finding, Subject
from tinygrad_bp.look.words.sheet import listed
from tinygrad_bp.look.words.text import plain
from tinygrad_bp.rows import primitives

__all__ = ["unscaled_inputs"]

LARGE = 10.0
"""Root mean square; of standardised inputs it is 1."""
APART = 100.0
"""How many times as large one input may be as another."""

Column = Sequence[float]


def unscaled_inputs(subject: Subject) -> Iterator[Finding]:
    """Inputs that are large, or a hundred times as large as others."""
    is_data = len(subject.inputs) > 0
    columns = _of_data(subject) if is_data else _of_graph(subject)
    sizes = {name: _size(column) for name, column in columns.items()}
    # A constant beside a weight need not be an input: only of data are scales compared.
    smallest = min((size for size in sizes.values() if size), default=0.0) if is_data else 0.0
    limit = min(LARGE, APART * smallest) if smallest else LARGE
    large = [name for name, size in sizes.items() if size > limit]
    if not large:
        return
    worst = max(large, key=sizes.__getitem__)
    others = [name for name in sizes if name not in large]
    beside = ""
    if others:
        numbers = [number for name in others for number in columns[name]]
        beside = f", and other inputs {_range(numbers)}"
    yield Finding(
        "unscaled-inputs",
        listed(large),
        f"{worst} is {_range(columns[worst])}{beside}",
        "large inputs make large sums, which saturate sigmoids and ask for tiny learning rates; "
        "of inputs on several scales only the largest is learned from",
        "standardise: take the mean of each input over the training data away, and divide by its "
        "standard deviation",
    )


def _of_data(subject: Subject) -> Mapping[str, Column]:
    return {
        f"input {place}": column for place, column in enumerate(zip(*subject.inputs, strict=True))
    }


def _of_graph(subject: Subject) -> Mapping[str, Column]:
    """For each weight the constants it is multiplied by, where these vary as inputs do."""
    columns: dict[Value, list[float]] = defaultdict(list)
    for node in subject.nodes:
        for one, other in _factors(node):
            for weight, number in ((one, other), (other, one)):
                if weight.op is None and number.is_constant:
                    columns[weight].append(number._data)
    return {
        f"what {subject.name(weight)} is multiplied by": column
        for weight, column in columns.items()
        if len(set(column)) > 1
    }


def _factors(node: Value) -> list[tuple[Value, Value]]:
    operands = node.parents
    if node.op is primitives.multiply:
        return [operands]
    if node.op is primitives.dot:
        half = len(operands) // 2
        return list(zip(operands[:half], operands[half:], strict=True))
    return []


def _size(column: Column) -> float:
    """The root of the mean square, which does not overflow."""
    return math.hypot(*column) / math.sqrt(len(column))


def _range(numbers: Column) -> str:
    low, high = min(numbers), max(numbers)
    return plain(low) if low == high else f"{plain(low)} to {plain(high)}"
