"""The training loop in Python, over generated source: lists of floats, and no graph.

Its twin in machine code is `nn/fit/machine_training.py`: the same numbers, later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Any

from tinygrad_bp.nn.arrays import Array
from tinygrad_bp.nn.fit.gradients import PARTIAL_SUMS, REDUCTIONS, of_a_batch
from tinygrad_bp.tape import BranchError, Tape
from tinygrad_bp.tape.machine.program import facts
from tinygrad_bp.tape.machine.recent import Recent
from tinygrad_bp.tape.python.loop import WrittenLoop, WrittenSum


class SourceTraining:
    """A training run in generated Python: the numbers that change, and the loop."""

    def __init__(
        self, step: Tape, rule: Tape, *, batch_size: int, is_summed: bool, rows: int
    ) -> None:
        self._summed = function_of(WrittenSum, step)
        self._rule = function_of(WrittenLoop, rule)
        self._reduction = REDUCTIONS["sum" if is_summed else "mean"]
        self.batch_size = min(batch_size, rows)
        self.is_summed = is_summed
        self.rows = rows
        self.at = 0
        """How many examples of the epoch are done."""
        self._kinds: list[list[float]] = []
        self._updates = 0
        self._total = 0.0

    @staticmethod
    def arranged(table: Array) -> list[list[float]]:
        """The examples of a table with a row for each as `run` wants them: as lists."""
        rows: list[list[float]] = table.tolist()
        return rows

    def take(self, kinds: list[list[float]], updates: int) -> None:
        """Go on from these parameters and, kind by kind, this state, after so many updates."""
        self._kinds, self._updates = kinds, updates

    def kinds(self) -> list[list[float]]:
        """The parameters as they are now, and behind them the optimiser's state, kind by kind."""
        return self._kinds

    def note(self, loss: float, examples: int) -> list[float]:
        """Count a batch; the loss of the epoch if that ended it."""
        self._total += loss if self.is_summed else loss * examples
        self.at += examples
        if self.at < self.rows:
            return []
        total, self._total, self.at = self._total, 0.0, 0
        return [total if self.is_summed else total / self.rows]

    def run(self, examples: Sequence[list[float]], rates: Array) -> tuple[int, list[float], bool]:
        """Make one update for each of the rates.

        Returns how many were made, the losses of the epochs that ended, and whether it got
        stuck: at a branch that was not recorded, at what Python refuses though IEEE-754 has
        an answer, or at a number that is not finite. Nothing of that batch is kept.
        """
        losses: list[float] = []
        for made, rate in enumerate(rates.tolist()):
            batch = examples[self.at : self.at + self.batch_size]
            try:
                loss, kinds = self._updated(batch, rate)
            except (BranchError, ZeroDivisionError, OverflowError):
                return made, losses, True
            # Adding up is the fastest test: one nan or infinity spoils the sum.
            if not isfinite(loss + sum(kinds[0])):
                return made, losses, True
            self._kinds = kinds
            self._updates += 1
            losses += self.note(loss, len(batch))
        return len(rates), losses, False

    def _updated(
        self, batch: Sequence[list[float]], rate: float
    ) -> tuple[float, list[list[float]]]:
        """The loss of a batch, and the numbers after its update."""
        *gradient, loss = of_a_batch(self._sums(batch), len(batch), self._reduction)
        columns = zip(*self._kinds, gradient, strict=True)
        return loss, self._by_kind(self._rule(columns, (self._updates + 1, rate)))

    def _sums(self, batch: Sequence[list[float]]) -> list[list[float]]:
        """The partial sums; one, of a batch of up to eight, is the sum of as many in turn."""
        parameters = self._kinds[0]
        if len(batch) <= PARTIAL_SUMS:
            return [self._summed(batch, parameters)]
        return [self._summed(batch[i::PARTIAL_SUMS], parameters) for i in range(PARTIAL_SUMS)]

    def _by_kind(self, numbers: Iterable[Any]) -> list[list[float]]:
        """What the rule gives for each parameter, kind by kind; bare numbers without state."""
        if len(self._kinds) == 1:
            return [list(numbers)]
        return list(map(list, zip(*numbers, strict=True)))


functions: Recent[Callable[..., Any]] = Recent(64)
"""By what they are written from: the next run of a model of the same shape finds them ready."""


def function_of(kind: type[WrittenLoop], tape: Tape) -> Callable[..., Any]:
    """The generated function."""
    return functions.get((kind, tape.names, facts(tape)), lambda: kind(tape).function)
