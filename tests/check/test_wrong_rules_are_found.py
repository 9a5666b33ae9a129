"""For every row and every operand what ships finds a wrong rule.

The strategies find it in 100 examples; `check_operation` what is right as a number, and wrong when
it is differentiated again.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import Phase, given, settings

from tests.check.planted import gradient_with, right_gradient
from tests.house.sources import ROOT
from tests.table.mutations import (
    ADDED,
    RESULT_SHIFTED,
    SHIFTED,
    SWAPPED,
    WRONG_CALL,
    WRONG_GRAPH,
    WRONG_PARTIAL,
)
from tests.table.test_wrong_rules_are_caught import (
    FROM_THE_RESULT,
    NO_GRADIENT,
    WITH_THE_RESULT,
    equivalents_in_graph,
    has_constant_partial,
    is_none,
    operands,
    swaps_nothing,
)
from tinygrad_bp.check import operation
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.points import moderate, points
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.rows.primitive import Primitive

TOLERANCE = 1e-7
"""What `check_gradient` lets pass; the smallest of the wrong rules is wrong by 1e-6."""

Planted = tuple[str, int]
"""What is wrong, and for which operand."""


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_wrong_rules_are_found_in_a_hundred_examples(row: Primitive) -> None:
    planted = {(name, i) for name in {**WRONG_PARTIAL, **WRONG_CALL} for i in operands(row)}

    assert survivors(row, planted - set(equivalents(row))) == set()


@pytest.mark.parametrize("row", ["add", "exp", "relu", "sign", "where"])
def test_rules_that_are_as_right_are_not_found(row: str) -> None:
    same = set(equivalents(ROWS[row]))

    assert same
    assert survivors(ROWS[row], same) == same


def test_the_page_says_how_many_are_planted() -> None:
    planted = {
        (row.name, name, i)
        for row in ROWS.values()
        for name in {**WRONG_PARTIAL, **WRONG_CALL}
        for i in operands(row)
    }
    same = {(row.name, *one) for row in ROWS.values() for one in equivalents(row)}
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")

    assert f"Of {len(planted)} such plants {len(planted - same)} change" in page


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_rules_that_are_wrong_only_as_graph_are_found_by_second_derivatives(row: Primitive) -> None:
    planted = {(name, i) for name in WRONG_GRAPH for i in operands(row)}
    wanted = planted - set(equivalents_in_graph(row))
    wrong = {(name, i): WRONG_GRAPH[name](row, i) for name, i in wanted}

    assert {one for one, rule in wrong.items() if is_found(row, rule, order=2)} == wanted


@pytest.mark.parametrize("row", ["exp", "log", "divide"])
def test_rules_that_are_as_right_as_graph_are_not_found(row: str) -> None:
    same = set(equivalents_in_graph(ROWS[row]))

    assert same
    for name, i in same:
        assert not is_found(ROWS[row], WRONG_GRAPH[name](ROWS[row], i), order=2)


@pytest.mark.parametrize("row", ["exp", "hypot", "prod"])
def test_first_derivatives_do_not_tell_what_is_wrong_only_as_graph(row: str) -> None:
    for name, mutation in WRONG_GRAPH.items():
        assert not is_found(ROWS[row], mutation(ROWS[row], 0), order=1), name


def test_the_page_says_how_many_are_planted_in_graphs() -> None:
    planted = [(row, name, i) for row in ROWS for name in WRONG_GRAPH for i in operands(ROWS[row])]
    same = [one for row in ROWS.values() for one in equivalents_in_graph(row)]
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")

    assert f"Of {len(planted)} of these {len(planted) - len(same)} change" in page


def is_found(row: Primitive, wrong: Primitive, *, order: int) -> bool:
    """Whether `check_operation` would find something in the derivatives of that order."""
    look = operation.derivatives(order)
    return any(look(wrong, point) for point in points(row, operation.FEW, moderate))


def equivalents(row: Primitive) -> Iterator[Planted]:
    """What is planted and changes nothing; the sets say why."""
    for i in operands(row):
        if is_none(row, i):
            yield from ((name, i) for name in WRONG_PARTIAL if name != ADDED)
            if (row.name, i) not in NO_GRADIENT:
                yield ADDED, i
        if swaps_nothing(row, i):
            yield SWAPPED, i
        # Between steps a remainder's partials are constant, and the strategy stays between them.
        if has_constant_partial(row, i) or (row.name, i) in FROM_THE_RESULT:
            yield SHIFTED, i
        if row.name not in WITH_THE_RESULT:
            yield RESULT_SHIFTED, i


class AllFoundError(Exception):
    """There is nothing left to look for."""


def survivors(row: Primitive, planted: set[Planted]) -> set[Planted]:
    """What is not found by the default number of examples."""
    left = set(planted)
    mutations = {**WRONG_PARTIAL, **WRONG_CALL}

    @settings(max_examples=100, phases=[Phase.generate], database=None)
    @given(expressions(containing=row))
    def look(expression: Expression) -> None:
        right = right_gradient(expression)
        for name, i in tuple(left):
            wrong = gradient_with(mutations[name](row, i), expression)
            if any(abs(x - y) > TOLERANCE * abs(y) for x, y in zip(wrong, right, strict=True)):
                left.discard((name, i))
        if not left:
            raise AllFoundError

    try:
        look()
    except AllFoundError:
        return set()
    return left
