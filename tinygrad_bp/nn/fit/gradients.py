"""The loss of one example and its gradient, and what both are for a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.sweep import adjoints
from tinygrad_bp.nn.choices import chosen
from tinygrad_bp.nn.fit.examples import examples_of, fitted
from tinygrad_bp.nn.losses import LOSSES, Loss, listed
from tinygrad_bp.rows.primitives import sum_

Model = Callable[[Any], Any]
"""Takes the numbers of one example, gives one output or a list."""


def mean(total: Any, examples: int) -> Any:
    """The sum over a batch, divided by the number of examples."""
    return total / examples if examples > 1 else total


def whole_sum(total: Any, examples: int) -> Any:  # noqa: ARG001
    """The sum over a batch as it is."""
    return total


PARTIAL_SUMS = 8
"""Among how many sums the examples of a batch are dealt out."""

REDUCTIONS: dict[str, Callable[[Any, int], Any]] = {"mean": mean, "sum": whole_sum}


def loss_and_gradient(
    model: Model, loss: Loss, parameters: Sequence[Value], inputs: Any, target: Any
) -> tuple[float, list[float]]:
    """The loss of one example and its derivative by each parameter; touches no `grad`.

    >>> from tinygrad_bp import nn
    >>> neuron = nn.Neuron(1, "linear", init=[3.0])
    >>> loss_and_gradient(neuron, nn.mse, neuron.parameters(), [2.0], 5.0)
    (1.0, [4.0, 2.0])
    """
    prediction = model(inputs)
    value = loss(prediction, target)
    if not isinstance(value, Value) or value.is_constant:
        raise TypeError(
            "the loss of a model's prediction is a Value that depends on the parameters, got "
            f"{value!r}: did the model use .data, or run under no_grad?"
        )
    adjoint = adjoints(order_of(prediction, value), {value: 1.0})
    return value._data, [adjoint.get(parameter, 0.0) for parameter in parameters]


def order_of(prediction: Any, value: Value) -> list[Value]:
    """The order of the graph of a loss: first that of the predictions, one after the other.

    A loss may look at them in another order for another target, as `cross_entropy` does, and
    a sweep adds in the order of the graph: then a tape of one example would not be that of
    the next to the last bit.
    """
    outputs = [output for output in listed(prediction) if isinstance(output, Value)]
    return topological_order(*outputs, value)


def batch_loss_and_gradient(
    examples: Iterable[tuple[float, list[float]]], reduction: Callable[[Any, int], Any]
) -> tuple[float, list[float]]:
    """The loss and gradient of a batch, from those of its examples.

    >>> batch_loss_and_gradient([(1.0, [2.0]), (3.0, [8.0])], mean)
    (2.0, [5.0])

    The order of the additions is that of `reduced`.
    """
    loss, *gradient = reduced(([loss, *gradient] for loss, gradient in examples), reduction)
    return loss, gradient


def reduced(examples: Iterable[list[float]], reduction: Callable[[Any, int], Any]) -> list[float]:
    """The lists of a batch's examples as one, number by number.

    >>> reduced([[1.0, 2.0], [3.0, 8.0]], whole_sum)
    [4.0, 10.0]

    The order is fixed, and the same whether machine code takes one example at a time or
    eight: example i goes to partial sum i % 8, in turn; the partial sums are added from
    first to last; the division comes at the end.
    """
    sums: list[list[float]] = []
    count = 0
    for numbers in examples:
        if count < PARTIAL_SUMS:
            sums.append(numbers)
        else:
            sums[count % PARTIAL_SUMS] = _added(sums[count % PARTIAL_SUMS], numbers)
        count += 1
    return of_a_batch(sums, count, reduction)


def of_a_batch(
    sums: Sequence[list[float]], examples: int, reduction: Callable[[Any, int], Any]
) -> list[float]:
    """What `reduced` makes of the partial sums of so many examples."""
    whole = reduce(_added, sums)
    return [reduction(number, examples) for number in whole] if examples > 1 else whole


def _added(one: list[float], other: list[float]) -> list[float]:
    return [g + h for g, h in zip(one, other, strict=True)]


def batch_loss(
    model: Model, inputs: Any, targets: Any, *, loss: Loss | str = "mse", reduction: str = "mean"
) -> Any:
    """The loss over all examples as one `Value`, to look at and to differentiate.

    >>> from tinygrad_bp import nn
    >>> neuron = nn.Neuron(1, "linear", init=[3.0])
    >>> value = batch_loss(neuron, [[1.0], [2.0]], [3.0, 4.0], loss=nn.mse)
    >>> value.backward()
    >>> value.data, [parameter.grad for parameter in neuron.parameters()]
    (2.0, [4.0, 2.0])

    `inputs` and `targets` are as for `fit`, `reduction` is "mean" or "sum" over the examples.
    """
    function, reduced = loss_of(loss), reduction_of(reduction)
    examples = examples_of(inputs, targets)
    outputs = [model(row) for row in examples.inputs]
    wanted = fitted(examples.targets, function, len(listed(outputs[0])))
    losses = [function(p, t) for p, t in zip(outputs, wanted, strict=True)]
    return reduced(sum_(*losses) if len(losses) > 1 else losses[0], len(losses))


def loss_of(loss: Loss | str) -> Loss:
    """The loss function of that name, or the function itself."""
    return chosen(loss, LOSSES, "loss") if isinstance(loss, str) else _function(loss)


def reduction_of(reduction: str) -> Callable[[Any, int], Any]:
    """The reduction over the examples of a batch of that name."""
    return chosen(reduction, REDUCTIONS, "reduction")


def _function(loss: Any) -> Loss:
    if not callable(loss):
        raise TypeError(
            "a loss is a name or a function of the predictions and targets of one example, "
            f"got {type(loss).__name__} {loss!r}"
        )
    function: Loss = loss
    return function


__all__ = [
    "Model",
    "batch_loss",
    "batch_loss_and_gradient",
    "loss_and_gradient",
    "loss_of",
    "reduced",
    "reduction_of",
]
