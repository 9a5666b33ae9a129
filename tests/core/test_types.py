"""What a user's type checker sees: every function here is checked by `mypy --strict`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_bp import Array, Value
from tinygrad_bp.tape.python.symbol import Symbol


def operators(x: Value, y: Value) -> Value:
    return -x * y + 2.0 - 3 / y**2 + 2.0 ** abs(x) % y // 1


def methods(x: Value, y: Value) -> Value:
    return x.exp().tanh().maximum(y).clip(0.0, 1.0).leaky_relu()


def in_place(x: Value) -> Value:
    x += 1.0
    x *= x
    return x


def with_numpys_number(x: Value) -> Value:
    return x * np.float64(2.0)


def with_an_array(x: Value, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    scaled: np.ndarray[Any, Any] = x * array
    return scaled


def of_symbols(x: Symbol) -> Symbol:
    return (x * 2.0).exp() - x


def test_operators_and_methods_give_the_type_they_say() -> None:
    x, y = Value(0.5), Value(1.5)
    found = [operators(x, y), methods(x, y), in_place(x), with_numpys_number(x)]

    assert {type(value) for value in found} == {Value}
    assert type(with_an_array(x, np.ones(2))) is Array
    assert repr(of_symbols(Symbol("x"))) == "exp(x * 2) - x"
