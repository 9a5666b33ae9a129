"""`Run`: one pass over the examples after another, watched for what is not finite."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.graph.modes import NonFiniteError, strict
from tinygrad_bp.nn.fit.batches import Batch
from tinygrad_bp.nn.fit.examples import Examples
from tinygrad_bp.nn.fit.gradients import Model, batch_loss_and_gradient, loss_and_gradient
from tinygrad_bp.nn.fit.progress import Progress
from tinygrad_bp.nn.losses import Loss
from tinygrad_bp.nn.optimisers import Change, Stepper


@dataclass(frozen=True)
class Run:
    """The part of a training run that stays the same from batch to batch."""

    model: Model
    loss: Loss
    examples: Examples
    stepper: Stepper
    reduction: Callable[[Any, int], Any]
    is_summed: bool

    def epoch(self, epoch: int, batches: Sequence[Batch], bar: Progress) -> float:
        """Go through the batches once; the loss of the epoch."""
        total = 0.0
        for batch in batches:
            total += self.batch(epoch, batch) * (1 if self.is_summed else len(batch))
            bar.advance()
        return total if self.is_summed else total / len(self.examples)

    def batch(self, epoch: int, batch: Batch) -> float:
        """One update; the loss of the batch before it."""
        results = [self.example(row) for row in batch]
        loss, gradient = batch_loss_and_gradient(results, self.reduction)
        change = self.stepper.change(gradient)
        # Adding up is the fastest test: one nan or infinity spoils the sum.
        if not math.isfinite(loss + sum(change.numbers)):
            self.refuse_non_finite(epoch, batch, results, change)
        change.make()
        return loss

    def example(self, row: int) -> tuple[float, list[float]]:
        """The loss of one example, and its gradient."""
        examples, stepper = self.examples, self.stepper
        return loss_and_gradient(
            self.model,
            self.loss,
            stepper.parameters,
            examples.inputs[row],
            examples.targets[row],
        )

    def refuse_non_finite(
        self,
        epoch: int,
        batch: Batch,
        results: Sequence[tuple[float, list[float]]],
        change: Change,
    ) -> None:
        """Raise the error for what is not finite: a loss, a derivative, a new parameter."""
        for row, (loss, gradient) in zip(batch, results, strict=True):
            if not math.isfinite(loss):
                what = f"the loss became {loss}"
            elif not all(map(math.isfinite, gradient)):
                index, bad = _first_non_finite(gradient)
                what = f"the derivative of the loss by {self.called(index)} became {bad}"
            else:
                continue
            cause = self.first_operation(row)
            raise NonFiniteError(
                f"{what} in epoch {epoch} at example {row}, counted from 0: "
                f"{cause or 'run again, it did not'}. {WAY_OUT}; "
                "tinygrad_bp.autopsy(model, inputs, targets, loss=...) shows how it spread"
            ) from cause
        if not all(map(math.isfinite, change.numbers)):
            index, bad = _first_non_finite(change.numbers)
            raise NonFiniteError(
                f"the update of {self.called(index)} from {self.stepper.parameters[index].data} "
                f"gave {bad} in epoch {epoch}, in the batch that ends with example {batch[-1]}, "
                f"counted from 0. {WAY_OUT}"
            )

    def first_operation(self, row: int) -> NonFiniteError | None:
        """The error that `strict` raises when the example runs once more."""
        try:
            with strict():
                self.example(row)
        except NonFiniteError as error:
            return error
        return None

    def called(self, index: int) -> str:
        """The name of a parameter in messages."""
        return visible(self.stepper.parameters[index].label) or f"parameter {index}"


WAY_OUT = (
    "The parameters are as they were before that update. "
    "A smaller learning rate, smaller inputs or a loss from logits may help"
)


def _first_non_finite(numbers: Sequence[float]) -> tuple[int, float]:
    return next((i, x) for i, x in enumerate(numbers) if not math.isfinite(x))
