"""lint: each mistake is found where it is, and a correct program gives nothing to report."""

import json
import math
import sys
from io import BytesIO, TextIOWrapper

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_bp
from demos.reference import document_001, document_002, document_004
from tinygrad_bp import (
    Value,
    constant,
    heaviside,
    local_partials,
    log,
    nn,
    no_grad,
    relu,
    sigmoid,
    sign,
    strict,
    tanh,
    topological_order,
    where,
)
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.look.diagnosis.lint import lint

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]


def finding_named(name, report):
    (finding,) = [finding for finding in report if finding.name == name]
    return finding


# No false alarms ------------------------------------------------------------------------------


@settings(max_examples=150)
@given(expression=expressions(kinks="none"))
def test_a_correct_program_gives_nothing_but_what_is_so(expression):
    inputs = expression.values()
    output = expression(*inputs)
    output.backward()
    report = lint(output)

    assert set(report.names) <= {"saturated"}
    for finding in report:
        for unit in finding.nodes:
            assert local_partials(unit)[0] < 1e-7
            assert abs(unit.grad) >= 1e-3


@settings(max_examples=60)
@given(expression=expressions())
def test_what_is_called_blocked_gets_no_gradient(expression):
    inputs = expression.values()
    output = expression(*inputs)
    output.backward()
    report = lint(output)

    assert set(report.names) <= {"saturated", "blocked"}
    for finding in report:
        if finding.name == "blocked":
            assert {leaf.grad for leaf in finding.nodes} == {0.0}


@settings(max_examples=10)
@given(
    seed=st.integers(0, 1_000),
    activation=st.sampled_from(["tanh", "sigmoid"]),
    widths=st.lists(st.integers(2, 4), max_size=2),
)
def test_of_a_network_on_standardised_data_there_is_nothing_to_report(seed, activation, widths):
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((8, 3))
    targets = inputs @ rng.standard_normal(3)
    model = nn.MLP(3, [*widths, 1], activation=activation, seed=rng)
    before = lint(model, inputs, targets)
    history = nn.fit(
        model, inputs, targets, loss="mse", optimizer=nn.SGD(0.05), epochs=10, compiled=False
    )

    assert not before
    assert not lint(model, inputs, targets)
    assert not lint(history)


def test_of_a_loop_written_by_hand_there_is_nothing_to_report():
    w, b = Value(0.3, "w"), Value(0.0, "b")
    for _ in range(3):
        loss = tinygrad_bp.sum([(w * x + b - y) ** 2 for x, y in [(1.0, 2.0), (2.0, 3.0)]])
        loss.zero_grad()
        loss.backward()

        assert not lint(loss, names={"w": w, "b": b})
        w.data -= 0.1 * w.grad
        b.data -= 0.1 * b.grad


def test_nothing_is_changed():
    w = Value(2.0, "w")
    y = w * 3.0
    y.backward()
    before = [(node.data, node.grad, node.label) for node in topological_order(y)]
    lint(y)

    assert [(node.data, node.grad, node.label) for node in topological_order(y)] == before


# Gradients ------------------------------------------------------------------------------------


def test_gradients_before_backward():
    w = Value(2.0, "w")
    y = w * 3.0
    finding = finding_named("before-backward", lint(y, names={"y": y}))

    assert finding.where == "y"
    assert "backward has not run" in finding.what
    y.backward()
    assert not lint(y)
    y.zero_grad()
    assert lint(y).names == ("before-backward",)


def test_gradients_that_another_output_left():
    w = Value(2.0, "w")
    (w * 3.0).backward()
    y = w * 5.0
    report = lint(y, names={"y": y})

    assert report.names == ("foreign-gradients",)
    assert report[0].what == "backward has not run from y, and yet w.grad = 3"


def test_gradients_of_two_outputs_that_were_not_zeroed():
    w = Value(2.0, "w")
    one, other = w * 3.0, w * 5.0
    one.backward()
    other.backward()
    report = lint(other, names={"other": other})

    assert report.names == ("mixed-gradients",)
    assert report[0].what == ("w.grad is 8, but the gradient of other is 5: 3 came from elsewhere")
    assert not lint([one, other])


def test_backward_called_twice():
    w = Value(2.0, "w")
    y = w * 3.0
    y.backward()
    y.backward()

    assert "2 times as much, as after 2 calls" in finding_named("mixed-gradients", lint(y)).what


def test_gradients_that_cancel_are_mixed_too():
    w = Value(2.0, "w")
    y = w - w
    (w * 3.0).backward()
    y.backward()

    assert "3 came from elsewhere" in finding_named("mixed-gradients", lint(y)).what


def test_gradients_that_were_cleared_or_are_not_finite_are_not_mixed():
    w = Value(0.0, "w")
    y = w * 3.0
    y.backward()
    w.grad = 0.0
    assert not lint(y)

    w.grad = math.nan
    assert not lint(y)
    y.grad = math.inf
    assert not lint(y)


@settings(max_examples=30)
@given(factors=st.lists(st.floats(-4, 4), min_size=2, max_size=5))
def test_gradients_that_add_up_on_purpose_are_no_finding(factors):
    w = Value(0.7, "w")
    outputs = [w * factor * w for factor in factors]
    for output in reversed(outputs):
        output.backward()

    assert not lint(outputs)


def test_outputs_of_which_some_have_gone_back_are_no_finding():
    w = Value(2.0, "w")
    one, other = w * 3.0, w * 5.0
    one.backward()

    assert not lint([one, other])
    assert lint(other).names == ("foreign-gradients",)


def test_data_that_changed_since_the_forward_pass():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    y = w * x + 1.0
    y.backward()
    w.data = 5.0
    report = lint(y)

    assert report.names == ("outdated",)
    assert report[0].what == "v1 = w * x is 6, but w = 5, x = 3 would give 15"
    assert report[0].nodes == (y.parents[0],)


def test_several_values_that_are_outdated_are_all_named():
    w = Value(2.0, "w")
    y = w * 3.0 + w * 4.0
    y.backward()
    w.data = math.nan

    assert "and likewise v2" in finding_named("outdated", lint(y)).what


def test_an_output_without_a_graph():
    w = Value(2.0)
    with no_grad():
        y = w * 3.0

    assert lint(y).names == ("constant-output",)
    assert "6.0" in lint(y)[0].what


def test_of_a_leaf_there_is_nothing_to_report():
    assert not lint(Value(2.0, "w"))


# Reach ----------------------------------------------------------------------------------------


def test_a_leaf_that_the_output_never_reaches():
    w, b = Value(2.0), Value(0.1)
    y = w * 3.0
    y.backward()
    finding = finding_named("unreached", lint(y, names=locals()))

    assert finding.where == "b"
    assert finding.what == "y does not depend on it"
    assert finding.nodes == (b,)


def test_a_constant_where_a_parameter_was_meant():
    w, b = Value(2.0), Value(0.123)
    y = w * 3.0 + b.data
    y.backward()
    report = lint(y, names=locals())

    assert report.names == ("cut-off",)
    assert report[0].where == "b"
    assert ".data" in report[0].way_out


def test_an_ordinary_number_is_no_sign_of_a_parameter():
    w, b = Value(2.0), Value(1.0)
    y = w + 1.0
    y.backward()

    assert lint(y, names=locals()).names == ("unreached",)


def test_parameters_of_models_are_looked_for_in_names_too():
    model = nn.Neuron(2, "linear", seed=0, name="unit")
    y = model.w[0] * 3.0
    y.backward()

    assert finding_named("unreached", lint(y, names={"model": model})).where == "unit.w.1, unit.b"
    assert not lint(y, names={"another": nn.Neuron(2)})


def test_a_parameter_that_a_model_does_not_use():
    class Lonely(nn.Module):
        def __init__(self):
            self.w, self.unused = Value(0.5), Value(0.25)

        def __call__(self, inputs):
            return self.w * inputs[0]

    finding = finding_named("unreached", lint(Lonely(), [[1.0], [-1.0]], [2.0, -2.0]))

    assert len(finding.nodes) == 1
    assert finding.nodes[0].data == 0.25


@pytest.mark.parametrize(
    ("make", "by"),
    [
        (lambda x: sign(x) * 2.0, "sign"),
        (lambda x: heaviside(x, 0.5) + x // 1.0, "floor_divide or heaviside"),
        (lambda x: where(x, 2.0, 3.0), "the condition of where"),
        (lambda x: where(sign(x), 2.0, 3.0), "sign or the condition of where"),
    ],
)
def test_a_leaf_behind_what_passes_no_gradient_on(make, by):
    x = Value(0.7, "x")
    y = make(x)
    y.backward()
    report = lint(y)

    assert report.names == ("blocked",)
    assert report[0].where == "x"
    assert report[0].what == f"every way to the output leads through {by}"


def test_a_branch_that_is_not_taken_is_no_finding():
    x, c = Value(0.7, "x"), Value(1.5, "y")
    y = where(0.0, x, c) + where(0.0, log(x), c)
    y.backward()

    assert x.grad == 0.0
    assert not lint(y)


# Units ----------------------------------------------------------------------------------------


def sigmoid_error(w, x, target):
    return (sigmoid(w * x) - target) ** 2


@pytest.mark.parametrize(
    ("w", "target", "expected"),
    [
        (10.0, 0.0, ("saturated",)),
        (-10.0, 1.0, ("saturated",)),
        (10.0, 1.0, ()),
        (-10.0, 0.0, ()),
        (1.0, 0.0, ()),
    ],
)
def test_a_sigmoid_is_saturated_if_it_is_flat_and_wrong(w, target, expected):
    assert lint(sigmoid_error, w, 5.0, target).names == expected


def test_a_sigmoid_that_is_flat_and_wants_further_out_is_no_finding():
    assert lint(lambda w, x: -log(sigmoid(w * x)), 10.0, 5.0).names == ()
    assert lint(lambda w, x: -log(1.0 - sigmoid(w * x)), -10.0, 5.0).names == ()


def test_the_line_of_a_saturated_sigmoid_is_told():
    report = lint(sigmoid_error, 10.0, 5.0, 0.0)

    assert "slope is 1.929e-22, so of a gradient of 2 there remains 3.857e-22" in report[0].what
    assert repr(report).startswith("lint of sigmoid_error: 1 finding")
    assert "    code   return (sigmoid(w * x) - target) ** 2" in repr(report)


def test_few_saturated_examples_are_no_finding():
    w = Value(10.0, "w")
    losses = [(tanh(w * x) + 1.0) ** 2 for x in (0.01, 0.02, 0.03, 3.0)]

    assert lint(lambda: tinygrad_bp.sum(losses)).names == ()
    assert lint(lambda: tinygrad_bp.sum(losses[2:])).names == ("saturated",)


def test_neurons_are_told_apart_by_label_or_by_weights_or_not_at_all():
    ws = [Value(30.0, "w0"), Value(0.1, "w1")]
    losses = [(tanh(w * x - 1.0) + 1.0) ** 2 for w in ws for x in (1.0, 2.0)]
    bare = (tanh(tanh(ws[0] * 1.0) * 30.0) + 1.0) ** 2

    assert len(lint(lambda: tinygrad_bp.sum(losses))[0].nodes) == 2
    assert lint(lambda: bare).names == ("saturated",)


def test_a_relu_that_is_off_for_all_examples():
    off = nn.MLP(2, [2, 1], init=[([[-1, -1], [1, 1]], [-0.5, 0.0]), ([[1, 1]], [0.0])])
    finding = finding_named("dead-relu", lint(off, *XOR))

    assert finding.where == "layers.0.neurons.0"
    assert finding.what.startswith("its sum is below 0 in all 4 examples, at most -0.5")
    assert {node.data for node in finding.nodes} == {0.0}


def test_a_relu_that_is_off_for_some_or_for_few_examples_is_no_finding():
    model = nn.MLP(2, [2, 1], init=[([[-1, 1], [1, 1]], [-0.5, 0.0]), ([[1, 1]], [0.0])])

    assert lint(model, *XOR).names == ()
    assert lint(lambda x: relu(x) + x, -1.0).names == ()


def test_a_sum_that_a_relu_adds_to_itself_is_one_neuron():
    weight = Value(-1.0, label="w")

    def unit(x: float) -> Value:
        total = weight * x + 0.0
        return (total + total).relu()

    report = lint(sum([unit(x) for x in (1.0, 2.0, 3.0, 4.0)], Value(0.0)))

    assert "dead-relu" in report.names


def test_relus_by_hand_are_neurons_too():
    w, b = Value(1.0, "w"), Value(-9.0, "b")
    outputs = [relu(w * x + b) for x in (1.0, 2.0, 3.0, 4.0)]
    report = lint(lambda: tinygrad_bp.sum(outputs))

    assert report.names == ("dead-relu",)
    assert len(report[0].nodes) == 4


def test_sums_of_sums_take_no_more_time_than_they_are_long():
    total = x = Value(0.0, "x")
    for _ in range(3_000):
        total = total + 1e-4 * tanh(total)
    y = (tanh(total + 50.0) + 1.0) ** 2 + x

    assert lint(lambda: y).names == ("saturated",)


# Inputs ---------------------------------------------------------------------------------------


def test_large_inputs_are_found_in_the_data():
    model = nn.Neuron(2, "linear", seed=0)
    finding = finding_named("unscaled-inputs", lint(model, [[1, 20], [2, 30]], [1, 2]))

    assert finding.where == "input 1"
    assert finding.what == "input 1 is 20 to 30, and other inputs 1 to 2"


def test_inputs_on_scales_far_apart_are_found_in_the_data():
    model = nn.Neuron(2, "linear", seed=0)
    finding = finding_named("unscaled-inputs", lint(model, [[0.01, 2], [0.02, 3]], [1, 2]))

    assert finding.what == "input 1 is 2 to 3, and other inputs 0.01 to 0.02"


def test_inputs_that_are_all_zero_or_all_large_are_no_trouble_to_look_at():
    model = nn.Neuron(2, "linear", seed=0)

    assert lint(model, [[0, 0], [0, 0]], [1, 2]).names == ()
    assert lint(model, [[50, 60], [50, 60]], [1, 2])[0].what == "input 1 is 60"


@pytest.mark.parametrize("product", [lambda w, x: w * x, lambda w, x: tinygrad_bp.dot([w], [x])])
def test_large_inputs_are_found_in_a_graph(product):
    w = Value(0.1, "w")
    y = tinygrad_bp.sum([product(w, x) for x in (20.0, 30.0)])
    y.backward()

    assert lint(y).names == ("unscaled-inputs",)
    assert lint(y)[0].where == "what w is multiplied by"


def test_one_large_factor_is_no_input():
    w = Value(0.1, "w")
    y = 1000.0 * w
    y.backward()

    assert not lint(y)


@pytest.mark.parametrize("targets", [np.array([1.0, 1.0, 0.0, 0.0]), tinygrad_bp.values([1, 2, 3])])
def test_shapes_that_do_not_fit_and_were_stretched(targets):
    targets = np.array(targets)
    xs = np.linspace(-1.0, 1.0, len(targets))[:, np.newaxis]

    def error(w, targets):
        return ((tanh(w * xs) - targets) ** 2).mean()

    report = lint(lambda w: error(w, targets), 0.5)
    assert report.names == ("all-pairs",)
    assert len(report[0].nodes) == len(targets)
    assert not lint(lambda w: error(w, targets[:, np.newaxis]), 0.5)
    assert lint(lambda w: -error(w, targets[np.newaxis]), 0.5).names == ("all-pairs",)


def test_more_or_fewer_values_than_targets_are_no_stretched_table():
    centres = np.array([1.0, 2.0, 3.0])
    for count in (2, 4):
        xs = np.linspace(0.1, 1.0, count)[:, np.newaxis]

        assert not lint(lambda w, xs=xs: ((tanh(w * xs) - centres) ** 2).sum(), 0.5)


def test_targets_that_are_all_alike_or_few_are_no_table():
    def error(w, targets):
        xs = np.linspace(-1.0, 1.0, len(targets))[:, np.newaxis]
        return ((tanh(w * xs) - np.array(targets)) ** 2).mean()

    assert not lint(lambda w: error(w, [1.0, 1.0, 1.0]), 0.5)
    assert not lint(lambda w: error(w, [1.0, 0.0]), 0.5)


# Models ---------------------------------------------------------------------------------------


def test_neurons_that_are_one_and_the_same():
    alike = nn.MLP(2, [3, 2, 1], init="zeros")
    finding = finding_named("twins", lint(alike, *XOR))

    assert finding.what.startswith(
        "layers.0.neurons.0, layers.0.neurons.1, layers.0.neurons.2 have"
    )
    assert finding.where.endswith("and 1 more")


def test_neurons_that_start_alike_and_part_are_no_twins():
    model = nn.MLP(2, [2, 1], activation="tanh", init=["zeros", [[1.0, 2.0]]])

    assert "twins" not in lint(model, *XOR).names


def test_a_weight_that_an_operation_made_is_no_parameter():
    class Scaled(nn.Module):
        def __init__(self):
            self.w = [Value(0.5) * 0.1]
            self.b = Value(0.25)
            self.child = nn.Neuron(1, "linear", seed=0)

        def __call__(self, inputs):
            return self.w[0] * inputs[0] + self.b + self.child(inputs)

    finding = finding_named("not-a-parameter", lint(Scaled(), [[1.0], [-1.0]], [2.0, -2.0]))

    assert finding.where == "w"
    assert finding.what.startswith("w = 0.05 was made by an operation (multiply)")


def test_whatever_fit_takes_for_a_model_is_one():
    class Line:
        def __init__(self):
            self.w, self.unused = Value(0.5), Value(0.25)

        def parameters(self):
            return [self.w, self.unused]

        def __call__(self, inputs):
            return self.w * inputs[0]

    assert lint(Line(), [1.0, -1.0], [2.0, -2.0]).names == ("unreached",)


def test_of_much_data_a_hundred_examples_are_looked_at():
    seen = []

    class Watched(nn.Neuron):
        def __call__(self, inputs):
            seen.append(inputs[0].data)
            return super().__call__(inputs)

    numbers = np.linspace(-1.0, 1.0, 1001)
    lint(Watched(1, "linear", seed=0), numbers, numbers)

    assert len(seen) == 100
    assert (seen[0], seen[-1]) == (-1.0, 1.0)


# Training -------------------------------------------------------------------------------------


def test_a_loss_that_rose():
    report = lint(nn.History(losses=[1.0, 2.0, 4.0], learning_rates=[0.5] * 3))

    assert report.names == ("loss-rose",)
    assert "lower the learning rate (it was 0.5)" in report[0].way_out


def test_a_loss_that_jumps_to_and_fro():
    losses = [10.0, *([0.2, 0.1] * 15)]

    assert lint(nn.History(losses=losses)).names == ("oscillating",)
    assert not lint(nn.History(losses=losses[:15]))
    assert not lint(nn.History(losses=[1.0 + (-0.9) ** k * 1e-4 for k in range(50)]))
    assert not lint(nn.History(losses=[0.99**k for k in range(50)]))


def test_a_loss_that_stands_still():
    assert lint(nn.History(losses=[0.5] * 10)).names == ("loss-stands-still",)
    assert not lint(nn.History(losses=[0.5] * 3))
    assert not lint(nn.History(losses=[0.0] * 10))
    assert not lint(nn.History())


def test_document_004_jumps_to_and_fro():
    start = document_004.start(np.random.default_rng(0))
    course = document_004.trajectory(start, document_004.stepped, epochs=1_000)
    losses = [document_004.mean_squared_error(weights) for weights in course]

    assert lint(nn.History(losses=losses)).names == ("oscillating",)


# The documents --------------------------------------------------------------------------------


def perceptron():
    start = document_002.perceptron_start()
    return nn.MLP(3, [1], output_activation="sigmoid", bias=False, init=[start.T])


def test_document_002_is_saturated_because_its_inputs_are_not_scaled():
    report = lint(perceptron(), document_002.INPUTS, document_002.LABELS)

    assert report.names == ("saturated", "unscaled-inputs")
    assert report[0].where == "layers.0.neurons.0"
    assert "flat in 4 of 4 examples" in report[0].what
    assert report[1].what == "input 1 is 200 to 550, and other inputs 2 to 6"


def test_document_002_is_told_from_its_loss_alone():
    loss = nn.batch_loss(perceptron(), document_002.INPUTS, document_002.LABELS)
    loss.backward()
    report = lint(loss)

    assert report.names == ("saturated", "unscaled-inputs")
    assert report[1].where == "what layers.0.neurons.0.w.1 is multiplied by"


def test_document_002_with_scaled_inputs_gives_nothing_to_report():
    assert not lint(perceptron(), document_002.standardised(), document_002.LABELS)


def test_document_002_stands_still_down_the_right_gradient():
    model = perceptron()
    history = nn.fit(
        model, document_002.INPUTS, document_002.LABELS, loss="mse",
        optimizer=nn.SGD(0.5), epochs=10, compiled=False,
    )  # fmt: skip

    assert lint(history).names == ("loss-stands-still",)


def test_the_autopsy_of_document_002_points_at_its_wrong_derivative():
    def weights(start):
        w = start
        for _ in range(6):
            z = document_002.INPUTS @ w
            outputs = np.array([[output.data] for output in sigmoid(z)[:, 0]])
            error = document_002.error_as_written(outputs)
            slope = document_002.derivative_as_written(z)
            w = w + document_002.RATE * (document_002.INPUTS.T @ (slope * error))
        return w[0, 0]

    with np.errstate(over="ignore"):
        found = tinygrad_bp.autopsy(weights, document_002.perceptron_start())

    assert found.output.data == -math.inf
    assert found.line.function == "derivative_as_written"
    assert found.line.text == "return z * (1 - z)"
    assert found.cause.node.op.name == "multiply"


def test_document_001_has_unscaled_inputs_and_trains_all_the_same():
    weights = np.random.default_rng(9).standard_normal(9)
    (w1, w2, w3, w4, w5, w6), (b1, b2, b3) = weights[:6], weights[6:]
    model = nn.MLP(
        2, [2, 1], activation="sigmoid", output_activation="sigmoid",
        init=[([[w1, w2], [w3, w4]], [b1, b2]), ([[w5, w6]], [b3])],
    )  # fmt: skip

    assert "unscaled-inputs" in lint(model, document_001.INPUTS, document_001.LABELS).names


# The report -----------------------------------------------------------------------------------


def test_what_is_not_finite_is_told_first():
    report = lint(lambda x: log(x), 0.0)

    assert report.names == ("not-finite",)
    assert report[0].what == "log(x) (log) is -inf where x = 0.0, a pole"


def test_the_report_reads_as_a_page():
    w = Value(0.5, "w")
    y = w * 3.0

    assert repr(lint(y, names={"y": y})) == (
        """\
lint of y: 1 finding

1  before-backward: y

    what   every .grad in its graph is 0: backward has not run since it was made or cleared
    why    whoever reads or draws gradients now sees zeros
    try    call .backward() on it first; .grad is filled by nothing else"""
    )
    assert repr(lint(Value(1.0, "x"))) == "lint of x: nothing to report"


def test_of_many_findings_the_last_are_told_in_one_line():
    w, unused = Value(10.0), Value(0.25)
    a, b = Value(1.0), Value(5.0)
    y = (tanh(w * 3.0) + 1.0) ** 2 + sign(a) + 0.25 + tinygrad_bp.sum([b * 20.0, b * 30.0])
    report = lint(y, names=locals())
    text = repr(report)

    assert report.names == (
        "before-backward", "cut-off", "blocked", "saturated", "unscaled-inputs",
    )  # fmt: skip
    assert text.count("    why    ") == 3
    assert "\n4  saturated: v" in text
    assert len(text.splitlines()) < 30


def test_it_is_a_sequence_and_false_without_findings():
    report = lint(Value(1.0) * 2.0)

    assert bool(report)
    assert len(report) == 1
    assert [finding.name for finding in report] == ["before-backward"]
    assert report[:1] == tuple(report)
    assert not lint(Value(1.0))


def test_a_notebook_a_plain_terminal_and_rich_can_show_it(monkeypatch):
    report = lint(sigmoid_error, 10.0, 5.0, 0.0)
    assert "><pre>lint of" in report._repr_html_()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(BytesIO(), encoding="ascii"))
    assert repr(report).isascii()

    pytest.importorskip("rich")
    assert report.__rich__().plain == repr(report)


def test_it_works_under_strict_and_under_no_grad():
    with strict(), no_grad():
        assert lint(lambda x: 0.0 * log(x), 0.0).names == ("not-finite",)
        assert lint(perceptron(), document_002.INPUTS, document_002.LABELS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2.0,), "expected a Value, or a function and its inputs"),
        (([],), "a list of them, got an empty list"),
        ((Value(1.0), 2.0), "no inputs after Values, which are computed"),
        (([Value(1.0), 2.0],), "got float 2.0 among them"),
        ((nn.Neuron(1), [1.0]), r"lint\(model, inputs, targets, loss=...\), got 1"),
        ((json,), "expected a Value, or a function and its inputs, got module"),
    ],
)
def test_anything_else_is_refused_with_a_way_out(arguments, message):
    with pytest.raises(TypeError, match=message):
        lint(*arguments)


def test_a_large_graph_takes_no_recursion():
    y = x = Value(0.1, "x")
    c = constant(0.5)
    for _ in range(20_000):
        y = tanh(y) * c
    y.backward()

    assert not lint(y + x * 0.0, names={})[1:]
