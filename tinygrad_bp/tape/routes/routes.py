"""The routes through a tape, alike in what they take and give: machine code, and Python.

A route gives the bits of the tape, unless it is fast, or says that the program would have
branched elsewhere.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from ctypes import CFUNCTYPE, c_double, c_int64, c_void_p
from typing import Any

from tinygrad_bp.basics.locks import cached_property
from tinygrad_bp.graph.guard import BranchError
from tinygrad_bp.tape.library import raise_pending
from tinygrad_bp.tape.machine.engine import Machine, machine
from tinygrad_bp.tape.machine.fast import chosen_arithmetic
from tinygrad_bp.tape.machine.program import MachineProgram, ended, map_text, store_one
from tinygrad_bp.tape.python.loop import WrittenLoop
from tinygrad_bp.tape.routes.boundary import (
    Array,
    Folder,
    OtherBranch,
    address,
    assembler,
    check_batch,
)
from tinygrad_bp.tape.routes.reading import ReaderRoute
from tinygrad_bp.tape.tape import Tape

LANES = 8
"""Examples in one instruction."""
SMALL = 2000
"""Instructions up to which LLVM's optimiser is worth its time."""
LONG = 5000
"""Instructions from which a tape is read and not compiled: `docs/decisions.md` has the figures."""
STRETCH = 10**8
"""Instructions on one row each after which Python looks up, for Ctrl-C: some 50 ms."""

MAP = CFUNCTYPE(c_int64, *[c_void_p] * 4, *[c_int64] * 3)


class MachineRoute:
    """A tape in machine code: one example at a time, or several per instruction."""

    def __init__(self, tape: Tape, *, fast: bool = False, cache: Folder = None) -> None:
        self._tape = tape
        self._cache = cache
        arithmetic = chosen_arithmetic(fast=fast)
        self._program = MachineProgram(tape, arithmetic=arithmetic)
        self._assemble = assembler(tape.outputs)
        one = MachineProgram(tape, is_for_one=True, arithmetic=arithmetic)
        self._one = self._compiled(map_text(one, 1, sink=store_one))
        # Each call has memory of its own, so that threads do not meet.
        self._memory = c_double * len(self._program.memory)
        self._outputs = c_double * len(self._program.outputs)
        self._captured = c_double * len(tape.captured)
        self._nothing = self._captured()

    def __call__(self, numbers: Sequence[float]) -> Any:
        """The program's result for one example."""
        if len(numbers) != self._program.inputs:
            raise ValueError(f"expected {self._program.inputs} numbers, got {len(numbers)}")
        # Not an array of C, which takes its numbers five times as slowly.
        inputs, outputs = array("d", numbers), self._outputs()
        place, _ = inputs.buffer_info()
        failed = self._one.map(place, self._captured_now(), self._memory(), outputs, 0, 1, 1)
        raise_pending()
        if failed != -1:
            raise OtherBranch
        return self._assemble(outputs)

    def rows(self, columns: Array, results: Array, start: int) -> None:
        """Fill the columns of the results, one for each example from a first one on."""
        rows = columns.shape[1]
        check_batch(self._program.inputs, len(self._program.outputs), columns, results, start)
        memory = (c_double * (LANES * len(self._program.memory)))()
        places = address(columns), self._captured_now(), memory, address(results)
        step = max(1, STRETCH // max(1, len(self._tape)) // LANES) * LANES
        for begin in range(start, rows, step):
            stop = min(begin + step, rows)
            failed = self._several.map(*places, begin, stop, rows)
            raise_pending()
            if failed != -1:
                raise OtherBranch(failed, failed + (LANES if failed + LANES <= stop else 1))

    @cached_property
    def _several(self) -> _Compiled:
        return self._compiled(map_text(self._program, LANES))

    def _compiled(self, text: str) -> _Compiled:
        level = 2 if len(self._tape) < SMALL else 0
        return _Compiled(machine(ended(text), level=level, folder=self._cache))

    def _captured_now(self) -> Any:
        captured = self._tape.captured
        return self._captured(*[value._data for value in captured]) if captured else self._nothing


class _Compiled:
    """The function of a program text, and what it stands in."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.map = MAP(machine.address("map"))


class SourceRoute:
    """A tape as generated Python: its straight-line code in a loop over rows of numbers."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._loop = WrittenLoop(tape).function
        self._assemble = assembler(tape.outputs)

    def __call__(self, numbers: Sequence[float]) -> Any:
        """The program's result for one example."""
        return self._assemble(self._results(list(map(float, numbers))))

    def rows(self, columns: Array, results: Array, start: int) -> None:
        """Fill the columns of the results, one for each example from a first one on."""
        for row, numbers in enumerate(columns[:, start:].T.tolist(), start):
            try:
                results[:, row] = self._results(numbers)
            except OtherBranch:
                raise OtherBranch(row, row + 1) from None

    def _results(self, numbers: list[float]) -> array[float]:
        try:
            found = self._found(numbers)
        except BranchError:
            raise OtherBranch from None
        return array("d", found if isinstance(found, list) else [found])

    def _found(self, numbers: list[float]) -> Any:
        captured = [value._data for value in self._tape.captured]
        try:
            (found,) = self._loop([numbers], captured)
        except (ZeroDivisionError, OverflowError):  # where Python's operators do, and IEEE-754 not
            return self._tape.results(numbers)
        return found


Route = MachineRoute | ReaderRoute | SourceRoute


def route_for(tape: Tape, *, fast: bool = False, cache: Folder = None) -> Route:
    """Machine code where llvmlite is installed, else Python; long tapes are always exact."""
    try:
        if len(tape) >= LONG:
            return ReaderRoute(tape, cache=cache)
        return MachineRoute(tape, fast=fast, cache=cache)
    except ModuleNotFoundError:
        return SourceRoute(tape)
