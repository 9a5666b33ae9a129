"""A long tape as data, and a machine program that reads it: nothing to compile but the reader.

LLVM takes a tenth of a millisecond for each instruction of a tape, which for a million is
minutes. Here the instructions are numbers in an array, and machine code goes through them: some
nanoseconds for each, and what is compiled is one short piece for each kind of operation.

Vocabulary:  slots  what the slots of the tape hold, one or several examples side by side
             code   runs of instructions of one kind: the kind, how many, and for each the slots
                    of its operands; results go into the slots one after the other
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.rows import primitives as p
from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.tape.machine.assembly import Assembly, Register
from tinygrad_bp.tape.machine.lowering import EXACT
from tinygrad_bp.tape.machine.program import ended
from tinygrad_bp.tape.tape import Instruction, Tape

Integers = np.ndarray[Any, np.dtype[np.int32]]
Kind = tuple[Primitive, int]
"""A row, and on how many operands; 0 for a loop over any number of them."""

LOOPS = {p.sum_: "fadd", p.prod: "fmul"}
UNROLLED = 4
"""Operands up to which a sum has no loop."""


@dataclass(frozen=True)
class Code:
    """A tape as data."""

    kinds: tuple[Kind, ...]
    numbers: Integers
    """A number for each kind is its place among the kinds, from 1 on; 0 is the end."""


def kind_of(instruction: Instruction) -> Kind:
    """What the reader has to know of an instruction."""
    op, count = instruction.op, len(instruction.operands)
    is_loop = op is p.dot or (op in LOOPS and count > UNROLLED)
    return op, 0 if is_loop else count


def code_of(tape: Tape) -> Code:
    """The instructions as numbers; `ValueError` where one reads what is not yet there."""
    _refuse_wild_slots(tape)
    kinds = sorted(set(map(kind_of, tape.instructions)), key=lambda kind: (kind[0].name, kind[1]))
    places = {kind: place for place, kind in enumerate(kinds, 1)}
    numbers: list[int] = []
    for kind, run in groupby(tape.instructions, kind_of):
        start, count = len(numbers), 0
        numbers += (places[kind], 0)
        for instruction in run:
            if not kind[1]:
                numbers.append(len(instruction.operands))
            numbers += instruction.operands
            count += 1
        numbers[start + 1] = count
    return Code(tuple(kinds), np.array([*numbers, 0, 0], dtype=np.int32))


def _refuse_wild_slots(tape: Tape) -> None:
    """Nothing may be read that is not there: a tape could have been put together by hand."""
    stop = tape.result_slots.stop
    operands = [instruction.operands for instruction in tape.instructions]
    read = np.fromiter(chain.from_iterable(operands), dtype=np.int64)
    written = np.repeat(np.array(tape.result_slots), list(map(len, operands)))
    asked = [slot for guard in tape.guards for slot in (guard.left, guard.right)]
    given = np.array([*asked, *structure.numbers(tape.outputs)], dtype=np.int64)
    if ((read < 0) | (read >= written)).any() or ((given < 0) | (given >= stop)).any():
        raise ValueError(f"{tape!r} reads a slot before anything is in it")


def reader_text(kinds: Sequence[Kind], lanes: int) -> str:
    """The program that reads code of these kinds; its function is `read`."""
    cases = [_case(number, kind, lanes) for number, kind in enumerate(kinds, 1)]
    numbers = range(1, len(kinds) + 1)
    take, give = _Case(lanes, "in"), _Case(lanes, "out")
    take.store(
        take.load("%in", take.emit("mul i64 %i, %rows")), "%slots", take.scaled(Register("%i"))
    )
    result = give.slot(give.index(Register("%k"), code="%given"))
    give.store(result, "%out", give.emit("mul i64 %k, %rows"))
    return ended(
        READ.format(
            take="\n  ".join(take.lines),
            give="\n  ".join(give.lines),
            labels="\n".join(f"    i32 {n}, label %case{n}" for n in numbers),
            at="".join(f", [%at_{n}, %end{n}]" for n in numbers),
            to="".join(f", [%to_{n}, %end{n}]" for n in numbers),
            cases="\n".join(cases),
        )
    )


READ = """define void @read(ptr noalias %code, ptr noalias %slots, i64 %first,
                  ptr noalias %in, i64 %inputs, ptr noalias %out,
                  ptr noalias %given, i64 %outputs, i64 %rows) {{
entry:
  br label %take
take:
  %i = phi i64 [0, %entry], [%i1, %took]
  %is_input = icmp slt i64 %i, %inputs
  br i1 %is_input, label %took, label %begin_code
took:
  {take}
  %i1 = add i64 %i, 1
  br label %take
begin_code:
  br label %next
next:
  %at = phi i64 [0, %begin_code]{at}
  %to = phi i64 [%first, %begin_code]{to}
  %kind_place = getelementptr inbounds i32, ptr %code, i64 %at
  %kind = load i32, ptr %kind_place
  %count_at = add i64 %at, 1
  %count_place = getelementptr inbounds i32, ptr %code, i64 %count_at
  %count32 = load i32, ptr %count_place
  %count = zext i32 %count32 to i64
  %begin = add i64 %at, 2
  switch i32 %kind, label %done [
{labels}
  ]
{cases}
done:
  %k = phi i64 [0, %next], [%k1, %gave]
  %is_output = icmp slt i64 %k, %outputs
  br i1 %is_output, label %gave, label %end
gave:
  {give}
  %k1 = add i64 %k, 1
  br label %done
end:
  ret void
}}"""
"""The inputs into their slots, all instructions, and the outputs out of theirs.

`%in` and `%out` are at the first of some rows of their columns; `%given` has the slots of the
outputs, and `%rows` is how far apart two columns are.
"""


class _Case(Assembly):
    """The text of one kind, with registers of its own."""

    def __init__(self, lanes: int, kind: object) -> None:
        super().__init__(lanes)
        self.kind = kind

    def emit(self, text: str) -> Register:
        register = Register(f"%c{self.kind}_{self.count}")
        self.count += 1
        self.lines.append(f"{register} = {text}")
        return register

    def index(self, at: str, *, code: str = "%code") -> Register:
        """The integer of the code at a place, which is the number of a slot."""
        place = self.emit(f"getelementptr inbounds i32, ptr {code}, i64 {at}")
        return self.emit(f"zext i32 {self.emit(f'load i32, ptr {place}')} to i64")

    def slot(self, number: str) -> Register:
        """What a slot holds."""
        return self.load("%slots", self.scaled(number))

    def scaled(self, number: str) -> Register:
        """The place of a slot, in numbers."""
        return self.emit(f"mul i64 {number}, {self.lanes}")


def _case(number: int, kind: Kind, lanes: int) -> str:
    a = _Case(lanes, number)
    op, count = kind
    at = Register(f"%from_{number}")
    if count:
        operands = [a.slot(a.index(a.emit(f"add i64 {at}, {j}"))) for j in range(count)]
        [result] = EXACT.lowered(a, op, [operands])
        then = a.emit(f"add i64 {at}, {count}")
    else:
        result, then = _loop(a, op, at)
    a.store(result, "%slots", a.scaled(f"%into_{number}"))
    body = "\n  ".join(a.lines)
    return f"""case{number}:
  br label %body{number}
body{number}:
  %from_{number} = phi i64 [%begin, %case{number}], [{then}, %last{number}]
  %into_{number} = phi i64 [%to, %case{number}], [%to_{number}, %last{number}]
  %left_{number} = phi i64 [%count, %case{number}], [%less_{number}, %last{number}]
  {body}
  br label %last{number}
last{number}:
  %to_{number} = add i64 %into_{number}, 1
  %less_{number} = sub i64 %left_{number}, 1
  %more_{number} = icmp ne i64 %less_{number}, 0
  br i1 %more_{number}, label %body{number}, label %end{number}
end{number}:
  %at_{number} = add i64 {then}, 0
  br label %next"""


def _loop(a: _Case, op: Primitive, at: Register) -> tuple[Register, Register]:
    """A sum, a product, or a sum of products, from left to right."""
    n = a.kind
    many = a.index(at)
    first = a.emit(f"add i64 {at}, 1")
    after = a.emit(f"add i64 {first}, {many}")
    if op is p.dot:
        half = a.emit(f"lshr i64 {many}, 1")
        stop = a.emit(f"add i64 {first}, {half}")

        def term(place: str) -> Register:
            other = a.emit(f"add i64 {place}, {half}")
            return a.multiply(a.slot(a.index(place)), a.slot(a.index(other)))

    else:
        stop = after

        def term(place: str) -> Register:
            return a.slot(a.index(place))

    begin = term(first)
    second = a.emit(f"add i64 {first}, 1")
    a.lines += [
        f"br label %test{n}",
        f"test{n}:",
        f"%j_{n} = phi i64 [{second}, %body{n}], [%k_{n}, %add{n}]",
        f"%sum_{n} = phi {a.type} [{begin}, %body{n}], [%new_{n}, %add{n}]",
        f"%go_{n} = icmp slt i64 %j_{n}, {stop}",
        f"br i1 %go_{n}, label %add{n}, label %done{n}",
        f"add{n}:",
    ]
    one = term(Register(f"%j_{n}"))
    a.lines += [
        f"%new_{n} = {LOOPS.get(op, 'fadd')} {a.type} %sum_{n}, {one}",
        f"%k_{n} = add i64 %j_{n}, 1",
        f"br label %test{n}",
        f"done{n}:",
    ]
    return Register(f"%sum_{n}"), after
