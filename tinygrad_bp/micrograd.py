"""Programs for micrograd, with other imports: its `Value`, `Neuron`, `Layer`, `MLP`, `Module`.

>>> import random
>>> from tinygrad_bp.micrograd import MLP, Value
>>> random.seed(1337)
>>> model = MLP(2, [4, 1])
>>> loss = (model([Value(1.0), Value(-2.0)]) - 1) ** 2
>>> loss.backward()
>>> loss, loss._op, len(loss._prev), len(model.parameters())
(Value(data=0.8346536103478578, grad=1.0), '**2', 1, 17)
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.node import Node
from tinygrad_bp.graph.sweep import contributions
from tinygrad_bp.nn.module import Module
from tinygrad_bp.rows.operand import COMPARISONS
from tinygrad_bp.rows.primitive import CONSTANT, Primitive

NAMES = {"relu": "ReLU"}
"""What micrograd calls an operation, where it is not the table's symbol."""


class Value(Node):
    """A node that shows its parts, and takes attributes of your own: it has a `__dict__`.

    >>> x = Value(2.0, label="x")
    >>> y = x * 3 + 1
    >>> y._op, [parent.data for parent in y._prev]
    ('+', [6.0, 1.0])
    >>> x.colour = "lightblue"

    `Value(data, children, op, label)` is the result of an operation of your own. Assign its
    `_backward`: a function that adds to `grad` of the children what `grad` of the result gives.
    `==` is identity, as in micrograd, whose programs keep nodes in lists. Pictures, tapes and
    whatever else is about `tinygrad_bp.Value` refuse this class.
    """

    def __init__(
        self, data: Any, _children: Iterable[Value] = (), _op: str = "", label: str = ""
    ) -> None:
        self._data, self.grad = as_float(data), 0.0
        self._x, self._y, self.op = tuple(_children) or None, None, None
        self.label = label
        self._own_op = _op

    @classmethod
    def apply(cls, primitive: Primitive, *operands: Any) -> Value:
        """The node of an operation; a number among the operands becomes a leaf."""
        parents = tuple(x if isinstance(x, Value) else cls(x) for x in operands)
        if primitive.if_constant and parents[-1] is not operands[-1]:
            primitive, parents[-1].op = primitive.if_constant, CONSTANT
        node = cls(primitive.value(*[parent._data for parent in parents]), parents)
        node.op = primitive
        return node

    @property
    def _prev(self) -> tuple[Value, ...]:
        """Its operands in order, but for a constant exponent."""
        return tuple(parent for parent in self.parents if not parent.is_constant)

    @property
    def _op(self) -> str:
        """What made it, as micrograd writes it; empty for a leaf."""
        if self.op is None or self.is_constant:
            return self._own_op
        exponents = [f"{parent._data:g}" for parent in self.parents if parent.is_constant]
        return "".join([NAMES.get(self.op.symbol, self.op.symbol), *exponents])

    def _backward(self) -> None:
        """Add to the gradient of each operand what flows to it from this node's."""
        if self.op is None and not self.is_leaf:
            raise TypeError(
                f"{self!r} was made by hand, from children, so nobody knows its derivative: "
                "assign its _backward, or make it by an operation"
            )
        # Where no gradient is, none flows on: on a branch not taken 0 * inf would be nan.
        for parent, _, flow in contributions(self, self.grad) if self.grad != 0.0 else ():
            parent.grad += flow or 0.0

    def backward(self) -> None:
        """Put the derivative of this value into `grad` through its graph; leaves accumulate."""
        order = topological_order(self)
        for node in order:
            node.grad = node.grad if node.is_leaf else 0.0
        self.grad = 1.0
        for node in reversed(order):
            node._backward()

    def _compared(self, symbol: str, other: Any) -> bool:
        return COMPARISONS[symbol](self._data, other._data if isinstance(other, Value) else other)

    __eq__, __ne__, __hash__ = object.__eq__, object.__ne__, object.__hash__

    def __repr__(self) -> str:
        return f"Value(data={self._data}, grad={self.grad})"


# For the messages of those who want the engine's: else they would say "a Value, got Value".
Value.__name__ = "micrograd.Value"


class Neuron(Module):
    """A weighted sum and a bias, through relu unless `nonlin` is false.

    Weights are drawn from the module `random`, which is what programs for micrograd seed.
    """

    def __init__(self, nin: int, nonlin: bool = True) -> None:  # noqa: FBT001, FBT002  # as there
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)
        self.nonlin = nonlin

    def __call__(self, x: Iterable[Any]) -> Any:
        """Its value at the numbers of one example."""
        total = sum((w * number for w, number in zip(self.w, x, strict=True)), self.b)
        return total.relu() if self.nonlin else total


class Layer(Module):
    """Neurons side by side; one alone gives its value bare."""

    def __init__(self, nin: int, nout: int, **settings: Any) -> None:
        self.neurons = [Neuron(nin, **settings) for _ in range(nout)]

    def __call__(self, x: Any) -> Any:
        """The value of each neuron at the numbers of one example."""
        outputs = [neuron(x) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs


class MLP(Module):
    """Layers one after the other, the last one linear."""

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        sizes = enumerate(pairwise([nin, *nouts]), 1)
        self.layers = [Layer(*size, nonlin=place < len(nouts)) for place, size in sizes]

    def __call__(self, x: Any) -> Any:
        """What the last layer gives at the numbers of one example."""
        for layer in self.layers:
            x = layer(x)
        return x


__all__ = ["MLP", "Layer", "Module", "Neuron", "Value"]
