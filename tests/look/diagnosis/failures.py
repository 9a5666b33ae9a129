"""A family of failures, each with the operation that is its cause, to be planted in any graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tinygrad_bp import Value, exp, log, sigmoid, sqrt, where
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.rows.primitives import BY_NAME


@dataclass(frozen=True)
class Failure:
    """What grows from a value: where it ends, and the operation at fault."""

    end: Value
    cause: Value
    before: Value | None = None
    """The operation whose rounded result made the cause fail."""
    spreads: bool = True
    """Whether what follows in the program is made of it; else it shows in the output alone."""


@dataclass(frozen=True)
class Planted:
    """A failure in a graph, between its inputs and its output."""

    inputs: list[Value]
    output: Value
    failure: Failure


def _of(make: Callable[[Value], Value]) -> Callable[[Value], Failure]:
    def failure(zero: Value) -> Failure:
        end = make(zero)
        return Failure(end, end)

    return failure


def _saturated(zero: Value) -> Failure:
    p = sigmoid(zero + 40.0)
    end = log(1.0 - p)
    return Failure(end, end, p)


def _handmade_sigmoid(zero: Value) -> Failure:
    below = 1.0 + exp(-(zero + 40.0))
    end = log(1.0 - 1.0 / below)
    return Failure(end, end, below)


def _underflow(zero: Value) -> Failure:
    weight = exp(zero - 800.0)
    end = 1.0 / weight
    return Failure(end, end, weight)


def _masked_log(zero: Value) -> Failure:
    logarithm = log(zero)
    return Failure(where(zero > 0.0, 1.0, 0.0) * logarithm, logarithm)


def _infinity_less_infinity(zero: Value) -> Failure:
    large = exp(zero + 1000.0)
    return Failure(large - large, large)


def _given(zero: Value) -> Failure:
    end = zero + math.inf
    return Failure(end, end.parents[1])


FORWARD = {
    "overflow of exp": _of(lambda zero: exp(zero + 1000.0)),
    "overflow of a product": _of(lambda zero: (zero + 1e200) * 1e200),
    "overflow of a wide sum": _of(lambda zero: BY_NAME["sum"](zero, *[1e307] * 20)),
    "log of 0": _of(log),
    "log of a negative number": _of(lambda zero: log(zero - 1.0)),
    "1/0": _of(lambda zero: 1.0 / zero),
    "0/0": _of(lambda zero: zero / zero),
    "root of a negative number": _of(lambda zero: sqrt(zero - 1.0)),
    "saturated sigmoid, then log": _saturated,
    "handmade sigmoid, then log": _handmade_sigmoid,
    "underflow, then division": _underflow,
    "0 * inf through where": _masked_log,
    "inf - inf": _infinity_less_infinity,
    "an infinite constant": _given,
}
"""Failures of the value; they take a node that is zero."""


def _masked_root(zero: Value) -> Failure:
    root = sqrt(zero)
    return Failure(where(zero > 0.0, 1.0, 0.0) * root, root)


def _steep(zero: Value) -> Failure:
    root = sqrt(zero)
    return Failure(root, root)


def _large_factors(zero: Value) -> Failure:
    inner = zero * 1e200
    return Failure(inner * 1e200, inner)


def _large_sum(zero: Value) -> Failure:
    one, other = zero * 1e308, zero * 1e308
    # The sweep goes through the other one first. The gradient that reaches them has to be 1.
    return Failure(one + other, one, spreads=False)


def _hidden_overflow(zero: Value) -> Failure:
    large = exp(zero + 1000.0)
    return Failure(1.0 / (1.0 + large), large)


BACKWARD = {
    "0 * inf through where": _masked_root,
    "infinitely steep": _steep,
    "overflow of a product": _large_factors,
    "overflow of a sum": _large_sum,
    "an infinity that only the gradient shows": _hidden_overflow,
}
"""Failures of the gradient alone; what they end in is 0."""


def _untaken(zero: Value) -> Failure:
    end = where(zero > 0.0, log(zero) * sqrt(zero), 0.0)
    return Failure(end, end)


def _harmless(zero: Value) -> Failure:
    end = where(1.0, zero, 1.0 / zero)
    return Failure(end, end)


SOUND = {"a branch not taken": _untaken, "a pole in the other branch": _harmless}
"""What looks like a failure, and is none."""


def planted(program: Expression, failure: Callable[[Value], Failure], position: int) -> Planted:
    """The program with a failure grown from one of its nodes, which all that follows is made of.

    The output is the program's own, plus what the failure came to, so that it shows.
    """
    inputs = [Value(number, f"x{i}") for i, number in enumerate(program.inputs)]
    nodes = list(inputs)
    found = None
    for step in (*program.steps, None):
        if len(nodes) > position and found is None:
            found = failure(nodes[position] - nodes[position].data)
            if found.spreads:
                nodes[position] = nodes[position] + found.end
        if step is not None:
            operands = [nodes[o] if isinstance(o, int) else o for o in step.operands]
            nodes.append(BY_NAME[step.row](*operands))
    assert found is not None
    return Planted(inputs, nodes[-1] + found.end, found)
