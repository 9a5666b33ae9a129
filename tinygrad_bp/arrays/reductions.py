"""Functions of many numbers: sum, prod, dot, norm, logsumexp, softmax, each one node wide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_bp.basics.structure import array
from tinygrad_bp.rows import primitives
from tinygrad_bp.rows.primitive import Primitive


def sum(xs: Any, axis: int | None = None) -> Any:  # noqa: A001  # the array API's name
    """The sum from left to right, as one node.

    >>> from tinygrad_bp import Value
    >>> sum([Value(1.0), Value(2.0), 3.0]).data
    6.0

    `xs` is an array or nested list of numbers and `Value`s; `axis` as in NumPy, `None` for
    all of them. Of nothing the sum is 0.
    """
    return _reduced(primitives.sum_, xs, axis)


def prod(xs: Any, axis: int | None = None) -> Any:
    """The product from left to right; its gradient is right where a factor is zero.

    >>> from tinygrad_bp import Value
    >>> x, y = Value(0.0), Value(2.0)
    >>> prod([x, y, 3.0]).backward()
    >>> x.grad, y.grad
    (6.0, 0.0)
    """
    return _reduced(primitives.prod, xs, axis)


def dot(xs: Any, ys: Any) -> Any:
    """The inner product of two sequences, as one node.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0

    Raises `ValueError` if their lengths differ.
    """
    left, right = _objects(xs), _objects(ys)
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(
            f"dot takes two sequences of one length, got shapes {left.shape} and {right.shape}"
        )
    return _applied(primitives.dot, [*left, *right])


def logsumexp(xs: Any, axis: int | None = None) -> Any:
    """`log(sum(exp(xs)))`, without overflow; equal infinities share its gradient equally.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return _reduced(primitives.logsumexp, xs, axis)


def norm(xs: Any, axis: int | None = None) -> Any:
    """The length of a vector, `sqrt(sum(x * x))`, without overflow; its slope at 0 is 0.

    >>> norm([3.0, 4.0]), norm([1e200, 0.0])
    (5.0, 1e+200)

    So `norm(x) ** 2` has the slope 0 there. Beyond the first order it is `nan`: the slope itself
    has no derivative at 0.
    """
    return _reduced(primitives.norm, xs, axis)


def polygamma(n: int, x: Any) -> Any:
    """The derivative of order n of `digamma`, of a number, a `Value`, or an array of either.

    >>> f"{polygamma(1, 1.0):.12f}"  # pi**2 / 6
    '1.644934066848'

    Raises `ValueError` for an order that is no whole number from 0 to 100.
    """
    if n not in range(101):
        raise ValueError(f"the order of polygamma is a whole number from 0 to 100, got {n!r}")
    return primitives.polygamma_(int(n))(x)


def softmax(xs: Any, axis: int = -1) -> Any:
    """`exp(x) / sum(exp(xs))` for each x along an axis.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]

    Its derivative keeps its digits where a share is almost 1.
    """
    objects = _objects(xs)
    shares = np.apply_along_axis(_shares, axis, objects) if objects.size else objects
    if not isinstance(xs, np.ndarray):
        return shares.tolist()
    return array(list(shares.flat), shares.shape)


def _shares(xs: Any) -> Any:
    shares = np.empty(len(xs), dtype=object)
    for i in range(len(xs)):
        shares[i] = _applied(primitives.softmax, [xs[i], *xs[:i], *xs[i + 1 :]])
    return shares


def _reduced(primitive: Primitive, xs: Any, axis: int | None) -> Any:
    objects = _objects(xs)
    if axis is None:
        return _applied(primitive, list(objects.flat))
    along = np.moveaxis(objects, axis, -1)
    shape = along.shape[:-1]
    results = array([_applied(primitive, list(along[i])) for i in np.ndindex(shape)], shape)
    return results[()] if isinstance(xs, np.ndarray) else results.tolist()


def _applied(primitive: Primitive, operands: list[Any]) -> Any:
    return primitive(*operands)


def _objects(xs: Any) -> Any:
    is_stream = isinstance(xs, Iterable) and not isinstance(xs, np.ndarray | list | tuple)
    objects = np.asarray(list(xs) if is_stream else xs, dtype=object)
    for x in objects.flat:
        if isinstance(x, np.ndarray | list | tuple):
            raise ValueError(f"expected rows of one length, got {len(x)} numbers in one of them")
    return objects
