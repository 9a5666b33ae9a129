"""The route through a long tape: machine code reads it as data."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from ctypes import CFUNCTYPE, c_int64, c_void_p
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.locks import cached_property
from tinygrad_bp.graph.guard import Guard
from tinygrad_bp.rows.operand import COMPARISONS
from tinygrad_bp.tape.library import raise_pending
from tinygrad_bp.tape.machine.engine import Machine, machine
from tinygrad_bp.tape.machine.interpreter import code_of, reader_text
from tinygrad_bp.tape.routes.boundary import (
    Array,
    Folder,
    OtherBranch,
    address,
    assembler,
    check_batch,
)
from tinygrad_bp.tape.tape import Tape

LANES = 8
"""Examples side by side."""

READ = CFUNCTYPE(None, *[c_void_p] * 2, c_int64, c_void_p, c_int64, *[c_void_p] * 2, *[c_int64] * 2)


class ReaderRoute:
    """A long tape as data that machine code reads: nothing of its length is compiled."""

    def __init__(self, tape: Tape, *, cache: Folder = None) -> None:
        self._tape = tape
        self._cache = cache
        self._code = code_of(tape)
        self._assemble = assembler(tape.outputs)
        self._inputs = len(tape.input_slots)
        self._constants = tape.constant_slots.start
        self._first = tape.result_slots.start
        self._outputs = np.array(structure.numbers(tape.outputs), dtype=np.int32)
        self._questions = _questions(tape.guards)
        self._one = self._reader(1)
        # Slots that no call is using; each call takes some or makes some of its own.
        self._free: dict[int, list[Array]] = {1: [], LANES: []}

    def __call__(self, numbers: Sequence[float]) -> Any:
        """The program's result for one example."""
        if len(numbers) != self._inputs:
            raise ValueError(f"expected {self._inputs} numbers, got {len(numbers)}")
        inputs, outputs = array("d", numbers), array("d", bytes(8 * len(self._outputs)))
        places = inputs.buffer_info()[0], outputs.buffer_info()[0]
        if not self._holds(self._one, *places, lanes=1, rows=1):
            raise OtherBranch
        return self._assemble(outputs)

    def rows(self, columns: Array, results: Array, start: int) -> None:
        """Fill the columns of the results, one for each example from a first one on."""
        rows = columns.shape[1]
        check_batch(self._inputs, len(self._outputs), columns, results, start)
        places = address(columns), address(results)
        for begin in range(start, rows - LANES + 1, LANES):
            at = [place + 8 * begin for place in places]
            if not self._holds(self._several, *at, lanes=LANES, rows=rows):
                raise OtherBranch(begin, begin + LANES)
        for row in range(rows - (rows - start) % LANES, rows):
            at = [place + 8 * row for place in places]
            if not self._holds(self._one, *at, lanes=1, rows=rows):
                raise OtherBranch(row, row + 1)

    def _holds(self, reader: _Reader, in_: int, out: int, *, lanes: int, rows: int) -> bool:
        """Fill the outputs of some examples; whether none takes another branch."""
        slots = self._slots(lanes)
        if self._tape.captured:
            now = [value._data for value in self._tape.captured]
            slots[self._inputs : self._constants] = np.array(now)[:, None]
        code, given = (numbers.ctypes.data for numbers in (self._code.numbers, self._outputs))
        program = code, address(slots), self._first
        reader.read(*program, in_, self._inputs, out, given, len(self._outputs), rows)
        raise_pending()
        holds = all((ask(slots[x], slots[y]) == was).all() for ask, x, y, was in self._questions)
        self._free[lanes].append(slots)
        return holds

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


def _questions(guards: Sequence[Guard]) -> list[tuple[Any, ...]]:
    """The guards, those of a comparison together: what is asked, of which slots, and what was."""
    found = []
    for comparison, ask in COMPARISONS.items():
        own = [guard for guard in guards if guard.comparison == comparison]
        if own:
            left, right = [guard.left for guard in own], [guard.right for guard in own]
            found.append((ask, left, right, np.array([[guard.outcome] for guard in own])))
    return found
