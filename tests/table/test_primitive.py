"""A row as a function: of numbers, of arrays and nested lists, of too few and too many operands."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tests.table.truths import moderate_points
from tinygrad_bp import Value
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.rows.primitive import Primitive, named

every_row = pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
fixed = [row for row in ROWS.values() if row.arity]
every_fixed_row = pytest.mark.parametrize("row", fixed, ids=[row.name for row in fixed])
SHAPES = [(), (0,), (1,), (3,), (2, 3), (2, 1, 2)]


@every_fixed_row
@pytest.mark.parametrize("shape", SHAPES)
def test_arrays_are_taken_element_by_element(row: Primitive, shape: tuple[int, ...]) -> None:
    count = int(np.prod(shape))
    drawn = np.reshape(moderate_points(row)[:count], (count, row.arity or 0))
    numbers = drawn.T.reshape(row.arity or 0, *shape)
    result = np.asarray(row(*numbers))

    assert result.dtype == float
    assert result.shape == shape
    for index in np.ndindex(shape):
        expected = row.value(*[float(operand[index]) for operand in numbers])
        assert result[index] == expected


@every_fixed_row
def test_lists_of_values_give_lists_of_values(row: Primitive) -> None:
    leaves = [Value(x) for x in moderate_points(row)[0]]
    lists: list[Any] = [[leaf, [leaf]] for leaf in leaves]

    first, (second,) = row(*lists)

    assert first.op is second.op
    assert first.data == second.data == row.value(*[leaf.data for leaf in leaves])
    assert first.parents == second.parents == tuple(leaves)


@given(st.sampled_from([(3,), (2, 1), (2, 3), (1, 1)]), st.sampled_from([(), (3,), (1, 3)]))
def test_shapes_broadcast_as_in_numpy(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    x, y = np.full(one, 3.0), np.full(other, 4.0)

    assert np.array_equal(ROWS["hypot"](x, y), np.hypot(x, y))


def test_shapes_that_do_not_broadcast_are_refused() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        ROWS["hypot"]([1.0, 2.0], [1.0, 2.0, 3.0])


@every_fixed_row
def test_wrong_number_of_operands_is_refused(row: Primitive) -> None:
    assert row.arity is not None
    too_few = row.arity - len(row.defaults) - 1
    for count in (too_few, row.arity + 1):
        with pytest.raises(TypeError, match=rf"takes {row.arity} operands?, got {count}"):
            row(*[0.5] * count)


def test_defaults_fill_in_the_last_operands() -> None:
    assert ROWS["leaky_relu"](-1.0) == -0.01
    assert ROWS["elu"](-1.0) == ROWS["elu"](-1.0, 1.0)
    assert ROWS["clip"](5.0, 6.0) == 6.0
    assert ROWS["clip"](5.0) == 5.0


@every_row
def test_row_is_found_by_its_name(row: Primitive) -> None:
    assert named(row.name) is row
    assert pickle.loads(pickle.dumps(row)) is row
    assert repr(row) == f"<primitive {row.write(*'xyuv'[: row.arity])}>"


def test_unknown_row_says_what_to_do() -> None:
    with pytest.raises(LookupError, match=r"no primitive 'expp'.*import the module"):
        named("expp")


def test_float64_stays_float64() -> None:
    assert type(ROWS["exp"](np.float64(0.0))) is np.float64
    assert type(ROWS["exp"](0)) is float


def test_of_nothing() -> None:
    assert ROWS["sum"]() == 0.0
    assert ROWS["prod"]() == 1.0
    assert ROWS["dot"]() == 0.0
    assert ROWS["logsumexp"]() == -np.inf
