"""The sentences about numbers that are not finite."""

import math

import pytest

from tinygrad_bp.graph import nonfinite
from tinygrad_bp.graph.nonfinite import contribution_made, partial_made, value_made
from tinygrad_bp.rows import primitives

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("row", "numbers", "why"),
    [
        ("log", [0.0], ", a pole"),
        ("log", [-1.0], ", not defined there"),
        ("divide", [1.0, 0.0], ", a pole"),
        ("divide", [0.0, 0.0], ", not defined there"),
        ("divide", [1.0, 5e-324], ", too large for a float"),
        ("divide", [INF, -INF], ": infinity divided by infinity"),
        ("exp", [1000.0], ", too large for a float"),
        ("multiply", [1e200, 1e200], ", too large for a float"),
        ("multiply", [-INF, 0.0], ": 0 times infinity, and the 0 is b"),
        ("prod", [2.0, 0.0, INF], ": 0 times infinity, and the 0 is b"),
        ("dot", [0.0, 1.0, INF, 1.0], ": 0 times infinity, and the 0 is a"),
        ("subtract", [INF, INF], ": infinities of opposite sign"),
        ("sum", [INF, 1.0, -INF], ": infinities of opposite sign"),
        ("sin", [INF], ", not defined there"),
        ("remainder", [INF, 2.0], ", not defined there"),
        ("atanh", [1.0], ", a pole"),
        ("pow_constant", [0.0, -1.0], ", a pole"),
        ("pow_constant", [10.0, 400.0], ", too large for a float"),
    ],
)
def test_why_a_value_is_not_finite(row, numbers, why):
    primitive = primitives.BY_NAME[row]
    result = primitive.value(*numbers)
    sentence = value_made(primitive, result, list(zip("abcd", numbers, strict=False)))

    assert not math.isfinite(result)
    assert sentence.startswith(primitive.write(*"abcd"[: len(numbers)]))
    assert f"({row}) is {result!r} where a = {numbers[0]!r}" in sentence
    assert sentence.endswith(why)


@pytest.mark.parametrize(
    ("row", "partial", "numbers", "expected"),
    [
        ("sqrt", INF, [0.0], "the derivative of sqrt(a) (sqrt) is inf where a = 0.0, infinitely"),
        ("divide", -INF, [1.0, 0.0], "the derivative of a / b (divide) by b is -inf where"),
        ("divide", NAN, [0.0, 0.0], "where a = 0.0, b = 0.0, not defined there"),
        ("cosh", INF, [711.0], "where a = 711.0, too large for a float"),
        ("remainder", -INF, [INF, 2.0], "by b is -inf where a = inf, b = 2.0, too large"),
    ],
)
def test_why_a_derivative_is_not_finite(row, partial, numbers, expected):
    operands = list(zip("ab", numbers, strict=False))

    assert expected in partial_made(
        primitives.BY_NAME[row], partial, operands, position=len(numbers) - 1
    )


@pytest.mark.parametrize(
    ("flow", "partial", "before", "expected"),
    [
        (1e200, 1e200, 0.0, "1e+200 * 1e+200, the derivative of sqrt(a) (sqrt), is inf where a"),
        (1e308, 1.0, 1e308, "1e+308 + 1e+308 * 1.0, the derivative of sqrt(a) (sqrt), is inf"),
        (0.0, INF, 0.0, "and the 0 is the gradient that reached it, the infinity its derivative"),
        (INF, 0.0, 0.0, "and the 0 is its derivative, the infinity the gradient that reached it"),
        (-INF, 1.0, INF, "inf + -inf * 1.0, the derivative of sqrt(a) (sqrt), is nan"),
        (-INF, 1.0, INF, ": infinities of opposite sign"),
    ],
)
def test_why_a_gradient_is_not_finite(flow, partial, before, expected):
    sentence = contribution_made(primitives.sqrt, flow, partial, before, [("a", 2.0)])

    assert expected in sentence


def test_of_many_operands_few_are_written_and_the_telling_ones_come_first():
    operands = [(f"x{i}", 1.0) for i in range(1_000)]
    operands[500] = ("x500", INF)
    operands[700] = ("x700", -INF)
    sentence = value_made(primitives.sum_, NAN, operands)

    assert sentence == (
        "sum(x0, x1, x2, ..., x999) (sum) is nan where x500 = inf, x700 = -inf, x0 = 1.0, "
        "x1 = 1.0, x2 = 1.0, x3 = 1.0: infinities of opposite sign"
    )


def test_an_operand_that_is_used_twice_is_given_once():
    sentence = value_made(primitives.multiply, INF, [("x", 1e200), ("x", 1e200)])

    assert sentence == "x * x (multiply) is inf where x = 1e+200, too large for a float"


def test_operands_without_names_are_numbers_in_place():
    assert partial_made(primitives.pow_, NAN, [("", -2.0), ("", 3.0)], 1) == (
        "the derivative of (-2.0) ** 3.0 (pow) by 3.0 is nan, not defined there"
    )
    assert nonfinite.MOST == 6
