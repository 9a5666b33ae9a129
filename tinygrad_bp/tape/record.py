"""`record`: from a function to its tape."""

from __future__ import annotations

import inspect
import struct
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_bp import structure
from tinygrad_bp.graph import topological_order
from tinygrad_bp.modes import Comparison, watching
from tinygrad_bp.tape.tape import Guard, Instruction, Tape
from tinygrad_bp.value import Value, values


def record(function: Callable[..., Any], *examples: Any) -> Tape:
    """The tape of a function, recorded at example inputs.

    >>> tape = record(lambda x: (x - 1) ** 2, 3.0)
    >>> len(tape), tape(5.0)
    (2, 16.0)

    The examples are numbers, sequences, arrays and nested structures of them; a replay
    takes arguments of the same structure. Common subexpressions are computed once; what no
    output needs is left out.

    Raises `RecordingError` where the function reads the `.data` of a value: the tape would
    keep that number for ever.
    """
    names = _argument_names(function, len(examples))
    inputs = tuple(values(example, name) for example, name in zip(examples, names, strict=True))
    with watching() as comparisons:
        output = function(*inputs)
    return tape_of(output, inputs, comparisons)


def tape_of(
    output: Any,
    inputs: tuple[Any, ...],
    comparisons: Sequence[Comparison],
    captured: Sequence[Value] = (),
) -> Tape:
    """The linear form of the graph between inputs and output, and of what was compared.

    The captured values stand in the order given, needed or not; others follow as found.
    """
    results = structure.numbers(output)
    sides = [side for comparison in comparisons for side in comparison.sides]
    layout = _Layout(structure.numbers(inputs), [*results, *sides], captured)
    guards = [
        Guard(c.symbol, layout.slot(c.sides[0]), layout.slot(c.sides[1]), c.outcome, c.line)
        for c in comparisons
    ]
    return Tape(
        inputs=structure.mapped(lambda value: value.data, inputs),
        captured=tuple(layout.captured),
        constants=tuple(layout.constants.values()),
        instructions=tuple(layout.instructions),
        outputs=structure.with_numbers(output, list(map(layout.slot, results))),
        guards=tuple(dict.fromkeys(guards)),
        names=tuple(layout.names),
    )


class _Layout:
    """Where everything stands: the slot of each node and of each constant."""

    def __init__(self, inputs: list[Value], roots: list[Any], captured: Sequence[Value]) -> None:
        order = topological_order(*[root for root in roots if isinstance(root, Value)])
        free = {node for node in order if not node.parents and not node.is_constant}
        named = {*inputs, *captured}
        self.captured = [*captured, *(n for n in order if n in free and n not in named)]
        literals = [root for root in roots if not isinstance(root, Value)]
        literals += [node.data for node in order if node.is_constant]
        self.constants = {_bits(number): float(number) for number in literals}
        known = [*inputs, *self.captured]
        self.instructions: list[Instruction] = []
        self.names = [node.label for node in known] + [""] * len(self.constants)
        self._slots = {node: slot for slot, node in enumerate(known)}
        self._constant_slots = {bits: len(known) + i for i, bits in enumerate(self.constants)}
        self._written: dict[Instruction, int] = {}
        for node in order:
            if node.parents and node not in self._slots:
                self._slots[node] = self._write(node)

    def slot(self, number: Any) -> int:
        """Where a number, a constant or a node stands."""
        if isinstance(number, Value) and not number.is_constant:
            return self._slots[number]
        return self._constant_slots[_bits(number.data if isinstance(number, Value) else number)]

    def _write(self, node: Value) -> int:
        assert node.op is not None  # noqa: S101  # it has parents
        instruction = Instruction(node.op, tuple(map(self.slot, node.parents)))
        if instruction not in self._written:
            self._written[instruction] = len(self.names)
            self.instructions.append(instruction)
            self.names.append(node.label)
        return self._written[instruction]


def _bits(number: float) -> bytes:
    """What tells constants apart: 0.0 and -0.0 are two, and `nan` is itself."""
    return struct.pack("<d", number)


def _argument_names(function: Callable[..., Any], count: int) -> list[str]:
    try:
        parameters = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some builtins have no signature
        parameters = []
    return [parameters[i] if i < len(parameters) else f"x{i}" for i in range(count)]
