"""What a function of NumPy's does where a `Value`, or an array of them, is an argument.

Most run NumPy's own Python on arrays whose universal functions are the table's. Those that would
lose a derivative, or compare in Python, have a body of their own in the files beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_bp.arrays.along import LeftOut, plain
from tinygrad_bp.basics.structure import sequence_like
from tinygrad_bp.rows.operand import Operand

Function = Callable[..., Any]

OWN: dict[Function, Function] = {}
"""NumPy's functions that have another body here."""


def own(*names: str, home: Any = np) -> Callable[[Function], Function]:
    """The function takes the place of NumPy's, under whichever of these names it knows."""

    def kept(function: Function) -> Function:
        OWN.update({getattr(home, name): function for name in names if hasattr(home, name)})
        return function

    return kept


def apply_function(function: Function, args: Any, kwargs: Any) -> Any:
    """What a function of NumPy's gives where a `Value`, or an array of them, is an argument."""
    kind = type(next(operands_in([args, list(kwargs.values())]), None))
    if function in OWN:
        return _handed_back(OWN[function](*args, **kwargs), kind)
    lifted, settings = _as_arrays((args, kwargs), kind)
    try:
        # As if for a subclass that changes nothing; what it calls comes here again.
        result = np.ndarray.__array_function__(
            np.empty(0), function, (np.ndarray,), lifted, settings
        )
    except LeftOut:
        raise
    except (TypeError, AttributeError) as error:
        name = f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1)
        raise LeftOut(f"{name} does not work on Values") from error
    return _handed_back(result, kind)


def operands_in(part: Any) -> Iterator[Operand]:
    """The operands among the arguments of a call."""
    if isinstance(part, Operand):
        yield part
    elif isinstance(part, np.ndarray):
        if part.dtype == object:
            yield from (x for x in part.flat if isinstance(x, Operand))
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from operands_in(inner)


def _as_arrays(part: Any, kind: Any) -> Any:
    """The arguments with an array in place of each single operand."""
    if isinstance(part, Operand):
        return kind.in_array(plain(part))
    if isinstance(part, dict):
        return {key: _as_arrays(inner, kind) for key, inner in part.items()}
    if type(part) in (list, tuple):
        return type(part)(_as_arrays(inner, kind) for inner in part)
    return part


def _handed_back(result: Any, kind: Any) -> Any:
    """Arrays as their operands say, one without dimensions as what it holds."""
    if isinstance(result, np.ndarray) and result.dtype == object:
        if not hasattr(kind, "in_array"):
            return result
        found = kind.in_array(plain(result))
        if not result.ndim and found[()] is not None:  # not what NumPy is about to fill
            return found[()]
        return result if type(result) is type(found) else found  # the very `out` that was given
    if isinstance(result, list | tuple):
        return sequence_like(result, [_handed_back(one, kind) for one in result])
    return result
