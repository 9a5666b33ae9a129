"""How wrong a prediction is: the loss of one example, from its predictions and its targets.

Vocabulary:  p   a prediction        x   a logit, the number that a sigmoid or softmax is of
             t   a target

Each loss takes the output of a model, one number or a sequence, and as many targets, and
adds up over the outputs; `mse` alone takes their mean. What is done over the examples of a
batch, mean or sum, is said where a batch is: `reduction=` of `fit` and of `batch_loss`.

>>> from tinygrad_bp import Value
>>> squared_error([Value(1.0), Value(5.0)], [2.0, 3.0]).data
5.0
>>> mse([Value(1.0), Value(5.0)], [2.0, 3.0]).data
2.5

A target that is a number, 0 or 1 say, leaves out of the graph what it multiplies by 0. One
that is an input of a recording can not be looked at, so there the graph holds a `where`
instead; the numbers are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.core.value import Value
from tinygrad_bp.rows.operand import Operand
from tinygrad_bp.rows.primitives import (
    clip,
    log,
    log1p,
    logsumexp,
    multiply,
    relu,
    softplus,
    sum_,
    where,
)

Loss = Callable[[Any, Any], Any]
"""A function of the predictions and the targets of one example."""


def squared_error(prediction: Any, target: Any) -> Any:
    """The sum of (t - p)**2 over the outputs."""
    return total([_square(t - p) for p, t in pairs(prediction, target)])


def mse(prediction: Any, target: Any) -> Any:
    """The mean of (t - p)**2 over the outputs."""
    matched = pairs(prediction, target)
    squares = total([_square(t - p) for p, t in matched])
    return squares / len(matched) if len(matched) > 1 else squares


def huber(prediction: Any, target: Any, *, delta: float = 1.0) -> Any:
    """The sum of d**2 / 2 where |d| <= delta, else delta * (|d| - delta / 2); d = t - p.

    >>> huber(0.0, 0.5), huber(0.0, -3.0)
    (0.125, 2.5)

    Huber, "Robust estimation of a location parameter" (1964). With c = clip(d, -delta,
    delta) both cases are c * (d - c / 2), which has no corner at d = 0.
    """
    terms = []
    for p, t in pairs(prediction, target):
        d = t - p
        c = clip(d, -delta, delta)
        terms.append(c * (d - 0.5 * c))
    return total(terms)


def hinge(prediction: Any, target: Any) -> Any:
    """The sum of max(0, 1 - t * p), for targets -1 and 1.

    >>> hinge(0.25, 1), hinge(0.25, -1)
    (0.75, 1.25)

    Cortes and Vapnik, "Support-vector networks" (1995).
    """
    return total([relu(1.0 - t * p) for p, t in pairs(prediction, target)])


def binary_cross_entropy(prediction: Any, target: Any) -> Any:
    """The sum of -(t log(p) + (1 - t) log(1 - p)), for predictions and targets in [0, 1].

    >>> binary_cross_entropy(0.0, 0.0), binary_cross_entropy(0.0, 1.0)
    (0.0, inf)

    0 log 0 is 0, so a prediction of exactly 0 or 1 that is right costs nothing, and one
    that is wrong costs `inf`. The negative log-likelihood of a Bernoulli variable: Bishop,
    "Pattern recognition and machine learning" (2006), equation 4.90.
    """
    return total(
        [-_mixture((t, log, p), (1.0 - t, _log_of_rest, p)) for p, t in pairs(prediction, target)]
    )


def binary_cross_entropy_from_logits(prediction: Any, target: Any) -> Any:
    """`binary_cross_entropy` of sigmoid(x): the sum of t softplus(-x) + (1 - t) softplus(x).

    >>> binary_cross_entropy_from_logits(1000.0, 0), binary_cross_entropy_from_logits(40.0, 1)
    (1000.0, 4.248354255291589e-18)

    Nothing is subtracted, so no digit is lost, however large the logit.
    """
    return total(
        [
            _mixture((t, _softplus_of_negative, x), (1.0 - t, softplus, x))
            for x, t in pairs(prediction, target)
        ]
    )


def cross_entropy(prediction: Any, target: Any) -> Any:
    """The sum of -t_k log(softmax(x)_k) over the classes k.

    >>> cross_entropy([0.0, 0.0, 1000.0], 2), cross_entropy([0.0, 0.0, 1000.0], [1, 0, 0])
    (0.0, 1000.0)

    The target is the index of the right class, or the probability of each (one-hot, say).
    -log(softmax(x)_k) is softplus(logsumexp(the other logits) - x_k): where class k is all
    but certain, log(sum(exp(x))) - x_k would lose every digit. Softmax and its loss: Bishop
    (2006), equation 4.108.
    """
    logits, targets = listed(prediction), listed(target)
    if len(targets) == 1:
        return _surprise(logits, class_index(targets[0], len(logits)))
    surprise = partial(_surprise, logits)
    return _mixture(*[(t, surprise, k) for k, (_, t) in enumerate(pairs(logits, targets))])


LOSSES: dict[str, Loss] = {
    loss.__name__: loss
    for loss in (
        mse,
        squared_error,
        binary_cross_entropy,
        binary_cross_entropy_from_logits,
        cross_entropy,
        hinge,
        huber,
    )
}


# Helpers ----------------------------------------------------------------------------------


def listed(numbers: Any) -> list[Any]:
    """One number or a sequence of them, as a list."""
    if isinstance(numbers, np.ndarray):
        flat: list[Any] = numbers.ravel().tolist()
        return flat
    return list(numbers) if isinstance(numbers, list | tuple) else [numbers]


def pairs(prediction: Any, target: Any) -> list[tuple[Any, Any]]:
    """Each prediction with its target, or an error if their numbers differ."""
    predictions, targets = listed(prediction), listed(target)
    if len(predictions) != len(targets) or not predictions:
        raise ValueError(
            "a loss needs a target for each prediction, got "
            f"{len(predictions)} predictions and {len(targets)} targets"
        )
    return [(p, number_of(t)) for p, t in zip(predictions, targets, strict=True)]


def number_of(target: Any) -> Any:
    """A float where the target is known, as constants are; else the operand that it is."""
    if isinstance(target, Value) and target.is_constant:
        return target.data
    if isinstance(target, Operand):
        return target
    return as_float(target)


def class_index(target: Any, classes: int) -> int:
    """The index of the right class as an int."""
    if classes < 2:
        raise ValueError(
            "cross_entropy needs the logits of two classes or more: "
            "for one logit there is binary_cross_entropy_from_logits"
        )
    number = number_of(target)
    if isinstance(number, Operand):
        raise TypeError(
            f"the index of a class must be known, got {number!r}: "
            "give the probability of each class instead, 1 for the right one"
        )
    if not number.is_integer() or not 0 <= number < classes:
        raise ValueError(
            f"the target of cross_entropy is a class from 0 to {classes - 1}, got {number:g}"
        )
    return int(number)


def total(terms: list[Any]) -> Any:
    """The sum, as one node."""
    return terms[0] if len(terms) == 1 else sum_(*terms)


def _square(d: Any) -> Any:
    return multiply(d, d)


def _surprise(logits: list[Any], k: int) -> Any:
    """-log(softmax(logits)_k)."""
    others = logits[:k] + logits[k + 1 :]
    return softplus((logsumexp(*others) if len(others) > 1 else others[0]) - logits[k])


def _log_of_rest(p: Any) -> Any:
    """log(1 - p), to the last digit for small p too."""
    return log1p(-p)


def _softplus_of_negative(x: Any) -> Any:
    return softplus(-x)


def _mixture(*weighted: tuple[Any, Callable[[Any], Any], Any]) -> Any:
    """The sum of weight * term(operand), where a weight of 0 makes a term vanish, be it infinite.

    A known weight of 0 or 1 leaves no trace in the graph. The `where` of an unknown one
    falls back on -0.0, not 0.0, since only x + -0.0 is x to the last bit for every x.
    """
    terms: list[Any] = []
    for weight, term, operand in weighted:
        if isinstance(weight, Operand):
            terms.append(where(weight, weight * term(operand), -0.0))
        elif weight:
            terms.append(term(operand) if weight == 1.0 else weight * term(operand))
    return total(terms) if terms else 0.0


__all__ = [
    "LOSSES",
    "Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_from_logits",
    "class_index",
    "cross_entropy",
    "hinge",
    "huber",
    "listed",
    "mse",
    "squared_error",
]
