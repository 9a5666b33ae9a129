"""What a view looks at: a value, or what a function makes of inputs, with the function's lines.

>>> output_of(lambda x: x * x, 3.0)
Value(data=9.0, grad=0.0)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.words import brief
from tinygrad_bp.core.value import Value, values
from tinygrad_bp.graph.modes import recording, source_lines
from tinygrad_bp.tape.record import argument_names

__all__ = ["name_of_function", "output_of"]


def output_of(subject: Any, *inputs: Any) -> Value:
    """The value itself; of a function its output for the inputs, made under `source_lines`.

    >>> from tinygrad_bp import source_line
    >>> def area(width, height): return width * height
    >>> output = output_of(area, 2.0, 3.0)
    >>> source_line(output).function, [parent.label for parent in output.parents]
    ('area', ['width', 'height'])

    Inputs that are numbers, or lists, dicts and arrays of numbers, become `Value`s that are
    labelled by what the function calls them; anything else is passed on as it is.

    Raises `TypeError` for what is neither, and if the function does not return one `Value`.
    """
    if isinstance(subject, Value):
        if inputs:
            raise TypeError(
                f"{subject!r} has been computed already, so it takes no inputs, "
                f"got {len(inputs)}; pass the function that made it, then its inputs"
            )
        return subject
    if not callable(subject):
        raise TypeError(
            "expected a Value, or a function and its inputs, "
            f"got {type(subject).__name__} {brief(subject)}"
        )
    names = argument_names(subject, len(inputs))
    with recording(), source_lines():
        return _one_value(subject, subject(*map(_lifted, inputs, names)))


def name_of_function(subject: Any) -> str:
    """What a function is called, for its output; empty for a lambda and for a value.

    >>> def area(width, height): return width * height
    >>> name_of_function(area), name_of_function(lambda x: x)
    ('area', '')
    """
    name = "" if isinstance(subject, Value) else getattr(subject, "__name__", "")
    return name if name.isidentifier() else ""


def _lifted(given: Any, name: str) -> Any:
    """Numbers as values; whatever holds anything else stays as it is, and so do flags."""
    is_numeric = all(map(_is_number, structure.numbers(given)))
    return values(given, name) if is_numeric else given


def _is_number(thing: Any) -> bool:
    return isinstance(thing, int | float | np.number) and not isinstance(thing, bool)


def _one_value(function: Callable[..., Any], output: Any) -> Value:
    found = structure.numbers(output)
    if len(found) == 1 and isinstance(found[0], Value):
        return found[0]
    raise TypeError(
        f"expected a function that returns one Value; {getattr(function, '__name__', function)} "
        f"returned {type(output).__name__} {brief(output)}"
    )
