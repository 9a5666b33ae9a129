"""A tape as a Python loop over rows: the straight-line code once, the numbers row by row."""

from __future__ import annotations

import itertools
import linecache
import operator
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from weakref import finalize

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.locks import cached_property
from tinygrad_bp.basics.same import same_bits
from tinygrad_bp.graph.guard import BranchError
from tinygrad_bp.rows import primitives as p
from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.tape.python.source import Written, indented, wrapped
from tinygrad_bp.tape.python.symbol import LOOSE, Symbol, within

_numbers = itertools.count(1)
CHOICES = {
    p.where: "{1} if {0} else {2}",
    p.straight: "{1} if {0} else {2}",
    p.relu: "{0} if {0} >= 0.0 or {0} != {0} else 0.0",
    p.maximum: "{0} if {0} >= {1} or {0} != {0} else {1}",
    p.minimum: "{0} if {0} <= {1} or {0} != {0} else {1}",
    p.heaviside: "1.0 if {0} > 0.0 else 0.0 if {0} < 0.0 else {1} if {0} == 0.0 else {0}",
    p.equal: "1.0 if {0} == {1} else 0.0",
}
"""Rows in Python's own words, which are no call. Over arrays, which come to no loop, they fail."""


class WrittenLoop(Written):
    """The text of a generator that runs a tape over rows of numbers, and the generator.

    >>> from tinygrad_bp import Value
    >>> from tinygrad_bp.tape import record
    >>> rate = Value(0.5, label="rate")
    >>> loop = WrittenLoop(record(lambda w, g: w - (1 - rate) * g, 3.0, 2.0))
    >>> print(loop.text, end="")
    def replay(rows, captured):
        [rate] = captured
        t1 = 1.0 - rate
        for w, g in rows:
            yield w - t1 * g
    >>> list(loop.function([(3.0, 2.0), (5.0, 2.0)], [0.5]))
    [2.0, 4.0]

    A row holds the numbers of one example's arguments, flat; what comes out is the number, or
    a list of the numbers, of its outputs. What depends on captured values alone is computed
    once, before the loop. Like all generated source it may raise `BranchError`,
    `ZeroDivisionError` and `OverflowError`.
    """

    @cached_property
    def function(self) -> Callable[[Iterable[Sequence[float]], Sequence[float]], Any]:
        """The text as a function; tracebacks into it show its lines.

        It runs once beside the tape, on the numbers of the recording. Where one bit differs the
        text is wrong, which is an error of this package: a warning says so, and the tape itself
        runs in its place.
        """
        function = self._defined()
        row = list(map(float, structure.numbers(self.tape.inputs)))
        captured = [value.data for value in self.tape.captured]
        if _agree(_found(function, row, captured), _found(self.replayed, row, captured)):
            return function
        warnings.warn(
            f"the source generated for {self.tape!r} gives other numbers than the tape, which is "
            "used in its place; please report it with the text that tape.source() gives",
            RuntimeWarning,
            stacklevel=2,
        )
        return self.replayed

    def replayed(self, rows: Iterable[Sequence[float]], captured: Sequence[float]) -> Any:
        """What the function gives, by the tape alone: slower, and what the text is held against."""
        for found in self._results_of(rows, captured):
            yield found if len(found) != 1 else found[0]

    def _results_of(
        self, rows: Iterable[Sequence[float]], captured: Sequence[float]
    ) -> Iterator[list[float]]:
        inputs = (*structure.numbers(self.tape.inputs), *captured)
        tape = replace(self.tape, inputs=inputs, captured=())
        return (tape.results([*row, *captured]) for row in rows)

    def _defined(self) -> Callable[..., Any]:
        path = f"<tape {self.name} {next(_numbers)}>"
        linecache.cache[path] = (len(self.text), None, self.text.splitlines(keepends=True), path)
        space: dict[str, Any] = {}
        exec(compile(self.text, path, "exec"), space)
        # Without the table's readiness for anything but floats, which takes most of the time.
        space.update({name: row.value for name, row in self._rows.items()}, expect=_expect)
        function: Callable[..., Any] = space[self.name]
        finalize(function, linecache.cache.pop, path, None)
        return function

    def _written(self) -> str:
        tape = self.tape
        rows, captured = self._name("rows"), self._name("captured")
        columns = [self._named(slot, f"x{slot}") for slot in tape.input_slots]
        self.captured = [self._named(s, f"c{i}") for i, s in enumerate(tape.captured_slots)]
        self._symbols += [self._number(number) for number in tape.constants]
        row = ", ".join(columns) if len(columns) > 1 else f"[{', '.join(columns)}]"
        before = [f"[{', '.join(self.captured)}] = {captured}"] if self.captured else []
        within: list[str] = []
        for read, lines in self._body():
            (before if self._steady.issuperset(read) else within).extend(lines)
        start, end, after = self._results()
        return self._module(
            [
                f"def {self.name}({rows}, {captured}):",
                *indented([*before, *start, f"for {row} in {rows}:"]),
                *indented(indented([*within, *end])),
                *indented(after),
            ]
        )

    def _results(self) -> tuple[list[str], list[str], list[str]]:
        """What becomes of the outputs: lines before the loop, at the end of it, and after it."""
        outputs = structure.numbers(self.tape.outputs)
        output = self._output(outputs[0] if len(outputs) == 1 else outputs)
        return [], wrapped("yield ", output), []

    def _formula(self, op: Primitive, operands: Sequence[int]) -> Symbol:
        if op not in CHOICES:
            return super()._formula(op, operands)
        texts = [within(self._symbols[slot], LOOSE + 1) for slot in operands]
        return Symbol(CHOICES[op].format(*texts), LOOSE)

    def _read(self) -> Iterator[int]:
        # Once more what is read across the head of the loop: so it gets a line of its own. And
        # as often as a choice names it.
        yield from super()._read()
        for instruction in self.tape.instructions:
            steady = self._steady.intersection(instruction.operands)
            if len(steady) < len(set(instruction.operands)):
                yield from steady
            for place, slot in enumerate(instruction.operands):
                yield from [slot] * (CHOICES.get(instruction.op, "").count(f"{{{place}}}") - 1)

    @cached_property
    def _steady(self) -> set[int]:
        """The slots that hold the same for every row."""
        tape = self.tape
        steady = {*tape.captured_slots, *tape.constant_slots}
        for slot, instruction in zip(tape.result_slots, tape.instructions, strict=True):
            if steady.issuperset(instruction.operands):
                steady.add(slot)
        return steady


class WrittenSum(WrittenLoop):
    """The text of a function that adds up a tape's outputs over rows, one after the other.

    >>> from tinygrad_bp.tape import record
    >>> total = WrittenSum(record(lambda x, y: [x * y, x], 3.0, 2.0))
    >>> print(total.text, end="")
    def replay(rows, captured):
        sum_0 = sum_1 = -0.0
        for x, y in rows:
            sum_0 += x * y
            sum_1 += x
        return [sum_0, sum_1]
    >>> total.function([(3.0, 2.0), (5.0, 2.0)], [])
    [16.0, 8.0]

    The sums begin with -0.0, which added to any number changes no bit of it.
    """

    def replayed(self, rows: Iterable[Sequence[float]], captured: Sequence[float]) -> Any:
        """What the function gives, by the tape alone."""
        sums = [-0.0] * len(structure.numbers(self.tape.outputs))
        for found in self._results_of(rows, captured):
            sums = list(map(operator.add, sums, found))
        return sums

    def _results(self) -> tuple[list[str], list[str], list[str]]:
        outputs = structure.numbers(self.tape.outputs)
        sums = [self._name(f"sum_{number}") for number in range(len(outputs))]
        added = [
            line
            for name, slot in zip(sums, outputs, strict=True)
            for line in wrapped(f"{name} += ", self._output(slot))
        ]
        return [f"{' = '.join(sums)} = -0.0"], added, [f"return [{', '.join(sums)}]"]


def _expect(outcome: bool, comparison: bool, line: str) -> None:  # noqa: FBT001  # as `expect`
    if comparison is not outcome:
        raise BranchError(f"another branch than recorded; {line}")


Found = list[float] | type[Exception]


def _found(function: Callable[..., Any], row: list[float], captured: list[float]) -> Found:
    try:
        return structure.numbers(list(function([row], captured)))
    except (BranchError, ZeroDivisionError, OverflowError) as error:
        return type(error)


def _agree(by_text: Found, by_tape: Found) -> bool:
    """Whether the numbers are the same to the bit; where Python's operators raise, none are."""
    if isinstance(by_text, type):
        return by_text is not BranchError or by_text is by_tape
    return isinstance(by_tape, list) and all(map(same_bits, by_text, by_tape))
