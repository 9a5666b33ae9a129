"""A tape as a table: a line for each slot, with its value and how it moves with others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.program import Program
from tinygrad_bp.graph.sweep import adjoints, tangents

Column = list[str]


def written(tape: Program, inputs: Sequence[Any], direction: Any, *, adjoint: bool) -> str:
    """The table; `direction` and `adjoint` say which columns to add."""
    inputs = list(map(Value, inputs))
    slots = tape.replay(inputs) if inputs else list(map(Value, tape.replay([])))
    columns = {"slot": _names(tape), "": _formulas(tape), "primal": _column(slots)}
    if direction is not None:
        columns["tangent"] = _tangents(inputs, slots, direction)
    if adjoint:
        columns["adjoint"] = _adjoints(slots, structure.numbers(tape.outputs))
    return aligned([[title, *column] for title, column in columns.items()])


def _names(tape: Program) -> Column:
    return [visible(name) or f"v{slot}" for slot, name in enumerate(tape.names)]


def _formulas(tape: Program) -> Column:
    names = _names(tape)
    for slot in tape.constant_slots:
        names[slot] = f"{tape.constant(slot)!r}"
    formulas = [i.op.write(*[names[slot] for slot in i.operands]) for i in tape.instructions]
    kinds = ["input"] * len(tape.input_slots) + ["captured"] * len(tape.captured)
    return [*kinds, *["constant"] * len(tape.constants), *formulas]


def _tangents(inputs: Sequence[Value], slots: Sequence[Any], direction: Any) -> Column:
    steps = list(map(as_float, structure.numbers(direction)))
    if len(steps) != len(inputs):
        raise ValueError(f"expected a direction of {len(inputs)} numbers, got {len(steps)}")
    nodes = [slot for slot in slots if isinstance(slot, Value)]
    found = tangents(topological_order(*nodes), dict(zip(inputs, steps, strict=True)))
    return _column([found.get(slot, 0.0) for slot in slots])


def _adjoints(slots: Sequence[Any], outputs: Sequence[int]) -> Column:
    if len(outputs) != 1 or not isinstance(slots[outputs[0]], Value):
        raise ValueError("adjoints are of a tape whose one output depends on its inputs")
    output = slots[outputs[0]]
    found = adjoints(topological_order(output), {output: 1.0})
    return _column([found.get(slot, 0.0) for slot in slots])


def _column(numbers: Sequence[Any]) -> Column:
    return [f"{number:.6g}" for number in numbers]


def aligned(columns: list[Column]) -> str:
    """Columns side by side: the first two are texts, the others numbers."""
    widths = [max(map(len, column)) for column in columns]
    left = len(columns[:2])  # texts to the left, numbers to the right
    rows = [
        "  ".join(
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in zip(*columns, strict=True)
    ]
    return "".join(f"{row}\n" for row in rows)
