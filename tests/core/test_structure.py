"""Structures of numbers, taken apart and rebuilt."""

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tinygrad_bp import Value
from tinygrad_bp.basics import structure

Pair = namedtuple("Pair", "left right")

floats = st.floats(-9.0, 9.0)
structures = st.recursive(
    floats | st.lists(floats, max_size=3).map(np.array),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(Pair, inner, inner)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


def same(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tolist() == other.tolist()
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@given(structures)
def test_rebuilt_from_its_own_numbers_a_structure_is_the_same(thing):
    assert same(structure.with_numbers(thing, structure.numbers(thing)), thing)


@given(structures)
def test_rebuilt_from_its_own_blocks_a_structure_is_the_same(thing):
    assert same(structure.rebuilt(thing, iter(structure.blocks(thing))), thing)


@given(structures)
def test_numbers_in_the_order_of_itself_are_its_numbers(thing):
    assert structure.numbers_in_order_of(thing, thing) == structure.numbers(thing)


@given(structures)
def test_mapped_keeps_the_structure(thing):
    found = structure.mapped(lambda number: -number, thing)

    assert structure.numbers(found) == [-number for number in structure.numbers(thing)]
    assert same(structure.mapped(lambda number: -number, found), thing)


def test_numbers_are_read_in_order_arrays_row_by_row():
    thing = {"b": [1.0, (2.0, Pair(3.0, np.array([[4.0, 5.0], [6.0, 7.0]])))], "a": 8.0}

    assert structure.numbers(thing) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]


def test_an_array_is_of_floats_if_all_numbers_are():
    x = Value(1.0)

    assert structure.array([1.0, 2.0], (2,)).dtype == float
    assert structure.array([1.0, x], (2, 1)).dtype == object
    assert structure.array([x], ())[()] is x
    assert structure.array([], (0, 3)).shape == (0, 3)


def test_the_order_of_a_model_decides():
    model = {"a": 1.0, "b": [2.0, {"c": 3.0, "d": np.zeros((1, 2))}]}
    thing = {"b": (20.0, {"d": [[40.0, 50.0]], "c": 30.0}), "a": np.array(10.0)}

    assert structure.numbers_in_order_of(model, thing) == [10.0, 20.0, 30.0, 40.0, 50.0]


@pytest.mark.parametrize(
    ("model", "thing", "said"),
    [
        ({"a": 1.0}, {"b": 1.0}, "the keys"),
        ({"a": 1.0}, [1.0], "the keys"),
        ([1.0], [1.0, 2.0], "1 parts"),
        ([1.0], 1.0, "1 parts"),
        ([1.0], {"a": 1.0}, "1 parts"),
        ((1.0, 2.0), np.array(1.0), "2 parts"),
        (np.zeros((2, 1)), [1.0, 2.0], r"the shape \(2, 1\)"),
        (1.0, [1.0], r"the shape \(\)"),
    ],
    ids=repr,
)
def test_structures_that_are_not_alike_are_refused(model, thing, said):
    with pytest.raises(ValueError, match=f"expected {said}"):
        structure.numbers_in_order_of(model, thing)


def test_long_structures_are_alike_too():
    assert structure.numbers_in_order_of([0.0] * 300, [1.0] * 300) == [1.0] * 300


def test_crossed_pairs_every_block_with_every_block():
    outer = {"n": 1.0, "a": np.zeros(2)}
    inner = (1.0, np.zeros((1, 2)))
    table = [[0.0, 1.0, 2.0], [10.0, 11.0, 12.0], [20.0, 21.0, 22.0]]
    found = structure.crossed(outer, inner, table)

    assert found["n"][0] == 0.0
    assert found["n"][1].tolist() == [[1.0, 2.0]]
    assert found["a"][0].tolist() == [10.0, 20.0]
    assert found["a"][1].tolist() == [[[11.0, 12.0]], [[21.0, 22.0]]]


def test_an_outline_shows_nesting_and_shapes_and_no_numbers():
    thing = {"w": np.zeros((2, 1)), "b": (1.0, [2.0, np.array(3.0)])}

    assert structure.outline(thing) == "{'w': array(2, 1), 'b': (., [., array()])}"
