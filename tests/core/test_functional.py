"""Derivatives of functions: what they take, what they give, and how they nest."""

import math
from collections import OrderedDict, namedtuple
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_bp
from tinygrad_bp import (
    Value,
    constant,
    exp,
    grad,
    gradient,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    sin,
    tanh,
    topological_order,
    value_and_grad,
    vjp,
)
from tinygrad_bp.graph import modes

Point = namedtuple("Point", "x y")


def product(*xs):
    return tinygrad_bp.prod(xs)


def cube(x):
    return x * x * x


# What goes in and what comes out ---------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "argument", "expected"),
    [
        (cube, 2.0, 12.0),
        (cube, 2, 12.0),
        (cube, np.float64(2.0), 12.0),
        (lambda x: x[0] * x[1], [2.0, 3.0], [3.0, 2.0]),
        (lambda x: x[0] * x[1], (2.0, 3.0), (3.0, 2.0)),
        (lambda p: p.x * p.y, Point(2.0, 3.0), Point(3.0, 2.0)),
        (lambda d: d["a"] * d["b"][0], {"a": 2.0, "b": [3.0]}, {"a": 3.0, "b": [2.0]}),
        (lambda x: x[0][0] * x[1]["k"][0], [(2.0,), {"k": Point(3.0, 4.0)}],
         [(3.0,), {"k": Point(2.0, 0.0)}]),
        (lambda _: 5.0, [2.0, (3.0,)], [0.0, (0.0,)]),
        (lambda _: constant(5.0), 2.0, 0.0),
        (lambda x: x, 2.0, 1.0),
        (lambda _: 1.0, [], []),
    ],
)  # fmt: skip
def test_a_gradient_has_the_structure_of_its_argument(function, argument, expected):
    found = grad(function)(argument)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("shape", [(), (3,), (2, 2), (2, 1, 2), (0,)], ids=repr)
@pytest.mark.parametrize("kind", [float, int, object])
def test_a_gradient_by_an_array_is_an_array_of_floats_of_its_shape(shape, kind):
    array = np.arange(1, 1 + math.prod(shape)).reshape(shape).astype(kind)
    found = grad(lambda x: tinygrad_bp.sum(x * x))(array)

    assert isinstance(found, np.ndarray)
    assert found.dtype == float
    assert found.shape == shape
    assert found.tolist() == (2.0 * array.astype(float)).tolist()


def test_floats_in_floats_out():
    value, slope = value_and_grad(cube)(2.0)

    assert (value, slope) == (8.0, 12.0)
    assert (type(value), type(slope)) == (float, float)


@pytest.mark.parametrize("given_value", [Value(2.0), constant(2.0), Value(1.0) * 2.0], ids=repr)
def test_values_in_values_out(given_value):
    value, slope = value_and_grad(cube)(given_value)

    assert isinstance(value, Value)
    assert isinstance(slope, Value)
    assert (value.data, slope.data) == (8.0, 12.0)
    assert given_value.grad == 0.0


def test_what_values_give_can_be_differentiated_on():
    x = Value(2.0)
    value, slope = value_and_grad(cube)(x)

    assert gradient(value, x) == 12.0
    assert gradient(slope, x) == 12.0


def test_a_mixture_of_values_and_floats_gives_values():
    x = Value(2.0)
    found = grad(product, argnums=(0, 1))(x, 3.0)

    assert [v.data for v in found] == [3.0, 2.0]
    assert gradient(found[1], x) == 1.0


def test_a_value_on_which_nothing_depends_has_gradient_zero_as_a_value():
    found = grad(lambda x, _: x * 1.0, argnums=1)(Value(2.0), Value(3.0))

    assert (found.data, found.is_constant) == (0.0, True)


def test_the_function_sees_values_in_the_structure_that_was_passed():
    seen = []

    def look(x, *, scale):
        seen.append((type(x), {type(v) for v in x.values()}, scale))
        return x["a"] * scale

    assert grad(look)({"a": 2.0}, scale=3.0) == {"a": 3.0}
    assert seen == [(dict, {Value}, 3.0)]


def test_the_argument_is_not_changed():
    array, values = np.array([1.0, 2.0]), [Value(1.0), Value(2.0)]
    before = list(values)
    grad(lambda x: (x * x).sum())(array)
    grad(lambda xs: xs[0] * xs[1])(values)

    assert array.tolist() == [1.0, 2.0]
    assert all(x is y for x, y in zip(values, before, strict=True))
    assert [v.grad for v in values] == [0.0, 0.0]


def test_side_effects_of_the_function_happen_once():
    calls = []

    def counted(x):
        calls.append(x.data)
        return x * x

    value_and_grad(counted)(2.0)
    jvp(counted, (3.0,), (1.0,))
    jacobian(counted)(4.0)

    assert calls == [2.0, 3.0, 4.0]


# argnums ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 15.0), (1, 10.0), (-1, 6.0), (np.int64(2), 6.0), (True, 10.0),
        ((0,), (15.0,)), ([0, 2], (15.0, 6.0)), ((2, 0), (6.0, 15.0)),
        (range(3), (15.0, 10.0, 6.0)),
        ((), ()),
    ],
    ids=repr,
)  # fmt: skip
def test_argnums_names_one_argument_or_several(argnums, expected):
    assert grad(product, argnums)(2.0, 3.0, 5.0) == expected
    assert jacobian(product, argnums)(2.0, 3.0, 5.0) == expected


@pytest.mark.parametrize("derivative", [grad, value_and_grad, jacobian, hessian])
def test_by_the_first_argument_unless_another_is_named(derivative):
    def function(x, y):
        return x * x * y

    found = derivative(function)(2.0, 5.0)

    assert found == derivative(function, 0)(2.0, 5.0) != derivative(function, 1)(2.0, 5.0)


@pytest.mark.parametrize("derivative", [grad, value_and_grad, jacobian, hessian])
def test_a_derivative_has_the_name_of_its_function(derivative):
    assert derivative(cube).__name__ == "cube"


def test_an_output_gets_the_name_of_its_function_on_a_tape_and_nowhere_else():
    outputs = []

    def loss(x):
        outputs.append(x * x)
        return outputs[-1]

    grad(loss)(2.0)
    with modes.watching():
        grad(loss)(Value(2.0))

    assert [output.label for output in outputs] == ["", "loss"]


def named_chain():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    h = w.exp() * x
    h.label = "h"
    loss = h * h
    loss.label = "loss"
    return loss, [w, h]


def test_on_a_tape_a_derivative_is_named_after_what_and_by_what():
    loss, by = named_chain()
    plain = gradient(loss, by, create_graph=True)
    with modes.watching():
        on_a_tape = gradient(loss, by, create_graph=True)

    assert [slope.label for slope in plain] == ["", ""]
    assert [slope.label for slope in on_a_tape] == ["d_loss_d_w", "d_loss_d_h"]


def test_on_a_tape_nothing_else_gets_such_a_name():
    w = Value(2.0, "w")
    nameless = w * w * w
    with modes.watching():
        of_none = gradient(nameless, w, create_graph=True)
        of_two = gradient_of_two(w)
        of_a_number = grad(lambda _: 5.0)(w)
        x = Value(5.0, "x")
        z = x.exp()
        z.label = "z"
        of_itself = gradient(z, x, create_graph=True)

    assert [of_none.label, of_two.label, of_a_number.label] == ["", "", ""]
    assert of_itself is z
    assert z.label == "z"


def gradient_of_two(w):
    def outputs(w):
        h, k = w.exp() * w, w.sin() * w
        h.label, k.label = "h", "k"
        return h, k

    _, pullback = vjp(outputs, w)
    return pullback((1.0, 1.0))[0]


def test_on_a_tape_a_node_has_one_name_and_a_forward_one_keeps_its_own():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    p, k = w.exp(), x.sin()
    p.label = "p"
    s = p + k
    s.label = "s"
    loss = s * k
    loss.label = "loss"
    with modes.watching():
        by_s, by_p = gradient(loss, [s, p], create_graph=True)
        cubed = s * s * s
        cubed.label = "cubed"
        shared = gradient(cubed, [s, p], create_graph=True)

    assert by_s is by_p is k
    assert k.label == ""
    assert shared[0] is shared[1]
    assert shared[0].label == "d_cubed_d_s"


def test_an_output_that_has_a_name_keeps_it_on_a_tape_too():
    outputs = []

    def loss(x):
        outputs.append(x * x)
        outputs[-1].label = "own"
        return outputs[-1]

    def itself(x):
        outputs.append(x)
        return x

    with modes.watching():
        for function in (loss, itself, lambda x: outputs.append(-x) or outputs[-1]):
            grad(function)(2.0)

    assert [output.label for output in outputs] == ["own", "", ""]


def test_a_hessian_by_several_arguments_pairs_them_all():
    found = hessian(lambda x, y: x * x * y, argnums=(0, 1))(2.0, 3.0)

    assert found == ((6.0, 4.0), (4.0, 0.0))


@pytest.mark.parametrize("argnums", [2, 3, -3, -4, (0, 2)], ids=repr)
def test_argnums_out_of_range_is_an_error_that_counts(argnums):
    with pytest.raises(IndexError, match="the call has 2 positional arguments"):
        grad(product, argnums)(2.0, 3.0)


def test_an_argument_passed_by_keyword_cannot_be_differentiated():
    with pytest.raises(IndexError, match="the call has 0 positional arguments"):
        grad(cube)(x=2.0)


@pytest.mark.parametrize("argnums", [(0, 0), (1, -1)], ids=repr)
def test_argnums_that_name_an_argument_twice_are_refused(argnums):
    # Else one of the two would get the whole gradient and the other zero.
    with pytest.raises(ValueError, match="names an argument twice"):
        grad(product, argnums)(2.0, 3.0)


def test_arguments_are_counted_from_both_ends_however_many():
    assert grad(product, -2)(2.0, 3.0) == 3.0
    assert grad(product, range(300))(*[1.0] * 300) == (1.0,) * 300


def test_argnums_that_are_no_position_are_refused():
    for argnums in (1.0, "0", ["a"]):
        with pytest.raises(TypeError):
            grad(product, argnums)(2.0, 3.0)


# Errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "output", [[1.0], (1.0,), {"a": 1.0}, np.zeros(2), np.zeros(0), None], ids=repr
)
def test_a_function_that_does_not_return_one_number_is_named_in_the_error(output):
    def bad(_):
        return output

    with pytest.raises(TypeError, match=r"one number; bad returned .*use jacobian or vjp"):
        grad(bad)(2.0)


def test_a_callable_without_a_name_is_shown_in_the_error():
    class Bad:
        def __call__(self, x):
            return [x]

        def __repr__(self):
            return "Bad()"

    with pytest.raises(TypeError, match=r"Bad\(\) returned list"):
        grad(Bad())(2.0)


def test_a_long_output_is_shortened_in_the_error_to_60_characters():
    x, longest, longer = Value(1.0), "1" * 58, "1" * 59  # with the quotes 60, and 61

    for shown in ("12", longest):
        with pytest.raises(TypeError, match=f"got str '{shown}'$"):
            gradient(shown, x)
    with pytest.raises(TypeError, match=rf"got str '{longer[:56]}\.\.\.$"):
        gradient(longer, x)


def test_what_is_no_number_is_refused_at_the_door():
    for wrong in ("2", None, 2j, [1.0, "2"]):
        with pytest.raises(TypeError, match="expected a number"):
            grad(cube)(wrong)


def test_an_exception_in_the_function_leaves_nothing_behind():
    def failing(x):
        raise KeyError

    with no_grad():
        for derivative in (grad(failing), jacobian(failing)):
            with pytest.raises(KeyError):
                derivative(2.0)

        assert (Value(1.0) * 2.0).is_constant
    assert grad(cube)(2.0) == 12.0


@pytest.mark.parametrize(
    ("cotangent", "said"),
    [
        ({"a": 1.0}, "expected the keys"),
        ({"a": 1.0, "b": [1.0, 2.0], "c": 3.0}, "expected the keys"),
        ([1.0, [2.0, 3.0]], "expected the keys"),
        ({"a": 1.0, "b": [1.0]}, "expected 2 parts"),
        ({"a": 1.0, "b": 1.0}, "expected 2 parts"),
        ({"a": 1.0, "b": np.array(1.0)}, "expected 2 parts"),
        ({"a": [1.0], "b": [1.0, 2.0]}, r"expected the shape \(\)"),
    ],
    ids=repr,
)
def test_a_cotangent_of_another_structure_is_refused(cotangent, said):
    _, pullback = vjp(lambda x: {"a": x, "b": [x, x]}, 2.0)

    with pytest.raises(
        ValueError, match=f"cotangent must have the structure of the output: {said}"
    ):
        pullback(cotangent)


def test_a_cotangent_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match="expected a number"):
        vjp(cube, 2.0)[1]("1")


def test_directions_of_another_structure_are_refused():
    for wrong in ((), (1.0,), (1.0, 2.0), ([1.0],), (np.ones((2, 1)),)):
        with pytest.raises(ValueError, match="direction must have the structure of the primals"):
            jvp(lambda x: x[0], (np.ones(2),), wrong)


@pytest.mark.parametrize("wrong", [2.0, np.array([2.0]), Value(2.0)], ids=repr)
def test_primals_and_directions_are_tuples(wrong):
    with pytest.raises(TypeError, match=r"are tuples with one entry for each argument, \(x,\)"):
        jvp(cube, wrong, (1.0,))
    with pytest.raises(TypeError, match="are tuples"):
        jvp(cube, (2.0,), wrong)


def test_keys_are_paired_by_name_and_not_by_order():
    f = lambda d: d["a"] * 10.0 + d["b"]  # noqa: E731
    _, pullback = vjp(lambda x: {"a": x * 10.0, "b": x}, 2.0)

    assert jvp(f, ({"a": 1.0, "b": 2.0},), ({"b": 0.0, "a": 1.0},)) == (12.0, 10.0)
    assert pullback(OrderedDict(b=0.0, a=1.0)) == (10.0,)


# gradient --------------------------------------------------------------------------------


def test_gradient_touches_no_grad():
    x = Value(3.0)
    y = x * x
    y.backward()
    before = [node.grad for node in topological_order(y)]
    gradient(y, x, create_graph=True)
    gradient(y, [x, y], seed=5.0)

    assert [node.grad for node in topological_order(y)] == before


def test_gradient_by_any_node_in_the_structure_that_was_asked_for():
    x, y = Value(3.0), Value(4.0)
    inner = x * y
    output = inner * inner

    assert gradient(output, {"inner": inner, "xy": (x, [y]), "self": output}) == {
        "inner": 24.0, "xy": (96.0, [72.0]), "self": 1.0,
    }  # fmt: skip
    assert gradient(output, np.array([[x], [y]])).tolist() == [[96.0], [72.0]]
    assert gradient(output, []) == []


def test_gradient_by_what_the_output_does_not_reach_is_zero():
    x, other = Value(3.0), Value(4.0)

    assert gradient(x * x, other) == 0.0
    assert gradient(constant(1.0), x) == 0.0
    assert gradient(x * 1.0, other, create_graph=True).data == 0.0


def test_what_is_not_the_input_is_named():
    x = Value(2.0)

    with pytest.raises(TypeError, match="positional"):
        gradient(x * x, x, 2.0)


def test_gradient_scales_with_its_seed():
    x, seed = Value(3.0), Value(10.0)
    found = gradient(x * x, x, seed=seed, create_graph=True)

    assert gradient(x * x, x, seed=10) == found.data == 60.0
    assert gradient(found, seed) == 6.0


def test_gradient_refuses_what_it_cannot_differentiate():
    x = Value(3.0)

    with pytest.raises(TypeError, match=r"a Value to differentiate, got float 3\.0"):
        gradient(3.0, x)
    with pytest.raises(TypeError, match=r"a Value as input, got float 3\.0"):
        gradient(x, [x, 3.0])
    with pytest.raises(ValueError, match=r"constant.* gets no gradient.*make it a Value"):
        gradient(x, constant(3.0))
    with pytest.raises(TypeError, match="expected a number"):
        gradient(x, x, seed="1")


def test_create_graph_to_third_order():
    x, y = Value(2.0), Value(3.0)
    z = x**3 * y**2
    by_x = gradient(z, x, create_graph=True)
    by_xy = gradient(by_x, y, create_graph=True)
    by_xyx = gradient(by_xy, x, create_graph=True)

    assert [by_x.data, by_xy.data, by_xyx.data] == [108.0, 72.0, 72.0]
    assert gradient(by_xyx, y) == 24.0


def test_the_graph_of_a_gradient_is_a_graph_of_the_same_operations():
    x = Value(2.0, label="x")
    slope = gradient(x.tanh() * 3.0, x, create_graph=True)
    names = {node.op.name for node in topological_order(slope) if node.op}

    assert names == {"constant", "multiply", "tanh_slope"}
    assert x in topological_order(slope)


def test_the_graph_of_a_gradient_has_no_node_for_a_multiplication_by_one():
    x, y = Value(2.0), Value(3.0)

    assert gradient(x * y, x, create_graph=True) is y
    assert gradient(x - y, y, create_graph=True).data == -1.0
    assert gradient((x - y) * x, y, create_graph=True).op.name == "negative"


def test_a_gradient_with_a_graph_can_be_trained_on():
    x = Value(3.0)
    slope = gradient(x * x, x, create_graph=True)
    penalty = slope * slope
    penalty.backward()

    assert x.grad == 24.0


# Nesting, and whose variable is whose ----------------------------------------------------


def test_derivatives_nest_to_third_order_and_beyond():
    assert grad(grad(grad(cube)))(5.0) == 6.0
    assert grad(grad(grad(grad(cube))))(5.0) == 0.0
    assert grad(grad(grad(sin)))(0.0) == -1.0


def test_an_inner_derivative_does_not_take_the_outer_variable_for_its_own():
    # The classic: d/dx (x * d/dy (x + y)) is 1; a system that confuses the two says 2.
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(3.0) == 6.0


def test_forward_mode_does_not_confuse_perturbations():
    def derivative(f):
        return lambda x: jvp(f, (x,), (1.0,))[1]

    assert derivative(lambda x: x * derivative(lambda y: x + y)(1.0))(1.0) == 1.0
    assert derivative(lambda x: x * derivative(lambda y: x * y)(x))(3.0) == 6.0
    assert derivative(derivative(derivative(cube)))(5.0) == 6.0


def test_the_inner_derivative_sees_outer_variables_through_closures():
    assert grad(lambda x: grad(lambda y: x * x * y)(5.0))(3.0) == 6.0
    assert grad(lambda x: jvp(lambda y: x * x * y, (5.0,), (1.0,))[1])(3.0) == 6.0
    assert grad(lambda x: vjp(lambda y: x * x * y, 5.0)[1](1.0)[0])(3.0) == 6.0
    assert grad(lambda x: vjp(lambda y: y * y, 5.0)[1](x)[0])(3.0) == 10.0
    assert grad(lambda x: jvp(lambda y: y * y, (5.0,), (x,))[1])(3.0) == 10.0
    assert grad(lambda x: hvp(lambda y: x * y[0] ** 3, [5.0], [1.0])[0])(3.0) == 30.0
    assert grad(lambda x: value_and_grad(lambda y: x * y)(5.0)[0])(3.0) == 5.0
    assert grad(lambda x: hessian(lambda y: x * y * y)(5.0))(3.0) == 2.0


@pytest.mark.parametrize("width", [1, 3], ids=["forward", "reverse"])
@pytest.mark.parametrize("which", [0, 1])
def test_each_output_of_an_inner_jacobian_may_depend_on_the_outer_variable(which, width):
    def outer(x):
        return jacobian(lambda y: [y[0] * 2.0, x * y[0]])([1.0] * width)[which][0]

    assert grad(outer)(3.0) == [0.0, 1.0][which]


def test_an_inner_derivative_that_has_nothing_to_do_with_the_outer_gives_floats():
    seen = []

    def outer(x):
        seen.append(grad(cube)(2.0))
        return x * seen[-1]

    assert grad(outer)(3.0) == 12.0
    assert type(seen[0]) is float


def test_a_value_of_the_callers_own_is_a_number_to_the_derivative():
    w = Value(4.0)

    assert grad(lambda x: x * w)(3.0) == 4.0
    assert w.grad == 0.0


def test_derivatives_nest_across_all_functions():
    f = lambda x: sin(x[0]) * x[1] ** 2  # noqa: E731
    by_hand = [
        [-math.sin(0.5) * 4.0, math.cos(0.5) * 4.0],
        [math.cos(0.5) * 4.0, math.sin(0.5) * 2],
    ]
    at = [0.5, 2.0]

    for found in (
        hessian(f)(at),
        jacobian(grad(f))(at),
        grad_of_each(f, at),
        [hvp(f, at, direction) for direction in ([1.0, 0.0], [0.0, 1.0])],
    ):
        assert np.allclose(found, by_hand, rtol=1e-14)


def grad_of_each(f, at):
    return [grad(lambda x, i=i: grad(f)(x)[i])(at) for i in range(len(at))]


# no_grad ---------------------------------------------------------------------------------


def test_a_derivative_that_is_asked_for_is_taken_under_no_grad_too():
    x = Value(3.0)
    with no_grad():
        found = [
            grad(cube)(3.0), grad(grad(cube))(3.0), jvp(cube, (3.0,), (1.0,))[1],
            vjp(cube, 3.0)[1](1.0)[0], jacobian(cube)(3.0), hessian(cube)(3.0),
            hvp(cube, 3.0, 1.0),
        ]  # fmt: skip
        of_values = [*value_and_grad(cube)(x), jvp(cube, (x,), (1.0,))[1]]

    assert found == [27.0, 18.0, 27.0, 27.0, 27.0, 18.0, 18.0]
    assert [v.data for v in of_values] == [27.0, 27.0, 27.0]


def test_what_comes_out_under_no_grad_is_constant():
    x = Value(3.0)
    with no_grad():
        found = [*value_and_grad(cube)(x), jvp(cube, (x,), (1.0,))[1], jacobian(cube)(x)]

    assert [v.is_constant for v in found] == [True] * 4


def test_no_grad_cuts_an_inner_derivative_off_from_the_outer():
    def outer(x):
        with no_grad():
            slope = grad(cube)(x)
        return x * slope

    assert grad(outer)(2.0) == 12.0


def test_no_grad_inside_the_function_cuts():
    def partly(x):
        with no_grad():
            c = x * x
        return c * x

    assert grad(partly)(3.0) == 9.0
    assert jvp(partly, (3.0,), (1.0,)) == (27.0, 9.0)


# Both modes agree ------------------------------------------------------------------------

numbers = st.floats(-2.0, 2.0)
points = st.lists(numbers, min_size=3, max_size=3)


def curved(x):
    return [sin(x[0] * x[1]) + x[2], exp(x[1]) * tanh(x[2] - x[0]), x[0] * 3.0]


@given(points, points, points)
def test_jvp_and_vjp_are_transposes(at, direction, cotangent):
    _, pushed = jvp(curved, (at,), (direction,))
    (pulled,) = vjp(curved, at)[1](cotangent)

    assert np.dot(cotangent, pushed) == pytest.approx(np.dot(pulled, direction), abs=1e-11)


@given(points, points)
def test_a_jacobian_times_a_direction_is_the_jvp(at, direction):
    table = np.array(jacobian(curved)(at))

    assert jvp(curved, (at,), (direction,))[1] == pytest.approx(table @ direction, abs=1e-11)


@given(points)
def test_a_jacobian_by_forward_mode_is_the_one_by_reverse_mode(at):
    tall = jacobian(lambda x: [*curved(x), x[0] * 0.0])(at)  # more outputs than inputs
    wide = jacobian(curved)(at)

    assert np.array(tall[:3]) == pytest.approx(np.array(wide), rel=1e-14, abs=1e-300)
    assert tall[3] == [0.0, 0.0, 0.0]


@given(points, points)
def test_a_hessian_is_symmetric_and_hvp_multiplies_by_it(at, direction):
    f = lambda x: curved(x)[0] * curved(x)[1]  # noqa: E731
    table = np.array(hessian(f)(at))

    assert table == pytest.approx(table.T, abs=1e-10)
    assert hvp(f, at, direction) == pytest.approx(table @ direction, abs=1e-9)


@given(points)
def test_a_gradient_is_what_backward_puts_into_the_leaves(at):
    f = lambda x: curved(x)[0] * curved(x)[1]  # noqa: E731
    leaves = tinygrad_bp.values(at)
    f(leaves).backward()

    assert grad(f)(at) == [leaf.grad for leaf in leaves]


# Shapes of jacobians and pullbacks -------------------------------------------------------


def test_a_jacobian_of_arrays_has_the_shape_of_output_and_input():
    a = np.arange(1.0, 7.0).reshape(2, 3)

    assert jacobian(lambda x: x @ np.ones(3))(a).shape == (2, 2, 3)
    assert jacobian(lambda x: (x * x).sum())(a).tolist() == (2 * a).tolist()
    assert jacobian(lambda x: x * a)(2.0).tolist() == a.tolist()
    assert jacobian(lambda x: x.T)(a).shape == (3, 2, 2, 3)
    assert jacobian(lambda x: np.asarray(x[()] * 2.0, dtype=object))(np.array(3.0)).shape == ()


def test_a_jacobian_of_structures_is_the_outputs_structure_of_the_inputs():
    def f(d):
        return {"sum": d["w"][0] + d["b"], "both": (d["w"] * d["b"],)}

    found = jacobian(f)({"w": np.array([2.0, 3.0]), "b": 5.0})

    assert found["sum"]["w"].tolist() == [1.0, 0.0]
    assert found["sum"]["b"] == 1.0
    assert found["both"][0]["w"].tolist() == [[5.0, 0.0], [0.0, 5.0]]
    assert found["both"][0]["b"].tolist() == [2.0, 3.0]


def test_a_jacobian_of_nothing_or_by_nothing_is_empty():
    assert jacobian(lambda _: [])([1.0]) == []
    assert jacobian(lambda _: [1.0, 2.0])([]) == [[], []]


def test_outputs_that_are_plain_numbers_do_not_move():
    assert jacobian(lambda x: [x, 2.0])(3.0) == [1.0, 0.0]
    assert jvp(lambda x: [x, 2.0], (3.0,), (1.0,)) == ([3.0, 2.0], [1.0, 0.0])
    assert vjp(lambda x: [x, 2.0], 3.0)[1]([1.0, 1.0]) == (1.0,)


def test_one_output_twice_counts_twice():
    pullback = vjp(lambda x: (x * x,) * 2, 3.0)[1]

    def twice(x):
        y = x * x
        return [y, y]

    assert pullback((1.0, 10.0)) == (66.0,)
    assert vjp(twice, 3.0)[1]([1.0, 10.0]) == (66.0,)


def test_a_pullback_can_be_called_again():
    value, pullback = vjp(lambda x, y: x * y, 2.0, np.array([3.0, 4.0]))

    assert value.tolist() == [6.0, 8.0]
    for _ in range(2):
        by_x, by_y = pullback([1.0, 10.0])
        assert by_x == 43.0
        assert by_y.tolist() == [2.0, 20.0]


def test_a_function_may_return_its_argument_or_the_same_for_another():
    assert jvp(lambda _, y: y, (1.0, 2.0), (10.0, 20.0)) == (2.0, 20.0)
    assert vjp(lambda x: x, [1.0, 2.0])[1]([3.0, 4.0]) == ([3.0, 4.0],)


def test_the_same_value_as_two_arguments_is_two_variables():
    x = Value(3.0)
    found = grad(product, argnums=(0, 1))(x, x)

    assert [v.data for v in found] == [3.0, 3.0]


# What optimisers expect ------------------------------------------------------------------


def rosenbrock(x):
    return (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2


def test_value_and_grad_keeps_the_contract_of_minimize_with_jac():
    # `minimize(fun, x0, jac=True)` calls `fun` with one float array, many times, and wants a
    # number and a float array of the same shape, neither of which it shares with the function.
    objective = value_and_grad(rosenbrock)
    x = np.array([-1.0, 1.0])
    value, slope = objective(x)
    again = objective(x)[1]

    assert (value, slope.tolist(), slope.dtype, slope.shape) == (4.0, [-4.0, 0.0], float, (2,))
    assert type(value) is float
    assert not np.shares_memory(slope, x)
    assert not np.shares_memory(slope, again)


def minimum_by_newton(fun, hess, x):
    """A stand-in for an optimiser that asks as SciPy's do."""
    for _ in range(20):
        _, slope = fun(x)
        x = x - np.linalg.solve(hess(x), slope)
    return SimpleNamespace(x=x, fun=fun(x)[0])


def test_an_optimiser_finds_the_minimum():
    found = minimum_by_newton(
        value_and_grad(rosenbrock), hessian(rosenbrock), np.array([-1.2, 1.0])
    )

    assert found.x == pytest.approx([1.0, 1.0], abs=1e-12)
    assert found.fun < 1e-20


def test_scipys_minimize_takes_it():
    optimize = pytest.importorskip(
        "scipy.optimize", reason="SciPy is not installed; the contract is tested above without it"
    )
    found = optimize.minimize(
        value_and_grad(rosenbrock), [-1.2, 1.0], jac=True, hess=hessian(rosenbrock),
        hessp=None, method="trust-exact",
    )  # fmt: skip

    assert found.success
    assert found.x == pytest.approx([1.0, 1.0], abs=1e-6)
