"""The training loop as program text: a step for each example, sums, and the update.

Vocabulary:  block   what changes from update to update, column after column: the parameters,
                     the optimiser's state, the gradient, and last, one number, the loss
             lanes   how many examples one instruction works on
             sums    eight partial sums for each parameter and for the loss

A batch adds up in a stated order: its example i goes to partial sum i % 8, in turn, and the
eight partial sums are added from first to last. So the result is the same for any number of
lanes; and for up to eight examples it is that of adding one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from tinygrad_bp.tape.machine.assembly import Assembly, Register
from tinygrad_bp.tape.machine.loops import RolledProgram
from tinygrad_bp.tape.machine.lowering import EXACT, Arithmetic
from tinygrad_bp.tape.machine.program import (
    MachineProgram,
    Sink,
    ended,
    map_text,
    rows_loop,
    store_column,
)
from tinygrad_bp.tape.machine.rolling import rolled
from tinygrad_bp.tape.tape import Tape

SUMS = 8
FINISHED, BRANCHED, NOT_FINITE = 0, 1, 2
"""Why the loop stopped."""


def training_text(
    step: Tape,
    rule: Tape,
    *,
    batch_size: int,
    is_summed: bool,
    is_even: bool = False,
    arithmetic: Arithmetic = EXACT,
) -> str:
    """The program of a training run; its function is `train`.

    `step` takes an example, captures the parameters, and gives the gradient by each of them
    and last the loss; `rule` takes a parameter, its state and its gradient, captures the
    number of the update and the learning rate, and gives the parameter and its state anew.
    `is_even` says that no batch is smaller than the others.
    """
    examples = step_program(step, batch_size, arithmetic)
    parameters = len(step.captured)
    state = len(rule.outputs) - 1
    lanes = lanes_for(batch_size)
    sink, place, reduction = sums_of(step, batch_size, is_summed=is_summed, is_even=is_even)
    groups = [lanes] if lanes == 1 or isinstance(sink, StoreReduced) else [lanes, 1]
    functions = [text for group in groups for text in examples.functions(group, sink)]
    update = map_text(
        MachineProgram(rule, "rule", arithmetic=arithmetic), 8, "update", store_finite
    )
    following = [f"test{group}" for group in groups[1:]] + ["full"]
    loops = [
        rows_loop(
            examples, group, then, place.format(lanes=group) + flushed(examples, groups, group)
        )
        for group, then in zip(groups, following, strict=True)
    ]
    train = TRAIN.format(
        first=lanes,
        loops="\n".join(loops),
        reduce=reduction.format(
            mean="" if is_summed else MEAN.format(parameters=parameters), parameters=parameters
        ),
        weight="1.0" if is_summed else "%n",
        examples="1.0" if is_summed else "%all",
        parameters=parameters,
        gradient=(1 + state) * parameters,
        loss=(2 + state) * parameters,
        finished=FINISHED,
        branched=BRANCHED,
        not_finite=NOT_FINITE,
    )
    return ended("\n".join([*functions, update, train]))


def step_program(step: Tape, batch_size: int, arithmetic: Arithmetic = EXACT) -> MachineProgram:
    """A short step as it is; a long one with its regular parts in loops."""
    if len(step) < SMALL:
        return MachineProgram(step, "step", arithmetic=arithmetic)
    sums = 1 if batch_size == 1 else SUMS
    return RolledProgram(rolled(step), "step", sums=sums, arithmetic=arithmetic)


def flushed(examples: MachineProgram, groups: list[int], lanes: int) -> str:
    """Before a batch's last examples, which come one by one: what its groups left to be done."""
    if lanes > 1 or len(groups) == 1 or not isinstance(examples, RolledProgram):
        return ""
    return examples.before(groups[0])


def sums_of(
    step: Tape, batch_size: int, *, is_summed: bool, is_even: bool
) -> tuple[Sink, str, str]:
    """How the examples of a batch are added up: by each example, where, and at the end."""
    if batch_size == 1:
        return store_gradient, PLACE_IN_BLOCK, ""
    if is_even and batch_size == lanes_for(batch_size) and len(step) < SMALL:
        return StoreReduced(1.0 if is_summed else float(batch_size)), PLACE_IN_BLOCK, ""
    return add_to_sums, PLACE_IN_SUMS, REDUCE


PLACE_IN_BLOCK = """
  %out{lanes} = getelementptr inbounds double, ptr %gradient, i64 0"""

PLACE_IN_SUMS = """
  %index{lanes} = sub i64 %row{lanes}, %start
  %sum{lanes} = and i64 %index{lanes}, 7
  %out{lanes} = getelementptr inbounds double, ptr %sums, i64 %sum{lanes}"""

REDUCE = """  store i64 0, ptr %k
  br label %reduce
reduce:
  %i = load i64, ptr %k
  %eight = mul i64 %i, 8
  %place = getelementptr inbounds double, ptr %sums, i64 %eight
  %s0 = load double, ptr %place, align 8
  %place1 = getelementptr inbounds double, ptr %place, i64 1
  %s1 = load double, ptr %place1, align 8
  %place2 = getelementptr inbounds double, ptr %place, i64 2
  %s2 = load double, ptr %place2, align 8
  %place3 = getelementptr inbounds double, ptr %place, i64 3
  %s3 = load double, ptr %place3, align 8
  %place4 = getelementptr inbounds double, ptr %place, i64 4
  %s4 = load double, ptr %place4, align 8
  %place5 = getelementptr inbounds double, ptr %place, i64 5
  %s5 = load double, ptr %place5, align 8
  %place6 = getelementptr inbounds double, ptr %place, i64 6
  %s6 = load double, ptr %place6, align 8
  %place7 = getelementptr inbounds double, ptr %place, i64 7
  %s7 = load double, ptr %place7, align 8
  %a1 = fadd double %s0, %s1
  %a2 = fadd double %a1, %s2
  %a3 = fadd double %a2, %s3
  %a4 = fadd double %a3, %s4
  %a5 = fadd double %a4, %s5
  %a6 = fadd double %a5, %s6
  %a7 = fadd double %a6, %s7
  store <8 x double> <double -0.0, double -0.0, double -0.0, double -0.0,
                      double -0.0, double -0.0, double -0.0, double -0.0>, ptr %place, align 8
  %slot = getelementptr inbounds double, ptr %gradient, i64 %i
  store double %a7, ptr %slot, align 8
  %i1 = add i64 %i, 1
  store i64 %i1, ptr %k
  %again = icmp sle i64 %i1, {parameters}
  br i1 %again, label %reduce, label %reduced
reduced:
{mean}"""

MEAN = """  %n1 = insertelement <8 x double> poison, double %n, i32 0
  %n8 = shufflevector <8 x double> %n1, <8 x double> poison, <8 x i32> zeroinitializer
  br label %mean
mean:
  %m = phi i64 [0, %reduced], [%m8, %mean]
  %m_place = getelementptr inbounds double, ptr %gradient, i64 %m
  %total8 = load <8 x double>, ptr %m_place, align 8
  %mean8 = fdiv <8 x double> %total8, %n8
  store <8 x double> %mean8, ptr %m_place, align 8
  %m8 = add i64 %m, 8
  %more_means = icmp sle i64 %m8, {parameters}
  br i1 %more_means, label %mean, label %means
means:
"""
"""Eight at a time; the block has room behind the loss for what is done too much."""

TRAIN = """define i64 @train(ptr %in, i64 %rows, ptr %even, ptr %odd, ptr %scalars, ptr %memory,
                       ptr %rule_memory, ptr %sums, ptr %rates, ptr %losses,
                       i64 %size, i64 %begin, i64 %count, ptr %carry) {{
entry:
  %at = alloca i64
  %k = alloca i64
  %epoch = alloca i64
  %done = alloca i64
  store i64 %begin, ptr %at
  store i64 0, ptr %epoch
  store i64 0, ptr %done
  %all = sitofp i64 %rows to double
  %why = getelementptr inbounds double, ptr %carry, i64 1
  %updates = getelementptr inbounds double, ptr %carry, i64 2
  %rate = getelementptr inbounds double, ptr %scalars, i64 1
  br label %batch
batch:
  %d = load i64, ptr %done
  %more = icmp slt i64 %d, %count
  br i1 %more, label %go, label %finished
go:
  %start = load i64, ptr %at
  %limit = add i64 %start, %size
  %over = icmp sgt i64 %limit, %rows
  %stop = select i1 %over, i64 %rows, i64 %limit
  %length = sub i64 %stop, %start
  %n = sitofp i64 %length to double
  %bit = and i64 %d, 1
  %is_odd = icmp eq i64 %bit, 1
  %captured = select i1 %is_odd, ptr %odd, ptr %even
  %other = select i1 %is_odd, ptr %even, ptr %odd
  %gradient = getelementptr inbounds double, ptr %captured, i64 {gradient}
  br label %test{first}
{loops}
full:
{reduce}  %loss_place = getelementptr inbounds double, ptr %captured, i64 {loss}
  %loss = load double, ptr %loss_place, align 8
  %size_of_loss = call double @llvm.fabs.f64(double %loss)
  %bad_loss = fcmp ueq double %size_of_loss, 0x7FF0000000000000
  br i1 %bad_loss, label %not_finite, label %step
step:
  %d1 = add i64 %d, 1
  %number = sitofp i64 %d1 to double
  %made = load double, ptr %updates
  %update_number = fadd double %made, %number
  store double %update_number, ptr %scalars
  %rate_place = getelementptr inbounds double, ptr %rates, i64 %d
  %lr = load double, ptr %rate_place
  store double %lr, ptr %rate
  %fault = call i64 @update(ptr %captured, ptr %scalars, ptr %rule_memory, ptr %other,
                            i64 0, i64 {parameters}, i64 {parameters})
  %is_fault = icmp ne i64 %fault, -1
  br i1 %is_fault, label %not_finite, label %made_it
made_it:
  %weighted = fmul double %loss, {weight}
  %before = load double, ptr %carry
  %total = fadd double %before, %weighted
  store double %total, ptr %carry
  store i64 %d1, ptr %done
  store i64 %stop, ptr %at
  %is_end = icmp eq i64 %stop, %rows
  br i1 %is_end, label %epoch_end, label %batch
epoch_end:
  %e = load i64, ptr %epoch
  %loss_of_epoch = fdiv double %total, {examples}
  %loss_slot = getelementptr inbounds double, ptr %losses, i64 %e
  store double %loss_of_epoch, ptr %loss_slot
  %e1 = add i64 %e, 1
  store i64 %e1, ptr %epoch
  store double 0.0, ptr %carry
  store i64 0, ptr %at
  br label %batch
failed:
  store double {branched:.1f}, ptr %why
  br label %end
not_finite:
  store double {not_finite:.1f}, ptr %why
  br label %end
finished:
  store double {finished:.1f}, ptr %why
  br label %end
end:
  %epochs_place = getelementptr inbounds double, ptr %carry, i64 3
  %epochs_done = load i64, ptr %epoch
  %epochs_number = sitofp i64 %epochs_done to double
  store double %epochs_number, ptr %epochs_place
  %made_updates = load i64, ptr %done
  ret i64 %made_updates
}}"""


def lanes_for(batch_size: int) -> int:
    """As many examples at a time as a batch has, up to eight."""
    return 8 if batch_size >= 8 else 4 if batch_size >= 4 else 1


def store_gradient(a: Assembly, k: int, register: Register) -> None:
    """The only example of a batch: its derivatives go straight into the block."""
    a.store(register, "%out", k)


@dataclass(frozen=True)
class StoreReduced:
    """A whole batch, one example in each lane: its sum or mean goes straight into the block."""

    divisor: float

    def __call__(self, a: Assembly, k: int, register: Register) -> None:
        """Lane after lane, which is the stated order."""
        lanes = [a.emit(f"extractelement {a.type} {register}, i32 {i}") for i in range(a.lanes)]
        total = reduce(lambda x, y: a.emit(f"fadd double {x}, {y}"), lanes)
        one = a.emit(f"fdiv double {total}, {self.divisor!r}")
        a.lines.append(f"store double {one}, ptr {a.place('%out', k)}, align 8")


def add_to_sums(a: Assembly, k: int, register: Register) -> None:
    """One example of several, or some at once: their derivatives are added to the sums."""
    before = a.load("%out", k, stride=SUMS)
    a.store(a.add(before, register), "%out", k, stride=SUMS)


def store_finite(a: Assembly, k: int, register: Register) -> Register | None:
    """A number of the next block; it is at fault if a parameter is not finite."""
    store_column(a, k, register)
    if k:
        return None
    return a.compare("ueq", a.intrinsic("fabs", register), a.number(float("inf")))


def room(program: MachineProgram) -> int:
    """How many numbers of each example the chunks of a program leave in memory."""
    return program.room if isinstance(program, RolledProgram) else len(program.memory)


SMALL = 500
"""Instructions up to which a step is written out, and not searched for loops."""
