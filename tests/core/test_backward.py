"""What backward means: recomputed inside, accumulated at the leaves."""

import math
import sys
import threading

import pytest

import tinygrad_bp
from tinygrad_bp import Value, constant, exp, log, no_grad, topological_order, where
from tinygrad_bp.core import value
from tinygrad_bp.graph.sweep import tangents


def test_a_leaf_reached_twice_by_one_operation_counts_twice():
    x = Value(3.0)
    y = x * x
    y.backward()

    assert y.parents == (x, x)
    assert x.grad == 6.0


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_an_operand_that_is_zero_is_an_operand_still(zero):
    # The truth of a Value is that of its number: `if node.parent` would be a trap.
    x, y = Value(zero), Value(zero)
    inner = (x * 3.0) + y
    output = inner.sin() * 2.0
    output.backward()
    output.backward()

    assert (x.grad, y.grad) == (12.0, 4.0)
    assert (x + y).is_leaf is False
    assert [node.grad for node in (inner, output)] == [2.0, 1.0]


def test_backward_twice_accumulates_at_leaves_and_recomputes_inside():
    x = Value(3.0)
    inner = x * x
    y = inner * 2.0
    y.backward()
    y.backward()

    assert (y.grad, inner.grad) == (1.0, 2.0)
    assert x.grad == 24.0


def test_two_outputs_that_share_a_subgraph_add_up_exactly():
    x = Value(3.0)
    shared = x * x
    first, second = shared * 5.0, shared + x
    first.backward()
    second.backward()

    assert x.grad == 5.0 * 6.0 + 7.0
    assert shared.grad == 1.0  # of the second call alone


def test_many_paths_to_a_node_are_added_before_it_passes_them_on():
    x = Value(1.0)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()

    assert x.grad == 2.0**60


def test_a_leaf_that_the_output_does_not_reach_keeps_gradient_zero():
    x, unreached = Value(3.0), Value(4.0)
    unreached * x  # made, and no part of y
    (x * x).backward()

    assert unreached.grad == 0.0


def test_what_only_the_untaken_branch_reaches_gets_zero_even_inside():
    x, other = Value(0.0), Value(2.0)
    untaken = log(x) * other  # its derivative at 0 is infinite
    y = where(x, untaken, x * 5.0)
    untaken.grad = 7.0
    y.backward()

    assert (x.grad, other.grad, untaken.grad) == (5.0, 0.0, 0.0)


def test_an_untaken_branch_with_nan_does_not_poison_the_gradient():
    x = Value(-1.0)
    y = where(x > 0.0, log(x), exp(x))
    y.backward()

    assert y.data == x.grad == math.exp(-1.0)


@pytest.mark.parametrize("c", [1.0, 0.0])
def test_derivatives_of_higher_order_follow_the_branch_taken(c):
    # As graph the branch is a `where` again, so that a replay may take the other one.
    condition, x, other = Value(c), Value(2.0), Value(-3.0)
    y = where(condition, x**3, other * x) * x
    slope, by_other = tinygrad_bp.gradient(y, (x, other), create_graph=True)

    assert (slope.data, by_other.data) == ((32.0, 0.0) if c else (-12.0, 4.0))
    assert tinygrad_bp.gradient(slope, [x, other]) == ([48.0, 0.0] if c else [-6.0, 4.0])
    assert tinygrad_bp.gradient(slope, condition) == 0.0
    assert {math.copysign(1.0, g.data) for g in (slope, by_other) if not g.data} <= {1.0}


def test_as_graph_an_untaken_branch_never_makes_zero_times_infinity():
    condition, x = Value(0.0), Value(0.0)
    y = where(condition, log(x) * x.sqrt(), x * 5.0)
    slope = tinygrad_bp.gradient(y, x, create_graph=True)

    assert slope.data == 5.0
    assert tinygrad_bp.gradient(slope, x) == 0.0


def test_as_graph_a_taken_branch_within_an_untaken_one_is_not_taken():
    outer, inner, x = Value(0.0), Value(1.0), Value(0.0)
    y = where(outer, where(inner, x.sqrt(), x), x * 5.0)

    assert tinygrad_bp.gradient(y, x, create_graph=True).data == 5.0


def test_as_graph_what_both_branches_reach_is_added_once_for_each():
    condition, x = Value(1.0), Value(3.0)
    shared = x * x
    inner = where(condition, shared, -shared)
    y = where(condition, inner, shared) + shared
    slope = tinygrad_bp.gradient(y, x, create_graph=True)

    assert slope.data == 12.0
    assert tinygrad_bp.gradient(slope, x) == 4.0


@pytest.mark.parametrize("c", [1.0, 0.0])
def test_a_tangent_follows_the_branch_taken(c):
    def branch(x, condition):
        return where(condition, x * x, x * 5.0)

    found = tinygrad_bp.jvp(branch, (Value(3.0), Value(c)), (1.0, 0.0))[1]

    assert found.data == (6.0 if c else 5.0)


def test_the_seed_scales_every_gradient():
    x = Value(3.0)
    y = x * x
    y.backward(seed=-0.5)

    assert (y.grad, x.grad) == (-0.5, -3.0)


def test_a_seed_is_a_number():
    with pytest.raises(TypeError, match="expected a number, got str"):
        (Value(1.0) * 2.0).backward("1")


def test_backward_of_a_leaf_is_its_seed_and_accumulates():
    x = Value(3.0)
    x.backward()
    x.backward(2.0)

    assert x.grad == 3.0


def test_backward_of_a_constant_is_refused():
    with no_grad():
        y = Value(3.0) * 2.0

    for nothing_behind in (constant(1.0), constant(1.0) + 2.0, y):
        with pytest.raises(ValueError, match="is a constant: it was made from numbers only"):
            nothing_behind.backward()


def test_constants_get_no_gradient():
    x = Value(3.0)
    c = constant(2.0)
    (c * x + c).backward()

    assert (x.grad, c.grad) == (2.0, 0.0)
    assert [node.grad for node in topological_order(3.0 * x) if node.is_constant] == [0.0]


def test_an_operation_on_constants_alone_is_a_constant_without_a_graph():
    one, two, many = (
        exp(constant(0.0)),
        constant(1.0) + constant(2.0),
        tinygrad_bp.sum([constant(1.0), constant(2.0), 3.0]),
    )

    assert [(v.data, v.parents, v.is_constant) for v in (one, two, many)] == [
        (1.0, (), True), (3.0, (), True), (6.0, (), True),
    ]  # fmt: skip


def test_zero_grad_clears_the_whole_graph():
    x = Value(3.0)
    y = x * x * 2.0
    y.backward()
    y.zero_grad()

    assert {node.grad for node in topological_order(y)} == {0.0}


def test_zero_grad_leaves_other_graphs_alone():
    x, other = Value(3.0), Value(4.0)
    (x * other).backward()
    (x * 2.0).zero_grad()

    assert (x.grad, other.grad) == (0.0, 3.0)


@pytest.mark.parametrize("exponent", [0, 0.0, 1, 2, 3, -1, 0.5])
def test_a_constant_exponent_never_builds_a_log(exponent):
    x = Value(2.0)
    slope = tinygrad_bp.gradient(x**exponent, x, create_graph=True)
    second = tinygrad_bp.gradient(slope, x, create_graph=True)

    operations = {node.op.name for node in topological_order(x**exponent, slope, second) if node.op}
    assert operations <= {"constant", "pow_constant", "multiply"}
    assert slope.data == exponent * 2.0 ** (exponent - 1)
    assert second.data == exponent * (exponent - 1) * 2.0 ** (exponent - 2)


def test_a_variable_exponent_does_build_a_log():
    x, n = Value(2.0), Value(3.0)
    slope = tinygrad_bp.gradient(x**n, n, create_graph=True)

    assert "power_log" in {node.op.name for node in topological_order(slope) if node.op}
    assert (x**n).op.name == "pow"


def test_subtraction_division_and_negation_are_operations_of_their_own():
    a, b = Value(3.0), Value(4.0)

    assert topological_order(a - b)[:-1] == [a, b]
    assert topological_order(a / b)[:-1] == [a, b]
    assert topological_order(-a)[:-1] == [a]
    assert [(a - b).op.name, (a / b).op.name, (-a).op.name] == ["subtract", "divide", "negative"]


def test_assigned_data_moves_the_leaf_and_not_what_was_made_from_it():
    x = Value(3.0)
    y = x * x
    x.data = 5
    y.backward()

    assert (x.data, y.data) == (5.0, 9.0)
    assert x.grad == 10.0  # the partials are taken at the numbers of now


class Interruption(BaseException):
    pass


def interrupted_at(step, function):
    """Run the function, raising at the step-th line that it or what it calls executes."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if event == "line":
            count += 1
            if count == step:
                raise Interruption
        return trace

    outer = sys.gettrace()  # coverage's, or a debugger's
    sys.settrace(trace)
    try:
        function()
    except Interruption:
        return True
    finally:
        sys.settrace(outer)
        # A tracer can raise where no signal can: between the body of a `with` and its exit.
        while value._storing.held._is_owned():
            value._storing.held.release()
    return False


def test_an_interrupted_backward_changes_all_gradients_or_none():
    x, w = Value(3.0), Value(2.0)
    y = (x * w + 1.0) * x
    nodes = topological_order(y)
    y.backward()
    before = [node.grad for node in nodes]
    y.backward()
    after = [node.grad for node in nodes]

    step, seen = 0, set()
    interrupted = True
    while interrupted:
        step += 1
        for node, grad in zip(nodes, before, strict=True):
            node.grad = grad
        interrupted = interrupted_at(step, y.backward)
        seen.add(tuple(node.grad for node in nodes))

    assert seen == {tuple(before), tuple(after)}
    assert step > 50


def test_an_interruption_while_gradients_are_stored_waits_until_all_are(monkeypatch):
    store, times = value._store, []

    def interrupted_once(nodes, grads):
        store(nodes[:2], grads[:2])
        times.append(1)
        if len(times) == 1:
            raise Interruption
        store(nodes, grads)

    monkeypatch.setattr(value, "_store", interrupted_once)
    x = Value(3.0)
    y = x * x * 2.0
    with pytest.raises(Interruption):
        y.backward()

    assert (y.grad, x.grad) == (1.0, 12.0)


def test_threads_go_back_through_graphs_of_their_own_over_shared_leaves():
    # Leaves accumulate with `+=`, which is not atomic: so each thread has outputs of its own
    # that share leaves only through `gradient`, which stores nothing.
    w = Value(1.5)
    wrong = []

    def work(factor):
        for i in range(200):
            x = Value(float(i))
            y = x * w * factor
            if tinygrad_bp.gradient(y, [x, w]) != [1.5 * factor, i * factor]:
                wrong.append(i)
            y = x * factor
            y.backward()
            if x.grad != factor:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(factor,)) for factor in (2.0, 3.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert w.grad == 0.0


@pytest.mark.parametrize("wrong", [None, "0.0"])
def test_a_grad_that_is_no_number_is_named_and_nothing_is_stored(wrong):
    w, x = Value(2.0), Value(3.0, label="x")
    y = w * x
    x.grad = wrong

    with pytest.raises(TypeError, match=r"the grad of Value\(data=3\.0, .* 0\.0 clears it"):
        y.backward()
    assert (w.grad, y.grad, x.grad) == (0.0, 0.0, wrong)


def test_a_pole_does_not_keep_the_gradient_from_what_comes_after_it():
    w, x = Value(2.0), Value(0.0)
    (w * 3.0 + 1.0 / x).backward()

    assert [w.grad, x.grad] == [3.0, -math.inf]


def test_a_constant_of_two_uses_gets_nothing_in_strict_mode_either():
    x, y, c = Value(2.0), Value(3.0), constant(5.0)
    with tinygrad_bp.strict():
        (x * c + y * c).backward()

    assert [x.grad, y.grad, c.grad] == [5.0, 5.0, 0.0]


def test_a_tangent_that_is_given_is_not_computed():
    x = Value(2.0)
    h = x * x
    y = h * 3.0

    found = tangents(topological_order(y), {x: 1.0, h: 5.0})

    assert (found[h], found[y]) == (5.0, 15.0)


def test_tangents_are_floats_unless_a_graph_is_asked_for():
    x = Value(2.0)
    y = x * x
    order = topological_order(y)

    assert type(tangents(order, {x: 1.0})[y]) is float
    assert type(tangents(order, {x: 1.0}, as_graph=True)[y]) is Value


def test_a_branch_not_taken_changes_no_bit_of_a_derivative_as_graph():
    condition, x = Value(0.0), Value(3.0)
    y = where(condition, x.exp(), 2.0) + x * -0.0

    as_number, as_graph = (
        tinygrad_bp.gradient(y, x, create_graph=graph) for graph in (False, True)
    )

    assert [str(as_number), str(as_graph.data)] == ["-0.0", "-0.0"]
