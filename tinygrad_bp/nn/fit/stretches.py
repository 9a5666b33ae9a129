"""Training from tapes, stretch by stretch: in machine code, or in generated Python.

What a tape does not hold, such as a branch not taken when it was recorded, is handed back to
the eager path batch by batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.nn.arrays import Array
from tinygrad_bp.nn.fit.examples import Examples
from tinygrad_bp.nn.fit.machine_training import Training
from tinygrad_bp.nn.fit.recording import rule_tape
from tinygrad_bp.nn.fit.source_training import SourceTraining
from tinygrad_bp.nn.optimisers import Change, Stepper
from tinygrad_bp.tape import Tape

STRETCH = 0.05
"""Seconds of work after which `fit` looks up: for Ctrl-C, and to show progress."""

FIRST_STRETCH = 10**6
"""Instructions of the first stretch, when nobody knows how long one takes."""


class Stretches:
    """A training run from tapes, kept in step with the model and its optimiser.

    `run` makes one update for each batch, as long as a stretch may take; after it the model
    and the optimiser hold the new numbers.
    """

    def __init__(
        self,
        loop: Callable[..., Training | SourceTraining],
        tape: Tape,
        stepper: Stepper,
        examples: Examples,
        *,
        batch_size: int,
        is_summed: bool,
    ) -> None:
        self.stepper = stepper
        self.training = loop(
            tape,
            rule_tape(stepper.optimizer),
            batch_size=batch_size,
            is_summed=is_summed,
            rows=len(examples),
        )
        self._table = _table(examples)
        self._order: Sequence[int] | None = None
        self._arranged: Any = self.training.arranged(self._table)
        self._batches = max(1, FIRST_STRETCH // (max(1, len(tape)) * self.training.batch_size))
        self.read()

    def read(self) -> None:
        """Take the parameters and the optimiser's state as they are now."""
        stepper = self.stepper
        updates = stepper.updates_made()
        if updates is None:
            raise ValueError(
                "the optimizer has updated some of the parameters more often than others; "
                "a tape takes them together: use compiled=False"
            )
        kinds = [[parameter.data for parameter in stepper.parameters]]
        kinds += map(list, zip(*(cell[1:] for cell in stepper.cells), strict=True))
        self.training.take(kinds, updates)

    def write(self, made: int) -> None:
        """Give them back after so many updates, all or nothing."""
        stepper = self.stepper
        numbers, *states = self.training.kinds()
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
        batches = min(limit, self._batches)
        optimizer = self.stepper.optimizer
        rates = optimizer.learning_rates(batches)
        # Where there is but one, NumPy is spared the list, which took as long as an update.
        numbers = np.array(rates) if callable(optimizer.lr) else np.full(batches, optimizer.lr)
        start = time.perf_counter()
        made, losses, is_stuck = self.training.run(self.arranged(order), numbers)
        seconds = max(time.perf_counter() - start, 1e-9) / max(made, 1)
        self._batches = max(1, int(STRETCH / seconds))
        self.write(made)
        return made, losses, rates, is_stuck

    def arranged(self, order: Sequence[int] | None) -> Any:
        """The examples in this order, or in their own, as the loop wants them."""
        if order is not self._order:
            self._order = order
            self._arranged = self.training.arranged(
                self._table if order is None else self._table[order]
            )
        return self._arranged


def _table(examples: Examples) -> Array:
    """A row for each example: its inputs, then its target."""
    rows = (
        [number.data for number in inputs] + structure.numbers(target)
        for inputs, target in zip(examples.inputs, examples.targets, strict=True)
    )
    return np.array(list(rows), dtype=float)
