"""Exact sums and products of floats."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from tinygrad_bp.look.explain.dyadic import ZERO, Dyadic

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite)
def test_arithmetic_is_that_of_fractions(x, y):
    a, b = Dyadic.of(x), Dyadic.of(y)

    assert a.fraction == Fraction(x)
    assert (a + b).fraction == Fraction(x) + Fraction(y)
    assert (a - b).fraction == Fraction(x) - Fraction(y)
    assert (a * b).fraction == Fraction(x) * Fraction(y)
    assert float(a) == x


@given(finite, finite)
def test_a_float_of_it_is_rounded_once(x, y):
    product = Fraction(x) * Fraction(y)
    try:
        expected = float(product)
    except OverflowError:
        expected = math.inf if product > 0 else -math.inf

    assert float(Dyadic.of(x) * Dyadic.of(y)) == expected


@given(finite)
def test_equal_numbers_are_equal_objects(x):
    assert Dyadic.of(x) + Dyadic.of(x) == Dyadic.of(x) * Dyadic.of(2.0)
    assert Dyadic.of(x) - Dyadic.of(x) == ZERO


@pytest.mark.parametrize("sign", [1, -1])
def test_what_no_float_can_hold_is_infinite_or_zero(sign):
    assert float(Dyadic(sign, 5_000_000)) == sign * math.inf
    assert float(Dyadic(sign, -5_000_000)) == 0.0
    assert float(Dyadic(sign * (2**2000 - 1), 0)) == sign * math.inf


@given(finite, st.integers(1, 60))
def test_shortened_keeps_the_leading_bits(x, bits):
    exact, short = Dyadic.of(x), Dyadic.of(x).shortened(bits)

    assert short.mantissa.bit_length() <= bits
    assert abs((exact - short).fraction) <= abs(exact.fraction) / 2**bits
