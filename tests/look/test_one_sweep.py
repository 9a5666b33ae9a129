"""One sweep, one evaluator: a fault planted in one shows in every view and in the checker."""

import inspect
import struct
import textwrap

import pytest
from hypothesis import given

import tinygrad_bp as tg
from tinygrad_bp import Value, topological_order
from tinygrad_bp.check import check_gradient
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.check.truth.local import exact_values
from tinygrad_bp.graph import run, sweep
from tinygrad_bp.graph.sweep import adjoints
from tinygrad_bp.look.walk import moves


def plant(monkeypatch, function, right, wrong):
    """Let the function run with one piece of its text exchanged."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(right) == 1
    scope = dict(function.__globals__)
    exec(source.replace(right, wrong), scope)  # our own text, with a fault in it
    monkeypatch.setattr(function, "__code__", scope[function.__name__].__code__)


def read_all():
    """What each view says about the same program, which is lost in an infinity backwards."""
    w, x, b = Value(3.0, label="w"), Value(2.0, label="x"), Value(-6.0, label="b")
    y = (w * x + b).tanh() * w
    y.label = "y"
    y.backward()
    steps = tg.step(y)
    steps.goto(len(steps))
    far = Value(1.0, label="far")
    return {
        "step": str(steps),
        "explain": str(tg.explain(y, w)),
        "evaluation": str(tg.explain(y)),
        "provenance": str(tg.provenance(y, w)),
        "tree": str(tg.tree(y)),
        "draw": str(tg.draw(y, edges="contribution").svg()),
        "what_if": str(tg.what_if(y, {w: 0.1})),
        "play": tg.play(y)._repr_html_(),
        "autopsy": str(tg.autopsy(far * 1.7e308)),
        "lint": str(tg.lint(far * 1.7e308)),
    }


def break_both_loops(monkeypatch):
    # The loop for floats is the other one without its calls: `test_both_loops_are_one`.
    plant(monkeypatch, sweep._pass_floats, "by_x *= upstream", "by_x *= 2.0 * upstream")
    plant(monkeypatch, sweep.contributions, "upstream * partial", "(upstream + upstream) * partial")


@pytest.fixture(scope="module")
def right():
    return read_all()


@pytest.mark.parametrize(
    "view",
    [
        *("step", "explain", "evaluation", "provenance", "tree"),
        *("draw", "what_if", "play", "autopsy", "lint"),
    ],
)
def test_a_fault_in_the_sweep_shows_in_every_view(monkeypatch, right, view):
    break_both_loops(monkeypatch)

    assert read_all()[view] != right[view]


def test_a_fault_in_the_sweep_shows_in_the_report_of_the_checker(monkeypatch):
    assert check_gradient(lambda w, x: (w * x).tanh() * w, 0.5, 2.0).verdict == "right"

    break_both_loops(monkeypatch)

    report = check_gradient(lambda w, x: (w * x).tanh() * w, 0.5, 2.0)
    assert report.verdict == "wrong", report


# Recorded before anything is broken: `record` compares what the tape gives, and refuses.
TAPE = tg.record(lambda x: x.exp() - x, 2.0)


def evaluated():
    """What readers of the evaluator say: a tape, the checker, a view, and moves."""
    x = Value(2.0, label="x")
    y = x.exp() - x
    order = topological_order(y)
    return {
        "replay": TAPE.replay([2.0])[-1],
        "truth": float(exact_values(order)[y]),
        "moves": moves.replayed(order, {x: 2.5})[y],
        "outdated": str(tg.tree(y)),
    }


@pytest.mark.parametrize("reader", ["replay", "truth", "moves", "outdated"])
def test_a_fault_in_the_evaluator_shows_in_every_reader(monkeypatch, reader):
    right = evaluated()

    plant(monkeypatch, run.run, "for place in places]", "for place in places[::-1]]")

    assert evaluated()[reader] != right[reader]
    x = Value(2.0)
    with pytest.raises(ValueError, match="would give"):  # it sees two evaluators that differ
        tg.what_if(x.exp() - x, {x: 0.5})


@given(expressions())
def test_both_loops_are_one(program):
    output = program(*program.values())
    order = topological_order(output)
    seen = []

    fast, watched = (adjoints(order, {output: 1.0}, observer=o) for o in (None, seen.append))

    assert list(map(bits, fast.items())) == list(map(bits, watched.items()))
    last = {flow.parent: flow.after for flow in seen if flow.contribution is not None}
    assert all(watched[node] is after for node, after in last.items())


def bits(entry):
    node, number = entry
    return id(node), struct.pack("<d", number)
