"""A derivative of an operation from its definition alone: central differences, until they agree.

With more and more digits, until two results agree to 20: so no formula for a derivative is used,
and none has to be believed. Nor are the differences of the checker that ships, which looks at each
side by itself: what one of the two gets wrong the other can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath

from tinygrad_bp.check.truth.truths import definition
from tinygrad_bp.rows.primitive import REAL, Primitive

BITS = (200, 400, 1000, 2000, 3000, 6000)
VANISHED = "1e-330"
"""Half of the smallest subnormal is more."""


def by_differences(
    operation: Primitive,
    point: Sequence[float],
    orders: Sequence[int],
    *,
    bits: Sequence[int] = BITS,
) -> Any:
    """The derivative of those orders by each operand, to 20 digits; of order 0 the value.

    Raises `ArithmeticError` where no two results agree, as at a kink.
    """
    truth, previous = definition(operation), mpmath.mpf(0)
    is_smooth = operation.kink is None and set(operation.domain) == {REAL}
    for precision in bits:
        with mpmath.workprec(precision):
            exact = tuple(map(mpmath.mpf, point))
            # A step relative to the operand, so that it ends before a pole or a kink does.
            scales = tuple(1 if is_smooth else abs(x) or 1 for x in exact)
            current = mpmath.mpf(derivative(truth, exact, orders, scales))
        # Two zeros prove nothing yet: softplus(1000) is 1000 to 434 digits.
        if current != 0 and abs(previous - current) <= abs(current) * mpmath.mpf("1e-20"):
            return current
        previous = current
    if mpmath.mpf(VANISHED) < abs(previous) < mpmath.inf:
        raise ArithmeticError(
            f"{operation!r} has no derivative of the orders {tuple(orders)} at {tuple(point)}: "
            "differences of its truth do not agree"
        )
    return previous


def derivative(
    function: Callable[..., Any], point: Sequence[Any], orders: Sequence[int], scales: Sequence[Any]
) -> Any:
    """A central difference by one operand of the central difference by the others."""
    if not any(orders):
        return function(*point)
    index = next(i for i, order in enumerate(orders) if order)
    others = tuple(0 if i == index else order for i, order in enumerate(orders))

    def along(x: Any) -> Any:
        return derivative(function, (*point[:index], x, *point[index + 1 :]), others, scales)

    step = mpmath.ldexp(scales[index], -mpmath.mp.prec)
    return mpmath.diff(along, point[index], orders[index], h=step)
