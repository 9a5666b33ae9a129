"""Random programs over the whole table: what is true of the gradient of every one of them."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings, strategies as st

from tests.table.agreement import (
    TRUNCATION,
    bounds,
    built,
    central_difference,
    forward,
    forward_bound,
    gradient_and_bounds,
    slope,
)
from tests.table.mutations import WRONG_PARTIAL
from tests.table.rounding import rounding_bound
from tinygrad_bp import Value, gradient, no_grad, strict, topological_order
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.rows import ROWS, WRITTEN
from tinygrad_bp.check.programs.steps import Step
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.graph.sweep import adjoints

ULP = sys.float_info.epsilon
COMMUTATIVE = {
    *("add", "multiply", "maximum", "minimum", "hypot", "logaddexp"),
    *("sum", "prod", "logsumexp"),
}

# Against independent ways to the same number ------------------------------------------------


# The slope of lgamma loses digits beside its root, and tests/table/units.py says how many.
COMPARED = [row.name for row in WRITTEN if row.name != "lgamma"]


@pytest.mark.parametrize("row", COMPARED)
@settings(max_examples=12)
@given(st.data())
def test_backward_equals_forward_equals_finite_differences(row: str, data: st.DataObject) -> None:
    program = data.draw(expressions(containing=row))
    found, allowed = gradient_and_bounds(program)
    # Where rounding explains more, the comparison would say nothing.
    assume(all(bound < 1e-9 * (1.0 + abs(x)) for x, bound in zip(found, allowed, strict=True)))

    for index, (by_backward, bound) in enumerate(zip(found, allowed, strict=True)):
        apart = abs(by_backward - forward(program, index))
        assert apart <= bound + forward_bound(program, index)
        assert abs(by_backward - central_difference(program, index)) <= bound + TRUNCATION


@given(expressions(max_steps=15))
def test_gradient_as_graph_has_the_bits_of_the_gradient(program: Expression) -> None:
    leaves, output = built(program)

    assert numbers(gradient(output, leaves, create_graph=True)) == gradient(output, leaves)


@given(expressions(max_steps=15))
def test_gradient_under_strict_has_the_bits_of_the_gradient(program: Expression) -> None:
    leaves, output = built(program)
    expected = gradient(output, leaves)

    with strict():
        assert gradient(output, leaves) == expected


@given(expressions())
def test_numbers_are_those_of_plain_floats(program: Expression) -> None:
    nodes = program.run(list(map(Value, program.inputs)))

    assert [node.data for node in nodes] == program.run(program.inputs)


# Linearity ------------------------------------------------------------------------------


@given(expressions(), st.sampled_from([2.0, -1.0, -0.25, 1024.0]))
def test_gradient_is_linear_in_the_seed(program: Expression, seed: float) -> None:
    leaves, output = built(program)
    plain = gradient(output, leaves)

    # Exactly, because a power of two does not round.
    assert gradient(output, leaves, seed=seed) == [seed * x for x in plain]


@given(expressions(), st.data())
def test_two_seeds_add(program: Expression, data: st.DataObject) -> None:
    nodes = program.run(list(map(Value, program.inputs)))
    last = len(nodes) - 1
    place = data.draw(st.integers(0, last - 1))
    together = adjoints(
        topological_order(nodes[last], nodes[place]), {nodes[last]: 2.0, nodes[place]: 1.0}
    )
    shorter = Expression.of_steps(
        program.inputs, program.steps[: max(0, place + 1 - len(program.inputs))]
    )
    allowed = zip(bounds(program), bounds(shorter), strict=True)

    for leaf, (first, second) in zip(nodes[: len(program.inputs)], allowed, strict=True):
        if place < len(program.inputs):
            expected = 2.0 * slope(nodes[last], leaf).data + float(leaf is nodes[place])
        else:
            expected = 2.0 * slope(nodes[last], leaf).data + slope(nodes[place], leaf).data
        assert (
            abs(together.get(leaf, 0.0) - expected)
            <= 4.0 * first + 2.0 * second + abs(expected) * ULP
        )


@given(expressions(), st.lists(st.booleans(), min_size=60, max_size=60))
def test_two_uses_add(program: Expression, choices: list[bool]) -> None:
    # The first input as two leaves of the same number: some uses look at one, some at the other.
    copied, uses = len(program.inputs) + len(program.steps), iter(choices)
    split = program.with_steps(
        lambda step: replace(
            step,
            operands=tuple(
                copied if o == 0 and isinstance(o, int) and next(uses) else o for o in step.operands
            ),
        )
    )
    leaves, output = built(program)
    whole = slope(output, leaves[0]).data
    first, second = Value(program.inputs[0]), Value(program.inputs[0])
    nodes = run_with_extra(split, [first, *map(Value, program.inputs[1:])], {copied: second})
    parts = slope(nodes[-1], first).data, slope(nodes[-1], second).data

    # Each part adds up some of the terms of the whole, so their bounds together are its bound.
    assert abs(whole - sum(parts)) <= 2.0 * bounds(program)[0] + ULP * sum(map(abs, parts))


# Order ----------------------------------------------------------------------------------


@given(expressions(max_steps=12), st.randoms(use_true_random=False))
def test_order_of_construction_does_not_matter(program: Expression, rng: Any) -> None:
    leaves, output = built(program)
    shuffled = [Value(x) for x in program.inputs]
    nodes: dict[int, Any] = dict(enumerate(shuffled))
    waiting = dict(enumerate(program.steps, start=len(shuffled)))
    while waiting:
        ready = [
            number
            for number, step in waiting.items()
            if all(not isinstance(o, int) or o in nodes for o in step.operands)
        ]
        number = rng.choice(ready)
        step = waiting.pop(number)
        nodes[number] = applied(step, nodes)

    assert gradient(nodes[max(nodes)], shuffled) == gradient(output, leaves)


@given(expressions(max_steps=12))
def test_order_of_uses_matters_by_rounding_alone(program: Expression) -> None:
    def turned(step: Step) -> Step:
        return replace(step, operands=step.operands[:: -1 if step.row in COMMUTATIVE else 1])

    found, allowed = gradient_and_bounds(program)
    others, other_allowed = gradient_and_bounds(program.with_steps(turned))

    for x, y, bound, other in zip(found, others, allowed, other_allowed, strict=True):
        assert abs(x - y) <= bound + other


@given(expressions())
def test_unrelated_nodes_do_not_matter(program: Expression) -> None:
    leaves, output = built(program)
    expected = gradient(output, leaves)
    unrelated = [3.0 * leaf + output for leaf in leaves] + [output.exp()]
    output.backward()

    assert [leaf.grad for leaf in leaves] == expected
    assert [node.grad for node in unrelated] == [0.0] * len(unrelated)


# Again, and elsewhere -------------------------------------------------------------------


@given(expressions())
def test_backward_twice_doubles_leaves_and_nothing_else(program: Expression) -> None:
    _, output = built(program)
    order = topological_order(output)
    if not output.parents:
        return
    output.backward()
    once = {node: node.grad for node in order}
    output.backward()

    for node in order:
        if not node.is_constant:
            assert node.grad == (2.0 if node.is_leaf else 1.0) * once[node]


@given(expressions(max_steps=12), st.data())
def test_two_outputs_share_a_graph_exactly(program: Expression, data: st.DataObject) -> None:
    nodes = program.run(list(map(Value, program.inputs)))
    leaves = nodes[: len(program.inputs)]
    other = data.draw(st.sampled_from(nodes[len(program.inputs) :]))
    assume(not other.is_constant and not nodes[-1].is_constant)
    first, second = gradient(nodes[-1], leaves), gradient(other, leaves)
    inside = topological_order(other)
    expected = gradient(other, [node for node in inside if not node.is_constant])
    nodes[-1].backward()
    other.backward()

    assert [leaf.grad for leaf in leaves] == [x + y for x, y in zip(first, second, strict=True)]
    variable = [node for node in inside if not node.is_constant]
    for node, interior in zip(variable, expected, strict=True):
        assert node.is_leaf or node.grad == interior


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda output: pickle.loads(pickle.dumps(output))]
)
@given(expressions(max_steps=12))
def test_copy_has_the_same_bits(copied: Callable[[Value], Value], program: Expression) -> None:
    _, output = built(program)
    other = copied(output)
    output.backward()
    other.backward()

    def facts(root: Value) -> list[Any]:
        return [(node.data, node.grad, node.op) for node in topological_order(root)]

    assert facts(other) == facts(output)
    assert not set(topological_order(other)) & set(topological_order(output))


@given(expressions())
def test_no_grad_computes_the_same_bits(program: Expression) -> None:
    recorded = program.run(list(map(Value, program.inputs)))
    with no_grad():
        constants = program.run(list(map(Value, program.inputs)))

    assert [node.data for node in constants] == [node.data for node in recorded]
    assert all(node.is_constant for node in constants[len(program.inputs) :])


# The checks can fail ------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [m for m in WRONG_PARTIAL if m != "missing"])
def test_finite_differences_notice_a_wrong_rule(wrong: str) -> None:
    program = Expression.of_steps(
        (0.7, -1.2), (Step("multiply", (0, 1)), Step("sin", (2,)), Step("add", (3, 0)))
    )
    planted = {**ROWS, "sin": WRONG_PARTIAL[wrong](ROWS["sin"], 0)}
    leaves = [Value(x) for x in program.inputs]
    output = program.run(leaves, lambda name, *operands: planted[name](*operands))[-1]
    found = slope(output, leaves[0])

    assert rounding_bound(found) < 1e-13
    assert abs(found.data - central_difference(program, 0)) > 1e-7


def test_bound_is_not_zero_and_not_wide() -> None:
    leaves, output = built(
        Expression.of_steps((0.7, -1.2), (Step("multiply", (0, 1)), Step("exp", (2,))))
    )

    assert 1e-16 < rounding_bound(slope(output, leaves[0])) < 1e-14


# Helpers --------------------------------------------------------------------------------


def applied(step: Step, nodes: Any) -> Any:
    return ROWS[step.row](*[nodes[o] if isinstance(o, int) else o for o in step.operands])


def run_with_extra(program: Expression, inputs: Sequence[Any], extra: dict[int, Any]) -> list[Any]:
    """The nodes, where some operands are none of them."""
    nodes = dict(enumerate(inputs))
    for number, step in enumerate(program.steps, start=len(inputs)):
        nodes[number] = applied(step, nodes | extra)
    return list(nodes.values())


def numbers(nodes: Sequence[Value]) -> list[float]:
    return [node.data for node in nodes]
