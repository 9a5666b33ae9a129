"""Sentences about numbers that are not finite: which operation made one, of what, and why.

`strict` raises them and `autopsy` tells them, in the same words.

>>> from tinygrad_bp.rows.primitives import divide, multiply
>>> value_made(divide, math.inf, [("", 1.5), ("x", 0.0)])
'1.5 / x (divide) is inf where x = 0.0, a pole'
>>> value_made(multiply, math.nan, [("w", 0.0), ("x", math.inf)])
'w * x (multiply) is nan where w = 0.0, x = inf: 0 times infinity, and the 0 is w'
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinygrad_bp.rows import primitives
from tinygrad_bp.rows.primitive import Primitive

Operands = Sequence[tuple[str, float]]
"""For each operand of an operation its name, empty for none, and its number."""

TOO_LARGE = ", too large for a float"
UNDEFINED = ", not defined there"
MOST = 6
"""Operands that are written out; of more, as a sum may have, the first and the last."""


def value_made(primitive: Primitive, result: float, operands: Operands) -> str:
    """That an operation gave a number that is not finite."""
    why = UNDEFINED
    if math.isinf(result):
        why = ", a pole" if _is_at_an_edge(primitive, operands) else TOO_LARGE
    elif any(math.isinf(number) for _, number in operands):
        why = _clash(primitive, operands)
    return _made(primitive, result, operands) + why


def partial_made(
    primitive: Primitive, partial: float, operands: Operands, position: int = 0
) -> str:
    """That the derivative of an operation by one of its operands is not finite.

    >>> partial_made(primitives.sqrt, math.inf, [("x", 0.0)])
    'the derivative of sqrt(x) (sqrt) is inf where x = 0.0, infinitely steep there'
    """
    by = f" by {_spelled(*operands[position])}" if len(operands) > 1 else ""
    why = UNDEFINED
    if math.isinf(partial):
        is_steep = _is_at_an_edge(primitive, operands)
        why = ", infinitely steep there" if is_steep else TOO_LARGE
    return _made(primitive, partial, operands, "the derivative of ", by) + why


def contribution_made(
    primitive: Primitive, flow: float, partial: float, before: float, operands: Operands
) -> str:
    """That a gradient times a derivative, added to what was there, is not finite.

    >>> contribution_made(primitives.exp, 1e200, 1e200, 0.0, [("x", 460.5)])
    '1e+200 * 1e+200, the derivative of exp(x) (exp), is inf where x = 460.5, too large for a float'
    """
    plus = f"{before!r} + " if before else ""
    what = f"{plus}{flow!r} * {partial!r}, the derivative of "
    why = TOO_LARGE
    if math.isnan(flow * partial):
        zero, infinity = "the gradient that reached it", "its derivative"
        if math.isinf(flow):
            zero, infinity = infinity, zero
        why = f": 0 times infinity, and the 0 is {zero}, the infinity {infinity}"
    elif math.isnan(before + flow * partial):
        why = ": infinities of opposite sign"
    return _made(primitive, before + flow * partial, operands, what, ",") + why


def _made(
    primitive: Primitive, result: float, operands: Operands, what: str = "", by: str = ""
) -> str:
    named = [operand for operand in operands if operand[0]]
    if len(named) > MOST:  # what is likely to be the matter first
        named.sort(key=lambda operand: operand[1] != 0.0 and math.isfinite(operand[1]))
    known = [f"{name} = {number!r}" for name, number in dict(named[:MOST]).items()]
    where = f" where {', '.join(known)}" if known else ""
    return f"{what}{written(primitive, operands)} ({primitive.name}){by} is {result!r}{where}"


def written(primitive: Primitive, operands: Operands) -> str:
    """The operation on its operands, by name or as numbers; of many the first and the last."""
    spelled = [_spelled(*operand) for operand in operands]
    if len(spelled) > MOST:
        spelled[MOST // 2 : -1] = ["..."]
    return primitive.write(*spelled)


def _spelled(name: str, number: float) -> str:
    return name or (f"({number!r})" if number < 0.0 else repr(number))


def _clash(primitive: Primitive, operands: Operands) -> str:
    """Which infinity met what, for an operation on infinite operands that gave nan."""
    infinities = [operand for operand in operands if math.isinf(operand[1])]
    zeros = [operand for operand in operands if operand[1] == 0.0]
    if primitive in (primitives.multiply, primitives.prod, primitives.dot) and zeros:
        return f": 0 times infinity, and the 0 is {_spelled(*zeros[0])}"
    if primitive is primitives.divide and len(infinities) == 2:
        return ": infinity divided by infinity"
    if len(infinities) > 1:
        return ": infinities of opposite sign"
    return UNDEFINED


def _is_at_an_edge(primitive: Primitive, operands: Operands) -> bool:
    """Whether an operand is an end of its domain, as 0 for log, or at a kink, as 0 for 1/x."""
    numbers = [number for _, number in operands]
    if not all(map(math.isfinite, numbers)):
        return False
    domain = primitive.domain
    ends = [domain[min(i, len(domain) - 1)] for i in range(len(numbers))]
    if any(number in end for number, end in zip(numbers, ends, strict=True)):
        return True
    return primitive.kink is not None and primitive.kink(*numbers) == 0.0
