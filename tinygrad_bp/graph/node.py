"""The node as data: what a value remembers, and nothing that it does."""

from __future__ import annotations

from typing import Any

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.graph import modes
from tinygrad_bp.rows.operand import Operand
from tinygrad_bp.rows.primitive import CONSTANT, Primitive


class Node(Operand):
    """A number, its gradient, and the operation and operands that made it.

    Operands stand in two slots, not in a tuple, which would cost as much memory as all the
    rest: `_x` and `_y` for two, `_x` for one, only for three and more a tuple in `_x`; in a
    leaf both are `None`.
    Use `parents`. There are no closures and no reference to children, so no cycles: a graph
    is freed by reference count the moment it is dropped.
    """

    __slots__ = ("__weakref__", "_data", "_x", "_y", "grad", "label", "op")

    _data: float
    _x: Any
    _y: Any
    grad: float
    label: str
    op: Primitive | None

    @property
    def data(self) -> float:
        """The number. What is assigned becomes a float, or is refused."""
        if modes.open_contexts and self.op is not CONSTANT:
            modes.note_reading(self)
        return self._data

    @data.setter
    def data(self, number: Any) -> None:
        self._data = as_float(number)

    @property
    def parents(self) -> tuple[Any, ...]:
        """The operands in order: `x*x` has two parents, and both count; a leaf has none."""
        x, y = self._x, self._y
        if y is not None:
            return x, y
        if x is None:
            return ()
        return x if type(x) is tuple else (x,)

    @property
    def is_leaf(self) -> bool:
        """Whether it was made from a number and not by an operation.

        Never `not node._x`: the truth of a `Value` is that of its number.
        """
        return self._x is None

    @property
    def is_constant(self) -> bool:
        """Whether it is a number that gets no gradient, such as the 2 of `2 * x`."""
        return self.op is CONSTANT
