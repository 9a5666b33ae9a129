"""`fit`: training, watched for everything that can go wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.door import as_float
from tinygrad_bp.modes import NonFiniteError, no_grad, strict
from tinygrad_bp.nn.batches import Batch, Batches
from tinygrad_bp.nn.courses import course
from tinygrad_bp.nn.examples import Examples, examples_of, fitted
from tinygrad_bp.nn.gradients import (
    Model,
    batch_loss_and_gradient,
    loss_and_gradient,
    loss_of,
    reduction_of,
)
from tinygrad_bp.nn.history import History
from tinygrad_bp.nn.losses import Loss, listed
from tinygrad_bp.nn.optimisers import Change, Optimizer, Stepper
from tinygrad_bp.nn.progress import Progress
from tinygrad_bp.nn.settings import count
from tinygrad_bp.value import Value

Until = float | Callable[[History], bool]


def fit(
    model: Model,
    inputs: Any,
    targets: Any,
    *,
    loss: Loss | str,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = None,
    shuffle: bool = False,
    seed: Any = None,
    reduction: str = "mean",
    until: Until | None = None,
    callback: Callable[[History], object] | None = None,
    snapshots: int | None = None,
    progress: bool | None = None,
    compiled: bool | None = None,
) -> History:
    """Train a model in place, and return the history of it.

    >>> from tinygrad_bp import nn
    >>> model = nn.MLP(2, [1], init="zeros")
    >>> nn.fit(model, [[0, 0], [0, 1], [1, 0]], [1, 3, 2], loss=nn.mse,
    ...        optimizer=nn.SGD(0.25), epochs=200)
    History(200 epochs, loss 4.667 to 2.298e-09, finished)
    >>> [round(parameter.data, 2) for parameter in model.parameters()]
    [1.0, 2.0, 1.0]

    What is trained and on what:
      model       called with the numbers of one example; its `parameters()` are trained
      inputs      (examples, inputs) array or list; a plain list if there is one input
      targets     (examples, outputs), likewise; for `cross_entropy` the class will do
      loss        function of one example's prediction and target, or its name in `nn`
    How:
      optimizer   goes on where it stopped if it was used before
      epochs      how often to go through the data
      batch_size  examples to an update, all by default; the last batch may be smaller
      shuffle     a new order for each epoch, drawn from `seed` by `rng.permutation`
      reduction   "mean" or "sum" of the losses, and so of the gradients, over a batch
    When to stop, and what to see of it:
      until       a loss to reach, or a function of the history: true after an epoch ends it
      callback    called with the history after each epoch
      snapshots   keep the model's `state_dict` at the start and after every so many epochs
      progress    True or False; by default a bar on stderr in a terminal or a notebook,
                  after a second
    Where:
      compiled    True for machine code, False for one operation after the other in Python;
                  by default machine code where llvmlite is installed, the model can be
                  recorded and the work would take more than a quarter second. The numbers are
                  the same to the last bit

    An epoch's loss is the mean over its batches of the losses as they were computed, each
    before its update, weighted by size ("sum": the sum over the examples). Gradients add up
    in a stated order, that of `batch_loss_and_gradient`; parameters' `grad` is left alone.

    Ctrl-C ends it early: the model is as the last finished batch left it (in machine code,
    the last of a stretch of some 50 ms), and the history is returned with
    `stopped == "interrupted"`. If a loss or a parameter becomes `nan` or infinite,
    `NonFiniteError` names the epoch, the example and the first operation that made it, and
    the model is as it was before that update.

    Raises `ValueError` and `TypeError` for settings and data that can not be right.
    """
    function = loss_of(loss)
    examples, seconds = _fitting_examples(model, function, inputs, targets)
    run = Run(
        model=model,
        loss=function,
        examples=examples,
        stepper=Stepper(_optimizer(optimizer), _parameters(model)),
        reduction=reduction_of(reduction),
        is_summed=reduction == "sum",
    )
    batches = Batches(len(run.examples), batch_size, shuffle=shuffle, seed=seed)
    epochs = count(epochs, "epochs")
    every = None if snapshots is None else count(snapshots, "snapshots")
    is_reached = _goal(until)
    is_watched = bool(every) or until is not None or callback is not None
    history = History()
    if every:
        history.snapshots[0] = _state(model)
    start = time.perf_counter()
    try:
        with Progress(epochs * batches.per_epoch, shown=progress) as bar:
            way = course(run, batches, compiled=compiled, eager_seconds=seconds * epochs)
            history.is_compiled = way.is_compiled
            while history.stopped == "running":
                rates, losses = way.advance(1 if is_watched else epochs - len(history), bar)
                history.losses += losses
                history.learning_rates += rates
                if not losses:
                    continue
                if every and len(history) % every == 0:
                    history.snapshots[len(history)] = _state(model)
                bar.tell(history.loss)
                if callback is not None:
                    callback(history)
                if is_reached(history):
                    history.stopped = "until"
                elif len(history) == epochs:
                    history.stopped = "finished"
    except KeyboardInterrupt:
        history.stopped = "interrupted"
        # The interruption may have come between the two lines that note an epoch.
        history.losses = history.losses[: len(history.learning_rates)]
    history.seconds = time.perf_counter() - start
    return history


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
                f"{cause or 'run again, it did not'}. {WAY_OUT}"
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
        return self.stepper.parameters[index].label or f"parameter {index}"


WAY_OUT = (
    "The parameters are as they were before that update. "
    "A smaller learning rate, smaller inputs or a loss from logits may help"
)


# Checks -----------------------------------------------------------------------------------


def _parameters(model: Any) -> list[Value]:
    find = getattr(model, "parameters", None)
    if not callable(find) or not callable(model):
        raise TypeError(
            "a model is an nn.Module, or anything else that can be called with the numbers of "
            f"an example and has parameters(), got {type(model).__name__} {model!r}"
        )
    parameters = list(find())
    if not parameters:
        raise ValueError(f"{model!r} has no parameters: nothing can be trained")
    for index, parameter in enumerate(parameters):
        if not isinstance(parameter, Value) or parameter.op is not None:
            raise TypeError(f"a parameter is a Value that no operation made, got {parameter!r}")
        if not math.isfinite(parameter.data):
            name = parameter.label or f"parameter {index}"
            raise ValueError(f"{name} is {parameter.data} before training starts")
    return parameters


def _optimizer(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"an optimizer is an object such as nn.SGD(0.1), got {optimizer!r}")
    return optimizer


def _fitting_examples(model: Any, loss: Loss, inputs: Any, targets: Any) -> tuple[Examples, float]:
    """The examples, with targets as the loss wants them for what the model gives.

    And about how many seconds an eager epoch takes: forward and back, all of it costs some
    four times what the forward pass does.
    """
    _parameters(model)
    examples = examples_of(inputs, targets)
    start = time.perf_counter()
    with no_grad():
        outputs = len(listed(model(examples.inputs[0])))
    seconds = 4.0 * (time.perf_counter() - start) * len(examples)
    return Examples(examples.inputs, fitted(examples.targets, loss, outputs)), seconds


def _goal(until: Until | None) -> Callable[[History], bool]:
    if until is None:
        return lambda history: False  # noqa: ARG005
    if callable(until):
        return until
    goal = as_float(until)
    return lambda history: history.loss <= goal


def _state(model: Any) -> dict[str, float]:
    if hasattr(model, "state_dict"):
        return dict(model.state_dict())
    return {str(index): parameter.data for index, parameter in enumerate(model.parameters())}


def _first_non_finite(numbers: Sequence[float]) -> tuple[int, float]:
    return next((i, x) for i, x in enumerate(numbers) if not math.isfinite(x))


__all__ = ["fit"]
