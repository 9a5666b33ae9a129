"""Operations of the user's own: one call, and they are as good as built in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.identifiers import as_read, is_name
from tinygrad_bp.rows.operand import Operand, method
from tinygrad_bp.rows.primitive import BY_NAME, CONSTANT, VARIADIC, Interval, Primitive
from tinygrad_bp.rows.primitives import row


def register(
    name: str,
    notation: str,
    value: Callable[..., float],
    partials: Callable[..., tuple[Any, ...]],
    *domain: Interval,
    kink: Callable[..., float] | None = None,
    defaults: tuple[float, ...] = (),
    replace: bool = False,
) -> Primitive:
    """A new primitive, at once a function, a method of every `Value`, and a row of the table.

    >>> from tinygrad_bp import Value
    >>> square = register("my_square", "my_square({})", lambda x: x * x, lambda z, x: (2 * x,))
    >>> x = Value(3.0)
    >>> x.my_square().backward()
    >>> x.grad, square(4.0), square([1.0, 2.0])
    (6.0, 16.0, [1.0, 4.0])

    `notation` has `{}` for each operand, or `{...}` for any number. `value` takes and gives
    floats. `partials(z, x, ...)` gives a tuple, one derivative for each operand, in generic
    arithmetic: use operators and the functions of this package, not those of `math`, and
    derivatives of any order follow. `domain` says for each operand on which open interval
    it is differentiable, `kink` is zero where it is not. `replace` allows a name to be
    registered again, as a notebook cell that runs twice does.

    The name is kept as Python reads it, in normal form (NFKC): `ﬁ2` is `fi2`.

    Raises `ValueError` for a name that is taken or is no identifier, and for a notation
    without operands or with characters that cannot be seen.
    """
    if not is_name(name):
        raise ValueError(f"expected an identifier as name, got {name!r}")
    name = as_read(name)
    if _is_taken(name) and not (name in _own and replace):
        way_out = "pass replace=True to define it anew" if name in _own else "choose another"
        raise ValueError(f"the name {name!r} is taken; {way_out}")
    if not notation.isprintable() or not re.fullmatch(NOTATION, notation):
        raise ValueError(
            f"expected {{}} for each operand in the notation, or one {VARIADIC}, and nothing that "
            f"cannot be seen, got {notation!r}"
        )
    primitive = row(
        name,
        notation,
        lambda *xs: as_float(value(*xs)),
        _checked(name, partials),
        *domain,
        kink=kink,
        defaults=defaults,
    )
    setattr(Operand, name, method(primitive))
    _own.add(name)
    return primitive


_own: set[str] = set()

NOTATION = r"[^{}]*((\{\}[^{}]*)+|\{\.\.\.\}[^{}]*)"


def _is_taken(name: str) -> bool:
    is_pythons = name.startswith("__")  # `__len__` would be a meaning, and no method
    is_row = name in BY_NAME or name == CONSTANT.name
    return is_pythons or is_row or any(hasattr(kind, name) for kind in _kinds())


def _kinds() -> Iterator[type]:
    """Every kind of operand. An attribute of `Value` itself would hide a new method."""
    kinds: list[type] = [Operand]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        yield kind


def _checked(name: str, partials: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    """The partials, as Python's floats where they are NumPy's, or an error in plain words."""

    def rule(z: Any, *xs: Any) -> tuple[Any, ...]:
        found = partials(z, *xs)
        if not isinstance(found, tuple) or len(found) != len(xs):
            raise TypeError(
                f"the partials of {name!r} are a tuple with one derivative for each of "
                f"{len(xs)} operands, (...,) for one; got {found!r}"
            )
        return tuple(float(d) if isinstance(d, np.floating) else d for d in found)

    return rule
