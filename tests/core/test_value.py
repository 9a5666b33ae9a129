"""`Value` among Python's protocols: equality, order, truth, text, attributes."""

import gc
import math
import operator
import pickle
import weakref

import numpy as np
import pytest

import tinygrad_bp
from tinygrad_bp import Value, constant
from tinygrad_bp.rows.primitive import BY_NAME


@pytest.mark.parametrize("other", [2.0, 2, True, Value(2.0), constant(2.0)], ids=repr)
def test_comparisons_look_at_the_data(other):
    x = Value(1.5)
    number = other.data if isinstance(other, Value) else other

    data = x.data
    assert (x < other, x <= other) == (data < number, data <= number)
    assert (x > other, x >= other) == (data > number, data >= number)
    assert (other < x, other <= x) == (number < data, number <= data)
    assert (other > x, other >= x) == (number > data, number >= data)


def test_equal_numbers_are_neither_less_nor_greater():
    x, y = Value(2.0), Value(2.0)

    assert (x < y, x <= y, x > y, x >= y) == (False, True, False, True)


def test_every_comparison_with_nan_is_false():
    x, nan = Value(2.0), Value(math.nan)

    assert [x < nan, x <= nan, x > nan, x >= nan] == [False] * 4


def test_comparing_with_what_is_no_number_is_a_type_error():
    for thing in ("2", None, 2j, [2.0]):
        with pytest.raises(TypeError):
            Value(2.0) < thing  # noqa: B015


def test_values_sort_by_their_data():
    values = tinygrad_bp.values([3.0, 1.0, 2.0])

    assert [v.data for v in sorted(values)] == [1.0, 2.0, 3.0]
    assert max(values) is values[0]


def test_truth_is_that_of_the_data():
    assert [bool(Value(x)) for x in (0.0, -0.0, 1.0, -2.0, math.nan)] == [
        False, False, True, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("specification", [".3f", "10.2e", "+g", "%"])
def test_a_format_is_that_of_the_number(specification):
    assert f"{Value(-1.25):{specification}}" == f"{-1.25:{specification}}"


def test_without_a_format_there_is_the_repr():
    x = Value(2.0, label="x")

    assert f"{x}" == str(x) == repr(x) == "Value(data=2.0, grad=0.0, label='x')"
    assert repr(Value(2.0)) == "Value(data=2.0, grad=0.0)"
    assert repr(constant(2.0)) == "Value(data=2.0, constant)"


def test_a_repr_is_one_line_whatever_the_label_and_the_graph():
    x = Value(2.0, label="two\nlines")
    for _ in range(1000):
        x = x * 1.0
    x.label = "a\nb"

    assert repr(x) == "Value(data=2.0, grad=0.0, label='a\\nb')"


def test_no_value_is_silently_made_a_number():
    x = Value(2.0, label="x")

    for conversion in (float, complex, math.exp, "%.3f".__mod__, np.zeros(1).fill):
        with pytest.raises(TypeError, match=r"label='x'.*lost: .*values\(.*:\.3f.*\.data.*exp\("):
            conversion(x)
    for conversion in (int, operator.index, [1].__getitem__, lambda v: round(v, 2)):
        with pytest.raises(TypeError, match=r"label='x'.*its graph would be lost: .*\.data"):
            conversion(x)
    for conversion in (len, list, range):
        with pytest.raises(TypeError):
            conversion(x)


@pytest.mark.parametrize("number", [2.5, -2.5, 3.5, -0.5, 0.0, 1e300])
def test_what_python_rounds_to_an_int_stays_a_value(number):
    rows = {round: "round", math.floor: "floor", math.ceil: "ceil", math.trunc: "trunc"}
    for function, row in rows.items():
        rounded = function(Value(number))

        assert (rounded.op.name, rounded.data) == (row, function(number))


@pytest.mark.parametrize(("x", "y"), [(7.0, 2.0), (-7.0, 2.0), (7.5, -2.0)])
def test_divmod_is_quotient_and_remainder(x, y):
    for pair in (divmod(Value(x), Value(y)), divmod(Value(x), y), divmod(x, Value(y))):
        assert [part.op.name for part in pair] == ["floor_divide", "remainder"]
        assert tuple(part.data for part in pair) == divmod(x, y)


def test_a_value_has_no_other_attributes_and_no_dict():
    x = Value(2.0)

    assert not hasattr(x, "__dict__")
    with pytest.raises(AttributeError):
        x.colour = "red"
    with pytest.raises(AttributeError):
        x.parents = ()


def test_a_value_cannot_be_subclassed():
    # An operand whose type is not exactly Value would be taken for a number, without gradient.
    with pytest.raises(TypeError, match="Value is final"):
        type("Own", (Value,), {})


def test_a_value_can_be_referred_to_weakly():
    gc.disable()
    try:
        x = Value(2.0)
        y = x * x
        references = weakref.ref(x), weakref.ref(y)
        del x, y

        assert [reference() for reference in references] == [None, None]
    finally:
        gc.enable()


def test_labels_belong_to_one_node_and_can_be_renamed():
    x = Value(2.0, label="x")
    y = x + 1.0
    y.label = "y"
    x.label = "input"

    assert [node.label for node in tinygrad_bp.topological_order(y)] == ["input", "", "y"]


def test_operators_refuse_what_is_no_number():
    for thing in ("2", b"2", 2j, [2.0], (2.0,), None, {}, object()):
        with pytest.raises(TypeError):
            Value(2.0) + thing
        with pytest.raises(TypeError):
            thing * Value(2.0)


class Guest:
    """Another library's number, which knows what to do with a Value."""

    def __radd__(self, other):
        return "added"

    def __gt__(self, other):
        return "compared"


def test_another_kind_of_number_may_handle_the_operator():
    assert Value(2.0) + Guest() == "added"
    assert (Value(2.0) < Guest()) == "compared"


METHODS = sorted(
    name for name in BY_NAME if hasattr(Value, name) and BY_NAME[name].arity is not None
)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_the_function(name):
    primitive = BY_NAME[name]
    operands = [Value(1.25), Value(0.5), Value(2.0)][: primitive.arity]

    by_method = getattr(operands[0], name)(*operands[1:])
    by_function = getattr(tinygrad_bp, name)(*operands)

    assert by_method.op is by_function.op is primitive
    assert by_method.parents == by_function.parents == tuple(operands)
    assert str(by_method.data) == str(by_function.data)  # `nan` included
    assert by_method.grad == by_function.grad == 0.0


def test_the_table_has_its_methods():
    assert {"exp", "relu", "clip", "hypot", "where", "logaddexp"} - set(METHODS) == {"where"}


def test_methods_are_documented_and_named():
    assert Value.leaky_relu.__name__ == "leaky_relu"
    assert Value.leaky_relu.__doc__ == "`leaky_relu(x, y)`, where `x` is this value."
    assert Value.exp.__name__ == "exp"
    assert "exp(x)" in Value.exp.__doc__


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        (lambda x, y: x + y, "add"),
        (lambda x, y: x - y, "subtract"),
        (lambda x, y: x * y, "multiply"),
        (lambda x, y: x / y, "divide"),
        (lambda x, y: x % y, "remainder"),
        (lambda x, y: x // y, "floor_divide"),
        (lambda x, y: x**y, "pow"),
    ],
)
def test_every_operator_works_with_a_value_on_either_side_or_both(expression, name):
    both = expression(Value(7.5), Value(2.0))
    left = expression(Value(7.5), 2)
    right = expression(7.5, Value(2.0))

    assert both.data == left.data == right.data == expression(7.5, 2.0)
    assert {both.op.name, right.op.name} == {name}
    assert both.grad == left.grad == right.grad == 0.0
    assert left.op.name == ("pow_constant" if name == "pow" else name)
    assert [p.data for p in right.parents] == [7.5, 2.0]


def test_prefix_operators():
    x = Value(-2.5)

    assert [(-x).data, (+x).data, abs(x).data] == [2.5, -2.5, 2.5]
    assert +x is not x


def test_augmented_assignment_makes_a_new_node():
    x = Value(2.0)
    before = x
    x += 1.0
    x *= 3.0
    x.backward()

    assert (before.data, x.data, before.grad) == (2.0, 9.0, 3.0)


def test_a_sum_of_pythons_own_works():
    values = tinygrad_bp.values([1.0, 2.0, 3.0])
    total = sum(values)
    total.backward()

    assert total.data == 6.0
    assert [v.grad for v in values] == [1.0, 1.0, 1.0]


def test_its_real_conjugate_is_itself():
    x = Value(2.0)

    assert x.conjugate() is x


def test_the_result_of_a_comparison_is_a_bool():
    assert type(Value(1.0) < 2.0) is bool
    assert pickle.loads(pickle.dumps(Value(1.0))) > 0.5
