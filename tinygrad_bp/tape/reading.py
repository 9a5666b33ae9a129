"""The route through a long tape: machine code reads it as data."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from ctypes import CFUNCTYPE, c_int64, c_void_p
from functools import cached_property
from typing import Any

import numpy as np

from tinygrad_bp import structure
from tinygrad_bp.tape.boundary import Array, Folder, OtherBranch, address, assembler, check_batch
from tinygrad_bp.tape.engine import Machine, machine
from tinygrad_bp.tape.guard import Guard
from tinygrad_bp.tape.interpreter import code_of, first_result, reader_text
from tinygrad_bp.tape.library import raise_pending
from tinygrad_bp.tape.tape import Tape

LANES = 8
"""Examples side by side."""

READ = CFUNCTYPE(None, c_void_p, c_void_p, c_int64)


class ReaderRoute:
    """A long tape as data that machine code reads: nothing of its length is compiled."""

    def __init__(self, tape: Tape, *, cache: Folder = None) -> None:
        self._tape = tape
        self._cache = cache
        self._code = code_of(tape)
        self._assemble = assembler(tape.outputs)
        self._inputs = len(structure.numbers(tape.inputs))
        self._constants = self._inputs + len(tape.captured)
        self._first = first_result(tape)
        self._outputs = np.array(structure.numbers(tape.outputs), dtype=np.int64)
        self._questions = _questions(tape.guards)
        self._one = self._reader(1)
        # Slots that no call is using; each call takes some or makes some of its own.
        self._free: dict[int, list[Array]] = {1: [], LANES: []}

    def __call__(self, numbers: Sequence[float]) -> Any:
        """The program's result for one example."""
        if len(numbers) != self._inputs:
            raise ValueError(f"expected {self._inputs} numbers, got {len(numbers)}")
        # By an array of C, which takes its numbers three times as fast.
        found = self._run(self._one, np.frombuffer(array("d", numbers)).reshape(-1, 1))
        if found is None:
            raise OtherBranch
        return self._assemble(array("d", found[:, 0].tobytes()))

    def rows(self, columns: Array, results: Array, start: int) -> None:
        """Fill the columns of the results, one for each example from a first one on."""
        rows = columns.shape[1]
        check_batch(self._inputs, len(self._outputs), columns, results, start)
        address(columns), address(results)
        for begin in range(start, rows, LANES):
            stop = min(begin + LANES, rows)
            group = columns[:, begin:stop]
            if stop - begin < LANES:  # the last is taken again
                group = np.pad(group, ((0, 0), (0, begin + LANES - stop)), mode="edge")
            found = self._run(self._several, group)
            if found is None:
                raise OtherBranch(begin, stop)
            results[:, begin:stop] = found[:, : stop - begin]

    def _run(self, reader: _Reader, columns: Array) -> Array | None:
        """The outputs for some examples side by side; `None` if one takes another branch."""
        slots = self._slots(columns.shape[1])
        slots[: self._inputs] = columns
        if self._tape.captured:
            now = [value._data for value in self._tape.captured]
            slots[self._inputs : self._constants] = np.array(now)[:, None]
        reader.read(self._code.numbers.ctypes.data, address(slots), self._first)
        raise_pending()
        holds = all((ask(slots[x], slots[y]) == was).all() for ask, x, y, was in self._questions)
        found = slots[self._outputs] if holds else None
        self._free[slots.shape[1]].append(slots)
        return found

    def _slots(self, lanes: int) -> Array:
        try:
            return self._free[lanes].pop()
        except IndexError:
            slots = np.empty((self._first + len(self._tape), lanes))
            slots[self._constants : self._first] = np.array(self._tape.constants)[:, None]
            return slots

    @cached_property
    def _several(self) -> _Reader:
        return self._reader(LANES)

    def _reader(self, lanes: int) -> _Reader:
        text = reader_text(self._code.kinds, lanes)
        return _Reader(machine(text, level=2, folder=self._cache))


class _Reader:
    """The function of a reader, and what it stands in."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.read = READ(machine.address("read"))


ASK: dict[str, Callable[[Array, Array], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "!=": np.not_equal,
}
"""Comparisons of many numbers at a time."""


def _questions(guards: Sequence[Guard]) -> list[tuple[Any, ...]]:
    """The guards, those of a comparison together: what is asked, of which slots, and what was."""
    found = []
    for comparison, ask in ASK.items():
        own = [guard for guard in guards if guard.comparison == comparison]
        if own:
            left, right = [guard.left for guard in own], [guard.right for guard in own]
            found.append((ask, left, right, np.array([[guard.outcome] for guard in own])))
    return found
