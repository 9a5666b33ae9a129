"""sum, prod, dot, logsumexp, softmax: shapes, edges, exactness."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_bp
from tinygrad_bp import Value, constant, dot, grad, logsumexp, prod, softmax, values
from tinygrad_bp.rows.primitive import named

inf, nan = math.inf, math.nan
REDUCTIONS = [
    pytest.param(tinygrad_bp.sum, np.sum, id="sum"),
    pytest.param(prod, np.prod, id="prod"),
    pytest.param(logsumexp, np.logaddexp.reduce, id="logsumexp"),
]


# Shapes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("reduction", "of_numpy"), REDUCTIONS)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (0,), (2, 0), (0, 2), ()], ids=repr)
@pytest.mark.parametrize("axis", [None, 0, 1, 2, -1, -2, -3])
def test_an_axis_means_what_it_means_to_numpy(reduction, of_numpy, shape, axis):
    array = np.arange(1.0, 1 + math.prod(shape)).reshape(shape)
    if axis is not None and not -array.ndim <= axis < array.ndim:
        with pytest.raises(ValueError, match="out of bounds"):
            reduction(array, axis)
        return
    expected = of_numpy(array, axis=axis) if axis is not None else of_numpy(array.ravel())
    of_floats, of_values = reduction(array, axis), reduction(values(array), axis)

    assert np.shape(of_floats) == np.shape(of_values) == np.shape(expected)
    assert np.asarray(of_floats, dtype=float) == pytest.approx(expected, rel=1e-14)
    assert [tinygrad_bp.constant(v).data for v in np.ravel(of_values)] == np.ravel(
        of_floats
    ).tolist()


@pytest.mark.parametrize(("reduction", "_of_numpy"), REDUCTIONS)
def test_floats_give_floats_and_arrays_arrays_of_floats(reduction, _of_numpy):
    assert type(reduction([1, 2])) is float
    assert type(reduction(np.array([1, 2]))) is float
    assert reduction(np.ones((2, 2)), axis=0).dtype == float
    assert reduction(np.ones((2, 2), dtype=object), axis=0).dtype == float
    assert type(reduction([[1, 2], [3, 4]], axis=0)) is list


@pytest.mark.parametrize(("reduction", "_of_numpy"), REDUCTIONS)
def test_any_iterable_of_numbers_is_taken_and_one_number_too(reduction, _of_numpy):
    of_list = reduction([1.0, 2.0])

    assert reduction((1.0, 2.0)) == of_list
    assert reduction(x for x in [1.0, 2.0]) == of_list
    assert reduction({1.0: "a", 2.0: "b"}.keys()) == of_list
    assert reduction(iter([[1.0], [2.0]])) == of_list
    assert reduction([np.array([1.0]), [2.0]]) == of_list
    assert reduction(3.0) == reduction([3.0]) == reduction(np.array(3.0))
    assert reduction(Value(3.0)).data == reduction([3.0])


@pytest.mark.parametrize(
    "ragged", [[[1, 2], [3]], [(1, 2), (3,)], [[1, 2], 3], [1, [2]], [np.ones(2), np.ones(3)]],
    ids=repr,
)  # fmt: skip
def test_rows_of_different_lengths_are_refused(ragged):
    for reduction in (tinygrad_bp.sum, prod, logsumexp, softmax):
        for axis in (0, -1):
            with pytest.raises(ValueError, match="expected rows of one length, got"):
                reduction(ragged, axis)


@pytest.mark.parametrize("wrong", [[1.0, None], ["1"], "12", [1j]], ids=repr)
def test_what_is_no_number_is_refused(wrong):
    for reduction in (tinygrad_bp.sum, prod, logsumexp, softmax):
        with pytest.raises(TypeError, match="expected a number"):
            reduction(wrong)


def test_a_reduction_is_one_node_with_its_operands_in_order():
    x, y = Value(1.0), Value(2.0)

    assert tinygrad_bp.sum([x, y, x]).parents == (x, y, x)
    assert dot([x, y], [y, x]).parents == (x, y, y, x)
    assert tinygrad_bp.sum([x]).parents == (x,)
    assert [row.op.name for row in prod([[x, y], [y, x]], axis=1)] == ["prod", "prod"]


def test_numbers_among_values_are_constants():
    x = Value(2.0)
    y = tinygrad_bp.sum([x, 3, np.float64(4)])
    y.backward()

    assert (y.data, x.grad) == (9.0, 1.0)
    assert [p.is_constant for p in y.parents] == [False, True, True]
    assert tinygrad_bp.sum([constant(1.0), 2.0, 3.0]).is_constant


def test_an_operand_used_twice_counts_twice():
    x = Value(3.0)
    tinygrad_bp.sum([x, x, 1.0]).backward()
    prod([x, x, x]).backward()

    assert x.grad == 2.0 + 27.0


# sum and prod ----------------------------------------------------------------------------


def test_of_nothing_there_is_the_neutral_number():
    assert [tinygrad_bp.sum([]), prod([]), dot([], []), logsumexp([]), softmax([])] == [
        0.0, 1.0, 0.0, -inf, [],
    ]  # fmt: skip
    assert tinygrad_bp.sum(np.ones((2, 0)), axis=1).tolist() == [0.0, 0.0]
    assert softmax(np.ones((2, 0))).shape == (2, 0)


def test_a_sum_goes_from_left_to_right_on_every_python():
    # Python's own `sum` compensates from 3.12 on.
    assert tinygrad_bp.sum([0.1] * 10) == 0.9999999999999999
    assert tinygrad_bp.sum([1e308, 1e308, -1e308]) == inf


@pytest.mark.parametrize(
    ("factors", "slopes"),
    [
        ([2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
        ([0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
        ([2.0], [1.0]),
        ([0.0], [1.0]),
        ([1e200, 1e200, 1e-300], [1e-100, 1e-100, inf]),
        ([2.0, 3.0], [3.0, 2.0]),
    ],
)
def test_the_gradient_of_a_product_with_zeros_is_exact(factors, slopes):
    assert grad(prod)(factors) == slopes


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=6))
def test_the_gradient_of_a_product_is_the_product_of_the_others(factors):
    others = [
        float(math.prod(map(Fraction, factors[:i] + factors[i + 1 :]))) for i in range(len(factors))
    ]

    assert grad(prod)([float(x) for x in factors]) == others


def test_the_second_derivative_of_a_product_with_zeros_is_exact():
    assert tinygrad_bp.hessian(prod)([0.0, 0.0, 3.0]) == [
        [0.0, 3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0],
    ]  # fmt: skip


# dot -------------------------------------------------------------------------------------


def test_dot_is_the_sum_of_products_on_any_two_sequences():
    x = Value(2.0)
    y = dot([x, 3.0], (v for v in [4.0, x]))
    y.backward()

    assert dot([1.0, 2.0], np.array([3.0, 4.0])) == 11.0
    assert (y.data, x.grad) == (14.0, 7.0)


@pytest.mark.parametrize(
    ("left", "right"),
    [([1.0], [1.0, 2.0]), ([[1.0]], [[1.0]]), (1.0, 2.0), ([], [1.0]), ([1.0], [])],
)
def test_dot_takes_two_sequences_of_one_length(left, right):
    with pytest.raises(ValueError, match=r"two sequences of one length, got shapes \("):
        dot(left, right)


def test_an_inner_product_of_halves_that_differ_is_none():
    with pytest.raises(ValueError, match="zip"):
        named("dot")(1.0, 2.0, 3.0)


# logsumexp and softmax -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xs", "result", "shares"),
    [
        ([1000.0, 1000.0], 1000.0 + math.log(2.0), [0.5, 0.5]),
        ([-1000.0, -1000.0], -1000.0 + math.log(2.0), [0.5, 0.5]),
        ([0.0, -40.0], 4.248354255291589e-18, [1.0, 4.248354255291589e-18]),
        ([3.0], 3.0, [1.0]),
        ([inf, inf], inf, [0.5, 0.5]),
        ([inf, 1.0], inf, [1.0, 0.0]),
        ([-inf, -inf], -inf, [0.5, 0.5]),
        ([-inf, 1.0], 1.0, [0.0, 1.0]),
        ([inf, -inf], inf, [1.0, 0.0]),
        ([nan, 1.0], nan, [nan, nan]),
        ([nan, inf], nan, [nan, nan]),
    ],
    ids=repr,
)
def test_logsumexp_and_softmax_at_large_numbers_and_infinities(xs, result, shares):
    assert logsumexp(xs) == pytest.approx(result, rel=1e-15, nan_ok=True)
    assert softmax(xs) == pytest.approx(shares, rel=1e-15, nan_ok=True)
    assert grad(logsumexp)(xs) == pytest.approx(shares, rel=1e-15, nan_ok=True)


def test_softmax_is_along_the_last_axis_unless_another_is_named():
    rows = [[0.0, 1.0, 2.0], [3.0, 1.0, 0.0]]

    assert softmax(rows) == [softmax(row) for row in rows]
    assert (
        softmax(rows, 0) == np.transpose([softmax(row) for row in zip(*rows, strict=True)]).tolist()
    )


@given(st.lists(st.floats(-700.0, 700.0), min_size=1, max_size=8))
def test_shares_add_up_to_one_and_are_the_gradient_of_logsumexp(xs):
    shares = softmax(xs)

    assert math.fsum(shares) == pytest.approx(1.0, abs=1e-15)
    assert min(shares) >= 0.0
    assert shares == pytest.approx(grad(logsumexp)(xs), rel=1e-12, abs=1e-300)


@given(st.lists(st.floats(-30.0, 30.0), min_size=2, max_size=5))
def test_the_jacobian_of_softmax_keeps_the_digits_of_what_is_left(xs):
    shares = softmax(xs)
    table = tinygrad_bp.jacobian(softmax)(xs)

    for i, row in enumerate(table):
        others = math.fsum(s for k, s in enumerate(shares) if k != i)
        expected = [shares[i] * others if i == k else -shares[i] * s for k, s in enumerate(shares)]
        assert row == pytest.approx(expected, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_softmax_along_an_axis(axis):
    array = np.array([[0.0, 1.0, 2.0], [3.0, 3.0, -1.0]])
    weights = np.exp(array)
    expected = weights / weights.sum(axis=axis, keepdims=True)

    assert softmax(array, axis) == pytest.approx(expected, rel=1e-14)
    assert softmax(array, axis).dtype == float
    assert np.array(softmax(array.tolist(), axis)) == pytest.approx(expected, rel=1e-14)
    of_values = softmax(values(array), axis)
    assert [v.data for v in of_values.flat] == softmax(array, axis).ravel().tolist()


def test_softmax_of_one_number_has_no_axis():
    for one in (3.0, np.array(3.0), Value(3.0)):
        with pytest.raises(ValueError, match="out of bounds"):
            softmax(one)
    with pytest.raises(ValueError, match="out of bounds"):
        softmax([1.0], axis=1)
