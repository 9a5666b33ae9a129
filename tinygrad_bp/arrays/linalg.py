"""Linear algebra on scalars, by the textbook's algorithms, with the pivot that floats choose."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_bp.arrays.along import LeftOut, along, objects
from tinygrad_bp.arrays.functions import Function, own
from tinygrad_bp.arrays.order import compared, extreme, raw_numbers
from tinygrad_bp.arrays.reductions import dot, prod, sum as total
from tinygrad_bp.basics.structure import sequence_like
from tinygrad_bp.graph import modes
from tinygrad_bp.rows import primitives as p

_linalg = np.linalg


def of_stacks(function: Callable[[Any], Any]) -> Function:
    """The function of one square matrix as a function of any stack of them."""

    def stacked(a: Any) -> Any:
        matrices = objects(a)
        _square(matrices)
        if matrices.ndim == 2:
            return function(matrices)
        parts = [objects(stacked(matrix)) for matrix in matrices]
        return np.stack(parts)

    return stacked


def _square(matrices: Any) -> None:
    if matrices.ndim < 2 or matrices.shape[-1] != matrices.shape[-2]:
        raise np.linalg.LinAlgError(f"expected square matrices, got the shape {matrices.shape}")


def eliminated(rows: Any) -> tuple[float, Any]:
    """Gauss's elimination with row exchanges: their sign, 0 for a singular matrix, and the rows.

    >>> sign, rows = eliminated(objects([[1.0, 2.0], [4.0, 8.5]]))
    >>> sign, rows.tolist()
    (-1.0, [[4.0, 8.5], [0.0, -0.125]])
    """
    rows, sign = rows.copy(), 1.0
    for k in range(len(rows)):
        sizes, _ = compared([abs(x) for x in rows[k:, k]], [0.0])
        best = k + int(np.argmax(sizes))
        if sizes[best - k] == 0.0:
            return 0.0, rows
        if best != k:
            rows[[k, best]] = rows[[best, k]]
            sign = -sign
        for i in range(k + 1, len(rows)):
            rows[i, k:] = rows[i, k:] - rows[i, k] / rows[k, k] * rows[k, k:]
    return sign, rows


@own("det", home=_linalg)
@of_stacks
def det(a: Any) -> Any:
    """The product of the pivots."""
    sign, rows = eliminated(a)
    return sign * prod(np.diag(rows)) if sign else _without_division(a)


def _without_division(a: Any) -> Any:
    """The determinant by Bird's algorithm: at a singular matrix it has a derivative, too.

    R. S. Bird, A simple division-free algorithm for computing determinants, 2011.
    """
    step = a
    for _ in range(len(a) - 1):
        above = np.triu(step, 1)
        for i in range(len(a) - 1):
            above[i, i] = -total(np.diag(step)[i + 1 :])
        step = above @ a
    return step[0, 0] if len(a) % 2 else -step[0, 0]


@own("slogdet", home=_linalg)
def slogdet(a: Any) -> Any:
    """The sign of the determinant, and the logarithm of its size."""
    pair = of_stacks(_sign_and_logarithm)(a)
    return sequence_like(np.linalg.slogdet(np.eye(1)), [pair[..., 0], pair[..., 1]])


def _sign_and_logarithm(a: Any) -> Any:
    sign, rows = eliminated(a)
    if not sign:
        return objects([0.0, -math.inf])
    pivots = np.diag(rows)
    return objects([sign * prod(p.sign(pivots)), total(p.log(abs(pivots)))])


@own("solve", home=_linalg)
def solve(a: Any, b: Any) -> Any:
    """X in a @ x = b, by elimination and then from the last row up."""
    matrix, right = objects(a), objects(b)
    _square(matrix)
    if right.ndim == 1:
        return solve(matrix, right[:, None])[..., 0]
    if matrix.ndim == right.ndim == 2:
        return _solved(matrix, right)
    shape = np.broadcast_shapes(matrix.shape[:-2], right.shape[:-2])
    pairs = zip(
        np.broadcast_to(matrix, shape + matrix.shape[-2:]),
        np.broadcast_to(right, shape + right.shape[-2:]),
        strict=True,
    )
    return np.stack([solve(one, other) for one, other in pairs])


def _solved(a: Any, b: Any) -> Any:
    n = len(a)
    sign, rows = eliminated(np.concatenate([a, b], axis=1))
    if not sign and n:
        raise np.linalg.LinAlgError("Singular matrix")
    x = rows[:, n:]
    for i in reversed(range(n)):
        for j in range(i + 1, n):
            x[i] = x[i] - rows[i, j] * x[j]
        x[i] = x[i] / rows[i, i]
    return x


@own("inv", home=_linalg)
@of_stacks
def inv(a: Any) -> Any:
    """X in a @ x = 1."""
    return _solved(a, objects(np.eye(len(a))))


@own("cholesky", home=_linalg)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """The lower triangle L in L @ L.T = a, from the lower triangle of a."""
    if upper:
        return np.swapaxes(objects(cholesky(np.swapaxes(objects(a), -1, -2))), -1, -2)
    return of_stacks(_root)(a)


def _root(a: Any) -> Any:
    lower = objects(np.zeros(a.shape))
    for i in range(len(a)):
        for j in range(i + 1):
            rest = a[i, j] - dot(lower[i, :j], lower[j, :j])
            lower[i, j] = _positive_root(rest) if i == j else rest / lower[j, j]
    return lower


def _positive_root(x: Any) -> Any:
    number, zero = compared([x], [0.0])
    if number <= zero:
        raise np.linalg.LinAlgError("Matrix is not positive definite")
    return p.sqrt(x)


@own("lstsq", home=_linalg)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:  # noqa: ARG001  # what counts as 0 is decided here
    """X that makes a @ x - b smallest, its squares, the rank, and a's singular values as floats.

    By Gram and Schmidt, who make the columns of a orthogonal one after the other.
    """
    matrix, right = objects(a), objects(b)
    if right.ndim == 1:
        x, squares, *rest = lstsq(matrix, right[:, None])
        return x[:, 0], squares, *rest
    height, width = matrix.shape
    rest = right.copy()
    factors = objects(np.zeros((width, width)))
    found = objects(np.zeros((width, right.shape[1])))
    columns = list(matrix.T.copy())
    for j, column in enumerate(columns):
        size, whole = norm(column), norm(matrix[:, j])
        small, limit = compared([size], [whole * 1e-14 * height])
        if not small > limit:
            raise LeftOut("np.linalg.lstsq of columns that depend on one another has many answers")
        unit = column / size
        factors[j, j] = size
        for k in range(j + 1, width):
            factors[j, k] = dot(unit, columns[k])
            columns[k] = columns[k] - factors[j, k] * unit
        for k in range(right.shape[1]):
            found[j, k] = dot(unit, rest[:, k])
            rest[:, k] = rest[:, k] - found[j, k] * unit
    for i in reversed(range(width)):
        for j in range(i + 1, width):
            found[i] = found[i] - factors[i, j] * found[j]
        found[i] = found[i] / factors[i, i]
    squares = [dot(column, column) for column in rest.T] if height > width else []
    # A tape would keep them for ever.
    singular = None if modes.is_watched() else np.linalg.svd(raw_numbers(a), compute_uv=False)
    return found, objects(squares), width, singular


@own("norm", home=_linalg)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002, FBT001, FBT002  # NumPy's
    """The norm of vectors, or of matrices by the sums of their rows or columns."""
    array = objects(x)
    if ord is None or (axis is None and array.ndim == 1) or isinstance(axis, int):
        return along(lambda row: _norm(row, ord), array, axis, keepdims=keepdims)
    axes = tuple(range(array.ndim)) if axis is None else axis
    if ord == "fro":
        return along(lambda row: _norm(row, None), array, axes, keepdims=keepdims)
    if ord not in (1, -1, math.inf, -math.inf):
        raise LeftOut(f"np.linalg.norm of a matrix with ord={ord!r} does not work on Values")
    pick = p.maximum if ord > 0 else p.minimum
    summed, other = axes if abs(ord) == 1 else axes[::-1]
    sums = objects(along(lambda row: _norm(row, 1), array, summed, keepdims=True))
    return along(lambda row: extreme(pick, row), sums, (summed, other), keepdims=keepdims)


def _norm(row: list[Any], order: Any) -> Any:
    if order is None or order == 2:
        return p.norm(*row)
    sizes = list(map(abs, row))
    if order == 1:
        return total(sizes)
    if order == 0:
        return total([1.0 - p.equal(x, 0.0) for x in row])
    if math.isinf(order):
        return extreme(p.maximum if order > 0 else p.minimum, sizes)
    return total([size**order for size in sizes]) ** (1.0 / order)
