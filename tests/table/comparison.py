"""How far a row is from its truth. Takes the row as an argument, so that a wrong one can be tried.

An error is measured in units of what is allowed, so 1.0 is the limit. Allowed is a relative
error of 1e-14 (45 units in the last place; 1e-12 in a higher derivative) and, in the rows
named in `ROUNDING`, in addition one rounding of what the row's formula must round, however
well it is written.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import mpmath

from tests.table.truths import Point, truth
from tinygrad_bp import Value, gradient
from tinygrad_bp.graph.sweep import local_partials
from tinygrad_bp.rows.primitive import Primitive

RELATIVE = {0: 1e-14, 1: 1e-14, 2: 1e-12, 3: 1e-12}
"""Of the value, of partials, and of higher derivatives, which add up several terms."""
EPSILON = sys.float_info.epsilon
SMALLEST_NORMAL = sys.float_info.min
ROUNDS_TO_INFINITY = sys.float_info.max * (1 + mpmath.ldexp(1, -54))

CONSTANT_OPERAND = {"pow_constant": 1, "power_log": 2}
"""An operand that is a number by definition, so that the row has no partial for it."""


def _largest(*xs: float) -> float:
    return max(map(abs, xs))


def _absolute_products(*xs: float) -> float:
    half = len(xs) // 2
    return math.fsum(abs(x * y) for x, y in zip(xs[:half], xs[half:], strict=True))


ROUNDING: dict[tuple[str, int], Callable[..., float]] = {
    # (row, order of the derivative): the size of what is rounded, from truth and operands.
    # A sum can vanish while its terms do not.
    ("sum", 0): lambda _, *xs: math.fsum(map(abs, xs)),
    ("dot", 0): lambda _, *xs: _absolute_products(*xs),
    # log(exp(x) + exp(y)) is 0 where exp(x) + exp(y) is 1.
    ("logaddexp", 0): lambda _, *xs: abs(max(xs)),
    ("logsumexp", 0): lambda _, *xs: abs(max(xs)),
    # exp(x - y): the rounding of x - y is a relative error of the result.
    ("logaddexp", 1): lambda t, x, y: t * min(_largest(x, y), 750.0),
    ("logsumexp", 1): lambda t, *xs: t * _largest(*xs),
    ("softmax", 0): lambda t, *xs: t * _largest(*xs),
    ("softmax", 1): lambda t, *xs: t * _largest(*xs),
    # y - 1 is rounded, which counts as often as log(x) is large.
    ("power_slope", 1): lambda t, x, _: t * abs(math.log(x)),
    ("power_log", 1): lambda t, x, y, _: t * (1.0 + abs(y)) * abs(math.log(x)),
    # A sum of two terms with a root where both are about 0.2: at -0.7518, at -1.2785.
    ("gelu", 1): lambda _, x: 1.0 if -0.8 < x < -0.7 else 0.0,
    ("silu", 1): lambda _, x: 1.0 if -1.3 < x < -1.2 else 0.0,
    ("digamma", 0): lambda _, x: 4.0 if 1.0 < x < 2.0 else 0.0,
    ("lgamma", 1): lambda _, x: 4.0 if 1.0 < x < 2.0 else 0.0,
    ("sinc", 1): lambda _, x: 4.0 / (1.0 + abs(x)),
    ("sinc", 2): lambda _, x: 64.0 / (1.0 + abs(x)),
    ("sinc", 3): lambda _, x: 256.0 / (1.0 + abs(x)),
    # A difference with a root at 1/e.
    ("entr", 1): lambda _, x: 1.0 if 0.3 < x < 0.4 else 0.0,
    # y*y = z*z - x*x is what 1/z - x*x/z**3 makes of the second derivative.
    ("hypot", 2): lambda _, x, y: 4.0 / math.hypot(x, y),
    ("hypot", 3): lambda _, x, y: 8.0 / (x * x + y * y),
}


def error_of_value(row: Primitive, point: Point) -> float:
    """The error of the value there, in units of what is allowed."""
    exact = truth(row.name, point, (0,) * len(point))
    return _error(row, 0, row.value(*point), exact, point)


def errors_of_partials(row: Primitive, point: Point) -> Iterator[float]:
    """The error of each partial there, in units of what is allowed."""
    node = at(row, point)
    for index, partial in enumerate(local_partials(node)):
        if index == CONSTANT_OPERAND.get(row.name):
            continue
        orders = tuple(int(i == index) for i in range(len(point)))
        exact = truth(row.name, point, orders)
        yield _error(row, 1, 0.0 if partial is None else partial, exact, point)


def errors_of_higher_derivatives(
    row: Primitive, point: Point
) -> Iterator[tuple[tuple[int, ...], float]]:
    """The error of each second and third derivative there, by which operands one by one."""
    each = range(len(point))
    # Mixed second derivatives in either order: each is the derivative of another partial.
    pairs = itertools.product(each, repeat=2)
    triples = itertools.combinations_with_replacement(each, 3)
    for indices in itertools.chain(pairs, triples):
        if CONSTANT_OPERAND.get(row.name) in indices:
            continue
        output = at(row, point)
        operands = output.parents
        for index in indices:
            output = gradient(output, operands[index], create_graph=True)
        exact = truth(row.name, point, tuple(map(indices.count, each)))
        yield indices, _error(row, len(indices), output.data, exact, point)


def at(row: Primitive, point: Point) -> Any:
    """The node of the row at leaves with these numbers."""
    constant = CONSTANT_OPERAND.get(row.name)
    return row(*[x if i == constant else Value(x) for i, x in enumerate(point)])


def relative_error(found: float, exact: Any) -> float:
    """Of the difference to the truth; 0 where both are below the normal numbers."""
    if abs(exact) > ROUNDS_TO_INFINITY or math.isinf(found):
        return 0.0 if found == exact or found == math.copysign(math.inf, exact) else math.inf
    if math.isnan(found):
        return math.inf
    difference = abs(mpmath.mpf(found) - exact)
    if difference <= SMALLEST_NORMAL:
        return 0.0
    return float(difference / abs(exact)) if exact else math.inf


def _error(row: Primitive, order: int, found: float, exact: Any, point: Point) -> float:
    relative = relative_error(found, exact)
    rounded = ROUNDING.get((row.name, order))
    if rounded is None or not 0.0 < relative < math.inf:
        return relative / RELATIVE[order]
    size = abs(float(exact))
    allowed = RELATIVE[order] * size + EPSILON * rounded(size, *point)
    return float(abs(mpmath.mpf(found) - exact)) / allowed
