"""Derivatives of a function of arrays, compared with central differences of the same function.

The function is called with floats for the differences, where NumPy computes by itself, and with
`Value`s for the derivatives: two routes that share nothing but the text of the function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.others.counts import NoCounterpart
from tinygrad_bp import jvp, vjp
from tinygrad_bp.basics import structure

Function = Callable[..., Any]
STEPS = (1e-3, 1e-4, 1e-5)
"""A long one for digits, shorter ones next to a pole; a wrong derivative agrees with none."""
TOLERANCE = 1e-6


def check_derivatives(
    function: Function, arguments: Sequence[Any], *, order: int = 2, modes: Sequence[str]
) -> None:
    """Raise `AssertionError` where a derivative of some order up to `order` is wrong.

    >>> check_derivatives(np.sin, [0.5], order=2, modes=["fwd", "rev"])
    >>> check_derivatives(np.multiply, [0.5, np.array([1.0, 2.0])], order=2, modes=["rev"])
    """
    arguments = tuple(structure.mapped(_real, one) for one in arguments)
    rng = np.random.default_rng(0)
    value = function(*arguments)
    weights = _like(structure.numbers(value), rng)

    def weighted(*points: Any) -> Any:
        numbers = structure.numbers(function(*points))
        return sum((w * n for w, n in zip(weights, numbers, strict=True)), 0.0)

    _check(weighted, arguments, order, modes, rng)


def _check(
    function: Function, arguments: Any, order: int, modes: Sequence[str], rng: np.random.Generator
) -> None:
    direction = _like(structure.numbers(arguments), rng)
    moved = structure.with_numbers(arguments, direction)
    wanted = [_difference(function, arguments, direction, step) for step in STEPS]
    slopes: dict[str, Function] = {
        "fwd": lambda *points: jvp(function, points, moved)[1],
        "rev": lambda *points: sum(
            (
                d * g
                for d, g in zip(
                    direction, structure.numbers(vjp(function, *points)[1](1.0)), strict=True
                )
            ),
            0.0,
        ),
    }
    for mode in modes:
        found = slopes[mode](*arguments)
        error = min(abs(found - slope) / (1.0 + abs(slope)) for slope in wanted)
        assert error <= TOLERANCE, f"{mode}: {found!r}, by differences {wanted!r}, at {arguments!r}"
        if order > 1:
            _check(slopes[mode], arguments, order - 1, modes, rng)


def _difference(
    function: Function, arguments: Any, direction: Sequence[float], step: float
) -> float:
    start = structure.numbers(arguments)

    def at(share: float) -> float:
        moved = [x + share * step * d for x, d in zip(start, direction, strict=True)]
        return float(function(*structure.with_numbers(arguments, moved)))

    return (8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0))) / (12.0 * step)


def _like(numbers: Sequence[Any], rng: np.random.Generator) -> list[float]:
    return [float(x) for x in rng.uniform(0.5, 1.0, len(numbers))]


def _real(number: Any) -> float:
    if isinstance(number, complex | np.complexfloating):
        raise NoCounterpart("complex numbers")
    return float(number)
