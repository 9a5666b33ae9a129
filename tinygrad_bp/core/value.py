"""`Value`: a number that remembers how it was made, and passes gradients back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, NoReturn, cast, final

import numpy as np

from tinygrad_bp.arrays.array import Array
from tinygrad_bp.arrays.functions import apply_function
from tinygrad_bp.arrays.numpy_names import apply_ufunc
from tinygrad_bp.basics import lines
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.locks import Lock
from tinygrad_bp.basics.structure import sequence_like
from tinygrad_bp.core import copies
from tinygrad_bp.graph import modes
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.node import Node
from tinygrad_bp.graph.sweep import adjoints
from tinygrad_bp.rows.operand import BINARY, COMPARISONS, Operand
from tinygrad_bp.rows.primitive import CONSTANT, Primitive
from tinygrad_bp.rows.primitives import round_

_new = object.__new__


@final
class Value(Node):
    """A scalar in a computation graph.

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 2 * x
    >>> y.backward()
    >>> y.data, x.grad
    (15.0, 8.0)

    `data` is any real number, made a float; `label` is a name for pictures and messages.
    Operators and the methods of the table (`exp`, `relu`, ...) make new values, by the
    arithmetic of IEEE-754: they never raise for a number. `==`, `<` and the other comparisons
    and `bool` look at the data; the hash is the identity, so that sets and dicts hold nodes.

    Raises `TypeError` for what is not one real number, with a way out.
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        # An operand whose type is not exactly Value would be taken for a number.
        raise TypeError("Value is final: write functions of Values, or register an operation")

    def __init__(self, data: Any, label: str = "") -> None:
        if not isinstance(label, str):
            raise TypeError(f"a label is a str, got {type(label).__name__} {label!r}")
        self._data = as_float(data)
        self.grad = 0.0
        self.op = None
        self._x = None
        self._y = None
        self.label = label
        if modes.open_contexts:
            modes.keep_line(self)

    # Making nodes ---------------------------------------------------------------------

    @staticmethod
    def apply_unary(primitive: Primitive, x: Value) -> Value:
        """The node of an operation on one value."""
        data = primitive.value(x._data)
        if x.op is CONSTANT:
            return _of_constants(primitive, data, x)
        return _node(primitive, data, x, None)

    @staticmethod
    def apply_binary(primitive: Primitive, x: Any, y: Any) -> Any:
        """The node of an operation on two operands, one of which may be a number."""
        if type(x) is not Value or type(y) is not Value:
            other = x if type(y) is Value else y
            if type(other) is not float and type(other) is not int:
                if isinstance(other, np.ndarray):
                    return primitive(x, y)
                if _is_for_others(other):
                    return NotImplemented
            x, y = _operand(x), _operand(y)
        data = primitive.value(x._data, y._data)
        if y.op is CONSTANT:
            if x.op is CONSTANT:
                return _of_constants(primitive, data, x, y)
            primitive = primitive.if_constant or primitive
        return _node(primitive, data, x, y)

    @classmethod
    def apply(cls, primitive: Primitive, *operands: Any) -> Any:
        """The node of an operation on any number of operands."""
        if primitive.arity == 1:
            return cls.apply_unary(primitive, *operands)
        if primitive.arity == 2:
            return cls.apply_binary(primitive, *map(_operand, operands))
        for operand in operands:
            if type(operand) is not Value:
                operands = tuple(map(_operand, operands))
                break
        data = primitive.value(*[operand._data for operand in operands])
        for operand in operands:
            if operand.op is not CONSTANT:
                return _node(primitive, data, operands, None)
        return _of_constants(primitive, data, *operands)

    # Derivatives ----------------------------------------------------------------------

    def backward(self, seed: float = 1.0) -> None:
        """Put the derivative of this value into `grad`, here and all through its graph.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> y.backward()
        >>> y.backward()
        >>> y.grad, x.grad
        (1.0, 12.0)

        Leaves accumulate, so that several outputs add up; what lies between is computed
        from scratch by each call. `zero_grad` clears. `seed` is what the derivative of
        the output with respect to itself starts from.

        Raises `ValueError` on a constant, which has no graph behind it.
        """
        if self.is_constant:
            raise ValueError(
                f"{self!r} is a constant: it was made from numbers only, or under no_grad, "
                "so there is no graph to go back through"
            )
        if modes.is_watched():
            modes.refuse_number("backward was called", "use grad(...), or gradient(...)")
        order = topological_order(self)
        adjoint = adjoints(order, {self: as_float(seed)})
        store_gradients(order, adjoint)

    def zero_grad(self) -> None:
        """Set every gradient in the graph of this value to zero."""
        for node in topological_order(self):
            node.grad = 0.0

    # Python's protocols ---------------------------------------------------------------

    def _compared(self, symbol: str, other: Any) -> Any:
        if type(other) is not Value and _is_for_others(other):
            return NotImplemented
        right = _operand(other)
        outcome = COMPARISONS[symbol](self._data, right._data)
        if modes.open_contexts and not (self.op is CONSTANT and right.op is CONSTANT):
            modes.note_comparison(symbol, self, other, outcome)
        return outcome

    def __bool__(self) -> bool:
        return cast(bool, self._compared("!=", 0.0))

    # `math`, `complex`, '%.3f' % v and assignment into an array of floats all end here.
    def __float__(self) -> float:
        self._refuse("a float", "tinygrad_bp.exp(v) and the like in place of math.exp(v)")

    def __int__(self) -> int:
        self._refuse("an int", "tinygrad_bp.trunc(v) in place of int(v)")

    def __index__(self) -> int:
        self._refuse("an index", "int(v.data) for a place in a list")

    def __round__(self, ndigits: int | None = None) -> Value:
        if ndigits is not None:
            self._refuse("a decimal", f"round(v.data, {ndigits!r}) for a float")
        return cast(Value, round_(self))

    def _refuse(self, kind: str, row: str) -> NoReturn:
        """Say how to get at a number, or at what the number was wanted for."""
        raise TypeError(
            f"{self!r} is not silently made {kind}, because its graph would be lost: "
            "tinygrad_bp.values(...) makes an array of Values, f'{v:.3f}' a text; "
            f"use .data for the number, {row}"
        )

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        grad = "constant" if self.is_constant else f"grad={self.grad}"
        return f"Value(data={self._data}, {grad}{label})"

    def __format__(self, specification: str) -> str:
        return format(self._data, specification) if specification else repr(self)

    def __copy__(self) -> Value:
        return cast(Value, copies.restored(*copies.facts(self)))

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        return cast(Value, copies.deep_copy(self, memo))

    def __reduce__(self) -> tuple[Callable[..., Value], tuple[Any, ...]]:
        return copies.reduced(self)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return apply_function(function, args, kwargs)

    @staticmethod
    def in_array(objects: np.ndarray[Any, Any]) -> Array:
        """An array of values and numbers as an `Array`, in which numbers are constants."""
        if set(map(type, objects.flat)) != {Value}:
            objects = objects if objects.flags.writeable else objects.copy()
            for index, x in enumerate(objects.flat):
                if isinstance(x, Real):
                    objects.flat[index] = constant(x)
        return objects.view(Array)


def constant(number: Any, label: str = "") -> Value:
    """A value that gets no gradient; of a `Value` its number, cut off from its graph.

    >>> x = Value(2.0)
    >>> y = x * constant(x)
    >>> y.backward()
    >>> x.grad
    2.0
    """
    value = Value(number.data if isinstance(number, Value) else number, label)
    value.op = CONSTANT
    return value


def values(numbers: Any, label: str = "") -> Any:
    """A `Value` for each number of a structure: an array, a list, a dict, or nested ones.

    >>> values([1.0, 2.0], label="w")
    [Value(data=1.0, grad=0.0, label='w[0]'), Value(data=2.0, grad=0.0, label='w[1]')]
    """
    if isinstance(numbers, np.ndarray):
        array = np.empty(numbers.shape, dtype=object)
        for index in np.ndindex(numbers.shape):
            name = f"{label}[{', '.join(map(str, index))}]" if label and index else label
            array[index] = Value(numbers[index], name)
        return array.view(Array)
    if isinstance(numbers, dict):
        return {k: values(part, label and f"{label}[{k!r}]") for k, part in numbers.items()}
    if isinstance(numbers, list | tuple):
        parts = [values(part, label and f"{label}[{i}]") for i, part in enumerate(numbers)]
        return sequence_like(numbers, parts)
    return Value(numbers, label)


def array(numbers: Any) -> Array:
    """An `Array` of nested lists of values and numbers, which in it are constants.

    >>> a, b = Value(1.0), Value(2.0)
    >>> array([[a, 2.0], [3.0, b]]) @ [1.0, 10.0]
    Array([21., 23.])

    Raises `TypeError` for what is no number, and for rows that differ in length.
    """
    found = np.array(numbers, dtype=object)
    for index, x in enumerate(found.flat):
        found.flat[index] = _operand(x)
    return found.view(Array)


def store_gradients(nodes: list[Value], adjoint: Mapping[Any, float]) -> None:
    """Put the adjoints of a whole graph into `grad`: leaves accumulate."""
    # Leaves to which two threads go back at once get what both add, or one would be lost.
    with _storing.held:
        # All is computed before anything is stored: an interrupted call changes nothing.
        try:
            grads = [
                adjoint.get(node, 0.0) if node.op else node.grad + adjoint.get(node, 0.0)
                for node in nodes
            ]
        except TypeError:
            raise TypeError(_complaint(nodes)) from None
        try:
            _store(nodes, grads)
        except BaseException:  # Ctrl-C: too late to change nothing, so change all
            _store(nodes, grads)
            raise


def _complaint(nodes: list[Value]) -> str:
    """About the first leaf whose `grad` cannot be added to: in PyTorch, `None` clears it."""
    # `object`, since anybody may assign anything.
    grads = ((node, cast(object, node.grad)) for node in nodes if not node.op)
    leaf = next(node for node, grad in grads if not isinstance(grad, Real))
    return f"the grad of {leaf!r} is no number to add to: 0.0 clears it, and so does zero_grad"


_storing = Lock()


def _store(nodes: list[Value], grads: list[float]) -> None:
    for node, grad in zip(nodes, grads, strict=True):
        node.grad = grad


def _node(primitive: Primitive, data: float, x: Any, y: Any) -> Value:
    keeps_line = False
    if modes.open_contexts:
        mode = modes.current.get()
        if mode.is_strict:
            modes.check_finite(
                primitive, data, x if type(x) is tuple else (x, y)[: 1 + (y is not None)]
            )
        if not mode.records:
            if mode.comparisons is not None:
                modes.refuse_number(
                    f"{primitive!r} was computed under no_grad", "leave no_grad out"
                )
            return constant(data)
        keeps_line = mode.keeps_lines
    # Not by calling the class: that would ask at the door once more.
    node: Value = _new(Value)
    node._data = data
    node.grad = 0.0
    node.op = primitive
    node._x = x
    node._y = y
    node.label = ""
    if keeps_line:
        lines.remember(node)
    return node


def _quick(primitive: Primitive) -> Callable[[Value, Any], Any]:
    """An operator that makes the commonest node, of two values, in one call and not in three."""
    number = primitive.value

    def operator(x: Value, y: Any) -> Any:
        if type(y) is not Value or y.op is CONSTANT or modes.open_contexts:
            return Value.apply_binary(primitive, x, y)
        node: Value = _new(Value)
        node._data = number(x._data, y._data)
        node.grad = 0.0
        node.op = primitive
        node._x = x
        node._y = y
        node.label = ""
        return node

    return operator


for _name, _operator in list(vars(Operand).items()):
    if _operator in BINARY:
        setattr(Value, _name, _quick(BINARY[_operator]))


def _of_constants(primitive: Primitive, data: float, *operands: Value) -> Value:
    if modes.is_strict():
        modes.check_finite(primitive, data, operands)
    return constant(data)


def _operand(x: Any) -> Value:
    return x if type(x) is Value else constant(x)


def _is_for_others(other: Any) -> bool:
    """Whether an unknown kind of object should get the chance to handle the operator."""
    return not isinstance(other, str | bytes | complex | list | tuple) and not hasattr(
        type(other), "__float__"
    )


__all__ = ["Value", "array", "constant", "values"]
