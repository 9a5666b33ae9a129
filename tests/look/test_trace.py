"""The trace: what `backward` does, step by step and back again."""

import math
import struct

import pytest
from hypothesis import given, strategies as st

from tinygrad_bp import Value, constant, no_grad, where
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.look.walk.trace import Trace


def bits(adjoint):
    return {node: struct.pack("<d", number) for node, number in adjoint.items()}


def snapshot(trace):
    return trace.position, bits(trace.adjoint), dict(trace.arrived), dict(trace.waiting)


@given(expressions(), st.floats(-3.0, 3.0))
def test_the_whole_trace_is_backward_to_the_last_bit(program, seed):
    inputs = [Value(number) for number in program.inputs]
    output = program.run(inputs)[-1]
    trace = Trace(output, seed)

    trace.goto(len(trace))

    output.backward(seed)
    for node in trace.nodes:
        expected = 0.0 + trace.adjoint.get(node, 0.0) if node.is_leaf else trace.adjoint.get(node)
        if not node.is_constant and expected is not None:
            assert struct.pack("<d", expected) == struct.pack("<d", node.grad)


@given(expressions(), st.data())
def test_any_walk_lands_in_the_same_states(program, data):
    output = program.run([Value(number) for number in program.inputs])[-1]
    straight, wandering = Trace(output), Trace(output)
    states = [snapshot(straight)]
    steps = []
    for position in range(1, len(straight) + 1):
        steps.append(straight.step(position - 1))
        straight.goto(position)
        states.append(snapshot(straight))

    for position in data.draw(st.lists(st.integers(0, len(straight)), max_size=8)):
        wandering.goto(position)

        assert snapshot(wandering) == states[position]
        for index in range(position):
            assert repr(wandering.step(index)) == repr(steps[index])


@given(expressions())
def test_gradients_wait_until_every_use_has_arrived(program):
    output = program.run([Value(number) for number in program.inputs])[-1]
    trace = Trace(output)

    for position in range(len(trace)):
        trace.goto(position)
        step = trace.step(position)
        if step.kind == "backward":
            assert trace.arrived.get(step.node, 0) == trace.uses[step.node]
            assert step.node not in trace.waiting
    trace.goto(len(trace))
    assert trace.waiting == {}


def test_both_uses_of_a_square_count():
    x = Value(3.0)
    trace = Trace(x * x)
    trace.goto(2)

    first, second = trace.step(2).uses

    assert (first.before, first.after, first.nth, first.of) == (None, 3.0, 1, 2)
    assert (second.before, second.after, second.nth, second.of) == (3.0, 6.0, 2, 2)


def test_the_frontier_holds_what_has_begun_and_lacks_a_use():
    x = Value(2.0)
    square = x * x
    trace = Trace(square + square.exp())

    trace.goto(trace.backward_step(trace.output) + 1)

    assert trace.waiting == {square: 1}


def test_a_constant_does_not_wait_however_often_it_is_used():
    x, two = Value(3.0), constant(2.0)
    trace = Trace(x * two + two)

    for position in range(len(trace) + 1):
        trace.goto(position)
        assert two not in trace.waiting


def test_a_branch_not_taken_is_passed_without_a_gradient():
    x = Value(0.0)
    with_pole = 1.0 / x
    trace = Trace(where(0.0, with_pole, x))
    trace.goto(len(trace))

    step = trace.step(trace.backward_step(with_pole))

    assert step.upstream is None
    assert [use.contribution for use in step.uses] == [None, None]
    assert trace.adjoint[x] == 1.0
    assert math.isinf(with_pole.data)


def test_nothing_in_the_graph_changes():
    x = Value(3.0)
    y = x * x
    x.grad = y.grad = 7.0
    trace = Trace(y)

    trace.goto(len(trace))
    trace.goto(0)

    assert (x.grad, y.grad) == (7.0, 7.0)
    assert trace.adjoint == {}


def test_forward_steps_come_first_then_the_seed():
    x = Value(3.0)
    y = x.exp()
    trace = Trace(y, seed=2.0)
    trace.goto(3)

    steps = [trace.step(index) for index in range(3)]

    assert [(step.kind, step.node) for step in steps] == [
        ("forward", y),
        ("seed", y),
        ("backward", y),
    ]
    assert steps[1].upstream == 2.0
    assert (trace.forward_step(y), trace.backward_step(y)) == (0, 2)


def test_a_leaf_alone_has_only_its_seed():
    x = Value(3.0)
    trace = Trace(x)

    trace.goto(len(trace))

    assert len(trace) == 1
    assert trace.adjoint == {x: 1.0}


def test_what_cannot_be_traced_is_refused():
    with pytest.raises(TypeError, match=r"a Value is traced, got float 2\.0; of a function"):
        Trace(2.0)
    with no_grad(), pytest.raises(ValueError, match="is a constant"):
        Trace(Value(2.0) * 3.0)
    trace = Trace(Value(2.0).exp())
    with pytest.raises(IndexError, match="positions are 0 to 3, got 4"):
        trace.goto(4)
    with pytest.raises(IndexError, match="step 1 is not known at position 0"):
        trace.step(1)
    with pytest.raises(IndexError, match="step -1 is not known"):
        trace.step(-1)
