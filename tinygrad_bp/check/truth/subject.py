"""The function under test, run on every kind of number that it can be run on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.words import brief
from tinygrad_bp.check.truth.exact import Exact, exactly
from tinygrad_bp.core.functional import gradient as gradient_of
from tinygrad_bp.core.value import Value, values
from tinygrad_bp.tape.record import argument_names

REFUSALS = (
    *(TypeError, AttributeError, ValueError, ArithmeticError, LookupError),
    *(NotImplementedError, RecursionError),
)
"""How programs say that they do not run on such numbers."""


@dataclass(frozen=True)
class Graph:
    """What the engine recorded of one call: the output, and a leaf for each input."""

    output: Value
    leaves: tuple[Value, ...]


class Subject:
    """A function of numbers, and the point at which it is looked at."""

    def __init__(self, function: Callable[..., Any], inputs: tuple[Any, ...]) -> None:
        self.function = function
        self.inputs = inputs
        self.numbers = [as_float(number) for number in structure.numbers(inputs)]
        names = argument_names(function, len(inputs))
        labelled = [values(x, name) for x, name in zip(inputs, names, strict=True)]
        self.names = [leaf.label for leaf in structure.numbers(labelled)]
        self.scales = [abs(number) or 1.0 for number in self.numbers]

    @property
    def name(self) -> str:
        """The function's."""
        function = self.function
        return getattr(function, "__name__", "") or getattr(function, "name", repr(function))

    def graph(self, numbers: Sequence[float] | None = None) -> Graph:
        """The graph of a call on values."""
        leaves = [
            Value(number, name)
            for number, name in zip(numbers or self.numbers, self.names, strict=True)
        ]
        output = one_number(self.called(leaves), self.name)
        return Graph(output if isinstance(output, Value) else Value(output), tuple(leaves))

    def value(self, numbers: Sequence[float]) -> float:
        """What a call on floats gives."""
        return as_float(one_number(self.called(numbers), self.name))

    def value_on_graph(self, numbers: Sequence[float]) -> float:
        """What a call on values gives, as a number."""
        return self.graph(numbers).output._data

    def exact(self, numbers: Sequence[Any]) -> Any:
        """What a call on numbers of many digits gives."""
        return exactly(one_number(self.called([Exact(number) for number in numbers]), self.name))

    def called(self, numbers: Sequence[Any]) -> Any:
        """What a call gives on these numbers in place of the inputs'."""
        return self.function(*with_floats(self.inputs, numbers))


def with_floats(inputs: tuple[Any, ...], numbers: Sequence[Any]) -> Any:
    """The inputs with other numbers; NumPy's own stay what they are."""
    kept = [
        np.float64(new) if isinstance(old, np.floating) and type(new) is float else new
        for old, new in zip(structure.numbers(inputs), numbers, strict=True)
    ]
    return structure.with_numbers(inputs, kept)


def one_number(output: Any, name: str) -> Any:
    """The number that a function gave, or an error that says what it gave instead."""
    found = structure.numbers(output)
    if len(found) != 1 or isinstance(output, dict | list | tuple) or output is None:
        raise TypeError(
            f"check_gradient needs a function that gives one number; {name} gave "
            f"{type(output).__name__} {brief(output)}. Check one output at a time, or their sum"
        )
    return found[0]


def runs(call: Callable[[], Any]) -> bool:
    """Whether the call gives a number, and a program runs on what it is given there."""
    try:
        call()
    except REFUSALS:
        return False
    return True


def unless_refused(call: Callable[..., float]) -> Callable[..., float]:
    """The call, with `nan` where the program refuses the numbers: outside its domain."""

    def guarded(*arguments: Any) -> float:
        try:
            return call(*arguments)
        except REFUSALS:
            return math.nan

    return guarded


def engine_derivatives(graph: Graph, order: int) -> list[float]:
    """All derivatives of that order by the engine, row by row."""
    found: list[Any] = [graph.output]
    leaves = list(graph.leaves)
    for left in reversed(range(order)):
        found = [
            derivative
            for one in found
            for derivative in _derivatives(one, leaves, as_graph=left > 0)
        ]
    return found


def _derivatives(output: Any, leaves: list[Value], *, as_graph: bool) -> list[Any]:
    if output.is_constant:
        return [Value(0.0) if as_graph else 0.0 for _ in leaves]
    return gradient_of(output, leaves, create_graph=as_graph)  # type: ignore[no-any-return]
