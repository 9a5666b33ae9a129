"""The engine on trial: everything is done twice, by the engine and by the naive model."""

from __future__ import annotations

import contextlib
import copy
import pickle
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import tinygrad_bp.core.functional as functional
from tinygrad_bp.check.engine.model import (
    Twin,
    before,
    copied,
    copied_alone,
    derivative,
    is_near,
    same,
)
from tinygrad_bp.check.programs.builder import LARGEST, suits
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.modes import no_grad
from tinygrad_bp.nn.optimisers import SGD
from tinygrad_bp.rows.primitive import named
from tinygrad_bp.tape.record import record
from tinygrad_bp.tape.tape import Tape

RATE = 0.125
"""Of the optimiser; a power of two, so that the model knows the bits."""


class Pair(NamedTuple):
    """A node of the engine, and the same as the model knows it."""

    value: Value
    twin: Twin


class Recorded(NamedTuple):
    """A tape of the engine, the node that it computes, and this node's leaves."""

    tape: Tape
    twin: Twin
    leaves: list[Twin]


class Trial:
    """What can be done with values, each time to both; `agree` compares all there is.

    >>> trial = Trial()
    >>> x = trial.leaf(3.0)
    >>> y = trial.build(("multiply", [x, x]))
    >>> trial.backward(y, [1.0])
    >>> trial.agree()
    >>> x.value.grad, x.twin.grad
    (6.0, Fraction(6, 1))
    """

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[Pair] = []

    def leaf(self, number: float) -> Pair:
        """A new leaf."""
        return self._kept(Value(number), Twin(number))

    def build(self, step: tuple[str, Sequence[Pair | float]]) -> Pair | None:
        """An operation, by name, on its operands; nothing outside its domain."""
        twin = _twin(*step)
        return None if twin is None else self._kept(_value(*step), twin)

    def build_without_graph(self, step: tuple[str, Sequence[Pair | float]]) -> Pair | None:
        """An operation under `no_grad`."""
        twin = _twin(*step)
        if twin is None:
            return None
        with no_grad():
            return self._kept(_value(*step), Twin(twin.data, is_constant=True))

    def backward(self, node: Pair, seeds: Sequence[float]) -> None:
        """Gradients from this node back, once for each seed."""
        for seed in seeds:
            self._backward(node, seed)

    def _backward(self, node: Pair, seed: float) -> None:
        if not node.twin.is_constant:
            node.value.backward(seed)
            node.twin.backward(seed)
            return
        with contextlib.suppress(ValueError):
            node.value.backward(seed)
            _disagree(f"backward from the constant {node.value!r} did not raise ValueError")

    def zero(self, node: Pair) -> None:
        """Gradients to zero, from this node back."""
        node.value.zero_grad()
        node.twin.zero_grad()

    def mutate(self, node: Pair, number: float) -> None:
        """Another number in a node; what was made from it keeps its own."""
        if self._moved([node.twin], [number]):
            node.value.data = number

    def step(self, nodes: Sequence[Pair]) -> None:
        """One update by gradient descent of the leaves among these."""
        leaves = [pair for pair in _distinct(nodes) if pair.twin.is_leaf]
        numbers = [pair.value.data - RATE * pair.value.grad for pair in leaves]
        if self._moved([pair.twin for pair in leaves], numbers):
            SGD(RATE).step([pair.value for pair in leaves])

    def _moved(self, twins: Sequence[Twin], numbers: Sequence[float]) -> bool:
        """Whether the twins could be moved: the model is only asked about what is calm."""
        kept = [twin.data for twin in twins]
        for twin, number in zip(twins, numbers, strict=True):
            twin.data = number
        everything = before(*[pair.twin for pair in self.pairs])
        if all(abs(x) < LARGEST for x in numbers) and all(twin.is_calm() for twin in everything):
            return True
        for twin, number in zip(twins, kept, strict=True):
            twin.data = number
        return False

    def gradient(self, node: Pair) -> None:
        """The gradient of this node as numbers, and as graph."""
        leaves = [pair for pair in self.pairs if pair.twin.is_leaf]
        inputs = [pair.value for pair in leaves]
        numbers = functional.gradient(node.value, inputs)
        graphs = functional.gradient(node.value, inputs, create_graph=True)
        for pair, number, graph in zip(leaves, numbers, graphs, strict=True):
            exact, size = derivative(node.twin, pair.twin)
            slack = float(size) * 2.0**-48 * len(self.pairs)
            for found in (number, graph.data):
                if not is_near(found, exact, slack):
                    _disagree(f"gradient gave {found!r}, expected {float(exact)!r}")

    def record(self, node: Pair, numbers: Sequence[float]) -> Recorded | None:
        """A tape of how this node is computed from its leaves; and once its replay."""
        leaves = [twin for twin in before(node.twin) if twin.is_leaf]
        if not leaves:
            return None

        def function(*operands: Any) -> Any:
            return node.twin.computed(dict(zip(leaves, operands, strict=True)))

        tape = record(function, *[leaf.data for leaf in leaves])
        recorded = Recorded(tape, node.twin, leaves)
        self.replay(recorded, numbers)
        return recorded

    def replay(self, recorded: Recorded, numbers: Sequence[float]) -> None:
        """The tape on other numbers, of which it takes as many as it has inputs."""
        inputs = [numbers[i % len(numbers)] for i in range(len(recorded.leaves))]
        found = recorded.tape(*inputs)
        expected = recorded.twin.computed(dict(zip(recorded.leaves, inputs, strict=True)))
        if not same(found, expected):
            _disagree(f"the tape gave {found!r} for {inputs}, expected {expected!r}")

    def copy(self, node: Pair) -> Pair:
        """A copy of this node alone, with the same parents."""
        return self._kept(copy.copy(node.value), copied_alone(node.twin, node.twin.parents))

    def deepcopy(self, nodes: Sequence[Pair]) -> list[Pair]:
        """Copies of these nodes with all that they were made from."""
        return self._kept_all(nodes, copy.deepcopy)

    def pickle(self, nodes: Sequence[Pair]) -> list[Pair]:
        """These nodes, written and read, with all that they were made from."""
        return self._kept_all(nodes, lambda values: pickle.loads(pickle.dumps(values)))

    def agree(self) -> None:
        """Raise `AssertionError` where the engine is not what the model is, down to each leaf."""
        twin_of: dict[Value, Twin] = {}
        value_of: dict[Twin, Value] = {}
        waiting = list(self.pairs)
        while waiting:
            value, twin = waiting.pop()
            if twin_of.setdefault(value, twin) is not twin:
                _disagree(f"{value!r} stands for two nodes that should be apart")
            if value_of.setdefault(twin, value) is not value:
                _disagree(f"{value!r} and {value_of[twin]!r} should be one node")
            else:
                _compare(value, twin)
                new = zip(value.parents, twin.parents, strict=True)
                waiting += [Pair(v, t) for v, t in new if twin_of.get(v) is not t]

    def _kept(self, value: Value, twin: Twin) -> Pair:
        self.pairs.append(Pair(value, twin))
        return self.pairs[-1]

    def _kept_all(
        self, nodes: Sequence[Pair], copier: Callable[[list[Value]], list[Value]]
    ) -> list[Pair]:
        nodes = _distinct(nodes)
        values = copier([node.value for node in nodes])
        return list(map(self._kept, values, copied([node.twin for node in nodes])))


def _distinct(nodes: Sequence[Pair]) -> list[Pair]:
    return list({id(node.value): node for node in nodes}.values())


def _value(name: str, operands: Sequence[Pair | float]) -> Value:
    made: Value = named(name)(*[o.value if isinstance(o, Pair) else o for o in operands])
    return made


def _twin(name: str, operands: Sequence[Pair | float]) -> Twin | None:
    """What the engine should make of these operands; nothing where that is not calm."""
    row = named(name)
    parents = [o.twin if isinstance(o, Pair) else Twin(o, is_constant=True) for o in operands]
    numbers = [parent.data for parent in parents]
    if not suits(row, numbers):
        return None
    data = row.value(*numbers)
    if all(parent.is_constant for parent in parents):
        return Twin(data, is_constant=True)
    if parents[-1].is_constant and row.if_constant:
        row = row.if_constant
    twin = Twin(data, row, parents)
    return twin if twin.is_calm() else None


def _compare(value: Value, twin: Twin) -> None:
    if not same(value.data, twin.data):
        _disagree(f"{value!r} should have the data {twin.data!r}")
    if not is_near(value.grad, twin.grad, twin.slack):
        _disagree(f"{value!r} should have the gradient {float(twin.grad)!r}")
    if value.is_constant != twin.is_constant:
        _disagree(f"{value!r} should{'' if twin.is_constant else ' not'} be a constant")
    if not twin.is_constant and value.op is not twin.row:
        _disagree(f"{value!r} should be made by {twin.row!r}, not by {value.op!r}")
    if len(value.parents) != len(twin.parents):
        _disagree(f"{value!r} should have {len(twin.parents)} parents, not {len(value.parents)}")


def _disagree(message: str) -> NoReturn:
    raise AssertionError(message)
