"""The two ways through the epochs of a training run: eager, and in machine code."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tinygrad_bp.nn.batches import Batches
from tinygrad_bp.nn.gradients import PARTIAL_SUMS, batch_loss_and_gradient
from tinygrad_bp.nn.native import WORTH, Native, checked_tape, is_available
from tinygrad_bp.nn.progress import Progress
from tinygrad_bp.nn.run import Run
from tinygrad_bp.tape.strayed import Strayed

Ended = tuple[list[float], list[float]]
"""Of the epochs that ended: the learning rate of the first update of each, and its loss."""

REFUSALS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a model or a loss may raise where it can not be recorded: it expects floats."""


class Course(ABC):
    """Where a run stands, and how it goes on."""

    is_compiled: bool
    strayed: Strayed | None = None
    """How far a first gradient in fast arithmetic was off."""

    def __init__(self, run: Run, batches: Batches) -> None:
        self.run = run
        self.batches = batches
        self.epoch = 1
        """The epoch at hand."""

    @abstractmethod
    def advance(self, epochs: int, bar: Progress) -> Ended:
        """Go on for a while, at most for so many epochs; those that ended."""


class Eager(Course):
    """One epoch after the other, each operation a call in Python."""

    is_compiled = False

    def advance(self, epochs: int, bar: Progress) -> Ended:  # noqa: ARG002
        """One epoch."""
        rate = self.run.stepper.optimizer.learning_rate()
        loss = self.run.epoch(self.epoch, self.batches.of_an_epoch(), bar)
        self.epoch += 1
        return [rate], [loss]


class Compiled(Course):
    """Stretches of machine code; what that can not do is done eagerly, batch by batch."""

    is_compiled = True

    def __init__(self, run: Run, batches: Batches, *, fast: bool = False) -> None:
        super().__init__(run, batches)
        tape = checked_tape(run.model, run.loss, run.stepper.parameters, run.examples)
        self.native = Native(
            tape,
            run.stepper,
            run.examples,
            batch_size=batches.size,
            is_summed=run.is_summed,
            fast=fast,
        )
        if fast:
            self.strayed = self._strayed()
        self.order: list[int] | None = None
        self.rates: list[float] = []
        """Of the epochs that have begun and not ended."""

    def advance(self, epochs: int, bar: Progress) -> Ended:
        """One stretch, and if it got stuck, one batch."""
        per_epoch, position = self.batches.per_epoch, self.native.position
        if position == 0:
            self.order = self.batches.shuffled()
        left = epochs * per_epoch if self.order is None else per_epoch
        made, losses, rates, is_stuck = self.native.run(left - position, self.order)
        self.rates += rates[-position % per_epoch : made : per_epoch]
        bar.advance(made)
        if is_stuck:
            losses += self._eager_batch(self.epoch + len(losses), bar)
        ended = len(losses)
        self.epoch += ended
        self.rates, rates = self.rates[ended:], self.rates[:ended]
        return rates, losses

    def _strayed(self) -> Strayed:
        """From the eager loss and gradient of a few examples."""
        native = self.native
        few = min(native.training.batch_size, PARTIAL_SUMS)
        found = native.training.first_gradient(native.columns)
        if not found:
            return Strayed()
        loss, slopes = batch_loss_and_gradient(
            map(self.run.example, range(few)), self.run.reduction
        )
        return Strayed().with_pairs(zip(found, [*slopes, loss], strict=True))

    def _eager_batch(self, epoch: int, bar: Progress) -> list[float]:
        position = self.native.position
        if position == 0:
            self.rates.append(self.run.stepper.optimizer.learning_rate())
        batch = self.batches.cut(self.order or list(range(self.batches.examples)))[position]
        loss = self.run.batch(epoch, batch)
        bar.advance()
        return self.native.note(loss, len(batch))


def course(
    run: Run, batches: Batches, *, compiled: bool | None, fast: bool, eager_seconds: float
) -> Course:
    """The way to go: compiled if that was asked for, or is possible and worth its time."""
    if compiled is not None:
        return Compiled(run, batches, fast=fast) if compiled else Eager(run, batches)
    if eager_seconds < WORTH or not is_available():
        return Eager(run, batches)
    try:
        return Compiled(run, batches, fast=fast)
    except REFUSALS:
        return Eager(run, batches)
