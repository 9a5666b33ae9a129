"""The strategies: what they draw is as asked for, wasted on nothing, and shrinks."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings, strategies as st

from tests.core.test_registry import _what_a_test_registers_is_forgotten as _forgotten  # noqa: F401
from tinygrad_bp import Value, gradient, register, topological_order
from tinygrad_bp.check.programs import builder
from tinygrad_bp.check.programs.builder import is_at_home
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.check.programs.strategies import SMOOTH, expressions, inputs_for, values
from tinygrad_bp.graph.sweep import local_partials
from tinygrad_bp.rows import primitives
from tinygrad_bp.rows.primitive import named

MAPS = {"tanh", "softplus", "atan", "add", "multiply", "subtract"}
every_row = pytest.mark.parametrize("row", ROWS)
few = settings(max_examples=10)
# For what is only to be found, and not to be made small.
quick = settings(phases=[Phase.generate], database=None)


def is_finite(node: Value) -> bool:
    return all(math.isfinite(x) for x in (node.data, *local_partials(node)) if x is not None)


def depth(expression: Expression) -> int:
    depths = [0] * len(expression.inputs)
    for step in expression.steps:
        depths.append(1 + max(depths[node] for node in step.nodes))
    return depths[-1]


def rows(expression: Expression) -> set[str]:
    return {step.row for step in expression.steps}


@given(expressions(max_steps=15))
def test_no_draw_is_wasted_on_nan(expression: Expression) -> None:
    leaves = expression.values()
    output = expression(*leaves)

    assert all(map(is_finite, topological_order(output)))
    assert all(map(math.isfinite, gradient(output, leaves)))
    assert is_at_home(expression, expression.inputs)


@every_row
@few
@given(st.data())
def test_each_has_the_operation_that_is_asked_for(row: str, data: st.DataObject) -> None:
    expression = data.draw(expressions(containing=row))

    assert row in rows(expression)
    assert is_at_home(expression, expression.inputs)


@every_row
@few
@given(st.data())
def test_one_operation_alone_can_be_asked_for(row: str, data: st.DataObject) -> None:
    expression = data.draw(expressions([row], max_steps=3))

    assert rows(expression) <= {row} | MAPS
    assert row in rows(expression)


@given(expressions(max_steps=12))
def test_the_output_depends_on_every_step(expression: Expression) -> None:
    output = expression(*expression.values())
    inside = [node for node in topological_order(output) if node.parents]

    assert len(inside) == len(expression.steps)


@given(expressions(kinks="none"))
def test_without_kinks_only_smooth_operations_occur(expression: Expression) -> None:
    for row in map(named, rows(expression)):
        assert row.kink is None or row in SMOOTH


@given(expressions())
def test_beside_kinks_is_well_beside(expression: Expression) -> None:
    nodes = expression.run(expression.inputs)
    for step in expression.steps:
        row = named(step.row)
        operands = [nodes[o] if isinstance(o, int) else o for o in step.operands]
        is_certain = step.row == "where" and isinstance(step.operands[0], float)
        assert is_certain or row.kink is None or abs(row.kink(*operands)) > builder.MARGIN


POLES = ("divide", "share")


@pytest.mark.parametrize("row", [n for n, row in ROWS.items() if row.kink and n not in POLES])
def test_kinks_are_met_where_that_can_be_arranged(row: str) -> None:
    on = expressions([row], kinks="on", max_steps=2)

    assert find(on, lambda expression: any(on_kink(expression)), settings=quick)


@given(expressions(kinks="on"))
def test_numbers_are_finite_on_kinks_too(expression: Expression) -> None:
    assert all(map(math.isfinite, expression.run(expression.inputs)))


def on_kink(expression: Expression) -> list[bool]:
    nodes = expression.run(expression.inputs)
    return [
        row.kink(*[nodes[o] if isinstance(o, int) else o for o in step.operands]) == 0.0
        for step in expression.steps
        if (row := named(step.row)).kink
    ]


@given(expressions(sharing=False, max_steps=12))
def test_without_sharing_each_result_is_used_once(expression: Expression) -> None:
    uses = Counter(node for step in expression.steps for node in step.nodes)
    size = len(expression.inputs)

    assert all(count == 1 for node, count in uses.items() if node >= size)


def test_with_sharing_some_are_used_twice() -> None:
    shared = find(expressions(["sin", "add"]), lambda e: ":=" in repr(e))

    assert repr(shared) == "Expression(lambda x: (t1 := sin(x)) + t1, 0.5)"


@given(expressions(max_depth=2, max_steps=12))
def test_depth_is_limited(expression: Expression) -> None:
    assert depth(expression) <= 2


@given(expressions(max_inputs=1))
def test_inputs_are_limited(expression: Expression) -> None:
    assert len(expression.inputs) == 1


@given(st.data())
def test_other_inputs_are_inside_all_domains(data: st.DataObject) -> None:
    expression = data.draw(expressions())
    inputs = data.draw(inputs_for(expression))

    assert len(inputs) == len(expression.inputs)
    assert is_at_home(expression, inputs)


def test_other_inputs_reach_far_and_shrink_to_the_expressions_own() -> None:
    root = Expression(lambda x: primitives.sqrt(x), 1.0)

    assert find(inputs_for(root), lambda _inputs: True) == (1.0,)
    assert find(inputs_for(root), lambda inputs: inputs[0] > 4.0) > (4.0,)
    assert find(inputs_for(root), lambda inputs: inputs[0] < 0.2) < (0.2,)


def test_where_no_other_inputs_will_do_there_are_its_own() -> None:
    lonely = Expression(lambda x: primitives.log(x), -1.0)

    assert find(inputs_for(lonely), lambda _inputs: True) == (-1.0,)


@given(values(1.0, 2.0))
def test_values_are_leaves_within_bounds(value: Value) -> None:
    assert 1.0 <= value.data <= 2.0
    assert value.is_leaf


def test_values_may_be_infinite_or_nan() -> None:
    infinite = find(values(allow_infinity=True), lambda v: math.isinf(v.data))
    nan = find(values(allow_nan=True), lambda v: math.isnan(v.data))

    assert (infinite.data, math.isnan(nan.data)) == (math.inf, True)


def test_operations_of_ones_own_can_be_drawn() -> None:
    register("far", "far({})", lambda x: x + 1e6, lambda z, x: (1.0,))  # noqa: ARG005
    nowhere = register(
        "nowhere", "nowhere({}, {})", lambda x, y: x + y, lambda z, x, y: (1.0, 1.0),  # noqa: ARG005
        kink=lambda x, y: 0.0,  # noqa: ARG005
    )  # fmt: skip

    for row in ("far", nowhere, "pow"):
        lonely = find(expressions([row], max_depth=0), lambda _e: True, settings=quick)
        assert len(lonely.steps) == 1


@pytest.mark.parametrize("interval", [(2.0, 2.1), (9.0, math.inf), (-math.inf, -9.0)])
def test_any_domain_is_reached(interval: tuple[float, float]) -> None:
    narrow = register(
        "narrow", "narrow({}, {})", lambda x, y: x - y, lambda z, x, y: (1.0, -1.0),  # noqa: ARG005
        interval,
    )  # fmt: skip
    low, high = interval

    @given(expressions(["exp", "sin", narrow], containing=narrow))
    def lies_inside(expression: Expression) -> None:
        nodes = expression.run(expression.inputs)
        for step in expression.steps:
            if step.row == "narrow":
                x, y = (nodes[o] if isinstance(o, int) else o for o in step.operands)
                assert low < x < high
                assert low < y < high

    lies_inside()


def test_kink_that_cannot_be_reached_is_left_alone() -> None:
    register("bent", "bent({})", lambda x: x, lambda z, x: (1.0,), kink=lambda x: x * x + 1.0)  # noqa: ARG005

    assert repr(find(expressions(["bent"], kinks="on"), lambda _e: True)) == (
        "Expression(lambda x: bent(x), 0.5)"
    )


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"kinks": "some"}, ValueError, "kinks must be one of none, beside, on, got 'some'"),
        ({"operations": ["relu"], "kinks": "none"}, ValueError, "all of these operations have"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    settings: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        expressions(**settings)
