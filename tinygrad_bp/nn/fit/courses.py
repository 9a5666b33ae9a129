"""The ways through the epochs of a training run: eager, or from a tape, in either language."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from importlib.util import find_spec

from tinygrad_bp.graph import modes
from tinygrad_bp.nn.fit.batches import Batches
from tinygrad_bp.nn.fit.gradients import PARTIAL_SUMS, batch_loss_and_gradient
from tinygrad_bp.nn.fit.machine_training import Training
from tinygrad_bp.nn.fit.progress import Progress
from tinygrad_bp.nn.fit.recording import checked_tape
from tinygrad_bp.nn.fit.run import Run
from tinygrad_bp.nn.fit.source_training import SourceTraining
from tinygrad_bp.nn.fit.stretches import Stretches
from tinygrad_bp.tape import Tape
from tinygrad_bp.tape.routes.strayed import Strayed

Ended = tuple[list[float], list[float]]
"""Of the epochs that ended: the learning rate of the first update of each, and its loss."""

REFUSALS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a model or a loss may raise where it can not be recorded: it expects floats."""

SOURCE_ABOVE, MACHINE_CODE_ABOVE = 100, 10_000
"""Above how many evaluations of an example a language is the quickest, all included.

To record, check, write and compile Python takes as long as 20 to 90 eager evaluations, of a
small network as of a large one, and LLVM as long as 3,000 to 26,000 of the generated Python.
"""

SOURCE_UP_TO = 100_000
"""Instructions up to which Python is written unless asked for: its compiler takes 4 kB for each."""

Language = type[Training | SourceTraining]


class Course(ABC):
    """Where a run stands, and how it goes on."""

    route: str
    """What it is in words, for the history."""
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

    route = "eager"

    def advance(self, epochs: int, bar: Progress) -> Ended:  # noqa: ARG002
        """One epoch."""
        rate = self.run.stepper.optimizer.learning_rate()
        loss = self.run.epoch(self.epoch, self.batches.of_an_epoch(), bar)
        self.epoch += 1
        return [rate], [loss]


class Recorded(Course):
    """Stretches from a tape; what that can not do is done eagerly, batch by batch."""

    def __init__(
        self, run: Run, batches: Batches, tape: Tape, language: Language, *, fast: bool
    ) -> None:
        super().__init__(run, batches)
        self.route = ROUTES[language]
        self.stretches = Stretches(
            partial(Training, fast=fast) if language is Training else SourceTraining,
            tape,
            run.stepper,
            run.examples,
            batch_size=batches.size,
            is_summed=run.is_summed,
        )
        if fast:
            self.strayed = self._strayed()
        self.order: list[int] | None = None
        self.rates: list[float] = []
        """Of the epochs that have begun and not ended."""

    def advance(self, epochs: int, bar: Progress) -> Ended:
        """One stretch, and if it got stuck, one batch."""
        per_epoch, position = self.batches.per_epoch, self.stretches.position
        if position == 0:
            self.order = self.batches.shuffled()
        left = epochs * per_epoch if self.order is None else per_epoch
        made, losses, rates, is_stuck = self.stretches.run(left - position, self.order)
        self.rates += rates[-position % per_epoch : made : per_epoch]
        bar.advance(made)
        if is_stuck:
            losses += self._eager_batch(self.epoch + len(losses), bar)
        ended = len(losses)
        self.epoch += ended
        self.rates, rates = self.rates[ended:], self.rates[:ended]
        return rates, losses

    def _strayed(self) -> Strayed | None:
        """From the eager loss and gradient of a few examples; generated Python is exact."""
        training = self.stretches.training
        if isinstance(training, SourceTraining):
            return None
        found = training.first_gradient(self.stretches.arranged(None))
        if not found:
            return Strayed()
        few = range(min(training.batch_size, PARTIAL_SUMS))
        loss, slopes = batch_loss_and_gradient(map(self.run.example, few), self.run.reduction)
        return Strayed().with_pairs(zip(found, [*slopes, loss], strict=True))

    def _eager_batch(self, epoch: int, bar: Progress) -> list[float]:
        position = self.stretches.position
        if position == 0:
            self.rates.append(self.run.stepper.optimizer.learning_rate())
        batch = self.batches.cut(self.order or list(range(self.batches.examples)))[position]
        loss = self.run.batch(epoch, batch)
        bar.advance()
        return self.stretches.note(loss, len(batch))


ROUTES = {Training: "machine code", SourceTraining: "source"}


def course(run: Run, batches: Batches, *, compiled: bool | None, fast: bool, epochs: int) -> Course:
    """The way to go: compiled if that was asked for, or is possible and worth its time."""
    evaluations = epochs * batches.examples
    is_little = compiled is None and evaluations <= SOURCE_ABOVE
    # Only an operation that is carried out by itself can be strict, as everywhere.
    if compiled is False or is_little or modes.is_strict():
        return Eager(run, batches)
    try:
        tape = checked_tape(run.model, run.loss, run.stepper.parameters, run.examples)
        language = language_for(tape, evaluations, is_asked_for=compiled is True)
        return (
            Recorded(run, batches, tape, language, fast=fast) if language else Eager(run, batches)
        )
    except REFUSALS:
        if compiled:
            raise
        return Eager(run, batches)


def language_for(tape: Tape, evaluations: int, *, is_asked_for: bool) -> Language | None:
    """What to make of a tape that will be evaluated so often; `None` if nothing is best."""
    is_large = len(tape) > SOURCE_UP_TO
    if (is_asked_for or is_large or evaluations > MACHINE_CODE_ABOVE) and has_llvm():
        return Training
    return SourceTraining if is_asked_for or not is_large else None


def has_llvm() -> bool:
    """Whether machine code can be made here: whether llvmlite is installed."""
    return find_spec("llvmlite") is not None
