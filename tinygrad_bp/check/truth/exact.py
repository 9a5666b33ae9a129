"""`Exact`: a number of many digits that a program runs on as if it were a float or a `Value`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_bp.arrays import numpy_names
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.optional import mpmath
from tinygrad_bp.check.truth.truths import definition, real
from tinygrad_bp.graph.node import Node
from tinygrad_bp.rows.operand import COMPARISONS, Operand
from tinygrad_bp.rows.primitive import Primitive


class Exact(Operand):
    """A number in mpmath's arithmetic, under the precision in force.

    >>> with mpmath().workdps(30):
    ...     1 / (1 + np.exp(-Exact(0.1)))
    Exact(0.524979187478939987483508290664)

    It takes the operators, methods and functions of a `Value`, and NumPy's; what they give are
    the truths of the table, not its rows. Comparisons compare numbers, so a program takes the
    branch that it would take if floats did not round. It does not turn into a float, since a
    program that rounds half-way proves nothing.
    """

    __slots__ = ("number",)

    def __init__(self, number: Any) -> None:
        self.number = exactly(number)

    def __repr__(self) -> str:
        return f"Exact({self.number})"

    @classmethod
    def apply(cls, primitive: Primitive, *operands: Any) -> Exact:
        """What the operation should give, by its definition."""
        return cls(real(definition(primitive), [exactly(operand) for operand in operands]))

    @classmethod
    def apply_binary(cls, primitive: Primitive, x: Any, y: Any) -> Any:
        """The same, element by element on an array."""
        if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
            return primitive(x, y)
        return cls.apply(primitive, x, y)

    @property
    def data(self) -> Exact:
        """Itself: what a program does with the number of a value changes its result too."""
        return self

    def _compared(self, symbol: str, other: Any) -> bool:
        return bool(COMPARISONS[symbol](self.number, exactly(other)))

    def __bool__(self) -> bool:
        return bool(self.number)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        if ufunc.__name__ in numpy_names.QUESTIONS:
            return ufunc(*[float(exactly(x)) for x in inputs])
        return numpy_names.apply_ufunc(ufunc, method, inputs, settings)


def exactly(number: Any) -> Any:
    """The number in mpmath's arithmetic; a float is just what its bits say."""
    if type(number) is Exact:
        return number.number
    mp = mpmath()
    if isinstance(number, mp.mpf):
        return number
    return mp.mpf(number._data if isinstance(number, Node) else as_float(number))
