"""Programs that look into micrograd's nodes: pictures, steps by hand, operations of their own."""

from __future__ import annotations

import copy
import math
import pickle
import random
from typing import Any

import numpy as np
import pytest

import tinygrad_bp as tg
from tinygrad_bp.micrograd import MLP, Layer, Neuron, Value
from tinygrad_bp.rows.primitive import BY_NAME


def neuron() -> tuple[Value, list[Value]]:
    """One tanh neuron of two inputs, whose bias is chosen for round gradients."""
    x1, x2, w1, w2 = map(Value, (2.0, 0.0, -3.0, 1.0))
    b = Value(6.8813735870195432, label="b")
    return (x1 * w1 + x2 * w2 + b).tanh(), [x1, w1, x2, w2]


def test_the_neuron_of_the_lecture_has_its_gradients() -> None:
    output, leaves = neuron()
    output.backward()

    assert f"{output.data:.4f}" == "0.7071"
    assert [round(leaf.grad, 12) for leaf in leaves] == [-1.5, 1.0, 0.5, 0.0]


def test_gradients_may_be_passed_on_one_node_at_a_time() -> None:
    output, leaves = neuron()
    output.grad = 1.0
    (total,) = output._prev
    products, bias = total._prev
    for node in (output, total, bias, products, *products._prev):
        node._backward()

    assert [round(leaf.grad, 12) for leaf in leaves] == [-1.5, 1.0, 0.5, 0.0]


def test_a_recursive_trace_finds_every_node_and_edge_once() -> None:
    """With sets, and as the later micrograd does it with lists, where nodes hold one number."""
    a, b = Value(1.0), Value(1.0)
    c = a * b
    root = (c * c + a * 1.0) ** 2
    nodes, edges = set(), set()
    in_list: list[Value] = []
    edges_in_list: list[tuple[Value, Value]] = []

    def build(v: Value) -> None:
        nodes.add(v)
        for child in v._prev:
            edges.add((child, v))
            build(child)

    def build_list(v: Value) -> None:
        if v not in in_list:
            in_list.append(v)
            for child in v._prev:
                if (child, v) not in edges_in_list:
                    edges_in_list.append((child, v))
                build_list(child)

    build(root)
    build_list(root)

    assert {v._op for v in nodes} == {"", "+", "*", "**2"}
    assert (len(nodes), len(edges)) == (8, 8)  # c * c is one edge in both
    assert set(in_list) == nodes
    assert set(edges_in_list) == edges


@pytest.mark.parametrize(
    ("node", "op", "operands"),
    [
        (Value(3.0), "", []),
        (Value(3.0) * 2, "*", [3.0, 2.0]),
        (2 * Value(3.0), "*", [2.0, 3.0]),
        (Value(3.0) ** 2, "**2", [3.0]),
        (Value(3.0) ** -0.5, "**-0.5", [3.0]),
        (Value(3.0) ** Value(2.0), "**", [3.0, 2.0]),
        (Value(-3.0).relu(), "ReLU", [-3.0]),
        (Value(3.0).exp(), "exp", [3.0]),
        (1 - Value(3.0), "-", [1.0, 3.0]),
        (Value(3.0, (Value(1.0), Value(2.0)), "mine"), "mine", [1.0, 2.0]),
    ],
)
def test_a_node_says_how_it_was_made(node: Value, op: str, operands: list[float]) -> None:
    assert (node._op, [parent.data for parent in node._prev]) == (op, operands)
    for name in ("_op", "_prev"):
        with pytest.raises(AttributeError):
            setattr(node, name, ())


@pytest.mark.parametrize("row", BY_NAME.values(), ids=lambda row: row.name)
def test_each_row_has_the_gradients_of_the_engine(row: Any) -> None:
    ends = [0.0 if math.isinf(end) else end for end, _ in row.domain]
    numbers = [end + 0.25 * (place + 1) for place, end in enumerate(ends)]
    numbers += [0.75, 0.5, 0.25][: 3 if row.arity is None else row.arity - len(numbers)]
    ours, theirs = list(map(tg.Value, numbers)), list(map(Value, numbers))
    expected, found = row(*ours), row(*theirs)
    expected.backward()
    found.backward()

    assert math.isfinite(found.data)
    assert found.data == expected.data
    assert [v.grad for v in theirs] == [v.grad for v in ours]


def test_leaves_accumulate_and_what_lies_between_does_not() -> None:
    x = Value(3.0)
    y = (x * x) * 2
    y.backward()
    y.backward()

    assert (x.grad, y.grad) == (24.0, 1.0)
    x.grad = 0
    y.backward()
    assert x.grad == 12.0


def test_a_branch_not_taken_gets_no_gradient() -> None:
    x = Value(0.0)
    tg.where(x, 1 / x, x).backward()

    assert x.grad == 1.0


def test_an_operation_of_the_programs_own_passes_its_gradient_on() -> None:
    def cube(x: Value) -> Value:
        out = Value(x.data**3, (x,), "cube")

        def _backward() -> None:
            x.grad += 3 * x.data**2 * out.grad

        out._backward = _backward  # type: ignore[method-assign]  # as programs do
        return out

    x = Value(2.0)
    (cube(x * 3) * x).backward()

    assert x.grad == 4 * 27 * 2.0**3


def test_without_its_own_backward_it_is_refused() -> None:
    y = Value(8.0, (Value(2.0),), "cube") + 1

    with pytest.raises(TypeError, match=r"Value\(data=8.0, grad=1.0\) was made by hand.*_backward"):
        y.backward()


def test_an_optimiser_keeps_its_moments_at_the_parameters() -> None:
    random.seed(3)
    model = MLP(2, [6, 3])
    points = [([0.0, 1.0], 0), ([1.0, -1.0], 1), ([-1.0, 0.5], 2)]
    for p in model.parameters():
        p.m = p.v = 0  # type: ignore[attr-defined]  # it has a __dict__

    def loss() -> Value:
        total = Value(0.0)
        for x, kind in points:
            exponentials = [logit.exp() for logit in model(x)]
            total = total - (exponentials[kind] / sum(exponentials)).log()
        return total * (1.0 / len(points))

    losses = []
    for t in range(1, 40):
        now = loss()
        now.backward()
        losses.append(now.data)
        for p in model.parameters():
            p.m = 0.9 * p.m + 0.1 * p.grad  # type: ignore[attr-defined]  # as above
            p.v = 0.95 * p.v + 0.05 * p.grad**2  # type: ignore[attr-defined]  # as above
            first, second = p.m / (1 - 0.9**t), p.v / (1 - 0.95**t)  # type: ignore[attr-defined]
            p.data -= 0.1 * (first / (second**0.5 + 1e-8) + 1e-4 * p.data)
            p.grad = 0

    assert losses[-1] < 0.05 < losses[0]


def test_networks_draw_from_the_module_random_in_its_order() -> None:
    random.seed(1337)
    model = MLP(2, [2, 1])
    random.seed(1337)
    drawn = [random.uniform(-1, 1) for _ in range(6)]

    weights = [w.data for layer in model.layers for one in layer.neurons for w in one.w]
    assert weights == drawn
    assert [one.nonlin for layer in model.layers for one in layer.neurons] == [True, True, False]
    assert len(model.parameters()) == 9
    assert Neuron(2, nonlin=False)([1.0, 2.0])._op == "+"
    assert len(Layer(2, 3)([1.0, 2.0])) == 3


def test_numpy_numbers_stand_on_either_side() -> None:
    x = Value(3.0)
    y = (1 + -np.int64(2) * x) * np.float64(0.5)
    y.backward()

    assert (type(y), y.data, x.grad) == (Value, -2.5, -1.0)


def test_equality_is_identity_and_order_goes_by_the_number() -> None:
    x, y = Value(1.0), Value(1.0)

    assert (x == y, x != y, x == x, x == 1.0) == (False, True, True, False)
    assert len({x, y}) == 2
    assert (x <= y, x < 2.0, x > 2, max(x, y + 1).data) == (True, True, False, 2.0)


def test_long_sums_and_copies() -> None:
    x = Value(1.0)
    total = sum([x] * 5_000)
    total.backward()
    y = (x * x).exp()
    y.colour = "red"

    assert x.grad == 5_000.0
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        twin.backward()
        assert (twin.colour, twin._op) == ("red", "exp")
        assert twin._prev[0]._prev[0].grad == 5_000.0 + 2 * math.e


@pytest.mark.parametrize("mixed", [lambda x, y: x * y, lambda x, y: y * x, tg.maximum])
def test_the_two_kinds_of_value_do_not_mix(mixed: Any) -> None:
    with pytest.raises(TypeError, match=r"use \.data for the number"):
        mixed(Value(1.0), tg.Value(2.0))


@pytest.mark.parametrize("view", [tg.draw, tg.step, tg.tree, tg.play, tg.lint, tg.autopsy])
def test_views_of_the_engines_values_say_that_this_is_another(view: Any) -> None:
    with pytest.raises(TypeError, match=r"micrograd\.Value"):
        view(Value(1.0) * 2)


def test_the_engines_own_value_stays_small() -> None:
    assert not hasattr(tg.Value(1.0), "__dict__")
    assert not hasattr(tg.Value(1.0), "_prev")
