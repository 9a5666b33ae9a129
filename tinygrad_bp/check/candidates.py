"""The gradients that can be checked: the engine's own, and those that were written by hand."""

from __future__ import annotations

import contextlib
import functools
import itertools
import sys
from collections.abc import Callable, Sequence, Set as AbstractSet
from typing import Any, ClassVar

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.optional import mpmath
from tinygrad_bp.check.culprit import Culprit, culprits
from tinygrad_bp.check.finding import Mistake, Part
from tinygrad_bp.check.mistakes.chain import blocks_of
from tinygrad_bp.check.mistakes.mistakes import mistakes
from tinygrad_bp.check.mistakes.suspicion import TRANSPOSED
from tinygrad_bp.check.truth.exact import Exact, exactly
from tinygrad_bp.check.truth.slopes import Slope
from tinygrad_bp.check.truth.subject import (
    REFUSALS,
    Graph,
    Subject,
    engine_derivatives,
    runs,
    with_floats,
)
from tinygrad_bp.check.truth.truths import is_installed
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.modes import source_lines
from tinygrad_bp.rows.primitive import Primitive


class ByEngine:
    """What the engine gives for a function of `Value`s."""

    def __init__(self, subject: Subject, order: int) -> None:
        self.subject = subject
        self.order = order
        self.graph: Graph | None = subject.graph()
        self.value = self.graph.output._data
        self.gave = engine_derivatives(self.graph, order)
        self.call: Callable[[Sequence[float]], float] = subject.value_on_graph

    def blamed(self) -> set[int]:
        """The derivatives that a wrong rule has a part in."""
        graph, found = self._culprits
        reached = set(topological_order(*(node for node, _ in found)))
        touched = [leaf in reached for leaf in graph.leaves]
        return {
            number
            for number, by in enumerate(itertools.product(touched, repeat=self.order))
            if any(by)
        }

    def findings(self, _wrong: Sequence[int]) -> list[Culprit]:
        """The operations whose rules are wrong, each once."""
        _, found = self._culprits
        by_rule = {(c.operation.name, c.by): c for _, c in reversed(found)}
        return list(reversed(by_rule.values()))

    transposed: ClassVar[AbstractSet[int]] = frozenset()
    """Derivatives that came in the wrong shape."""

    def is_right_but_rounded(self, _index: int, _true: Slope) -> bool:
        """Whether floats are to blame: they are, where every rule is right."""
        return True

    @functools.cached_property
    def _culprits(self) -> Any:
        # An operation by itself is made on the line that asks: no line of a program to look at.
        is_alone = isinstance(self.subject.function, Primitive)
        with contextlib.nullcontext() if is_alone else source_lines():
            graph = self.subject.graph()
        return graph, list(culprits(graph, self.order))


class ByHand:
    """What somebody's own function gives."""

    def __init__(self, subject: Subject, order: int, gradient: Callable[..., Any]) -> None:
        self.subject = subject
        self.order = order
        self._gradient = gradient
        try:
            self.value, self.call = subject.value(subject.numbers), subject.value
        except (TypeError, AttributeError):  # a function of Values alone
            self.value, self.call = subject.value_on_graph(subject.numbers), subject.value_on_graph
        self.graph = subject.graph() if runs(subject.graph) else None
        self.gave = self.at(subject.numbers)

    def at(self, numbers: Sequence[float]) -> list[float]:
        """What it gives at these numbers."""
        return list(map(as_float, self._called(numbers)))

    def blamed(self) -> set[int]:
        """Nothing: there are no rules to be wrong."""
        return set()

    def findings(self, wrong: Sequence[int]) -> Sequence[Any]:
        """What the mistakes look like."""
        if self.order > 1:
            return ()
        found = mistakes(self.subject, self.at, [i for i in wrong if i not in self.transposed])
        names = blocks_of(self.subject.names, sorted(self.transposed))
        shapes = [Mistake(tuple(names), (Part(TRANSPOSED, "its shape is that of the transposed"),))]
        return [*(shapes if names else ()), *found]

    def is_right_but_rounded(self, index: int, true: Slope) -> bool:
        """Whether the formula is right, and only its digits are lost."""
        if self._exactly is not None:
            exact = self._exactly[index]
            return bool(abs(exact - true.value) <= 1e-12 * abs(true.value) + true.bar)
        try:
            beside = [self._beside(k)[index] for k in (1, 2, 3)]
        except REFUSALS:
            return False
        spread = max(abs(one - self.gave[index]) for one in beside)
        return bool(abs(self.gave[index] - true.value) <= 16 * spread)

    def _beside(self, ulps: int) -> list[float]:
        return self.at([x * (1 + ulps * sys.float_info.epsilon) for x in self.subject.numbers])

    @functools.cached_property
    def _exactly(self) -> list[Any] | None:
        if not is_installed():
            return None
        try:
            with mpmath().workdps(400):
                numbers = [Exact(number) for number in self.subject.numbers]
                return list(map(exactly, self._called(numbers)))
        except REFUSALS:
            return None

    def _called(self, numbers: Sequence[Any]) -> list[Any]:
        inputs = self.subject.inputs
        given = self._gradient(*with_floats(inputs, numbers))
        if isinstance(given, tuple) and len(inputs) == len(given) == 1 > self._nesting:
            (given,) = given  # of one argument, written as if of several
        return flat(turned(given, inputs) if self.order == 1 else given, inputs, self.order)

    @property
    def _nesting(self) -> int:
        return int(isinstance(self.subject.inputs[0], tuple))

    @functools.cached_property
    def transposed(self) -> AbstractSet[int]:
        """The derivatives that came in a matrix of the transposed shape."""
        given = structure.blocks(self._gradient(*self.subject.inputs))
        own = structure.blocks(self.subject.inputs)
        if self.order > 1 or len(own) != len(given):
            return frozenset()
        is_turned = [
            _is_turned(block, other)
            for block, other in zip(own, given, strict=True)
            for _ in structure.elements(block)
        ]
        return {i for i, is_so in enumerate(is_turned) if is_so}


def turned(given: Any, inputs: tuple[Any, ...]) -> Any:
    """A gradient with its matrices transposed where only then they have the inputs' shapes."""
    own, found = structure.blocks(inputs), structure.blocks(given)
    if len(own) != len(found):
        return given
    pairs = zip(own, found, strict=True)
    return structure.rebuilt(given, iter([g.T if _is_turned(x, g) else g for x, g in pairs]))


def _is_turned(own: Any, given: Any) -> bool:
    shape, other = structure.shape(own), structure.shape(given)
    return len(shape) == 2 and shape != other and shape == other[::-1]


def flat(given: Any, inputs: tuple[Any, ...], order: int) -> list[Any]:
    """The numbers of a gradient row by row: one for each number of the inputs, or each pair.

    Raises `ValueError` where it has another structure than the inputs.
    """
    model: Any = inputs if len(inputs) > 1 else inputs[0]
    count = len(structure.numbers(inputs))
    places: Any = structure.with_numbers(model, list(range(count)))
    for _ in range(2, order + 1):
        before = sorted(structure.numbers(places))
        rows = [[place * count + i for i in range(count)] for place in before]
        flat_rows = [rows[place] for place in structure.numbers(places)]
        places = structure.crossed(places, model, flat_rows)
    try:
        numbers = structure.numbers_in_order_of(places, given)
    except ValueError as error:
        raise ValueError(f"the gradient must have the structure of the inputs: {error}") from None
    where = structure.numbers(places)
    return [number for _, number in sorted(zip(where, numbers, strict=True), key=lambda p: p[0])]
