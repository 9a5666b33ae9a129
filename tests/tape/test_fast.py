"""Fast arithmetic: within an ulp where it is a polynomial, and it says how far it strayed."""

import ctypes
import math

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

import tinygrad_bp as tg
from tinygrad_bp import nn, record
from tinygrad_bp.basics import structure
from tinygrad_bp.basics.same import same_bits
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.rows import ieee
from tinygrad_bp.tape.library import SPECIAL
from tinygrad_bp.tape.machine import fast
from tinygrad_bp.tape.machine.engine import Machine
from tinygrad_bp.tape.machine.program import ended
from tinygrad_bp.tape.routes import routes
from tinygrad_bp.tape.routes.boundary import OtherBranch
from tinygrad_bp.tape.routes.routes import MachineRoute
from tinygrad_bp.tape.routes.strayed import Strayed, ulps_between

pytestmark = pytest.mark.skipif(not fast.can_fuse(), reason="the processor cannot fuse")

TRUTHS = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "tanh": mpmath.tanh,
}
RANGES = {"exp": (-745.2, 709.78), "sigmoid": (-745.2, 40.0), "tanh": (-22.0, 22.0)}

LOOP = """
define void @run(ptr %in, ptr %out, i64 %count) {{
entry:
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %from = getelementptr double, ptr %in, i64 %i
  %x = load {kind}, ptr %from, align 8
  %y = call {kind} @fast.{name}.{lanes}({kind} %x)
  %to = getelementptr double, ptr %out, i64 %i
  store {kind} %y, ptr %to, align 8
  %next = add i64 %i, {lanes}
  %more = icmp slt i64 %next, %count
  br i1 %more, label %loop, label %end
end:
  ret void
}}"""


class Polynomial:
    """One of them, in machine code, for arrays of a multiple of so many numbers."""

    def __init__(self, name, lanes):
        kind = "double" if lanes == 1 else f"<{lanes} x double>"
        self.machine = Machine(ended(LOOP.format(name=name, lanes=lanes, kind=kind)))
        kinds = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64
        self.run = ctypes.CFUNCTYPE(None, *kinds)(self.machine.address("run"))

    def __call__(self, x):
        y = np.empty_like(x)
        self.run(x.ctypes.data, y.ctypes.data, len(x))
        return y


@pytest.fixture(scope="module", params=TRUTHS)
def polynomial(request):
    name = request.param
    return name, {lanes: Polynomial(name, lanes) for lanes in (1, 4, 8)}


def spread(name):
    """Numbers all over the range, and as many close to zero, or for log to one."""
    rng = np.random.default_rng(1)
    small = rng.normal(size=400) * 10.0 ** rng.uniform(-20, 0.5, 400)
    if name == "log":
        return np.concatenate([10.0 ** rng.uniform(-308, 308, 400), np.abs(1.0 + small)])
    return np.concatenate([rng.uniform(*RANGES[name], 400), small])


def test_a_polynomial_is_within_an_ulp(polynomial):
    name, functions = polynomial
    x = spread(name)
    found = functions[8](x)

    with mpmath.workprec(150):
        for number, y in zip(x.tolist(), found.tolist(), strict=True):
            truth = TRUTHS[name](mpmath.mpf(number))
            assert abs(y - truth) <= 0.8 * math.ulp(float(truth)), number


def test_a_polynomial_is_far_from_another_function(polynomial):
    # So the test above can fail.
    name, functions = polynomial
    x = spread(name)
    wrong = np.array([float(TRUTHS[name](number * (1 + 1e-14))) for number in x[:400].tolist()])

    assert (np.abs(functions[8](x)[:400] - wrong) > 0.8 * np.spacing(np.abs(wrong))).any()


@settings(max_examples=100)
@given(st.lists(st.floats(), min_size=8, max_size=8))
@example([math.inf, -math.inf, math.nan, 5e-324, -5e-324, 0.0, -0.0, 709.9])
@example([-745.1, -745.2, -708.5, -720.0, 709.79, 2.2e-308, 1e-310, -40.0])
def test_a_polynomial_is_the_same_for_any_number_of_lanes(polynomial, numbers):
    _, functions = polynomial
    x = np.array(numbers)
    one, four, eight = (functions[lanes](x).tolist() for lanes in (1, 4, 8))

    assert all(map(same_bits, one, four))
    assert all(map(same_bits, one, eight))


def test_a_polynomial_has_the_special_values_of_the_row(polynomial):
    name, functions = polynomial
    numbers = [*SPECIAL, 800.0, -800.0, 710.0, -746.0, 0.5]
    row = getattr(tg, name)

    for number, found in zip(numbers, functions[8](np.array(numbers)).tolist(), strict=False):
        exact = row(number)
        assert ulps_between(found, exact) <= 1.0
        assert math.copysign(1.0, found) == math.copysign(1.0, exact) or math.isnan(exact)


# What is fused, and in which order sums go ------------------------------------------------


X = 1.0 + 2.0**-30
"""Its square needs 61 bits."""


def by_fast(function, *arguments):
    tape = record(function, *arguments)
    return MachineRoute(tape, fast=True)(structure.numbers(arguments))


@pytest.mark.parametrize(
    ("function", "rest"),
    [
        (lambda x, y: x * x + y, 2.0**-60),
        (lambda x, y: y + x * x, 2.0**-60),
        (lambda x, y: x * x - -y, 2.0**-60),
        (lambda x, y: -y - x * x, -(2.0**-60)),
        (lambda x, y: tg.dot([x, y], [x, 1.0]), 2.0**-60),
    ],
)
def test_a_product_in_a_sum_is_not_rounded(function, rest):
    y = -(1.0 + 2.0**-29)

    assert by_fast(function, X, y) == rest
    assert record(function, X, y)(X, y) == 0.0


def test_a_difference_of_equal_products_is_zero():
    assert by_fast(lambda x, y: x * x - y * y, X, X) == 0.0


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 9, 30])
def test_a_sum_has_up_to_four_partial_sums(count):
    numbers = np.random.default_rng(count).normal(size=count).tolist()
    ways = min(4, max(1, count // 2))
    sums = [ieee.total(*numbers[i::ways]) for i in range(ways)]
    pairs = [ieee.total(*sums[i : i + 2]) for i in range(0, ways, 2)]

    assert by_fast(lambda *xs: tg.sum(xs), *numbers) == ieee.total(*pairs)


@settings(max_examples=15)
@given(expressions(max_steps=12), st.booleans())
def test_fast_programs_are_the_same_for_any_number_of_lanes(program, differentiated):
    def function(*inputs):
        return program.run(inputs)[-1]

    if differentiated:
        function = tg.value_and_grad(function, range(len(program.inputs)))
    tape = record(function, *program.inputs)
    # A route's single example shares calls among its operations; rows of a batch do not.
    one = structure.numbers(MachineRoute(tape, fast=True)(program.inputs))
    columns = np.repeat(np.array(program.inputs)[:, None], 9, axis=1)

    for lanes in (1, 4, 8):
        results = np.full((len(one), 9), 17.0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(routes, "LANES", lanes)
            MachineRoute(tape, fast=True).rows(columns, results, 0)
        assert all(all(map(same_bits, one, column)) for column in results.T.tolist())


def test_functions_side_by_side_share_a_call():
    rows = [(tg.sigmoid, 9), (tg.tanh, 3), (tg.exp, 1), (tg.log, 2)]

    def function(xs):
        first = [row(xs[k]) for row, count in rows for k in range(count)]
        return [*first, *map(tg.sigmoid, first)]

    xs = np.linspace(0.5, 2.0, 9)
    route = MachineRoute(record(function, xs), fast=True)
    found, exact = route(xs.tolist()), function(xs)

    assert len(found) == 30
    assert all(ulps_between(x, y) <= 3.0 for x, y in zip(found, exact, strict=True))


def test_a_processor_that_cannot_fuse_is_exact(monkeypatch):
    monkeypatch.setattr(fast, "can_fuse", lambda: False)

    assert by_fast(lambda x, y: x * x + y, X, -(1.0 + 2.0**-29)) == 0.0


@pytest.mark.parametrize(
    ("triple", "features", "can"),
    [
        ("x86_64-unknown-linux-gnu", {"fma": True}, True),
        ("x86_64-unknown-linux-gnu", {"fma": False}, False),
        ("aarch64-unknown-linux-gnu", {}, True),
        ("arm64-apple-darwin", {}, True),
        ("riscv64-unknown-linux-gnu", {}, False),
    ],
)
def test_which_processors_can_fuse(monkeypatch, triple, features, can):
    class Backend:
        get_process_triple = staticmethod(lambda: triple)
        get_host_cpu_features = staticmethod(lambda: features)

    monkeypatch.setattr(fast, "backend", lambda: Backend)

    assert fast.can_fuse() == can


# How far it strayed -----------------------------------------------------------------------


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_ulps_are_steps_from_float_to_float(x, y):
    assert ulps_between(x, y) == ulps_between(y, x)
    assert (ulps_between(x, y) == 0.0) == (x == y)
    if math.isfinite(x):
        assert ulps_between(x, math.nextafter(x, math.inf)) == 1.0


def test_only_nan_is_next_to_nan():
    assert ulps_between(math.nan, math.nan) == 0.0
    assert ulps_between(math.nan, 1.0) == ulps_between(1.0, math.nan) == math.inf


def test_the_worst_pair_is_kept():
    found = Strayed().with_pairs([(1.0, 1.0), (2.0, math.nextafter(2.0, 3.0))])
    other = Strayed().with_pairs([(1.0, 1.5)])

    assert (found.ulps, found.fast, found.compared) == (1.0, 2.0, 1)
    assert found.with_pairs([(1.0, 1.0)]).fast == 2.0
    assert found.and_also(other) == Strayed(2.0**51, 1.0, 1.5, 2)
    assert repr(found) == "1 ulp at most in 1 call compared: 2.0 for 2.0000000000000004"
    assert repr(Strayed(compared=2)) == "not at all in 2 calls compared"
    assert repr(Strayed()) == "nobody knows how far: no call was compared"


def test_a_compiled_function_says_how_far_it_strayed():
    @tg.compile(fast=True)
    def rest(x, y):
        return x * x + y

    assert rest(X, -(1.0 + 2.0**-29)) == 2.0**-60
    assert rest.strayed.fast == 2.0**-60
    assert rest.strayed.exact == 0.0
    assert "fast, strayed" in repr(rest)
    for _ in range(9):
        rest(1.0, 2.0)
    assert rest.strayed.compared == 4  # of calls 1, 2, 4 and 8


def test_an_exact_function_does_not_stray():
    compiled = tg.compile(lambda x: x * x + 1.0)
    compiled(3.0)

    assert compiled.strayed == Strayed()
    assert "fast" not in repr(compiled)


def test_rows_of_a_batch_are_compared():
    rest = tg.compile(lambda x, y: x * x + y, fast=True)
    x = np.array([1.0] * 3 + [X] + [1.0] * 6)
    found = rest.map(x, np.where(x == X, -(1.0 + 2.0**-29), 1.0))

    assert found[3] == rest.strayed.fast == 2.0**-60  # the fourth
    assert rest.strayed.compared == 4


def test_where_fast_numbers_would_branch_otherwise_the_function_answers():
    compiled = tg.compile(lambda x, y: x if x * x + y > 0.0 else -x, fast=True)

    assert compiled(X, -(1.0 + 2.0**-29)) == -X
    route = MachineRoute(record(lambda x, y: x if x * x + y > 0.0 else -x, 1.0, 1.0), fast=True)
    with pytest.raises(OtherBranch):
        route([1.0, -2.0])


def test_another_structure_is_infinitely_far():
    compiled = tg.compile(lambda x, y: [x] if x * x + y > 0.0 else [x, y], fast=True)
    y = -(1.0 + 2.0**-29)

    assert compiled(2.0, 1.0) == [2.0]
    assert compiled(X, y) == [X]
    assert compiled.strayed.ulps == math.inf


# Training ---------------------------------------------------------------------------------


def trained(rows=9, **settings):
    rng = np.random.default_rng(0)
    model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    inputs, targets = rng.normal(size=(rows, 2)), rng.normal(size=rows)
    history = nn.fit(
        model,
        inputs,
        targets,
        loss="mse",
        optimizer=nn.SGD(0.05),
        epochs=20,
        **settings,
    )
    return history, [p.data for p in model.parameters()]


@pytest.mark.parametrize("rows", [5, 8, 16])
@pytest.mark.parametrize("batch_size", [1, 3, 4, 8, None])
def test_fast_training_stays_close(batch_size, rows):
    history, numbers = trained(rows, batch_size=batch_size, fast=True, compiled=True)
    exact, others = trained(rows, batch_size=batch_size, compiled=True)

    assert numbers != others
    assert numbers == pytest.approx(others, rel=1e-11, abs=1e-13)
    assert history.strayed.compared == 1
    assert 0.0 < history.strayed.ulps < 1e6
    assert exact.strayed is None


def test_fast_training_with_loops_stays_close():
    def run(fast):
        model = nn.MLP(30, [20, 2], activation="sigmoid", seed=0)
        rng = np.random.default_rng(0)
        data = rng.normal(size=(20, 30)), rng.normal(size=(20, 2))
        settings = {"loss": "mse", "optimizer": nn.SGD(0.05), "epochs": 3, "batch_size": 8}
        nn.fit(model, *data, **settings, compiled=True, fast=fast)
        return [p.data for p in model.parameters()]

    assert run(fast=True) != run(fast=False)
    assert run(fast=True) == pytest.approx(run(fast=False), rel=1e-10, abs=1e-13)


def test_fast_needs_machine_code():
    with pytest.raises(ValueError, match="fast=True is about machine code"):
        trained(compiled=False, fast=True)


def test_a_first_gradient_that_is_not_finite_is_not_compared():
    line = nn.Neuron(1, "linear", init=[1e200])

    with pytest.raises(tg.NonFiniteError):
        nn.fit(
            line,
            [[1e200]],
            [0.0],
            loss="mse",
            optimizer=nn.SGD(0.1),
            epochs=1,
            fast=True,
            compiled=True,
        )
