"""What the gradient promises beside what happens."""

import io
import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, strategies as st

from tests.look.graphs import chain
from tinygrad_bp import Value, hessian, no_grad, what_if, where
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.look.plots.curve import shares


def cube():
    x = Value(3.0, label="x")
    return x, x**3


# The numbers -------------------------------------------------------------------------------


@given(expressions(), st.data())
def test_what_happens_is_what_the_program_gives_to_the_last_bit(program, data):
    inputs = [Value(number) for number in program.inputs]
    output = program.run(inputs)[-1]
    used = [x for x in inputs if x in set(graph(output))]
    changes = {x: data.draw(st.floats(-2.0, 2.0)) for x in used}

    found = what_if(output, changes)

    with no_grad():
        moved = [Value(x.data + changes.get(x, 0.0)) for x in inputs]
        expected = program.run(moved)[-1].data
    assert found.after == expected or (math.isnan(found.after) and math.isnan(expected))
    assert found.before == output.data


@given(expressions(max_steps=5), st.data())
def test_gradient_and_curvature_are_those_of_the_program(program, data):
    inputs = [Value(number) for number in program.inputs]
    output = program.run(inputs)[-1]
    used = [x for x in inputs if x in set(graph(output))]
    changes = {x: data.draw(st.floats(-2.0, 2.0)) for x in used}
    output.backward()

    found = what_if(output, changes)

    assert found.slopes == {x: x.grad for x in used}
    rows = hessian(lambda xs: program.run(xs)[-1])(list(program.inputs))
    moves = [changes.get(x, 0.0) for x in inputs]
    products = [
        0.5 * a * h * b
        for a, row in zip(moves, rows, strict=True)
        for h, b in zip(row, moves, strict=True)
    ]
    size = sum(map(abs, products))
    assert found.curvature == pytest.approx(sum(products), rel=1e-9, abs=1e-9 * size + 1e-12)


def graph(output):
    from tinygrad_bp import topological_order

    return topological_order(output)


def test_a_cube_is_taken_apart_exactly():
    x, y = cube()

    found = what_if(y, {x: 1.0})

    assert (found.promise, found.curvature, found.rest, found.happens) == (27.0, 9.0, 1.0, 37.0)


def test_several_nodes_move_at_once():
    x, y = Value(2.0, label="x"), Value(5.0, label="y")

    found = what_if(x * y, {x: 1.0, y: -1.0})

    assert found.slopes == {x: 5.0, y: 2.0}
    assert (found.promise, found.curvature, found.happens, found.rest) == (3.0, -1.0, 2.0, 0.0)


def test_a_moved_node_follows_its_operands_no_longer():
    x = Value(2.0, label="x")
    h = x * x
    y = h * 3.0 + x

    alone, both = what_if(y, {h: 1.0}), what_if(y, {h: 1.0, x: 10.0})

    assert (alone.happens, alone.promise) == (3.0, 3.0)
    assert (both.happens, both.promise, both.curvature) == (13.0, 13.0, 0.0)


def test_the_output_itself_may_be_moved():
    x, y = cube()

    found = what_if(y, {y: 2.0, x: 5.0})

    assert (found.slopes[y], found.slopes[x]) == (1.0, 0.0)
    assert (found.happens, found.promise, found.curvature) == (2.0, 2.0, 0.0)


def test_nothing_in_the_graph_changes():
    x, y = cube()
    y.backward()

    view = what_if(y, {x: 1.0})
    view.svg()
    with no_grad():
        assert view.curvature == 9.0

    assert (x.data, x.grad, y.data, y.grad) == (3.0, 27.0, 27.0, 1.0)


def test_a_long_chain_needs_no_recursion():
    start, end = chain(5_000)

    found = what_if(end, {start: 1.0})

    assert (found.promise, found.curvature, found.happens) == (1.0, 0.0, 1.0)
    assert "<svg" in found.svg()


def test_how_far_along_the_change():
    x, y = cube()

    found = what_if(y, {x: 1.0})

    assert [found.at(share) for share in (0.0, 0.5, 1.0)] == [27.0, 3.5**3, 64.0]


# Where a tangent does not see ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "change", "expected"),
    [
        (lambda x: (x - 3.0).relu(), 2.0, True),
        (lambda x: (x - 3.0).relu(), 0.5, False),
        (lambda x: abs(x - 2.0), 0.5, True),
        (lambda x: 1.0 / (x - 3.0), 1.5, True),
        (lambda x: x % 1.5, 0.25, False),
        (lambda x: x % 1.5, 1.0, True),
        (lambda x: x.exp(), 5.0, False),
        (lambda x: (x - 2.0).maximum(0.0), 1.0, True),
        (lambda x: where(x - 2.0, x, 0.0), 1.0, True),
    ],
)
def test_a_kink_on_the_way_is_noticed(function, change, expected):
    x = Value(2.0, label="x")

    found = what_if(function(x), {x: change})

    assert bool(found.crossed) == expected
    assert ("passes a point without a derivative" in found.text) == expected


def test_many_kinks_are_counted():
    x = Value(-1.0, label="x")
    y = x
    for _ in range(12):
        y = y + x.relu()

    assert "So do 4 more." in what_if(y, {x: 2.0}).text


def test_a_leaf_that_stops_being_a_number_is_named():
    x = Value(2.0, label="x")

    assert "\nx is nan then, and was not before." in what_if(x * 3.0, {x: math.nan}).text


def test_what_stops_being_a_number_is_named():
    x = Value(2.0, label="x")
    found = what_if(x.log() * 3.0, {x: -3.0})

    assert math.isnan(found.happens)
    assert found.spoiled.op.name == "log"
    assert "log(x) is nan then, and was not before." in found.text


def test_an_if_is_not_in_the_graph_and_the_text_says_so():
    x = Value(1.0, label="x")
    y = x if x > 0 else -x

    found = what_if(y * 1.0, {x: -3.0})

    assert found.after == -2.0
    assert "an `if` is not asked again" in found.text


def test_promises_may_be_infinite_both_ways():
    x, y = Value(0.0, label="x"), Value(0.0, label="y")

    found = what_if(x.sqrt() + y.sqrt(), {x: 1.0, y: -1.0})

    assert math.isnan(found.promise)
    assert "the gradient: d_v3_d_x · 1 = inf · 1" in found.text


def test_numbers_changed_since_are_refused():
    x, y = cube()
    x.data = 4.0

    with pytest.raises(ValueError, match="is 27, but x = 4 would give 64: data changed after"):
        what_if(y, {x: 1.0})


def test_a_nan_that_was_always_one_is_not_stale():
    x = Value(-2.0, label="x")

    assert math.isnan(what_if(x.log(), {x: 1.0}).happens)


# How it reads ------------------------------------------------------------------------------


def test_it_reads_as_a_bill():
    x, y = cube()

    assert what_if(y, {x: 0.1}, names={"y": y}).text.splitlines() == [
        "If x goes from 3 to 3.1:",
        "",
        "    +2.7  the gradient: d_y_d_x · 0.1 = 27 · 0.1",
        "   +0.09  the curvature: half the second derivative that way",
        "  +0.001  the rest",
        "  ──────",
        "  +2.791  what happens: y goes from 27 to 29.79",
        "",
        "These are the same operations at other numbers: an `if` is not asked again.",
    ]


def test_a_rest_that_is_only_rounding_says_so():
    w = Value(2.0, label="w")

    assert "the rest, by rounding" in what_if((w * 3.0 - 5.0) ** 2, {w: 0.1}).text
    assert "by rounding" not in what_if(w * 3.0, {w: 1.0}).text


def test_many_moves_are_summed_up():
    inputs = [Value(float(i), label=f"x{i}") for i in range(12)]
    from tinygrad_bp import sum as total

    text = what_if(total(inputs), dict.fromkeys(inputs, 0.5)).text

    assert "x1 goes from 1 to 1.5 and 10 more move" in text
    assert "+2  the gradient: 4 more that move" in text


def test_rich_html_and_ascii(monkeypatch):
    pytest.importorskip("rich", reason="rich shows the colours")
    x, y = cube()
    view = what_if(y, {x: 1.0}, names={"<y>": y})

    assert view.__rich__().plain == view.text == repr(view)
    assert "&lt;y&gt;" in view._repr_html_()
    assert "<y>" not in view._repr_html_()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert "= 27 * 1" in repr(view)


# The curve ---------------------------------------------------------------------------------


def test_the_picture_is_the_same_to_the_byte_and_needs_no_id():
    x, y = cube()
    first, second = (what_if(y, {x: 1.0}).svg() for _ in range(2))

    root = ET.fromstring(first)

    assert first == second
    assert not [e for e in root.iter() if "id" in e.attrib]
    assert [e.text for e in root.iter() if e.tag.endswith("}text")] == [
        "3",
        "4",
        "27",
        "64",
        "x",
        "now",
        "then",
        "promised",
        "v1",
        "the gradient",
        "with curvature",
    ]


def test_the_picture_breaks_where_there_is_no_number():
    x = Value(2.0, label="x")
    root = ET.fromstring(what_if(x.log(), {x: -1.5}).svg())

    lines = [e for e in root.iter() if e.attrib.get("stroke-width") == "2.2"]

    assert [line.attrib["d"].count("M") for line in lines] == [1]
    assert "nan" not in ET.tostring(root).decode()


def test_a_picture_of_nothing_finite_is_still_a_picture():
    x = Value(-1.0, label="x")

    assert ET.fromstring(what_if(x.log(), {x: 0.25}).svg()) is not None
    assert ET.fromstring(what_if(x * 0.0 + 1.0, {x: 0.25}).svg()) is not None
    assert ET.fromstring(what_if(x**2 * 0.0, {x: 0.25}).svg()) is not None


def test_several_moves_share_one_axis():
    x, y = Value(2.0, label="x"), Value(5.0, label="y")

    assert "share of the changes" in what_if(x * y, {x: 1.0, y: 1.0}).svg()


def test_large_graphs_are_drawn_with_fewer_points():
    assert len(shares(10)) == 121
    assert len(shares(25_000)) == 19
    assert len(shares(10_000_000)) == 4
    assert {0.0, 1.0} <= set(shares(77_777))


def test_the_figure_has_the_curve_and_its_tangent():
    pytest.importorskip("matplotlib", reason="figures need matplotlib")
    x, y = cube()

    (axes,) = what_if(y, {x: 1.0}, names={"y": y}).plot(title="a cube").axes

    assert [line.get_label() for line in axes.lines] == [
        "y",
        "the gradient",
        "with curvature",
        "now",
        "then",
    ]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title("left")) == ("x", "y", "a cube")


def test_a_figure_of_nothing_finite_is_still_a_figure():
    pytest.importorskip("matplotlib", reason="figures need matplotlib")
    x = Value(-1.0, label="x")

    assert what_if(x.log(), {x: 0.25}).plot().axes


# What cannot move -------------------------------------------------------------------------


def test_what_cannot_move_is_refused():
    x, y = cube()
    with pytest.raises(ValueError, match="nothing moves"):
        what_if(y, {})
    with pytest.raises(ValueError, match="not in the output's graph"):
        what_if(y, {Value(2.0): 1.0})
    with pytest.raises(ValueError, match="to move it, make it a Value"):
        what_if(y, {y.parents[1]: 1.0})
    with pytest.raises(
        TypeError, match=r"what moves is a Value, got str 'x': write \{w1: \+0\.1\}"
    ):
        what_if(y, {"x": 1.0})
    with pytest.raises(TypeError, match=r"a dict such as \{w1: \+0\.1\}, got 0\.5"):
        what_if(y, 0.5)
    with pytest.raises(TypeError, match="a Value is traced"):
        what_if(2.0, {x: 1.0})
