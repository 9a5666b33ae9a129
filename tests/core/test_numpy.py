"""NumPy at home: code that was written for arrays of floats runs on arrays of Values."""

import math
import operator
import warnings

import numpy as np
import pytest

import tinygrad_bp
from tinygrad_bp import Value, constant, exp, values


def numbers(array):
    return [v.data if isinstance(v, Value) else v for v in np.asarray(array, dtype=object).flat]


@pytest.fixture
def array():
    return values(np.array([1.0, 2.0, 4.0]))


# The documents' own functions, unchanged -------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def mse_loss(y_true, y_pred):
    return ((y_true - y_pred) ** 2).mean()


class Neuron:
    """Document 001's."""

    def __init__(self, weights, bias):
        self.weights = weights
        self.bias = bias

    def feedforward(self, inputs):
        total = np.dot(self.weights, inputs) + self.bias
        return sigmoid(total)


class NeuralLayer:
    """Document 000's, its backward pass included."""

    def __init__(self, W):  # noqa: N803  # the document's name
        self.W = W

    def sigmoid(self, x):
        return 1 / (1 + np.exp(-x))

    def forward(self, X):  # noqa: N803
        self.X = X
        self.sig_Z = self.sigmoid(self.W.dot(X))
        return self.sig_Z

    def backward(self, C):  # noqa: N803
        self.delta = C * self.sig_Z * (1 - self.sig_Z)
        self.deltaW = self.delta.dot(self.X.T)


def test_document_001s_neuron_gives_values_and_the_printed_number():
    weights, bias = values(np.array([0, 1]), label="w"), Value(4, label="b")
    output = Neuron(weights, bias).feedforward(np.array([2, 3]))
    output.backward()
    slope = output.data * (1 - output.data)

    assert output.data == 0.9990889488055994
    assert [w.grad for w in weights] == pytest.approx([2 * slope, 3 * slope], rel=1e-12)
    assert bias.grad == pytest.approx(slope, rel=1e-12)


def test_document_001s_network_of_neurons_gives_the_printed_number():
    weights, bias = values(np.array([0, 1])), Value(0)
    neuron = Neuron(weights, bias)
    x = np.array([2, 3])
    hidden = np.array([neuron.feedforward(x), neuron.feedforward(x)])

    assert neuron.feedforward(hidden).data == 0.7216325609518421


def test_document_001s_loss_is_differentiable():
    predictions = values(np.array([0.0, 0.0, 0.0, 0.0]))
    loss = mse_loss(np.array([1, 0, 0, 1]), predictions)
    loss.backward()

    assert loss.data == 0.5
    assert [p.grad for p in predictions] == [-0.5, 0.0, 0.0, -0.5]


def test_document_000s_layer_by_hand_and_by_the_engine_agree():
    rng = np.random.default_rng(0)
    start = rng.normal(size=(4, 3))
    batch = np.array([[1, 0, 0, 1], [1, 0, 1, 0], [1, 1, 1, 1]])
    cost = rng.normal(size=(4, 4))
    by_hand = NeuralLayer(start)
    by_hand.forward(batch)
    by_hand.backward(cost)

    layer = NeuralLayer(values(start))
    (layer.forward(batch) * cost).sum().backward()

    assert np.array([[w.grad for w in row] for row in layer.W]) == pytest.approx(
        by_hand.deltaW, rel=1e-12
    )


def test_document_000s_hand_written_backward_pass_runs_on_values_too():
    start, batch = np.array([[0.5, -1.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    floats, layer = NeuralLayer(start), NeuralLayer(values(start))
    for each in (floats, layer):
        each.forward(batch)
        each.backward(np.ones((1, 2)))

    assert isinstance(layer.deltaW[0, 0], Value)
    assert numbers(layer.deltaW) == pytest.approx(floats.deltaW.ravel(), rel=1e-14)


# Arrays of Values ------------------------------------------------------------------------

FUNCTIONS_OF_ARRAYS = [
    np.sum, np.mean, np.max, np.min, np.prod, np.std, np.var, np.cumsum, np.average, np.median,
    np.diff, np.sort, np.negative, np.positive, np.abs, np.square, np.reciprocal, np.sqrt, np.cbrt,
    np.exp, np.expm1, np.log, np.log1p, np.log2, np.log10, np.sin, np.cos, np.tan, np.sinh, np.cosh,
    np.tanh, np.arctan, np.arcsinh, np.linalg.norm, np.argmax, np.transpose, np.ravel, np.flip,
    np.sign,
    lambda a: np.arccosh(a + 1.0), lambda a: np.arcsin(a / 8.0), lambda a: np.arccos(a / 8.0),
    lambda a: np.arctanh(a / 8.0), lambda a: a @ a, lambda a: a.dot([1.0, 2.0, 3.0]),
    lambda a: np.inner(a, a), lambda a: np.outer(a, a), lambda a: np.vdot(a, a),
    lambda a: a[:, None] @ a[None, :], lambda a: np.einsum("i,i->", a, a),
    lambda a: a.reshape(3, 1).T,
    lambda a: np.concatenate([a, a]), lambda a: np.where([True, False, True], a, 0.0),
    lambda a: np.stack([a, a]).sum(axis=0), lambda a: np.clip(a, 1.5, 3.0), lambda a: a[a > 1.5],
    lambda a: np.maximum(a, 2.0), lambda a: np.minimum(2.0, a), lambda a: np.hypot(a, a),
    lambda a: np.arctan2(a, 2.0), lambda a: np.power(a, 2), lambda a: np.mod(a, 3.0),
    lambda a: a % 3.0, lambda a: a // 3.0, lambda a: 7.0 // a, lambda a: 2.0**a,
    lambda a: np.apply_along_axis(lambda row: row.sum(), 0, a[:, None]),
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS_OF_ARRAYS, ids=lambda f: f.__name__)
def test_a_function_of_an_array_of_values_gives_the_numbers_of_the_array_of_floats(function):
    floats = np.array([1.0, 2.0, 4.0])

    assert numbers(function(values(floats))) == pytest.approx(
        np.ravel(function(floats)).tolist(), rel=1e-14
    )


@pytest.mark.parametrize(
    "function", [np.sum, np.mean, np.prod, np.linalg.norm, np.max, lambda a: a @ a]
)
def test_reductions_of_arrays_are_differentiable(function, array):
    output = function(array)
    output.backward()
    at = np.array([1.0, 2.0, 4.0])
    step = 1e-6 * np.eye(3)
    slopes = [(function(at + d) - function(at - d)) / 2e-6 for d in step]

    assert [v.grad for v in array] == pytest.approx(slopes, abs=1e-7)


OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod,
    operator.floordiv,
]  # fmt: skip
NUMBERS = [
    2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.bool_(True), np.array(2.0),
    np.array([2.0, 3.0]), np.array([[1], [2]]),
]  # fmt: skip


@pytest.mark.parametrize("operation", OPERATORS, ids=lambda o: o.__name__)
@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_a_value_and_a_number_or_array_of_numpy_in_either_order(operation, number):
    plain = np.asarray(number, dtype=float)
    left, right = operation(Value(7.0), number), operation(number, Value(7.0))

    assert numbers(left) == np.ravel(operation(7.0, plain)).tolist()
    assert numbers(right) == np.ravel(operation(plain, 7.0)).tolist()
    assert np.shape(left) == np.shape(right) == plain.shape
    assert {type(v) for v in [*np.ravel(left), *np.ravel(right)]} == {Value}


def test_a_gradient_flows_through_an_array_operation():
    x = Value(3.0)
    (np.array([1.0, 2.0]) * x * np.float64(2)).sum().backward()

    assert x.grad == 6.0


def test_in_place_operations_of_arrays_replace_the_nodes(array):
    before = list(array)
    array *= 2.0
    array += array
    array[0] -= 1.0
    array.sum().backward()

    assert numbers(array) == [3.0, 8.0, 16.0]
    assert [v.grad for v in before] == [4.0, 4.0, 4.0]


def test_a_value_times_zero_dimensions_is_a_value():
    assert type(Value(2.0) * np.array(3.0)) is Value
    assert type(np.array(3.0) * Value(2.0)) is Value
    assert type(exp(np.array(Value(0.0), dtype=object))) is Value


def test_comparisons_with_arrays_are_arrays_of_bools(array):
    floats = np.array([1.0, 2.0, 4.0])

    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        for left, right in [(Value(2.0), floats), (floats, Value(2.0)), (array, Value(2.0)),
                            (array, 2), (2.0, array)]:  # fmt: skip
            expected = compare(
                2.0 if not isinstance(left, np.ndarray) else floats,
                2.0 if not isinstance(right, np.ndarray) else floats,
            )
            assert compare(left, right).tolist() == expected.tolist()


# A bare Value ----------------------------------------------------------------------------

UNARY = [
    np.exp, np.expm1, np.log, np.log1p, np.log2, np.log10, np.sqrt, np.cbrt, np.sin, np.cos, np.tan,
    np.sinh, np.cosh, np.tanh, np.arcsin, np.arccos, np.arctan, np.arcsinh, np.arctanh, np.negative,
    np.positive, np.abs, np.absolute, np.fabs, np.sign, np.square, np.reciprocal, np.conjugate,
]  # fmt: skip
BINARY = [
    np.add, np.subtract, np.multiply, np.divide, np.true_divide, np.power, np.float_power,
    np.floor_divide, np.remainder, np.mod, np.logaddexp, np.maximum, np.minimum, np.hypot,
    np.arctan2, np.heaviside, np.fmax, np.fmin,
]  # fmt: skip


@pytest.mark.parametrize("ufunc", UNARY, ids=lambda f: f.__name__)
def test_a_unary_ufunc_of_a_value_is_a_value(ufunc):
    found = ufunc(Value(0.5))

    assert type(found) is Value
    assert found.data == pytest.approx(float(ufunc(0.5)), rel=1e-14)


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda f: f.__name__)
def test_a_binary_ufunc_takes_a_value_on_either_side_or_both(ufunc):
    expected = pytest.approx(float(ufunc(2.5, 1.5)), rel=1e-14)
    for left, right in [(Value(2.5), Value(1.5)), (Value(2.5), 1.5), (2.5, Value(1.5))]:
        found = ufunc(left, right)

        assert numbers(found) == [expected]
    assert numbers(ufunc(Value(2.5), np.array([1.5, 1.5]))) == [expected] * 2


def test_a_ufunc_records_the_primitive_of_the_same_meaning():
    x, y = Value(2.0), Value(3.0)

    assert np.exp(x).op.name == "exp"
    assert np.power(x, y).op.name == "pow"
    assert np.arctan2(x, y).op.name == "atan2"
    assert np.logaddexp(x, np.array([y, 1.0]))[0].parents == (x, y)


def test_questions_about_a_number_are_answered_with_a_bool():
    asked = [np.isnan, np.isinf, np.isfinite, np.signbit]

    for number in (1.0, -1.0, math.inf, math.nan):
        for ask in asked:
            assert ask(Value(number)) == ask(number)
            assert isinstance(ask(Value(number)), np.bool_)


def test_comparing_ufuncs_look_at_the_data():
    x, y = Value(2.0), Value(3.0)

    assert [bool(f(x, y)) for f in (np.less, np.less_equal, np.greater, np.greater_equal)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert np.less(x, np.array([1.0, 3.0])).tolist() == [False, True]
    assert [bool(np.equal(x, x)), bool(np.equal(x, y)), bool(np.not_equal(x, y))] == [
        True, False, True,
    ]  # fmt: skip


def test_methods_and_settings_of_ufuncs_work():
    x, y = Value(2.0), Value(3.0)
    out = np.empty(2, dtype=object)
    np.multiply(x, np.array([1.0, 2.0]), out=out)

    assert np.add.reduce([x, y]).data == 5.0
    assert numbers(np.multiply.outer(x, np.array([1.0, 2.0]))) == [2.0, 4.0]
    assert numbers(np.add.accumulate([x, y])) == [2.0, 5.0]
    assert numbers(np.multiply(x, np.array([1.0, 2.0]), dtype=object)) == [2.0, 4.0]
    assert numbers(out) == [2.0, 4.0]


@pytest.mark.parametrize("ufunc", [np.spacing, np.isnat], ids=lambda f: f.__name__)
def test_a_ufunc_that_is_no_row_of_the_table_is_a_type_error_and_never_a_silent_float(ufunc):
    with pytest.raises(TypeError):
        ufunc(Value(2.0))


def test_an_array_of_floats_is_never_made_in_silence():
    x = Value(2.0)

    for make in (
        lambda: np.array([x, x], dtype=float),
        lambda: np.array(x).astype(float),
        lambda: np.zeros(2).__setitem__(0, x),
    ):
        with pytest.raises(TypeError, match=r"use \.data"):
            make()
    assert np.asarray(x).dtype == object
    assert np.array([x, 1.0])[0] is x


def test_an_array_of_something_else_is_refused_at_the_door():
    for strange in (np.array(["a"]), np.array([None]), np.array([1j])):
        with pytest.raises(TypeError, match="expected a number"):
            strange * Value(2.0)
        with pytest.raises(TypeError, match="expected a number"):
            Value(2.0) - strange


# The functions of this package, on arrays and lists --------------------------------------


def test_a_primitive_maps_over_lists_and_arrays():
    x = Value(0.0)

    assert exp([0.0, [0.0]]) == [1.0, [1.0]]
    assert exp((0.0, 0)) == [1.0, 1.0]
    assert exp([]) == []
    assert exp(np.zeros((2, 1))).tolist() == [[1.0], [1.0]]
    assert exp(np.zeros(2)).dtype == float
    assert exp(np.zeros(0)).dtype == float
    assert exp(np.array(0.0)) == 1.0
    assert numbers(exp([x, 0.0])) == [1.0, 1.0]
    assert exp(np.array([x, 0.0])).dtype == object


def test_a_primitive_broadcasts_as_numpy_does():
    x = Value(2.0)

    assert tinygrad_bp.maximum([1, 2, 3], 2) == [2.0, 2.0, 3.0]
    assert tinygrad_bp.add(np.ones((2, 1)), [1.0, 2.0]).tolist() == [[2.0, 3.0]] * 2
    assert numbers(tinygrad_bp.where([1, 0], [x, 5.0], 3.0)) == [2.0, 3.0]
    with pytest.raises(ValueError, match="broadcast"):
        tinygrad_bp.add([1.0, 2.0], [1.0, 2.0, 3.0])


def test_a_primitive_of_one_number_is_a_float_and_of_a_float64_a_float64():
    assert type(exp(0)) is float
    assert type(exp(0.0)) is float
    assert type(exp(np.float32(0))) is float
    # NumPy's arithmetic on it is IEEE-754, where Python's would raise: keep it.
    assert type(exp(np.float64(0))) is np.float64
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert 1.0 / (exp(np.float64(-1000))) == math.inf


def test_a_primitive_refuses_what_is_no_number():
    for wrong in ("1", None, {"a": 1.0}, 1j, (x for x in [1.0]), [None], np.array(["a"])):
        with pytest.raises(TypeError, match="expected a number"):
            exp(wrong)


def test_a_constant_in_an_array_stays_a_constant():
    found = exp(np.array([constant(0.0), 1.0], dtype=object))

    assert found[0].is_constant
