"""The program text of a rolled tape: its regular parts as loops, around the rest."""

from __future__ import annotations

from itertools import groupby

from tinygrad_bp.tape.machine.assembly import Assembly, Register
from tinygrad_bp.tape.machine.lowering import EXACT, Arithmetic
from tinygrad_bp.tape.machine.program import MachineProgram, Sink
from tinygrad_bp.tape.machine.rolling import Dot, Rolled

AT_ONCE = 8
"""Dots in one loop: enough that none waits for its own last addition."""


class RolledProgram(MachineProgram):
    """What is left of a tape, in chunks: before the first come the dots, after the last products.

    In memory, behind what passes between chunks, stand the dots' results and then the
    numbers that the products multiply. `sums` is how far apart in `%out` two outputs are; if
    they are apart, outputs are added up, and the products of several groups of examples are
    made together, so that each partial sum is fetched once for all of them.
    """

    def __init__(
        self, whole: Rolled, name: str, *, sums: int, arithmetic: Arithmetic = EXACT
    ) -> None:
        self.whole = whole
        self.sums = sums
        super().__init__(whole.tape, name, arithmetic=arithmetic)
        self.first_dot = len(self.memory)
        self.first_factor = self.first_dot + len(whole.dots)
        self.factors = len(self.outputs) - len(whole.kept)
        self.waiting = self.first_factor + GROUPS * self.factors
        self.room = self.waiting + 1

    def is_waiting(self, lanes: int) -> bool:
        """Whether products wait for more groups of examples."""
        return lanes > 1 and self.sums > 1

    def before(self, lanes: int) -> str:
        """What is to be done before examples come one by one, and after the last."""
        return f"\n  call void @products{lanes}({PRODUCTS_ARGUMENTS.format(enough=1, out='sums')})"

    def functions(self, lanes: int, sink: Sink) -> list[str]:
        """The text of each chunk's function, and before them the loops'."""
        kept = self.whole.kept

        def sorted_sink(a: Assembly, k: int, register: Register) -> Register | None:
            if k < len(kept):
                return sink(a, kept[k], register)
            place = self.first_factor + k - len(kept)
            a.store(register, "%group", place, stride=a.lanes)
            return None

        group = (FOLLOWING_GROUP if self.is_waiting(lanes) else ONLY_GROUP).format(
            waiting=self.waiting * lanes, stride=self.factors * lanes
        )
        dots = f"  call void @dots{lanes}({DOTS_ARGUMENTS})\n"
        texts = [
            _opened(text, group if number else dots + group)
            for number, text in enumerate(super().functions(lanes, sorted_sink))
        ]
        count = COUNT_GROUP if self.is_waiting(lanes) else ""
        products = PRODUCTS_ARGUMENTS.format(enough=GROUPS, out="out")
        body, ret, tail = texts[-1].rpartition("\n  ret i1")
        texts[-1] = f"{body}{count}\n  call void @products{lanes}({products}){ret}{tail}"
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
                before = _add_dots(a, some, at, before, self.arithmetic)
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
        stride = self.factors * lanes
        return PRODUCTS.format(
            lanes=lanes,
            parameters=PRODUCTS_PARAMETERS,
            count=len(products),
            numbers=len(table),
            table=", ".join(f"i64 {number}" for number in table),
            groups=(WAITING_GROUPS if self.is_waiting(lanes) else ONE_GROUP).format(
                waiting=self.waiting * lanes
            ),
            loop=STORE if self.sums == 1 else _added(lanes, self.sums, stride, self.arithmetic),
        )


GROUPS = 32
"""Groups of examples whose products are made together: their factors fit into a near cache."""

DOTS_PARAMETERS = "ptr noalias %in, ptr noalias %captured, ptr noalias %memory, i64 %row, i64 %rows"
DOTS_ARGUMENTS = "ptr %in, ptr %captured, ptr %memory, i64 %row, i64 %rows"

PRODUCTS_PARAMETERS = "ptr noalias %memory, ptr noalias %out, i64 %enough"
PRODUCTS_ARGUMENTS = "ptr %memory, ptr %{out}, i64 {enough}"

ONLY_GROUP = """  %group = getelementptr inbounds double, ptr %memory, i64 0
"""

FOLLOWING_GROUP = """  %waiting_place = getelementptr inbounds double, ptr %memory, i64 {waiting}
  %waiting = load i64, ptr %waiting_place
  %shift = mul i64 %waiting, {stride}
  %group = getelementptr inbounds double, ptr %memory, i64 %shift
"""

COUNT_GROUP = """
  %waiting_then = add i64 %waiting, 1
  store i64 %waiting_then, ptr %waiting_place"""


def _opened(function: str, text: str) -> str:
    """A function with more text at its beginning."""
    return function.replace("{\n", "{\n" + text, 1)


def _add_dots(a: Assembly, dots: list[Dot], at: int, before: str, arithmetic: Arithmetic) -> str:
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
        added = arithmetic.multiply_add(a, w, x, f"%a{at}_{j}")
        a.lines.append(f"%s{at}_{j} = {added}")
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
define internal void @products{lanes}({parameters}) {{
entry:
{groups}
  br label %test
test:
  %p = phi i64 [0, %begin], [%p1, %done]
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

ONE_GROUP = """  br label %begin
begin:
  %groups = add i64 0, 1"""

WAITING_GROUPS = """  %place = getelementptr inbounds double, ptr %memory, i64 {waiting}
  %groups = load i64, ptr %place
  %is_enough = icmp sge i64 %groups, %enough
  br i1 %is_enough, label %begin, label %end
begin:
  store i64 0, ptr %place"""


def _added(lanes: int, sums: int, stride: int, arithmetic: Arithmetic) -> str:
    """The loops that add a product to its partial sums: eight outputs at a time, then one."""
    eight, one = _Named(lanes, f"%w{AT_ONCE}_"), _Named(lanes, "%w1_")
    return "\n".join(
        [
            f"  br label %test{AT_ONCE}",
            _added_at_once(eight, sums, stride, AT_ONCE, "0, %product", "test1", arithmetic),
            _added_at_once(
                one, sums, stride, 1, f"%i{AT_ONCE}, %test{AT_ONCE}", "done", arithmetic
            ),
        ]
    )


class _Named(Assembly):
    """An assembly whose registers have names of their own."""

    def __init__(self, lanes: int, prefix: str) -> None:
        super().__init__(lanes)
        self.prefix = prefix

    def emit(self, text: str) -> Register:
        register = Register(f"{self.prefix}{len(self.lines)}")
        self.lines.append(f"{register} = {text}")
        return register


def _added_at_once(
    a: Assembly,
    sums: int,
    stride: int,
    width: int,
    first: str,
    then: str,
    arithmetic: Arithmetic,
) -> str:
    lanes, outputs = a.lanes, range(width)
    at = a.emit(f"add i64 %output, %i{width}")
    at = a.emit(f"mul i64 {at}, {sums}")
    out = a.emit(f"getelementptr inbounds double, ptr %out, i64 {at}")
    before = [a.load(out, j, stride=sums) for j in outputs]
    at = a.emit(f"mul i64 %i{width}, {lanes}")
    others = a.emit(f"getelementptr inbounds double, ptr %others, i64 {at}")
    a.lines += [f"br label %group{width}", f"group{width}:"]
    a.lines.append(f"%g{width} = phi i64 [0, %body{width}], [%h{width}, %group{width}]")
    for j in outputs:
        a.lines.append(
            f"%s{width}_{j} = phi {a.type} [{before[j]}, %body{width}], "
            f"[%t{width}_{j}, %group{width}]"
        )
    shift = a.emit(f"mul i64 %g{width}, {stride}")
    factor = a.load("%factor_place", shift)
    group = a.emit(f"getelementptr inbounds double, ptr {others}, i64 {shift}")
    for j in outputs:
        other = a.load(group, j, stride=lanes)
        added = arithmetic.multiply_add(a, factor, other, f"%s{width}_{j}")
        a.lines.append(f"%t{width}_{j} = {added}")
    a.lines += [
        f"%h{width} = add i64 %g{width}, 1",
        f"%again{width} = icmp slt i64 %h{width}, %groups",
        f"br i1 %again{width}, label %group{width}, label %store{width}",
        f"store{width}:",
    ]
    for j in outputs:
        a.store(f"%t{width}_{j}", out, j, stride=sums)
    body = "\n  ".join(a.lines)
    return f"""test{width}:
  %i{width} = phi i64 [{first}], [%n{width}, %store{width}]
  %n{width} = add i64 %i{width}, {width}
  %fits{width} = icmp sle i64 %n{width}, %length
  br i1 %fits{width}, label %body{width}, label %{then}
body{width}:
  {body}
  br label %test{width}"""


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
