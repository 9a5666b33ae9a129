"""A symbol: an operand that writes what it is asked to compute."""

from __future__ import annotations

from typing import Any

from tinygrad_bp.operand import Operand
from tinygrad_bp.primitive import Primitive

ATOM = 9
PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2, "**": 4}
"""How tightly Python's operators bind; a prefix sign stands between `*` and `**`."""
SIGN = 3


class Symbol(Operand):
    """A name, or a formula made of names by the arithmetic of the table.

    >>> x, y = Symbol("x"), Symbol("y")
    >>> (x + 1.0) * y / 2.0
    (x + 1) * y / 2
    >>> from tinygrad_bp.primitives import tanh
    >>> tanh.partials(tanh(x), x)[0]
    4 * sigmoid(2 * x) * sigmoid(-2 * x)
    """

    __slots__ = ("precedence", "text")

    def __init__(self, text: str, precedence: int = ATOM) -> None:
        self.text = text
        self.precedence = precedence

    def __repr__(self) -> str:
        return self.text

    @classmethod
    def apply(cls, primitive: Primitive, *operands: Any) -> Symbol:
        """The primitive's notation, with parentheses only where they are needed."""
        symbols = [_symbol(operand) for operand in operands]
        binds = _precedence(primitive)
        if primitive.arity == 2 and binds < ATOM:
            left, right = symbols
            is_power = primitive.symbol == "**"  # the one operator that groups to the right
            texts = [_within(left, binds + is_power), _within(right, binds + (not is_power))]
        else:
            texts = [_within(symbol, binds if binds < ATOM else 0) for symbol in symbols]
        return cls(primitive.write(*texts), binds)


def _symbol(operand: Any) -> Symbol:
    if isinstance(operand, Symbol):
        return operand
    number = float(operand)
    text = str(int(number)) if number.is_integer() else repr(number)
    return Symbol(text, SIGN if number < 0.0 else ATOM)


def _precedence(primitive: Primitive) -> int:
    if primitive.notation.startswith("{} "):
        return PRECEDENCE.get(primitive.symbol, 0)
    return SIGN if primitive.notation in ("-{}", "+{}") else ATOM


def _within(symbol: Symbol, precedence: int) -> str:
    return symbol.text if symbol.precedence >= precedence else f"({symbol.text})"
