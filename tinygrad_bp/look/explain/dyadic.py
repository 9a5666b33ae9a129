"""Exact sums and products of floats: whole numbers times powers of two.

A `Fraction` would look for common divisors at every step; here there is nothing to find, since
a float's denominator is a power of two.

>>> third = Dyadic.of(0.1) * Dyadic.of(3.0)
>>> float(third), third.fraction == Fraction(0.1) * 3
(0.30000000000000004, True)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["ONE", "ZERO", "Dyadic"]

BIGGEST, SMALLEST = 1025, -1076
"""Beyond these exponents of 2 a float is infinite, or zero."""


@dataclass(frozen=True)
class Dyadic:
    """`mantissa` · 2^`exponent`, with an odd mantissa, so that equal numbers are equal objects."""

    mantissa: int
    exponent: int

    @classmethod
    def of(cls, number: float) -> Dyadic:
        """A finite float, exactly."""
        mantissa, denominator = number.as_integer_ratio()
        return _odd(mantissa, 1 - denominator.bit_length())

    def __add__(self, other: Dyadic) -> Dyadic:
        low, high = sorted((self, other), key=lambda one: one.exponent)
        raised = high.mantissa << (high.exponent - low.exponent)
        return _odd(low.mantissa + raised, low.exponent)

    def __neg__(self) -> Dyadic:
        return Dyadic(-self.mantissa, self.exponent)

    def __sub__(self, other: Dyadic) -> Dyadic:
        return self + -other

    def __mul__(self, other: Dyadic) -> Dyadic:
        # A product of odd numbers is odd, and nothing is left to take out.
        mantissa = self.mantissa * other.mantissa
        return Dyadic(mantissa, self.exponent + other.exponent if mantissa else 0)

    def __float__(self) -> float:
        """The nearest float; infinite where it is too large for one."""
        size = self.mantissa.bit_length() + self.exponent
        if size < SMALLEST or not self.mantissa:
            return -0.0 if self.mantissa < 0 else 0.0
        try:
            # Python divides whole numbers with one rounding, whatever their size.
            if self.exponent < 0:
                return self.mantissa / (1 << -self.exponent)
            return float(self.mantissa << min(self.exponent, BIGGEST))
        except OverflowError:
            return -math.inf if self.mantissa < 0 else math.inf

    @property
    def fraction(self) -> Fraction:
        """The same number as Python's own kind of exact number."""
        if self.exponent < 0:
            return Fraction(self.mantissa, 1 << -self.exponent)
        return Fraction(self.mantissa << self.exponent)

    def shortened(self, bits: int) -> Dyadic:
        """With so many leading bits at most: itself if it has no more."""
        surplus = self.mantissa.bit_length() - bits
        if surplus <= 0:
            return self
        half = 1 << (surplus - 1)
        return _odd((self.mantissa + half) >> surplus, self.exponent + surplus)


def _odd(mantissa: int, exponent: int) -> Dyadic:
    if mantissa & 1:
        return Dyadic(mantissa, exponent)
    if not mantissa:
        return ZERO
    zeros = (mantissa & -mantissa).bit_length() - 1
    return Dyadic(mantissa >> zeros, exponent + zeros)


ZERO = Dyadic(0, 0)
ONE = Dyadic(1, 0)
