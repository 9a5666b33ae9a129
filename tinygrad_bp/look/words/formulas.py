"""Operations and their partial derivatives as formulas, with the names of the operands.

The text comes from calling the row of the table on operands that write what is done to them,
so a formula that is read here is the one that `backward` computes with.

>>> from tinygrad_bp import Value
>>> w, x = Value(3.0, label="w"), Value(-2.0, label="x")
>>> names = {w: "w", x: "x"}
>>> formula(w * x, names), partial_formulas(w * x, names)
('w * x', ('x', 'w'))
>>> formula(w * x, {}), partial_formulas(w**2, {})
('3 * (-2)', ('2 * 3', None))
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, cast

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.words.text import plain, shortened
from tinygrad_bp.rows.operand import COMPARISONS
from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.rows.primitives import dot, gap, multiply, pow_, prod, subtract, sum_, where
from tinygrad_bp.tape.python.symbol import ATOM, SIGN, Symbol, spelled_out

__all__ = ["formula", "gradient_name", "partial_formula", "partial_formulas", "partial_name"]

DIGITS = 4
LONGEST = 400
"""Characters of a formula; what an operation on a thousand operands is made of is cut."""
CALL = re.compile(r"\w+\(.*\)")
"""The notation of an operation that is written as a call."""
SPELLED_OUT = (sum_, prod, dot)
LARGEST_ROUNDING = 1e-12
"""An exponent that is a number and so small was left by rounding, and changes no digit shown."""


def formula(node: Value, names: Mapping[Value, str], digits: int = DIGITS) -> str:
    """How the value of an operation is computed; of a leaf its number.

    An operand without a name is written as its number: with no names at all, all of them are.
    """
    if node.op is None or not node.parents:
        return plain(node._data, digits)
    is_call = CALL.fullmatch(node.op.notation) and node.op not in SPELLED_OUT
    operands = [
        _written(_operand(parent, names, digits), is_alone=place == 0 or bool(is_call))
        for place, parent in enumerate(node.parents)
    ]
    spelled = spelled_out(node.op, operands)
    return (Symbol.apply(node.op, *operands) if spelled is None else spelled).text


def _written(operand: Symbol, *, is_alone: bool) -> Symbol:
    """The operand; a negative number after an operator is easier to read in parentheses."""
    if operand.text.startswith("-") and not is_alone:
        return Symbol(f"({operand})")
    return Symbol(operand.text, operand.precedence)


def partial_formulas(
    node: Value, names: Mapping[Value, str], digits: int = DIGITS
) -> tuple[str | None, ...]:
    """The partial derivative for each operand, as it is at the present numbers.

    >>> x = Value(-2.0)
    >>> partial_formulas(x.log1p(), {x: "x"}), partial_formulas(x**3, {x: "x"})
    (('nan',), ('3 * x ** 2', None))

    Of a `where` in it only the branch that applies is written, and what rounding alone puts
    there is left out. `None` says that no gradient flows to that operand.
    """
    if node.op is None or not node.parents:
        return ()
    result = _Formula.named(names.get(node, ""), node._data, digits)
    found = node.op.partials(result, *[_operand(parent, names, digits) for parent in node.parents])
    return tuple(None if partial is None else _formula(partial, digits).text for partial in found)


def partial_formula(
    node: Value, position: int, names: Mapping[Value, str], digits: int = DIGITS
) -> str | None:
    """The partial derivative for the operand at that position."""
    return partial_formulas(node, names, digits)[position]


def partial_name(of: str, by: str) -> str:
    """How the partial derivative of one operation is called.

    >>> partial_name("y", "w1"), partial_name("a + b", "layers.0.w.1")
    ('∂y/∂w1', '∂(a + b)/∂layers.0.w.1')
    """
    return f"∂{_within(of)}/∂{_within(by)}"


def gradient_name(of: str, by: str) -> str:
    """How a gradient is called: the derivative in all ways, where a partial is in one.

    >>> gradient_name("loss", "w1")
    'dloss/dw1'
    """
    return f"d{_within(of)}/d{_within(by)}"


class _Formula(Symbol):
    """A symbol that knows its number, so that a rule may branch on it."""

    __slots__ = ("digits", "is_fixed", "number")

    def __init__(
        self,
        text: str,
        number: float,
        digits: int,
        *,
        precedence: int = ATOM,
        is_fixed: bool = False,
    ) -> None:
        super().__init__(text if len(text) <= LONGEST else shortened(text, LONGEST), precedence)
        self.number = number
        self.digits = digits
        self.is_fixed = is_fixed
        """Whether it is made of numbers only, and is written as one."""

    @classmethod
    def fixed(cls, number: float, digits: int) -> _Formula:
        """A number."""
        text = plain(number, digits)
        binds = SIGN if text.startswith("-") else ATOM
        return cls(text, number, digits, precedence=binds, is_fixed=True)

    @classmethod
    def named(cls, name: str, number: float, digits: int) -> _Formula:
        """A node by its name, or without one by its number."""
        if not name:
            found = cls.fixed(number, digits)
            found.is_fixed = False
            return found
        return cls(_within(name), number, digits)

    # A rule that was registered may branch on its operands, and may use `math`.

    def __bool__(self) -> bool:
        return bool(self.number)

    def __float__(self) -> float:
        return self.number

    def _compared(self, symbol: str, other: Any) -> Any:
        return COMPARISONS[symbol](self.number, float(other))

    @classmethod
    def apply(cls, primitive: Primitive, *operands: Any) -> _Formula:
        """The formula, shorter where the numbers at hand or plain algebra make it so."""
        if primitive.spelled:
            return cast(_Formula, primitive.spelled(*operands))
        digits = next(x.digits for x in operands if isinstance(x, _Formula))
        formulas = [_formula(operand, digits) for operand in operands]
        number = primitive.value(*[x.number for x in formulas])
        if _is_rounding(primitive, formulas):
            return cls.fixed(1.0, digits)
        if all(x.is_fixed for x in formulas):
            return cls.fixed(number, digits)
        if primitive is where:
            condition, x, y = formulas
            return x if condition else y
        if primitive is multiply and any(map(_is_one, formulas)):
            return max(formulas, key=lambda x: not _is_one(x))
        # It differs from a difference only where both are infinite.
        row = subtract if primitive is gap and not math.isinf(formulas[0].number) else primitive
        written = Symbol.apply(row, *formulas)
        return cls(written.text, number, digits, precedence=written.precedence)


def _formula(operand: Any, digits: int) -> _Formula:
    return operand if isinstance(operand, _Formula) else _Formula.fixed(float(operand), digits)


def _operand(node: Value, names: Mapping[Value, str], digits: int) -> _Formula:
    name = names.get(node, "")
    found = _Formula.named(name, node._data, digits)
    found.is_fixed = node.is_constant and not name
    return found


def _within(name: str) -> str:
    """A name as it stands within a formula: `a + b` may be one, and needs parentheses."""
    return name if re.fullmatch(r"[\w.\[\]'\"#]+", name) else f"({name})"


def _is_one(x: _Formula) -> bool:
    return x.is_fixed and x.number == 1.0


def _is_rounding(primitive: Primitive, operands: list[_Formula]) -> bool:
    """Whether it is the `x ** (y - (y - 1 + 1))` with which the table mends a rounded y - 1."""
    if primitive is not pow_ or abs(operands[1].number) > LARGEST_ROUNDING:
        return False
    exponent = operands[1]
    return exponent.is_fixed or bool(re.fullmatch(r"(.+) - \(\1 - 1 \+ 1\)", exponent.text))
