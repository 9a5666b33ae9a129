"""Hypothesis strategies for programs over the whole table, and what to do with them.

A program is drawn together with its numbers, so that every operand lies inside the domain of
its row and away from its kinks: what lies outside is first mapped inside by other rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tinygrad_bp import primitives
from tinygrad_bp.primitive import Interval, Primitive

# Not BY_NAME, which also holds what other tests register.
ROWS = {row.name: row for row in vars(primitives).values() if isinstance(row, Primitive)}

Operand = int | float
"""An int is the number of an earlier node, a float a constant."""


@dataclass(frozen=True)
class Step:
    """One operation of a program."""

    row: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Program:
    """Inputs, then operations in order; nodes are numbered from the first input on."""

    inputs: tuple[float, ...]
    steps: tuple[Step, ...]

    def run(
        self,
        inputs: Sequence[Any],
        apply: Callable[..., Any] = lambda name, *operands: ROWS[name](*operands),
    ) -> list[Any]:
        """Every node, inputs first. `apply` says what a row is for this kind of number."""
        nodes = list(inputs)
        for step in self.steps:
            operands = [nodes[o] if isinstance(o, int) else o for o in step.operands]
            nodes.append(apply(step.row, *operands))
        return nodes

    def with_steps(self, change: Callable[[Step], Step]) -> Program:
        """The program with each of its steps changed."""
        return replace(self, steps=tuple(map(change, self.steps)))


def numbers(size: float) -> st.SearchStrategy[float]:
    """Floats of at most that size; millionths, since what is smaller vanishes in a sum."""
    return st.floats(-size, size).map(lambda x: round(x * 2.0**20) / 2.0**20)


@st.composite
def programs(
    draw: st.DrawFn, *, max_inputs: int = 3, max_steps: int = 8, containing: str | None = None
) -> Program:
    """Programs of any rows, one of them the given one; their output is the last node."""
    size = draw(st.integers(1, max_inputs))
    builder = _Builder([draw(numbers(3.0)) for _ in range(size)])
    names = draw(st.lists(st.sampled_from(tuple(ROWS)), min_size=1, max_size=max_steps))
    if containing:
        names.insert(draw(st.integers(0, len(names))), containing)
    for name in names:
        builder.try_step(ROWS[name], draw(_operands(ROWS[name], len(builder.values))))
    if not builder.steps:
        builder.add("sin", 0)
    return Program(tuple(builder.values[:size]), tuple(builder.steps))


@st.composite
def _operands(draw: st.DrawFn, row: Primitive, nodes: int) -> tuple[Operand, ...]:
    """Operands for the row, which need not suit it yet."""
    size = row.arity or draw(st.sampled_from((2, 4) if row.name == "dot" else (1, 2, 3, 5)))
    # Counted from the last node, so that simple programs are chains.
    nodes_back = st.integers(1, nodes).map(lambda back: nodes - back)
    constants = numbers(4.0)
    operands: list[Operand] = [draw(nodes_back)]
    for _ in range(size - 1):
        operands.append(draw(constants if row.name == "pow_constant" else nodes_back | constants))
    if row.name != "pow_constant" and draw(st.booleans()):
        operands.reverse()
    return tuple(operands)


MARGIN = 0.05
"""How far an operand stays away from the ends of a domain, and from a kink."""
LARGEST, LARGEST_OPERAND = 1e4, 8.0


class _Builder:
    """A program in the making, with the number at each node."""

    def __init__(self, inputs: Sequence[float]) -> None:
        self.values = list(inputs)
        self.steps: list[Step] = []

    def try_step(self, row: Primitive, operands: tuple[Operand, ...]) -> None:
        """The row applied to these operands, moved inside its domain; nothing if that fails."""
        before = len(self.values), len(self.steps)
        domain = row.domain
        inside = [
            self.inside(operand, domain[min(i, len(domain) - 1)])
            for i, operand in enumerate(operands)
        ]
        for attempt in range(3):
            numbers = [self.number(operand) for operand in inside]
            if row.kink is None or abs(row.kink(*numbers)) > MARGIN:
                break
            place = attempt % len(inside)
            inside[place] = self.add("add", inside[place], 0.4)
        else:
            row = ROWS["sum"]
        if abs(row.value(*map(self.number, inside))) < LARGEST:
            self.add(row.name, *inside)
        else:
            del self.values[before[0] :], self.steps[before[1] :]

    def inside(self, operand: Operand, interval: Interval) -> Operand:
        """The operand itself or a function of it, well inside the interval."""
        low, high = interval
        x = self.number(operand)
        if max(low + MARGIN, -LARGEST_OPERAND) <= x <= min(high - MARGIN, LARGEST_OPERAND):
            return operand
        if math.isinf(low):
            return self.add("atan", operand)
        if math.isinf(high):
            positive = self.add("softplus", self.inside(operand, (-high, high)))
            return self.add("add", positive, low + 0.25)
        half = self.add("multiply", self.add("tanh", operand), (high - low) * 0.45)
        return self.add("add", half, (high + low) / 2.0)

    def add(self, name: str, *operands: Operand) -> Operand:
        """The node of one more step; of constants alone the number."""
        number = ROWS[name].value(*map(self.number, operands))
        if not any(isinstance(operand, int) for operand in operands):
            return number
        self.steps.append(Step(name, operands))
        self.values.append(number)
        return len(self.values) - 1

    def number(self, operand: Operand) -> float:
        """What the operand is."""
        return self.values[operand] if isinstance(operand, int) else operand
