"""Expressions in the making, with every operand inside the domain of its operation.

What lies outside is moved: an input that nothing uses yet gets another number, anything else is
mapped inside by other rows. So no expression that is drawn is wasted on `nan`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.points import intervals
from tinygrad_bp.check.programs.steps import Place, Step, needed
from tinygrad_bp.rows.primitive import Interval, Primitive, named
from tinygrad_bp.rows.primitives import clip, where

Kinks = Literal["none", "beside", "on"]

MARGIN = 0.05
"""How far an operand stays away from the ends of a domain, and from a kink."""
LARGEST = 1e4
"""Of the numbers: rounding in larger ones would hide what a test looks for."""
LARGEST_OPERAND = 8.0
AWAY = 0.4
"""How far an operand moves to leave a kink."""


@dataclass(frozen=True)
class Limits:
    """What an expression may be like."""

    kinks: Kinks = "beside"
    depth: float = math.inf
    """Of the longest way from the output to an input."""
    is_tree: bool = False
    """Whether each result is used at most once."""


def suits(row: Primitive, numbers: Sequence[float], places: Sequence[Place] = ()) -> bool:
    """Whether the row has a derivative there, well away from where it has none."""
    return (
        all(map(_is_in_domain, numbers, intervals(row, len(numbers))))
        and _is_beside_kink(row, numbers, places)
        and abs(row.value(*numbers)) < LARGEST
    )


def _is_beside_kink(row: Primitive, numbers: Sequence[float], places: Sequence[Place]) -> bool:
    if row.kink is None or abs(row.kink(*numbers)) > MARGIN:
        return True
    # A condition that cannot vary takes a branch, and there is no jump to the other.
    return row is where and any(isinstance(condition, float) for condition in places[:1])


def is_at_home(expression: Expression, inputs: Sequence[float]) -> bool:
    """Whether for these inputs every step has a derivative."""
    nodes: list[float] = list(inputs)
    for step in expression.steps:
        row = named(step.row)
        numbers = [nodes[o] if isinstance(o, int) else o for o in step.operands]
        if not suits(row, numbers, step.operands):
            return False
        nodes.append(row.value(*numbers))
    return True


def _is_in_domain(number: float, interval: Interval) -> bool:
    low, high = _well_inside(interval)
    return low <= number <= high


def _is_inside(number: float, interval: Interval) -> bool:
    low, high = _bounds(interval)
    return low <= number <= high


def _bounds(interval: Interval) -> Interval:
    """What operands are drawn from: the domain, as far as it is not too large."""
    low, high = _well_inside(interval)
    # Where all of it is beyond that size, the part next to its end.
    return max(low, min(high - 1.0, -LARGEST_OPERAND)), min(high, max(low + 1.0, LARGEST_OPERAND))


def _well_inside(interval: Interval) -> Interval:
    low, high = interval
    margin = min(MARGIN, (high - low) / 4.0)
    return low + margin, high - margin


class Builder:
    """An expression in the making, with the number at each node."""

    def __init__(self, inputs: Iterable[float], limits: Limits) -> None:
        self.numbers = list(inputs)
        self.inputs = len(self.numbers)
        self.limits = limits
        self.steps: list[Step] = []
        self._depths = [0] * self.inputs
        self._used: set[int] = set()

    def expression(self, containing: int) -> Expression:
        """The last result that depends on the given node."""
        reached = {containing}
        for number, step in enumerate(self.steps, self.inputs):
            if not reached.isdisjoint(step.nodes):
                reached.add(number)
        steps = needed(self.inputs, self.steps[: max(reached) + 1 - self.inputs])
        return Expression.of_steps(self.numbers[: self.inputs], steps)

    def try_step(self, row: Primitive, operands: Sequence[Place]) -> int | None:
        """The node of the row at these operands, moved inside its domain; none if that fails."""
        before = list(self.numbers), list(self.steps), list(self._depths), set(self._used)
        inside = self._inside(row, self._free(operands))
        if row is clip:  # with its bounds the wrong way round it only ever gives one of them
            inside[1:] = sorted(inside[1:], key=self._number)
        inside = self._beside_kinks(row, inside)
        if self.limits.kinks == "on":
            inside = self._onto_kink(row, inside)
        result = self._result(row, inside)
        if self._is_fit(row, result):
            return result
        self.numbers, self.steps, self._depths, self._used = before
        return None

    def first(self, row: Primitive) -> int:
        """The node of the row at the first input and at constants."""
        operands: list[Place] = [0, *[i + 0.5 for i in range(1, row.arity or 2)]]
        if row.if_constant:
            operands[-1] = 0
        made = self.try_step(row, operands)
        return self._result(row, operands) if made is None else made

    def _is_fit(self, row: Primitive, result: int) -> bool:
        places = self.steps[-1].operands
        is_fit = suits(row, list(map(self._number, places)), places) or (
            self.limits.kinks == "on" and bool(row.kink) and abs(self.numbers[result]) < LARGEST
        )
        return is_fit and self._depths[result] <= self.limits.depth

    def _free(self, operands: Sequence[Place]) -> Sequence[Place]:
        """The operands; in a tree, for each result the last before it that nothing uses yet."""
        if not self.limits.is_tree:
            return operands
        taken, free = set(self._used), list(operands)
        for i, operand in enumerate(operands):
            if isinstance(operand, int):
                while operand >= self.inputs and operand in taken:
                    operand -= 1
                taken.add(operand)
                free[i] = operand
        return free

    def _inside(self, row: Primitive, places: Sequence[Place]) -> list[Place]:
        moved: list[Place] = []
        for place, interval in zip(places, intervals(row, len(places)), strict=True):
            # x ** x uses x twice: what one operand does must not undo what the other did.
            is_alone = _count(places, place) == 1
            moved.append(self._mapped(place, interval, may_move=is_alone))
        return moved

    def _mapped(self, operand: Place, interval: Interval, *, may_move: bool) -> Place:
        """The operand itself or a function of it, well inside the interval."""
        number = self._number(operand)
        if _is_inside(number, interval):
            return operand
        if not isinstance(operand, int):
            return _moved(number, interval)
        if may_move and self._can_move(operand):
            self.numbers[operand] = _moved(number, interval)
            return operand
        low, high = _well_inside(interval)
        if math.isinf(low) and math.isinf(high):
            return self._made("atan", operand)
        if math.isfinite(low) and math.isfinite(high):
            half = self._made("multiply", self._made("tanh", operand), (high - low) / 2.0)
            return self._made("add", half, (high + low) / 2.0)
        small = self._mapped(operand, (-math.inf, math.inf), may_move=False)
        distance = self._made("softplus", small)
        if math.isfinite(low):
            return self._made("add", distance, low)
        return self._made("subtract", high, distance)

    def _beside_kinks(self, row: Primitive, operands: list[Place]) -> list[Place]:
        for attempt in range(3):
            numbers = list(map(self._number, operands))
            if _is_beside_kink(row, numbers, operands):
                break
            place = (attempt + 1) % len(operands)
            # Each by another distance: three that are equal must all come apart.
            operands[place] = self._shifted(operands, place, AWAY * (1 + attempt))
        return operands

    def _onto_kink(self, row: Primitive, operands: list[Place]) -> list[Place]:
        """The operands moved to where the kink is, if it is where one of them or all are zero."""
        if row.kink is None:
            return operands
        numbers = list(map(self._number, operands))
        beside = [numbers[0] - row.kink(*numbers), *numbers[1:]]
        for there in (beside, [0.0] * len(numbers)):
            if row.kink(*there) == 0.0 and all(map(_is_inside, there, intervals(row, len(there)))):
                for place, (old, new) in enumerate(zip(numbers, there, strict=True)):
                    operands[place] = self._shifted(operands, place, new - old)
                break
        return operands

    def _shifted(self, operands: Sequence[Place], place: int, change: float) -> Place:
        operand = operands[place]
        if not change:
            return operand
        if not isinstance(operand, int):
            return operand + change
        if _count(operands, operand) == 1 and self._can_move(operand):
            self.numbers[operand] += change
            return operand
        return self._made("add", operand, change)

    def _can_move(self, node: int) -> bool:
        return node < self.inputs and node not in self._used

    def _made(self, name: str, *operands: Place) -> Place:
        return self._result(named(name), operands)

    def _result(self, row: Primitive, operands: Sequence[Place]) -> int:
        """The node of one more step."""
        step = Step(row.name, tuple(operands))
        number = row.value(*map(self._number, operands))
        self.steps.append(step)
        self.numbers.append(number)
        self._depths.append(1 + max(self._depths[node] for node in step.nodes))
        self._used.update(step.nodes)
        return len(self.numbers) - 1

    def _number(self, operand: Place) -> float:
        return self.numbers[operand] if isinstance(operand, int) else operand


def _count(places: Sequence[Place], node: Place) -> int:
    """How often the node is among them; node 1 is not the constant 1.0."""
    return sum(type(place) is int and place == node for place in places)


def _moved(number: float, interval: Interval) -> float:
    """Another number, inside: reflected at the nearer end, or else the middle."""
    low, high = _bounds(interval)
    other = 2.0 * (low if number < low else high) - number
    return other if low <= other <= high else (low + high) / 2.0
