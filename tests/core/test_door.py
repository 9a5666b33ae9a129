"""The door: what becomes a float, and what is refused with a way out."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from tinygrad_bp import Value, constant, values
from tinygrad_bp.basics.door import as_float


class Tensor:
    """Like the tensors of other libraries: one number, and `__float__`."""

    def __float__(self):
        return 4.0


class Index:
    def __index__(self):
        return 5


class Half(float):
    """A subclass of float is a float."""


NUMBERS = [
    (2, 2.0),
    (True, 1.0),
    (Half(0.5), 0.5),
    (Fraction(1, 4), 0.25),
    (Decimal("1.5"), 1.5),
    (Tensor(), 4.0),
    (Index(), 5.0),
    (10**300, 1e300),
    (np.float32(0.5), 0.5),
    (np.int8(-3), -3.0),
    (np.bool_(True), 1.0),
    (np.array(2.0), 2.0),
    (np.array([[3]]), 3.0),
    (math.inf, math.inf),
]


@pytest.mark.parametrize(("number", "expected"), NUMBERS)
def test_a_real_number_becomes_a_float(number, expected):
    data = Value(number).data

    assert data == expected
    assert type(data) is float


@pytest.mark.parametrize(("number", "expected"), NUMBERS)
def test_the_door_is_the_same_for_operands_and_for_assigned_data(number, expected):
    x = Value(1.0)
    y = Value(7.0)
    y.data = number

    assert (x * as_float(number)).data == expected
    assert y.data == expected
    assert type(y.data) is float


REFUSED = [
    ("2", "convert it first, with float(...)"),
    (b"2", "convert it first, with float(...)"),
    (np.str_("2"), "convert it first, with float(...)"),
    (np.array("2"), "convert it first, with float(...)"),
    (2j, "pass .real or abs(...)"),
    (np.complex64(2), "pass .real or abs(...)"),
    (np.array([2j]), "pass .real or abs(...)"),
    (np.array([1.0, 2.0]), "tinygrad_bp.values(array)"),
    (np.array([]), "tinygrad_bp.values(array)"),
    (None, "pass an int or a float"),
    ([1.0], "pass an int or a float"),
    ({"a": 1.0}, "pass an int or a float"),
    (object, "pass an int or a float"),
]


@pytest.mark.parametrize(("thing", "way_out"), REFUSED, ids=lambda thing: repr(thing)[:30])
def test_what_is_no_real_number_is_refused_with_a_way_out(thing, way_out):
    with pytest.raises(TypeError, match="expected a number, got ") as refusal:
        Value(thing)

    assert str(refusal.value).endswith(way_out)


@pytest.mark.parametrize(("thing", "way_out"), REFUSED, ids=lambda thing: repr(thing)[:30])
def test_assigned_data_is_refused_by_the_same_rule_and_nothing_changes(thing, way_out):
    x = Value(1.0)
    with pytest.raises(TypeError) as refusal:
        x.data = thing

    assert str(refusal.value).endswith(way_out)
    assert x.data == 1.0


def test_a_value_is_refused_and_data_named_as_the_way_out():
    x = Value(2.0, label="x")

    with pytest.raises(TypeError, match=r"label='x'.*use \.data for the number"):
        Value(x)
    with pytest.raises(TypeError, match=r"use \.data"):
        Value(np.array([x], dtype=object))


def test_a_long_thing_is_shortened_in_the_message_to_60_characters():
    longest, longer = "1" * 58, "1" * 59  # and two quotation marks

    with pytest.raises(TypeError, match=f"got str '{longest}'; convert"):
        Value(longest)
    with pytest.raises(TypeError, match=rf"got str '{longer[:56]}\.\.\.; convert"):
        Value(longer)


@pytest.mark.parametrize("huge", [10**400, -(10**400), Fraction(10**400), Fraction(-(10**401), 7)])
def test_a_number_beyond_all_floats_overflows_with_a_way_out(huge):
    with pytest.raises(OverflowError, match=r"a number that a float can hold.*divide it first"):
        Value(huge)
    with pytest.raises(OverflowError, match="a number that a float can hold"):
        Value(1.0) + huge


def test_a_label_is_a_str():
    assert Value(1.0, label="w").label == "w"
    assert Value(1.0).label == ""
    with pytest.raises(TypeError, match=r"a label is a str, got float 2\.0"):
        Value(1.0, 2.0)


def test_a_constant_of_a_value_is_its_number():
    x = Value(2.0, label="x")
    c = constant(x, label="c")

    assert (c.data, c.label, c.parents, c.is_constant) == (2.0, "c", (), True)
    assert not x.is_constant


def test_values_keep_structure_and_number_their_labels():
    found = values({"w": [1.0, (2.0, 3.0)], "b": np.array([[4.0, 5.0]])}, label="p")

    assert [v.label for v in (found["w"][0], *found["w"][1])] == [
        "p['w'][0]", "p['w'][1][0]", "p['w'][1][1]",
    ]  # fmt: skip
    assert isinstance(found["w"][1], tuple)
    assert found["b"].shape == (1, 2)
    assert [v.label for v in found["b"].flat] == ["p['b'][0, 0]", "p['b'][0, 1]"]


def test_values_without_a_label_have_none():
    found = [*values([1.0]), *values((2.0,)), *values(np.ones(1)), values({"a": 1.0})["a"]]

    assert [v.label for v in found] == [""] * 4


def test_values_of_an_array_without_dimensions_is_one():
    found = values(np.array(3.0), label="w")

    assert found.shape == ()
    assert (found[()].data, found[()].label) == (3.0, "w")


def test_values_of_a_named_tuple_is_a_named_tuple():
    from collections import namedtuple

    point = namedtuple("point", "x y")(1.0, 2.0)

    found = values(point)

    assert type(found) is type(point)
    assert (found.x.data, found.y.data) == (1.0, 2.0)
