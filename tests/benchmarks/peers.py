"""The other engines, those of them that are installed."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple


class Engine(NamedTuple):
    """What a program on scalars needs to know of an engine; all else is Python's operators."""

    name: str
    value: Callable[[float], Any]
    exp: Callable[[Any], Any]
    log: Callable[[Any], Any]
    sigmoid: Callable[[Any], Any]


left_out: set[str] = set()
"""Peers that shall not be imported: PyTorch's 150,000 objects burden the cycle collector of all."""


@cache
def peer(name: str) -> Any:
    """The module, or `None` and a line that says so, once."""
    if name in left_out:
        print(f"*{name} is left out, as was asked.*\n")
        return None
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"*{name} is not installed (`pip install {name}`): its rows are left out.*\n")
        return None


def engines() -> list[Engine]:
    """This engine, and those peers on whose scalars the very same program runs."""
    found = [own(), micrograd(), torch()]
    return [engine for engine in found if engine is not None]


def own() -> Engine:
    """This engine."""
    from tinygrad_bp import Value, exp, log, sigmoid

    return Engine("tinygrad_bp", Value, exp, log, sigmoid)


def micrograd() -> Engine | None:
    """micrograd, with three operations that it lacks, written as it writes its own."""
    if peer("micrograd") is None:
        return None
    from micrograd.engine import Value  # type: ignore[import-untyped]  # has no annotations

    def exp(x: Any) -> Any:
        out = Value(math.exp(x.data), (x,), "exp")

        def _backward() -> None:
            x.grad += out.data * out.grad

        out._backward = _backward
        return out

    def sigmoid(x: Any) -> Any:
        out = Value(1.0 / (1.0 + math.exp(-x.data)), (x,), "sigmoid")

        def _backward() -> None:
            x.grad += out.data * (1.0 - out.data) * out.grad

        out._backward = _backward
        return out

    def log(x: Any) -> Any:
        out = Value(math.log(x.data), (x,), "log")

        def _backward() -> None:
            x.grad += out.grad / x.data

        out._backward = _backward
        return out

    return Engine("micrograd", Value, exp, log, sigmoid)


def torch() -> Engine | None:
    """PyTorch on one thread, with a tensor without dimensions for each weight."""
    torch = peer("torch")
    if torch is None:
        return None
    torch.set_num_threads(1)

    def value(number: float) -> Any:
        return torch.tensor(number, dtype=torch.float64, requires_grad=True)

    return Engine("PyTorch, scalar tensors", value, torch.exp, torch.log, torch.sigmoid)
