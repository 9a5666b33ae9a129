"""The source of a tape: read by people, and run as it is."""

import ast
import math
import traceback
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_bp as tg
from tinygrad_bp import Value, grad, record, value_and_grad
from tinygrad_bp.basics import structure
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.tape.python import source as source_module
from tinygrad_bp.tape.python.loop import WrittenLoop
from tinygrad_bp.tape.python.source import Written, array
from tinygrad_bp.tape.routes.routes import SourceRoute

Point = namedtuple("Point", "x y")


def run(tape, *arguments, **captured):
    """What the text gives when somebody else pastes it."""
    space = {}
    exec(tape.source(), space)
    return space[Written(tape).name](*arguments, **captured)


def loss(w, x, t):
    return (w * x - t) ** 2


def test_forward_is_one_formula():
    assert record(loss, 2.0, 3.0, 5.0).source() == (
        "def loss(w, x, t):\n"
        "    return (w * x - t) ** 2\n"
    )  # fmt: skip


def test_backward_has_the_names_of_a_derivation_by_hand():
    def loss(w1, w2, x, t):
        h = tg.tanh(w1 * x)
        h.label = "h"
        return (w2 * h - t) ** 2

    tape = record(value_and_grad(loss, argnums=(0, 1)), 0.5, 0.25, 1.0, 2.0)

    assert tape.source() == (
        "from tinygrad_bp.rows.primitives import sigmoid, tanh\n"
        "\n"
        "\n"
        "def loss(w1, w2, x, t):\n"
        "    t1 = w1 * x\n"
        "    h = tanh(t1)\n"
        "    t2 = w2 * h - t\n"
        "    loss = t2 ** 2\n"
        "    t3 = 2.0 * t2\n"
        "    d_loss_d_h = t3 * w2\n"
        "    d_loss_d_w1 = d_loss_d_h * (4 * sigmoid(2 * t1) * sigmoid(-2 * t1)) * x\n"
        "    d_loss_d_w2 = t3 * h\n"
        "    return loss, (d_loss_d_w1, d_loss_d_w2)\n"
    )


def test_only_own_nodes_of_the_derivative_get_its_names():
    def product(w, x):
        return w * x

    def constant_in(w, x):
        return x + 0.0 * w

    def chosen(w, x):
        y = tg.where(x, w * x, w)
        y.label = "y"
        return y * y

    # The derivative by w is the very x, which keeps its name.
    assert "return x" in record(grad(product), 1.0, 2.0).source()
    assert "return 0.0" in record(grad(constant_in), 1.0, 2.0).source()
    assert "d_chosen_d_w = " in record(grad(chosen), 1.0, 2.0).source()
    assert "d_" not in record(grad(lambda w: w * w * w), 1.0).source()


def test_outside_of_recordings_derivatives_get_no_labels():
    w = Value(2.0, label="w")
    output = w * w * w
    output.label = "cube"

    assert tg.gradient(output, w, create_graph=True).label == ""


def test_structures_are_taken_apart_and_put_together():
    def model(p, x, n):
        h = {"a": p["w"][0, 1] * x[0], "b": [p["b"][0]["c"] * n, x[1]]}
        return h, np.array([[x[0], n], [n, n]]), (n,), ()

    arguments = {"w": np.eye(2), "b": [{"c": 3.0}]}, (5.0, 6.0), np.array(7.0)
    tape = record(lambda p, x, n: model(p, x, n[()]), *arguments)
    expected = tape(*arguments)

    found = run(tape, *arguments)

    assert structure.outline(SourceRoute(tape)(structure.numbers(arguments))) == (
        structure.outline(expected)
    )
    assert structure.numbers(found) == structure.numbers(expected)
    assert "    p_w = p['w']\n" not in tape.source()
    assert "    [[p_w_0_0, p_w_0_1], [p_w_1_0, p_w_1_1]] = p['w']\n" in tape.source()


def test_captured_values_are_arguments_by_name():
    w = Value(2.0, label="layer[0].weight")
    tape = record(lambda x: w * x, 3.0)

    assert "def replay(x, *, layer_0_weight):\n    return layer_0_weight * x\n" in tape.source()
    assert run(tape, 3.0, layer_0_weight=5.0) == 15.0


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("σ", "σ"),
        ("2nd", "_2nd"),
        ("lambda", "lambda_"),
        ("exp", "exp_"),
        ("array", "array_"),
        ("t[0, 1]", "t_0_1"),
        ("x", "x_2"),
        ("---", "t"),
        ("print", "print_"),
    ],
)
def test_labels_become_names(label, name):
    def labelled(x):
        y = x * 2.0
        y.label = label
        return y + y.exp()

    tape = record(labelled, 1.0)

    assert f"    {name} = x * 2.0\n" in tape.source()
    assert run(tape, 1.0) == 2.0 + math.exp(2.0)


def test_labels_that_are_alike_stay_apart():
    def labelled(x):
        parts = [x + float(i) for i in range(3)]
        for part in parts:
            part.label = "print"
        return tg.prod(parts)

    tape = record(labelled, 1.0)

    nodes = [node for node in ast.walk(ast.parse(tape.source())) if isinstance(node, ast.Name)]
    stored = [node.id for node in nodes if isinstance(node.ctx, ast.Store)]
    assert stored == ["print_", "print_2", "print_3"]
    assert run(tape, 1.0) == 6.0


def test_a_function_named_like_a_row():
    def exp(x):
        return tg.exp(x)

    assert "def exp_(x):\n    return exp(x)\n" in record(exp, 1.0).source()
    assert run(record(exp, 1.0), 0.0) == 1.0


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x**2, "x ** 2"),
        (lambda x: x**-2, "x ** -2"),
        (lambda x: x**0.5, "pow_(x, 0.5)"),
        (lambda x: x**1e9, "pow_(x, 1000000000.0)"),
        (lambda x: x**math.inf, "pow_(x, inf)"),
        (lambda x: x**math.nan, "pow_(x, nan)"),
        (lambda x: x**x, "pow_(x, x)"),
        (lambda x: -x - -3.0, "-x - -3.0"),
        (lambda x: abs(x) % 2.0 // 3.0, "abs(x) % 2.0 // 3.0"),
        (lambda x: x + math.inf, "x + inf"),
        (lambda x: x * -math.inf, "x * -inf"),
        (lambda x: tg.where(x, x, -0.0), "where(x, x, -0.0)"),
        (lambda x: 2.0 * tg.sum([x, 1.0, x]), "2.0 * (x + 1.0 + x)"),
        (lambda x: tg.prod([x, 3.0, x]), "x * 3.0 * x"),
        (lambda x: tg.dot([x, 2.0], [3.0, x]), "x * 3.0 + 2.0 * x"),
        (lambda x: tg.logsumexp([x, 0.0]), "logsumexp(x, 0.0)"),
    ],
)
def test_formulas_are_python(function, text):
    tape = record(function, 3.0)

    assert f"return {text}\n" in tape.source()
    assert str(run(tape, 3.0)) == str(tape(3.0))


def test_long_sums_are_calls():
    # Python's parser nests with each plus sign, and gives up after some thousands.
    x = np.arange(20_000.0)
    tape = record(lambda x: tg.sum(x), x)

    assert "sum_(" in tape.source()
    assert run(tape, x) == x.sum()


def test_long_formulas_are_cut():
    def long(x):
        for _ in range(30):
            x = tg.sin(x) + 1.0
        return x

    tape = record(long, 1.0)

    assert max(map(len, tape.source().splitlines())) < source_module.WIDTH + 40
    assert run(tape, 0.5) == tape(0.5)


def test_long_lines_are_wrapped():
    x = np.arange(40.0) + 0.5
    weights = [Value(float(i), f"a_weight_with_a_long_name[{i}]") for i in range(40)]
    tape = record(lambda x: (tg.dot(weights, x), [n * 2.0 for n in x]), x)
    captured = {f"a_weight_with_a_long_name_{i}": w.data for i, w in enumerate(weights)}

    lines = tape.source().splitlines()
    assert max(map(len, [line for line in lines if not line.endswith("= x")])) <= 100
    assert run(tape, x, **captured) == tape(x)


def test_keys_of_dicts_are_not_wrapped():
    tape = record(lambda x: {f"a key with spaces {i}": x * i for i in range(9)}, 2.0)

    assert run(tape, 3.0) == tape(3.0)


def test_tracebacks_show_its_lines():
    function = WrittenLoop(record(lambda x, y: y + 1.0 / x, 1.0, 1.0)).function

    with pytest.raises(ZeroDivisionError) as caught:
        list(function([(0.0, 1.0)], []))

    shown = "".join(traceback.format_exception(caught.value))
    assert "<tape replay" in shown
    assert "yield y + 1.0 / x" in shown


def test_poles_and_overflows_are_left_to_the_tape():
    tape = record(lambda x: (1.0 / x, (x * 1e200) ** 2, x % x, x // x), 1.0)
    route = SourceRoute(tape)

    for x in (0.0, -0.0, 1e200, 1.0):
        assert list(map(str, route([x]))) == list(map(str, tape(x)))


@settings(max_examples=60)
@given(expressions(max_steps=12))
def test_over_arrays_a_batch_at_a_time(program):
    def function(*inputs):
        return program.run(inputs)[-1]

    tape = record(value_and_grad(function, range(len(program.inputs))), *program.inputs)
    batches = [np.array([x, x, 0.75 * x]) for x in program.inputs]
    with np.errstate(all="ignore"):
        value, slopes = run(tape, *batches)

    for row in range(3):
        expected, slopes_expected = tape(*[float(batch[row]) for batch in batches])
        found = [np.broadcast_to(one, 3)[row] for one in (value, *slopes)]
        np.testing.assert_allclose(found, [expected, *slopes_expected], rtol=1e-9, atol=1e-9)


def test_arrays_of_batches():
    batch = np.array([1.0, 2.0])

    assert array([[batch, 0.0], [3.0, batch]]).tolist() == [[[1, 2], [0, 0]], [[3, 3], [1, 2]]]
    assert array(5.0) == 5.0
    tape = record(grad(lambda w: w[0] * w[0] + w[1] * 0.0), np.array([1.0, 2.0]))
    assert run(tape, np.array([[1.0, 2.0], [3.0, 4.0]])).tolist() == [[2.0, 4.0], [0.0, 0.0]]


def test_named_tuples_come_back():
    tape = record(lambda p: Point(p.y, p.x), Point(1.0, 2.0))

    assert SourceRoute(tape)([1.0, 2.0]) == Point(2.0, 1.0)
