"""What `draw` shows of a graph: every number, and where it is collapsed, what it stands for."""

import math
import re

import numpy as np
import pytest
from hypothesis import given

import tinygrad_bp
from tests.look.graphs import (
    chain,
    network,
    node_named,
    points,
    square_plus_triple,
    words,
)
from tinygrad_bp import Value, provenance, record
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.sweep import local_partials
from tinygrad_bp.look import draw
from tinygrad_bp.look.picture.picture import all_boxes
from tinygrad_bp.look.words.text import ordinal, signed

# Nodes ----------------------------------------------------------------------------------


def test_both_edges_of_a_square_are_drawn():
    _, y = square_plus_triple()
    picture = draw(y).picture

    ends = [(edge.tail, edge.head) for edge in picture.edges]
    assert max(map(ends.count, ends)) == 2


def test_a_node_shows_name_operation_value_and_gradient():
    _, y = square_plus_triple()
    picture = draw(y, names={"y": y}).picture

    assert words(node_named(picture, "x")) == "x leaf value 2 grad +7"
    assert words(node_named(picture, "y")) == "y add v1 + v2 = 10 grad +1"


def test_roles_are_told_apart():
    _, y = square_plus_triple()

    roles = [(node.role, node.is_output) for node in draw(y).picture.nodes]
    assert roles == [
        ("leaf", False),
        ("operation", False),
        ("constant", False),
        ("operation", False),
        ("operation", True),
    ]


def test_a_constant_shows_no_gradient():
    _, y = square_plus_triple()
    three = node_named(draw(y).picture, "3")

    assert three.bar is None
    assert "grad" not in words(three)


def test_a_constant_with_a_label_shows_both():
    rate = tinygrad_bp.constant(0.5)
    rate.label = "rate"

    assert words(draw(Value(1.0) * rate).picture.nodes[1]) == "rate constant value 0.5"


@pytest.mark.parametrize(("gradient", "text", "bar"), [(3.0, "+3", 1.0), (-3.0, "-3", -1.0)])
def test_the_sign_of_a_gradient_is_written_and_drawn(gradient, text, bar):
    x = Value(1.0, label="x")
    x.grad = gradient
    (node,) = draw(x).picture.nodes

    assert text in words(node).split()
    assert node.bar == bar


def test_a_bar_is_a_sixth_shorter_for_each_factor_of_ten():
    x, y = Value(1.0), Value(1.0)
    x.grad, y.grad = 2.0, -0.02
    bars = [node.bar for node in draw([x, y]).picture.nodes]

    assert bars == [1.0, pytest.approx(-4 / 6, abs=1e-4)]


def test_no_gradient_yet_is_an_empty_bar():
    (node,) = draw(Value(1.0)).picture.nodes

    assert node.bar == 0.0


@pytest.mark.parametrize(
    ("gradient", "text"), [(math.nan, "nan"), (math.inf, "+inf"), (-math.inf, "-inf")]
)
def test_a_gradient_that_is_not_finite_is_unmistakable(gradient, text):
    x = Value(1.0, label="x")
    x.grad = gradient
    drawing = draw(x)
    (node,) = drawing.picture.nodes

    assert node.is_alarming
    assert node.rows[-1].style == "alarm"
    assert words(node).endswith(f"⚠ grad {text}")
    assert "#f0e442" in drawing.svg()
    assert "#f0e442" in drawing.source


def test_digits_are_significant_ones():
    x = Value(1 / 3, label="x")

    assert "0.33" in words(draw(x, digits=2).picture.nodes[0]).split()


def test_the_tip_has_every_digit():
    _, y = square_plus_triple()
    y.grad = 1 / 3

    assert draw(y).picture.nodes[-1].tip == f"v3 = v1 + v2; value 10.0; gradient {1 / 3!r}"


def test_a_long_formula_names_the_operation_and_counts_its_operands():
    a, b = Value(1.0, label="a" * 16), Value(2.0, label="b" * 16)

    assert "* of 2 =" in words(draw(a * b).picture.nodes[-1])


# Names ----------------------------------------------------------------------------------


def test_names_come_from_locals():
    x, w = Value(1.0), [Value(2.0), Value(3.0)]
    grid = np.array([[Value(4.0)]], dtype=object)
    scalar = np.array(Value(5.0), dtype=object)
    y = x * w[0] + w[1] * grid[0, 0] * scalar.item()
    picture = draw(y, names=locals()).picture

    titles = {node.rows[0].left for node in picture.nodes}
    assert {"x", "w[0]", "w[1]", "grid[0][0]", "scalar", "y"} <= titles


def test_a_label_wins_over_a_name():
    x = Value(1.0, label="rate")

    assert draw(x, names={"x": x}).picture.nodes[0].rows[0].left == "rate"


def test_the_shortest_way_to_a_value_names_it():
    x = Value(1.0)

    names = {"_": x, "inputs": [x], "x": x, "alias": x}
    assert draw(x, names=names).picture.nodes[0].rows[0].left == "x"


def test_a_list_that_holds_itself_is_searched_once():
    loop = [Value(1.0)]
    loop.append(loop)

    assert draw(loop[0], names={"loop": loop}).picture.nodes[0].rows[0].left == "loop[0]"


def test_a_made_up_name_is_not_one_that_is_taken():
    x = Value(1.0, label="v1")

    assert draw(-x).picture.nodes[1].rows[0].left == "v2"


# Edges ----------------------------------------------------------------------------------


def recomputed(y):
    """For each operand of each operation in order: its partial and the gradient upstream."""
    return [
        (partial, node.grad)
        for node in topological_order(y)
        for partial, parent in zip(local_partials(node), node.parents, strict=True)
        if not parent.is_constant
    ]


def test_edges_carry_their_partials():
    _, y = square_plus_triple()
    labels = [edge.label for edge in draw(y, edges="partial").picture.edges if edge.label]

    assert labels == [f"{partial:+g}" for partial, _ in recomputed(y)]


def test_edges_carry_their_contributions():
    _, y = square_plus_triple()
    labels = [edge.label for edge in draw(y, edges="contribution").picture.edges if edge.label]

    places = [", 2nd of 3", ", 3rd of 3", ", 1st of 3", "", ""]
    assert labels == [
        f"{p:g} * {g:g} = {p * g:+g}{place}"
        for (p, g), place in zip(recomputed(y), places, strict=True)
    ]


@given(expressions())
def test_edges_tell_the_order_in_which_contributions_are_added(program):
    y = program.run([Value(number) for number in program.inputs])[-1]
    y.backward()
    nodes = tinygrad_bp.topological_order(y)
    edges = draw(y, edges="contribution", collapse=None).picture.edges

    for index, node in enumerate(nodes):
        labels = [edge.label for edge in edges if edge.tail == f"n{index}" and edge.label]
        found = () if node.is_constant or node is y else provenance(y, node)
        several = len(found) > 1
        assert sorted(labels) == sorted(
            f"{use.partial + 0.0:.4g} * {use.upstream + 0.0:.4g} = {signed(use.contribution)}"
            + f", {ordinal(place)} of {len(found)}" * several
            for place, use in enumerate(found, 1)
            if use.contribution is not None
        )


def test_of_several_outputs_no_order_is_told():
    x = Value(2.0)

    labels = [e.label for e in draw([x * x, -x], edges="contribution").picture.edges]

    assert not any("of" in label for label in labels)


def test_what_lies_on_a_branch_not_taken_contributes_nothing():
    x = Value(0.0, label="x")
    y = tinygrad_bp.where(0.0, 1.0 / x, x)
    y.backward()

    edges = draw(y, edges="contribution").picture.edges

    assert [edge.label for edge in edges if edge.label] == ["1 * 1 = +1, 1st of 2"]
    assert not any(edge.is_alarming for edge in edges)


def test_contributions_out_of_a_node_add_up_to_its_gradient():
    x, y = square_plus_triple()
    picture = draw(y, edges="contribution").picture
    (index,) = [node.id for node in picture.nodes if node.rows[0].left == "x"]

    out = [
        float(re.search("= (.+),", edge.label)[1]) for edge in picture.edges if edge.tail == index
    ]
    assert sum(out) == x.grad


def test_an_edge_that_no_gradient_flows_back_is_broken():
    x = Value(2.0, label="x")
    y = tinygrad_bp.where(x > 0, x, x * 5)
    picture = draw(y, edges="partial").picture

    broken = [edge for edge in picture.edges if edge.is_broken]
    assert len(broken) == 3  # the condition, the constant 5, and the branch not taken
    assert not any(edge.label for edge in broken)
    assert any("no gradient flows back" in edge.tip for edge in broken)


def test_a_contribution_that_is_nan_is_unmistakable():
    x = Value(0.0)
    y = tinygrad_bp.sqrt(x)
    drawing = draw(y, edges="contribution")  # before backward: inf * 0
    picture = drawing.picture

    assert "#f0e442" in drawing.svg()
    assert picture.edges[0].is_alarming
    assert picture.edges[0].label == "inf * 0 = nan"


def test_without_edges_there_is_no_label():
    _, y = square_plus_triple()

    assert not any(edge.label for edge in draw(y).picture.edges)


def test_the_tip_of_an_edge_can_be_checked_by_hand():
    _, y = square_plus_triple()

    tips = [edge.tip for edge in draw(y).picture.edges]
    assert "x to v1: partial 2.0 * upstream 1.0 = 2.0" in tips


# Settings -------------------------------------------------------------------------------


def test_several_outputs_are_drawn_together():
    x = Value(1.0)
    nested = np.array([-x, x * 2], dtype=object)

    assert sum(node.is_output for node in draw([nested, x]).picture.nodes) == 3


@pytest.mark.parametrize(
    ("setting", "given"),
    [("edges", "gradient"), ("collapse", "boxes"), ("collapse", False), ("direction", "RL")],
)
def test_an_unknown_setting_is_refused(setting, given):
    with pytest.raises(ValueError, match=rf"{setting} must be one of .*, not {given!r}"):
        draw(Value(1.0), **{setting: given})


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match=r"a Value, a sequence of them, or a Tape, not float 1\.0"):
        draw([1.0])


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="nothing to draw"):
        draw([])


def test_the_same_graph_gives_the_same_bytes():
    first, again = (network([2, 3, 1], points(2, 2)) for _ in range(2))
    settings = {"edges": "contribution", "title": "twice"}

    assert draw(first, **settings).svg() == draw(again, **settings).svg()
    assert draw(first, **settings).source == draw(again, **settings).source


# Boxes ----------------------------------------------------------------------------------


def titles(picture):
    return [box.title for box in all_boxes(picture.boxes)]


def test_neurons_stand_in_the_boxes_of_their_layers():
    ((output,),) = network([2, 2, 1], points(1, 2))
    picture = draw(output).picture

    assert titles(picture) == ["layers.0", "neurons.0", "neurons.1", "layers.1", "neurons.0"]


def test_in_a_box_names_go_without_its_path():
    ((output,),) = network([2, 1], points(1, 2), prefix="encoder.")
    picture = draw(output).picture
    (outer,) = picture.boxes
    (inner,) = outer.boxes
    inside = [node.rows[0].left for node in picture.nodes if node.id in inner.nodes]

    assert outer.title == "encoder.layers.0"
    assert inside == ["w.0", "v1", "w.1", "v2", "v3", "neurons.0"]


def test_a_lone_neuron_has_one_box():
    w = Value(2.0, label="h1.w.0")
    h = Value(3.0, label="x") * w
    h.label = "h1"
    picture = draw(h * 2).picture

    assert titles(picture) == ["h1"]
    assert [node.rows[0].left for node in picture.nodes if node.id in picture.boxes[0].nodes] == [
        "w.0",
        "h1",
    ]


def test_an_output_of_another_box_is_named_by_its_end():
    ((output,),) = network([2, 2, 1], points(1, 2))

    formulas = [node.rows[1].left for node in draw(output).picture.nodes]
    assert "…neurons.1 * w.1 =" in formulas


def test_parameters_of_several_applications_are_drawn_once():
    outputs = network([2, 1], points(3, 2))
    picture = draw(outputs).picture

    assert sorted(titles(picture)) == [
        "layers.0",
        "layers.0",
        "layers.0",
        "layers.0 parameters, shared",
        "neurons.0",
        "neurons.0",
        "neurons.0",
    ]


def test_labels_with_dots_alone_make_no_boxes():
    y = Value(1.0, label="a.b") * 2
    y.label = "c"

    assert titles(draw(y).picture) == []


def test_what_uses_the_parameters_of_many_neurons_is_in_none():
    neurons = [Value(1.0, label=f"n{i}.w") * 2 for i in range(12)]
    penalty = Value(0.0)
    for i, neuron in enumerate(neurons):
        neuron.label = f"n{i}"
        penalty = penalty + neuron.parents[0]
    penalty.label = "n0"
    picture = draw([*neurons, penalty]).picture

    assert penalty.label not in {picture.nodes[-1].rows[0].left} - {"n0"}
    assert all(len(box.nodes) <= 3 for box in picture.boxes)


# Collapsing -----------------------------------------------------------------------------


def note(picture):
    return " ".join(picture.notes)


def test_a_large_network_collapses_to_neurons_and_says_so():
    ((output,),) = network([2, 10, 10, 1], points(1, 2))
    output.backward()
    count = len(topological_order(output))
    picture = draw(output).picture

    assert count > 200
    assert sum(node.role == "summary" for node in picture.nodes) == 21
    assert note(picture) == (
        f"Collapsed to neurons: 23 drawn nodes stand for {count}. "
        "draw(..., collapse=None) shows every one."
    )


def test_collapse_none_draws_everything():
    ((output,),) = network([2, 8, 8, 1], points(1, 2))
    picture = draw(output, collapse=None).picture

    assert len(picture.nodes) == len(topological_order(output))
    assert note(picture) == ""


def test_a_neuron_shows_the_value_and_the_gradient_of_its_output():
    ((output,),) = network([2, 1], points(1, 2))
    output.backward()
    picture = draw(output, collapse="neurons").picture

    assert words(node_named(picture, "neurons.0")) == (
        f"neurons.0 neuron stands for 6 nodes value {output.data:.4g} grad +1"
    )


def test_contributions_stay_exact_where_neurons_are_collapsed():
    x = Value(0.3, label="x")
    ((first, second),) = network([1, 2], [[x]])
    loss = first * second
    loss.backward()
    picture = draw(loss, collapse="neurons", edges="contribution").picture

    (index,) = [node.id for node in picture.nodes if node.rows[0].left == "x"]
    out = [float(edge.label) for edge in picture.edges if edge.tail == index]
    assert sum(out) == pytest.approx(x.grad, rel=1e-3)


def test_several_uses_in_a_summary_are_one_edge_with_their_sum():
    x = Value(0.3, label="x")
    h = x * Value(2.0, label="h.w") * x
    h.label = "h"
    h.backward()
    picture = draw(h, collapse="neurons", edges="contribution").picture

    assert picture.edges[0].label == f"{x.grad:+.4g}"
    assert picture.edges[0].tip == "stands for 2 edges"


def test_partials_into_a_summary_are_not_shown():
    x = Value(0.3, label="x")
    h = x * Value(2.0, label="h.w")
    h.label = "h"
    picture = draw(h, collapse="neurons", edges="partial").picture

    assert [edge.label for edge in picture.edges] == [""]


def test_a_network_over_many_examples_collapses_to_layers():
    outputs = network([2, 40, 1], points(10, 2))
    picture = draw(outputs).picture

    assert "Collapsed to layers" in note(picture)
    names = [node.rows[0].left for node in picture.nodes]
    assert names.count("layers.0") == 11  # ten applications and the parameters they share
    assert len(picture.nodes) < 100


def test_a_collapsed_layer_shows_the_ranges_of_its_outputs():
    ((first, second),) = network([1, 2], [[Value(0.3)]])
    (first * second).backward()
    (layer,) = [
        n for n in draw([first, second], collapse="layers").picture.nodes if n.role == "summary"
    ]
    low, high = sorted([first.data, second.data])

    assert f"values {low:.4g} … {high:.4g}" in words(layer)


def test_a_gradient_that_is_not_finite_shows_through_a_summary():
    ((output,),) = network([2, 1], points(1, 2))
    output.backward()
    (weight,) = [v for v in topological_order(output) if v.label.endswith("w.0")]
    other = output.parents[0]
    weight.grad, other.grad = math.nan, math.inf
    (neuron,) = [n for n in draw(output, collapse="neurons").picture.nodes if n.role == "summary"]

    assert neuron.is_alarming
    assert "⚠ 1 nan, 1 inf gradients" in words(neuron)


def test_a_run_without_a_finite_value_says_so():
    _, end = chain(60)
    for node in topological_order(end):
        node.data = node.grad = math.nan
    picture = draw(end, collapse="runs").picture

    assert "values none finite" in words(picture.nodes[2])


def test_a_summary_on_a_cycle_is_not_made():
    w = Value(2.0, label="h.w")
    inner = w * 3
    outside = tinygrad_bp.exp(inner)
    outside.label = "other"
    between = outside * Value(1.0, label="other.w")
    between.label = "other"
    h = inner * between
    h.label = "h"
    picture = draw(h, collapse="neurons").picture

    assert [node.rows[0].left for node in picture.nodes if node.role == "summary"] != ["h", "other"]


def test_runs_keep_outputs_and_labels_and_count_the_rest():
    start, end = chain(400)
    end.backward()
    picture = draw(end).picture
    names = [node.rows[0].left for node in picture.nodes]

    assert names[0] == "start"
    assert picture.nodes[1].is_output
    assert names[2] == "50 nodes"
    assert words(picture.nodes[2]) == ("50 nodes run 50 negative values -1 … 1 grads -1 … +1")
    assert len(names) == 10
    assert start.grad == 1.0


def test_a_value_that_stays_itself_cuts_a_run():
    _, end = chain(400)
    middle = topological_order(end)[130]
    middle.label = "middle"
    drawing = draw(end)
    picture = drawing.picture

    assert drawing.svg()  # a run around it would make a cycle, which has no layout
    (index,) = [node.id for node in picture.nodes if node.rows[0].left == "middle"]
    assert [edge.tail for edge in picture.edges].count(index) == 1
    assert [edge.head for edge in picture.edges].count(index) == 1


def test_leaves_that_several_runs_use_stand_alone():
    a, b = Value(1.0), Value(2.0)
    total = a
    for _ in range(200):
        total = total * a + b
    picture = draw(total, collapse="runs").picture

    (leaves,) = [node for node in picture.nodes if node.rows[0].right == "leaves"]
    assert words(leaves) == "2 nodes leaves values 1 … 2 grads 0"


def test_runs_of_constants_have_no_gradient():
    c = [tinygrad_bp.constant(float(i)) for i in range(3)]
    x = Value(1.0, label="x")
    a, b = x * c[0] * c[1] * c[2], x + c[0] + c[1] + c[2]
    picture = draw([a, b], collapse="runs").picture

    (shared,) = [n for n in picture.nodes if n.rows[0].right == "leaves"]
    assert words(shared) == "3 nodes leaves values 0 … 2"
    assert shared.bar is None


def test_many_labels_and_outputs_are_bounded_too():
    values = [Value(float(i), label=f"x{i}") * 2 for i in range(500)]

    assert len(draw(values).picture.nodes) < 30


def test_many_labels_leave_the_output_itself():
    total = Value(0.0)
    for i in range(500):
        total = total + Value(1.0, label=f"x{i}")

    assert sum(node.is_output for node in draw(total).picture.nodes) == 1


def test_a_chain_of_a_million_nodes_is_drawn():
    _, end = chain(1_000_000)
    drawing = draw(end)

    assert len(drawing.picture.nodes) == 10
    assert drawing.svg().endswith("</svg>\n")
    assert drawing.picture.notes[0].startswith(
        "Collapsed to runs of nodes: 10 drawn nodes stand for 1,000,001."
    )


def test_a_run_takes_over_where_even_layers_are_many():
    outputs = network([1, 2, 1], points(90, 1))

    assert "Collapsed to runs of nodes" in note(draw(outputs).picture)


def test_out_of_a_summary_of_many_values_no_contribution_is_shown():
    _, end = chain(400)
    end.backward()
    picture = draw(end, edges="contribution").picture

    labelled = [edge.tail for edge in picture.edges if edge.label]
    assert labelled == [node.id for node in picture.nodes if node.rows[0].left == "start"]


def test_names_are_a_dict():
    with pytest.raises(TypeError, match="expected a dict from name to value as names, got 'w'"):
        draw(Value(1.0), names="w")


@pytest.mark.parametrize("drawn", [Value(2.0) * 3, record(lambda x: x * 3, 2.0)])
def test_a_title_that_is_no_text_is_refused(drawn):
    with pytest.raises(TypeError, match="a title is a str, got int 3"):
        draw(drawn, title=3)
