"""Interpreted tape, generated source and machine code give the bits of eager evaluation."""

import _thread
import itertools
import math
import random
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_bp as tg
from tinygrad_bp import Value, gradient, record, values
from tinygrad_bp.basics import structure
from tinygrad_bp.basics.same import same_bits
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.core import registry
from tinygrad_bp.graph.guard import COMPARISONS, BranchError, Guard
from tinygrad_bp.rows.operand import Operand
from tinygrad_bp.rows.primitive import BY_NAME
from tinygrad_bp.tape.library import SPECIAL
from tinygrad_bp.tape.machine import program as program_module
from tinygrad_bp.tape.machine.interpreter import code_of, reader_text
from tinygrad_bp.tape.routes import reading, routes
from tinygrad_bp.tape.routes.boundary import OtherBranch
from tinygrad_bp.tape.routes.reading import ReaderRoute
from tinygrad_bp.tape.routes.routes import MachineRoute, SourceRoute, route_for
from tinygrad_bp.tape.tape import Instruction

NUMBERS = (*SPECIAL, 0.5, -0.3, 2.0, 3.7, -1000.0, 1000.0, 40.0, -40.0, 710.0, -745.0, 1e16)


def by_machine(tape, columns, lanes, monkeypatch, route=MachineRoute):
    """The outputs of a batch, so many examples at a time."""
    monkeypatch.setattr(routes, "LANES", lanes)
    monkeypatch.setattr(reading, "LANES", lanes)
    rows = columns.shape[1]
    results = np.full((len(structure.numbers(tape.outputs)), rows), 17.0)
    route(tape).rows(columns, results, 0)
    return results.T.tolist()


def assert_same(found, expected):
    assert len(found) == len(expected)
    for row, (one, other) in enumerate(zip(found, expected, strict=True)):
        assert all(map(same_bits, one, other)), (row, one, other)


def points(row):
    count = row.arity or 4
    if row.name == "sigmoid_slope":  # whose first operand is the sigmoid of its second
        return [(ROWS["sigmoid"].value(x), x) for x in NUMBERS]
    if count < 3:
        return list(itertools.product(NUMBERS, repeat=count))
    rng = random.Random(count)
    return [tuple(rng.choice(NUMBERS) for _ in range(count)) for _ in range(300)]


@pytest.mark.parametrize("name", ROWS)
def test_every_row_at_special_values(name, monkeypatch):
    row = ROWS[name]
    if name == "pow_constant":  # its exponent is a constant of the tape
        functions = [(lambda x, n=n: [row(x, tg.constant(n))]) for n in NUMBERS]
        cases = [(function, [(x,) for x in NUMBERS]) for function in functions]
    else:
        cases = [(lambda *xs: [row(*xs)], points(row))]
    for function, places in cases:
        tape = record(function, *places[0])
        source = SourceRoute(tape)
        expected = [[function(*map(Value, place))[0].data] for place in places]
        columns = np.ascontiguousarray(np.array(places).T)

        assert_same([tape(*place) for place in places], expected)
        assert_same([source(place) for place in places], expected)
        for lanes in (1, 4, 8):
            assert_same(by_machine(tape, columns, lanes, monkeypatch), expected)
            assert_same(by_machine(tape, columns, lanes, monkeypatch, ReaderRoute), expected)


@settings(max_examples=40)
@given(expressions(max_steps=12), st.integers(0, 2), st.data())
def test_random_programs_and_their_derivatives(program, order, data):
    function = derivatives(program, order)
    count = len(program.inputs)
    number = st.floats() | st.sampled_from(NUMBERS)
    others = data.draw(st.lists(st.tuples(*[number] * count), min_size=8, max_size=8))
    places = [program.inputs, *others]
    tape = record(function, *program.inputs)
    source, columns = SourceRoute(tape), np.ascontiguousarray(np.array(places).T)
    expected = [[float(v.data) for v in function(*map(Value, place))] for place in places]

    assert_same([tape(*place) for place in places], expected)
    assert_same([source(place) for place in places], expected)
    with pytest.MonkeyPatch.context() as patch:
        for lanes in (1, 4, 8):
            assert_same(by_machine(tape, columns, lanes, patch), expected)
            assert_same(by_machine(tape, columns, lanes, patch, ReaderRoute), expected)


@settings(max_examples=15)
@given(expressions(max_steps=20), st.integers(1, 5))
def test_programs_cut_into_pieces(program, size):
    function = derivatives(program, 1)
    expected = [float(v.data) for v in function(*map(Value, program.inputs))]
    tape = record(function, *program.inputs)
    columns = np.repeat(np.array(program.inputs)[:, None], 11, axis=1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program_module, "CHUNK", size)
        for lanes in (1, 4, 8):
            assert_same(by_machine(tape, columns, lanes, patch), [expected] * 11)


def derivatives(program, order):
    """All nodes of a program or, by order, derivatives of the last by the inputs."""

    def function(*inputs):
        node = program.run(inputs)[-1]
        found = [node]
        for _ in range(order):
            found = gradient(node, list(inputs), create_graph=True)
            node = tg.sum(found)
        return [tg.Value.apply(ROWS["add"], one, 0.0) for one in found]

    return function


def test_operations_on_many_operands_count_for_many(monkeypatch):
    monkeypatch.setattr(program_module, "CHUNK", 10)
    tape = record(lambda x: [tg.sum(x) * 2.0, tg.dot(x, x), x[0] + x[1]], [1.0] * 9)
    pieces = program_module.MachineProgram(tape).chunks

    assert [len(piece) for piece in pieces] == [2, 1, 1]
    assert MachineRoute(tape)([1.0] * 9) == [18.0, 9.0, 2.0]


def test_guards_between_pieces(monkeypatch):
    monkeypatch.setattr(program_module, "CHUNK", 2)

    def branching(x):
        y = x * x + 1.0
        z = tg.exp(y) - y
        return z - x if y < 10.0 else z

    tape = record(branching, 1.0)
    route = MachineRoute(tape)

    assert route([2.0]) == tape(2.0)
    with pytest.raises(OtherBranch):
        route([4.0])


# Rows of one's own ----------------------------------------------------------------------


@pytest.fixture
def own_row():
    made = set()

    def make(name, value):
        made.add(name)
        return tg.register(name, f"{name}({{}})", value, lambda _, x: (2.0 * x,), replace=True)

    yield make
    for name in made:
        del BY_NAME[name]
        delattr(Operand, name)
        registry._own.discard(name)


@pytest.mark.parametrize("route", [MachineRoute, ReaderRoute, SourceRoute])
def test_a_row_of_ones_own(own_row, route):
    square = own_row("square_of_my_own", lambda x: x * x)
    tape = record(tg.value_and_grad(lambda x: square(x) + tg.sin(x)), 3.0)

    assert route(tape)([2.0]) == tape(2.0) == (4.0 + math.sin(2.0), 4.0 + math.cos(2.0))


@pytest.mark.parametrize("route", [MachineRoute, ReaderRoute, SourceRoute])
def test_a_row_that_was_replaced_stays_what_it_was_on_a_tape(own_row, route):
    old = own_row("twice_of_my_own", lambda x: 2.0 * x)
    tape = record(lambda x: old(x), 3.0)
    own_row("twice_of_my_own", lambda x: 3.0 * x)

    assert tape(1.0) == 2.0
    assert route(tape)([1.0]) == 2.0


@pytest.mark.parametrize("route", [MachineRoute, ReaderRoute, SourceRoute])
def test_an_error_in_a_row_of_ones_own_is_raised(own_row, route):
    odd = own_row("log_of_my_own", math.log)
    called = route(record(lambda x: odd(x), 3.0))

    for _ in range(2):
        with pytest.raises(ValueError, match="math domain error"):
            called([-1.0])
        assert called([1.0]) == 0.0
    with pytest.raises(ValueError, match="math domain error"):
        called.rows(np.array([[1.0, -1.0]]), np.empty((1, 2)), 0)


# The boundary ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [MachineRoute, ReaderRoute])
@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 4), dtype=np.float32),
        np.zeros((1, 8))[:, ::2],
        np.zeros((1, 4), dtype=">f8"),
        np.frombuffer(bytes(33), dtype=np.uint8)[1:].view(np.float64).reshape(1, 4),
    ],
    ids=["dtype", "contiguous", "byte order", "aligned"],
)
def test_memory_that_is_not_plain_doubles_is_refused(kind, wrong):
    route = kind(record(lambda x: x, 1.0))

    with pytest.raises(ValueError, match="contiguous float64"):
        route.rows(wrong, np.empty((1, 4)), 0)
    with pytest.raises(ValueError, match="contiguous float64"):
        route.rows(np.empty((1, 4)), wrong, 0)


@pytest.mark.parametrize("kind", [MachineRoute, ReaderRoute])
@pytest.mark.parametrize(
    ("inputs", "results"), [((2, 4), (1, 4)), ((1, 4), (2, 4)), ((1, 4), (1, 3))]
)
def test_sizes_that_do_not_fit_are_refused(kind, inputs, results):
    route = kind(record(lambda x: x, 1.0))

    with pytest.raises(ValueError, match="expected"):
        route.rows(np.zeros(inputs), np.zeros(results), 0)


@pytest.mark.parametrize("kind", [MachineRoute, ReaderRoute])
@pytest.mark.parametrize("start", [-1, 5])
def test_rows_outside_of_the_batch_are_refused(kind, start):
    route = kind(record(lambda x: x, 1.0))

    with pytest.raises(ValueError, match="expected"):
        route.rows(np.zeros((1, 4)), np.zeros((1, 4)), start)


@pytest.mark.parametrize("kind", [MachineRoute, ReaderRoute])
def test_results_that_are_the_inputs_are_refused(kind):
    route = kind(record(lambda x, y: (y, x), 1.0, 2.0))
    both = np.zeros((2, 4))

    with pytest.raises(ValueError, match="share memory"):
        route.rows(both, both, 0)


@pytest.mark.parametrize("kind", [MachineRoute, ReaderRoute])
def test_too_many_or_too_few_numbers_are_refused(kind):
    route = kind(record(lambda x, y: x + y, 1.0, 2.0))

    for wrong in ([1.0], [1.0, 2.0, 3.0]):
        with pytest.raises(ValueError, match="2 numbers"):
            route(wrong)


def test_functions_without_inputs_or_outputs():
    assert MachineRoute(record(lambda: 1.0))([]) == 1.0
    assert MachineRoute(record(lambda _: [], 1.0))([2.0]) == []
    assert ReaderRoute(record(lambda: 1.0))([]) == 1.0
    assert ReaderRoute(record(lambda _: [], 1.0))([2.0]) == []
    assert SourceRoute(record(lambda: 1.0))([]) == 1.0


@pytest.mark.parametrize("kind", [MachineRoute, ReaderRoute])
def test_threads_do_not_meet(kind):
    tape = record(lambda x: tg.sum([tg.sin(x * k) for k in range(50)]), 1.0)
    route = kind(tape)
    expected = {x: tape(x) for x in map(float, range(20))}
    wrong = []

    def work():
        wrong.extend(x for _ in range(100) for x in expected if route([x]) != expected[x])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


# Long programs --------------------------------------------------------------------------


def chain(a, b, length):
    for _ in range(length):
        a, b = b * 0.5 + a, a
    return a


def test_a_long_program_is_read():
    xs = values([0.5, 0.25])
    tape = record(lambda a, b: chain(a, b, 2600), 0.5, 0.25)

    assert len(tape) > routes.LONG
    assert isinstance(route_for(tape), ReaderRoute)
    assert route_for(tape)([0.5, 0.25]) == chain(*xs, 2600).data
    assert MachineRoute(tape)([0.5, 0.25]) == chain(*xs, 2600).data  # as it can be as well
    assert isinstance(route_for(record(lambda a, b: chain(a, b, 10), 0.5, 0.25)), MachineRoute)


def test_a_reader_is_as_long_as_there_are_kinds_of_operations():
    tapes = [record(lambda a, b, n=n: chain(a, b, n), 0.5, 0.25) for n in (10, 1000)]
    short, long = (reader_text(code_of(tape).kinds, 8) for tape in tapes)

    assert short == long


@pytest.mark.parametrize("count", [1, 2, 4, 5, 6, 30])
def test_sums_and_products_of_any_number_of_operands(count):
    def function(xs):
        return [tg.sum(xs), tg.prod(xs), tg.dot(xs, xs[::-1]), tg.sum(xs[:1] * 5)]

    xs = np.random.default_rng(count).normal(size=count).tolist()
    tape = record(function, xs)

    assert ReaderRoute(tape)(xs) == tape(xs)


@pytest.mark.parametrize("symbol", ["<", "<=", ">", ">=", "!="])
@pytest.mark.parametrize("other", [0.0, 1.0, 2.0, math.nan])
def test_a_reader_asks_what_was_asked(symbol, other):
    def branching(x):
        is_so = bool(x) if symbol == "!=" else COMPARISONS[symbol](x, 1.0)
        return x * 2.0 if is_so else -x

    for first in (0.0, 1.0, 2.0):
        tape = record(branching, first)
        route, results = ReaderRoute(tape), np.empty((1, 1))
        try:
            expected = tape(other)
        except BranchError:
            with pytest.raises(OtherBranch):
                route([other])
            with pytest.raises(OtherBranch):
                route.rows(np.array([[other]]), results, 0)
        else:
            assert same_bits(route([other]), expected)
            route.rows(np.array([[other]]), results, 0)
            assert same_bits(float(results[0, 0]), expected)


def test_a_batch_says_which_rows_branch_otherwise():
    route = ReaderRoute(record(lambda x: x if x > 0.0 else -x, 1.0))
    columns, results = np.ones((1, 19)), np.zeros((1, 19))
    columns[0, 17] = -1.0
    with pytest.raises(OtherBranch) as found:
        route.rows(columns, results, 0)

    assert (found.value.row, found.value.stop) == (17, 18)
    assert results[0, :17].tolist() == [1.0] * 17
    columns[0, 9] = -1.0
    with pytest.raises(OtherBranch) as found:
        route.rows(columns, results, 3)
    assert (found.value.row, found.value.stop) == (3, 11)


def test_captured_values_are_read_as_they_are_now():
    w = Value(2.0)
    route = ReaderRoute(record(lambda x: w * x + 1.0, 3.0))

    assert route([3.0]) == 7.0
    w.data = 10.0
    assert route([3.0]) == 31.0


@pytest.mark.parametrize(
    "change",
    [
        {"instructions": (Instruction(tg.multiply, (0, 5)),)},
        {"instructions": (Instruction(tg.multiply, (0, 1)),)},
        {"instructions": (Instruction(tg.multiply, (0, -1)),)},
        {"outputs": 2},
        {"outputs": -1},
        {"guards": (Guard("<", 0, 7, True, ""),)},
        {"guards": (Guard("<", -3, 0, True, ""),)},
    ],
)
def test_a_tape_that_reads_what_is_not_there_is_refused(change):
    tape = record(lambda x: x * x, 1.0)

    assert ReaderRoute(tape)([3.0]) == 9.0
    with pytest.raises(ValueError, match="reads a slot before anything is in it"):
        ReaderRoute(replace(tape, **change))


def test_a_batch_of_a_short_program_is_done_in_stretches(monkeypatch):
    # Between them Python looks up, and Ctrl-C is heard.
    monkeypatch.setattr(routes, "STRETCH", 20)
    tape = record(lambda x: x * x + 1.0 if x < 100.0 else x, 1.0)
    route, columns = MachineRoute(tape), np.arange(70.0)[None]
    results = np.zeros((1, 70))
    route.rows(columns, results, 3)

    assert results[0].tolist() == [0.0] * 3 + [tape(x) for x in map(float, range(3, 70))]
    columns[0, 40] = 1000.0
    with pytest.raises(OtherBranch) as found:
        route.rows(columns, results, 0)
    assert found.value.row <= 40 < found.value.stop


def test_without_llvmlite_the_source_is_the_route(monkeypatch):
    tape = record(lambda x: x * x, 1.0)

    assert isinstance(route_for(tape), MachineRoute)
    monkeypatch.setitem(__import__("sys").modules, "llvmlite", None)
    monkeypatch.setitem(__import__("sys").modules, "llvmlite.binding", None)
    routes_engine = __import__("tinygrad_bp.tape.machine.engine", fromlist=["backend"])
    routes_engine.backend.cache_clear()
    try:
        assert isinstance(route_for(tape), SourceRoute)
        with pytest.raises(ModuleNotFoundError, match=r"pip install 'tinygrad_bp\[jit\]'"):
            MachineRoute(tape)
    finally:
        routes_engine.backend.cache_clear()


@pytest.mark.parametrize("kind", [MachineRoute, ReaderRoute])
def test_a_batch_can_be_interrupted(kind, monkeypatch):
    monkeypatch.setattr(routes, "STRETCH", 10**6)
    tape = record(lambda a, b: chain(a, b, 500), 0.5, 0.25)
    route, columns = kind(tape), np.full((2, 400_000), 0.25)
    results = np.zeros((1, 400_000))
    route.rows(columns[:, :8].copy(), results[:, :8].copy(), 0)  # so that all is compiled
    timer = threading.Timer(0.01, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        route.rows(columns, results, 0)
    timer.join()
    done = np.count_nonzero(results)

    assert done < 400_000
    assert route([0.5, 0.25]) == tape(0.5, 0.25)
