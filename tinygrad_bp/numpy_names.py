"""NumPy at home: its functions, applied to a `Value`, give `Value`s."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_bp.operand import Operand
from tinygrad_bp.primitive import BY_NAME

NUMPY_NAMES = {
    "absolute": "abs",
    "power": "pow",
    "true_divide": "divide",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "equal": "",  # of Values equality is identity; the row `equal` compares numbers
}
"""NumPy's name for a primitive, where it is not the array API's."""


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], settings: Any) -> Any:
    """What a NumPy universal function gives where a `Value` is among its operands."""
    primitive = BY_NAME.get(NUMPY_NAMES.get(ufunc.__name__, ufunc.__name__))
    if primitive is not None and method == "__call__" and not settings:
        return primitive(*inputs)
    # NumPy maps over arrays of objects by itself, by operators, comparisons and methods.
    wrapped = [_as_array(x) if isinstance(x, Operand) else x for x in inputs]
    return getattr(ufunc, method)(*wrapped, **settings)


def _as_array(operand: Operand) -> np.ndarray[Any, Any]:
    array = np.empty((), dtype=object)
    array[()] = operand
    return array
