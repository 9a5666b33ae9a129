"""Formulas of operations and of their partial derivatives are what the engine computes."""

import math

import pytest
from hypothesis import given, strategies as st

import tinygrad_bp as tg
from tinygrad_bp import Value, local_partials, topological_order
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.look.words.formulas import (
    LONGEST,
    formula,
    partial_formula,
    partial_formulas,
    partial_name,
)
from tinygrad_bp.look.words.names import names_of
from tinygrad_bp.rows.primitive import BY_NAME
from tinygrad_bp.rows.primitives import power_log, sigmoid_slope

EXACT = 17
FUNCTIONS = {name: row for name, row in ROWS.items() if name not in ("sum", "prod", "dot")}
FUNCTIONS |= {"sum": BY_NAME["sum"], "inf": math.inf, "nan": math.nan, "abs": abs}


def evaluated(text, numbers):
    # BY_NAME: a family of rows grows while it is asked for derivatives.
    return eval(text, {**BY_NAME, **FUNCTIONS, **numbers})


def is_same(one, other):
    return one == pytest.approx(other, rel=1e-12, abs=0.0, nan_ok=True)


@given(expressions())
def test_a_formula_computes_what_it_stands_for(program):
    nodes = topological_order(program.run([Value(number) for number in program.inputs])[-1])
    names = names_of(nodes, None)
    numbers = {names[node]: node.data for node in nodes if names[node]}

    for node in nodes:
        if not node.is_leaf and "pow" not in node.op.name and node.op is not sigmoid_slope:
            assert is_same(evaluated(formula(node, names, EXACT), numbers), node.data)
            assert is_same(evaluated(formula(node, {}, EXACT), {}), node.data)
        written = partial_formulas(node, names, EXACT), partial_formulas(node, {}, EXACT)
        for with_names, with_numbers, partial in zip(*written, local_partials(node), strict=True):
            if partial is None:
                assert with_names is with_numbers is None
            elif len(with_names) < LONGEST and len(with_numbers) < LONGEST:
                assert is_same(evaluated(with_names, numbers), partial)
                assert is_same(evaluated(with_numbers, {}), partial)


@given(st.floats(-30.0, 30.0))
def test_the_slope_of_a_sigmoid_is_written_with_its_result(number):
    # A program that is drawn gives any number for the result, and the row looks at the argument.
    x = Value(number)
    z = tg.sigmoid(x)
    slope = sigmoid_slope(z, x)

    assert formula(slope, {x: "x", z: "z"}) == "z * sigmoid(-x)"
    assert is_same(evaluated("z * sigmoid(-x)", {"x": x.data, "z": z.data}), slope.data)


@pytest.mark.parametrize("order", [1.0, 2.0])
def test_a_power_times_a_logarithm_is_written_by_what_it_is(order):
    x, y = Value(2.0), Value(3.0)
    node = power_log(x, y, order)
    text = formula(node, {x: "x", y: "y"})

    assert text == ("x ** y * log(x)" if order == 1.0 else "x ** y * log(x) ** 2")
    assert is_same(evaluated(text, {"x": 2.0, "y": 3.0}), node.data)


@pytest.mark.parametrize(
    ("operation", "partials"),
    [
        (lambda x: x**2, ("2 * x", None)),
        (lambda x: x**0.3, ("0.3 * x ** -0.7", None)),
        (lambda x: 2.0**x, ("x * 2 ** (x - 1)", "2 ** x * 0.6931")),
        (lambda x: x / 0.0, ("inf", "-z / 0")),
        (lambda x: tg.log(x), ("1 / x",)),
        (lambda x: tg.where(x, x, 0.0), (None, "1", None)),
        (lambda x: tg.logaddexp(x, 1.0), ("sigmoid(x - 1)", "sigmoid(1 - x)")),
        (lambda x: tg.logaddexp(x, -math.inf), ("sigmoid(x - -inf)", "sigmoid(gap(-inf, x))")),
        (lambda x: tg.prod([x, 1.0]), ("1", "x")),
    ],
)
def test_the_formula_is_the_one_of_the_textbook(operation, partials):
    x = Value(3.0)
    z = operation(x)

    assert partial_formulas(z, {x: "x", z: "z"}) == partials


def test_one_operand_of_several():
    w, x = Value(3.0), Value(-2.0)

    assert partial_formula(w * x, 1, {w: "w", x: "x"}) == "w"


def test_a_named_constant_keeps_its_name():
    x, two = Value(3.0), tg.constant(2.0, "two")

    assert formula(x * two, {x: "x", two: "two"}) == "x * two"
    assert partial_formulas(x * two, {x: "x", two: "two"}) == ("two", "x")


def test_a_name_that_is_no_word_stands_in_parentheses():
    x, y = Value(3.0), Value(4.0)

    assert formula(x * y, {x: "a + b", y: "h.w[0]"}) == "(a + b) * h.w[0]"
    assert partial_name("a + b", "x") == "∂(a + b)/∂x"


def test_a_leaf_is_its_number_and_has_no_partials():
    x = Value(1 / 3)

    assert formula(x, {x: "x"}) == formula(tg.constant(1 / 3), {}) == "0.3333"
    assert partial_formulas(x, {x: "x"}) == partial_formulas(tg.constant(1 / 3), {}) == ()


def test_an_operation_on_very_many_operands_stays_short():
    xs = [Value(1.0) for _ in range(300)]
    product = tg.prod(xs)

    found = partial_formulas(product, {x: f"x{i}" for i, x in enumerate(xs)})

    assert max(map(len, found)) <= LONGEST + 2


def test_a_rule_may_branch_and_use_math():
    kinked = tg.register(
        "formulas_kinked",
        "formulas_kinked({}, {})",
        lambda x, y: x + y,
        lambda _, x, y: (
            2.0 * x if x < 9.0 and x <= 5.0 else 1.0,
            math.cos(x) if x > y and y >= 0.0 else 0.0,
        ),
    )
    x, y = Value(3.0), Value(0.0)

    assert partial_formulas(kinked(x, y), {x: "x", y: "y"}) == ("2 * x", "-0.99")
