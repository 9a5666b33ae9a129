"""The stepper walks through what `backward` does, in both directions, and stores nothing."""

import io
import math
import struct

import pytest
from hypothesis import given, strategies as st

import tinygrad_bp as tg
from tests.look.graphs import chain
from tinygrad_bp import Value, constant, source_lines, where
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.look.walk.stepper import step
from tinygrad_bp.look.words.outdated import remark


def bits(gradients):
    return {node: struct.pack("<d", number) for node, number in gradients.items()}


def output_of(program):
    return program.run([Value(number) for number in program.inputs])[-1]


def square_plus():
    """x*x + 2x at 3, and x."""
    x = Value(3.0, label="x")
    y = x * x + 2 * x
    y.label = "y"
    return x, y


# What backward does


@given(expressions(), st.floats(-3.0, 3.0), st.integers(1, 3))
def test_committing_is_backward_to_the_last_bit(program, seed, times):
    ours, theirs = output_of(program), output_of(program)

    for _ in range(times):
        step(ours, seed=seed).commit()
        theirs.backward(seed)

    for one, other in zip(tg.topological_order(ours), tg.topological_order(theirs), strict=True):
        assert struct.pack("<d", one.grad) == struct.pack("<d", other.grad)


@given(expressions(), st.data())
def test_any_walk_lands_in_the_same_states(program, data):
    output = output_of(program)
    straight, wandering = step(output), step(output)
    states = [(repr(straight), repr(straight.frontier), bits(straight.gradients))]
    for now in straight:
        states.append((repr(now), repr(straight.frontier), bits(straight.gradients)))
    moves = st.integers(0, len(straight)) | st.sampled_from(("next", "back"))

    for move in data.draw(st.lists(moves, max_size=8)):
        if isinstance(move, int):
            wandering.goto(move)
        elif wandering.position != {"next": len(wandering), "back": 0}[move]:
            getattr(wandering, move)()

        state = repr(wandering), repr(wandering.frontier), bits(wandering.gradients)
        assert state == states[wandering.position]


@given(expressions())
def test_no_gradient_of_the_graph_is_touched(program):
    output = output_of(program)
    nodes = tg.topological_order(output)
    for place, node in enumerate(nodes):
        node.grad = float(place)

    steps = step(output)
    list(steps)
    steps.goto(0)

    assert [node.grad for node in nodes] == list(range(len(nodes)))


def test_a_moment_stays_as_it_is_when_the_walk_goes_on():
    x, y = square_plus()
    steps = step(y)
    moment, frontier = steps.goto(6), steps.frontier
    before = repr(moment), repr(frontier), dict(frontier)

    list(steps)

    assert (repr(moment), repr(frontier), dict(frontier)) == before
    assert frontier[x] == 2


# Ways to move


def test_iteration_does_the_steps_that_are_left():
    _, y = square_plus()
    steps = step(y)
    steps.next()

    assert [now.position for now in steps] == [2, 3, 4, 5, 6, 7]
    assert list(steps) == []
    assert len(steps) == 7


def test_each_kind_of_step_says_what_it_is_about():
    _, y = square_plus()
    steps = step(y)

    assert (steps.now.kind, steps.now.node, steps.now.upstream) == ("start", None, None)
    assert steps.now.uses == ()
    assert [now.kind for now in steps] == ["forward"] * 3 + ["seed"] + ["backward"] * 3
    assert (steps.now.node.op.name, steps.now.upstream) == ("multiply", 1.0)
    assert steps.back().node is not steps.next().node
    assert steps.goto(5).node is y


def test_running_to_an_operation_stops_where_it_is_computed_and_where_it_passes_on():
    _, y = square_plus()
    steps = step(y)
    square = y.parents[0]

    assert (steps.run_to(square).position, steps.run_to(square).position) == (1, 7)


def test_running_to_a_leaf_stops_where_its_gradient_is_complete():
    x, y = square_plus()
    steps = step(y)

    steps.run_to(x)

    assert steps.position == 7
    assert steps.gradients[x] == 8.0
    assert x not in steps.frontier


def test_a_name_stands_for_the_next_value_that_has_it():
    x = Value(3.0, label="x")
    hidden = [x.exp(), x.tanh()]
    for value in hidden:
        value.label = "h"
    steps = step(hidden[0] * hidden[1])

    found = [steps.run_to("h").position for _ in range(4)]

    assert found == [1, 2, 6, 7]
    assert steps.goto(0).position == 0
    assert steps.run_to("x").position == 7
    with pytest.raises(ValueError, match=r"no step about h is ahead of position 7"):
        steps.run_to("h")
    with pytest.raises(ValueError, match=r"no value is called 'y'; names come from labels"):
        steps.run_to("y")


def test_a_leaf_alone_is_seeded_and_that_is_all():
    x = Value(3.0, label="x")
    steps = step(x)

    assert steps.run_to(x).kind == "seed"
    assert repr(steps.goto(0)).startswith("before step 1 of 1: x")
    steps.commit()
    assert x.grad == 1.0


def test_running_until_finds_the_first_step_that_answers():
    x, y = square_plus()
    steps = step(y)

    found = steps.run_until(lambda now: any(use.parent is x for use in now.uses))

    assert found.position == steps.position == 6


# Moves that are not possible


def test_a_move_that_is_not_possible_moves_nothing():
    _, y = square_plus()
    steps = step(y)

    with pytest.raises(IndexError, match=r"no step is done yet; \.next\(\) does the first"):
        steps.back()
    with pytest.raises(IndexError, match="positions are 0 to 7, got 8"):
        steps.goto(8)
    with pytest.raises(TypeError, match="a position is a number of steps, an int, got 'w'"):
        steps.goto("w")
    with pytest.raises(TypeError, match=r"an int, got 2\.5"):
        steps.goto(2.5)
    with pytest.raises(LookupError, match="true of none of the 7 steps ahead of position 0"):
        steps.run_until(lambda now: now.position == 99)
    with pytest.raises(ValueError, match="not in the graph of the output"):
        steps.run_to(Value(1.0))
    with pytest.raises(ValueError, match="is a constant: no step computes it"):
        steps.run_to(y.parents[1].parents[0])
    assert steps.position == 0
    steps.goto(7)
    with pytest.raises(IndexError, match=r"all 7 steps are done; \.back\(\) and"):
        steps.next()
    with pytest.raises(ValueError, match="no step about y is ahead of position 7"):
        steps.run_to(y)


def test_what_cannot_be_walked_through_is_refused():
    with pytest.raises(TypeError, match="a Value is traced, got float"):
        step(2.0)
    with pytest.raises(ValueError, match="is a constant"):
        step(constant(2.0))


# What is printed


def test_forward_steps_show_formula_numbers_and_result():
    w, x = Value(3.0, label="w"), Value(-2.0, label="x")
    y = w * x
    steps = step(y * y, names={"y": y})

    assert repr(steps.next()).splitlines() == [
        "step 1 of 5: forward, y = w * x",
        "    y = w * x = 3 * (-2) = -6",
        "    It is used 2 times, so its gradient will be a sum of 2.",
    ]


def test_the_first_screen_says_what_is_ahead():
    _, y = square_plus()

    assert repr(step(y)).splitlines() == [
        "before step 1 of 7: y = v1 + v2",
        "    steps 1 to 3: forward, each operation computes its value",
        "    step 4: the seed, the gradient of the output",
        "    steps 5 to 7: backward, each operation, the last one first, passes its gradient on",
        "    Go on with .next(), .goto(k), .run_to(value), .run_until(predicate).",
    ]


def test_a_seed_that_is_not_one_is_pointed_out():
    steps = step(Value(3.0, label="x").exp(), seed=2.0, names={})

    assert "The seed takes the place of dv1/dv1 = 1: it is 2." in repr(steps.goto(2))
    assert "grad     0 + 2·20.09 → 40.17" in repr(steps.next())


def test_a_branch_not_taken_passes_nothing_on_and_its_uses_count():
    x = Value(0.0, label="x")
    pole = 1.0 / x
    y = where(0.0, pole, x)

    lines = repr(step(y, names={"pole": pole, "y": y}).goto(5)).splitlines()

    assert lines[1:6] == [
        "    pole = 1 / x = 1 / 0 = inf",
        "    no gradient reached it (a branch not taken), so it passes none on",
        "    to 1   a constant: it gets no gradient",
        "    to x   nothing flows to it",
        "           grad     1, as it was    2nd of 2 uses: complete",
    ]


def test_data_that_changed_since_is_pointed_out():
    x, y = square_plus()
    x.data = 4.0
    steps = step(y)

    assert remark([y.parents[0]], {x: "x", y.parents[0]: "v1"}) in repr(steps.next())


def test_nan_is_no_change_of_data():
    steps = step(Value(-1.0).log())

    assert "data changed" not in repr(steps.next())


def test_the_line_of_the_program_is_shown_where_it_is_known():
    x = Value(3.0)
    with source_lines():
        y = x.exp()

    assert "test_stepper.py, line" in repr(step(y).next())


def test_a_step_with_very_many_operands_still_fits_a_screen():
    xs = [Value(float(i), label=f"x{i}") for i in range(40)]
    total = tg.sum(xs)
    steps = step(total * total, names={"total": total})

    for now in steps:
        assert len(repr(now).splitlines()) <= 24
        assert max(map(len, repr(now).splitlines())) <= 200
    assert "and likewise to 32 more operands of total" in repr(steps.now)
    assert "dv1/dx3 = 1560, and so on in .gradients." in repr(steps.now)


def test_the_frontier_is_shortened_and_counted():
    xs = [Value(float(i), label=f"x{i}") for i in range(40)]
    steps = step(tg.sum(xs) * tg.sum(xs))
    steps.goto(6)

    lines = repr(steps.frontier).splitlines()

    assert lines[0] == "40 nodes wait for the rest of theirs, and pass nothing on before:"
    assert lines[1] == "    x39   has 1 of 2 uses, 780 so far"
    assert lines[-1] == "    and 22 more"
    assert "x7 for 1 of its 2 uses, 32 others (.frontier)." in repr(steps.now)


def test_who_waits_from_steps_before_is_counted():
    x = Value(2.0, label="x")
    square = x * x
    square.label = "square"
    steps = step((square + square.exp() * 3.0) * square, names={})
    steps.goto(9)

    assert "Still waiting: 1 node (.frontier)." in repr(steps.now)
    assert list(steps.frontier) == [square]


def test_the_order_of_those_who_wait_is_that_of_the_graph():
    x = Value(0.5, label="x")
    t2 = (x + x) * 2.0
    t3 = -t2
    t4 = -t3
    steps = step(-tg.sum([t3, t2, t4, t4, t4]))
    steps.goto(9)
    straight = repr(steps), repr(steps.frontier)

    steps.next()
    steps.back()

    assert (repr(steps), repr(steps.frontier)) == straight
    assert list(steps.frontier) == [t3, t2]


def test_an_empty_frontier_says_so():
    _, y = square_plus()

    assert repr(step(y).frontier).startswith("No node waits")


def test_plain_ascii_where_the_terminal_knows_no_more(monkeypatch):
    _, y = square_plus()
    steps = step(y)
    steps.goto(5)
    in_unicode = repr(steps)

    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))

    assert "∂y/∂v1" in in_unicode
    assert "dy/dv1" in repr(steps)
    assert repr(steps).isascii()
    assert repr(steps.frontier).isascii()


def test_rich_gets_its_colours():
    pytest.importorskip("rich", reason="rich shows the colours")
    _, y = square_plus()
    steps = step(y)
    steps.goto(7)

    found = steps.__rich__()

    assert found.plain == repr(steps)
    assert {str(span.style) for span in found.spans} == {"bold", "cyan", "green"}


def test_nonfinite_numbers_come_through():
    x = Value(0.0, label="x")
    steps = step(x.log() * 0.0)
    steps.goto(5)

    assert math.isnan(steps.gradients[x])
    assert "0 + 0·inf → nan" in repr(steps)


def test_a_long_chain_is_walked_through():
    start, end = chain(20_000)
    steps = step(end)

    steps.run_to(start)

    assert steps.gradients[start] == 1.0
    assert repr(steps).startswith("step 40,001 of 40,001: back through v1 = -start")
    assert steps.goto(0).kind == "start"
    assert steps.gradients == {}


def test_committing_twice_adds_up_in_leaves_and_nowhere_else():
    x, y = square_plus()
    steps = step(y)

    steps.commit()
    steps.commit()

    assert (x.grad, y.grad, y.parents[0].grad) == (16.0, 1.0, 1.0)


def test_gradients_print_by_name_and_go_along_with_the_walk():
    _, y = square_plus()
    steps = step(y)
    gradients = steps.gradients
    before = repr(gradients)
    steps.goto(len(steps))

    assert before == "No gradient yet after 0 of 7 steps: all start at the seed."
    assert repr(gradients).splitlines()[0] == "gradients after step 7 of 7:"
    assert repr(gradients).splitlines()[-1].split() == ["dy/dx", "8"]
    assert len(gradients) == len(dict(gradients))


def test_of_many_gradients_the_first_are_printed():
    _, y = chain(40)
    steps = step(y)
    steps.goto(len(steps))

    lines = repr(steps.gradients).splitlines()

    assert lines[1].split() == ["dv40/dv40", "1"]
    assert lines[-1] == "    and 23 more"
