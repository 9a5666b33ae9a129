"""Every function that the page on arrays lists agrees with NumPy on floats, in value and slope."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.arrays.listed import GROUPS, KINDS, complaints
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
