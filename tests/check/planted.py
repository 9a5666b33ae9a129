"""Gradients by a table in which one row is wrong."""

from __future__ import annotations

from typing import Any

from tinygrad_bp import gradient
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.rows.primitive import Primitive


def gradient_with(wrong: Primitive, expression: Expression) -> list[float]:
    """The gradient of an expression, with one row in the place of that of its name."""
    leaves = expression.values()

    def apply(name: str, *operands: Any) -> Any:
        return (wrong if name == wrong.name else ROWS[name])(*operands)

    found: list[float] = gradient(expression.run(leaves, apply)[-1], leaves)
    return found


def right_gradient(expression: Expression) -> list[float]:
    """The gradient by the table as it is."""
    leaves = expression.values()
    found: list[float] = gradient(expression(*leaves), leaves)
    return found
