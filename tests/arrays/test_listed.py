"""Every function that the page on arrays lists agrees with NumPy on floats, in value and slope."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_bp as tg
from tests.arrays.listed import GROUPS, KINDS, complaints, flat, inputs
from tinygrad_bp import values

CASES = [
    pytest.param(function, id=f"{name}-{i}")
    for functions in GROUPS.values()
    for name, cases in functions.items()
    for i, function in enumerate(cases)
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", CASES)
def test_a_listed_function_agrees_with_numpy_on_floats(function: Any, kind: str) -> None:
    assert complaints(function, kind) == []


DIFFERENTIATED = [
    pytest.param(function, id=f"{name}-{i}")
    for heading, functions in GROUPS.items()
    if heading not in ("Questions", "Shapes")
    for name, cases in functions.items()
    for i, function in enumerate(cases)
]


@pytest.mark.parametrize("function", DIFFERENTIATED)
def test_second_derivatives_and_tapes_agree_with_the_first_and_with_eager_numbers(
    function: Any,
) -> None:
    first, *others = inputs(function, "random", seed=5)
    direction = np.random.default_rng(1).normal(size=first.shape)

    def half_squares(x: Any) -> Any:
        found = [y for y in flat(function(x, *others)) if isinstance(y, tg.Value)]
        return sum((0.5 * y * y for y in found), tg.Value(0.0))

    slope = tg.grad(half_squares)
    step = 1e-5 * direction
    between = (slope(first + step) - slope(first - step)) / 2e-5
    scale = max(1.0, np.abs(between).max())

    assert tg.hvp(half_squares, first, direction) == pytest.approx(between, abs=1e-6 * scale)

    tape = tg.record(slope, first)
    for at in (first, first + 1e-3 * direction, first + 0.3):
        try:
            replayed = tape(at)
        except tg.BranchError:
            assert at is not first
        else:
            assert replayed.tolist() == slope(at).tolist()


# The checker can fail.


def test_a_wrong_value_is_noticed() -> None:
    def lossy(a: Any) -> Any:
        return np.exp(a) if a.dtype == float else np.exp(a) * (1.0 + 1e-11)

    assert "values" in complaints(lossy, "random")[0]


def test_a_lost_gradient_is_noticed() -> None:
    def cut(a: Any) -> Any:
        return a * a if a.dtype == float else a * values(a.numbers)

    assert "slope" in complaints(cut, "random")[0]


def test_a_forgotten_nan_is_noticed() -> None:
    def forgetful(a: Any) -> Any:
        return np.exp(a) if a.dtype == float else np.exp(np.nan_to_num(a))

    assert complaints(forgetful, "random") == []
    assert "values" in complaints(forgetful, "nan")[0]
