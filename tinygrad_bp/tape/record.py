"""`record`: from a function to its tape."""

from __future__ import annotations

import inspect
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.identifiers import is_name
from tinygrad_bp.basics.lines import user_line
from tinygrad_bp.core.value import Value, values
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.modes import Comparison, RecordingError, is_watched, watching
from tinygrad_bp.graph.program import REPLAY
from tinygrad_bp.rows.primitives import positive
from tinygrad_bp.tape.tape import LAMBDA, Guard, Instruction, Tape


def record(function: Callable[..., Any], *examples: Any) -> Tape:
    """The tape of a function, recorded at example inputs.

    >>> tape = record(lambda x: (x - 1) ** 2, 3.0)
    >>> len(tape), tape(5.0)
    (2, 16.0)

    The examples are numbers, sequences, arrays and nested structures of them; a replay
    takes arguments of the same structure. Common subexpressions are computed once; what no
    output needs is left out.

    Raises `RecordingError` where the function reads the `.data` of a value, asks for
    gradients as numbers, or changes values that it did not make: a tape could only keep those
    numbers for ever.
    """
    if is_watched():
        raise RecordingError(
            "record was called by a function that is being recorded itself; record the inner "
            f"function first, and call its tape; {user_line()}"
        )
    names = argument_names(function, len(examples))
    inputs = tuple(values(example, name) for example, name in zip(examples, names, strict=True))
    with watching() as comparisons:
        output = function(*inputs)
    tape = tape_of(output, inputs, comparisons)
    _refuse_side_effects(tape, output)
    return replace(tape, name=_name(function))


def tape_of(
    output: Any,
    inputs: tuple[Any, ...],
    comparisons: Sequence[Comparison],
    captured: Sequence[Value] = (),
) -> Tape:
    """The linear form of the graph between inputs and output, and of what was compared.

    The captured values stand in the order given, needed or not; others follow as found.
    """
    results = [_number(result) for result in structure.numbers(output)]
    sides = [side for comparison in comparisons for side in comparison.sides]
    layout = _Layout(structure.numbers(inputs), [*results, *sides], captured)
    guards = [
        Guard(c.symbol, layout.slot(c.sides[0]), layout.slot(c.sides[1]), c.outcome, c.line)
        for c in comparisons
    ]
    return Tape(
        inputs=structure.mapped(lambda value: value._data, inputs),
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
        literals += [node._data for node in order if node.is_constant]
        self.constants = {_bits(number): float(number) for number in literals}
        known = [*inputs, *self.captured]
        self.instructions: list[Instruction] = []
        self.names = [node.label for node in known] + [""] * len(self.constants)
        self._slots = {node: slot for slot, node in enumerate(known)}
        self._constant_slots = {bits: len(known) + i for i, bits in enumerate(self.constants)}
        self._written: dict[Instruction, int] = {}
        for node in order:
            if node in self._slots:
                continue
            # Constants by node too: most of what is asked for later is one lookup away.
            constant = node.is_constant
            self._slots[node] = (
                self._constant_slots[_bits(node._data)] if constant else self._write(node)
            )

    def slot(self, number: Any) -> int:
        """Where a number, a constant or a node stands."""
        if isinstance(number, Value) and not number.is_constant:
            return self._slots[number]
        return self._constant_slots[_bits(number._data if isinstance(number, Value) else number)]

    def _write(self, node: Value) -> int:
        assert node.op is not None  # noqa: S101  # it has parents
        if node.op is positive:  # what derivatives make of their arguments; no bit changes
            return self._slots[node.parents[0]]
        slots = self._slots
        instruction = Instruction(node.op, tuple([slots[parent] for parent in node.parents]))
        new = len(self.names)
        place = self._written.setdefault(instruction, new)
        if place == new:
            self.instructions.append(instruction)
            self.names.append(node.label)
        return place


def _bits(number: float) -> bytes:
    """What tells constants apart: 0.0 and -0.0 are two, and `nan` is itself."""
    return struct.pack("<d", number)


def _refuse_side_effects(tape: Tape, output: Any) -> None:
    """Raise if the tape does not give what the function gave for the very same inputs."""
    slots = tape.replay(structure.numbers(tape.inputs))
    recorded = map(_number, structure.numbers(output))
    for result, slot in zip(recorded, structure.numbers(tape.outputs), strict=True):
        number = result._data if isinstance(result, Value) else result
        if _bits(number) != _bits(slots[slot]) and not (
            number != number and slots[slot] != slots[slot]
        ):
            raise RecordingError(
                f"the function gave {number!r}, and its tape gives {slots[slot]!r} for the same "
                "inputs: the function changes values that it did not make, or an operation of "
                "its own does not always give the same; do that outside the function"
            )


def _number(number: Any) -> Any:
    return number if isinstance(number, Value) else as_float(number)


def _name(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", "")
    return LAMBDA if name == "<lambda>" else name if is_name(name) else REPLAY


def argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """What a function calls its first arguments; `x3` where it has no name for one."""
    """What a function calls its first positional arguments, `x3` where it does not say.

    >>> argument_names(lambda w, *rest: w, 3)
    ['w', 'x1', 'x2']
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some builtins have no signature
        signature = inspect.Signature()
    single = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [p.name for p in signature.parameters.values() if p.kind in single]
    return [parameters[i] if i < len(parameters) else f"x{i}" for i in range(count)]
