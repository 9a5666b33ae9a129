"""Graphs are small, deep, and gone when they are dropped."""

import copy
import gc
import pickle
import sys
import tracemalloc

import numpy as np
import pytest

import tinygrad_bp
from tinygrad_bp import Value, grad, gradient, hessian, leaves, topological_order, values


@pytest.fixture
def without_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def shallow():
    """A recursion limit under which a walk of a few hundred nodes fails."""
    limit, depth = sys.getrecursionlimit(), 0
    frame = sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    sys.setrecursionlimit(depth + 150)
    yield
    sys.setrecursionlimit(limit)


def living():
    return sum(type(thing) is Value for thing in gc.get_objects())


def network():
    """A graph of many shapes: shared leaves, fan-out, one, two and many operands."""
    xs = values([0.5, -1.0, 2.0])
    hidden = [tinygrad_bp.dot(xs, [1.0, x, 2.0]).tanh() for x in xs]
    return (tinygrad_bp.logsumexp(hidden) * hidden[0] + sum(tinygrad_bp.softmax(hidden))) ** 2


@pytest.mark.parametrize(
    "work",
    [
        lambda: network().backward(),
        lambda: gradient(network(), []),
        lambda: grad(lambda x: x.exp() * x)(2.0),
        lambda: hessian(lambda x: (x * x).sum() ** 2)(np.array([1.0, 2.0])),
        lambda: pickle.loads(pickle.dumps(network())),
        lambda: copy.deepcopy(network()),
        lambda: tinygrad_bp.vjp(lambda x: [x, x * x], 2.0)[1]([1.0, 1.0]),
        lambda: tinygrad_bp.jvp(lambda x: [x, x * x], (2.0,), (1.0,)),
        lambda: tinygrad_bp.strict()(network)().zero_grad(),
        lambda: np.exp(values(np.ones(3))).sum().backward(),
        lambda: gradient(gradient((x := Value(2.0)) ** 3, x, create_graph=True), x),
    ],
    ids=range(11),
)
def test_nothing_is_left_for_the_collector(work, without_collector):
    work()  # once for caches
    gc.collect()
    before = living()
    work()

    assert living() == before
    assert gc.collect() == 0


def test_a_dropped_graph_is_freed_though_its_leaves_live_on(without_collector):
    x = Value(2.0)
    y = x
    for _ in range(100):
        y = y * x
    y.backward()
    before = living()
    del y

    assert before - living() == 100


def bytes_per_node(build):
    """Of a graph after backward, everything counted that its making left in memory."""
    build(10)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        y, count = build(5000)
        y.backward()
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) / count
    finally:
        tracemalloc.stop()


def layered(length):
    """As in a network: products with parameters, added up, and an activation."""
    weights = values([0.1 * i for i in range(1, 11)])
    y = Value(0.5)
    for i in range(length // 20):
        total = weights[i % 10] * y
        for w in weights[1:]:
            total = total + w * y
        y = total.tanh()
    return y, len(topological_order(y))


def with_constants(length):
    y = Value(0.5)
    for i in range(length // 2):
        y = y * 1.5 if i % 2 else y + 0.25
    return y, len(topological_order(y))


@pytest.mark.parametrize("build", [layered, with_constants])
def test_a_node_takes_at_most_160_bytes_with_its_numbers(build):
    assert bytes_per_node(build) <= 160


def test_a_node_itself_has_no_more_than_its_slots():
    pointers = 8  # header, weak reference list, seven slots, and room for the collector
    assert sys.getsizeof(Value(1.0)) <= 16 * pointers


LENGTH = 100_000


def test_a_deep_chain_builds_goes_back_copies_and_is_freed_without_recursion(
    shallow, without_collector
):
    before = living()
    x = Value(1e-6)
    y = x
    for _ in range(LENGTH // 2):
        y = (y + x).relu()
    y.backward()
    assert x.grad == LENGTH // 2 + 1
    assert leaves(y) == [x]
    assert gradient(y, x) == LENGTH // 2 + 1

    again = pickle.loads(pickle.dumps(y))
    assert len(topological_order(again)) == LENGTH + 1
    del again
    other = copy.deepcopy(y)
    assert len(topological_order(other)) == LENGTH + 1
    other.zero_grad()
    assert len(repr(other)) < 80
    del other, x, y

    assert living() == before
    assert gc.collect() == 0


def test_a_deep_gradient_graph_is_made_and_freed_without_recursion(shallow, without_collector):
    before = living()
    x = Value(1.0)
    y = x
    for _ in range(20_000):
        y = y.sin()
    slope = gradient(y, x, create_graph=True)
    slope.backward()
    del x, y, slope

    assert living() == before


def test_a_deep_function_is_differentiated_without_recursion(shallow):
    def deep(x):
        for _ in range(5000):
            x = x * 1.0
        return x * x

    assert grad(deep)(3.0) == 6.0
    assert tinygrad_bp.jvp(deep, (3.0,), (1.0,)) == (9.0, 6.0)


def test_a_wide_sum_is_one_node():
    xs = values([1.0] * 10_000)
    y = tinygrad_bp.sum(xs)
    y.backward()

    assert len(topological_order(y)) == 10_001
    assert {x.grad for x in xs} == {1.0}
