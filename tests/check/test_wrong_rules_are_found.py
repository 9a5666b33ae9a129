"""For every row and every operand the shipped strategies find a wrong rule in 100 examples."""

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
    WRONG_PARTIAL,
)
from tests.table.test_wrong_rules_are_caught import (
    CONSTANT_PARTIAL,
    CONSTANT_PARTIALS,
    EQUAL_PARTIALS,
    FROM_THE_RESULT,
    NO_GRADIENT,
    WITH_THE_RESULT,
    is_none,
    operands,
)
from tinygrad_bp.check.expression import Expression
from tinygrad_bp.check.rows import ROWS
from tinygrad_bp.check.strategies import expressions
from tinygrad_bp.primitive import Primitive

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


def equivalents(row: Primitive) -> Iterator[Planted]:
    """What is planted and changes nothing; the sets say why."""
    for i in operands(row):
        if is_none(row, i):
            yield from ((name, i) for name in WRONG_PARTIAL if name != ADDED)
            if (row.name, i) not in NO_GRADIENT:
                yield ADDED, i
        if row.arity == 1 or row.name in EQUAL_PARTIALS:
            yield SWAPPED, i
        # Between steps a remainder's partials are constant, and the strategy stays between them.
        constant = row.name in CONSTANT_PARTIALS or (row.name, i) in CONSTANT_PARTIAL
        if constant or (row.name, i) in FROM_THE_RESULT:
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
