"""For every row and every operand a wrong rule makes the comparison with mpmath fail."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pytest

from tests.table.comparison import (
    CONSTANT_OPERAND,
    error_of_value,
    errors_of_higher_derivatives,
    errors_of_partials,
)
from tests.table.mutations import (
    ADDED,
    CROSSED,
    CUT_FROM_OPERAND,
    CUT_FROM_RESULT,
    RESULT_SHIFTED,
    SHIFTED,
    SWAPPED,
    WRONG_CALL,
    WRONG_GRAPH,
    WRONG_PARTIAL,
    Mutation,
    with_wrong_value,
)
from tests.table.truths import moderate_points, points
from tinygrad_bp import Value
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.graph.sweep import local_partials
from tinygrad_bp.rows.primitive import Primitive

# Where a mutation changes nothing. Everything else must be caught, and nothing of this may be:
# a row that leaves one of these groups must leave it here.

NO_GRADIENT = {
    ("floor_divide", 0),
    ("floor_divide", 1),
    ("sign", 0),
    ("heaviside", 0),
    ("heaviside", 1),
    ("equal", 0),
    ("equal", 1),
    ("where", 0),
    ("straight", 0),
    ("straight", 2),
    ("floor", 0),
    ("ceil", 0),
    ("trunc", 0),
    ("round", 0),
    ("copysign", 1),
    ("if_defined", 0),
    ("sigmoid_slope", 0),
}
"""Their partial is `None`, and 0 would be as right."""

CONSTANT_PARTIALS = {
    *("add", "subtract", "negative", "positive", "abs", "floor_divide", "relu", "maximum"),
    *("minimum", "clip", "where", "sign", "heaviside", "equal", "gap", "sum"),
    *("if_defined", "straight", "floor", "ceil", "trunc", "round", "copysign"),
}
"""Their partials are numbers that do not vary with the operands, between kinks."""

CONSTANT_PARTIAL = {(name, i) for name in ("remainder", "fmod") for i in (0, 1)}
"""The same between steps; but a shift of an operand may go across one."""

EQUAL_PARTIALS = {"add", "sum", "floor_divide", "heaviside", "equal"}
"""To swap them makes no difference."""

FROM_THE_RESULT = {
    *[(name, 0) for name in ("exp", "exp2", "sqrt", "cbrt", "tan", "divide", "exp_gap")],
    ("erfinv", 0),
    ("exp_gap", 1),
    ("sigmoid_slope", 0),
}
"""Partials that are written with the result, and do not look at this operand."""

WITH_THE_RESULT = {
    *("divide", "exp", "exp_gap", "share", "sqrt", "cbrt", "hypot_slope", "tan"),
    *("atan_slope", "tanh_slope", "sigmoid_slope", "exp2", "erfinv", "direction"),
}
"""Partials that look at the result; all others do not."""

WITH_A_CHOICE = {
    *[(name, 0) for name in ("gaussian_slope", "leaky_relu", "elu")],
    *[("atan2", i) for i in (0, 1)],
    ("xlogy", 1),
}
"""Partials in whose graph there is a `where` that counts."""

every_row = pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))


@every_row
def test_wrong_partial_is_caught(row: Primitive) -> None:
    spared = {(name, i) for name in WRONG_PARTIAL for i in operands(row) if is_none(row, i)}
    added = {(ADDED, i) for i in operands(row) if (row.name, i) in NO_GRADIENT}

    assert survivors(row, WRONG_PARTIAL) == spared - added


@every_row
def test_partials_in_the_wrong_place_are_caught(row: Primitive) -> None:
    spared = set()
    for i in operands(row):
        if swaps_nothing(row, i):
            spared.add((SWAPPED, i))
        if row.name in CONSTANT_PARTIALS or (row.name, i) in FROM_THE_RESULT:
            spared.add((SHIFTED, i))
        if row.name not in WITH_THE_RESULT:
            spared.add((RESULT_SHIFTED, i))

    assert survivors(row, WRONG_CALL) == spared


@every_row
def test_partial_that_is_wrong_only_as_graph_is_caught(row: Primitive) -> None:
    survivors = {
        (name, i)
        for name, mutation in WRONG_GRAPH.items()
        for i in operands(row)
        if not is_caught_in_graph(row, mutation(row, i))
    }

    assert survivors == set(equivalents_in_graph(row))


@every_row
def test_wrong_value_is_caught(row: Primitive) -> None:
    wrong = with_wrong_value(row)
    is_caught = any(error_of_value(wrong, point) > 1.0 for point in points(row))

    # Of `equal` only the 0 of unequal operands has a derivative, so no 1 is among the points.
    assert is_caught == (row.name != "equal")


def test_gradient_that_may_not_flow_is_none() -> None:
    for name, index in NO_GRADIENT:
        size = ROWS[name].arity or 0
        node = ROWS[name](*[Value(0.5 + i) for i in range(size)])
        assert local_partials(node)[index] is None
    assert local_partials(ROWS["pow_constant"](Value(2.0), 3.0))[1] is None


def equivalents_in_graph(row: Primitive) -> Iterator[tuple[str, int]]:
    """What is planted in a graph and changes nothing; the sets above say why."""
    for i in operands(row):
        if has_constant_partial(row, i) or is_none(row, i):
            # The result is the same for all operands, so that to cut it off counts for the others.
            looks = row.name in WITH_THE_RESULT
            yield from (
                (name, i) for name in WRONG_GRAPH if not (looks and name == CUT_FROM_RESULT)
            )
            continue
        if (row.name, i) in FROM_THE_RESULT:
            yield CUT_FROM_OPERAND, i
        if row.name not in WITH_THE_RESULT:
            yield CUT_FROM_RESULT, i
        if (row.name, i) not in WITH_A_CHOICE:
            yield CROSSED, i


def swaps_nothing(row: Primitive, index: int) -> bool:
    """Whether the partial of the next operand is the same, or none as well."""
    both = {(row.name, index), (row.name, (index + 1) % len(operands(row)))}
    return row.arity == 1 or row.name in EQUAL_PARTIALS or both <= NO_GRADIENT


def has_constant_partial(row: Primitive, index: int) -> bool:
    """Whether a partial is a number that does not vary, as far as one can see from inside."""
    return row.name in CONSTANT_PARTIALS or (row.name, index) in CONSTANT_PARTIAL


def survivors(row: Primitive, mutations: Mapping[str, Mutation]) -> set[tuple[str, int]]:
    """The mutations of this row, each with its operand, that nobody notices."""
    return {
        (name, index)
        for name, mutation in mutations.items()
        for index in operands(row)
        if not is_caught(row, mutation(row, index))
    }


def is_caught(row: Primitive, wrong: Primitive) -> bool:
    """Whether a partial of the wrong row is farther from the truth than is allowed."""
    return any(
        error > 1.0
        for point in points(row)
        if math.isfinite(row.value(*point))
        for error in errors_of_partials(wrong, point)
    )


def is_caught_in_graph(row: Primitive, wrong: Primitive) -> bool:
    """Whether a second or third derivative is."""
    return any(
        error > 1.0
        for point in moderate_points(row)
        for _, error in errors_of_higher_derivatives(wrong, point)
    )


def operands(row: Primitive) -> range:
    """Their numbers; two stand for any number."""
    return range(row.arity or 2)


def is_none(row: Primitive, index: int) -> bool:
    """Whether there is no partial to plant a mistake in."""
    return (row.name, index) in NO_GRADIENT or index == CONSTANT_OPERAND.get(row.name)
