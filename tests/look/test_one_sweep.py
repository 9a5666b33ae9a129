"""One sweep: a fault planted in it shows in every view, and the checker says so."""

import inspect
import struct
import textwrap

import pytest
from hypothesis import given

import tinygrad_bp as tg
from tinygrad_bp import Value, topological_order
from tinygrad_bp.check import check_gradient
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.graph import sweep
from tinygrad_bp.graph.sweep import adjoints


def plant(monkeypatch, function, right, wrong):
    """Let the function run with one piece of its text exchanged."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(right) == 1
    scope = dict(vars(sweep))
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
