"""Expressions: made from functions, run, printed as code, drawn."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given

import tinygrad_bp as tg
from tests.core.test_registry import _what_a_test_registers_is_forgotten as _forgotten  # noqa: F401
from tinygrad_bp import Value, gradient, topological_order
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.rows import ROWS, chosen
from tinygrad_bp.check.programs.steps import Step
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.rows import primitives
from tinygrad_bp.rows.primitive import BY_NAME


def run(code: str) -> dict[str, Any]:
    """The names that a program leaves behind."""
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def evaluated(code: str) -> Any:
    return eval(code, {**vars(primitives), "Expression": Expression})


def facts(root: Value) -> list[Any]:
    return [(node.data, node.grad, node.op) for node in topological_order(root)]


@given(expressions())
def test_repr_makes_the_expression_again(expression: Expression) -> None:
    assert evaluated(repr(expression)) == expression


@given(expressions())
def test_str_is_a_program_that_builds_the_same_graph(expression: Expression) -> None:
    expected = expression(*expression.values())
    expected.backward()

    assert facts(run(str(expression))["output"]) == facts(expected)


@given(expressions())
def test_gradient_of_the_lambda_has_the_bits_of_the_expression(expression: Expression) -> None:
    function = evaluated(repr(expression).replace("Expression(", "(", 1))[0]
    leaves, others = expression.values(), expression.values()

    assert gradient(function(*leaves), leaves) == gradient(expression(*others), others)


def test_what_is_used_twice_is_one_node() -> None:
    shared = Expression(lambda x: (y := x * x) + y, 3.0)

    assert shared.steps == (Step("multiply", (0, 0)), Step("add", (1, 1)))
    assert repr(shared) == "Expression(lambda x: (t1 := x * x) + t1, 3.0)"
    assert shared(Value(3.0)).parents[0] is not None
    assert "t1 = x * x" in str(shared)


def test_a_name_is_given_where_python_comes_first() -> None:
    def late(x: Any) -> Any:
        t = x * x
        return tg.hypot(t, tg.sin(t))

    assert repr(Expression(late, 3.0)) == (
        "Expression(lambda x: hypot((t1 := x * x), sin(t1)), 3.0)"
    )


def test_what_the_output_does_not_need_is_left_out() -> None:
    def wasteful(x: Any, y: Any) -> Any:
        tg.sin(x)
        return tg.exp(y)

    assert Expression(wasteful, 1.0, 2.0).steps == (Step("exp", (1,)),)


def test_output_that_is_an_input_is_a_node_of_its_own() -> None:
    assert Expression(lambda x, _y: x, 1.0, 2.0).steps == (Step("positive", (0,)),)


def test_constants_keep_their_bits() -> None:
    expression = Expression(
        lambda x: primitives.prod(x, -0.0, -2.5, 1e300, math.inf, -math.inf, math.nan), 1.0
    )

    assert repr(expression).endswith(
        'prod(x, -0.0, -2.5, 1e+300, float("inf"), float("-inf"), float("nan")), 1.0)'
    )
    assert expression == evaluated(repr(expression))


def test_node_1_is_not_the_constant_1() -> None:
    node = Expression.of_steps((2.0, 1.0), [Step("add", (0, 1))])
    constant = Expression.of_steps((2.0, 1.0), [Step("add", (0, 1.0))])

    assert node != constant
    assert len({node, constant, Expression(lambda x, y: x + y, 2.0, 1.0)}) == 2
    assert node != "node"


def test_constant_exponent_is_noted_as_the_graph_has_it() -> None:
    expression = Expression(lambda x, y: x**2 + 2**y + x**y, 2.0, 3.0)

    assert [step.row for step in expression.steps] == [
        *("pow_constant", "pow", "add", "pow", "add"),
    ]
    assert gradient(expression(x := Value(2.0), 3.0), x) == 16.0


def test_numbers_values_and_anything_else_go_in() -> None:
    expression = Expression(lambda x, y: x * y + x, 1.0, 1.0)

    assert expression(2.0, 3.0) == 8.0
    assert expression(Value(2.0), 3.0).data == 8.0
    assert expression.run("ab", lambda name, *operands: f"{name}{operands}")[-1] == (
        "add(\"multiply('a', 'b')\", 'a')"
    )
    with pytest.raises(TypeError, match="takes 2 inputs, got 1"):
        expression(1.0)


def test_steps_can_be_changed() -> None:
    expression = Expression(lambda x: tg.sin(x), 0.5)

    changed = expression.with_steps(lambda step: Step("cos", step.operands))

    assert repr(changed) == "Expression(lambda x: cos(x), 0.5)"


def test_four_inputs_are_numbered() -> None:
    expression = Expression(lambda *xs: tg.sum(xs), 1, 2, 3, 4)

    assert repr(expression) == (
        "Expression(lambda x0, x1, x2, x3: sum_(x0, x1, x2, x3), 1.0, 2.0, 3.0, 4.0)"
    )


def test_long_formulas_get_lines_of_their_own() -> None:
    def long(x: Any) -> Any:
        for _ in range(20):
            x = tg.hypot(x, 2.5)
        return x

    lines = str(Expression(long, 1.0)).splitlines()

    assert max(map(len, lines)) < 100
    assert "    t1 = hypot(hypot(" in "\n".join(lines)


def test_own_operation_is_printed_by_name() -> None:
    twice = tg.register("twice", "twice({})", lambda x: 2.0 * x, lambda z, x: (2.0,))  # noqa: ARG005
    expression = Expression(lambda x: tg.sin(twice(x)), 1.0)

    assert repr(expression) == "Expression(lambda x: sin(twice(x)), 1.0)"
    assert run(str(expression))["x"].grad == 2.0 * math.cos(2.0)


def test_it_draws_itself_with_its_gradients() -> None:
    expression = Expression(lambda x: x * x, 3.0)

    assert ">+6</text>" in expression._repr_svg_()
    assert expression.draw(edges="partial").svg().startswith("<svg")


def test_it_can_be_recorded_by_its_name() -> None:
    assert tg.record(Expression(lambda x: x * x, 3.0), 3.0).name == "expression"


@pytest.mark.parametrize(
    "function",
    [lambda x: 1.0 if x else x, lambda x: x if x > 0 else -x, lambda x: x if x <= 0.0 else -x],
)
def test_branches_are_refused(function: Any) -> None:
    with pytest.raises(TypeError, match="no numbers yet to branch on; use where"):
        Expression(function, 1.0)


def test_what_is_no_function_of_its_inputs_is_refused() -> None:
    with pytest.raises(TypeError, match=r"gives one number, got \["):
        Expression(lambda x: [x], 1.0)


def test_rows_are_those_of_the_table() -> None:
    tg.register("thrice", "thrice({})", lambda x: 3.0 * x, lambda z, x: (3.0,))  # noqa: ARG005

    assert "thrice" not in ROWS
    assert set(BY_NAME) >= {*ROWS, "thrice"}
    assert chosen(["thrice", tg.sin]) == (BY_NAME["thrice"], tg.sin)


@pytest.mark.parametrize(
    ("operations", "error", "message"),
    [
        ([tg.sum], TypeError, "expected operations of the table, or their names, got <function"),
        (["sine"], LookupError, "no primitive 'sine'"),
        ([], ValueError, "at least one operation"),
    ],
)
def test_what_is_no_operation_is_refused(
    operations: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        chosen(operations)
