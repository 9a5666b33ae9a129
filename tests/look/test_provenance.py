"""Provenance says which uses a gradient came from, and adds up as `backward` does."""

import io
import math
import operator
import struct
from functools import reduce

import pytest
from hypothesis import given

import tinygrad_bp as tg
from tinygrad_bp import Value, constant, provenance, step, where
from tinygrad_bp.check.programs.strategies import expressions


def bits(number):
    return struct.pack("<d", number)


def square_minus():
    """x*x - 2x at 3, and x: the gradient is 3 + 3 - 2."""
    x = Value(3.0, label="x")
    y = x * x - 2 * x
    y.label = "y"
    return x, y


@given(expressions())
def test_the_contributions_add_up_to_the_gradient_of_backward(program):
    output = program.run([Value(number) for number in program.inputs])[-1]
    nodes = tg.topological_order(output)
    output.backward()

    for node in nodes:
        if not node.is_constant and node is not output:
            found = provenance(output, node)
            terms = [one.contribution for one in found if one.contribution is not None]
            total = reduce(operator.add, terms) if terms else 0.0
            assert bits(total) == bits(found.total)
            # backward adds a leaf's gradient to the 0.0 that was there, which -0.0 shows.
            assert bits(0.0 + total if node.is_leaf else total) == bits(node.grad)
            assert len(found) == sum(parent is node for user in nodes for parent in user.parents)


@given(expressions())
def test_what_arrived_so_far_is_the_gradient_so_far(program):
    inputs = [Value(number) for number in program.inputs]
    output = program.run(inputs)[-1]
    steps = step(output)
    x = next(leaf for leaf in tg.leaves(output) if not leaf.is_constant)

    for now in steps:
        found = steps.provenance(x)
        assert bits(found.total) == bits(steps.gradients.get(x, 0.0))
        assert all(one.position <= now.position for one in found)


def test_each_use_names_its_operation_its_step_and_its_factors():
    x, y = square_minus()

    found = provenance(y, x)

    square, double = y.parents
    assert [(one.user, one.position) for one in found] == [(double, 6), (square, 7), (square, 7)]
    assert [(one.upstream, one.partial) for one in found] == [(-1.0, 2.0), (1.0, 3.0), (1.0, 3.0)]
    assert [one.total for one in found] == [-2.0, 1.0, 4.0]
    assert found[0].contribution == -2.0
    assert found.total == 4.0


def test_the_table_shows_the_sum_term_by_term():
    x, y = square_minus()
    y.backward()

    assert repr(provenance(y, x)).splitlines() == [
        "dy/dx = -2 + 3 + 3 = 4, 3 uses in the order of arrival:",
        "    step 6   v2 = 2 * x   dy/dv2 · ∂v2/∂x = (-1)·2 = -2   sum -2",
        "    step 7   v1 = x * x   dy/dv1 · ∂v1/∂x = 1·3    = 3    sum 1",
        "    step 7   v1 = x * x   dy/dv1 · ∂v1/∂x = 1·3    = 3    sum 4",
    ]


def test_the_headline_subtracts_what_is_negative():
    x = Value(3.0, label="x")
    y = x - (2 * x).relu() - x.exp() * 0.0
    y.label = "y"

    assert repr(provenance(y, x)).startswith("dy/dx = 0 + 1 − 2 = -1, 3 uses")


@pytest.mark.parametrize(
    ("before", "remark"),
    [
        (lambda *_: None, "x.grad is 0: backward has not stored this."),
        (lambda _, y: (y.backward(), y.backward()), "x.grad is 8, 2 times this: leaves"),
        (
            lambda x, y: (y.backward(), x.exp().backward()),
            "x.grad is 24.09: leaves accumulate, and",
        ),
    ],
)
def test_another_gradient_in_the_value_is_explained(before, remark):
    x, y = square_minus()
    before(x, y)

    assert remark in repr(provenance(y, x)).splitlines()[-1]


def test_an_interior_value_holds_one_backward_only():
    _, y = square_minus()
    square = y.parents[0]
    y.backward()
    assert "grad" not in repr(provenance(y, square))

    y.backward(3.0)

    assert "v1.grad is 3: it is from another backward." in repr(provenance(y, square))


def test_one_use_needs_no_sum():
    _, y = square_minus()
    lines = repr(provenance(y, y.parents[0])).splitlines()

    assert lines[0] == "dy/dv1 = 1, from one use:"
    assert lines[1] == "    step 5   y = v1 - v2   dy/dy · ∂y/∂v1 = 1·1 = 1"


def test_the_output_gets_the_seed():
    _, y = square_minus()
    y.backward(2.0)

    assert repr(provenance(y, y, seed=2.0)) == "dy/dy = 2: the seed."


def test_what_the_output_does_not_depend_on_has_no_gradient():
    _, y = square_minus()
    other = Value(1.0)

    found = provenance(y, other, names={"other": other})

    assert (found.total, list(found)) == (0.0, [])
    assert repr(found) == "dy/dother = 0: y does not depend on it."


def test_a_branch_not_taken_is_told_apart_from_zero():
    x = Value(0.0, label="x")
    y = where(0.0, 1.0 / x, x)
    y.label = "y"

    lines = repr(provenance(y, x)).splitlines()

    assert lines[0] == "dy/dx = 1, 2 uses in the order of arrival:"
    assert lines[-2] == "    step 5   v1 = 1 / x            nothing flows from here"


def test_midway_only_what_has_arrived_is_told():
    x, y = square_minus()
    steps = step(y)

    assert repr(steps.provenance(x)) == "dy/dx so far = 0, from no use yet."
    steps.goto(6)
    assert repr(steps.provenance(x)).startswith("dy/dx so far = -2, from one use:")


def test_very_many_uses_are_cut_short():
    x = Value(1.0, label="x")
    y = tg.sum([x] * 30)
    y.label = "y"

    lines = repr(provenance(y, x)).splitlines()

    assert lines[0] == "dy/dx = 30, 30 uses in the order of arrival:"
    assert lines[-2] == "    and 14 more"
    assert len(lines) < 24


def test_nan_is_no_other_gradient():
    x = Value(math.nan, label="x")
    y = x * x
    y.backward()

    assert "x.grad" not in repr(provenance(y, x))


def test_what_has_no_gradient_is_refused():
    _, y = square_minus()

    with pytest.raises(TypeError, match=r"a gradient is that of a Value, got float 2\.0"):
        provenance(y, 2.0)
    with pytest.raises(ValueError, match="is a constant, which gets no gradient"):
        provenance(y, constant(2.0))


def test_plain_ascii_and_rich(monkeypatch):
    pytest.importorskip("rich", reason="rich shows the colours")
    x, y = square_minus()
    found = provenance(y, x)
    assert found.__rich__().plain == repr(found)

    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))

    assert repr(found).isascii()
