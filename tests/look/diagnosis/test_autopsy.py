"""autopsy: the planted cause is found wherever it is planted, and told in one screen."""

import linecache
import math
import re
import sys
from functools import partial, reduce
from io import BytesIO, TextIOWrapper
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_bp
from tests.look.diagnosis.failures import BACKWARD, FORWARD, SOUND, planted
from tinygrad_bp import (
    NonFiniteError,
    Primitive,
    Value,
    constant,
    log,
    maximum,
    nn,
    no_grad,
    relu,
    sqrt,
    step,
    strict,
    topological_order,
    where,
)
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.look.diagnosis.autopsy import MOST_DRAWN, autopsy
from tinygrad_bp.look.diagnosis.blame import to_blame


def positions(program):
    return range(len(program.inputs) + len(program.steps))


def spoilt_leaves(inputs, output):
    for leaf in inputs:
        leaf.grad = 0.0
    output.backward()
    return {leaf for leaf in inputs if not math.isfinite(leaf.grad)}


# The planted cause --------------------------------------------------------------------------


@pytest.mark.parametrize("failure", FORWARD.values(), ids=FORWARD)
@settings(max_examples=20)
@given(program=expressions())
def test_the_planted_cause_of_a_bad_value_is_found_at_each_position(failure, program):
    for position in positions(program):
        case = planted(program, failure, position)
        found = autopsy(case.output)

        assert found.story.part == "value"
        assert found.cause.node is case.failure.cause
        assert found.story.path[0] is case.failure.cause
        assert found.story.path[-1] is case.output
        if case.failure.before is not None:
            assert found.rounded.node is case.failure.before


@pytest.mark.parametrize("failure", BACKWARD.values(), ids=BACKWARD)
@settings(max_examples=20)
@given(program=expressions())
def test_the_planted_cause_of_a_bad_gradient_is_found_at_each_position(failure, program):
    for position in positions(program):
        case = planted(program, failure, position)
        found = autopsy(case.output)
        spoilt = spoilt_leaves(case.inputs, case.output)

        assert set(found.story.bad_leaves) == spoilt
        assert bool(found) == bool(spoilt)
        if spoilt:
            assert found.cause.node is case.failure.cause
            assert found.story.path[-1] in spoilt


@pytest.mark.parametrize("failure", SOUND.values(), ids=SOUND)
@settings(max_examples=20)
@given(program=expressions())
def test_of_what_is_sound_nothing_is_said(failure, program):
    for position in positions(program):
        case = planted(program, failure, position)
        found = autopsy(case.output)

        assert not spoilt_leaves(case.inputs, case.output)
        assert not found
        assert found.story.bad_values > 0


@settings(max_examples=100)
@given(program=expressions())
def test_of_random_programs_nothing_is_said_and_nothing_is_changed(program):
    *_, output = program.run([Value(number) for number in program.inputs])
    if output.is_constant:
        return
    output.backward()
    before = [(node.data, node.grad) for node in topological_order(output)]
    found = autopsy(output)

    assert not found
    assert found.story.part == "nothing"
    assert [(node.data, node.grad) for node in topological_order(output)] == before


EXTREMES = [
    0.0, -0.0, 1.0, -1.0, 40.0, -800.0, 1e200, -1e200, 1e308, 5e-324, math.inf, -math.inf, math.nan,
]  # fmt: skip


@settings(max_examples=150)
@given(program=expressions(), numbers=st.lists(st.sampled_from(EXTREMES), min_size=3, max_size=3))
def test_at_any_numbers_something_is_found_exactly_if_something_is_wrong(program, numbers):
    inputs = [Value(number) for number, _ in zip(numbers, program.inputs, strict=False)]
    output = program(*inputs)
    found = autopsy(output)
    spoilt = spoilt_leaves(inputs, output)

    if not math.isfinite(output.data):
        assert found.story.part == "value"
    else:
        assert set(found.story.bad_leaves) == spoilt
        assert bool(found) == bool(spoilt)
    if found:
        assert autopsy(found.smallest)


@pytest.mark.parametrize("failure", (FORWARD | BACKWARD).values(), ids=FORWARD | BACKWARD)
def test_the_smallest_graph_shows_the_same(failure):
    found = autopsy(planted(Expression(lambda x: +x, 2.0), failure, 0).output)
    again = autopsy(found.smallest)

    assert len(topological_order(found.smallest)) <= 6 + 20
    assert again.cause.kind == found.cause.kind
    assert again.cause.node.op is found.cause.node.op
    assert again.sentence == found.sentence


@pytest.mark.parametrize("failure", (FORWARD | BACKWARD).values(), ids=FORWARD | BACKWARD)
def test_every_report_fits_on_one_screen_and_says_what_to_try(failure):
    text = repr(autopsy(planted(Expression(lambda x: +x, 2.0), failure, 0).output))

    assert len(text.splitlines()) <= 24
    assert max(map(len, text.splitlines())) <= 100
    assert "    try  " in text


def test_of_one_operation_the_smallest_graph_is_that_operation():
    assert autopsy(sqrt(Value(0.0))).smallest.op.name == "sqrt"


def test_what_was_rounded_without_consequences_is_not_told():
    x = Value(-1.0, "x")

    assert autopsy(log(0.0 * relu(x))).rounded is None
    assert autopsy(log(relu(x))).rounded.node.op.name == "relu"


def test_the_number_that_was_made_is_at_hand():
    root = sqrt(Value(0.0))

    assert autopsy(1.0 / root).cause.number == math.inf
    assert [event.number for event in autopsy(1.0 + root).story.events] == [math.inf]
    assert math.isnan(autopsy(0.0 * root).story.events[1].number)


def test_adding_nothing_rounds_nothing():
    one, nothing = Value(1.0, "one"), Value(0.0, "nothing")

    assert autopsy(log(1.0 - (one + nothing))).rounded is None
    assert autopsy(log(1.0 - (one + nothing + 1e-20 * one))).rounded.operand.data == 1e-20


def test_who_is_to_blame_spoils_the_result_alone():
    x, inf, nan = Value(2.0), Value(math.inf), Value(math.nan)

    assert to_blame(where(x, inf, nan)) == [inf]
    assert to_blame(where(0.0, inf, nan)) == [nan]
    assert to_blame(maximum(-inf, inf)) == [inf]
    assert to_blame(inf + nan) == [inf, nan]
    assert to_blame(inf * inf) == [inf]
    assert to_blame(x / 0.0) == []


def test_of_operands_that_spoil_only_together_all_are_to_blame():
    zero, one = Value(0.0), Value(1.0)
    both_bad = Primitive(
        "both_bad",
        "both_bad({}, {})",
        lambda x, y: 0.0 if math.isfinite(x) or math.isfinite(y) else math.nan,
        lambda *_: (1.0, 1.0),
    )
    bad = [log(zero), one / zero]

    assert to_blame(both_bad(*bad)) == bad


def test_several_gradients_that_fail_by_themselves_are_counted():
    x = Value(0.0, "x")

    assert autopsy(sqrt(x) + sqrt(x) + sqrt(x)).story.causes == 3
    assert autopsy(-sqrt(x)).story.causes == 1


def test_a_wide_sum_is_not_searched_for_what_was_rounded():
    assert autopsy(log(tinygrad_bp.sum([Value(0.0)] * 50))).rounded is None


# What it says --------------------------------------------------------------------------------


PROGRAM = """\
from tinygrad_bp import log, sigmoid, sqrt, where

def cross_entropy(w, x, target):
    z = w * x
    p = sigmoid(z)
    return -(target * log(p) + (1 - target) * log(1 - p))

def masked(x, y):
    mask = where(x > 0, 1.0, 0.0)
    return y * (mask * sqrt(x)) + y
"""


@pytest.fixture(scope="module")
def program():
    """The functions of a program in a file of a known name."""
    linecache.cache["model.py"] = (
        len(PROGRAM),
        None,
        PROGRAM.splitlines(keepends=True),
        "model.py",
    )
    scope = {}
    exec(compile(PROGRAM, "model.py", "exec"), scope)
    yield SimpleNamespace(**scope)
    del linecache.cache["model.py"]


def test_the_report_of_a_bad_value(program):
    assert (
        repr(autopsy(program.cross_entropy, 2.0, 25.0, 1.0))
        == """\
autopsy of cross_entropy: it is nan

    cause     log(v6) (log) is -inf where v6 = 0.0, a pole
    line      model.py, line 6, in cross_entropy
    code      return -(target * log(p) + (1 - target) * log(1 - p))
    because   v2 = sigmoid(v1) is exactly 1.0 where v1 = 50.0: its limit
    then      v5 * v7 (multiply) is nan where v5 = 0.0, v7 = -inf: 0 times infinity, and the 0 is v5
    with      v6 = 1 - v2; v2 = sigmoid(v1); v1 = w * x; v5 = 1 - target; v7 = log(v6)
    spread    4 of 15 values are not finite: v7 → v8 → v9 → cross_entropy
    try       take the log of what is above 0 for certain: log_sigmoid(z), softplus(z),
              logsumexp(zs) and the losses of nn from_logits start from the logit z
    see       .draw() shows it; step(...).goto(7) stops where it happens, in step 7 of 21"""
    )


def test_the_report_of_a_bad_gradient_says_which_factor_was_which(program):
    assert (
        repr(autopsy(program.masked, 0.0, 2.0))
        == """\
autopsy of masked: it is 2.0, but the gradient of x is not finite

    cause    the derivative of sqrt(x) (sqrt) is inf where x = 0.0, infinitely steep there
    line     model.py, line 10, in masked
    code     return y * (mask * sqrt(x)) + y
    then     0.0 * inf, the derivative of sqrt(x) (sqrt), is nan where x = 0.0: 0 times infinity,
             and the 0 is the gradient that reached it, the infinity its derivative
    spread   to the gradients of 1 of 2 leaves: v1 → x
    try      choose before, with where(condition, a, b), instead of multiplying by 0: the branch
             that is not taken gets no gradient, not even 0 times infinity
    see      .draw() shows it; step(...).goto(9) stops where it happens, in step 9 of 9"""
    )


def test_the_report_of_a_sound_value(program):
    found = autopsy(program.cross_entropy, 2.0, 1.0, 1.0)

    assert repr(found) == (
        "autopsy of cross_entropy: nothing is wrong\n\n"
        "    fine   its value, 0.12692801104297263, is finite, and so are its gradients by 3 leaves"
    )
    assert found.cause is found.line is found.rounded is found.smallest is None
    assert found.sentence == ""
    assert len(found.draw().picture.nodes) == len(topological_order(found.output))


def test_numbers_that_were_given_are_named_as_such():
    x, y = Value(math.nan, "x"), Value(2.0)
    of_a_leaf, of_a_constant = autopsy(x * 2.0), autopsy(math.inf * y, names={"y": y})

    assert of_a_leaf.sentence == "x is nan: no operation made it, it was given"
    assert of_a_constant.sentence == "a constant is inf: no operation made it, it was given"
    assert "numpy.isfinite" in repr(of_a_leaf)
    assert len(of_a_leaf.draw().picture.nodes) == 3
    assert autopsy(of_a_leaf.smallest).sentence == of_a_leaf.sentence
    assert "step" not in repr(of_a_leaf)


def test_a_leaf_and_a_constant_can_be_looked_at_too():
    assert repr(autopsy(Value(1.0, "x"))).startswith("autopsy of x: nothing is wrong")
    assert repr(autopsy(constant(2.0))).startswith("autopsy of 2: nothing is wrong")
    assert repr(autopsy(constant(math.nan))).startswith("autopsy of nan: it is nan")
    assert autopsy(Value(math.inf, "x")).draw().picture.nodes[0].is_alarming


def test_operands_that_have_changed_since_are_told():
    x = Value(0.0, "x")
    y = log(x)
    x.data = 1.0
    found = autopsy(y)

    assert found.cause.kind == "outdated"
    assert found.sentence == (
        "v1 = log(x) is -inf, but x = 1 would give 0: data changed after it was computed"
    )
    assert found.smallest.data == -math.inf
    assert "run the forward pass again" in repr(found)


def test_a_gradient_left_by_another_backward_is_told():
    x = Value(0.0, "x")
    sqrt(x).backward()
    found = autopsy(x + 1.0)

    assert not found
    assert "the .grad of x is not finite: another backward left it there" in repr(found)


def test_infinities_that_do_no_harm_are_told():
    x = Value(0.0, "x")
    found = autopsy(where(x, log(x), x))

    assert not found
    assert "1 value on the way is not finite; neither the output nor" in repr(found)


def test_several_causes_are_counted_and_the_first_is_told():
    x = Value(0.0, "x")
    found = autopsy(log(x) + 1.0 / x + log(x))

    assert found.cause.node.op.name == "log"
    assert "others   2 other operations or leaves, each by itself, did the like" in repr(found)


def test_many_leaves_and_long_ways_are_folded():
    xs = [Value(0.0, f"x{i}") for i in range(10)]
    end = sqrt(tinygrad_bp.sum(xs))
    for _ in range(20):
        end = -end
    gradient = repr(autopsy(end))

    assert "the gradients of x0, x1, x2, x3 and 6 more are not finite" in gradient
    assert "to the gradients of 10 of 10 leaves: v2 → v1 → x0" in gradient
    long = autopsy(reduce(lambda y, _: -y, range(20), log(xs[0])))
    assert ": v1 → v2 → v3 → 16 more → v20 → v21" in repr(long)
    assert len(long.draw().picture.nodes) == 1 + MOST_DRAWN


@pytest.mark.parametrize("failure", (FORWARD | BACKWARD).values(), ids=FORWARD | BACKWARD)
def test_the_stepper_stops_where_it_says(failure):
    found = autopsy(planted(Expression(lambda x: +x, 2.0), failure, 0).output)
    position = re.search(r"goto\((\d+)\)", repr(found))

    if position is None:
        assert found.cause.kind == "given"
    else:
        assert step(found.output).goto(int(position[1])).node is found.cause.node


def test_strict_says_the_same():
    x = Value(0.0, "x")
    root = sqrt(x)
    for run, found in [
        (lambda: log(x), autopsy(log(x))),
        ((root * 1.0).backward, autopsy(root * 1.0)),
    ]:
        with strict(), pytest.raises(NonFiniteError) as refusal:
            run()
        assert str(refusal.value).startswith(f"{found.sentence}; ")


def test_it_works_under_strict_and_under_no_grad(program):
    with strict(), no_grad():
        found = autopsy(program.masked, 0.0, 2.0)
        assert found.draw()
        assert found.smallest.data == 0.0
        assert "0 times infinity" in repr(found)


def test_numbers_get_names_from_the_callers():
    a = Value(0.0)
    b = 2.0 * a
    found = autopsy(log(b), names=locals())

    assert found.sentence == "log(b) (log) is -inf where b = 0.0, a pole"
    assert "with     b = 2 * a" in repr(found)


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match="expected a Value, or a function and its inputs"):
        autopsy(2.0)


# Models --------------------------------------------------------------------------------------


def test_of_a_model_the_first_example_that_fails_is_told():
    model = nn.Neuron(1, "exp", init=[1.0], name="unit")
    found = autopsy(model, [[0.0], [1.0], [800.0], [900.0]], [0, 0, 1, 1], loss="mse")

    assert repr(found).startswith("autopsy of the loss of example 2: it is inf")
    assert found.cause.node.op.name == "exp"
    assert "found = autopsy(model" in found.line.text


def test_where_fit_stops_the_autopsy_goes_on():
    model = nn.Neuron(1, "exp", init=[1.0], name="unit")
    data = [[0.0], [1.0], [800.0]], [0.0, 0.0, 1.0]
    with pytest.raises(NonFiniteError, match=r"example 2.*autopsy\(model, inputs, ") as stop:
        nn.fit(model, *data, loss="mse", optimizer=nn.SGD(0.1), epochs=1, compiled=False)
    found = autopsy(model, *data, loss="mse")

    assert "the loss of example 2" in repr(found)
    assert "(exp) is inf" in str(stop.value)
    assert "(exp) is inf" in found.sentence


def test_of_a_model_whose_examples_are_sound_the_mean_loss_is():
    found = autopsy(nn.Neuron(1, "tanh", seed=0), np.linspace(-1.0, 1.0, 300), np.ones(300))

    assert not found
    assert repr(found).startswith("autopsy of the mean loss: nothing is wrong")


def test_of_a_model_and_one_example_it_is_the_output():
    model = nn.Neuron(1, "exp", init=[1.0], name="unit")

    assert repr(autopsy(model, [800.0])).startswith("autopsy of unit: it is inf")
    with pytest.raises(TypeError, match=r"autopsy\(model, inputs, targets, loss=...\), got 3"):
        autopsy(model, [800.0], [1.0], [1.0])


# How it looks --------------------------------------------------------------------------------


def test_the_picture_is_the_way_from_the_cause_with_what_led_to_it(program):
    found = autopsy(program.cross_entropy, 2.0, 25.0, 1.0)
    picture = found.draw().picture
    alarming = {node.rows[0].left for node in picture.nodes if node.is_alarming}

    assert picture.title == "autopsy of cross_entropy: it is nan"
    assert alarming == {"v7", "v8", "v9", "cross_entropy"}
    assert {"v2", "v6"} <= {node.rows[0].left for node in picture.nodes}
    assert len(picture.nodes) == 10


def test_the_picture_of_a_gradient_has_the_factors_on_the_edges(program):
    found = autopsy(program.masked, 0.0, 2.0)

    assert [edge.label for edge in found.draw().picture.edges] == ["inf * 0 = nan"]
    assert found.draw(edges=None, title="t").picture.edges[0].label == ""


def test_a_notebook_shows_text_and_picture(program):
    html = autopsy(program.cross_entropy, 2.0, 25.0, 1.0)._repr_html_()

    assert "><pre>autopsy of cross_entropy: it is nan" in html
    assert html.rstrip().endswith("</svg>\n</div>")
    assert "<svg" not in autopsy(program.cross_entropy, 2.0, 1.0, 1.0)._repr_html_()


def test_a_terminal_without_unicode_gets_ascii(program, monkeypatch):
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(BytesIO(), encoding="ascii"))

    assert ": v7 -> v8 -> v9 -> cross_entropy" in repr(
        autopsy(program.cross_entropy, 2.0, 25.0, 1.0)
    )


def test_rich_gets_its_colours(program):
    pytest.importorskip("rich")
    text = autopsy(program.cross_entropy, 2.0, 25.0, 1.0).__rich__()

    assert text.plain.startswith("autopsy of cross_entropy")
    assert any("red" in str(span.style) for span in text.spans)


def test_its_name_is_that_of_the_label_or_of_the_function(program):
    def labelled(x):
        y = 1.0 / x
        y.label = "inverse"
        return y

    assert repr(autopsy(labelled, 0.0)).startswith("autopsy of inverse:")
    assert repr(autopsy(lambda x: 1.0 / x, 0.0)).startswith("autopsy of v1:")
    assert repr(autopsy(partial(labelled, Value(1.0)))).startswith("autopsy of inverse:")


# Large graphs --------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["value", "gradient"])
def test_a_chain_of_many_nodes_takes_no_recursion(bad):
    x = Value(0.0, "x")
    end = log(x) if bad == "value" else sqrt(x)
    for _ in range(20_000):
        end = -end
    for _ in range(20_000 if bad == "value" else 0):
        x = -x
    found = autopsy(end)

    assert found.story.part == bad
    assert found.cause.node.op.name == ("log" if bad == "value" else "sqrt")
    assert len(repr(found).splitlines()) < 15
    assert len(found.draw().picture.nodes) <= 1 + MOST_DRAWN


def test_an_operation_whose_operands_are_not_drawn_is_shown_as_one():
    w, x = Value(10.0, "w"), Value(5.0, "x")
    product = w * x
    y = (product - product).log() + product

    picture = autopsy(y).draw(edges="partial").picture

    cut = {node.rows[0].left: node for node in picture.nodes if "…" in node.rows[0].right}
    assert cut["v1"].role == "operation"
    assert [(row.left, row.right) for row in cut["v1"].rows[:2]] == [
        ("v1", "multiply …"),
        ("w * x =", "50"),
    ]
    assert "v1 = w * x; value 50.0" in cut["v1"].tip
    assert "… on an operation: its operands are not drawn." in picture.notes
    assert not any(node.role == "leaf" for node in picture.nodes)


def test_a_picture_that_cuts_nothing_off_does_not_say_so():
    x = Value(0.0, "x")

    picture = autopsy(x.log()).draw().picture

    assert picture.notes == ()
    assert [node.role for node in picture.nodes] == ["leaf", "operation"]
