"""The picture of a moment shows what is known then, and frames what the step is about."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, strategies as st

from tests.look.graphs import network, node_named, points, words
from tinygrad_bp import Value, draw, step, sum as total_of, where
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.look.walk.scene import MOST, NEAR


def neuron():
    """w*x + w at w = 3, x = -2, and the names of all."""
    w, x = Value(3.0, label="w"), Value(-2.0, label="x")
    product = w * x
    y = product + w
    return step(y, names={"product": product, "y": y})


def picture_at(steps, position):
    steps.goto(position)
    return steps.draw().picture


def framed(picture):
    return [node.rows[0].left for node in picture.nodes if node.is_current]


@given(expressions(), st.data())
def test_every_moment_of_every_program_has_a_picture(program, data):
    output = program.run([Value(number) for number in program.inputs])[-1]
    steps = step(output)

    picture = picture_at(steps, data.draw(st.integers(0, len(steps))))

    assert len(picture.nodes) == len(draw(output).picture.nodes)
    assert sum(node.is_current for node in picture.nodes) == (steps.position > 0)
    lit = [edge for edge in picture.edges if edge.is_current]
    assert len(lit) <= (len(steps.now.node.parents) if steps.position else 0)
    flowing = [use for use in steps.now.uses if use.contribution is not None]
    assert sum(bool(edge.label) for edge in lit) == len(flowing)


def test_before_the_first_step_only_the_leaves_are_known():
    picture = picture_at(neuron(), 0)

    assert words(node_named(picture, "w")) == "w leaf value 3 grad ?"
    assert words(node_named(picture, "y")) == "y add product + w = ? grad ?"
    assert framed(picture) == []


def test_forward_values_fill_in_and_the_edges_into_the_operation_are_lit():
    picture = picture_at(neuron(), 1)

    assert words(node_named(picture, "product")) == "product multiply w * x = -6 grad ?"
    assert words(node_named(picture, "y")) == "y add product + w = ? grad ?"
    assert framed(picture) == ["product"]
    assert [edge.label for edge in picture.edges if edge.is_current] == ["", ""]


def test_the_seed_frames_the_output_and_no_edge():
    picture = picture_at(neuron(), 3)

    assert framed(picture) == ["y"]
    assert words(node_named(picture, "y")).endswith("grad +1")
    assert not any(edge.is_current for edge in picture.edges)


def test_backward_the_edges_show_what_flows_and_which_use_it_is():
    steps = neuron()
    steps.goto(4)

    assert [edge.label for edge in steps.draw().picture.edges if edge.is_current] == [
        "1·1 = 1",
        "1·1 = 1, 1st of 2",
    ]
    assert words(node_named(steps.draw().picture, "w")) == "w leaf value 3 grad so far +1"
    steps.next()
    assert words(node_named(steps.draw().picture, "w")) == "w leaf value 3 grad -1"


def test_a_moment_keeps_its_picture_when_the_walk_goes_on():
    steps = neuron()
    early = steps.goto(2)
    svg = early.draw().svg()

    steps.goto(5)

    assert early.draw().svg() == svg
    assert steps.position == 5


def test_tips_of_edges_say_nothing_of_another_backward():
    steps = neuron()

    for position in range(len(steps) + 1):
        assert not any(edge.tip for edge in picture_at(steps, position).edges)


def test_a_node_whose_value_is_zero_is_found_in_a_large_graph():
    y = zero = Value(1.0, label="x") * 0.0
    for _ in range(2 * MOST):
        y = -y

    assert framed(picture_at(step(y, names={"zero": zero}), 1)) == ["zero"]


def test_what_flows_nowhere_has_no_number():
    x = Value(0.0, label="x")
    y = where(0.0, 1.0 / x, x)

    picture = picture_at(step(y), 4)

    assert sorted(edge.label for edge in picture.edges) == ["", "", "", "", "1·1 = 1, 1st of 2"]


def test_a_gradient_that_is_not_finite_raises_the_alarm():
    x = Value(0.0, label="x")

    picture = picture_at(step(x.log() * 0.0), 5)

    assert node_named(picture, "x").is_alarming
    assert [edge.is_alarming for edge in picture.edges if edge.is_current] == [True]


def test_of_a_large_graph_what_is_near_the_node_is_shown():
    x = Value(1.0, label="x")
    values = [x]
    for _ in range(MOST):
        values.append(values[-1] * 2.0)
    y = total_of(values)
    steps = step(y)

    picture = picture_at(steps, 30)

    assert framed(picture) == ["v30"]
    names = {node.rows[0].left for node in picture.nodes}
    assert names == {"v28", "v29", "2", "v30", "v31", "v61"}
    assert picture.notes == (f"Near the current node, out of {2 * MOST + 2} nodes.",)
    last = picture_at(steps, len(steps) - MOST)
    assert framed(last) == ["v61"]
    assert len(last.nodes) <= 2 * NEAR + 1
    assert sum(edge.is_current for edge in last.edges) == NEAR


def test_the_start_of_a_large_graph_shows_its_output():
    y = Value(1.0, label="x")
    for _ in range(2 * MOST):
        y = -y

    picture = picture_at(step(y), 0)

    assert [node.rows[0].left for node in picture.nodes] == ["v118", "v119", "v120"]
    assert framed(picture) == []


def test_a_picture_goes_down_if_it_is_told_to():
    steps = neuron()

    assert steps.draw(direction="TB").picture.direction == "TB"
    assert steps.draw().picture.direction == "LR"


def test_neurons_keep_their_boxes():
    ((output,),) = network([2, 1], points(1, 2))

    picture = picture_at(step(output), 3)

    assert [box.title for box in picture.boxes] == [box.title for box in draw(output).picture.boxes]


def test_a_notebook_shows_text_and_picture():
    steps = neuron()
    steps.goto(4)

    html = steps._repr_html_()

    assert html == steps.now._repr_html_()
    text, picture = ET.fromstring(html)
    assert text.tag == "pre"
    assert text.text.startswith("step 4 of 5: back through y = product + w")
    assert picture[0].tag.endswith("svg")


def test_a_label_is_text_in_a_notebook():
    x = Value(1.0, label="<b>&")

    assert "<b>" not in step(x.exp())._repr_html_()


def test_dot_frames_the_current_node_too():
    steps = neuron()
    steps.goto(4)

    source = steps.draw().source

    assert source.count("penwidth=5") == 1
    assert "thick frame: this step" in source


@pytest.mark.parametrize("position", [0, 3, 5])
def test_the_same_moment_has_the_same_bytes(position):
    assert picture_at(neuron(), position) == picture_at(neuron(), position)
