"""The points where a derivative does not exist, fact by fact; and that no number ever raises."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, strategies as st

from tinygrad_bp import Value, gradient, topological_order, where
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.graph.sweep import adjoints, local_partials
from tinygrad_bp.rows.primitive import Primitive

inf, nan = math.inf, math.nan

FACTS = [
    # row, operands, value, partials
    # The table of the design, to the letter.
    ("relu", (0.0,), 0.0, (0.0,)),
    ("abs", (0.0,), 0.0, (0.0,)),
    ("maximum", (2.0, 2.0), 2.0, (0.5, 0.5)),
    ("minimum", (2.0, 2.0), 2.0, (0.5, 0.5)),
    ("clip", (-1.0, -1.0, 1.0), -1.0, (1.0, 0.0, 0.0)),
    ("clip", (1.0, -1.0, 1.0), 1.0, (1.0, 0.0, 0.0)),
    ("sqrt", (0.0,), 0.0, (inf,)),
    ("log", (0.0,), -inf, (inf,)),
    ("log", (-1.0,), nan, (nan,)),
    ("leaky_relu", (nan, 0.01), nan, (nan, nan)),
    ("elu", (nan, 1.0), nan, (nan, nan)),
    ("pow", (2.0, nan), nan, (nan, nan)),
    ("silu", (-inf,), -0.0, (-0.0,)),
    ("gelu", (-inf,), -0.0, (0.0,)),
    ("log1p", (-2.0,), nan, (nan,)),
    ("log2", (-1.0,), nan, (nan,)),
    ("log10", (-1.0,), nan, (nan,)),
    ("atanh", (2.0,), nan, (nan,)),
    ("divide", (1.0, 0.0), inf, (inf, -inf)),
    ("hypot", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ("hypot_slope", (0.0, 0.0), 0.0, (nan, nan)),
    ("share", (0.0, 0.0), nan, (nan, nan)),
    ("atan2", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ("pow", (0.0, 0.0), 1.0, (0.0, 0.0)),
    ("pow", (0.0, 1.0), 0.0, (1.0, 0.0)),
    ("pow", (0.0, 2.0), 0.0, (0.0, 0.0)),
    ("pow", (0.0, 0.5), 0.0, (inf, 0.0)),
    ("pow", (0.0, -1.0), inf, (-inf, -inf)),
    ("pow", (-2.0, 3.0), -8.0, (12.0, nan)),
    ("pow", (-2.0, 0.5), nan, (nan, nan)),
    # The same rule where the design's table does not name the row.
    ("pow_constant", (0.0, 0.0), 1.0, (0.0, None)),
    ("pow_constant", (0.0, 1.0), 0.0, (1.0, None)),
    ("pow_constant", (0.0, 2.0), 0.0, (0.0, None)),
    ("pow_constant", (0.0, 0.5), 0.0, (inf, None)),
    ("pow_constant", (0.0, 0.3), 0.0, (inf, None)),
    ("pow_constant", (0.0, -1.0), inf, (-inf, None)),
    ("pow_constant", (2.0, 1e-20), 1.0, (5e-21, None)),
    ("pow_constant", (-2.0, 3.0), -8.0, (12.0, None)),
    ("pow_constant", (-2.0, 0.5), nan, (nan, None)),
    ("pow", (0.0, 0.3), 0.0, (inf, 0.0)),
    ("leaky_relu", (0.0, 0.01), 0.0, (0.01, 0.0)),
    ("elu", (0.0, 2.0), 0.0, (2.0, 0.0)),
    ("cbrt", (0.0,), 0.0, (inf,)),
    ("acosh", (1.0,), 0.0, (inf,)),
    ("asin", (1.0,), math.pi / 2, (inf,)),
    ("acos", (-1.0,), math.pi, (-inf,)),
    ("atanh", (1.0,), inf, (inf,)),
    ("log1p", (-1.0,), -inf, (inf,)),
    ("sign", (0.0,), 0.0, (None,)),
    ("sign", (nan,), nan, (None,)),
    ("heaviside", (0.0, 0.25), 0.25, (None, None)),
    ("equal", (1.0, 1.0), 1.0, (None, None)),
    ("clip", (2.0, 3.0, 1.0), 1.0, (0.0, 0.0, 1.0)),
    ("clip", (0.0, 1.0, 2.0), 1.0, (0.0, 1.0, 0.0)),
    ("clip", (3.0, 1.0, 2.0), 2.0, (0.0, 0.0, 1.0)),
    ("clip", (0.0, 1.0, 1.0), 1.0, (0.0, 1.0, 0.0)),
    ("clip", (1.0, 1.0, 1.0), 1.0, (1.0, 0.0, 0.0)),
    ("clip", (2.0, 1.0, 1.0), 1.0, (0.0, 0.0, 1.0)),
    ("where", (1.0, 2.0, 3.0), 2.0, (None, 1.0, None)),
    ("where", (0.0, 2.0, 3.0), 3.0, (None, None, 1.0)),
    ("where", (nan, 2.0, 3.0), 2.0, (None, 1.0, None)),
    ("straight", (1.0, 2.0, 3.0), 2.0, (None, 1.0, None)),
    ("straight", (0.0, 2.0, 3.0), 3.0, (None, 1.0, None)),
    ("floor", (-0.0,), -0.0, (None,)),
    ("floor", (-2.0,), -2.0, (None,)),
    ("floor", (-1.5,), -2.0, (None,)),
    ("ceil", (-0.5,), -0.0, (None,)),
    ("ceil", (1.5,), 2.0, (None,)),
    ("trunc", (-1.5,), -1.0, (None,)),
    ("trunc", (1.0,), 1.0, (None,)),
    ("trunc", (nan,), nan, (None,)),
    ("round", (0.5,), 0.0, (None,)),
    ("round", (-0.5,), -0.0, (None,)),
    ("round", (1.5,), 2.0, (None,)),
    ("round", (2.5,), 2.0, (None,)),
    ("round", (-inf,), -inf, (None,)),
    ("fmod", (-7.0, 3.0), -1.0, (1.0, 2.0)),
    ("fmod", (7.0, -3.0), 1.0, (1.0, 2.0)),
    ("fmod", (6.0, 3.0), 0.0, (1.0, -2.0)),
    ("fmod", (-6.0, 3.0), -0.0, (1.0, 2.0)),
    ("fmod", (5.0, 0.0), nan, (1.0, nan)),
    ("fmod", (inf, 2.0), nan, (1.0, nan)),
    ("fmod", (5.0, inf), 5.0, (1.0, -0.0)),
    ("copysign", (2.0, -0.0), -2.0, (-1.0, None)),
    ("copysign", (-2.0, 3.0), 2.0, (-1.0, None)),
    ("copysign", (0.0, -1.0), -0.0, (-0.0, None)),
    ("copysign", (-0.0, -1.0), -0.0, (0.0, None)),
    ("copysign", (nan, -1.0), nan, (nan, None)),
    ("exp2", (1024.0,), inf, (inf,)),
    ("exp2", (-inf,), 0.0, (0.0,)),
    ("xlogy", (0.0, 3.0), 0.0, (math.log(3.0), 0.0)),
    ("xlogy", (0.0, 0.0), 0.0, (-inf, 0.0)),
    ("xlogy", (2.0, 0.0), -inf, (-inf, inf)),
    ("xlogy", (0.0, nan), nan, (nan, nan)),
    ("xlogy", (1.0, -1.0), nan, (nan, -1.0)),
    ("entr", (0.0,), 0.0, (inf,)),
    ("entr", (-1.0,), -inf, (nan,)),
    ("entr", (inf,), -inf, (-inf,)),
    ("logit", (0.0,), -inf, (inf,)),
    ("logit", (1.0,), inf, (inf,)),
    ("logit", (-0.5,), nan, (nan,)),
    ("logit", (1.5,), nan, (nan,)),
    ("logit", (nan,), nan, (nan,)),
    ("sinc", (0.0,), 1.0, (-0.0,)),
    ("sinc", (inf,), 0.0, (0.0,)),
    ("sinc", (nan,), nan, (nan,)),
    ("lgamma", (0.0,), inf, (-inf,)),
    ("lgamma", (-0.0,), inf, (inf,)),
    ("lgamma", (-1.0,), inf, (nan,)),
    ("lgamma", (inf,), inf, (inf,)),
    ("lgamma", (-inf,), inf, (nan,)),
    ("digamma", (0.0,), -inf, (inf,)),
    ("digamma", (-2.0,), nan, (inf,)),
    ("digamma", (inf,), inf, (0.0,)),
    ("digamma", (nan,), nan, (nan,)),
    ("erfinv", (1.0,), inf, (inf,)),
    ("erfinv", (-1.0,), -inf, (inf,)),
    ("erfinv", (1.5,), nan, (nan,)),
    ("erfinv", (-0.0,), -0.0, (0.886226925452758,)),
    # Any number of operands.
    ("norm", (0.0, 0.0, 0.0), 0.0, (0.0, 0.0, 0.0)),
    ("norm", (0.0, -3.0, 4.0), 5.0, (0.0, -0.6, 0.8)),
    ("norm", (3 * 2.0**600, 4 * 2.0**600), 5 * 2.0**600, (0.6, 0.8)),
    ("norm", (3 * 2.0**-600, 4 * 2.0**-600), 5 * 2.0**-600, (0.6, 0.8)),
    ("hypot_slope", (0.0, 0.0), 0.0, (nan, nan)),
    ("direction", (-2.0,), -1.0, (0.0,)),
    ("direction", (5e-324, 0.0), 1.0, (0.0, -0.0)),
    ("norm", (-2.0,), 2.0, (-1.0,)),
    ("norm", (inf, 1.0), inf, (nan, 0.0)),
    ("prod", (0.0, 2.0, 3.0), 0.0, (6.0, 0.0, 0.0)),
    ("prod", (0.0, 2.0, 0.0), 0.0, (0.0, 0.0, 0.0)),
    ("prod", (0.0,), 0.0, (1.0,)),
    ("logsumexp", (inf, 0.0), inf, (1.0, 0.0)),
    ("logsumexp", (inf, inf), inf, (0.5, 0.5)),
    ("logsumexp", (inf, -inf), inf, (1.0, 0.0)),
    ("logsumexp", (-inf, 0.0), 0.0, (0.0, 1.0)),
    ("logsumexp", (-inf, -inf), -inf, (0.5, 0.5)),
    ("logsumexp", (-inf,), -inf, (1.0,)),
    ("logsumexp", (nan, inf), nan, (nan, nan)),
    ("logaddexp", (inf, inf), inf, (0.5, 0.5)),
    ("logaddexp", (-inf, -inf), -inf, (0.5, 0.5)),
    ("logaddexp", (inf, -inf), inf, (1.0, 0.0)),
    ("logaddexp", (-inf, 3.0), 3.0, (0.0, 1.0)),
    ("softmax", (inf, inf), 0.5, (0.25, -0.25)),
    ("softmax", (-inf, 0.0), 0.0, (0.0, -0.0)),
    # Arithmetic is that of IEEE-754.
    ("exp", (1000.0,), inf, (inf,)),
    ("pow_constant", (-10.0, 309.0), -inf, (inf, None)),
    ("pow_constant", (-10.0, 310.0), inf, (-inf, None)),
    ("pow_constant", (0.5, -1075.0), inf, (-inf, None)),
    ("pow_constant", (-0.5, -1075.0), -inf, (-inf, None)),
    ("pow_constant", (-0.5, -1076.0), inf, (inf, None)),
    ("pow_constant", (-0.0, -0.5), inf, (-inf, None)),
    ("pow_constant", (-0.0, -1.0), -inf, (-inf, None)),
    ("pow_constant", (-0.0, -2.0), inf, (inf, None)),
    ("pow_constant", (0.0, -2.0), inf, (-inf, None)),
    ("multiply", (1e200, -1e200), -inf, (-1e200, 1e200)),
    ("divide", (1.0, -0.0), -inf, (-inf, -inf)),
    ("divide", (-1.0, 0.0), -inf, (inf, inf)),
    ("divide", (0.0, 0.0), nan, (inf, nan)),
    ("log", (nan,), nan, (nan,)),
    ("sin", (inf,), nan, (nan,)),
    ("sqrt", (-1.0,), nan, (nan,)),
    ("sqrt", (-0.0,), -0.0, (-inf,)),
    ("relu", (nan,), nan, (nan,)),
    ("maximum", (nan, 1.0), nan, (nan, nan)),
    ("maximum", (0.0, -0.0), 0.0, (0.5, 0.5)),
    ("maximum", (-0.0, 0.0), -0.0, (0.5, 0.5)),
    ("minimum", (0.0, -0.0), 0.0, (0.5, 0.5)),
    ("minimum", (-0.0, 0.0), -0.0, (0.5, 0.5)),
    ("remainder", (5.0, 0.0), nan, (1.0, -inf)),
    ("remainder", (-1.0, 3.0), 2.0, (1.0, 1.0)),
    ("floor_divide", (5.0, 0.0), inf, (None, None)),
    ("floor_divide", (-1.0, 3.0), -1.0, (None, None)),
    ("add", (-0.0, -0.0), -0.0, (1.0, 1.0)),
    ("negative", (0.0,), -0.0, (-1.0,)),
    ("tanh", (-0.0,), -0.0, (1.0,)),
    ("cosh", (-1000.0,), inf, (-inf,)),
    ("sinh", (-1000.0,), -inf, (inf,)),
    ("gap", (inf, inf), 0.0, (1.0, -1.0)),
    ("gap", (inf, -inf), inf, (1.0, -1.0)),
]

every_row = pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))


@pytest.mark.parametrize(("name", "point", "value", "partials"), FACTS)
def test_value_and_partials(
    name: str, point: tuple[float, ...], value: float, partials: tuple[float | None, ...]
) -> None:
    output = applied(name, point)

    assert same(output.data, value)
    assert all(map(same, local_partials(output), partials))


@pytest.mark.parametrize(("name", "point", "value", "partials"), FACTS)
def test_gradient_as_graph(
    name: str, point: tuple[float, ...], value: float, partials: tuple[float | None, ...]
) -> None:
    output = applied(name, point)
    found = adjoints(topological_order(output), {output: 1.0}, as_graph=True)

    for operand, partial in zip(output.parents, partials, strict=True):
        # A graph holds for other numbers too, so the branch not taken is a `where` that is 0.
        is_branch = name == "where" and operand is not output.parents[0]
        assert same(number(found.get(operand)), 0.0 if is_branch and partial is None else partial)


@every_row
def test_every_row_with_a_kink_has_a_fact(row: Primitive) -> None:
    named = {name for name, *_ in FACTS}

    assert row.kink is None or row.name in named


def applied(name: str, point: tuple[float, ...]) -> Any:
    """The row at leaves, also where an operator would choose another row."""
    if name == "pow_constant":
        return ROWS[name](Value(point[0]), point[1])
    return ROWS[name](*map(Value, point))


def number(adjoint: Any) -> float | None:
    return adjoint.data if isinstance(adjoint, Value) else adjoint


def same(x: float | None, y: float | None) -> bool:
    """To the bit, signs of zeros too; `nan` only where `nan` is meant."""
    if x is None or y is None:
        return x is y
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    return x == y and math.copysign(1.0, x) == math.copysign(1.0, y)


# Choices ----------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_branch_not_taken_gets_no_gradient(create_graph: bool) -> None:
    x = Value(0.0)
    safe = where(x, 1 / x, 2 * x)

    slope = gradient(safe, x, create_graph=create_graph)

    assert float(getattr(slope, "data", slope)) == 2.0


def test_branch_not_taken_is_missing_from_the_sweep() -> None:
    x, c = Value(0.0), Value(0.0)
    taken, bad = 2 * x, 1 / x
    output = where(c, bad, taken)

    found = adjoints(topological_order(output), {output: 1.0})

    assert bad not in found
    assert c not in found
    assert found[taken] == 1.0


POWERS = (ROWS["pow"], ROWS["pow_constant"])


@pytest.mark.parametrize("exponent", [-1, 0, 0.3, 0.5, 1, 2, 3, 2.5])
def test_constant_exponent_never_builds_a_log(exponent: float) -> None:
    x = Value(2.0)
    output = x**exponent

    for _ in range(3):
        output = gradient(output, x, create_graph=True)
        assert "log" not in {node.op.name for node in topological_order(output) if node.op}


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_no_power_is_left_in_the_derivative_of_a_low_one(exponent: float) -> None:
    x = Value(3.0)

    slope = gradient(x**exponent, x, create_graph=True)

    assert slope.data == exponent * 3.0 ** (exponent - 1.0)
    assert not [node for node in topological_order(slope) if node.op in POWERS]


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0])
def test_constant_power_at_zero_has_every_derivative(exponent: float) -> None:
    x = Value(0.0)
    output, expected = x**exponent, 1.0
    for order in range(1, 4):
        output = gradient(output, x, create_graph=True)
        expected *= exponent - order + 1

        assert output.data == (expected if exponent == order else 0.0)


def test_product_of_two_zeros_has_its_second_derivative() -> None:
    x, y, z = Value(0.0), Value(0.0), Value(5.0)

    slope = gradient(ROWS["prod"](x, y, z), x, create_graph=True)

    assert slope.data == 0.0
    assert gradient(slope, y) == 5.0


# No number raises -------------------------------------------------------------------------

TROUBLE = (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, inf, -inf, nan, 5e-324, -5e-324)
HUGE = (1e160, -1e160, 1.7e308, -1.7e308, 2.0**53 + 2.0, 1e-310)
ANY_FLOAT = st.floats() | st.sampled_from(TROUBLE + HUGE)


@every_row
def test_trouble_with_trouble_raises_nothing(row: Primitive) -> None:
    for size in sizes(row):
        numbers = TROUBLE + HUGE if size < 3 else (*TROUBLE[::2], inf, nan)
        for point in itertools.product(numbers, repeat=size):
            assert_arithmetic_holds(row, point)


@every_row
@given(st.data())
def test_no_float_raises(row: Primitive, data: st.DataObject) -> None:
    size = data.draw(st.sampled_from(sizes(row)))

    assert_arithmetic_holds(row, tuple(data.draw(ANY_FLOAT) for _ in range(size)))


def sizes(row: Primitive) -> tuple[int, ...]:
    if row.arity:
        return (row.arity,)
    return (2, 4) if row.name == "dot" else (1, 2, 3)


def assert_arithmetic_holds(row: Primitive, point: tuple[float, ...]) -> None:
    """Floats in, floats out, for value and partials; and the graph sweep says the same."""
    with np.errstate(all="raise"):
        output = row(*map(Value, point))
        order = topological_order(output)
        floats = adjoints(order, {output: 1.0})
        nodes = adjoints(order, {output: 1.0}, as_graph=True)

    assert type(row.value(*point)) is float
    assert same(row.value(*point), output.data)
    for operand in output.parents:
        found = floats.get(operand)
        assert found is None or type(found) is float
        # In a graph the branch not taken is there, as a `where` that is 0.
        missing = 0.0 if operand in nodes else None
        assert same(missing if found is None else found, number(nodes.get(operand)))


@every_row
def test_second_derivatives_raise_nothing(row: Primitive) -> None:
    size = sizes(row)[min(1, len(sizes(row)) - 1)]
    for point in itertools.product(TROUBLE, repeat=min(size, 2)):
        operands = [Value(x) for x in point + (1.0,) * (size - len(point))]
        slopes = gradient(row(*operands), operands, create_graph=True)
        for slope in slopes:
            if not slope.is_constant:
                assert all(type(x) is float for x in gradient(slope, operands))


def test_the_check_of_arithmetic_can_fail() -> None:
    raising = Primitive("bad", "bad({})", math.log, lambda _, x: (x,))
    integer = Primitive("bad", "bad({})", int, lambda _, x: (x,))
    two_faced = Primitive("bad", "bad({})", float, lambda _, x: (float(type(x) is float),))

    for bad, error in (
        (raising, ValueError),
        (integer, AssertionError),
        (two_faced, AssertionError),
    ):
        with pytest.raises(error):
            assert_arithmetic_holds(bad, (0.0,))


# Stable where the textbook is not ---------------------------------------------------------


@pytest.mark.parametrize("x", [8.0625, 8.25, -8.25, -37.0])
def test_the_normal_distribution_keeps_its_last_digits_in_both_tails(x: float) -> None:
    with mpmath.workdps(50):
        truth = mpmath.ncdf(x)

        assert abs(Value(x).normal_cdf().data - truth) <= 2.0 * math.ulp(float(truth))


@pytest.mark.parametrize(
    ("function", "value", "slope", "curvature"),
    [
        (Value.sigmoid, 1.0, 0.0, 0.0),
        (Value.softplus, 1000.0, 1.0, 0.0),
        (Value.tanh, 1.0, 0.0, 0.0),
        (Value.log_sigmoid, -0.0, 0.0, 0.0),
        (Value.silu, 1000.0, 1.0, 0.0),
        (Value.gelu, 1000.0, 1.0, 0.0),
        (Value.erf, 1.0, 0.0, 0.0),
        (lambda x: (-x).sigmoid(), 0.0, 0.0, 0.0),
        (lambda x: (-x).softplus(), 0.0, 0.0, 0.0),
        (lambda x: (-x).tanh(), -1.0, 0.0, 0.0),
        (lambda x: (-x).log_sigmoid(), -1000.0, -1.0, 0.0),
        (lambda x: (-x).expm1(), -1.0, 0.0, 0.0),
        (lambda x: x.logaddexp(-1000.0), 1000.0, 1.0, 0.0),
        (lambda x: (-x).logaddexp(1000.0), 1000.0, 0.0, 0.0),
    ],
)
def test_at_1000(
    function: Callable[[Value], Value], value: float, slope: float, curvature: float
) -> None:
    x = Value(1000.0)
    output = function(x)
    first = gradient(output, x, create_graph=True)

    assert output.data == value
    assert first.data == slope
    assert gradient(first, x) == curvature
