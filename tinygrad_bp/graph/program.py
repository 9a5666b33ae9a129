"""A program in its linear form: instructions over numbered slots, and how they are run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.locks import cached_property
from tinygrad_bp.graph.guard import BranchError, Guard, refuse_branch
from tinygrad_bp.graph.run import ANY, FLOATS, run
from tinygrad_bp.rows.primitive import Primitive

REPLAY = "replay"
"""What a function without a name of its own is called."""


class Instruction(NamedTuple):
    """One operation: a primitive, and the slots that its operands stand in."""

    op: Primitive
    operands: tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Program:
    """Instructions in order, over slots numbered from 0.

    The slots hold, in this order: the inputs; the captured values, leaves that the program
    used though they were not its arguments, such as the parameters of a model; the
    constants; the result of each instruction.
    """

    inputs: tuple[Any, ...]
    """One example for each argument: its structure is what a replay takes."""
    captured: tuple[Any, ...]
    constants: tuple[float, ...]
    instructions: tuple[Instruction, ...]
    outputs: Any
    """The output's structure, with a slot in place of each number."""
    guards: tuple[Guard, ...]
    names: tuple[str, ...]
    """A name for each slot; an empty one where nobody gave any."""
    name: str = REPLAY
    """The function's; "lambda" of a lambda, "replay" where there is none."""

    def __len__(self) -> int:
        return len(self.instructions)

    @cached_property
    def input_slots(self) -> range:
        """Where the numbers of the arguments stand."""
        return range(len(structure.numbers(self.inputs)))

    @cached_property
    def captured_slots(self) -> range:
        """Where the captured values stand."""
        return range(self.input_slots.stop, self.input_slots.stop + len(self.captured))

    @cached_property
    def constant_slots(self) -> range:
        """Where the constants stand."""
        return range(self.captured_slots.stop, self.captured_slots.stop + len(self.constants))

    @cached_property
    def result_slots(self) -> range:
        """Where the results stand, one for each instruction."""
        return range(self.constant_slots.stop, self.constant_slots.stop + len(self))

    def constant(self, slot: int) -> float:
        """The constant in a slot."""
        return self.constants[slot - self.constant_slots.start]

    def instruction(self, slot: int) -> Instruction:
        """The instruction whose result stands in a slot."""
        return self.instructions[slot - self.result_slots.start]

    def replay(self, inputs: Sequence[Any]) -> list[Any]:
        """What every slot holds, for these inputs."""
        slots = [*inputs, *self.captured_numbers(inputs), *self.constants]
        # Without the table's readiness for anything but floats, which takes half the time.
        is_plain = all(type(number) is float for number in slots)
        return run(self.instructions, slots, FLOATS if is_plain else ANY)

    def results(self, inputs: Sequence[Any]) -> list[Any]:
        """The numbers of the outputs, in order; `BranchError` where a guard does not hold."""
        slots = self.replay(inputs)
        for guard in self.guards:
            if not guard.holds(slots):
                raise self._other_branch(guard, slots)
        return [slots[slot] for slot in structure.numbers(self.outputs)]

    def captured_numbers(self, inputs: Sequence[Any]) -> list[Any]:
        """The captured values as they are now: as graph if an input is one."""
        if any(hasattr(number, "parents") for number in inputs):
            return list(self.captured)
        return [value.data for value in self.captured]

    def _other_branch(self, guard: Guard, slots: Sequence[Any]) -> BranchError:
        left, right = (
            f"{self.names[slot] or 'a value'} = {slots[slot]:.17g}"
            for slot in (guard.left, guard.right)
        )
        return refuse_branch(guard, left, right)
