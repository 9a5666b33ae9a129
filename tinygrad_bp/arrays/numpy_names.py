"""NumPy's universal functions, element by element by the table where its own loop differs.

NumPy's loop over objects compares in Python, forgets `nan`, and looks for methods that a plain
number among the operands does not have. Operators and comparisons keep that loop and its speed.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_bp.arrays.along import LeftOut, along, plain
from tinygrad_bp.arrays.order import extreme, is_nan
from tinygrad_bp.basics.structure import gathered
from tinygrad_bp.rows import primitives as p
from tinygrad_bp.rows.primitive import BY_NAME, Primitive

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
}
"""NumPy's name for a primitive, where it is not the array API's."""

COMPARISONS = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}

OPERATORS = {
    *COMPARISONS,
    *("add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "remainder", "power"),
    *("negative", "positive", "square", "reciprocal", "conjugate"),
}
"""What NumPy's loop does by Python's operators, which lead to the table anyway."""

DEGREE = math.pi / 180.0

COMPOSED: dict[str, Callable[..., Any]] = {
    "deg2rad": lambda x: x * DEGREE,
    "radians": lambda x: x * DEGREE,
    "rad2deg": lambda x: x * (1.0 / DEGREE),
    "degrees": lambda x: x * (1.0 / DEGREE),
    "logaddexp2": lambda x, y: p.logaddexp(x * p.LN_2, y * p.LN_2) / p.LN_2,
    "fmax": lambda x, y: y if is_nan(x) else x if is_nan(y) else p.maximum(x, y),
    "fmin": lambda x, y: y if is_nan(x) else x if is_nan(y) else p.minimum(x, y),
    "heaviside": lambda x, y: p.where(p.equal(x, 0.0), y, p.heaviside(x, 0.0)),
    "divmod": lambda x, y: (x // y, x % y),
}
"""Functions that are no rows, by rows."""

QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "isnan": is_nan,
    "isinf": lambda x: abs(x) >= math.inf,
    "isfinite": lambda x: abs(x) < math.inf,
    "signbit": lambda x: np.signbit(getattr(x, "data", x)),
}
"""Functions that ask about a number and have no derivative: what they give is a bool."""

TRUTHS = {"logical_and", "logical_or", "logical_xor", "logical_not"}
EXTREMES = {"maximum": p.maximum, "minimum": p.minimum}


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], settings: Any) -> Any:
    """What a NumPy universal function gives where a `Value`, or an array of them, is an operand."""
    # A plain number that NumPy has put among Values would divide by zero as Python does.
    operands = tuple(plain(gathered(x)) if type(x) is not np.ndarray else x for x in inputs)
    if ufunc.__name__ in TRUTHS:
        truths = [np.asarray(x).astype(bool) for x in operands]
        return getattr(ufunc, method)(*truths, **settings)
    if ufunc.__name__ in EXTREMES and method == "reduce":
        return _reduced(EXTREMES[ufunc.__name__], *operands, **settings)
    out = settings.pop("out", ())
    if out:
        settings["out"] = tuple(map(plain, out))
    # What may be no number is asked at the door, as the table does it.
    loop = _loop(ufunc, are_numbers=all(map(_is_of_numbers, inputs)))
    is_asked = ufunc.__name__ in QUESTIONS or ufunc.__name__ in COMPARISONS
    for array in out:
        if array.dtype != object and not is_asked:
            raise LeftOut(f"an array of {array.dtype} cannot take Values from np.{ufunc.__name__}")
    with np.errstate(all="ignore"):  # as everywhere here, a number that is not finite is a number
        results = getattr(loop, method)(*operands, **settings)
    if out or method == "at":
        return out[0] if len(out) == 1 else out or None
    if ufunc.__name__ in QUESTIONS:
        return np.asarray(results).astype(bool)[()]
    return tuple(map(gathered, results)) if type(results) is tuple else gathered(results)


def _loop(ufunc: np.ufunc, *, are_numbers: bool) -> np.ufunc:
    """The loop that calls the table for each element; NumPy's own where that is right."""
    name = ufunc.__name__
    if name in COMPARISONS or (name in OPERATORS and are_numbers):
        return ufunc
    function = COMPOSED.get(name) or QUESTIONS.get(name) or BY_NAME.get(NUMPY_NAMES.get(name, name))
    if function is not None:
        return _loop_of(function, ufunc.nin, ufunc.nout)
    if not any("O" in kinds for kinds in ufunc.types):
        raise LeftOut(f"np.{name} has no derivative that is known here")
    return ufunc


@functools.cache  # by function and not by name, under which another may be registered
def _loop_of(function: Callable[..., Any], operands: int, results: int) -> np.ufunc:
    loop: np.ufunc = np.frompyfunc(function, operands, results)
    return loop


def _is_of_numbers(x: Any) -> bool:
    return type(x) is not np.ndarray or x.dtype.kind in "biuf"


def _reduced(
    pick: Primitive,
    xs: Any,
    axis: Any = 0,
    dtype: Any = None,  # noqa: ARG001  # NumPy passes it; there is one kind of number
    *,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The largest or smallest along axes; of nothing, `initial`."""
    if where is not True:  # NumPy then asks for an `initial`
        xs = np.where(where, xs, initial)
    first = [] if initial is None else [initial]
    return gathered(along(lambda row: extreme(pick, [*first, *row]), xs, axis, keepdims=keepdims))
