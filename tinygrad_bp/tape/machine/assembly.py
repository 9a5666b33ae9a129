"""Machine code as text: LLVM's intermediate language, one or several numbers at a time."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import reduce

from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.tape.library import symbol_of

PURE = "nounwind willreturn memory(none)"


class Register(str):
    """The name of a value in the program text."""

    __slots__ = ()


class Assembly:
    """The text of a function body, written one instruction at a time.

    >>> body = Assembly(lanes=1)
    >>> body.multiply(Register("%x"), body.number(2.0))
    '%r0'
    >>> body.lines
    ['%r0 = fmul double %x, 0x4000000000000000']

    With more lanes each register holds as many numbers, and an instruction works on all of
    them at once. No instruction may be fused or reordered: results are those of Python.
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.type = _type("double", lanes)
        self.integer = _type("i64", lanes)
        self._suffix = "f64" if lanes == 1 else f"v{lanes}f64"
        self.lines: list[str] = []
        self.count = 0
        """Of the registers so far."""

    def emit(self, text: str) -> Register:
        """A new register with the result of an instruction."""
        register = Register(f"%r{self.count}")
        self.count += 1
        self.lines.append(f"{register} = {text}")
        return register

    def number(self, number: float) -> Register:
        """A constant, in every lane."""
        bits = f"0x{struct.pack('>d', number).hex().upper()}"
        if self.lanes == 1:
            return Register(bits)
        return Register(f"<{', '.join([f'double {bits}'] * self.lanes)}>")

    def binary(self, instruction: str, x: str, y: str) -> Register:
        """An arithmetic instruction on two operands."""
        return self.emit(f"{instruction} {self.type} {x}, {y}")

    def add(self, x: str, y: str) -> Register:
        """`x + y`."""
        return self.binary("fadd", x, y)

    def subtract(self, x: str, y: str) -> Register:
        """`x - y`."""
        return self.binary("fsub", x, y)

    def multiply(self, x: str, y: str) -> Register:
        """`x * y`."""
        return self.binary("fmul", x, y)

    def divide(self, x: str, y: str) -> Register:
        """`x / y`."""
        return self.binary("fdiv", x, y)

    def negative(self, x: str) -> Register:
        """`-x`."""
        return self.emit(f"fneg {self.type} {x}")

    def intrinsic(self, name: str, x: str) -> Register:
        """An instruction that the processor has for all lanes: `fabs`, `sqrt`."""
        return self.emit(f"call {self.type} @llvm.{name}.{self._suffix}({self.type} {x})")

    def fma(self, x: str, y: str, z: str) -> Register:
        """`x * y + z`, rounded once; the processor must have it."""
        return self.emit(self.fused(x, y, z))

    def fused(self, x: str, y: str, z: str) -> str:
        """The instruction that computes `x * y + z`."""
        kind = self.type
        return f"call {kind} @llvm.fma.{self._suffix}({kind} {x}, {kind} {y}, {kind} {z})"

    def copysign(self, x: str, y: str) -> Register:
        """`x` with the sign of `y`."""
        kind = self.type
        return self.emit(f"call {kind} @llvm.copysign.{self._suffix}({kind} {x}, {kind} {y})")

    def bits(self, x: str) -> Register:
        """The bits of each number as an integer."""
        return self.emit(f"bitcast {self.type} {x} to {self.integer}")

    def from_bits(self, x: str) -> Register:
        """The number that has these bits."""
        return self.emit(f"bitcast {self.integer} {x} to {self.type}")

    def integers(self, instruction: str, x: str, y: str | int) -> Register:
        """An instruction on integers: `add`, `sub`, `shl`, `ashr`; the second may be a constant."""
        return self.emit(f"{instruction} {self.integer} {x}, {self._integer(y)}")

    def at_least(self, x: str, least: int) -> Register:
        """The larger of an integer and a constant."""
        call = f"@llvm.smax.{self._suffix.replace('f', 'i')}"
        kind = self.integer
        return self.emit(f"call {kind} {call}({kind} {x}, {kind} {self._integer(least)})")

    def _integer(self, x: str | int) -> str:
        if isinstance(x, str) or self.lanes == 1:
            return str(x)
        return f"<{', '.join([f'i64 {x}'] * self.lanes)}>"

    def compare(self, how: str, x: str, y: str) -> Register:
        """A truth value in each lane; `how` is LLVM's word: `ogt`, `oeq`, `une`, ..."""
        return self.emit(f"fcmp {how} {self.type} {x}, {y}")

    def either(self, x: str, y: str) -> Register:
        """Whether one of two truth values is true."""
        return self.emit(f"or {_type('i1', self.lanes)} {x}, {y}")

    def both(self, x: str, y: str) -> Register:
        """Whether both of two truth values are true."""
        return self.emit(f"and {_type('i1', self.lanes)} {x}, {y}")

    def negated(self, x: str) -> Register:
        """Whether a truth value is false."""
        truth = _type("i1", self.lanes)
        yes = "true" if self.lanes == 1 else f"<{', '.join(['i1 true'] * self.lanes)}>"
        return self.emit(f"xor {truth} {x}, {yes}")

    def select(self, condition: str, x: str, y: str) -> Register:
        """`x` where the condition is true, else `y`."""
        truth = _type("i1", self.lanes)
        return self.emit(f"select {truth} {condition}, {self.type} {x}, {self.type} {y}")

    def call(self, row: Primitive, *operands: str) -> Register:
        """A row of the table that is a function outside, called for each lane."""
        pointer = f'@"{symbol_of(row, len(operands))}"'
        if self.lanes == 1:
            return self.emit(_call(pointer, operands))
        result = "poison"
        for lane in range(self.lanes):
            numbers = [
                self.emit(f"extractelement {self.type} {operand}, i32 {lane}")
                for operand in operands
            ]
            one = self.emit(_call(pointer, numbers))
            result = self.emit(f"insertelement {self.type} {result}, double {one}, i32 {lane}")
        return Register(result)

    def load(self, pointer: str, index: int | str, *, stride: int = 1) -> Register:
        """What stands at an index in memory, in units of `stride` numbers."""
        place = self.place(pointer, index, stride=stride)
        return self.emit(f"load {self.type}, ptr {place}, align 8")

    def store(self, register: str, pointer: str, index: int | str, *, stride: int = 1) -> None:
        """Put a register into memory."""
        place = self.place(pointer, index, stride=stride)
        self.lines.append(f"store {self.type} {register}, ptr {place}, align 8")

    def spread(self, pointer: str, index: int) -> Register:
        """One number from memory, in every lane."""
        one = self.emit(f"load double, ptr {self.place(pointer, index)}, align 8")
        if self.lanes == 1:
            return one
        first = self.emit(f"insertelement {self.type} poison, double {one}, i32 0")
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return self.emit(f"shufflevector {self.type} {first}, {self.type} poison, {zeros}")

    def any_lane(self, truths: list[Register]) -> str:
        """Whether any of the truth values is true in any lane, as one bit."""
        if not truths:
            return "false"
        truth = reduce(self.either, truths)
        if self.lanes == 1:
            return truth
        kind = _type("i1", self.lanes)
        return self.emit(f"call i1 @llvm.vector.reduce.or.v{self.lanes}i1({kind} {truth})")

    def place(self, pointer: str, index: int | str, *, stride: int = 1) -> Register:
        """The address of an index."""
        at = index * stride if isinstance(index, int) else index
        return self.emit(f"getelementptr inbounds double, ptr {pointer}, i64 {at}")


def _type(number: str, lanes: int) -> str:
    return number if lanes == 1 else f"<{lanes} x {number}>"


def _call(pointer: str, operands: Sequence[str]) -> str:
    return f"call double {pointer}({', '.join(f'double {operand}' for operand in operands)}) #0"


Lowering = Callable[..., Register]
