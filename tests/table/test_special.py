"""Functions whose derivatives are rows of their own, against mpmath at 50 digits."""

import math
import pickle

import mpmath
import pytest

import tinygrad_bp as tg
from tinygrad_bp import Value, grad, gradient, record
from tinygrad_bp.rows.primitive import named
from tinygrad_bp.rows.special import polygamma

NEGATIVE = [-0.3, -0.5, -1.7, -4.25, -19.6]
SPECIAL = [1e-300, 1e-17, 1e-3, 0.5, 1.0, 2.0, 2.5, 7.3, 1e5]


@pytest.mark.parametrize("n", range(6))
@pytest.mark.parametrize("x", [*NEGATIVE, *SPECIAL[2:]])
def test_polygamma(n, x):
    with mpmath.workdps(50):
        exact = mpmath.polygamma(n, mpmath.mpf(x))

    assert polygamma(n, x) == pytest.approx(float(exact), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("x", [*SPECIAL, *[-x for x in SPECIAL]])
def test_sinc_keeps_its_digits_to_third_order(x):
    function = tg.sinc
    with mpmath.workdps(400):
        for n in range(4):
            exact = mpmath.diff(mpmath.sincpi, x, n, h=mpmath.mpf(10) ** -350)
            assert function(x) == pytest.approx(float(exact), rel=1e-13, abs=1e-13 * abs(x) ** 0.5)
            function = grad(function)


def test_the_limits_of_sinc_at_0_are_exact():
    slopes = [tg.sinc, grad(tg.sinc), grad(grad(tg.sinc)), grad(grad(grad(tg.sinc)))]

    assert [slope(0.0) for slope in slopes] == [1.0, 0.0, pytest.approx(-(math.pi**2) / 3), 0.0]


@pytest.mark.parametrize(("n", "x", "value"), [(1, 0.0, math.inf), (1, -3.0, math.inf)])
def test_poles_that_both_sides_agree_on(n, x, value):
    assert polygamma(n, x) == value
    assert math.isnan(polygamma(n + 1, x)) == bool(x)
    assert math.isnan(polygamma(n, -math.inf))
    assert (polygamma(n, math.inf), polygamma(0, math.inf)) == (0.0, math.inf)


def test_a_derivative_is_the_row_of_the_next_order():
    x = Value(3.5)
    slope = gradient(tg.lgamma(x), x, create_graph=True)
    curvature = gradient(slope, x, create_graph=True)

    assert [slope.op.name, curvature.op.name] == ["digamma", "polygamma_1"]
    assert pickle.loads(pickle.dumps(curvature)).op is curvature.op is named("polygamma_1")
    assert named("sinc_7").name == "sinc_7"
    assert tg.polygamma(2, [3.5])[0] == grad(grad(tg.digamma))(3.5)


def test_a_name_that_only_looks_like_an_order_is_unknown():
    with pytest.raises(LookupError, match="no primitive 'sinc_x'"):
        named("sinc_x")


@pytest.mark.parametrize("function", [tg.sinc, tg.lgamma, tg.erfinv], ids=lambda f: f.name)
def test_tapes_give_the_same_bits(function):
    second = grad(grad(function))

    assert record(second, 0.3)(0.7) == tg.compile(second)(0.7) == second(0.7)


@pytest.mark.parametrize("n", [-1, 1.5, 101, "1"])
def test_an_order_that_is_none_is_refused(n):
    with pytest.raises(ValueError, match="whole number from 0 to 100, got"):
        tg.polygamma(n, 1.0)
