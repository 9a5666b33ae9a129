"""The picture of a tape: its whole program, and what it will not answer."""

import xml.etree.ElementTree as ElementTree

import pytest

import tinygrad_bp
from tests.look.graphs import words
from tinygrad_bp import Value, draw, record, sigmoid
from tinygrad_bp.tape import Tape


def branching(w, x):
    y = w * x + 2.0
    return (y, 3.0) if y > x else x


def test_every_slot_and_guard_is_a_node():
    tape = record(branching, 5.0, 4.0)
    picture = draw(tape).picture

    assert [words(node) for node in picture.nodes] == [
        "w input",
        "x input",
        "3 constant",
        "2 constant",
        "v4 multiply w * x",
        "v5 add v4 + 2",
        "guard was True v5 > x",
    ]
    assert [node.role for node in picture.nodes] == [
        *["leaf"] * 2,
        *["constant"] * 2,
        *["operation"] * 2,
        "guard",
    ]
    assert [node.id for node in picture.nodes if node.is_output] == ["n2", "n5"]
    assert [(edge.tail, edge.head) for edge in picture.edges] == [
        ("n0", "n4"),
        ("n1", "n4"),
        ("n4", "n5"),
        ("n3", "n5"),
        ("n5", "g0"),
        ("n1", "g0"),
    ]
    assert "test_tapes.py" in picture.nodes[-1].tip
    assert picture.title == "tape of branching"


def test_captured_values_and_long_formulas():
    weights = [Value(float(i), label=f"a_long_name_{i}") for i in range(7)]
    tape = record(lambda x: tinygrad_bp.sum([w * x for w in weights]), 1.0)
    picture = draw(tape, title="mine").picture

    assert words(picture.nodes[1]) == "a_long_name_0 captured"
    assert words(picture.nodes[-1]) == "v15 sum sum of 7"
    assert picture.title == "mine"


def chain(x):
    y = x
    for _ in range(150):
        y = sigmoid(y) * x + 0.5
    return y if y < x else x


@pytest.mark.parametrize("x", [0.5, 0.25])
def test_a_long_tape_is_collapsed_to_runs(x):
    tape = record(chain, x)
    picture = draw(tape).picture

    assert [words(node) for node in picture.nodes[:3]] == [
        "1 input",
        "1 constant",
        "57 instructions 19 sigmoid, 19 multiply, 19 add",
    ]
    assert words(picture.nodes[-1]) == "1 guard"
    assert len(picture.nodes) == 11
    assert "11 drawn nodes stand for 453" in picture.notes[0]
    assert len(draw(tape, collapse=None).picture.nodes) == 453
    assert all(edge.tail != edge.head for edge in picture.edges)


def test_a_short_tape_is_collapsed_on_request():
    captured = Value(2.0)
    tape = record(lambda x: captured * x, 3.0)
    picture = draw(tape, collapse="runs").picture

    assert [node.id for node in picture.nodes] == ["inputs", "captured", "r0"]
    assert [node.is_output for node in picture.nodes] == [False, False, True]
    assert [(edge.tail, edge.head) for edge in picture.edges] == [
        ("captured", "r0"),
        ("inputs", "r0"),
    ]


def test_a_run_of_many_operations_names_the_most_frequent():
    tape = record(lambda x: sigmoid(x) * x + x / (x - 1.0), 3.0)

    assert words(draw(tape, collapse="runs").picture.nodes[-1]) == "1 instruction 1 add"
    assert draw(record(lambda x: x, 1.0), collapse="runs").picture.nodes[0].is_output


def test_runs_say_that_there_are_more_operations():
    def function(x):
        for _ in range(10):
            x = sigmoid(x) * x + x / (x - 1.0)
        return x

    picture = draw(record(function, 3.0), collapse="runs").picture

    assert words(picture.nodes[2]).endswith("…")


def test_it_is_drawn_by_both_layouts():
    drawing = draw(record(branching, 5.0, 4.0), direction="TB")
    root = ElementTree.fromstring(drawing.svg())

    assert root.tag.endswith("svg")
    assert "guard" in drawing.svg()
    assert "octagon" in drawing.source
    assert "cut corners: guard" in drawing.source


@pytest.mark.parametrize(
    "setting",
    [{"names": {}}, {"edges": "partial"}, {"collapse": "layers"}, {"direction": "RL"}],
)
def test_settings_that_are_not_for_tapes_are_refused(setting):
    tape = record(branching, 5.0, 4.0)

    assert isinstance(tape, Tape)
    with pytest.raises(ValueError, match="must be one of"):
        draw(tape, **setting)
