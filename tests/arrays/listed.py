"""NumPy's functions, each tried on an `Array` beside NumPy on floats: `docs/arrays.md` lists them.

A case is a function of arrays that are called by their kind:
a, b  six numbers     p  six positive ones     m, n  3 x 3 matrices     s  a positive definite one
"""

from __future__ import annotations

import inspect
import itertools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_bp import Value, values

STEP = 1e-6
SIX = np.arange(6.0)
GRID = np.array([0.0, 0.5, 1.0, 1.25, 2.0, 3.0])

Function = Callable[..., Any]


def each(make: Callable[[Function], list[Function]], *names: str) -> dict[str, list[Function]]:
    """For each name of NumPy's the cases that are made of its function."""
    return {name: make(getattr(np, name)) for name in names}


def unary(*names: str) -> dict[str, list[Function]]:
    return each(lambda f: [lambda a: f(a)], *names)


def positive(*names: str) -> dict[str, list[Function]]:
    return each(lambda f: [lambda p: f(p)], *names)


def inside(*names: str) -> dict[str, list[Function]]:
    return each(lambda f: [lambda a: f(a / 8.0)], *names)


def binary(*names: str) -> dict[str, list[Function]]:
    return each(
        lambda f: [lambda a, b: f(a, b), lambda a: f(a, 0.75), lambda a: f(SIX + 0.25, a)], *names
    )


def reduction(*names: str) -> dict[str, list[Function]]:
    return each(
        lambda f: [lambda a: f(a), lambda m: f(m, axis=0), lambda m: f(m, axis=1, keepdims=True)],
        *names,
    )


def running(*names: str) -> dict[str, list[Function]]:
    return each(lambda f: [lambda a: f(a), lambda m: f(m, axis=0)], *names)


L = np.linalg

GROUPS: dict[str, dict[str, list[Function]]] = {
    "Element by element": {
        **unary(
            "negative", "positive", "absolute", "fabs", "sign", "square", "exp", "expm1", "exp2"
        ),
        **unary(
            "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "arcsinh", "cbrt", "conjugate"
        ),
        **positive("sqrt", "log", "log1p", "log2", "log10", "reciprocal"),
        **inside("arcsin", "arccos", "arctanh"),
        "arccosh": [lambda p: np.arccosh(p + 1.0)],
        **unary(
            "deg2rad", "radians", "rad2deg", "degrees", "sinc", "floor", "ceil", "trunc", "rint"
        ),
        "round": [lambda a: np.round(a), lambda a: np.round(a, 1), lambda a: np.round(a * 100, -1)],
        "nan_to_num": [
            lambda a: np.nan_to_num(a),
            lambda a: np.nan_to_num(a / 0.0, nan=2.0, posinf=3.0),
        ],
        **binary("add", "subtract", "multiply", "divide", "maximum", "minimum", "fmax", "fmin"),
        **binary("hypot", "arctan2", "logaddexp", "logaddexp2", "heaviside", "copysign"),
        "power": [lambda p, b: np.power(p, b), lambda a: np.power(a, 2)],
        "float_power": [lambda p, b: np.float_power(p, b)],
        **binary("remainder", "mod", "fmod", "floor_divide"),
        "divmod": [lambda a: np.divmod(a, 0.75)],
        "clip": [
            lambda a: np.clip(a, -0.5, 0.5),
            lambda a: np.clip(a, 0.0, None),
            lambda a, b: np.clip(a, b, 2.0),
            lambda a: a.clip(-0.5, 0.5),
        ],
        "where": [
            lambda a: np.where(a > 0.5, a, 2.0),
            lambda a, b: np.where(a < b, a * b, a),
            lambda a: np.exp(np.where(a > 0.0, a, 1.0)),
        ],
        "select": [lambda a: np.select([a > 1.0, a > 0.0], [a, a * a], 0.5)],
    },
    "Questions": {
        **unary("isnan", "isfinite", "isinf", "signbit"),
        **binary("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
        **binary(
            "isclose", "allclose", "array_equal", "isin", "logical_and", "logical_or", "logical_xor"
        ),
        **unary("logical_not", "count_nonzero", "nonzero", "flatnonzero", "argwhere", "any", "all"),
        **unary("argmax", "argmin", "argsort"),
        "searchsorted": [
            lambda a: np.searchsorted(GRID, a),
            lambda a: np.searchsorted(np.sort(a), 0.5),
        ],
        "digitize": [lambda a: np.digitize(a, GRID)],
    },
    "Reductions": {
        **reduction(
            "sum", "prod", "mean", "max", "min", "amax", "amin", "ptp", "var", "std", "median"
        ),
        **reduction(
            "nansum", "nanprod", "nanmean", "nanmax", "nanmin", "nanvar", "nanstd", "nanmedian"
        ),
        "average": [lambda a, p: np.average(a, weights=p)],
        "percentile": [
            lambda a: np.percentile(a, 30),
            lambda a: np.percentile(a, [0, 37, 50, 100]),
            lambda m: np.percentile(m, 40, axis=1),
            lambda a: np.percentile(a, 30, method="lower"),
        ],
        "quantile": [
            lambda a: np.quantile(a, 0.3),
            lambda m: np.quantile(m, [0.1, 0.9], axis=0, keepdims=True),
            lambda a: np.quantile(a, 0.3, method="hazen"),
        ],
        "nanpercentile": [lambda a: np.nanpercentile(a, [20, 60])],
        "nanquantile": [
            lambda a: np.nanquantile(a, 0.35),
            lambda a: np.nanquantile(a * math.nan, 0.5),
        ],
        "cov": [lambda a, b: np.cov(a, b), lambda m: np.cov(m)],
        "corrcoef": [lambda a, b: np.corrcoef(a, b)],
        "bincount": [lambda a: np.bincount([0, 2, 2, 1, 4, 0], weights=a)],
        "histogram": [
            lambda a: np.histogram(a, bins=4),
            lambda a: np.histogram(a * 0.0, bins=2)[0],
            lambda a: np.histogram(a, bins=[-3.0, 0.1, 1.1, 4.0]),
            lambda a, p: np.histogram(a, bins=3, range=(-4.0, 4.0), weights=p, density=True),
        ],
        "trapezoid": [
            lambda a: np.trapezoid(a, dx=0.5),
            lambda a, p: np.trapezoid(a, np.cumsum(p)),
        ],
    },
    "Along an axis": {
        **running("cumsum", "cumprod", "nancumsum", "nancumprod", "diff", "sort"),
        "partition": [lambda a: np.sort(np.partition(a, 2)[:3])],
        "unique": [lambda a: np.unique(a), lambda a: np.unique(a, return_counts=True)],
        "interp": [
            lambda a: np.interp(a, GRID, GRID**2),
            lambda a: np.interp(abs(a) + 2.0, GRID, GRID**2, right=7.0),
            lambda a: np.interp([0.3, 1.7], GRID, a),
            lambda a, p: np.interp(a, np.cumsum(p), p),
            lambda a: np.interp(a, GRID, GRID, -1.0, 5.0),
        ],
        "gradient": [
            lambda a: np.gradient(a),
            lambda a: np.gradient(a, 0.5, edge_order=2),
            lambda m: np.gradient(m),
            lambda a: np.gradient(a, GRID),
            lambda m: np.gradient(m, 0.5, axis=1),
        ],
        "convolve": [lambda a, b: np.convolve(a, b), lambda a: np.convolve(a, [1.0, 0.5], "same")],
        "correlate": [lambda a, b: np.correlate(a, b, "full")],
        "linspace": [
            lambda a: np.linspace(a[0], a[1], 5),
            lambda a: np.linspace(a, 2.0, 4, endpoint=False),
        ],
        "ediff1d": [lambda a: np.ediff1d(a)],
        "apply_along_axis": [lambda m: np.apply_along_axis(lambda row: (row * row).sum(), 1, m)],
    },
    "Products": {
        "dot": [lambda a, b: np.dot(a, b), lambda m, n: np.dot(m, n), lambda m: m.dot(SIX[:3])],
        "matmul": [lambda m, n: m @ n, lambda m: m @ SIX[:3]],
        "inner": [lambda a, b: np.inner(a, b)],
        "outer": [lambda a, b: np.outer(a, b)],
        "vdot": [lambda m, n: np.vdot(m, n)],
        "kron": [lambda a, m: np.kron(a, m)],
        "cross": [lambda a, b: np.cross(a[:3], b[:3])],
        "trace": [lambda m: np.trace(m)],
        "einsum": [
            lambda a, b: np.einsum("i,i->", a, b),
            lambda m, n: np.einsum("ij,jk->ik", m, n),
            lambda m: np.einsum("ii->i", m),
        ],
        "tensordot": [
            lambda m, n: np.tensordot(m, n),
            lambda m, n: np.tensordot(m, n, axes=([0], [1])),
        ],
    },
    "Linear algebra": {
        "linalg.norm": [
            lambda a: L.norm(a),
            lambda m: L.norm(m),
            lambda m: L.norm(m, axis=0),
            lambda a: L.norm(a, 1),
            lambda a: L.norm(a, math.inf),
            lambda a: L.norm(a, 3),
            lambda a: L.norm(a, 0),
            lambda m: L.norm(m, 1),
            lambda m: L.norm(m, -math.inf),
            lambda m: L.norm(m, "fro", keepdims=True),
        ],
        "linalg.solve": [
            lambda m, n: L.solve(m, n),
            lambda m, a: L.solve(m, a[:3]),
            lambda m, n: L.solve(np.stack([m, n]), n),
        ],
        "linalg.inv": [lambda m: L.inv(m), lambda m, n: L.inv(np.stack([m, n]))],
        "linalg.det": [lambda m: L.det(m), lambda m, n: L.det(np.stack([m, n]))],
        "linalg.slogdet": [lambda m: L.slogdet(m)],
        "linalg.cholesky": [lambda s: L.cholesky(s), lambda s: L.cholesky(s, upper=True)],
        "linalg.lstsq": [
            lambda m, a: L.lstsq(m[:, :2], a[:3])[0],
            lambda m, n: L.lstsq(m[:, :2], n)[:2],
        ],
        "linalg.matrix_power": [lambda m: L.matrix_power(m, 3), lambda m: L.matrix_power(m, -2)],
        "linalg.multi_dot": [lambda m, n: L.multi_dot([m, n, m])],
    },
    "Shapes": {
        **unary("transpose", "ravel", "flip", "squeeze", "atleast_2d", "copy"),
        "reshape": [lambda a: np.reshape(a, (2, 3))],
        "concatenate": [lambda a, b: np.concatenate([a, b])],
        "stack": [lambda a, b: np.stack([a, b], axis=1)],
        "hstack": [lambda a: np.hstack([a, SIX])],
        "vstack": [lambda a: np.vstack([a, SIX])],
        "append": [lambda a: np.append(a, 2.0)],
        "insert": [lambda a: np.insert(a, 2, 1.5)],
        "delete": [lambda a: np.delete(a, 2)],
        "repeat": [lambda a: np.repeat(a, 2)],
        "tile": [lambda a: np.tile(a, (2, 1))],
        "roll": [lambda a: np.roll(a, 2)],
        "pad": [lambda a: np.pad(a, 2), lambda a: np.pad(a, 1, mode="edge")],
        "take": [lambda a: np.take(a, [0, 0, 3])],
        "diag": [lambda m: np.diag(m), lambda a: np.diag(a)],
        "triu": [lambda m: np.triu(m)],
        "tril": [lambda m: np.tril(m)],
        "broadcast_to": [lambda a: np.broadcast_to(a, (2, 6))],
        "swapaxes": [lambda m: np.swapaxes(m, 0, 1)],
        "split": [lambda a: np.split(a, 3)],
        "zeros_like": [lambda a: np.zeros_like(a), lambda a: 1.0 / np.ones_like(a)],
    },
}

# LAPACK leaves out products by 0, so that it answers with some numbers where all depend on a nan.
MORE_NAN = [
    f for name in ("solve", "inv", "slogdet") for f in GROUPS["Linear algebra"][f"linalg.{name}"]
]

# Random numbers, ties, and a `nan`.
KINDS = ("random", "tied", "nan")


def inputs(function: Function, kind: str, seed: int = 0) -> list[Any]:
    """The arrays that a case asks for, by the names of its operands."""
    return [given(name, kind, seed) for name in operands(function)]


def operands(function: Function) -> list[str]:
    """The names of its operands."""
    return list(inspect.signature(function).parameters)


def given(name: str, kind: str, seed: int) -> Any:
    """An array by its name."""
    rng = np.random.default_rng([seed, ord(name)])
    six = rng.normal(size=6) * 1.5
    if kind == "tied":
        six = np.array([1.0, 0.5, 1.0, 0.5, 0.0, 1.0]) + 0.5 * (name == "b")
    if name in "mns":
        matrix = rng.normal(size=(3, 3))
        if kind == "tied":
            matrix = np.ones((3, 3)) + np.eye(3) * (2.0 if name == "m" else 3.0)
        six = matrix @ matrix.T + np.eye(3) if name == "s" else matrix
    if name == "p":
        six = np.abs(six) + 0.25
    if kind == "nan":
        six.flat[1] = math.nan
    return six


def flat(result: Any) -> list[Any]:
    """The numbers of what a function gave, in order."""
    if isinstance(result, tuple | list):
        return [x for part in result for x in flat(part)]
    return list(np.asarray(result, dtype=object).flat)


def number(x: Any) -> float:
    return x.data if isinstance(x, Value) else float(x)


def on_floats(function: Function, arrays: list[Any]) -> list[float]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return list(map(float, flat(function(*arrays))))


def complaints(function: Function, kind: str, seed: int = 0) -> list[str]:
    """What is wrong with a function on an `Array`, beside NumPy on floats."""
    arrays = inputs(function, kind, seed)
    try:
        expected = on_floats(function, arrays)
    except (np.linalg.LinAlgError, ValueError):  # NumPy refuses nan here
        return []
    lifted = [values(array) for array in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = flat(function(*lifted))
    if kind == "nan" and function in MORE_NAN:
        expected = [
            math.nan if math.isnan(number(x)) else y for x, y in zip(found, expected, strict=True)
        ]
    if [number(x) for x in found] != approximately(expected):
        return [f"values {[number(x) for x in found]}, NumPy has {expected}"]
    return _wrong_slopes(function, arrays, lifted, found, expected)


def _wrong_slopes(
    function: Function,
    arrays: list[Any],
    lifted: list[Any],
    found: list[Any],
    expected: list[float],
) -> list[str]:
    weights = [1.0 + 0.3 * i if math.isfinite(x) else 0.0 for i, x in enumerate(expected)]

    def total(floats: list[Any]) -> float:
        return sum(w * x for w, x in zip(weights, on_floats(function, floats), strict=True) if w)

    terms = [w * x for w, x in zip(weights, found, strict=True) if w and isinstance(x, Value)]
    if any(not term.is_constant for term in terms):
        sum(terms, Value(0.0)).backward()
    wrong = []
    for which, array in enumerate(arrays):
        for place in itertools.product(*map(range, array.shape)):
            if not math.isfinite(array[place]):
                continue
            slope = lifted[which].grad[place]
            around = []
            for step in (-STEP, STEP, -2 * STEP, 2 * STEP):
                moved = [x.copy() for x in arrays]
                moved[which][place] += step
                try:
                    around.append(total(moved))
                except ValueError:  # `unique` gives more numbers: not differentiable here
                    around.append(math.nan)
            here = total(arrays)
            left, right = (here - around[0]) / STEP, (around[1] - here) / STEP
            low, high = min(left, right), max(left, right)
            margin = 1e-4 * max(1.0, abs(low), abs(high))
            if not high - low < margin < 0.1:
                continue  # a kink, a step, or no number: there is no derivative
            if not low - margin <= slope <= high + margin:
                wrong.append(f"slope {slope} by {which}{list(place)}, between {low} and {high}")
    return wrong


def approximately(expected: list[float]) -> Any:
    """Equal to about 12 digits, `nan` where `nan` is."""
    return pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)
