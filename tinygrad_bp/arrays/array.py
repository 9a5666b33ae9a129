"""`Array`: a NumPy array of `Value`s, on which NumPy's functions follow the table's rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from tinygrad_bp.arrays import choosing, linalg, numpy_names, sums
from tinygrad_bp.arrays.along import objects, plain
from tinygrad_bp.arrays.functions import apply_function
from tinygrad_bp.arrays.order import raw_numbers
from tinygrad_bp.basics.structure import gathered
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.node import Node

OWN_BODIES = (choosing, linalg, sums)
"""Files that tell `functions` what they hold, when they are imported."""


@final
class Array(np.ndarray[Any, Any]):
    """An array of `Value`s: NumPy's, except that functions go by the rules of the table.

    >>> from tinygrad_bp import values
    >>> w = values(np.array([1.0, 2.0, 2.0]), label="w")
    >>> np.max(w * w).backward()
    >>> w.grad
    array([0., 2., 2.])
    >>> w.numbers = w.numbers - 0.5 * w.grad
    >>> w
    Array([1., 1., 1.])

    `values` makes one of an array of numbers, `tinygrad_bp.array` of nested lists, and so do
    all functions of a `Value` or an `Array` and an array. What NumPy can do with it, and what
    not, stands in docs/arrays.md.
    """

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The number of each `Value`, as an array of floats; what is assigned goes to leaves."""
        return _each(self, lambda value: value.data)

    @numbers.setter
    def numbers(self, numbers: Any) -> None:
        new = np.broadcast_to(raw_numbers(numbers), self.shape)
        for value in self.flat:
            if not value.is_leaf:
                raise ValueError(
                    f"{value!r} was computed, so its number cannot be written; write to the "
                    "leaves that it was computed from"
                )
        for value, number in zip(self.flat, new.flat, strict=True):
            value.data = number

    @property
    def grad(self) -> NDArray[np.float64]:
        """The gradient of each `Value`, as an array of floats."""
        return _each(self, lambda value: value.grad)

    def zero_grad(self) -> None:
        """Set every gradient in the graph of these values to zero."""
        for node in topological_order(*self.flat):
            node.grad = 0.0

    @property
    def data(self) -> Any:
        """NumPy's name for the memory of an array; the numbers are in `numbers`."""
        raise AttributeError(_ABOUT_DATA)

    @data.setter
    def data(self, _numbers: Any) -> None:
        raise AttributeError(_ABOUT_DATA)

    def astype(self, *args: Any, **kwargs: Any) -> Any:
        """A copy of another kind: of bools, by what is not 0; floats are in `numbers`."""
        return gathered(plain(self).astype(*args, **kwargs))

    def sort(self, axis: int = -1, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]  # NumPy's overloads
        """Sort in place, as `np.sort` does."""
        self[...] = np.sort(self, axis, *args, **kwargs)

    def fill(self, value: Any) -> None:
        """Put one number, or one `Value`, in every place."""
        self[...] = value

    def __setitem__(self, index: Any, new: Any) -> None:
        # A plain number among Values would divide by zero as Python does.
        kind: Any = type(self.flat[0]) if self.size else None
        if not isinstance(new, Node | Array) and hasattr(kind, "in_array"):
            new = kind.in_array(objects(new))
        super().__setitem__(index, new[()] if isinstance(new, np.ndarray) and not new.ndim else new)

    def __repr__(self) -> str:
        return f"Array({self._written('Array(')})"

    def __str__(self) -> str:
        return self._written("")

    def _written(self, prefix: str) -> str:
        try:
            numbers = raw_numbers(self)
        except TypeError:  # what NumPy has made and nobody has filled yet
            return str(self.tolist())
        return np.array2string(numbers, separator=", " if prefix else " ", prefix=prefix)

    def __array_ufunc__(self, ufunc: np.ufunc, method: Any, *inputs: Any, **settings: Any) -> Any:
        return numpy_names.apply_ufunc(ufunc, method, inputs, settings)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return apply_function(function, args, kwargs)


_ABOUT_DATA = (
    "an Array has its numbers in .numbers, which can be assigned to as well; "
    ".data is NumPy's name for the memory of an array"
)


def _each(array: Array, read: Callable[[Node], float]) -> NDArray[np.float64]:
    """What is read from each `Value`."""
    return np.array([read(value) for value in array.flat], dtype=float).reshape(array.shape)


def _as_method(name: str) -> Callable[..., Any]:
    """NumPy's own method would compare in C; the function of this name goes by the table."""
    function = getattr(np, name)

    def method(self: Array, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"`np.{name}` of this array."
    return method


for _name in (
    *("argmax", "argmin", "argsort", "argpartition", "searchsorted", "partition"),
    *("nonzero", "round", "clip", "ptp", "var", "std"),
):
    setattr(Array, _name, _as_method(_name))
