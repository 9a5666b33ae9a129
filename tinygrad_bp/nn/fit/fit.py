"""`fit`: training, watched for everything that can go wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.modes import no_grad
from tinygrad_bp.nn.fit.batches import Batches
from tinygrad_bp.nn.fit.courses import course
from tinygrad_bp.nn.fit.examples import Examples, examples_of, fitted
from tinygrad_bp.nn.fit.gradients import (
    Model,
    loss_of,
    reduction_of,
)
from tinygrad_bp.nn.fit.history import History
from tinygrad_bp.nn.fit.progress import Progress
from tinygrad_bp.nn.fit.run import Run
from tinygrad_bp.nn.fit.snapshots import following
from tinygrad_bp.nn.losses import Loss, listed
from tinygrad_bp.nn.optimisers import Optimizer, Stepper
from tinygrad_bp.nn.settings import count

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
    snapshots: int | Iterable[int] | None = None,
    progress: bool | None = None,
    compiled: bool | None = None,
    fast: bool = False,
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
      snapshots   keep the model's `state_dict` at the start and after every so many epochs, or
                  after the epochs given: `np.geomspace(1, 1000, 50).astype(int)`
      progress    True or False; by default a bar on stderr in a terminal or a notebook,
                  after a second
    Where:
      compiled    False for one operation after the other; True to record one example and run
                  that, as machine code where llvmlite is installed and as generated Python
                  where not; by default what is quickest, all included: eager up to 100
                  evaluations of an example, machine code above 10,000. A model that can not
                  be recorded is then trained eagerly, and under `strict()` any. The numbers
                  are the same to the last bit
      fast        in machine code products may be fused with sums, and exp, log, tanh and
                  sigmoid be polynomials: other last digits. The history's `strayed` says how
                  far those of the first gradient were off

    An epoch's loss is the mean over its batches of the losses as they were computed, each
    before its update, weighted by size ("sum": the sum over the examples). Gradients add up
    in a stated order, that of `batch_loss_and_gradient`; parameters' `grad` is left alone.

    Ctrl-C ends it early: the model is as the last finished batch left it (compiled, the last
    of a stretch of some 50 ms), and the history is returned with
    `stopped == "interrupted"`. If a loss or a parameter becomes `nan` or infinite,
    `NonFiniteError` names the epoch, the example and the first operation that made it, and
    the model is as it was before that update.

    Raises `ValueError` and `TypeError` for settings and data that can not be right.
    """
    function = loss_of(loss)
    examples = _fitting_examples(model, function, inputs, targets)
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
    if fast and compiled is False:
        raise ValueError("fast=True is about machine code: leave compiled=False out")
    kept_after = following(snapshots)
    is_reached = _goal(until)
    is_watched = until is not None or callback is not None
    history = History()
    if snapshots is not None:
        history.snapshots[0] = _state(model)
    start = time.perf_counter()
    try:
        with Progress(epochs * batches.per_epoch, shown=progress) as bar:
            way = course(run, batches, compiled=compiled, fast=fast, epochs=epochs)
            history.route, history.strayed = way.route, way.strayed
            while history.stopped == "running":
                keep = kept_after(len(history))
                ahead = 1 if is_watched else int(min(epochs, keep)) - len(history)
                rates, losses = way.advance(ahead, bar)
                history.losses += losses
                history.learning_rates += rates
                if not losses:
                    continue
                if len(history) == keep:
                    history.snapshots[len(history)] = _state(model, history.snapshots[0])
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
            name = visible(parameter.label) or f"parameter {index}"
            raise ValueError(f"{name} is {parameter.data} before training starts")
    return parameters


def _optimizer(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"an optimizer is an object such as nn.SGD(0.1), got {optimizer!r}")
    return optimizer


def _fitting_examples(model: Any, loss: Loss, inputs: Any, targets: Any) -> Examples:
    """The examples, with targets as the loss wants them for what the model gives."""
    _parameters(model)
    examples = examples_of(inputs, targets)
    with no_grad():
        outputs = len(listed(model(examples.inputs[0])))
    return Examples(examples.inputs, fitted(examples.targets, loss, outputs))


def _goal(until: Until | None) -> Callable[[History], bool]:
    if until is None:
        return lambda history: False  # noqa: ARG005
    if callable(until):
        return until
    goal = as_float(until)
    return lambda history: history.loss <= goal


def _state(model: Any, like: Iterable[str] = ()) -> dict[str, float]:
    """What the parameters are, under the very keys of an earlier state if there is one."""
    keys = list(like)
    if keys:  # strings take more room than the numbers, and paths more time than all the rest
        numbers = (parameter.data for parameter in model.parameters())
        return dict(zip(keys, numbers, strict=True))
    if hasattr(model, "state_dict"):
        return dict(model.state_dict())
    return {str(index): parameter.data for index, parameter in enumerate(model.parameters())}


__all__ = ["fit"]
