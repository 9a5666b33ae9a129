"""The program text of a rolled tape: its regular parts as loops, around the rest."""

from __future__ import annotations

from itertools import groupby

from tinygrad_bp.tape.assembly import Assembly, Register
from tinygrad_bp.tape.program import Program, Sink
from tinygrad_bp.tape.rolling import Dot, Rolled

AT_ONCE = 8
"""Dots in one loop: enough that none waits for its own last addition."""


class RolledProgram(Program):
    """What is left of a tape, in chunks: before the first come the dots, after the last products.

    In memory, behind what passes between chunks, stand the dots' results and then the
    numbers that the products multiply. `sums` is how far apart in `%out` two outputs are.
    """

    def __init__(self, whole: Rolled, name: str, *, sums: int) -> None:
        self.whole = whole
        self.sums = sums
        super().__init__(whole.tape, name)
        self.first_dot = len(self.memory)
        self.first_factor = self.first_dot + len(whole.dots)
        self.room = self.first_factor + len(self.outputs) - len(whole.kept)

    def functions(self, lanes: int, sink: Sink) -> list[str]:
        """The text of each chunk's function, and before them the loops'."""
        kept = self.whole.kept

        def sorted_sink(a: Assembly, k: int, register: Register) -> Register | None:
            if k < len(kept):
                return sink(a, kept[k], register)
            a.store(register, "%memory", self.first_factor + k - len(kept), stride=a.lanes)
            return None

        texts = super().functions(lanes, sorted_sink)
        head, brace, body = texts[0].partition("{\n")
        texts[0] = f"{head}{brace}  call void @dots{lanes}({DOTS_ARGUMENTS})\n{body}"
        body, ret, tail = texts[-1].rpartition("\n  ret i1")
        texts[-1] = f"{body}\n  call void @products{lanes}(ptr %memory, ptr %out){ret}{tail}"
        return [self._dots(lanes), self._products(lanes), *texts]

    def _loaded(self, a: Assembly, slot: int) -> Register:
        dot = slot - (self.inputs - len(self.whole.dots))
        if 0 <= dot < len(self.whole.dots):
            return a.load("%memory", self.first_dot + dot, stride=a.lanes)
        return super()._loaded(a, slot)

    def _dots(self, lanes: int) -> str:
        a = Assembly(lanes)
        before, at = "entry", self.first_dot
        for _, alike in groupby(self.whole.dots, lambda dot: (dot.input, dot.terms)):
            dots = list(alike)
            for i in range(0, len(dots), AT_ONCE):
                some = dots[i : i + AT_ONCE]
                before = _add_dots(a, some, at, before)
                at += len(some)
        body = "\n  ".join([*a.lines, "ret void"])
        return f"define internal void @dots{lanes}({DOTS_PARAMETERS}) {{\nentry:\n  {body}\n}}"

    def _products(self, lanes: int) -> str:
        products = self.whole.products
        table = [
            number
            for p in products
            for number in (
                (self.first_factor + p.factor) * lanes,
                (self.first_factor + p.others) * lanes,
                p.output,
                p.length,
            )
        ]
        return PRODUCTS.format(
            lanes=lanes,
            count=len(products),
            numbers=len(table),
            table=", ".join(f"i64 {number}" for number in table),
            loop=(ADD if self.sums > 1 else STORE).format(
                type=Assembly(lanes).type, lanes=lanes, sums=self.sums
            ),
        )


DOTS_PARAMETERS = "ptr noalias %in, ptr noalias %captured, ptr noalias %memory, i64 %row, i64 %rows"
DOTS_ARGUMENTS = "ptr %in, ptr %captured, ptr %memory, i64 %row, i64 %rows"


def _add_dots(a: Assembly, dots: list[Dot], at: int, before: str) -> str:
    """A loop over the terms of some dots on the same inputs; the block that it ends in."""
    zero, loop, then = a.number(-0.0), f"loop{at}", f"then{at}"  # -0.0 + x is x, to the bit
    a.lines += [
        f"br label %{loop}",
        f"{loop}:",
        f"%i{at} = phi i64 [0, %{before}], [%n{at}, %{loop}]",
    ]
    for j in range(len(dots)):
        a.lines.append(f"%a{at}_{j} = phi {a.type} [{zero}, %{before}], [%s{at}_{j}, %{loop}]")
    number = a.emit(f"add i64 %i{at}, {dots[0].input}")
    column = a.emit(f"mul i64 %rows, {number}")
    x = a.load("%in", a.emit(f"add i64 {column}, %row"))
    for j, dot in enumerate(dots):
        start = a.place("%captured", dot.captured)
        w = a.spread(a.emit(f"getelementptr inbounds double, ptr {start}, i64 %i{at}"), 0)
        product = a.multiply(w, x)
        a.lines.append(f"%s{at}_{j} = fadd {a.type} %a{at}_{j}, {product}")
    a.lines += [
        f"%n{at} = add i64 %i{at}, 1",
        f"%more{at} = icmp slt i64 %n{at}, {dots[0].terms}",
        f"br i1 %more{at}, label %{loop}, label %{then}",
        f"{then}:",
    ]
    for j in range(len(dots)):
        a.store(f"%s{at}_{j}", "%memory", at + j, stride=a.lanes)
    return then


PRODUCTS = """@products{lanes}_table = private constant [{numbers} x i64] [{table}]
define internal void @products{lanes}(ptr noalias %memory, ptr noalias %out) {{
entry:
  br label %test
test:
  %p = phi i64 [0, %entry], [%p1, %done]
  %more = icmp slt i64 %p, {count}
  br i1 %more, label %product, label %end
product:
  %p1 = add i64 %p, 1
  %line = getelementptr inbounds [4 x i64], ptr @products{lanes}_table, i64 %p
  %factor_at = load i64, ptr %line
  %line1 = getelementptr inbounds i64, ptr %line, i64 1
  %others_at = load i64, ptr %line1
  %line2 = getelementptr inbounds i64, ptr %line, i64 2
  %output = load i64, ptr %line2
  %line3 = getelementptr inbounds i64, ptr %line, i64 3
  %length = load i64, ptr %line3
  %factor_place = getelementptr inbounds double, ptr %memory, i64 %factor_at
  %others = getelementptr inbounds double, ptr %memory, i64 %others_at
{loop}
done:
  br label %test
end:
  ret void
}}"""

ADD = """  %factor = load {type}, ptr %factor_place, align 8
  br label %loop
loop:
  %i = phi i64 [0, %product], [%i1, %loop]
  %other_at = mul i64 %i, {lanes}
  %other_place = getelementptr inbounds double, ptr %others, i64 %other_at
  %other = load {type}, ptr %other_place, align 8
  %number = add i64 %output, %i
  %sum_at = mul i64 %number, {sums}
  %sum_place = getelementptr inbounds double, ptr %out, i64 %sum_at
  %sum = load {type}, ptr %sum_place, align 8
  %contribution = fmul {type} %factor, %other
  %new = fadd {type} %sum, %contribution
  store {type} %new, ptr %sum_place, align 8
  %i1 = add i64 %i, 1
  %again = icmp slt i64 %i1, %length
  br i1 %again, label %loop, label %done"""
"""To the partial sums."""

STORE = """  %one = load double, ptr %factor_place, align 8
  %first = insertelement <8 x double> poison, double %one, i32 0
  %factor = shufflevector <8 x double> %first, <8 x double> poison, <8 x i32> zeroinitializer
  %last = sub i64 %length, 8
  br label %loop
loop:
  %i = phi i64 [0, %product], [%i8, %loop]
  %is_over = icmp sgt i64 %i, %last
  %at = select i1 %is_over, i64 %last, i64 %i
  %other_place = getelementptr inbounds double, ptr %others, i64 %at
  %other = load <8 x double>, ptr %other_place, align 8
  %result = fmul <8 x double> %factor, %other
  %number = add i64 %output, %at
  %result_place = getelementptr inbounds double, ptr %out, i64 %number
  store <8 x double> %result, ptr %result_place, align 8
  %i8 = add i64 %i, 8
  %again = icmp slt i64 %i8, %length
  br i1 %again, label %loop, label %done"""
"""One example: eight outputs at a time, the last eight perhaps once more."""
