"""What a row of the table is, and how it applies itself to whatever it is given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.structure import gathered
from tinygrad_bp.basics.words import counted

Interval = tuple[float, float]
"""An open interval of the real line."""

REAL: Interval = (-math.inf, math.inf)

BY_NAME: dict[str, Primitive] = {}
"""Every primitive, built in or registered, by name, in the order of their making."""

FAMILIES: dict[str, Callable[[int], Primitive]] = {}
"""By name the functions that make a row for each order of derivative, when it is asked for."""

VARIADIC = "{...}"
"""Stands in a notation for any number of operands."""


@dataclass(frozen=True, eq=False)
class Primitive:
    """One differentiable operation: its value, its partial derivatives, its notation.

    A primitive is a function of floats, of `Value`s (or of any other kind of operand that
    has an `apply`), and of arrays and nested lists of either:

    >>> from tinygrad_bp import exp
    >>> exp(0.0), exp([0.0, [0.0]])
    (1.0, [1.0, [1.0]])

    `partials(z, x, y)` holds one derivative for each operand, in generic arithmetic: called
    on floats it gives numbers, on `Value`s it gives graph. `None` in place of a derivative
    says that no gradient flows to that operand at all, not even 0 times infinity.
    """

    name: str
    notation: str
    """How it is written, `{}` for an operand: `"{} * {}"`, `"exp({})"`, `"sum({...})"`."""
    value: Callable[..., float]
    """Floats in, float out, by IEEE-754; never raises."""
    partials: Callable[..., tuple[Any, ...]]
    domain: tuple[Interval, ...] = ()
    """For each operand where it is differentiable; the last stands for all that follow."""
    kink: Callable[..., float] | None = None
    """A function of the operands that is 0 where, within the domain, no derivative exists."""
    defaults: tuple[float, ...] = ()
    """What the last operands are where a call leaves them out."""

    if_constant: Primitive | None = None
    """The row that takes over where the last operand is a constant: `x**2` needs no log."""
    spelled: Callable[..., Any] | None = None
    """In generic arithmetic, what formulas show in its place: of a row that others are made of."""
    arity: int | None = field(init=False)
    """How many operands it takes; `None` for any number."""

    def __post_init__(self) -> None:
        arity = None if VARIADIC in self.notation else self.notation.count("{}")
        object.__setattr__(self, "arity", arity)

    @property
    def symbol(self) -> str:
        """Its short name for pictures: `*`, `exp`."""
        return self.notation.replace(VARIADIC, "").replace("{}", "").strip("(), ")

    def write(self, *operands: str) -> str:
        """Its notation with the operands filled in.

        >>> from tinygrad_bp import multiply
        >>> multiply.write("w", "x")
        'w * x'
        """
        if self.arity is None:
            return self.notation.replace(VARIADIC, ", ".join(operands))
        return self.notation.format(*operands)

    def __repr__(self) -> str:
        return f"<primitive {self.write(*operand_names(self.arity))}>"

    def __reduce__(self) -> tuple[Callable[[str], Primitive], tuple[str]]:
        return named, (self.name,)

    def __call__(self, *operands: Any) -> Any:
        """The value at floats, a node at `Value`s, element by element on arrays and lists."""
        if len(operands) != self.arity:
            operands = self._complete(operands)
        for operand in operands:
            if type(operand) is not float:
                return self._at_anything(operands)
        return self.value(*operands)

    def _at_anything(self, operands: tuple[Any, ...]) -> Any:
        for operand in operands:
            if isinstance(operand, np.ndarray | list | tuple):
                return self._at_each_element(operands)
        for operand in operands:
            if hasattr(type(operand), "apply"):
                return type(operand).apply(self, *operands)
        result = self.value(*map(as_float, operands))
        # NumPy's float64 stays one: its arithmetic is IEEE-754, which a float's is not.
        return np.float64(result) if np.float64 in map(type, operands) else result

    def _at_each_element(self, operands: tuple[Any, ...]) -> Any:
        arrays = [np.asarray(operand, dtype=object) for operand in operands]
        with np.errstate(all="ignore"):  # nan is a number, and comparing it no mistake
            results = np.frompyfunc(self, len(arrays), 1)(*arrays)
        is_array = any(isinstance(operand, np.ndarray) for operand in operands)
        # Of arrays without dimensions it is no array.
        return gathered(results) if is_array or np.ndim(results) == 0 else results.tolist()

    def _complete(self, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """The operands with defaults filled in; a `TypeError` if their number is wrong."""
        if self.arity is None:
            return operands
        missing = self.arity - len(operands)
        if not 0 < missing <= len(self.defaults):
            raise TypeError(f"{self!r} takes {counted(self.arity, 'operand')}, got {len(operands)}")
        return operands + self.defaults[-missing:]


def operand_names(count: int | None) -> Sequence[str]:
    """What formulas call so many operands; a few stand for any number.

    >>> operand_names(2), operand_names(4), operand_names(5)
    ('xy', 'xyuv', ['x0', 'x1', 'x2', 'x3', 'x4'])
    """
    return "xyuv"[:count] if count is None or count <= 4 else [f"x{i}" for i in range(count)]


CONSTANT = Primitive("constant", "", float, tuple)
"""In place of an operation, the mark of a number that gets no gradient."""


def named(name: str) -> Primitive:
    """The primitive of that name.

    >>> named("exp")
    <primitive exp(x)>
    """
    if name == CONSTANT.name:
        return CONSTANT
    family, _, order = name.rpartition("_")
    if family in FAMILIES and order.isdecimal():
        return FAMILIES[family](int(order))
    try:
        return BY_NAME[name]
    except KeyError:
        raise LookupError(
            f"there is no primitive {name!r} here; if it is one of your own, "
            "import the module that registers it first"
        ) from None
