"""From a function to its tape: what stands on it, and what cannot."""

import math
from collections import namedtuple

import numpy as np
import pytest

import tinygrad_bp as tg
from tinygrad_bp import BranchError, Value, constant, grad, gradient, no_grad, record
from tinygrad_bp.basics import structure
from tinygrad_bp.basics.same import same_bits
from tinygrad_bp.graph.modes import RecordingError
from tinygrad_bp.tape.record import tape_of

Point = namedtuple("Point", "x y")


def ops(tape):
    return [instruction.op.name for instruction in tape.instructions]


# What is on it --------------------------------------------------------------------------


def test_a_replay_is_the_function():
    tape = record(lambda x, y: x * y + tg.sin(x), 1.0, 2.0)

    assert tape(0.3, 0.7) == 0.3 * 0.7 + math.sin(0.3)


@pytest.mark.parametrize(
    "argument",
    [
        2.0,
        2,
        True,
        np.float64(2.0),
        np.array(2.0),
        [1.0, 2.0],
        (1.0, (2.0, 3.0)),
        {"w": [1.0], "b": {"c": 2.0}},
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        Point(1.0, np.array([2.0])),
        [math.nan, math.inf, -math.inf, -0.0],
        [],
    ],
    ids=str,
)
def test_structures_go_in_and_come_out(argument):
    doubled = record(lambda x: structure.mapped(lambda number: 2.0 * number, x), argument)(argument)

    assert type(doubled) is type(argument) or not isinstance(argument, list | tuple | dict)
    assert structure.outline(doubled) == structure.outline(argument)
    for two, one in zip(structure.numbers(doubled), structure.numbers(argument), strict=True):
        assert same_bits(two, 2.0 * float(one))


def test_another_structure_than_recorded_is_refused():
    tape = record(lambda x: x[0], [1.0, 2.0])

    with pytest.raises(ValueError, match=r"recorded for arguments like .*got.*record the function"):
        tape([1.0])


@pytest.mark.parametrize("wrong", ["2", None, 1j, object()])
def test_what_is_no_number_is_refused(wrong):
    with pytest.raises(TypeError, match="expected a number"):
        record(lambda x: x, wrong)
    with pytest.raises(TypeError, match="expected a number"):
        record(lambda: wrong)
    with pytest.raises(TypeError, match="expected a number"):
        record(lambda x: x, 1.0)(wrong)


def test_a_replay_on_values_gives_graph():
    x = Value(3.0)
    record(lambda x: x * x, 1.0)(x).backward()

    assert x.grad == 6.0


def test_captured_values_count_with_their_numbers_of_now():
    w = Value(2.0, label="w")
    tape = record(lambda x: w * x, 1.0)
    w.data = 5.0

    assert tape.captured == (w,)
    assert tape(3.0) == 15.0
    assert gradient(tape(Value(3.0)), w) == 3.0


def test_plain_numbers_from_outside_are_kept():
    factor = 2.0
    tape = record(lambda x: factor * x, 1.0)
    factor = 3.0

    assert tape(1.0) == 2.0


def test_names_are_those_of_arguments_and_labels():
    def area(width, sides):
        height = sides[0] * 2.0
        height.label = "height"
        return width * height

    tape = record(area, 1.0, np.array([2.0]))

    assert tape.name == "area"
    assert tape.names == ("width", "sides[0]", "", "height", "")


def test_names_where_the_function_tells_none():
    class Model:
        def __call__(self, *inputs):
            return inputs[0] + inputs[1]

    tape = record(Model(), 1.0, 2.0)

    assert (tape.name, tape.names) == ("replay", ("x0", "x1", ""))
    assert record(max, 1.0, 2.0).names == ("x0", "x1", "")[:2]
    assert record(lambda x: x, 1.0).name == "lambda"


def test_arguments_of_a_derivative_are_named_like_those_of_its_function():
    def loss(w, x):
        return w * x

    assert record(grad(loss), 1.0, 2.0).names[:2] == ("w", "x")


# What is folded -------------------------------------------------------------------------


def test_a_common_subexpression_is_computed_once():
    tape = record(lambda x, y: (x * y) + (x * y).exp() - (y * x), 1.0, 2.0)

    # y * x is another instruction: where both are nan, IEEE-754 may give the other.
    assert ops(tape).count("multiply") == 2


def test_zeros_of_both_signs_are_two_constants():
    tape = record(lambda x: (x * 0.0, x * -0.0, x * 0), 1.0)

    assert sorted(map(str, tape.constants)) == ["-0.0", "0.0"]
    assert list(map(str, tape(1.0))) == ["0.0", "-0.0", "0.0"]


def test_a_constant_nan_stands_once():
    tape = record(lambda x: (x + math.nan, x * math.nan), 1.0)

    assert len(tape.constants) == 1


def test_what_no_output_needs_is_left_out():
    def wasteful(x):
        tg.exp(x * 17.0)
        return x + 1.0

    assert ops(record(wasteful, 1.0)) == ["add"]


def test_a_sign_that_changes_nothing_is_left_out():
    tape = record(lambda x: +x, 1.0)

    assert ops(tape) == []
    assert str(tape(-0.0)) == "-0.0"


def test_outputs_that_do_not_depend_on_inputs():
    tape = record(lambda x: (1, True, 2.5, x, constant(4.0), x), 7.0)

    assert tape(8.0) == (1.0, 1.0, 2.5, 8.0, 4.0, 8.0)


def test_chosen_captured_values_keep_their_order():
    a, b, unused = Value(1.0), Value(2.0), Value(3.0)

    tape = tape_of(b * a, (), [], [unused, a])

    assert tape.captured == (unused, a, b)


# What cannot be on it -------------------------------------------------------------------


def reads_data(x):
    return x * x.data


def calls_backward(x):
    y = x * x
    y.backward()
    return x.grad


def asks_for_numbers(x):
    return gradient(x * x, x)


def cuts_off(x):
    return x * constant(x)


def computes_under_no_grad(x):
    with no_grad():
        return x * 2.0


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (reads_data, r"the data of Value\(data=3.0, grad=0.0, label='x'\) was read"),
        (calls_backward, "backward was called"),
        (asks_for_numbers, "pass create_graph=True"),
        (cuts_off, "was read"),
        (computes_under_no_grad, "computed under no_grad"),
    ],
)
def test_a_number_that_the_tape_would_keep_for_ever_is_refused(function, message):
    with pytest.raises(RecordingError, match=message) as caught:
        record(function, 3.0)

    assert "test_record.py, line" in str(caught.value)


def test_recording_inside_recording_is_refused():
    with pytest.raises(RecordingError, match=r"record the inner function first.*test_record"):
        record(lambda x: record(lambda y: y, 1.0)(x), 2.0)


def test_a_tape_is_replayed_inside_a_recording():
    inner = record(lambda y: y * y if y > 0 else y, 3.0)
    outer = record(lambda x: inner(x) + 1.0, 2.0)

    assert outer(5.0) == 26.0
    with pytest.raises(BranchError):
        outer(-5.0)


def test_a_derivative_at_captured_values_is_graph():
    # As a number it would stay what it was.
    tape = record(lambda x: grad(lambda w: w * x)(2.0), 3.0)

    assert tape(7.0) == 7.0


def test_changes_of_foreign_values_are_found():
    counter = Value(1.0)

    def counts(x):
        result = x * counter
        counter.data = 2.0
        return result

    with pytest.raises(RecordingError, match="changes values that it did not make"):
        record(counts, 3.0)


def test_settings_that_a_function_makes_do_not_count_as_changes():
    tape = record(lambda x: (x * math.nan, x - x), math.inf)

    assert math.isnan(tape(1.0)[0])


def test_what_was_wrong_leaves_no_recording_behind():
    with pytest.raises(ZeroDivisionError):
        record(lambda: 1 / 0)

    assert Value(2.0).data == 2.0


def test_a_tape_of_a_lambda_says_so_and_counts_in_words():
    tape = record(lambda x: x * 2, 1.0)

    assert repr(tape) == "<tape lambda: 1 input, 1 instruction, 0 guards>"
    assert tape.source().startswith("def replay(x):")
