"""The training loop as machine code: the arrays that it works on, and how it is run.

There are two blocks, in which stands all that changes from update to update. An update reads one
and writes the other, and only if all new numbers are finite do they change places. So whatever
stops the loop, a whole block is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import CFUNCTYPE, c_int64, c_void_p
from dataclasses import dataclass

import numpy as np

from tinygrad_bp.nn.fit.training_program import SUMS, room, step_program, training_text
from tinygrad_bp.tape.library import raise_pending
from tinygrad_bp.tape.machine.engine import Machine, machine, machines
from tinygrad_bp.tape.machine.fast import chosen_arithmetic
from tinygrad_bp.tape.machine.lowering import Arithmetic
from tinygrad_bp.tape.machine.program import MachineProgram, facts
from tinygrad_bp.tape.machine.recent import Recent
from tinygrad_bp.tape.routes.boundary import Array, address
from tinygrad_bp.tape.tape import Tape


class Training:
    """A training run in machine code: the arrays that it works on, and the loop."""

    def __init__(
        self,
        step: Tape,
        rule: Tape,
        *,
        batch_size: int,
        is_summed: bool,
        rows: int,
        fast: bool = False,
    ) -> None:
        batch_size = min(batch_size, rows)
        plan = plan_for(
            step,
            rule,
            batch_size=batch_size,
            is_summed=is_summed,
            is_even=rows % batch_size == 0,
            arithmetic=chosen_arithmetic(fast=fast),
        )
        self.machine = plan.machine  # it lives as long as this does
        kinds = [c_void_p, c_int64, *[c_void_p] * 8, *[c_int64] * 3, c_void_p]
        self._train = CFUNCTYPE(c_int64, *kinds)(plan.machine.address("train"))
        self.parameters = len(step.captured)
        self.slots = len(rule.outputs)
        width = (1 + self.slots) * self.parameters + 1 + SUMS
        self.blocks = [zeros(width), zeros(width)]
        self.batch_size = batch_size
        self.is_summed = is_summed
        self.rows = rows
        self.at = 0
        self.scalars = np.zeros(2)
        self.carry = np.zeros(4)
        self.memory = zeros(plan.room)
        self.rule_memory = np.zeros(plan.rule_room)
        self.sums = zeros(8 * (self.parameters + 1))
        self.sums.fill(-0.0)

    @staticmethod
    def arranged(table: Array) -> Array:
        """The examples of a table with a row for each as `run` wants them: as columns."""
        return np.ascontiguousarray(table.T)

    def take(self, kinds: Sequence[Sequence[float]], updates: int) -> None:
        """Go on from these parameters and, kind by kind, this state, after so many updates."""
        self.blocks[0][: self.slots * self.parameters] = np.concatenate(kinds)
        self.carry[2] = updates

    def kinds(self) -> list[list[float]]:
        """The parameters as they are now, and behind them the optimiser's state, kind by kind."""
        numbers = self.blocks[0][: self.slots * self.parameters]
        kinds: list[list[float]] = numbers.reshape(self.slots, self.parameters).tolist()
        return kinds

    def note(self, loss: float, examples: int) -> list[float]:
        """Count a batch that was done elsewhere; the loss of the epoch if that ended it."""
        self.carry[0] += loss if self.is_summed else loss * examples
        self.at += examples
        if self.at < self.rows:
            return []
        total, self.carry[0], self.at = float(self.carry[0]), 0.0, 0
        return [total if self.is_summed else total / self.rows]

    def run(self, columns: Array, rates: Array) -> tuple[int, list[float], bool]:
        """Make one update for each of the rates.

        Returns how many were made, the losses of the epochs that ended, and whether it got
        stuck: at a branch that was not recorded, or at a number that is not finite. Nothing
        of that batch is kept.
        """
        losses = np.empty(len(rates) + 1)
        done = self._called(columns, self.blocks, rates, losses, self.at, self.carry)
        why = int(self.carry[1])
        if done % 2:
            self.blocks.reverse()
        self.carry[2] += done
        per_epoch = -(-self.rows // self.batch_size)
        self.at = (self.at // self.batch_size + done) % per_epoch * self.batch_size
        raise_pending()
        return done, losses[: int(self.carry[3])].tolist(), bool(why)

    def first_gradient(self, columns: Array) -> list[float]:
        """The gradient of the first few examples of all, and their loss; nothing is updated.

        As many as a batch has, and up to eight. Empty where that would be another branch, or
        is not finite.
        """
        few = np.ascontiguousarray(columns[:, : min(self.batch_size, SUMS)])
        blocks = [zeros(len(block)) for block in self.blocks]
        blocks[0][:] = self.blocks[0]
        carry = np.zeros(4)
        done = self._called(few, blocks, np.zeros(1), np.empty(2), 0, carry)
        raise_pending()
        start = self.slots * self.parameters
        return blocks[0][start : start + self.parameters + 1].tolist() if done else []

    def _called(
        self,
        columns: Array,
        blocks: list[Array],
        rates: Array,
        losses: Array,
        at: int,
        carry: Array,
    ) -> int:
        done = self._train(
            address(columns),
            columns.shape[1],
            *map(address, blocks),
            address(self.scalars),
            address(self.memory),
            address(self.rule_memory),
            address(self.sums),
            address(rates),
            address(losses),
            self.batch_size,
            at,
            len(rates),
            address(carry),
        )
        if carry[1]:
            self.sums.fill(-0.0)
            self.memory.fill(0.0)
        return int(done)


@dataclass(frozen=True)
class Plan:
    """What runs of the same shape share: the program, and how much memory it wants."""

    machine: Machine
    room: int
    rule_room: int


def plan_for(
    step: Tape,
    rule: Tape,
    *,
    batch_size: int,
    is_summed: bool,
    is_even: bool,
    arithmetic: Arithmetic,
) -> Plan:
    """The plan of before, if there was one; its text is then not even written."""

    def made() -> Plan:
        text = training_text(
            step,
            rule,
            batch_size=batch_size,
            is_summed=is_summed,
            is_even=is_even,
            arithmetic=arithmetic,
        )
        program = step_program(step, batch_size)
        level = 1 if len(program.tape) < OPTIMISED else 0
        rule_room = 8 * len(MachineProgram(rule).memory) + 8
        return Plan(machine(text, level=level), 8 * room(program) + 8, rule_room)

    settings = batch_size, is_summed, is_even, arithmetic.assembly
    return plans.get((facts(step), facts(rule), settings), made)


plans: Recent[Plan] = Recent(64)


def forget() -> None:
    """Compile anew what comes next; for those who measure how long that takes."""
    plans.clear()
    machines.clear()


def zeros(count: int) -> Array:
    """Zeros from a multiple of 64 bytes on: eight numbers are fetched at once, or else twice."""
    room = np.zeros(count + 7)
    start = -(room.ctypes.data // 8) % 8
    return room[start : start + count]


OPTIMISED = 4000
"""Instructions up to which LLVM's passes are worth their time.

Only those of the first level are: the second takes twice the time, and its code is no faster.
It puts scalars together into vectors, and then waits for numbers that were just stored.
"""
