"""From a tape to the text of a machine program that runs it over rows of numbers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import pairwise

from tinygrad_bp.basics import structure
from tinygrad_bp.tape.library import declaration, symbols_in
from tinygrad_bp.tape.machine.assembly import PURE, Assembly, Register
from tinygrad_bp.tape.machine.lowering import EXACT, Arithmetic
from tinygrad_bp.tape.machine.packing import packs
from tinygrad_bp.tape.machine.polynomials import all_definitions
from tinygrad_bp.tape.tape import Guard, Tape

CHUNK = 300
"""Operations in one function.

LLVM takes longer than linearly for one long block: 47,000 multiplications and their derivatives
took 25 seconds in thousands and 8 in pieces of 300, which run as fast.
"""

COMPARE = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq", "!=": "une"}
"""LLVM's words for Python's comparisons, `nan` included."""

PARAMETERS = (
    "ptr noalias %in, ptr noalias %captured, ptr noalias %memory, ptr noalias %out, "
    "i64 %row, i64 %rows"
)
ARGUMENTS = "ptr %in, ptr %captured, ptr %memory, ptr %out, i64 {row}, i64 %rows"

Sink = Callable[[Assembly, int, Register], Register | None]
"""What to do with the register of an output, given its number; it may find fault with it."""


@dataclass
class MachineProgram:
    """A tape cut into functions, and what passes between them through memory."""

    tape: Tape
    name: str = "chunk"
    is_for_one: bool = False
    """Whether it has one row only, so that columns stand side by side: half as much text."""
    arithmetic: Arithmetic = EXACT

    def __post_init__(self) -> None:
        self.inputs = len(self.tape.input_slots)
        self.first_result = self.tape.result_slots.start
        self.outputs: list[int] = structure.numbers(self.tape.outputs)
        self.chunks = self._cut()
        self._chunk_of_result = [n for n, chunk in enumerate(self.chunks) for _ in chunk]
        self.memory = self._crossing()

    def chunk_of(self, slot: int) -> int:
        """The chunk in which a slot is computed; -1 for what is there from the start."""
        return self._chunk_of_result[slot - self.first_result] if slot >= self.first_result else -1

    def _cut(self) -> list[range]:
        """The instructions in chunks; one on many operands counts as many operations."""
        starts, operations = [0], 0
        for i, instruction in enumerate(self.tape.instructions):
            operations += max(1, len(instruction.operands) - 1)
            if operations > CHUNK and i > starts[-1]:
                starts.append(i)
                operations = max(1, len(instruction.operands) - 1)
        return [range(*ends) for ends in pairwise([*starts, len(self.tape)])]

    def _crossing(self) -> dict[int, int]:
        """Where in memory each result stands that a later chunk reads."""
        crossing: dict[int, int] = {}
        for number, chunk in enumerate(self.chunks):
            for slot in self._read(number, chunk):
                if 0 <= self.chunk_of(slot) < number:
                    crossing.setdefault(slot, len(crossing))
        return crossing

    def _read(self, number: int, chunk: range) -> list[int]:
        read = [slot for i in chunk for slot in self.tape.instructions[i].operands]
        for guard in self._guards(number):
            read += [guard.left, guard.right]
        return read

    def _guards(self, number: int) -> list[Guard]:
        """The guards that can be asked at the end of a chunk, and not before."""
        last = len(self.chunks) - 1
        return [
            g
            for g in self.tape.guards
            if min(max(self.chunk_of(g.left), self.chunk_of(g.right), 0), last) == number
        ]

    def _outputs(self, number: int) -> list[tuple[int, int]]:
        return [
            (k, slot)
            for k, slot in enumerate(self.outputs)
            if max(self.chunk_of(slot), 0) == number
        ]

    def functions(self, lanes: int, sink: Sink) -> list[str]:
        """The text of each chunk's function: whether a guard failed in one of its rows."""
        return [self._function(number, lanes, sink) for number in range(len(self.chunks))]

    def _function(self, number: int, lanes: int, sink: Sink) -> str:
        assembly = self.arithmetic.assembly(lanes)
        failed = self._write(number, assembly, sink)
        body = "\n  ".join([*assembly.lines, f"ret i1 {failed}"])
        return f"define internal i1 @{self.name}{lanes}_{number}({PARAMETERS}) {{\n  {body}\n}}"

    def _write(self, number: int, a: Assembly, sink: Sink) -> str:
        registers: dict[int, Register] = {}

        def register(slot: int) -> Register:
            if slot not in registers:
                registers[slot] = self._loaded(a, slot)
            return registers[slot]

        for group in self._groups(number, a.lanes):
            instructions = [self.tape.instructions[i] for i in group]
            operands = [[register(slot) for slot in one.operands] for one in instructions]
            results = self.arithmetic.lowered(a, instructions[0].op, operands)
            for slot, result in zip([self.first_result + i for i in group], results, strict=True):
                registers[slot] = result
                if slot in self.memory:
                    a.store(result, "%memory", self.memory[slot], stride=a.lanes)
        failed = [self._failed(a, guard, register) for guard in self._guards(number)]
        faults = [sink(a, k, register(slot)) for k, slot in self._outputs(number)]
        return a.any_lane(failed + [fault for fault in faults if fault is not None])

    def _groups(self, number: int, lanes: int) -> list[list[int]]:
        """The instructions of a chunk; together those that are one for the processor."""
        chunk = self.chunks[number]
        if lanes > 1 or not self.arithmetic.packed:
            return [[i] for i in chunk]
        instructions = self.tape.instructions[chunk.start : chunk.stop]
        groups = packs(instructions, self.first_result + chunk.start, self.arithmetic.packed)
        return [[chunk.start + i for i in group] for group in groups]

    def _loaded(self, a: Assembly, slot: int) -> Register:
        tape = self.tape
        if slot < self.inputs and self.is_for_one:
            return a.load("%in", slot)
        if slot < self.inputs:
            column = a.emit(f"mul i64 %rows, {slot}")
            return a.load("%in", a.emit(f"add i64 {column}, %row"))
        if slot in tape.captured_slots:
            return a.spread("%captured", slot - tape.captured_slots.start)
        if slot in tape.constant_slots:
            return a.number(tape.constant(slot))
        return a.load("%memory", self.memory[slot], stride=a.lanes)

    @staticmethod
    def _failed(a: Assembly, guard: Guard, register: Callable[[int], Register]) -> Register:
        outcome = a.compare(COMPARE[guard.comparison], register(guard.left), register(guard.right))
        return a.negated(outcome) if guard.outcome else outcome


def facts(tape: Tape) -> Hashable:
    """What the program text of a tape is made from: tapes that share it share their text."""
    return (
        tape.instructions,
        tuple(map(float.hex, tape.constants)),  # as numbers 0.0 and -0.0 would be equal
        *(len(tape.input_slots), len(tape.captured)),
        tuple(structure.numbers(tape.outputs)),
        tuple((g.comparison, g.left, g.right, g.outcome) for g in tape.guards),
    )


def map_text(
    program: MachineProgram, lanes: int, name: str = "map", sink: Sink | None = None
) -> str:
    """A function that maps the tape over rows, `lanes` at a time and then one by one.

    It returns the first row of a group in which a guard failed, or -1.
    """
    kinds = [lanes, 1] if lanes > 1 else [1]
    functions = [f for kind in kinds for f in program.functions(kind, sink or store_column)]
    following = [f"test{kind}" for kind in kinds[1:]] + ["done"]
    loops = [rows_loop(program, kind, then) for kind, then in zip(kinds, following, strict=True)]
    return "\n".join([*functions, MAP.format(name=name, first=kinds[0], loops="\n".join(loops))])


MAP = """define i64 @{name}(ptr %in, ptr %captured, ptr %memory, ptr %out,
                     i64 %start, i64 %stop, i64 %rows) {{
entry:
  %at = alloca i64
  store i64 %start, ptr %at
  br label %test{first}
{loops}
failed:
  %row = load i64, ptr %at
  ret i64 %row
done:
  ret i64 -1
}}"""

LOOP = """test{lanes}:
  %row{lanes} = load i64, ptr %at{prepare}
  %next{lanes} = add i64 %row{lanes}, {lanes}
  %more{lanes} = icmp sle i64 %next{lanes}, %stop
  br i1 %more{lanes}, label %part{lanes}_0, label %{following}
{parts}
part{lanes}_{count}:
  store i64 %next{lanes}, ptr %at
  br label %test{lanes}"""

PART = """part{lanes}_{number}:
  %failed{lanes}_{number} = call i1 @{name}{lanes}_{number}({arguments})
  br i1 %failed{lanes}_{number}, label %failed, label %part{lanes}_{following}"""

ATTRIBUTES = f"attributes #0 = {{ {PURE} }}"


def ended(text: str) -> str:
    """A program text with what it calls, and with the attributes of calls."""
    declarations = map(declaration, symbols_in(text))
    return "\n".join([text, *all_definitions(text), *declarations, ATTRIBUTES])


def rows_loop(program: MachineProgram, lanes: int, following: str, prepare: str = "") -> str:
    """The part of a function that goes through rows while there are `lanes` of them left.

    `prepare` is text that says, for each group of rows, where `%out{lanes}` is.
    """
    out = f"%out{lanes}" if prepare else "%out"
    arguments = ARGUMENTS.format(row=f"%row{lanes}").replace("%out", out)
    count = len(program.chunks)
    parts = [
        PART.format(name=program.name, lanes=lanes, number=n, following=n + 1, arguments=arguments)
        for n in range(count)
    ]
    return LOOP.format(
        lanes=lanes, following=following, parts="\n".join(parts), count=count, prepare=prepare
    )


def store_column(a: Assembly, k: int, register: Register) -> None:
    """Put an output into its own column, at the row at hand."""
    column = a.emit(f"mul i64 %rows, {k}")
    a.store(register, "%out", a.emit(f"add i64 {column}, %row"))


def store_one(a: Assembly, k: int, register: Register) -> None:
    """Put an output of the only row into its place."""
    a.store(register, "%out", k)
