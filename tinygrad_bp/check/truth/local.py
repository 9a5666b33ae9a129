"""The derivatives of one operation at given operands, from its definition, not from its rule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tinygrad_bp.basics.optional import mpmath
from tinygrad_bp.check.truth.float_slopes import float_slope
from tinygrad_bp.check.truth.slopes import (
    DEEPER,
    DIGITS,
    Along,
    Slope,
    exact_derivative,
    exact_slope,
)
from tinygrad_bp.check.truth.truths import Truth, definition, has_definition, is_installed, real
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.run import Arithmetic, numbers_of
from tinygrad_bp.rows.primitive import Primitive

ROUNDED = 1e-15
"""What the value of an operation without a definition may be off by, being a float."""


def is_known(operation: Primitive) -> bool:
    """Whether its derivatives can be had to 50 digits."""
    return is_installed() and has_definition(operation)


def exact_value(operation: Primitive, operands: Sequence[Any]) -> Any:
    """What the operation should give; what it does give where no definition is known."""
    if has_definition(operation):
        return real(definition(operation), operands)
    return mpmath().mpf(operation.value(*map(float, operands)))


def exact_values(
    nodes: Sequence[Value], given: Mapping[Value, Any] | None = None
) -> dict[Value, Any]:
    """What each node of a graph should be, from what its leaves are or what is given."""
    exact = Arithmetic(lambda operation: lambda *xs: exact_value(operation, xs), mpmath().mpf)
    return numbers_of(nodes, given or {}, exact)


def slope(operation: Primitive, operands: Sequence[Any], *by: int) -> Slope:
    """The derivative by one of the operands, or by several of them one after the other.

    >>> from tinygrad_bp import sigmoid
    >>> float(slope(sigmoid, [0.0], 0).value)
    0.25

    To 50 digits and as many as mpmath has in force. Where nobody has stated the operation's
    definition it comes from differences: of its value, or of its rule for one order less.
    """
    if not is_known(operation):
        return _float_slope(operation, list(map(float, operands)), by)
    truth, mp = definition(operation), mpmath()
    with mp.workdps(max(mp.mp.dps, DIGITS[len(by)])):
        at = list(map(mp.mpf, operands))
        if len(by) > 1:
            return exact_derivative(lambda *xs: real(truth, xs), at, by)
        return exact_slope(_along(truth, at, *by), abs(at[by[0]]) or 1)


def sure_value(operation: Primitive, operands: Sequence[float]) -> Any:
    """What the operation should give, to 20 digits: with more of them until two results agree.

    >>> from tinygrad_bp import expm1
    >>> float(sure_value(expm1, [1e-300]))
    1e-300
    """
    mp, previous = mpmath(), 0
    for digits in (DIGITS[1], *DEEPER[1]):
        with mp.workdps(digits):
            value = exact_value(operation, list(map(mp.mpf, operands)))
        # Two zeros prove nothing yet: exp(1e-300) - 1 is 0 to 300 digits.
        if value != 0 and abs(value - previous) <= abs(value) * mp.mpf("1e-20"):
            break
        previous = value
    return value


def slope_within(operation: Primitive, operands: Sequence[Any], index: int, order: int) -> Slope:
    """The derivative by one operand, so exact that more differences, up to `order`, can follow."""
    if not is_known(operation):
        found = slope(operation, operands, index)
        return replace(found, bar=found.bar + ROUNDED * abs(found.value))
    along = _along(definition(operation), operands, index)
    return exact_slope(along, abs(operands[index]) or 1, order)


def _along(truth: Truth, at: Sequence[Any], index: int) -> Along:
    """What a definition gives where one of the operands is a step away."""
    return lambda step: real(truth, [*at[:index], at[index] + step, *at[index + 1 :]])


def _float_slope(operation: Primitive, at: Sequence[float], by: Sequence[int]) -> Slope:
    *rest, last = by

    def along(step: float) -> float:
        moved = [*at[:last], at[last] + step, *at[last + 1 :]]
        try:
            return _lower(operation, moved, rest)
        except (ValueError, ArithmeticError):  # outside the domain of an operation of one's own
            return math.nan

    return float_slope(along, abs(at[last]) or 1.0)


def _lower(operation: Primitive, at: Sequence[float], by: Sequence[int]) -> float:
    value = operation.value(*at)
    if not by:
        return value
    if len(by) == 1:
        return operation.partials(value, *at)[by[0]] or 0.0
    return float(_float_slope(operation, at, by).value)
