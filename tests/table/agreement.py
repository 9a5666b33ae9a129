"""Independent ways to the derivative of a random program, and how far rounding may part them."""

from __future__ import annotations

from typing import Any

import mpmath

from tests.table.differences import derivative
from tests.table.rounding import rounding_bound
from tests.table.truths import TRUTHS
from tinygrad_bp import Value, gradient, topological_order
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.graph.sweep import tangents

TRUNCATION = 1e-60
"""Of a central difference with 200 bits; softmax(x), which is 1, has been seen with 3e-73."""


def built(program: Expression) -> tuple[list[Value], Value]:
    """The leaves and the output."""
    nodes = program.run(list(map(Value, program.inputs)))
    return nodes[: len(program.inputs)], nodes[-1]


def slope(output: Value, leaf: Value) -> Value:
    """The derivative as a graph; of a constant it is 0."""
    result: Value = gradient(output, leaf, create_graph=True)
    return result


def gradient_and_bounds(program: Expression) -> tuple[list[float], list[float]]:
    """The gradient by a backward sweep, and how far rounding may have moved it."""
    leaves, output = built(program)
    return gradient(output, leaves), bounds(program)


def bounds(program: Expression) -> list[float]:
    """How far rounding may move the derivative by each input."""
    leaves, output = all_leaves(program)
    return list(map(rounding_bound, gradient(output, leaves, create_graph=True)))


def all_leaves(program: Expression) -> tuple[list[Value], Value]:
    """The inputs and the output, constants being leaves as well.

    So what is computed from constants alone counts when roundings are added up.
    """
    leaves = [Value(x) for x in program.inputs]

    def apply(name: str, *operands: Any) -> Any:
        lifted = [o if isinstance(o, Value) else Value(o) for o in operands]
        return ROWS[name](*lifted)

    return leaves, program.run(leaves, apply)[-1]


def forward(program: Expression, index: int) -> float:
    """The derivative by one input, by a sweep from there on."""
    leaves, output = built(program)
    found = tangents(topological_order(output), {leaves[index]: 1.0})
    return float(found.get(output, 0.0))


def forward_bound(program: Expression, index: int) -> float:
    """How far rounding may move that: it adds in another order than the sweep back does.

    Of x + (y - x) the one adds 1 and -1 by themselves, the other may add something small to -1.
    """
    leaves, output = all_leaves(program)
    seeds = {leaves[index]: Value(1.0)}
    found = tangents(topological_order(output), seeds, as_graph=True)
    return rounding_bound(found.get(output, 0.0))


def central_difference(program: Expression, index: int) -> Any:
    """The derivative by one input of the program as mpmath computes it, to 50 digits."""

    def run(*inputs: Any) -> Any:
        return program.run(
            inputs, lambda name, *operands: TRUTHS[name](*map(mpmath.mpf, operands))
        )[-1]

    orders = tuple(int(i == index) for i in range(len(program.inputs)))
    with mpmath.workprec(200):
        inputs = tuple(map(mpmath.mpf, program.inputs))
        return derivative(run, inputs, orders, (1,) * len(inputs))
