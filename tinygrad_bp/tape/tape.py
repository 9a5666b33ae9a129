"""The tape: a graph in its linear form, to be replayed on other numbers."""

from __future__ import annotations

from typing import Any

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.words import counted
from tinygrad_bp.graph.guard import BranchError, Guard
from tinygrad_bp.graph.program import Instruction, Program
from tinygrad_bp.tape.python.source import Written
from tinygrad_bp.tape.table import written

LAMBDA = "lambda"
"""What a tape that was recorded from one is called; in source, where it is no name, `REPLAY`."""


class Tape(Program):
    """A program that was recorded from a function, and takes that function's arguments.

    >>> from tinygrad_bp.tape import record
    >>> tape = record(lambda x, y: x * y + x, 2.0, 3.0)
    >>> tape(4.0, 5.0)
    24.0
    """

    def __repr__(self) -> str:
        return (
            f"<tape {self.name}: {counted(len(self.input_slots), 'input')}, "
            f"{counted(len(self), 'instruction')}, {counted(len(self.guards), 'guard')}>"
        )

    def __eq__(self, other: object) -> bool:
        return self._facts() == other._facts() if isinstance(other, Tape) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.instructions))

    def _facts(self) -> tuple[Any, ...]:
        """What two tapes are compared by: all but the examples they were recorded with."""
        numbers = [*self.constants, *(value._data for value in self.captured)]
        return (
            *(self.name, self.names, self.instructions, self.guards),
            *(structure.outline(self.inputs), structure.outline(self.outputs)),
            structure.numbers(self.outputs),
            list(map(repr, numbers)),  # as texts -0.0 is not 0.0, and nan is nan
        )

    def __call__(self, *arguments: Any) -> Any:
        """Replay on numbers or `Value`s, one operation after the other.

        This is the reference that generated code is held against. A captured value takes
        part with its number of now.

        Raises `BranchError` where the program would have taken another branch, `ValueError`
        where the arguments have another structure than those recorded.
        """
        return structure.with_numbers(self.outputs, self.results(self.numbers(arguments)))

    def source(self) -> str:
        """The tape as straight-line Python, with the names of the function and its values.

        >>> from tinygrad_bp.tape import record
        >>> def loss(w, x, t): return (w * x - t) ** 2
        >>> print(record(loss, 2.0, 3.0, 5.0).source(), end="")
        def loss(w, x, t):
            return (w * x - t) ** 2

        It runs as it is: over floats, where it has the bits of the tape or raises
        `ZeroDivisionError` or `OverflowError` where Python's operators do; and over NumPy
        arrays, a batch at a time. Captured values are arguments by name.
        """
        return Written(self).text

    def table(self, *arguments: Any, direction: Any = None, adjoint: bool = False) -> str:
        """A line for each slot: its name, how it comes about, and its value.

        >>> from tinygrad_bp.tape import record
        >>> tape = record(lambda w, x: w * x + w, 2.0, 3.0)
        >>> print(tape.table(2.0, 3.0, direction=(1.0, 0.0), adjoint=True), end="")
        slot          primal  tangent  adjoint
        w     input        2        1        4
        x     input        3        0        2
        v2    w * x        6        3        1
        v3    v2 + w       8        4        1

        `direction`, a structure like the arguments, adds how each slot moves as the inputs move
        that way; `adjoint` adds how the output moves with each slot. Without arguments they are
        those of the recording.
        """
        inputs = self.numbers(arguments or self.inputs)
        return written(self, inputs, direction, adjoint=adjoint)

    def numbers(self, arguments: tuple[Any, ...]) -> list[Any]:
        """The numbers in the arguments, which must have the structure of those recorded."""
        if structure.outline(arguments) != structure.outline(self.inputs):
            raise ValueError(
                f"recorded for arguments like {structure.outline(self.inputs)}, "
                f"got {structure.outline(arguments)}; record the function again for these"
            )
        return [_number(number) for number in structure.numbers(arguments)]


def _number(number: Any) -> Any:
    return number if hasattr(number, "parents") else as_float(number)


__all__ = ["BranchError", "Guard", "Instruction", "Tape"]
