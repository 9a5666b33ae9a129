"""The steps of an expression: inputs, then operations in order, on earlier nodes and constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad_bp.rows.primitive import Primitive, named

Place = int | float
"""An operand of a step: an int is the number of an earlier node, a float a constant."""


@dataclass(frozen=True)
class Step:
    """One operation of an expression."""

    row: str
    operands: tuple[Place, ...]

    @property
    def nodes(self) -> tuple[int, ...]:
        """The nodes among its operands."""
        return tuple(operand for operand in self.operands if isinstance(operand, int))


class Steps:
    """Inputs, and what is computed from them; nodes are numbered from the first input on."""

    __slots__ = ("inputs", "steps")

    inputs: tuple[float, ...]
    """The numbers it came with, at which each operation is inside its domain."""
    steps: tuple[Step, ...]
    """What is computed; the last step gives the output."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the inputs are called."""
        count = len(self.inputs)
        return tuple("xyz"[:count]) if count <= 3 else tuple(f"x{i}" for i in range(count))

    @property
    def last(self) -> int:
        """The number of the output."""
        return len(self.inputs) + len(self.steps) - 1

    def step(self, number: int) -> Step:
        """The step that gives a node."""
        return self.steps[number - len(self.inputs)]

    def row(self, number: int) -> Primitive:
        """The row of the step that gives a node."""
        return named(self.step(number).row)


def needed(inputs: int, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that the last one depends on, in the order in which Python comes to them.

    In this order they are what running `repr` again gives. All inputs stay.
    """
    numbers = {number: number for number in range(inputs)}
    kept: list[Step] = []
    for number in first_users(inputs, steps):
        step = steps[number - inputs]
        numbers[number] = inputs + len(kept)
        places = [numbers[o] if isinstance(o, int) else o for o in step.operands]
        kept.append(Step(step.row, tuple(places)))
    return tuple(kept)


def first_users(inputs: int, steps: Sequence[Step]) -> dict[int, int]:
    """The steps that are needed, in the order of their results; each with its first user.

    Operands are computed from left to right. In `f(t, g(t))` the first that uses t is f,
    though g is finished before.
    """
    users: dict[int, int] = {}
    done = set(range(inputs))
    last = inputs + len(steps) - 1
    stack = [(last, last, False)]
    while stack:
        number, user, is_ready = stack.pop()
        if is_ready:
            users[number] = user
        elif number not in done:
            done.add(number)
            nodes = steps[number - inputs].nodes
            stack += [(number, user, True), *((node, number, False) for node in reversed(nodes))]
    return users
