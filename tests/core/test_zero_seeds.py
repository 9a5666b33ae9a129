"""What does not move contributes nothing, and neither does an output with the cotangent 0."""

import math
from itertools import product

import pytest
from hypothesis import given, strategies as st

from tinygrad_bp import (
    Value,
    constant,
    gradient,
    hessian,
    hvp,
    jacobian,
    jvp,
    record,
    sin,
    sqrt,
    topological_order,
    vjp,
)
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.graph.sweep import tangents
from tinygrad_bp.look.walk.moves import bend

inf, nan = math.inf, math.nan


def steep(x, y):
    """Infinitely steep by x at x = 0, and not by y."""
    return sqrt(x) + y


def same(found, expected):
    """The same numbers; `nan` where `nan` is meant."""
    return all(
        a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(found, expected, strict=True)
    )


# Random programs at singular places ------------------------------------------------------

ROUGH = [
    *("sqrt", "log", "cbrt", "abs", "asin", "atanh", "acosh", "relu", "exp", "sin", "negative"),
    *("add", "subtract", "multiply", "divide", "pow", "hypot", "maximum", "where", "softmax"),
]
SINGULAR = st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 0.5])


@st.composite
def programs(draw):
    """Functions of a list of numbers that return every number on their way, and a point."""
    point = draw(st.lists(SINGULAR, min_size=1, max_size=3))
    steps = []
    for i in range(draw(st.integers(1, 6))):
        row = ROWS[draw(st.sampled_from(ROUGH))]
        nodes = st.integers(0, len(point) + i - 1)
        steps.append((row, [draw(nodes) for _ in range(row.arity or 2)]))

    def run(xs):
        found = list(xs)
        for row, operands in steps:
            found.append(row(*[found[i] for i in operands]))
        return found

    return run, point


def output(function, i):
    return lambda xs: [function(xs)[i]]


@given(programs())
def test_a_row_of_a_jacobian_is_that_of_its_output_alone(program):
    function, point = program
    table = jacobian(function)(point)  # forward, for there are more outputs than inputs
    units = [[float(i == j) for j in range(len(point))] for i in range(len(point))]

    for i, row in enumerate(table):
        alone = [jvp(output(function, i), (point,), (unit,))[1][0] for unit in units]
        (back,) = jacobian(output(function, i))(point)

        assert same(row, alone)
        for forward, reverse in zip(row, back, strict=True):
            # Where a sum of paths is not finite one order of adding may be inf, the other nan.
            assert math.isfinite(forward) == math.isfinite(reverse)
            assert not math.isfinite(forward) or reverse == pytest.approx(forward, 1e-9, 1e-9)


@given(programs(), st.data())
def test_a_tape_says_the_same_whatever_moves(program, data):
    function, point = program
    seeds = st.lists(st.sampled_from([0.0, -0.0, 1.0, -2.0]), min_size=3, max_size=3)
    pushed = lambda xs, dxs: jvp(function, (xs,), (dxs,))[1]  # noqa: E731
    pulled = lambda xs, dys: vjp(lambda xs: function(xs)[-3:], xs)[1](dys)[0]  # noqa: E731
    point = (point * 3)[:3]

    for derivative in (pushed, pulled):
        tape = record(derivative, point, data.draw(seeds))
        for _ in range(3):
            moves = data.draw(seeds)

            assert same(tape(point, moves), derivative(point, moves))


# By hand ---------------------------------------------------------------------------------


@pytest.mark.parametrize("zero", [0.0, -0.0, 0, constant(0.0)], ids=repr)
def test_what_does_not_move_contributes_nothing(zero):
    pushed = jvp(steep, (0.0, 1.0), (zero, 1.0))[1]
    pulled = vjp(lambda x, y: (sqrt(x), y), 0.0, 1.0)[1]((zero, 1.0))

    assert [getattr(number, "data", number) for number in (pushed, *pulled)] == [1.0, 0.0, 1.0]


def test_a_direction_that_is_not_a_number_moves():
    assert math.isnan(jvp(steep, (0.0, 1.0), (nan, 1.0))[1])


def test_a_zero_that_the_program_made_is_no_seed():
    # A tangent that only happens to be 0: sqrt(x * x) is abs(x), which has no slope at 0.
    assert math.isnan(jvp(lambda x: sqrt(x * x), (0.0,), (1.0,))[1])
    assert math.isnan(vjp(lambda x: 0.0 * sqrt(x), 0.0)[1](1.0)[0])


@pytest.mark.parametrize("recorded", list(product([0.0, 1.0], repeat=2)), ids=repr)
def test_a_tape_that_was_recorded_with_one_zero_is_right_for_another(recorded):
    tape = record(lambda x, y, *d: jvp(steep, (x, y), d)[1], 0.0, 1.0, *recorded)

    assert tape(0.0, 1.0, 0.0, 1.0) == 1.0
    assert tape(0.0, 1.0, 1.0, 0.0) == inf
    assert tape(0.0, 1.0, 0.0, 0.0) == 0.0


def test_a_zero_in_the_program_is_left_out_of_its_tape():
    tape = record(lambda x, y: jvp(steep, (x, y), (0.0, 1.0))[1], 0.0, 1.0)

    assert "sqrt" not in tape.source()


def test_a_derivative_by_a_direction_is_there_where_it_is_zero():
    by_direction = lambda v: jvp(sin, (v[0],), (v[1],))[1]  # noqa: E731
    by_cotangent = lambda v: vjp(sin, v[0])[1](v[1])[0]  # noqa: E731

    for function in (by_direction, by_cotangent):
        (_, mixed), (mixed_too, _) = hessian(function)([0.3, 0.0])
        assert mixed == mixed_too == -math.sin(0.3)


def test_a_derivative_along_what_is_steep_elsewhere_has_derivatives():
    slope = lambda v: jvp(steep, (v[0], v[1]), (0.0, 1.0))[1]  # noqa: E731

    assert jacobian(slope)([0.0, 1.0]) == [0.0, 0.0]
    assert jvp(lambda y: jvp(steep, (0.0, y), (0.0, 1.0))[1], (1.0,), (1.0,)) == (1.0, 0.0)
    assert hvp(lambda v: steep(v[0], v[1] * v[1]), [0.0, 3.0], [0.0, 1.0])[1] == 2.0


def test_a_node_inside_that_is_held_still_does_not_follow_its_operands():
    x = Value(3.0)
    h = x * x
    y = h * x
    found = tangents(topological_order(y), {h: 0.0, x: 1.0})

    assert (h in found, found[y]) == (False, 9.0)
    assert bend(topological_order(y), y, {h: 0.0, x: 1.0}) == 0.0


def test_a_seed_of_zero_passes_nothing_back():
    x = Value(0.0)
    y = sqrt(x)
    y.backward(0.0)

    assert (y.grad, x.grad) == (0.0, 0.0)
    assert gradient(y, x, seed=0.0) == 0.0
