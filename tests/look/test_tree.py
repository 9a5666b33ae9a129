"""The graph as an indented tree."""

import io
import time

import pytest
from hypothesis import given

from tests.look.graphs import chain
from tinygrad_bp import Value, constant, tree
from tinygrad_bp.check.programs.strategies import expressions


def rows(text):
    return [line.split("  ")[0].rstrip() for line in text.splitlines()]


def square_of_difference():
    w, x = Value(2.0, label="w"), Value(3.0, label="x")
    loss = (w * x - x) ** 2
    loss.label = "loss"
    return loss


@given(expressions())
def test_every_node_is_shown_once_with_its_operands_below_it(program):
    output = program.run([Value(number) for number in program.inputs])[-1]

    lines = tree(output, depth=100, most=1000).lines

    shown = [line.node for line in lines if line.node is not None]
    expected, todo = {output}, [output]
    while todo:
        new = {parent for parent in todo.pop().parents if not parent.is_constant} - expected
        expected |= new
        todo += new
    assert len(shown) == len(set(shown))
    assert set(shown) == expected
    edges = sum(not parent.is_constant for node in expected for parent in node.parents)
    assert len(lines) == 1 + edges


def test_what_was_shown_is_only_referred_to():
    loss = square_of_difference()
    loss.backward()

    assert tree(loss).text.splitlines() == [
        "                     value  grad",
        "loss = v2 ** 2           9    +1",
        "└─ v2 = v1 - x           3    +6",
        "   ├─ v1 = w * x         6    +6",
        "   │  ├─ w               2   +18",
        "   │  └─ x (2 uses)      3    +6",
        "   └─ x ↑",
        "↑ is shown above.",
    ]


def test_gradients_are_left_out_until_there_are_some():
    text = tree(square_of_difference()).text

    assert "grad" not in text.splitlines()[0]
    assert text.endswith("There are no gradients yet: call backward.")


def test_what_is_too_deep_is_folded():
    text = tree(square_of_difference(), depth=2).text

    assert [line.split("  ")[0] for line in text.splitlines()[1:]][:2] == [
        "loss = v2 ** 2",
        "└─ v2 = v1 - x",
    ]
    assert "├─ v1 = w * x …" in text
    assert "… has more below it" in text


def test_the_lines_nearest_to_the_output_are_kept():
    output = Value(1.0, label="x0")
    for _ in range(6):
        output = output.exp() + output.sin()

    lines = tree(output, most=10).lines

    assert len(lines) <= 10
    assert lines[0].node is output
    assert {line.node for line in lines} >= set(output.parents)


def test_many_operands_are_counted():
    operands = [Value(float(i), label=f"x{i}") for i in range(30)]
    from tinygrad_bp import sum as total

    text = tree(total(operands)).text

    assert "v1 = sum(30 operands)" in text
    assert "└─ … 18 more" in text
    assert "x11" in text
    assert "x12" not in text


def test_only_what_is_shown_is_walked():
    _, end = chain(300_000)
    seconds = []
    for _ in range(3):  # the least of three: a busy machine is not a walk
        began = time.process_time()
        text = tree(end).text
        seconds.append(time.process_time() - began)

    # Naming them all takes five times that.
    assert min(seconds) < 0.2
    assert len(text.splitlines()) == 17


def test_a_large_graph_is_numbered_where_it_is_shown():
    _, end = chain(60_000)
    view = tree(end, depth=2)

    assert [line.branch + line.words for line in view.lines] == [
        "v4 = -v3",
        "└─ v3 = -v2",
        "   └─ v2 = -v1 …",
    ]
    assert "v1, v2, … count what is shown here: of more than 50,000 nodes" in view.text


def test_labels_and_names_are_used_and_made_legible():
    x = Value(2.0, label="two\nlines")
    y = x * 3.0

    assert "two⏎lines" in tree(y, names={"y": y}).text
    assert rows(tree(y, names={"y": y}).text)[1].startswith("y = (two⏎lines) * 3")


def test_a_leaf_and_a_constant_are_trees_too():
    assert rows(tree(Value(2.0, label="x")).text)[1] == "x"
    assert "2" in tree(constant(2.0)).text


def test_rich_shows_the_same_text():
    pytest.importorskip("rich", reason="rich shows the colours")
    view = tree(square_of_difference())

    assert view.__rich__().plain == view.text == repr(view)


def test_plain_ascii_keeps_the_columns(monkeypatch):
    view = tree(square_of_difference(), depth=3)
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))

    text = repr(view)

    assert text.isascii()
    assert "`- v2 = v1 - x" in text
    assert len({len(line) for line in text.splitlines() if line[-1].isdigit()}) == 1


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match=r"a tree is of a Value, got float 2\.0"):
        tree(2.0)


def test_the_repr_of_a_value_is_one_short_line_however_large_its_graph():
    start, end = chain(300_000)
    shallow = -start
    began = time.process_time()

    text = repr(end)

    assert time.process_time() - began < 0.01
    assert len(text) < 60
    assert "\n" not in text
    assert repr(shallow) == "Value(data=-1.0, grad=0.0)"
