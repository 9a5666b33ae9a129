"""Derivations by hand with one mistake each, of which it is known what kind it is.

Networks, regressions and formulas, each with its gradient in plain NumPy, and with what people
get wrong in it. Numbers and sizes are random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Derivation:
    """A function, its inputs, and a gradient with a mistake of the given kind."""

    kind: str
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    gradient: Callable[..., Any]


def derivations(count: int) -> Iterator[Derivation]:
    """At least so many, the same at each call."""
    rng = np.random.default_rng(20)
    made = 0
    while made < count:
        for family in (regression, logistic, network, square_network, formulas):
            for derivation in family(rng):
                made += 1
                yield derivation


# Linear regression -----------------------------------------------------------------------------


def regression(rng: np.random.Generator) -> Iterator[Derivation]:
    """The mean squared error of a linear model, by its weights."""
    m, d = rng.choice([5, 6, 7]), rng.choice([3, 4])
    x, y, w = rng.normal(size=(m, d)), rng.normal(size=m), rng.normal(size=d)
    penalty = float(rng.uniform(0.1, 0.5))

    def loss(w: Any) -> Any:
        return ((x @ w - y) ** 2).mean()

    def right(w: Any) -> Any:
        return 2 * x.T @ (x @ w - y) / m

    def without_inputs(w: Any) -> Any:
        return (2 * (x @ w - y) / m).sum() + 0 * w

    def penalised(w: Any) -> Any:
        return loss(w) + penalty * (w * w).sum()

    yield Derivation("sign", loss, (w,), lambda w: -right(w))
    yield Derivation("constant factor", loss, (w,), lambda w: right(w) / 2)
    yield Derivation("constant factor", loss, (w,), lambda w: 2 * right(w))
    yield Derivation("wrong axis", loss, (w,), lambda w: right(w) * m)
    yield Derivation("wrong axis", loss, (w,), lambda w: right(w) * m / d)
    yield Derivation("missing factor", loss, (w,), without_inputs)
    yield Derivation("missing term", penalised, (w,), right)
    yield Derivation("constant factor", penalised, (w,), lambda w: right(w) + penalty * w)


# Logistic regression ---------------------------------------------------------------------------


def sigmoid(z: Any) -> Any:
    """In the operations of a textbook."""
    return 1 / (1 + np.exp(-z))


def logistic(rng: np.random.Generator) -> Iterator[Derivation]:
    """Cross-entropy, and squared error, of one sigmoid of a linear model with a bias."""
    m, d = rng.choice([5, 6, 7]), rng.choice([3, 4])
    x, w, b = rng.normal(size=(m, d)), rng.normal(size=d), float(rng.normal())
    y = rng.integers(0, 2, size=m).astype(float)

    def entropy(w: Any, b: Any) -> Any:
        p = sigmoid(x @ w + b)
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()

    def by_entropy(w: Any, b: Any) -> Any:
        off = (sigmoid(x @ w + b) - y) / m
        return x.T @ off, off.sum()

    def squared(w: Any, b: Any) -> Any:
        return ((sigmoid(x @ w + b) - y) ** 2).mean()

    def by_squared(slope: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        def gradient(w: Any, b: Any) -> Any:
            z = x @ w + b
            off = 2 * (sigmoid(z) - y) / m * slope(z, sigmoid(z))
            return x.T @ off, off.sum()

        return gradient

    def signed(w: Any, b: Any) -> Any:
        return tuple(-part for part in by_entropy(w, b))

    def summed(w: Any, b: Any) -> Any:
        return tuple(part * m for part in by_entropy(w, b))

    def bias_averaged(w: Any, b: Any) -> Any:
        by_w, by_b = by_entropy(w, b)
        return by_w, by_b / m

    def of_its_result(_: Any, p: Any) -> Any:
        return sigmoid(p) * (1 - sigmoid(p))

    yield Derivation("sign", entropy, (w, b), signed)
    yield Derivation("wrong axis", entropy, (w, b), summed)
    yield Derivation("wrong axis", entropy, (w, b), bias_averaged)
    yield Derivation("missing factor", squared, (w, b), by_squared(lambda z, _: 1.0 + 0 * z))
    yield Derivation("wrong argument", squared, (w, b), by_squared(lambda z, _: z * (1 - z)))
    yield Derivation("wrong argument", squared, (w, b), by_squared(of_its_result))
    yield Derivation("sign", squared, (w, b), by_squared(lambda _, p: -p * (1 - p)))
    yield Derivation("constant factor", squared, (w, b), by_squared(lambda _, p: p * (1 - p) / 2))


# Networks ----------------------------------------------------------------------------------------

ACTIVATIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    # The function, and its derivative written with the result.
    "sigmoid": (sigmoid, lambda h: h * (1 - h)),
    "tanh": (np.tanh, lambda h: 1 - h * h),
    "exp": (np.exp, lambda h: h),
}


def network(rng: np.random.Generator) -> Iterator[Derivation]:
    """One hidden layer with biases, a linear output, the mean squared error."""
    m, d, k = rng.choice([5, 6, 7]), rng.choice([2, 3]), rng.choice([3, 4])
    x, y = rng.normal(size=(m, d)), rng.normal(size=(m, 1))
    start = (rng.normal(size=(d, k)), rng.normal(size=k), rng.normal(size=(k, 1)))
    act, slope = ACTIVATIONS[str(rng.choice(list(ACTIVATIONS)))]
    rate = float(10.0 ** rng.uniform(-2.0, 0.0))

    def loss(w: Any, b: Any, v: Any) -> Any:
        return ((act(x @ w + b) @ v - y) ** 2).mean()

    def written(
        slope: Callable[[Any, Any], Any] = lambda _, h: slope(h),
        through: Callable[[Any, Any], Any] = lambda v, _: v,
    ) -> Callable[..., Any]:
        def gradient(w: Any, b: Any, v: Any) -> Any:
            z = x @ w + b
            h = act(z)
            off = 2 * (h @ v - y) / m
            by_v = h.T @ off
            at_hidden = off @ np.transpose(through(v, by_v)) * slope(z, h)
            return x.T @ at_hidden, at_hidden.sum(axis=0), by_v

        return gradient

    usual = written()

    def part(index: int, change: Callable[[Any], Any]) -> Callable[..., Any]:
        def gradient(*parameters: Any) -> Any:
            parts = list(usual(*parameters))
            parts[index] = change(parts[index])
            return tuple(parts)

        return gradient

    place = int(rng.integers(3))
    yield Derivation("missing factor", loss, start, written(lambda _, h: 1.0 + 0 * h))
    yield Derivation("wrong argument", loss, start, written(lambda z, _: slope(z)))
    yield Derivation("wrong argument", loss, start, written(lambda _, h: slope(act(h))))
    yield Derivation("missing factor", loss, start, written(through=lambda v, _: 1.0 + 0 * v))
    for step in (rate, -rate, 2 * rate):
        early = written(through=lambda v, by_v, step=step: v - step * by_v)
        yield Derivation("updated too early", loss, start, early)
    yield Derivation("sign", loss, start, part(place, lambda g: -g))
    yield Derivation("constant factor", loss, start, part(place, lambda g: g / 2))
    yield Derivation("wrong axis", loss, start, part(1, lambda g: g / m))
    yield Derivation("wrong axis", loss, start, part(0, lambda g: g * m))


def square_network(rng: np.random.Generator) -> Iterator[Derivation]:
    """As many examples as inputs as units, so that no shape tells of a mistake."""
    n = int(rng.choice([3, 4]))
    x, y = rng.normal(size=(n, n)), rng.normal(size=(n, n))
    start = (rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=(n, n)))
    act, slope = ACTIVATIONS[str(rng.choice(["sigmoid", "tanh"]))]
    rate = float(10.0 ** rng.uniform(-2.0, 0.0))

    def loss(w: Any, b: Any, v: Any) -> Any:
        return ((act(x @ w + b) @ v - y) ** 2).sum() / 2

    def pieces(w: Any, b: Any, v: Any) -> Any:
        h = act(x @ w + b)
        off = h @ v - y
        return h, off, off @ v.T * slope(h)

    def transposed(w: Any, b: Any, v: Any) -> Any:
        h, off, at_hidden = pieces(w, b, v)
        return at_hidden.T @ x, at_hidden.sum(axis=0), h.T @ off

    def other_axis(w: Any, b: Any, v: Any) -> Any:
        h, off, at_hidden = pieces(w, b, v)
        return x.T @ at_hidden, at_hidden.sum(axis=1), h.T @ off

    def mean(w: Any, b: Any, v: Any) -> Any:
        h, off, at_hidden = pieces(w, b, v)
        return x.T @ at_hidden, at_hidden.mean(axis=0), h.T @ off

    def through_transposed(w: Any, b: Any, v: Any) -> Any:
        h, off, _ = pieces(w, b, v)
        at_hidden = off @ v * slope(h)
        return x.T @ at_hidden, at_hidden.sum(axis=0), h.T @ off

    def moved(w: Any, b: Any, v: Any) -> Any:
        h, off, _ = pieces(w, b, v)
        by_v = h.T @ off
        at_hidden = off @ (v - rate * by_v).T * slope(h)
        return x.T @ at_hidden, at_hidden.sum(axis=0), by_v

    def output_transposed(w: Any, b: Any, v: Any) -> Any:
        h, off, at_hidden = pieces(w, b, v)
        return x.T @ at_hidden, at_hidden.sum(axis=0), off.T @ h

    yield Derivation("transposed", loss, start, transposed)
    yield Derivation("transposed", loss, start, output_transposed)
    yield Derivation("transposed", loss, start, through_transposed)
    yield Derivation("wrong axis", loss, start, other_axis)
    yield Derivation("wrong axis", loss, start, mean)
    yield Derivation("updated too early", loss, start, moved)


# Formulas --------------------------------------------------------------------------------------


def formulas(rng: np.random.Generator) -> Iterator[Derivation]:
    """From exercises in calculus: what is differentiated, and what students write."""
    a, b = (float(rng.uniform(0.4, 1.6)) for _ in range(2))
    c = float(rng.uniform(1.2, 2.4))
    sin, cos, exp, log = np.sin, np.cos, np.exp, np.log
    yield Derivation("sign", np.cos, (a,), lambda x: sin(x))
    yield Derivation("missing term", lambda x: x * sin(x), (a,), lambda x: sin(x))
    yield Derivation("missing term", lambda x: x * sin(x), (a,), lambda x: x * cos(x))
    yield Derivation("missing factor", lambda x: sin(x * x), (a,), lambda x: cos(x * x))
    yield Derivation("wrong argument", lambda x: sin(x * x), (a,), lambda x: 2 * x * cos(x))
    yield Derivation("constant factor", lambda x: sin(c * x), (a,), lambda x: cos(c * x))
    yield Derivation("wrong argument", lambda x: sin(c * x), (a,), lambda x: c * cos(x))
    yield Derivation("missing factor", lambda x: x**3, (c,), lambda x: 3 * x)
    yield Derivation("constant factor", lambda x: x**3, (c,), lambda x: x**2)
    yield Derivation("missing factor", lambda x: exp(-x * x), (a,), lambda x: exp(-x * x))
    yield Derivation("sign", lambda x: exp(-x * x), (a,), lambda x: 2 * x * exp(-x * x))
    yield Derivation("missing factor", lambda x: log(1 + x * x), (a,), lambda x: 1 / (1 + x * x))
    yield Derivation(
        "missing term",
        lambda x, y: exp(x * y) + x * x,
        (a, b),
        lambda x, y: (y * exp(x * y), x * exp(x * y)),
    )
    yield Derivation(
        "missing factor",
        lambda x, y: exp(x * y),
        (a, b),
        lambda x, y: (exp(x * y), exp(x * y)),
    )
    yield Derivation(
        "sign",
        lambda x, y: x / y,
        (a, b),
        lambda x, y: (1 / y, x / y**2),
    )
    yield Derivation(
        "missing factor",
        lambda x: np.sqrt(1 + x * x),
        (a,),
        lambda x: 2 * x,
    )
