"""Training in machine code: one example recorded, and the loop around it run natively.

The numbers are those of the eager path, bit for bit: the tape is checked against it before
anything is compiled, and what it does not hold, such as a branch not taken when it was
recorded, is handed back to the eager path batch by batch.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from tinygrad_bp import structure
from tinygrad_bp.functional import gradient
from tinygrad_bp.modes import RecordingError, watching
from tinygrad_bp.nn.examples import Examples
from tinygrad_bp.nn.gradients import loss_and_gradient
from tinygrad_bp.nn.losses import Loss
from tinygrad_bp.nn.optimisers import Change, Optimizer, Stepper
from tinygrad_bp.tape import BranchError, Tape
from tinygrad_bp.tape.library import same
from tinygrad_bp.tape.record import tape_of
from tinygrad_bp.tape.training import Training
from tinygrad_bp.value import Value, values

STRETCH = 0.05
"""Seconds of native work after which Python looks up: for Ctrl-C, and to show progress."""

FIRST_STRETCH = 64
"""Batches of the first stretch, when nobody knows how long one takes."""

WORTH = 0.25
"""Seconds of eager work that it is worth to compile for."""

TRIED = 16
"""How many examples the tape is checked on before it is compiled."""


def is_available() -> bool:
    """Whether machine code can be made here: whether llvmlite is installed."""
    return find_spec("llvmlite") is not None


def step_tape(
    model: Any, loss: Loss, parameters: Sequence[Value], inputs: Sequence[Value], target: Any
) -> Tape:
    """The tape of one example: the gradient by each parameter, and last the loss.

    Its inputs are the numbers of the example and of its target; it captures the parameters.
    """
    x, t = values([number.data for number in inputs]), values(target)
    with watching() as comparisons:
        value = loss(model(x), t)
        slopes = gradient(value, list(parameters), create_graph=True)
    return tape_of([*slopes, value], (x, t), comparisons, parameters)


def rule_tape(optimizer: Optimizer) -> Tape:
    """The tape of an optimiser's rule for one parameter: its new number and new state.

    Its inputs are the parameter, its state and its gradient; it captures the number of the
    update and the learning rate.
    """
    parameter, slope, step, rate = Value(0.5), Value(0.25), Value(1.0), Value(0.1)
    state = [Value(0.125) for _ in range(optimizer.slots)]
    with watching() as comparisons:
        number, kept = optimizer.rule(parameter, slope, tuple(state), step, rate)
    return tape_of([number, *kept], (parameter, *state, slope), comparisons, [step, rate])


def checked_tape(model: Any, loss: Loss, parameters: Sequence[Value], examples: Examples) -> Tape:
    """The tape of one example, found to give the eager numbers on several.

    A loss may look at its target in a way that recording does not see (`t == 1` asks for
    identity of a `Value`), so that a tape would answer from the wrong branch in silence.

    Raises `RecordingError` where it does not give the eager numbers to the bit.
    """
    tape = step_tape(model, loss, parameters, examples.inputs[0], examples.targets[0])
    for row in _various(examples.targets):
        inputs, target = examples.inputs[row], examples.targets[row]
        value, slopes = loss_and_gradient(model, loss, parameters, inputs, target)
        try:
            replayed = tape([number.data for number in inputs], target)
        except BranchError:
            continue  # it knows that it does not hold for this example
        if not all(map(same, replayed, [*slopes, value])):
            raise RecordingError(
                f"a recording of the loss of example 0 does not give that of example {row}: "
                "does the model or the loss look at a number without the tape's seeing it? "
                "Use where(...), or compiled=False"
            )
    return tape


def _various(targets: Sequence[Any]) -> list[int]:
    """Some rows: where targets first occur, and some more spread over the rest."""
    first_rows: dict[str, int] = {}
    for row, target in enumerate(targets):
        first_rows.setdefault(repr(target), row)
    spread = np.linspace(0, len(targets) - 1, TRIED // 2).astype(int).tolist()
    return list(dict.fromkeys([*list(first_rows.values())[: TRIED // 2], *spread]))


class Native:
    """A training run in machine code, kept in step with the model and its optimiser.

    `run` makes one update for each batch, as long as a stretch may take; after it the model
    and the optimiser hold the new numbers.
    """

    def __init__(
        self,
        tape: Tape,
        stepper: Stepper,
        examples: Examples,
        *,
        batch_size: int,
        is_summed: bool,
        fast: bool = False,
    ) -> None:
        self.stepper = stepper
        self.columns = _columns(examples)
        self.training = Training(
            tape,
            rule_tape(stepper.optimizer),
            batch_size=batch_size,
            is_summed=is_summed,
            rows=len(examples),
            fast=fast,
        )
        self._order: Sequence[int] | None = None
        self._ordered = self.columns
        self._seconds = 0.0
        self.read()

    def read(self) -> None:
        """Take the parameters and the optimiser's state as they are now."""
        stepper = self.stepper
        updates = stepper.updates_made()
        if updates is None:
            raise ValueError(
                "the optimizer has updated some of the parameters more often than others; "
                "machine code takes them together: use compiled=False"
            )
        kinds = [[parameter.data for parameter in stepper.parameters]]
        kinds += map(list, zip(*(cell[1:] for cell in stepper.cells), strict=True))
        self.training.numbers[:] = np.concatenate(kinds)
        self.training.count_from(updates)

    def write(self, made: int) -> None:
        """Give them back after so many updates, all or nothing."""
        stepper = self.stepper
        numbers, *states = self.training.numbers.reshape(-1, len(stepper.parameters)).tolist()
        contents = [
            [cell[0] + made, *state]
            for cell, state in zip(stepper.cells, zip(*states, strict=True), strict=True)
        ]
        Change(stepper, numbers, contents, stepper.optimizer.updates + made).make()

    @property
    def position(self) -> int:
        """How many batches of the epoch are done."""
        return self.training.at // self.training.batch_size

    def note(self, loss: float, examples: int) -> list[float]:
        """Count a batch that was done elsewhere; the loss of the epoch if that ended it."""
        self.read()
        return self.training.note(loss, examples)

    def run(
        self, limit: int, order: Sequence[int] | None
    ) -> tuple[int, list[float], list[float], bool]:
        """Up to so many batches: how many, losses of epochs that ended, rates, and if stuck.

        `order` is that of the examples, if it is not their own. It is stuck where the next
        batch takes a branch that was not recorded, or makes a number that is not finite;
        nothing of that batch is kept.
        """
        batches = max(
            1, min(limit, int(STRETCH / self._seconds) if self._seconds else FIRST_STRETCH)
        )
        losses = np.empty(batches + 1)
        optimizer = self.stepper.optimizer
        rates = optimizer.learning_rates(batches)
        # Where there is but one, NumPy is spared the list, which took as long as an update.
        numbers = np.array(rates) if callable(optimizer.lr) else np.full(batches, optimizer.lr)
        start = time.perf_counter()
        made, epochs, why = self.training.run(self._in(order), numbers, losses)
        self._seconds = max(time.perf_counter() - start, 1e-9) / max(made, 1)
        self.write(made)
        return made, losses[:epochs].tolist(), rates, bool(why)

    def _in(self, order: Sequence[int] | None) -> np.ndarray[Any, Any]:
        if order is not self._order:
            self._order = order
            chosen = self.columns if order is None else self.columns[:, order]
            self._ordered = np.ascontiguousarray(chosen)
        return self._ordered


def _columns(examples: Examples) -> np.ndarray[Any, Any]:
    """A row for each number of an example, inputs before targets; a column an example."""
    rows: Iterable[list[float]] = (
        [number.data for number in inputs] + structure.numbers(target)
        for inputs, target in zip(examples.inputs, examples.targets, strict=True)
    )
    return np.ascontiguousarray(np.array(list(rows), dtype=float).T)
