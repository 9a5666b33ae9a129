"""Functions that choose: NumPy chooses among the numbers, and what is chosen keeps its graph."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from tinygrad_bp.arrays.along import LeftOut, along, each, objects
from tinygrad_bp.arrays.functions import Function, own
from tinygrad_bp.arrays.order import compared, is_nan
from tinygrad_bp.rows.primitives import clip as clip_row, gap

_numpy: Any = np  # its overloads do not know that settings may be any

QUESTIONS = {
    1: ("argmax", "argmin", "argsort", "argpartition", "nanargmax", "nanargmin"),
    2: ("searchsorted", "digitize", "isin", "in1d", "array_equal", "array_equiv"),
}
"""Functions that give places or answers, by how many arguments hold the numbers."""


def _on_numbers(function: Function, count: int) -> Function:
    """The function, asked about the numbers of its first arguments; their order decides."""
    signature = inspect.signature(function)
    names = list(signature.parameters)[:count]

    def asked(*args: Any, **kwargs: Any) -> Any:
        call = signature.bind(*args, **kwargs)
        numbers = compared(*[call.arguments[name] for name in names])
        call.arguments.update(zip(names, numbers, strict=True))
        return function(*call.args, **call.kwargs)

    return asked


for _count, _names in QUESTIONS.items():
    for _name in _names:
        if hasattr(np, _name):  # not every NumPy has all
            own(_name)(_on_numbers(getattr(np, _name), _count))


def _where_not_zero(function: Function) -> Function:
    return lambda a, **settings: function(objects(a).astype(bool), **settings)


for _name in ("nonzero", "flatnonzero", "argwhere", "count_nonzero"):
    own(_name)(_where_not_zero(getattr(np, _name)))


@own("sort")
def sort(a: Any, axis: int | None = -1, **_kind: Any) -> Any:
    """Sorted along an axis; equal numbers keep their order, and `nan` comes last."""
    array = objects(a) if axis is not None else objects(a).ravel()
    along_axis = -1 if axis is None else axis
    places = np.argsort(compared(array)[0], axis=along_axis, kind="stable")
    return np.take_along_axis(array, places, axis=along_axis)


@own("partition")
def partition(a: Any, kth: Any, axis: int | None = -1, **_kind: Any) -> Any:  # noqa: ARG001
    """Sorted, which is partitioned at every place."""
    return sort(a, axis)


@own("unique")
def unique(
    ar: Any,
    return_index: bool = False,  # noqa: FBT001, FBT002  # NumPy's
    *more: Any,
    axis: int | None = None,
    **wanted: Any,
) -> Any:
    """Each number once, in order; of equal ones the first."""
    if axis is not None:
        raise LeftOut("np.unique of whole rows does not work on Values")
    array = objects(ar).ravel()
    _, places, *others = _numpy.unique(*compared(array), True, *more, **wanted)  # noqa: FBT003
    found = (array[places], *([places] if return_index else []), *others)
    return found if len(found) > 1 else found[0]


@own("nan_to_num")
def nan_to_num(
    x: Any,
    copy: bool = True,  # noqa: ARG001, FBT001, FBT002  # NumPy's; here it is always a copy
    nan: Any = 0.0,
    posinf: Any = None,
    neginf: Any = None,
) -> Any:
    """Numbers in place of `nan` and the infinities, where the derivative then is 0."""
    largest = np.finfo(float).max
    above, below = largest if posinf is None else posinf, -largest if neginf is None else neginf

    def replaced(x: Any) -> Any:
        return nan if is_nan(x) else above if x >= math.inf else below if x <= -math.inf else x

    return each(replaced, x)


@own("clip")
def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,  # noqa: A002  # NumPy's
    max: Any = None,  # noqa: A002
) -> Any:
    """As the row `clip`, with one bound too: the slope at a bound is 1."""
    lows = [bound for bound in (a_min, min) if bound is not None] or [-math.inf]
    highs = [bound for bound in (a_max, max) if bound is not None] or [math.inf]
    found = each(clip_row, a, lows[0], highs[0])
    if out is None:
        return found
    out[...] = found
    return out


# Quantiles --------------------------------------------------------------------------------


def _quantiles(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,  # noqa: ARG001, FBT001, FBT002  # NumPy's
    method: str = "linear",
    keepdims: bool = False,  # noqa: FBT001, FBT002
    *,
    weights: Any = None,
    skips_nan: bool = False,
) -> Any:
    if out is not None or weights is not None:
        raise LeftOut("quantiles with weights, or into an array, do not work on Values")
    shares = np.asarray(q, dtype=float)

    def at(share: float) -> Any:
        def of_row(row: list[Any]) -> Any:
            kept = [x for x in row if not is_nan(x)] if skips_nan else row
            return _quantile(kept, share, method)

        return objects(along(of_row, a, axis, keepdims=keepdims))

    parts = [at(share) for share in shares.flat]
    return np.stack(parts).reshape(shares.shape + parts[0].shape) if parts else np.empty(0)


def _quantile(row: Sequence[Any], share: float, method: str) -> Any:
    """NumPy says where it lies among the numbers 0, 1, 2, ...; so among ours."""
    in_order = sort(objects(row))
    if not len(in_order):
        return math.nan
    last = in_order[-1]
    place = float(_numpy.quantile(np.arange(float(len(in_order))), share, method=method))
    if is_nan(last):
        return last
    below = in_order[math.floor(place)]
    rest = place - math.floor(place)
    return below + gap(in_order[math.floor(place) + 1], below) * rest if rest else below


def _percentiles(quantiles: Function) -> Function:
    return lambda a, q, *args, **settings: quantiles(
        a, np.asarray(q, dtype=float) / 100.0, *args, **settings
    )


def _medians(quantiles: Function) -> Function:
    def median(
        a: Any,
        axis: Any = None,
        out: Any = None,
        overwrite_input: bool = False,  # noqa: ARG001, FBT001, FBT002  # NumPy's
        keepdims: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        return quantiles(a, 0.5, axis, out, keepdims=keepdims)

    return median


for _prefix, _function in (("", _quantiles), ("nan", partial(_quantiles, skips_nan=True))):
    own(f"{_prefix}quantile")(_function)
    own(f"{_prefix}percentile")(_percentiles(_function))
    own(f"{_prefix}median")(_medians(_function))
