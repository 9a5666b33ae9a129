"""A replay never answers from the wrong branch."""

import operator

import numpy as np
import pytest

import tinygrad_bp as tg
from tinygrad_bp import BranchError, Value, constant, grad, record
from tinygrad_bp.rows.operand import COMPARISONS
from tinygrad_bp.tape.python.loop import WrittenLoop
from tinygrad_bp.tape.routes.branches import Branches
from tinygrad_bp.tape.routes.routes import MachineRoute, OtherBranch, SourceRoute

NAN = float("nan")

ASK = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "bool": lambda x, y: bool(x - y),
    "not": lambda x, y: not (x - y),
    "reversed": lambda x, y: 1.0 * y > x,
    "number first": lambda x, y: y == x,
    "constant first": lambda x, y: constant(y) < x,
}
POINTS = [0.0, -0.0, 1.0, -1.0, 2.0, NAN, float("inf")]


@pytest.mark.parametrize("ask", ASK)
@pytest.mark.parametrize("recorded", POINTS)
def test_a_flip_of_any_comparison_is_caught_on_every_route(ask, recorded):
    def branching(x):
        return x + 10.0 if ASK[ask](x, 1.0) else x - 10.0

    tape = record(branching, recorded)
    machine, source = MachineRoute(tape), SourceRoute(tape)
    routes = [tape, lambda x: machine([x]), lambda x: source([x])]
    takes = ASK[ask](Value(recorded), 1.0)

    for x in POINTS:
        for route in routes:
            if ASK[ask](Value(x), 1.0) == takes:
                assert route(x) == x + (10.0 if takes else -10.0) or x != x
            else:
                with pytest.raises((BranchError, OtherBranch)):
                    route(x)


def test_every_kind_of_guard_is_asked():
    assert set(COMPARISONS) == {"<", "<=", ">", ">=", "==", "!="}


def test_the_error_names_the_comparison_and_the_line():
    def branching(x):
        return x if x > 1.0 else -x

    with pytest.raises(BranchError) as caught:
        record(branching, 2.0)(0.5)

    text = str(caught.value)
    assert "where (x = 0.5) > (a value = 1) is True, and here it is False" in text
    assert "test_guards.py, line" in text
    assert "return x if x > 1.0 else -x" in text


def test_a_replay_on_values_asks_too():
    tape = record(lambda x: x if x else x + 1.0, 2.0)

    assert tape(Value(5.0)).data == 5.0
    with pytest.raises(BranchError):
        tape(Value(0.0))


def test_the_same_question_twice_is_one_guard():
    tape = record(lambda x: [x if x > 0.0 else -x for _ in range(3)], 1.0)

    assert len(tape.guards) == 1


def test_a_comparison_of_two_numbers_is_none():
    assert record(lambda x: x if constant(1.0) < 2.0 else -x, 1.0).guards == ()


def test_a_comparison_between_values_of_outside_counts():
    w = Value(1.0, label="w")
    tape = record(lambda x: x if w > 0.0 else -x, 3.0)
    w.data = -1.0

    with pytest.raises(BranchError, match="w = -1"):
        tape(3.0)


CHOICES = {
    "where": lambda x: tg.where(x.heaviside(0.0), x * x, 1.0 / x),
    "maximum": lambda x: tg.maximum(x, 2.0 * x),
    "minimum": lambda x: tg.minimum(x, 2.0 * x),
    "relu": lambda x: x.relu(),
    "leaky": lambda x: x.leaky_relu(),
    "elu": lambda x: x.elu(),
    "abs": abs,
    "clip": lambda x: x.clip(-1.0, 1.0),
    "sign": lambda x: x.sign() * x,
    "pole": lambda x: tg.where(x, 1.0 / x, x),
}


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_choice_is_no_branch(choice, order):
    function = CHOICES[choice]
    for _ in range(order):
        function = grad(function)
    tapes = [record(function, x) for x in (3.0, -3.0, 0.0)]

    for x in [*POINTS, 3.0, -3.0, 0.5]:
        expected = str(function(Value(x)).data)
        for tape in tapes:
            assert tape.guards == ()
            assert str(tape(x)) == expected
            assert str(MachineRoute(tape)([x])) == expected
            assert str(SourceRoute(tape)([x])) == expected


def test_a_batch_that_flips_is_answered_row_by_row():
    @tg.compile
    def hinge(x):
        if x > 100.0:
            return x * 0.0
        return 1.0 - x if x < 1.0 else x * 0.0

    for size in (1, 7, 8, 9, 50):
        x = np.linspace(-3.0, 110.0, size)

        assert hinge.map(x).tolist() == [max(1.0 - one, 0.0) for one in x]


def test_a_tape_in_a_batch_names_the_row():
    # It cannot record itself anew.
    tape = record(lambda x: x if x > 0.0 else -x, 1.0)
    batch = np.ones(21)
    batch[17] = -1.0

    with pytest.raises(BranchError, match=r"in row 17 of the batch: .*is True, and here"):
        tg.compile(tape).map(batch)


def test_rows_that_give_other_structures_are_refused():
    both = tg.compile(lambda x: [x] if x > 0.0 else [x, x])

    assert both(1.0) == [1.0]
    assert both(-1.0) == [-1.0, -1.0]
    with pytest.raises(ValueError, match=r"in row 0 .*\[\.\], in row 2 \[\., \.\]"):
        both.map(np.array([1.0, 2.0, -1.0]))


def test_source_asks_in_a_batch_of_arrays():
    tape = record(lambda x: x if x > 0.0 else -x, 1.0)
    space = {}
    exec(tape.source(), space)

    assert space["replay"](np.array([1.0, 2.0])).tolist() == [1.0, 2.0]
    with pytest.raises(BranchError, match=r"in row 1; .*test_guards.py, line"):
        space["replay"](np.array([1.0, -2.0]))
    with pytest.raises(BranchError, match="than recorded; "):
        space["replay"](-2.0)
    with pytest.raises(BranchError, match="than recorded; "):
        list(WrittenLoop(tape).function([[-2.0]], []))


def test_a_pole_before_the_branch_is_no_way_around_it():
    # Python's division stops the generated source before it has asked.
    def branching(x):
        return 1.0 / x if 2.0 / x > 0.0 else x

    tape = record(branching, 1.0)

    assert SourceRoute(tape)([0.0]) == float("inf")
    with pytest.raises(OtherBranch):
        SourceRoute(tape)([-0.0])


def test_more_branches_than_are_kept_run_as_they_are():
    def steps(x):
        count = 0
        while x > 0.0:
            x = x - 1.0
            count += 1
        return x * count

    compiled = tg.compile(steps)

    for start in range(40):
        assert compiled(start + 0.5) == steps(Value(start + 0.5)).data
    [branches] = compiled._routes.values()
    assert isinstance(branches, Branches)
    assert len(branches._routes) == 16
