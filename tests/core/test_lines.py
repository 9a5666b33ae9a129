"""source_lines: which line of the user's made a value."""

import copy
import functools
import gc
import pickle
import sys

import numpy as np
import pytest

import tinygrad_bp
from tinygrad_bp import (
    SourceLine,
    Value,
    compile,
    constant,
    nn,
    no_grad,
    source_line,
    source_lines,
    values,
)
from tinygrad_bp.basics import lines
from tinygrad_bp.graph import modes


def number_of_the_line_before():
    return sys._getframe(1).f_lineno - 1


def test_a_value_knows_file_line_function_and_text():
    x = Value(3.0)
    with source_lines():
        y = x * x
    number = number_of_the_line_before()

    assert source_line(y) == SourceLine(
        __file__, number, "test_a_value_knows_file_line_function_and_text", "y = x * x"
    )
    assert str(source_line(y)) == f"{__file__}, line {number}: y = x * x"
    assert source_line(x) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x * x, lambda x: 2.0 / x, lambda x: x**2, lambda x: x.exp(),
        lambda x: tinygrad_bp.sum([x] * 3), lambda x: np.exp(x), lambda x: np.array([x, x]).sum(),
        lambda _: Value(1.0), lambda _: constant(1.0), lambda _: constant(1.0) * 2.0,
        lambda x: no_grad()(x.exp)(), lambda _: values([1.0])[0],
    ],
)  # fmt: skip
def test_whatever_makes_a_value_its_line_is_the_users(make):
    with source_lines():
        value = make(Value(2.0))

    assert source_line(value).function == "<lambda>"
    assert source_line(value).file == __file__


def test_of_a_layer_the_line_is_that_of_its_call():
    model = nn.MLP(2, [2, 1], seed=0)
    with source_lines():
        output = model([1.0, 2.0])

    assert source_line(output).text == source_line(output.parents[0]).text
    assert source_line(output).text == "output = model([1.0, 2.0])"


def test_a_line_over_several_rows_is_the_row_of_the_operation():
    x = Value(2.0)
    with source_lines():
        y = (
            x
            * x
        ).exp()  # fmt: skip

    assert source_line(y.parents[0]).text in {"x", "* x"}


def test_the_row_is_neither_that_of_the_operand_nor_that_of_the_assignment():
    x = Value(2.0)
    with source_lines():
        y = (
            -
            x
        )  # fmt: skip
        z = (
            x.exp()
        )  # fmt: skip

    assert source_line(y).text == "-"
    assert source_line(z).text == "x.exp()"


def test_lines_are_equal_wherever_they_are_the_same_place_and_stay_what_they_are():
    line = SourceLine("train.py", 12, "loss", "return y")

    assert line == SourceLine("train.py", 12, "loss", "")
    assert line != SourceLine("train.py", 13, "loss", "return y")
    with pytest.raises(AttributeError):
        line.line = 13


def test_without_source_a_line_is_a_number():
    program = "y = x * x"
    scope = {"x": Value(2.0)}
    with source_lines():
        exec(program, scope)

    assert str(source_line(scope["y"])) == "<string>, line 1"
    assert source_line(scope["y"]).function == "<module>"


def test_as_a_decorator_it_serves_each_call():
    @source_lines()
    def square(x):
        return x * x

    assert source_line(square(Value(2.0))).function == "square"
    assert source_line(Value(2.0) * 2.0) is None


def test_it_goes_with_the_other_modes():
    with source_lines(), tinygrad_bp.strict():
        y = Value(2.0) * 3.0
        with no_grad():
            c = y * y
    with no_grad(), source_lines():
        again = y * y

    assert [source_line(v).text for v in (y, c, again)] == [
        "y = Value(2.0) * 3.0", "c = y * y", "again = y * y",
    ]  # fmt: skip
    assert modes.open_contexts == 0


def test_derivatives_as_graph_have_the_line_that_asked_for_them():
    x = Value(2.0)
    y = x * x
    with source_lines():
        slope = tinygrad_bp.gradient(y, x, create_graph=True)

    assert source_line(slope).text == "slope = tinygrad_bp.gradient(y, x, create_graph=True)"


def test_copies_do_not_know_their_line():
    with source_lines():
        y = Value(2.0) * 3.0

    assert source_line(pickle.loads(pickle.dumps(y))) is None
    assert source_line(copy.deepcopy(y)) is source_line(copy.copy(y)) is None


def test_a_line_keeps_no_value_alive():
    gc.collect()
    before = len(lines._places)
    with source_lines():
        y = Value(2.0) * 3.0
        assert len(lines._places) == before + 3
        del y

    assert len(lines._places) == before


def test_a_long_chain_is_freed_without_recursion():
    before = len(lines._places)
    with source_lines():
        y = functools.reduce(lambda x, _: -x, range(100_000), Value(2.0))
    assert len(lines._places) == before + 100_001
    del y

    assert len(lines._places) == before


def test_compiled_functions_work_under_source_lines():
    with source_lines():
        assert compile(lambda x: x * x)(3.0) == 9.0
        assert tinygrad_bp.grad(lambda x: x * x)(3.0) == 6.0


def test_a_cached_property_between_engine_and_user_is_not_the_users_line():
    class Probe:
        # Called from a frame of functools, as the parts of a report are.
        kept = functools.cached_property(lines.remember)

    probe = Probe()
    assert probe.kept is None
    number = number_of_the_line_before()

    assert (lines.line_of(probe).file, lines.line_of(probe).line) == (__file__, number)


def test_a_value_that_equals_nothing_knows_its_line():
    with source_lines():
        y = Value(float("nan")) * 1.0

    assert source_line(y).text == 'y = Value(float("nan")) * 1.0'
