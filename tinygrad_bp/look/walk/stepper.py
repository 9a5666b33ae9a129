"""`step`: walk through the forward and the backward pass, one step at a time, and back again.

>>> from tinygrad_bp import Value
>>> w, x = Value(3.0, label="w"), Value(-2.0, label="x")
>>> steps = step(w * x + w, names={})
>>> steps.goto(4)
step 4 of 5: back through v2 = v1 + w
    v2 = v1 + w = -6 + 3 = -3
    upstream dv2/dv2 = 1: complete
    to v1   partial  ∂v2/∂v1 = 1
            grad     0 + 1·1 → 1    only use: complete
    to w    partial  ∂v2/∂w = 1
            grad     0 + 1·1 → 1    1st of 2 uses
    Still waiting: w for 1 of its 2 uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.core.value import Value, store_gradients
from tinygrad_bp.look.picture.drawing import Drawing
from tinygrad_bp.look.picture.picture import Direction
from tinygrad_bp.look.walk.frontier import Frontier
from tinygrad_bp.look.walk.gradients import Gradients
from tinygrad_bp.look.walk.moment import Moment, moment_of
from tinygrad_bp.look.walk.narration import name_of
from tinygrad_bp.look.walk.provenance import Provenance, provenance_at
from tinygrad_bp.look.walk.trace import Trace
from tinygrad_bp.look.words.names import names_of

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Stepper", "step"]


def step(
    output: Value,
    *,
    seed: float = 1.0,
    names: Mapping[str, object] | None = None,
    digits: int = 4,
) -> Stepper:
    """A walk through how the output is computed and how its gradients are.

    `seed`: what the gradient starts from at the output, as in `backward`.
    `names`: where nodes without a label get one, usually `locals()`.
    `digits`: significant ones in what is printed.

    Raises `TypeError` for what is not a `Value`, `ValueError` for a constant.
    """
    return Stepper(output, seed=seed, names=names, digits=digits)


class Stepper:
    """Where a walk through back-propagation is, and the ways to go on and back.

    Of n operations, steps 1 to n compute their values, step n + 1 seeds the gradient of the
    output, and steps n + 2 to 2n + 1 go back through the operations in reverse order. Each
    move returns the `Moment` at which it arrives, which prints as one screen; going back
    restores every bit. Gradients stand in `gradients`; `.grad` is left alone until `commit`.
    Its length is the number of steps; iterating does those that are left.
    """

    def __init__(
        self,
        output: Value,
        *,
        seed: float = 1.0,
        names: Mapping[str, object] | None = None,
        digits: int = 4,
    ) -> None:
        self._trace = Trace(output, seed)
        self._names = names_of(self._trace.nodes, names)
        # Counted now, not at the first step that asks: then every step takes constant time.
        self._uses = self._trace.uses
        self._digits = digits

    # Where we are ---------------------------------------------------------------------

    @property
    def position(self) -> int:
        """How many steps are done."""
        return self._trace.position

    @property
    def now(self) -> Moment:
        """The step that was just done."""
        return moment_of(self._trace, self._names, self._digits)

    @property
    def gradients(self) -> Gradients:
        """The gradients so far, by node; what nothing has flowed to is missing. Prints as a table.

        >>> x = Value(3.0)
        >>> steps = step(x * x)
        >>> dict(steps.gradients)
        {}
        >>> _ = steps.goto(len(steps))
        >>> steps.gradients[x], x.grad
        (6.0, 0.0)
        """
        return Gradients(self._trace, self._names, self._digits)

    @property
    def frontier(self) -> Frontier:
        """The nodes whose gradient has begun to arrive, and how many uses each still lacks.

        None of these may pass its gradient on yet: this is why the order is topological.
        """
        return Frontier(self._trace, self._names, self._digits)

    def provenance(self, value: Value) -> Provenance:
        """Which uses the gradient of a value has come from so far."""
        return provenance_at(self._trace, value, self._names, self._digits)

    def __len__(self) -> int:
        return len(self._trace)

    def __repr__(self) -> str:
        return repr(self.now)

    def __rich__(self) -> Text:
        return self.now.__rich__()

    def draw(self, *, direction: Direction = "LR") -> Drawing:
        """The picture of this moment; see `Moment.draw`."""
        return self.now.draw(direction=direction)

    def _repr_html_(self) -> str:
        return self.now._repr_html_()

    # Moving ---------------------------------------------------------------------------

    def goto(self, position: int) -> Moment:
        """Do or undo steps until so many are done: 0 is before the first.

        Raises `IndexError` for a position that is not from 0 to the number of steps.
        """
        self._trace.goto(position)
        return self.now

    def next(self) -> Moment:
        """Do one step. After the last there is none: `IndexError`."""
        if self.position == len(self):
            raise IndexError(f"all {len(self):,} steps are done; .back() and .goto(k) go back")
        return self.goto(self.position + 1)

    def back(self) -> Moment:
        """Undo one step. Before the first there is none: `IndexError`."""
        if self.position == 0:
            raise IndexError("no step is done yet; .next() does the first")
        return self.goto(self.position - 1)

    def run_to(self, value: Value | str) -> Moment:
        """Go on to the next step about a value: where it is computed, seeded, or passes on.

        For a leaf it is the step that completes its gradient. A name stands for all values that
        have it.

        >>> x = Value(3.0, label="x")
        >>> y = x * x
        >>> steps = step(y, names={"y": y})
        >>> steps.run_to(y).kind, steps.run_to(y).kind, steps.run_to(y).kind
        ('forward', 'seed', 'backward')

        Raises `ValueError` for a value or a name that is not in the graph, for a constant, and
        where no such step is ahead; then nothing has moved.
        """
        values = self._called(value) if isinstance(value, str) else [value]
        positions = [position for one in values for position in self._positions(one)]
        ahead = [position for position in positions if position > self.position]
        if not ahead:
            raise ValueError(
                f"no step about {name_of(values[0], self._names, self._digits)} is ahead of "
                f"position {self.position:,}; .goto(0) begins again"
            )
        return self.goto(min(ahead))

    def run_until(self, predicate: Callable[[Moment], object]) -> Moment:
        """Go on until a step of which the predicate is true.

        >>> x = Value(3.0, label="x")
        >>> steps = step(x * x * x)
        >>> steps.run_until(lambda now: any(use.parent is x for use in now.uses)).position
        4

        Raises `LookupError` if there is none ahead; then we are where we were.
        """
        start = self.position
        for now in self:
            if predicate(now):
                return now
        self.goto(start)
        raise LookupError(
            f"the predicate is true of none of the {len(self) - start:,} steps ahead of "
            f"position {start:,}"
        )

    def __iter__(self) -> Iterator[Moment]:
        while self.position < len(self):
            yield self.next()

    def _called(self, name: str) -> list[Value]:
        """The values of that name that are no constants."""
        found = [
            node
            for node, own in self._names.items()
            if own == visible(name) and not node.is_constant
        ]
        if not found:
            raise ValueError(
                f"no value is called {name!r}; names come from labels and from names=locals()"
            )
        return found

    def _positions(self, value: Value) -> list[int]:
        """Where the steps about a value are done, in order."""
        trace = self._trace
        if value not in self._uses:
            raise ValueError(f"{value!r} is not in the graph of the output {trace.output!r}")
        if value.is_constant:
            raise ValueError(f"{value!r} is a constant: no step computes it or its gradient")
        seed = [len(trace.operations) + 1] if value is trace.output else []
        if not value.is_leaf:
            return [trace.forward_step(value) + 1, *seed, trace.backward_step(value) + 1]
        # The last use on the way back is the first one that the program made.
        first = next((node for node in trace.operations if value in set(node.parents)), None)
        return seed if first is None else [trace.backward_step(first) + 1]

    # Storing --------------------------------------------------------------------------

    def commit(self) -> None:
        """Do what is left, and store the gradients in `.grad`, just as `backward` would.

        Leaves accumulate, so what is committed twice counts twice.

        >>> x = Value(3.0)
        >>> step(x * x).commit()
        >>> x.grad
        6.0
        """
        self._trace.goto(len(self))
        store_gradients(self._trace.nodes, self._trace.adjoint)
