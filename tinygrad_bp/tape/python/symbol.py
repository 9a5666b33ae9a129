"""A symbol: an operand that writes what it is asked to compute."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import repeat
from typing import Any, cast

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.rows.operand import Operand
from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.rows.primitives import dot, prod, sum_

ATOM = 9
PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2, "**": 4}
"""How tightly Python's operators bind; a prefix sign stands between `*` and `**`."""
SIGN = 3
LOOSE = 0
"""A notation that Python does not know: what is in it, and itself, stands in parentheses."""


class Symbol(Operand):
    """A name, or a formula made of names by the arithmetic of the table.

    >>> x, y = Symbol("x"), Symbol("y")
    >>> (x + 1.0) * y / 2.0
    (x + 1) * y / 2
    >>> from tinygrad_bp.rows.primitives import tanh
    >>> tanh.partials(tanh(x), x)[0]
    4 * sigmoid(2 * x) * sigmoid(-2 * x)
    """

    __slots__ = ("precedence", "text")

    def __init__(self, text: str, precedence: int = ATOM) -> None:
        self.text = text
        self.precedence = precedence

    def __repr__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self.text} is not yet a number, so a program cannot branch on it; use where(...)"
        )

    def _compared(self, symbol: str, other: Any) -> Any:  # noqa: ARG002  # about none
        return bool(self)

    @classmethod
    def apply(cls, primitive: Primitive, *operands: Any) -> Symbol:
        """The primitive's notation, with parentheses only where they are needed."""
        if primitive.spelled:
            return cast(Symbol, primitive.spelled(*operands))
        binds = _precedence(primitive)
        symbols = map(_symbol, operands)
        return cls(primitive.write(*map(within, symbols, _needs(primitive, binds))), binds)


def spelled_out(primitive: Primitive, operands: Sequence[Symbol]) -> Symbol | None:
    """A sum, a product or an inner product by its operators; `None` for other operations.

    >>> spelled_out(dot, [Symbol("w1"), Symbol("w2"), Symbol("x1"), Symbol("x2")])
    w1 * x1 + w2 * x2
    """
    if primitive is dot:
        half = len(operands) // 2
        products = list(map(operator.mul, operands[:half], operands[half:]))
        return spelled_out(sum_, products)
    combine = {sum_: operator.add, prod: operator.mul}.get(primitive)
    return combine and reduce(combine, operands)


def _symbol(operand: Any) -> Symbol:
    if isinstance(operand, Symbol):
        return operand
    text = repr(as_float(operand)).removesuffix(".0")
    return Symbol(text, SIGN if text.startswith("-") else ATOM)


def _precedence(primitive: Primitive) -> int:
    notation = primitive.notation
    if re.fullmatch(r"\w+\(.*\)", notation):
        return ATOM
    if notation in ("-{}", "+{}"):
        return SIGN
    return PRECEDENCE.get(primitive.symbol, LOOSE) if primitive.arity == 2 else LOOSE


def _needs(primitive: Primitive, binds: int) -> Iterable[int]:
    """For each operand how tightly it must bind to stand without parentheses."""
    if binds == ATOM:
        return repeat(LOOSE)
    if binds == LOOSE:
        return repeat(ATOM)
    if primitive.symbol == "**":  # groups to the right, where a sign may follow it
        return binds + 1, SIGN
    return binds, binds + 1


def within(symbol: Symbol, precedence: int) -> str:
    """The text of an operand, in parentheses unless it binds as tightly as that."""
    return symbol.text if symbol.precedence >= precedence else f"({symbol.text})"
