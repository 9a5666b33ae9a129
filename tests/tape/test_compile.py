"""`compile`: the same numbers as the function itself, by machine code or by Python."""

import math
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_bp as tg
from tinygrad_bp import (
    NonFiniteError,
    Value,
    grad,
    hessian,
    jacobian,
    no_grad,
    record,
    strict,
    value_and_grad,
)
from tinygrad_bp.basics import structure
from tinygrad_bp.basics.same import same_bits
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.graph.modes import RecordingError
from tinygrad_bp.tape.machine import engine
from tinygrad_bp.tape.routes import routes


@pytest.fixture(params=["machine", "reader", "source"], autouse=True)
def route(request, monkeypatch):
    """Each test on all routes: as for short and for long tapes, and as if without llvmlite."""
    if request.param == "reader":
        monkeypatch.setattr(routes, "LONG", 0)
    if request.param == "source":
        monkeypatch.setitem(sys.modules, "llvmlite", None)
        monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    engine.backend.cache_clear()
    yield request.param
    engine.backend.cache_clear()


def loss(w, x, t):
    return (tg.tanh(w * x) - t) ** 2


def test_it_is_the_function(route):
    compiled = tg.compile(loss)
    kinds = {
        "machine": routes.MachineRoute,
        "reader": routes.ReaderRoute,
        "source": routes.SourceRoute,
    }

    assert compiled(0.5, 2.0, 1.0) == loss(Value(0.5), 2.0, 1.0).data
    [branches] = compiled._routes.values()
    assert [type(one) for one in branches._routes] == [kinds[route]]


def test_it_looks_like_the_function():
    compiled = tg.compile(loss)

    assert compiled.__name__ == "loss"
    assert compiled.__wrapped__ is loss
    assert repr(compiled).startswith("<compiled <function loss")


def test_only_functions_are_compiled():
    with pytest.raises(TypeError, match=r"expected a function to compile, got 3\.0"):
        tg.compile(3.0)


def test_it_decorates():
    @tg.compile
    def square(x):
        return x * x

    assert square(3) == 9.0
    assert square(3.0) == 9.0
    assert square(True) == 1.0
    assert square(np.float64(2.0)) == 4.0
    assert square(np.array(2.0)) == 4.0


def test_derivatives_and_compilation_in_either_order():
    expected = grad(loss)(0.5, 2.0, 1.0)
    compiled = tg.compile(loss)

    assert tg.compile(grad(loss))(0.5, 2.0, 1.0) == expected
    assert grad(compiled)(0.5, 2.0, 1.0) == expected
    assert tg.compile(grad(compiled))(0.5, 2.0, 1.0) == expected
    assert tg.compile(tg.compile(grad(loss)))(0.5, 2.0, 1.0) == expected
    for second in (hessian(compiled), tg.compile(hessian(loss)), grad(tg.compile(grad(compiled)))):
        assert second(0.5, 2.0, 1.0) == hessian(loss)(0.5, 2.0, 1.0)


def test_jacobians_both_ways():
    def both(x):
        return np.array([x[0] * x[1], x[0] + x[1], tg.sin(x[0])])

    for function in (jacobian(both), jacobian(lambda x: both(x)[:1])):
        x = np.array([2.0, 3.0])
        assert tg.compile(function)(x).tolist() == function(x).tolist()


def test_values_give_graph():
    w = Value(0.5)
    tg.compile(loss)(w, 2.0, 1.0).backward()

    assert w.grad == grad(loss)(0.5, 2.0, 1.0)
    assert isinstance(tg.compile(lambda x: x[0])(np.array([w], dtype=object)), Value)


def test_each_structure_is_recorded_once():
    calls = []

    @tg.compile
    def total(x):
        calls.append(structure.outline(x))
        return structure.mapped(lambda number: number * 2.0, x)

    for _ in range(3):
        for argument in ([1.0, 2.0], (1.0, 2.0), np.ones(2), np.ones((2, 1)), {"a": 1.0}, 1.0):
            assert str(total(argument)) == str(
                structure.mapped(lambda number: float(number) * 2.0, argument)
            )

    assert len(calls) == 6


def test_arrays_of_any_kind_of_number():
    @tg.compile
    def total(x):
        return tg.sum(x)

    for kind in (float, int, bool, np.float32, np.int8, object, ">f8"):
        assert total(np.ones((3, 4)).astype(kind)[::2, 1:]) == 6.0
    assert total(np.zeros(0)) == 0.0


@pytest.mark.parametrize("wrong", ["2", None, 1j, object(), np.array([1j]), np.array(["a"])])
def test_what_is_no_number_is_refused(wrong):
    with pytest.raises(TypeError, match="expected a number"):
        tg.compile(lambda x: x)(wrong)


def test_numbers_too_large_are_refused():
    identity = tg.compile(lambda x: x)
    identity(3)

    for _ in range(2):
        with pytest.raises(OverflowError):
            identity(10**400)


def test_a_branch_not_seen_before_is_recorded():
    calls = []

    @tg.compile
    def size(x):
        calls.append(1)
        return -x if x < 0.0 else x

    for x in (1.0, -1.0, 2.0, -2.0, math.inf, -math.inf):
        assert size(x) == abs(x)
    assert len(calls) == 2
    assert math.isnan(size(math.nan))
    assert len(calls) == 2  # nan is not below 0 either


def test_captured_values_are_read_at_each_call():
    w = Value(2.0)
    scaled = tg.compile(lambda x: w * x)

    assert scaled(3.0) == 6.0
    w.data = 5.0
    assert scaled(3.0) == 15.0
    assert scaled.map(np.array([1.0, 2.0])).tolist() == [5.0, 10.0]


def test_a_model_is_compiled_like_a_function():
    class Model:
        def __init__(self):
            self.w = Value(2.0)
            self._routes = "its own"

        def __call__(self, x):
            return self.w * x

    model = Model()

    assert tg.compile(model)(3.0) == 6.0


def test_settings_are_part_of_the_function():
    @tg.compile
    def power(x, *, n=2, name="a"):
        return x ** (n if n is not True else 0.5)

    assert power(3.0) == 9.0
    assert power(3.0, n=3) == 27.0
    assert power(4.0, n=1) == 4.0
    assert power(4.0, n=True) == 2.0  # though True == 1
    assert power(3.0, name="b", n=3) == power(3.0, n=3, name="b")
    assert power.map(np.array([2.0, 3.0]), n=3).tolist() == [8.0, 27.0]
    with pytest.raises(TypeError, match="unhashable"):
        power(3.0, n=[3])


def test_inside_a_recording_it_is_the_function():
    w = Value(2.0)
    inner = tg.compile(lambda x: x * w)
    assert inner(1.0) == 2.0
    tape = record(lambda x: inner(2.0) * x, 1.0)
    w.data = 10.0

    assert tape(1.0) == 20.0


def test_under_strict_the_operation_is_named():
    inverse = tg.compile(lambda x: 1.0 / x)
    assert inverse(0.0) == math.inf

    with strict(), pytest.raises(NonFiniteError, match="divide"):
        inverse(0.0)
    with strict(), pytest.raises(NonFiniteError):
        tg.compile(lambda x, *, n: n / x)(0.0, n=1.0)
    with strict():
        assert inverse(2.0) == 0.5
        with pytest.raises(RuntimeError, match="outside of strict"):
            inverse.map(np.ones(2))
    with strict():
        assert tg.compile(lambda _: 1.0)(2.0) == 1.0


def test_under_no_grad_numbers_stay_numbers():
    square = tg.compile(lambda x: x * x)

    with no_grad():
        assert square(3.0) == 9.0 if square._routes else True


def test_what_cannot_be_recorded_is_an_error_each_time():
    reads = tg.compile(lambda x: x * x.data)

    for _ in range(2):
        with pytest.raises(RecordingError):
            reads(1.0)


# Batches --------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 3, 8, 9, 16, 30])
def test_a_batch_is_its_rows(rows):
    rng = np.random.default_rng(rows)
    w, x, t = rng.normal(size=(rows, 3)), rng.normal(size=rows), 0.25

    def function(w, x, t):
        return {"loss": loss(w[0], x, t), "both": w * x, "t": (t,)}

    compiled = tg.compile(function)
    found = compiled.map(w, x, t)

    for row in range(rows):
        expected = compiled(w[row], float(x[row]), t)
        assert found["loss"][row] == expected["loss"]
        assert found["both"][row].tolist() == expected["both"].tolist()
        assert found["t"][0][row] == t
    assert found["both"].shape == (rows, 3)
    assert found["both"].flags.c_contiguous


def test_one_row_serves_all():
    scaled = tg.compile(lambda w, x: w[0] * x[0] + w[1] * x[1])

    assert scaled.map(np.array([[1.0, 10.0]]), np.array([[1, 2], [3, 4]])).tolist() == [21.0, 43.0]


def test_a_batch_of_any_memory_layout_and_kind():
    total = tg.compile(lambda x: tg.sum(x))
    x = np.arange(60.0).reshape(10, 6)

    for batch in (x, np.asfortranarray(x), x[::-1], x[:, ::2], x.astype(int), x.astype(object)):
        assert total.map(batch).tolist() == batch.sum(axis=1).tolist()


def test_a_batch_that_is_none():
    total = tg.compile(lambda x, y: x + y)

    for wrong in (
        (1.0, 2.0),
        (np.ones(2), np.ones(3)),
        (np.ones(0), 1.0),
        (np.ones(0), np.ones(1)),
    ):
        with pytest.raises(ValueError, match="one row for each example"):
            total.map(*wrong)
    with pytest.raises(ValueError, match="got none: wrap a list in"):
        total.map([1.0, 2.0], [3.0, 4.0])
    with pytest.raises(TypeError, match="map takes numbers"):
        total.map(np.ones(2), Value(1.0))
    with pytest.raises(TypeError, match="expected a number"):
        total.map(np.ones(2), "2")


def test_a_batch_keeps_many_branches_apart():
    @tg.compile
    def steps(x):
        while x > 1.0:
            x = x / 2.0
        return x

    x = np.linspace(0.0, 40.0, 37)

    assert steps.map(x).tolist() == [steps(one) for one in x.tolist()]


# Threads, and anything at all -----------------------------------------------------------


def test_threads_may_share_it():
    compiled = tg.compile(value_and_grad(lambda x: x * x if x > 0.0 else -x))
    wrong = []

    def work(sign):
        for x in range(1, 50):
            expected = (x * x, 2.0 * x) if sign > 0 else (float(x), -1.0)
            wrong.extend([x] * (compiled(float(sign * x)) != expected))

    threads = [threading.Thread(target=work, args=(sign,)) for sign in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_two_threads_at_one_first_call(monkeypatch):
    # One records, the other waits and then finds what it needs.
    started, go = threading.Event(), threading.Event()
    calls = []

    def slow(x):
        calls.append(x)
        started.set()
        assert go.wait(10)
        return x * 2.0

    compiled, found = tg.compile(slow), []
    threads = [threading.Thread(target=lambda: found.append(compiled(3.0))) for _ in range(2)]
    threads[0].start()
    assert started.wait(10)
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join()

    assert found == [6.0, 6.0]


@settings(max_examples=15)
@given(expressions(max_steps=6), st.integers(1, 20))
def test_any_program_in_a_batch(program, rows):
    def function(*inputs):
        return program.run(inputs)[-1]

    compiled = tg.compile(value_and_grad(function, range(len(program.inputs))))
    rng = np.random.default_rng(rows)
    batch = [x * rng.normal(size=rows) for x in program.inputs]
    value, slopes = compiled.map(*batch)

    for row in range(rows):
        one, own = compiled(*[float(column[row]) for column in batch])
        assert same_bits(float(value[row]), one)
        assert all(same_bits(float(s[row]), o) for s, o in zip(slopes, own, strict=True))


arrays = st.builds(
    lambda shape, kind, order, flip: np.ones(shape).astype(kind, order=order)[:: -1 if flip else 1],
    st.lists(st.integers(0, 4), min_size=1, max_size=3),
    st.sampled_from([float, int, bool, np.float32, object, complex, str, "datetime64[s]", ">f8"]),
    st.sampled_from("CF"),
    st.booleans(),
)


@settings(max_examples=60)
@given(st.lists(arrays | st.floats() | st.integers() | st.none() | st.text(), max_size=3))
def test_any_arrays_are_answered_or_refused(arguments):
    compiled = tg.compile(lambda *xs: [structure.mapped(lambda n: n + 1.0, x) for x in xs])

    for call in (compiled, compiled.map):
        answer = answered(call, arguments)
        if isinstance(answer, Exception):
            assert any(words in str(answer) for words in ("expected", "too large", "float()"))
        else:
            assert len(answer) == len(arguments)


def answered(call, arguments):
    try:
        return call(*arguments)
    except (TypeError, ValueError, OverflowError) as error:
        return error
