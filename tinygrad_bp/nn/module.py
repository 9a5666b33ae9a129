"""`Module`: anything that holds parameters, found by walking its attributes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.node import Node

Self = TypeVar("Self", bound="Module")


class Module:
    """A holder of parameters. Subclass it, set attributes, and that is all.

    >>> from tinygrad_bp import Value
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = Value(2.0)
    ...         self.shifts = [Value(1.0), Value(0.5)]
    ...     def __call__(self, x):
    ...         return self.slope * x + self.shifts[0] + self.shifts[1]
    >>> line = Line()
    >>> line
    Line(3 parameters: slope, shifts.0, shifts.1)
    >>> line.state_dict()
    {'slope': 2.0, 'shifts.0': 1.0, 'shifts.1': 0.5}

    A parameter is a `Value` that is neither a constant nor made by an operation. It is
    found in an attribute, in another module, in a list, tuple, dict or array of objects,
    and in any nesting of these; one that is found twice counts once, under its first path.
    """

    name: str = ""
    """What the labels of its parameters begin with; `rename` sets it."""

    def parameters(self) -> list[Value]:
        """Its parameters, in the order in which its attributes were set."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Its parameters with their dotted paths, such as `layers.0.neurons.1.w.0`."""
        return [
            (path, found) for path, found in _walk("", self, set()) if not isinstance(found, Module)
        ]

    def named_modules(self) -> list[tuple[str, Module]]:
        """Itself, under an empty path, and each module within with its path."""
        return [
            (path, found) for path, found in _walk("", self, set()) if isinstance(found, Module)
        ]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def rename(self: Self, name: str) -> Self:
        """The module itself, with every label in it made of `name` and the path to it.

        >>> from tinygrad_bp import nn
        >>> nn.Neuron(2).rename("h1").w[0].label
        'h1.w.0'
        """
        for path, module in self.named_modules():
            module.name = _joined(name, path)
        for path, parameter in self.named_parameters():
            parameter.label = _joined(name, path)
        return self

    def state_dict(self) -> dict[str, float]:
        """The number in each parameter by its path: plain floats, ready for JSON."""
        return {path: parameter.data for path, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Put back what `state_dict` gave: all of it, or, with an error, nothing.

        Raises `ValueError` that lists what is missing, unexpected, or not a number.
        """
        parameters = dict(self.named_parameters())
        problems = [f"missing: {path}" for path in parameters if path not in state]
        problems += [f"unexpected: {path}" for path in state if path not in parameters]
        problems += [
            f"not a finite number: {path} = {number!r}"
            for path, number in state.items()
            if not _is_finite_number(number)
        ]
        if problems:
            raise ValueError(
                f"this state does not fit {type(self).__name__}, which stays as it was: "
                + visible("; ".join(problems))
            )
        for path, parameter in parameters.items():
            parameter.data = state[path]

    def __call__(self, inputs: Any) -> Any:
        """What the module makes of the numbers of one example."""
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(self, inputs)")

    def __repr__(self) -> str:
        paths = [path for path, _ in self.named_parameters()]
        names = ", ".join(paths if len(paths) <= 6 else [*paths[:4], "...", paths[-1]])
        plural = "parameter" if len(paths) == 1 else "parameters"
        return (
            f"{type(self).__name__}({len(paths)} {plural}{': ' if names else ''}{visible(names)})"
        )


def _walk(path: str, thing: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Every module and parameter in a thing, with its path; each once, owners first."""
    if id(thing) in seen:
        return
    if isinstance(thing, Node):  # of micrograd's, too
        seen.add(id(thing))
        if thing.op is None:
            yield path, thing
        return
    children = _children(thing)
    if children is None:
        return
    seen.add(id(thing))  # A child may hold its parent: the walk must not go round for ever.
    if isinstance(thing, Module):
        yield path, thing
    for name, child in children:
        yield from _walk(_joined(path, str(name)), child, seen)


def _children(thing: Any) -> Iterator[tuple[Any, Any]] | None:
    if isinstance(thing, Module):
        return iter(vars(thing).items())
    if isinstance(thing, dict):
        return iter(thing.items())
    if isinstance(thing, list | tuple):
        return enumerate(thing)
    if isinstance(thing, np.ndarray) and thing.dtype == object and thing.ndim:
        return enumerate(thing.tolist())
    return None


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _is_finite_number(number: Any) -> bool:
    if not isinstance(number, int | float | np.floating | np.integer):
        return False
    try:
        return math.isfinite(number)
    except OverflowError:  # an int that no float can hold
        return False


__all__ = ["Module"]
