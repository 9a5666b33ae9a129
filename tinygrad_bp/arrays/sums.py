"""Functions that add up: differences on a grid, lines between points, counts, norms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_bp.arrays.along import LeftOut, along, axes_of, each, objects
from tinygrad_bp.arrays.functions import Function, own
from tinygrad_bp.arrays.order import compared, extreme
from tinygrad_bp.arrays.reductions import sum as total
from tinygrad_bp.rows import primitives as p

_numpy: Any = np  # its overloads do not know that settings may be any


@own("round", "around")
def rounded(a: Any, decimals: int = 0) -> Any:
    """Rounded to so many decimals, half to even, as NumPy does it."""
    scale = 10.0 ** abs(decimals)
    if decimals < 0:
        return np.rint(a / scale) * scale
    return np.rint(a * scale) / scale if decimals else np.rint(a)


@own("sinc")
def sinc(x: Any) -> Any:
    """The row, which has all derivatives at 0, too."""
    return each(p.sinc, x)


def _spread(of_deviations: Callable[[list[Any]], Any], power: float) -> Function:
    def spread(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0.0,
        keepdims: bool = False,  # noqa: FBT001, FBT002  # NumPy's
    ) -> Any:  # fmt: skip
        if dtype is not None or out is not None:
            raise LeftOut(
                "np.var and np.std into an array, or of another kind, do not work on Values"
            )

        def of_row(row: list[Any]) -> Any:
            mean = total(row) / len(row)
            found = of_deviations([x - mean for x in row])
            return p.divide(found, (len(row) - ddof) ** power)

        return along(of_row, a, axis, keepdims=keepdims)

    return spread


own("var")(_spread(lambda row: total([x * x for x in row]), 1.0))
own("std")(_spread(lambda row: p.norm(*row), 0.5))


@own("gradient")
def gradient(f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Differences on a grid: they are linear, so NumPy says by which numbers to multiply."""
    array = objects(f)
    axes = axes_of(array, axis)
    steps = spacing * len(axes) if len(spacing) == 1 else spacing or (1.0,) * len(axes)
    found = []
    for along_axis, step in zip(axes, steps, strict=True):
        rows = np.moveaxis(array, along_axis, 0)
        weights: Any = _numpy.gradient(np.eye(len(rows)), step, axis=0, edge_order=edge_order)
        sums = [_weighted(row, rows, has_holes=np.ndim(step) == 0) for row in weights]
        found.append(np.moveaxis(np.stack(sums), 0, along_axis))
    return found[0] if len(found) == 1 else tuple(found)


def _weighted(weights: Any, rows: Any, *, has_holes: bool) -> Any:
    """The sum of rows between the first and the last that counts; on an even grid not of all."""
    (places,) = np.nonzero(weights)
    between = places if has_holes else range(places[0], places[-1] + 1)
    return objects(sum(weights[i] * rows[i] for i in between))


@own("cov")
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,  # noqa: FBT001, FBT002  # NumPy's
    bias: bool = False,  # noqa: FBT001, FBT002
    ddof: float | None = None,
    *,
    dtype: Any = None,  # noqa: ARG001  # there is one kind of number
) -> Any:
    """The covariances of the rows, each a variable; its columns are the observations."""
    rows = [np.atleast_2d(objects(part)) for part in (m, y) if part is not None]
    variables = np.concatenate([x if rowvar or len(x) == 1 else x.T for x in rows])
    count = variables.shape[1]
    rest = variables - objects(along(total, variables, 1, keepdims=True)) / count
    found = rest @ rest.T / (count - (1 - bias if ddof is None else ddof))
    return found.squeeze()


@own("interp")
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    """On the straight lines between points; outside of them the first and the last value."""
    points, values = objects(xp), objects(fp)
    numbers, stops = compared(x, points)
    before = values[0] if left is None else left
    after = values[-1] if right is None else right

    def at(x: Any, number: float) -> Any:
        if number != number:
            return x
        if number < stops[0]:
            return before
        if number >= stops[-1]:
            return values[-1] if number == stops[-1] else after
        i = int(np.searchsorted(stops, number, side="right")) - 1
        slope = (values[i + 1] - values[i]) / (points[i + 1] - points[i])
        return slope * (x - points[i]) + values[i]

    return each(at, x, numbers)


@own("bincount")
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """The sums of the weights of each number 0, 1, 2, ..., which itself is no Value."""
    if weights is None or np.asarray(x).dtype == object:
        raise LeftOut("np.bincount counts whole numbers; Values can be its weights")
    width = len(np.bincount(x, minlength=minlength))
    return _sums(np.asarray(x), objects(weights), width)


@own("histogram")
def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None  # noqa: A002
) -> Any:  # fmt: skip
    """How many numbers lie in each bin, or their weights, and the edges of the bins."""
    if isinstance(bins, str):
        raise LeftOut("np.histogram with bins by name does not work on Values")
    array = objects(a).ravel()
    edges = objects(_edges(array, bins, range) if np.ndim(bins) == 0 else bins)
    numbers, stops = compared(array, edges)
    inside = (numbers >= stops[0]) & (numbers <= stops[-1])
    places = np.searchsorted(stops[1:-1], numbers[inside], side="right")
    if weights is None:
        counts: Any = np.bincount(places, minlength=len(stops) - 1)
    else:
        counts = _sums(places, objects(weights).ravel()[inside], len(stops) - 1)
    return (counts / np.diff(edges) / counts.sum() if density else counts), edges


def _edges(array: Any, bins: int, limits: Any) -> Any:
    low, high = limits or [extreme(pick, list(array)) for pick in (p.minimum, p.maximum)]
    if low >= high:
        low, high = low - 0.5, high + 0.5
    inner = [low + (high - low) * (i / bins) for i in range(1, bins)]
    return objects([low, *inner, high])


def _sums(places: Any, weights: Any, width: int) -> Any:
    return objects([total(weights[places == i]) for i in range(width)])
