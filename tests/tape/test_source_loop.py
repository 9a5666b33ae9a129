"""A tape as a loop over rows: the bits of the tape, and above it what all rows share."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tinygrad_bp import Value, record, relu, tanh, value_and_grad, where
from tinygrad_bp.basics.same import same_bits
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.tape import BranchError
from tinygrad_bp.tape.python.loop import CHOICES, WrittenLoop, WrittenSum

NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-3.0, 3.0)


def loop(function: Any, *examples: Any) -> WrittenLoop:
    return WrittenLoop(record(function, *examples))


@given(expressions(), st.data())
def test_each_row_gives_the_bits_of_the_tape(program: Any, data: st.DataObject) -> None:
    captured = [Value(number) for number in program.inputs[:1]]

    def function(*inputs: Any) -> Any:
        return value_and_grad(lambda *xs: program.run([*captured, *xs])[-1], range(len(inputs)))(
            *inputs
        )

    inputs = program.inputs[1:] or (1.0,)
    tape = record(function, *inputs)
    rows = data.draw(st.lists(st.tuples(*[NUMBERS] * len(inputs)), max_size=3))
    run = WrittenLoop(tape).function

    for row in [inputs, *rows]:
        value, slopes = tape(*row)
        try:
            (found,) = run([row if len(row) > 1 else list(row)], [v.data for v in tape.captured])
        except (ZeroDivisionError, OverflowError):
            continue  # as all generated source may
        assert all(map(same_bits, found, [value, *slopes]))


@given(st.lists(st.tuples(*[st.floats(-1e3, 1e3)] * 2), min_size=1, max_size=9))
def test_a_sum_adds_up_one_row_after_the_other(rows: list[tuple[float, float]]) -> None:
    scale = Value(0.1, label="scale")
    tape = record(lambda x, y: [scale * x + y, tanh(x), -0.0, scale * scale], 1.0, 2.0)

    summed = WrittenSum(tape).function(rows, [0.1])

    wanted, *others = [tape(*row) for row in rows]
    for numbers in others:
        wanted = [a + b for a, b in zip(wanted, numbers, strict=True)]
    assert all(map(same_bits, summed, wanted))


def test_what_is_the_same_for_all_rows_stands_above_the_loop() -> None:
    scale = Value(2.0, label="scale")

    assert loop(lambda x: (scale * scale + 1.0) * x, 3.0).text == (
        "def replay(rows, captured):\n"
        "    [scale] = captured\n"
        "    t1 = scale * scale + 1.0\n"
        "    for [x] in rows:\n"
        "        yield t1 * x\n"
    )


def test_nothing_stands_above_a_loop_that_captures_nothing() -> None:
    assert loop(lambda x, y: [x + y, x], 3.0, 4.0).text == (
        "def replay(rows, captured):\n    for x, y in rows:\n        yield [x + y, x]\n"
    )


def test_rows_are_flat_however_the_arguments_are_nested() -> None:
    run = loop(lambda pair, z: {"sum": pair[0] + pair[1], "z": [z * z]}, [1.0, 2.0], 3.0).function

    assert list(run([(1.0, 2.0, 3.0), (4.0, 5.0, 6.0)], [])) == [[3.0, 9.0], [9.0, 36.0]]


def test_names_of_the_loops_own_are_free_for_arguments() -> None:
    def total(rows: Any, captured: Any) -> Any:
        return rows + captured

    assert list(loop(total, 1.0, 2.0).function([(1.0, 2.0)], [])) == [3.0]


def test_a_choice_evaluates_what_is_chosen_only() -> None:
    run = loop(lambda x: where(x, 1.0 / x, 7.0), 1.0).function

    assert list(run([[2.0], [0.0]], [])) == [0.5, 7.0]


@pytest.mark.parametrize("row", CHOICES, ids=lambda row: row.name)
def test_a_choice_in_pythons_words_is_the_rows_value(row: Any) -> None:
    special = (0.0, -0.0, 1.5, -1.5, math.inf, -math.inf, math.nan, 5e-324)
    tape = record(lambda *xs: row(*xs), *[1.0] * row.arity)
    rows = list(itertools.product(special, repeat=row.arity))

    found = WrittenLoop(tape).function(rows, [])

    assert row.name not in WrittenLoop(tape).text
    assert all(map(same_bits, found, itertools.starmap(row.value, rows)))


def test_what_a_choice_names_twice_is_computed_once() -> None:
    assert "relu" not in loop(lambda x: relu(x * 2.0), 1.0).text
    assert "t1 if t1 >= 0.0" in loop(lambda x: relu(x * 2.0), 1.0).text


def test_choices_within_choices_keep_their_places() -> None:
    def choose(a: Any, b: Any, x: Any) -> Any:
        return -where(where(a, b, 1.0), where(b, x, 2.0) * 3.0, where(a, 4.0, x)) + x

    tape = record(choose, 1.0, 1.0, 5.0)
    rows = [(a, b, 5.0) for a in (0.0, 1.0) for b in (0.0, 1.0)]

    assert list(WrittenLoop(tape).function(rows, [])) == [tape(*row) for row in rows]


def test_guards_stand_where_what_they_ask_about_is_known() -> None:
    limit = Value(1.0, label="limit")

    def bent(x: Any) -> Any:
        if limit * limit > 0.5 and x < limit * 3.0:
            return x * 2.0
        return x

    written = loop(bent, 1.0)
    above, within = written.text.split("    for [x] in rows:\n")

    assert "expect(True, limit * limit > 0.5" in above
    assert "expect(True, x < limit * 3.0" in within
    assert list(written.function([[1.0], [2.0]], [1.0])) == [2.0, 4.0]
    with pytest.raises(BranchError):
        list(written.function([[1.0], [4.0]], [1.0]))
    with pytest.raises(BranchError):
        list(written.function([], [0.1]))
