"""Python's operators and the methods of the table, one line each, for any kind of operand."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar, cast, overload

import numpy as np

from tinygrad_bp.basics.door import is_number
from tinygrad_bp.rows import primitives as p
from tinygrad_bp.rows.primitive import Primitive, operand_names

T = TypeVar("T")


class Applied(Protocol[T]):
    """What type checkers see of a method bound to an operand of type `T`.

    With operands of its own kind and numbers it gives its own kind; with arrays, arrays.
    """

    @overload
    def __call__(self, *others: T | float) -> T: ...
    @overload
    def __call__(self, *others: Any) -> Any: ...


class Method(Protocol):
    """What type checkers see of a method of `Operand`; in truth it is a plain function."""

    def __get__(self, instance: T, owner: type[T] | None = None) -> Applied[T]:
        """The method, bound."""
        ...


def method(primitive: Primitive) -> Method:
    """The primitive as a method: its first operand is `self`."""
    if primitive.arity == 1:
        apply: Any = unary(primitive)
    else:
        apply = lambda self, *others: primitive(self, *others)  # noqa: E731  # as `unary`
    apply.__name__ = apply.__qualname__ = primitive.name
    names = operand_names(primitive.arity)
    apply.__doc__ = f"`{primitive.write(*names)}`, where `{names[0]}` is this value."
    return cast(Method, apply)


def unary(primitive: Primitive) -> Callable[[T], T]:
    """The primitive as a prefix operator."""
    return lambda self: self.apply_unary(primitive, self)  # type: ignore[attr-defined]  # T is an Operand


def binary(primitive: Primitive) -> Method:
    """The primitive as an operator with `self` on its left."""
    operator = lambda self, other: self.apply_binary(primitive, self, other)  # noqa: E731  # as `unary`
    BINARY[operator] = primitive
    return cast(Method, operator)


BINARY: dict[Callable[..., Any], Primitive] = {}
"""The operators with `self` on their left, for a kind of operand that has faster ones."""


def reflected(primitive: Primitive) -> Method:
    """The primitive as an operator with `self` on its right."""
    return cast(Method, lambda self, other: self.apply_binary(primitive, other, self))


COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
"""What a program may ask of numbers; `bool(x)` asks `x != 0`."""


def comparison(symbol: str) -> Callable[[Any, Any], Any]:
    """The operator that asks for the comparison; about an array NumPy answers.

    Of what is no number, such as `None`, a text or a class that a test library made, `==` asks
    the other side, and without an answer it is `False`; to order it is a `TypeError`.
    """
    is_equality = symbol in ("==", "!=")

    def compared(self: Any, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        if is_equality and not isinstance(other, Operand) and not is_number(other):
            return NotImplemented
        return self._compared(symbol, other)

    return compared


class Operand:
    """Whatever primitives apply to: a subclass says how, in `apply`.

    The generic arithmetic of the table runs on any subclass: `Value` records a graph,
    `Symbol` writes a formula.
    """

    __slots__ = ()

    @classmethod
    def apply(cls, primitive: Primitive, *operands: Any) -> Any:
        """What the primitive gives at these operands, at least one of which is a `cls`."""
        raise NotImplementedError

    @classmethod
    def apply_unary(cls, primitive: Primitive, x: Any) -> Any:
        """`apply` for one operand, to be overridden where speed counts."""
        return cls.apply(primitive, x)

    @classmethod
    def apply_binary(cls, primitive: Primitive, x: Any, y: Any) -> Any:
        """`apply` for two operands, to be overridden where speed counts."""
        return cls.apply(primitive, x, y)

    def _compared(self, symbol: str, other: Any) -> Any:
        """What a comparison gives, where the other side is no array."""
        raise NotImplementedError

    __lt__, __le__, __gt__, __ge__ = map(comparison, ("<", "<=", ">", ">="))
    __eq__, __ne__ = map(comparison, ("==", "!="))
    # Nodes are keys, of whatever number. A dict asks `==` only where two hashes are one, and
    # no two objects have the same identity as long as they live.
    __hash__ = object.__hash__

    __add__, __radd__ = binary(p.add), reflected(p.add)
    __sub__, __rsub__ = binary(p.subtract), reflected(p.subtract)
    __mul__, __rmul__ = binary(p.multiply), reflected(p.multiply)
    __truediv__, __rtruediv__ = binary(p.divide), reflected(p.divide)
    __pow__, __rpow__ = binary(p.pow_), reflected(p.pow_)
    __mod__, __rmod__ = binary(p.remainder), reflected(p.remainder)
    __floordiv__, __rfloordiv__ = binary(p.floor_divide), reflected(p.floor_divide)
    __neg__, __pos__, __abs__ = unary(p.negative), unary(p.positive), unary(p.abs_)
    # What `math.floor` and the like ask for: a value, not an int, for an int has no graph.
    __floor__, __ceil__, __trunc__ = unary(p.floor), unary(p.ceil), unary(p.trunc)

    def __int__(self) -> int:
        # Or Python takes `__trunc__` for it, whose result is no int.
        raise TypeError(f"{self!r} is not silently made an int: use trunc(x) in place of int(x)")

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    exp, expm1 = method(p.exp), method(p.expm1)
    log, log1p, log2, log10 = method(p.log), method(p.log1p), method(p.log2), method(p.log10)
    exp2, xlogy, entr, logit = method(p.exp2), method(p.xlogy), method(p.entr), method(p.logit)
    sqrt, cbrt, hypot = method(p.sqrt), method(p.cbrt), method(p.hypot)
    sin, cos, tan = method(p.sin), method(p.cos), method(p.tan)
    asin, acos, atan, atan2 = method(p.asin), method(p.acos), method(p.atan), method(p.atan2)
    sinh, cosh, tanh = method(p.sinh), method(p.cosh), method(p.tanh)
    asinh, acosh, atanh = method(p.asinh), method(p.acosh), method(p.atanh)
    erf, erfc = method(p.erf), method(p.erfc)
    erfinv, lgamma, digamma = method(p.erfinv), method(p.lgamma), method(p.digamma)
    sinc = method(p.sinc)
    gaussian, normal_cdf = method(p.gaussian), method(p.normal_cdf)
    sigmoid, log_sigmoid = method(p.sigmoid), method(p.log_sigmoid)
    softplus, relu, leaky_relu = method(p.softplus), method(p.relu), method(p.leaky_relu)
    elu, gelu, silu = method(p.elu), method(p.gelu), method(p.silu)
    maximum, minimum, clip = method(p.maximum), method(p.minimum), method(p.clip)
    floor, ceil, trunc, round = method(p.floor), method(p.ceil), method(p.trunc), method(p.round_)
    fmod, copysign = method(p.fmod), method(p.copysign)
    sign, heaviside, logaddexp = method(p.sign), method(p.heaviside), method(p.logaddexp)

    # NumPy looks these up by its own names when it maps over an array of objects.
    arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
    arcsinh, arccosh, arctanh = asinh, acosh, atanh
    rint = round  # noqa: A003  # the method, not Python's

    def conjugate(self) -> Operand:
        """The value itself: it is real. NumPy's `var` and `vdot` ask for it."""
        return self
