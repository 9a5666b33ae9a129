"""`Array`: what it holds, what can be written to it, how it shows, and what a tape keeps of it."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from typing import Any

import numpy as np
import pytest

import tinygrad_bp as tg
from tinygrad_bp import Array, Value, grad, hessian, jacobian, no_grad, values
from tinygrad_bp.graph.modes import RecordingError

FLOATS = np.array([[1.0, 2.0], [4.0, 0.5]])


@pytest.fixture
def w() -> Any:
    return values(FLOATS, label="w")


# What is an Array ---------------------------------------------------------------------------


def test_whatever_a_value_or_an_array_and_an_array_give_is_an_array(w: Any) -> None:
    x = Value(2.0)
    given = [
        w,
        w[0],
        w.T,
        w + 1.0,
        w * w,
        1.0 - w,
        w @ FLOATS,
        FLOATS @ w,
        np.exp(w),
        x * FLOATS,
        FLOATS * x,
        np.multiply(x, FLOATS),
        tg.exp(w),
        tg.maximum(w, 0.0),
        w.sum(axis=0),
        np.max(w, axis=1),
        np.where(FLOATS > 1.0, w, 2.0),
        np.concatenate([w, FLOATS]),
        np.linalg.inv(w),
        np.sort(w),
        tg.softmax(w),
        tg.sum(w, axis=0),
        np.zeros_like(w),
        tg.array([[x, 2.0]]),
        w.reshape(4),
        w.copy(),
        np.atleast_1d(x),
        np.stack([x, x]),
        w.astype(object),
    ]

    assert {type(array) for array in given} == {Array}
    assert {type(v) for array in given for v in array.flat} == {Value}


def test_what_has_no_dimensions_is_a_value(w: Any) -> None:
    x = Value(2.0)
    given = [
        w[0, 0],
        w.sum(),
        np.max(w),
        np.linalg.det(w),
        np.median(w),
        np.var(x),
        np.where(True, x, 1.0),
        np.clip(x, 0.0, 1.0),
        np.interp(x, [0.0, 3.0], [0.0, 1.0]),
        np.mean(x),
        np.round(x),
    ]

    assert {type(v) for v in given} == {Value}


def test_answers_to_questions_are_plain_arrays_of_bools(w: Any) -> None:
    for answer in (
        w > 1.0,
        w == w,
        np.isnan(w),
        np.isclose(w, FLOATS),
        np.logical_not(w),
        w.astype(bool),
    ):
        assert type(answer) is np.ndarray
        assert answer.dtype == bool


def test_functions_of_arrays_are_given_an_array_and_give_floats() -> None:
    seen = []

    def function(x: Any) -> Any:
        seen.append(type(x))
        return np.max(x * x)

    at = np.array([1.0, -3.0])

    assert grad(function)(at).tolist() == [0.0, -6.0]
    assert hessian(function)(at).tolist() == [[0.0, 0.0], [0.0, 2.0]]
    assert jacobian(np.sort)(at).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert set(seen) == {Array}
    assert type(grad(function)(values(at))) is Array


# Numbers and gradients ----------------------------------------------------------------------


def test_gradients_and_numbers_are_float_arrays_of_the_same_shape(w: Any) -> None:
    (w * w).sum().backward()

    assert w.grad.dtype == w.numbers.dtype == float
    assert w.grad.tolist() == (2 * FLOATS).tolist()
    assert w.numbers.tolist() == FLOATS.tolist()

    w.zero_grad()

    assert w.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_an_update_by_hand_writes_the_leaves(w: Any) -> None:
    nodes = list(w.flat)
    w.numbers = w.numbers - 0.5

    assert all(map(operator.is_, w.flat, nodes))
    assert [node.data for node in nodes] == [0.5, 1.5, 3.5, 0.0]

    w.numbers = 2.0

    assert w.numbers.tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_numbers_of_what_was_computed_cannot_be_written(w: Any) -> None:
    with pytest.raises(ValueError, match="was computed"):
        (w * 2.0).numbers = 1.0
    with pytest.raises(ValueError, match="shape"):
        w.numbers = [1.0, 2.0, 3.0]

    assert w.numbers.tolist() == FLOATS.tolist()


def test_data_explains_itself(w: Any) -> None:
    with pytest.raises(AttributeError, match=r"\.numbers"):
        w.data  # noqa: B018
    with pytest.raises(AttributeError, match=r"\.numbers"):
        w.data = FLOATS


def test_a_number_assigned_is_a_constant(w: Any) -> None:
    w[0, 0] = 3
    w[1] = [0.0, 0.0]
    w[0, 1] = Value(7.0)

    assert [v.is_constant for v in w.flat] == [True, False, True, True]
    assert (1.0 / w).numbers[1].tolist() == [math.inf, math.inf]


def test_labels_say_where_each_element_stands(w: Any) -> None:
    assert [v.label for v in w.flat] == ["w[0, 0]", "w[0, 1]", "w[1, 0]", "w[1, 1]"]


def test_it_shows_its_numbers(w: Any) -> None:
    assert repr(w[0]) == "Array([1., 2.])"
    assert str(w[0]) == "[1. 2.]"
    assert repr(values(np.zeros(2000))) == "Array([0., 0., 0., ..., 0., 0., 0.])"
    assert repr(np.empty_like(w)) == "Array([[None, None], [None, None]])"


def test_copies_and_pickles_are_arrays(w: Any) -> None:
    for again in (copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert type(again) is Array
        assert again.numbers.tolist() == FLOATS.tolist()
        assert not set(again.flat) & set(w.flat)


def test_array_refuses_what_is_no_number() -> None:
    for wrong in ([["a"]], [[Value(1.0)], [1.0, 2.0]], [None]):
        with pytest.raises(TypeError, match="expected a number"):
            tg.array(wrong)


# The table's rules --------------------------------------------------------------------------


def test_a_tie_is_shared_equally() -> None:
    for pick, at in ((np.max, [4.0, 1.0, 4.0, 4.0]), (np.min, [1.0, 2.0, 1.0, 1.0])):
        assert grad(pick)(np.array(at)) == pytest.approx([1 / 3, 0.0, 1 / 3, 1 / 3], rel=1e-15)
    assert grad(lambda x: np.maximum(x, 0.0).sum())(np.zeros(2)).tolist() == [0.5, 0.5]
    assert grad(lambda x: x.max())(np.array([math.inf, math.inf])).tolist() == [0.5, 0.5]


def test_a_bound_of_clip_has_slope_1_with_one_bound_too() -> None:
    for bounds in ((0.0, 1.0), (0.0, None), (None, 0.0)):
        assert grad(lambda x, b=bounds: np.clip(x, *b).sum())(np.zeros(1)).tolist() == [1.0]


def test_numbers_among_values_are_constants_where_numpy_would_divide_by_zero() -> None:
    x = values(np.array([1.0, 2.0]))

    assert (1.0 / np.where([True, False], x, 0.0)).numbers.tolist() == [1.0, math.inf]
    assert np.exp(np.where([True, False], x, 0.0)).numbers.tolist() == [math.e, 1.0]


def test_out_takes_values_or_says_that_it_cannot(w: Any) -> None:
    out = np.empty_like(w)

    assert np.exp(w, out=out) is out
    assert np.clip(w, 0.0, 1.0, out=out) is out
    assert out.numbers.max() == 1.0
    with pytest.raises(TypeError, match=r"array of float64 cannot take Values.*\.numbers"):
        np.exp(w, out=np.zeros((2, 2)))
    with pytest.raises(TypeError, match=r"array of float64 cannot take Values.*\.numbers"):
        operator.iadd(np.zeros((2, 2)), w)
    assert np.less(w, 1.0, out=np.zeros((2, 2), dtype=bool)).sum() == 1


def test_methods_go_by_the_table_as_functions_do() -> None:
    x = values(np.array([2.0, math.nan, 1.0]))
    y = values(np.array([2.0, 0.0, 1.0]))

    assert x.argmax() == 1
    assert y.argsort().tolist() == [1, 2, 0]
    assert np.isnan(x.max().data)
    assert y.nonzero()[0].tolist() == [0, 2]
    assert y.std().data == pytest.approx(np.std([2.0, 0.0, 1.0]), rel=1e-15)
    y.sort()
    assert y.numbers.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "function",
    [
        np.linalg.svd,
        np.linalg.eigh,
        np.linalg.pinv,
        np.fft.fft,
        np.spacing,
        np.nextafter,
        lambda w: np.unique(w, axis=0),
        lambda w: np.quantile(w, 0.5, out=w),
        lambda w: np.bincount(w[0]),
        lambda w: np.histogram(w, bins="auto"),
        lambda w: np.linalg.norm(w, 2),
        lambda w: np.var(w, dtype=float),
        lambda w: np.linalg.lstsq(np.ones((2, 2)) * w[0, 0], w[0]),
    ],
)
def test_what_stays_out_says_so_in_one_sentence_with_a_way_out(function: Any, w: Any) -> None:
    operands = (w, w) if function is np.nextafter else (w,)
    with pytest.raises(TypeError, match=r": take \.numbers if only .*docs/arrays\.md lists$"):
        function(*operands)


def test_linear_algebra_refuses_as_numpy_does() -> None:
    ones = values(np.ones((2, 2)))

    for function, words in (
        (np.linalg.inv, "Singular"),
        (np.linalg.cholesky, "positive definite"),
        (lambda m: np.linalg.solve(m, [1.0, 2.0]), "Singular"),
        (lambda m: np.linalg.det(m[:1]), "square"),
    ):
        with pytest.raises(np.linalg.LinAlgError, match=words):
            function(ones)


def test_a_determinant_of_a_singular_matrix_has_its_derivative() -> None:
    for size in (2, 3, 4):
        rows = np.arange(size**2, dtype=float).reshape(size, size) ** 2 % 7
        rows[-1] = rows[0]
        minors = [
            [
                (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(rows, i, 0), j, 1))
                for j in range(size)
            ]
            for i in range(size)
        ]

        assert grad(np.linalg.det)(rows) == pytest.approx(np.array(minors), abs=1e-9)
    assert np.linalg.slogdet(values(np.zeros((2, 2)))).logabsdet.data == -math.inf


def test_what_is_left_out_within_another_function_says_so_once(w: Any) -> None:
    with pytest.raises(TypeError, match=r"^np\.spacing"):
        np.apply_along_axis(np.spacing, 0, w)


def test_nothing_is_an_array_too_and_has_no_largest(w: Any) -> None:
    nothing = w[:0]

    assert np.concatenate([nothing, nothing]).shape == (0, 2)
    with pytest.raises(ValueError, match="pass an initial"):
        np.max(nothing)
    assert np.max(nothing, initial=2.0) == 2.0


def test_the_largest_of_some() -> None:
    x = values(np.array([1.0, 5.0, 2.0]))

    assert np.max(x, initial=0.0, where=[True, False, True]).parents == x[2].parents
    assert np.max(x, initial=0.0, where=[True, False, True]) == 2.0


def test_what_numpy_put_among_values_divides_as_values_do(w: Any) -> None:
    np.put_along_axis(w, np.zeros((2, 1), dtype=int), 0.0, axis=1)
    assert (1.0 / w).numbers.tolist() == [[math.inf, 0.5], [math.inf, 2.0]]

    w.fill(0.0)
    assert (w / 0.0).numbers == pytest.approx(np.full((2, 2), math.nan), nan_ok=True)


def test_a_bare_value_goes_through_functions_of_arrays() -> None:
    x = Value(2.0)

    assert np.ones_like(x) == 1.0
    assert np.linalg.norm(x) == 2.0
    assert np.mean(np.array([x]) == 2.0) == 1.0


def test_sinc_has_its_second_derivative_at_0() -> None:
    assert hessian(lambda x: np.sinc(x).sum())(np.zeros(1)) == pytest.approx(-(math.pi**2) / 3)
    assert np.sinc(Value(0.0)) == 1.0


# On a tape ----------------------------------------------------------------------------------

CHOOSING = [
    np.sort,
    np.median,
    lambda x: np.percentile(x, 40),
    lambda x: x[np.argmax(x)] * 2.0,
    np.unique,
    lambda x: np.interp(x, [0.0, 1.0, 2.0], [0.0, 2.0, 3.0]),
    np.nanmax,
    np.nan_to_num,
    lambda x: np.where(x == 1.0, x, 2.0 * x),
    lambda x: np.linalg.solve(x.reshape(2, 2), [1.0, 2.0]),
    lambda x: np.histogram(x, bins=3)[1],
    lambda x: x[np.isfinite(x)],
    lambda x: np.fmax(x, 0.5),
    lambda x: x[np.searchsorted([0.1, 0.2, 0.9], x)],
    lambda x: np.linalg.norm(x, 1),
    np.linalg.norm,
]


@pytest.mark.parametrize("function", CHOOSING)
def test_a_compiled_function_never_answers_from_another_order(function: Any) -> None:
    compiled = tg.compile(function)
    rng = np.random.default_rng(0)
    points = [rng.permutation([0.0, 0.25, 1.0, 1.5]) for _ in range(6)] + [
        np.array([1.0, 1.5, 0.5, 0.5])
    ]
    with no_grad():
        for point in points:
            expected = function(values(point))
            expected = getattr(expected, "numbers", getattr(expected, "data", expected))

            assert np.array_equal(compiled(point), expected)


def test_the_largest_is_the_same_on_a_tape_with_its_gradient_and_needs_no_guard() -> None:
    slope = grad(lambda x: np.max(x) * 3.0)
    tape = tg.record(slope, np.array([1.0, 2.0, 3.0]))

    assert tape.guards == ()
    for at in ([1.0, 2.0, 3.0], [5.0, 5.0, 1.0], [2.0, 2.0, 2.0], [-math.inf, 4.0, 4.0]):
        assert tape(np.array(at)).tolist() == slope(np.array(at)).tolist()


def test_a_tape_refuses_numbers_that_are_read() -> None:
    for read in (lambda x: x.numbers[0] * x, lambda x: x * np.signbit(x)):
        with pytest.raises(RecordingError, match="was read"):
            tg.record(read, np.ones(2))
