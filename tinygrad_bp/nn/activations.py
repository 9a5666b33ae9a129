"""What stands between a neuron's sum and its value: a function of one `Value`, by any name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_bp.nn.choices import chosen
from tinygrad_bp.rows.primitive import BY_NAME

Activation = Callable[[Any], Any]


def linear(x: Any) -> Any:
    """The sum itself.

    >>> linear(3.0)
    3.0
    """
    return x


def activation_of(choice: Any) -> Activation:
    """The function that a choice stands for.

    A name is that of a primitive that can be called with one operand, registered ones
    included, or "linear". `True` and `False` are micrograd's for "relu" and "linear".

    >>> activation_of("tanh")
    <primitive tanh(x)>
    """
    if isinstance(choice, bool):
        choice = "relu" if choice else "linear"
    if isinstance(choice, str):
        return chosen(choice, _by_name(), "activation")
    if callable(choice):
        activation: Activation = choice
        return activation
    raise TypeError(
        f"an activation is a name or a function of a Value, got {type(choice).__name__} {choice!r}"
    )


def name_of(activation: Activation) -> str:
    """What to call it in a `repr`."""
    name = getattr(activation, "name", None) or getattr(activation, "__name__", None)
    return str(name or repr(activation))


def _by_name() -> dict[str, Activation]:
    of_one: dict[str, Activation] = {
        name: primitive
        for name, primitive in BY_NAME.items()
        if primitive.arity is not None and primitive.arity - len(primitive.defaults) == 1
    }
    return {"linear": linear, **of_one}


__all__ = ["Activation", "activation_of", "linear", "name_of"]
