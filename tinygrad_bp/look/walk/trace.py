"""A forward and a backward pass over a graph, one step at a time, in both directions.

Every view of back-propagation reads this one trace, so no two of them can disagree; and it
does what `backward` does, in the same order, to the last bit.

>>> from tinygrad_bp import Value
>>> x = Value(3.0, label="x")
>>> trace = Trace(x * x)
>>> trace.goto(len(trace))
>>> trace.adjoint[x]
6.0
>>> [(use.before, use.contribution, use.after, use.nth, use.of) for use in trace.step(2).uses]
[(None, 3.0, 3.0, 1, 2), (3.0, 3.0, 6.0, 2, 2)]
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order, uses
from tinygrad_bp.graph.sweep import Flow, pass_on, started
from tinygrad_bp.rows.primitive import CONSTANT

__all__ = ["Step", "Trace", "Use"]


@dataclass(frozen=True, slots=True)
class Use:
    """One operand of the operation that a step is about, and what flows to it."""

    parent: Value
    partial: float | None
    """`None`: the operation passes nothing on to this operand, not even zero."""
    contribution: float | None
    """Upstream gradient times partial; `None` where nothing flows."""
    before: float | None
    """The operand's gradient before this use is added; `None`, which counts as 0: none yet."""
    after: float | None
    nth: int
    """This is the nth of so many uses to arrive, counted over the whole graph."""
    of: int


@dataclass(frozen=True)
class Step:
    """What happens in one step of a trace."""

    index: int
    kind: Literal["forward", "seed", "backward"]
    node: Value
    upstream: float | None = None
    """The node's own gradient, complete; `None` forward, and where none reached the node."""
    uses: tuple[Use, ...] = ()
    """Backward, one for each operand in order: `x*x` has two."""


class Trace:
    """The two passes that lead to an output, and where in them we are.

    Of n operations, steps 0 to n-1 compute their values, step n seeds the output's gradient,
    and steps n+1 to 2n go back through the operations in reverse order. `position` is how
    many steps are done. Steps take constant time, and so does going back; nothing in the
    graph is changed: gradients stand in `adjoint`, not in `.grad`.
    """

    def __init__(self, output: Value, seed: float = 1.0) -> None:
        if not isinstance(output, Value):
            raise TypeError(
                f"a Value is traced, got {type(output).__name__} {output!r}; "
                "of a function or a model, pass what it returns"
            )
        if output.is_constant:
            raise ValueError(
                f"{output!r} is a constant: it was made from numbers only, or under no_grad, "
                "so there is no graph to step through"
            )
        self.output = output
        self.seed = as_float(seed)
        self.nodes = topological_order(output)
        self.operations = [node for node in self.nodes if node._x is not None]
        self.position = 0
        self.adjoint: dict[Value, float] = {}
        """The gradients so far. Missing: nothing has flowed there yet."""
        self.arrived: dict[Value, int] = {}
        """How many uses of a node have passed on what they had, if only nothing."""
        self.waiting: dict[Value, int] = {}
        """The frontier: nodes whose gradient has begun to arrive, and how many uses it lacks.

        None of these may pass its gradient on yet: that is why the order is topological.
        """
        self._uses: dict[Value, int] | None = None
        # The uses of each backward step done, so that going back restores every bit.
        self._done: list[tuple[Use, ...]] = []

    def __len__(self) -> int:
        """How many steps there are."""
        return 2 * len(self.operations) + 1

    @cached_property
    def uses(self) -> dict[Value, int]:
        """How many times each node is an operand in this graph: `x*x` uses `x` twice."""
        return {**dict.fromkeys(self.nodes, 0), **uses(self.operations)}

    @cached_property
    def order(self) -> dict[Value, int]:
        """The place of each node in the topological order."""
        return {node: place for place, node in enumerate(self.nodes)}

    @cached_property
    def _places(self) -> dict[Value, int]:
        return {node: place for place, node in enumerate(self.operations)}

    def forward_step(self, node: Value) -> int:
        """The index of the step that computes the value of an operation."""
        return self._places[node]

    def backward_step(self, node: Value) -> int:
        """The index of the step in which an operation passes its gradient on."""
        return len(self) - 1 - self._places[node]

    def goto(self, position: int) -> None:
        """Do or undo steps until so many are done.

        Raises `IndexError` for a position that is not from 0 to the number of steps.
        """
        if not hasattr(position, "__index__"):
            raise TypeError(f"a position is a number of steps, an int, got {position!r}")
        if not 0 <= position <= len(self):
            raise IndexError(f"positions are 0 to {len(self)}, got {position}")
        while self.position < position:
            self._advance()
        while self.position > position:
            self._retreat()

    def step(self, index: int) -> Step:
        """The step of that index: one of those that are done, or the next one.

        Raises `IndexError` for a later one, whose gradients are not known yet.
        """
        if not 0 <= index <= min(self.position, len(self) - 1):
            raise IndexError(f"step {index} is not known at position {self.position}: go there")
        place = index - len(self.operations)
        if place < 0:
            return Step(index, "forward", self.operations[index])
        if place == 0:
            return Step(index, "seed", self.output, self.seed)
        node = self.operations[-place]
        uses = self._done[place - 1] if place <= len(self._done) else self._uses_at(node)
        return Step(index, "backward", node, self.adjoint.get(node), uses)

    def _advance(self) -> None:
        place = self.position - len(self.operations)
        if place == 0:
            self.adjoint.update(started({self.output: self.seed}))
        elif place > 0:
            uses = self._uses_at(self.operations[-place])
            self._done.append(uses)
            for use in uses:
                self._set(use.parent, use.after, use.nth)
        self.position += 1

    def _retreat(self) -> None:
        self.position -= 1
        place = self.position - len(self.operations)
        if place == 0:
            self.adjoint.clear()
        elif place > 0:
            # The last use first: of x*x the first one found what was there before the step.
            for use in reversed(self._done.pop()):
                self._set(use.parent, use.before, use.nth - 1)

    def _set(self, node: Value, adjoint: float | None, arrived: int) -> None:
        _put(self.adjoint, node, adjoint)
        _put(self.arrived, node, arrived or None)
        # A constant gets nothing, so it does not wait.
        lacks = 0 if node.op is CONSTANT or not arrived else self.uses[node] - arrived
        _put(self.waiting, node, lacks or None)

    def _uses_at(self, node: Value) -> tuple[Use, ...]:
        """What flows to each operand, by what is there."""
        arrived: Counter[Value] = Counter()
        uses: list[Use] = []
        for flow in self._flows(node):
            parent = flow.parent
            arrived[parent] += 1
            nth = self.arrived.get(parent, 0) + arrived[parent]
            numbers = (flow.partial, flow.contribution, flow.before, flow.after)
            uses.append(Use(parent, *numbers, nth, self.uses[parent]))
        return tuple(uses)

    def _flows(self, node: Value) -> list[Flow]:
        flows: list[Flow] = []
        here = {n: self.adjoint[n] for n in (node, *node.parents) if n in self.adjoint}
        if node in here:
            pass_on(node, here, observer=flows.append)
            return flows
        # A branch not taken: nothing reached the node.
        numbers = [(parent, here.get(parent)) for parent in node.parents]
        return [Flow(node, i, p, None, None, None, at, at) for i, (p, at) in enumerate(numbers)]


_Entry = TypeVar("_Entry")


def _put(record: dict[Value, _Entry], node: Value, entry: _Entry | None) -> None:
    if entry is None:
        record.pop(node, None)
    else:
        record[node] = entry
