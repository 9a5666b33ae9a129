"""NumPy at home: its functions, applied to a `Value`, give `Value`s."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_bp.operand import Operand
from tinygrad_bp.primitive import BY_NAME

NUMPY_NAMES = {
    "absolute": "abs",
    "fabs": "abs",
    "power": "pow",
    "float_power": "pow",
    "true_divide": "divide",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "rint": "round",
    "equal": "",  # `==` answers with a bool, the row `equal` with a Value
}
"""NumPy's name for a primitive, where it is not the array API's."""

QUESTIONS = {"isnan", "isinf", "isfinite", "signbit"}
"""Functions that ask about a number and have no derivative: what they give is a bool."""


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], settings: Any) -> Any:
    """What a NumPy universal function gives where a `Value` is among its operands."""
    primitive = BY_NAME.get(NUMPY_NAMES.get(ufunc.__name__, ufunc.__name__))
    if primitive is not None and method == "__call__" and not settings:
        return primitive(*inputs)
    if ufunc.__name__ in QUESTIONS and not settings:
        return ufunc(*[x.data for x in inputs])
    # NumPy maps over arrays of objects by itself, by operators, comparisons and methods.
    wrapped = [_as_array(x) if isinstance(x, Operand) else x for x in inputs]
    return getattr(ufunc, method)(*wrapped, **settings)


def _as_array(operand: Operand) -> np.ndarray[Any, Any]:
    array = np.empty((), dtype=object)
    array[()] = operand
    return array
