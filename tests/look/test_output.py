"""What a view looks at: a value, or a function of inputs that is run for its lines."""

import numpy as np
import pytest

from tinygrad_bp import Value, constant, leaves, nn, no_grad, source_line
from tinygrad_bp.look.diagnosis.output import output_of


def labels_of_leaves(output):
    return [leaf.label for leaf in leaves(output) if not leaf.is_constant]


def test_a_value_is_looked_at_itself():
    y = Value(2.0) * 3.0

    assert output_of(y) is y


def test_a_function_is_run_for_its_lines_and_its_inputs_get_its_names():
    def area(width, height):
        scaled = 2.0 * width
        return scaled * height

    output = output_of(area, 3, np.float64(4.0))

    assert output.data == 24.0
    assert labels_of_leaves(output) == ["width", "height"]
    assert source_line(output.parents[0]).text == "scaled = 2.0 * width"


def test_structures_of_numbers_become_values_with_the_way_to_them_as_label():
    output = output_of(lambda w, x: w["a"] * x[0] + w["b"] * x[1], {"a": 1, "b": 2}, np.ones(2))

    assert labels_of_leaves(output) == ["w['a']", "x[0]", "w['b']", "x[1]"]


def test_what_is_no_number_is_passed_on_as_it_is():
    given = [Value(2.0), [Value(1.0), 2.0], "text", True, None, constant(1.0)]
    got = []

    output_of(lambda *things: got.extend(things) or things[0] * 1.0, *given)

    assert all(a is b for a, b in zip(got, given, strict=True))


def test_a_module_is_a_function():
    model = nn.MLP(2, [1], seed=0)

    assert output_of(model, [1.0, 2.0]).data == model([1.0, 2.0]).data


def test_a_function_records_under_no_grad_too():
    with no_grad():
        assert not output_of(lambda x: x * x, 2.0).is_constant


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((Value(2.0), 1.0), r"Value\(data=2.0, grad=0.0\) has been computed already.*got 1; pass"),
        ((2.0,), "expected a Value, or a function and its inputs, got float 2.0"),
        (("x" * 100,), r"got str 'x{50,56}\.\.\."),
        ((lambda x: [x, x], 1.0), r"returns one Value; <lambda> returned list \[Value"),
        ((lambda x: x.data, 1.0), r"returns one Value; <lambda> returned float 1\.0"),
    ],
)
def test_anything_else_is_refused_with_a_way_out(arguments, message):
    with pytest.raises(TypeError, match=message):
        output_of(*arguments)
