"""What runs the suites of others must itself be able to fail. No checkout is needed here."""

from __future__ import annotations

import importlib
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_bp as tg
from tests.others import chainrules, hips, mygrad, orders, stan
from tests.others.counts import Counts, NoCounterpart
from tests.others.differences import check_derivatives

ROOT = Path(__file__).resolve().parents[2]


@tg.no_grad()
def _cut_off(x):
    return x * x


@pytest.mark.parametrize("mode", ["fwd", "rev"])
@pytest.mark.parametrize(
    ("function", "order"),
    [(_cut_off, 1), (lambda x: x * x.data if isinstance(x, tg.Value) else x * x, 1)],
)
def test_a_wrong_derivative_is_seen(function, order, mode):
    with pytest.raises(AssertionError):
        check_derivatives(function, [1.5], order=order, modes=[mode])


def test_a_wrong_second_derivative_is_seen():
    def flat(x):
        # Value and slope are those of x**2, and the slope is a constant.
        return x.data * x.data + 2.0 * x.data * (x - x.data) if isinstance(x, tg.Value) else x * x

    check_derivatives(flat, [1.5], order=1, modes=["rev"])
    with pytest.raises(AssertionError):
        check_derivatives(flat, [1.5], order=2, modes=["rev"])


def test_complex_numbers_have_no_counterpart():
    with pytest.raises(NoCounterpart):
        check_derivatives(np.sin, [1.0 + 1j], modes=["rev"])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_formula_that_is_another_one_is_seen_at_each_order(order):
    def differs(m, x):
        # One in the table's world, another in mpmath's, alike at 0 below that order.
        return m.exp(x) + (x**order if m is orders.OURS else 0)

    counts = Counts("made up")
    orders.compare(counts, "made up", differs, (0.0,), order)
    assert counts.agreed == [0, 1, 3, 6][order]
    assert len(counts.differences) == (2 if order == 1 else 3)


def test_a_kink_has_no_true_slope_of_any_order():
    for wanted in ([1, 0], [0, 1], [1, 1]):
        assert orders.true_slope(max, (2.0, 2.0), wanted) is None


def test_an_undefined_value_must_be_undefined_here():
    assert not orders.are_near(0.0, orders.true_value(orders.row("log"), (-1.0,)))
    assert orders.are_near(math.nan, orders.true_value(orders.row("log"), (-1.0,)))


TESTS_OF_ANOTHER = """
import autograd.numpy as np
from autograd import grad
from autograd.extend import primitive
from autograd.test_util import check_grads

def test_right():
    check_grads(lambda x: np.sin(x) * x)(np.array([0.5, 1.0]))

def test_wrong():
    assert grad(np.sin)(0.0) == 2.0

@primitive
def unknown(x):
    return x

def test_missing():
    unknown(1.0)

def test_fourier():
    check_grads(np.fft.fft)(np.array([0.5, 1.0]))
"""


def test_a_file_of_tests_is_run_on_this_engine(tmp_path):
    # In a process of its own: pytest does not run inside pytest.
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_theirs.py").write_text(TESTS_OF_ANOTHER)
    command = [sys.executable, "-m", "tests.others", "hips", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 1, ran.stderr
    first, *others = ran.stdout.splitlines()
    assert first == (
        "HIPS autograd: 2 checks have a counterpart; 1 agree, 1 differ (0 by decision); 2 outside"
    )
    assert "test_theirs.py::test_wrong" in others[0]
    assert {line.strip() for line in others[1:]} == {
        "outside: autograd.extend.primitive (1)",
        "outside: a function of NumPy that docs/arrays.md leaves out (1)",
    }


def test_stand_ins_go_when_they_are_done():
    with hips.standing_in({"no_such_engine": hips.StandIn("no_such_engine", {"one": 1})}):
        assert importlib.import_module("no_such_engine").one == 1
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_engine")


def test_every_kind_of_list_in_cpp_is_read():
    source = """
      auto g = [](const auto& x1, const auto& x2) {
        using stan::math::pow;
        return pow(x1, x2);
      };
      stan::test::expect_ad(tols, g, -1.5, std::numeric_limits<double>::infinity());
      stan::test::expect_common_nonzero_binary(g);
      auto f = [](const auto& x) { return -x; };
      stan::test::expect_unary_vectorized(f, 1, -2);
      stan::test::expect_ad(f, std::complex<double>(1, 2));
      stan::test::expect_ad(unknown, 1.0);
    """
    assert list(stan.checks(source, [0.5])) == [
        ("pow", (-1.5, math.inf)),
        ("pow", (0.5, 0.5)),
        ("-x1", (1.0,)),
        ("-x1", (-2.0,)),
        ("-x1", None),
    ]


def test_a_rule_that_is_wrong_is_seen(tmp_path):
    home = tmp_path / "src" / "rulesets" / "Base"
    home.mkdir(parents=True)
    (home / "base.jl").write_text(
        "@scalar_rule sqrt(x) inv(2Ω)\n@scalar_rule tan(x::Real) 1 - Ω ^ 2\n"
    )
    (home / "fastmath_able.jl").write_text("@scalar_rule(\n    none_such(x),\n    (1,),\n)\n")
    tests = tmp_path / "test" / "rulesets" / "Base"
    tests.mkdir(parents=True)
    (tests / "fastmath_able.jl").write_text("POWERGRADS = [\n (2.0, 1) => (1.0, NaN),\n        ]\n")

    counts = chainrules.run(tmp_path)

    assert counts.agreed == sum(x > 0 for x in chainrules.POINTS)  # the square roots
    wrong = {where.partition("(")[0] for where, _ in counts.differences}
    assert wrong == {"tan", "x ^ p"}
    assert len(counts.unexplained(chainrules.DECISIONS)) == len(chainrules.POINTS) + 1
    assert counts.left_out == {"none_such, which has no row": 1}


def test_a_ufunc_that_is_wrong_is_seen(monkeypatch):
    assert not mygrad.at_drawn_points("sin", {}).differences
    monkeypatch.setitem(mygrad.NAMES, "sin", "cos")
    assert mygrad.at_drawn_points("sin", {}).differences


def test_a_step_does_not_vanish_beside_a_large_number():
    assert orders.true_slope(lambda x: 3 * x, (1e300,), (1,)) == 3
