"""A moment of a walk through back-propagation: its last step, as facts and as one screen of text.

>>> from tinygrad_bp import Value
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> trace = Trace(y)
>>> trace.goto(3)
>>> moment_of(trace, {x: "x", y: "y"}, digits=4)
step 3 of 3: back through y = x * x
    y = x * x = 3 * 3 = 9
    upstream dy/dy = 1: complete
    to x, operand 1   partial  ∂y/∂x = x = 3
                      grad     0 + 1·3 → 3    1st of 2 uses
    to x, operand 2   partial  ∂y/∂x = x = 3
                      grad     3 + 1·3 → 6    2nd of 2 uses: complete
    That was the last step: dy/dx = 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.picture.drawing import Drawing
from tinygrad_bp.look.picture.picture import Direction
from tinygrad_bp.look.walk.narration import MOST, MOST_LEAVES, STYLES, Narration
from tinygrad_bp.look.walk.scene import scene
from tinygrad_bp.look.walk.trace import Step, Trace, Use
from tinygrad_bp.look.words.terminal import Printed

__all__ = ["Moment", "moment_of"]


@dataclass(frozen=True, repr=False, eq=False)
class Moment(Printed):
    """What the last step of a walk did. It stays as it is when the walk goes on."""

    _styles = STYLES

    position: int
    """How many steps are done."""
    of: int
    """How many steps there are."""
    step: Step | None
    """What was done last; `None` before the first step."""
    narration: Narration
    """What it is in words."""

    @property
    def kind(self) -> Literal["start", "forward", "seed", "backward"]:
        """Which part of the walk it belongs to."""
        return self.step.kind if self.step else "start"

    @property
    def node(self) -> Value | None:
        """What the step was about; `None` before the first step."""
        return self.step.node if self.step else None

    @property
    def upstream(self) -> float | None:
        """The node's own gradient, complete; `None` forward, and where none reached the node."""
        return self.step.upstream if self.step else None

    @property
    def uses(self) -> tuple[Use, ...]:
        """Backward, what flows to each operand in order: `x*x` has two."""
        return self.step.uses if self.step else ()

    def _lines(self) -> Iterator[str]:
        return self.narration.lines()

    def draw(self, *, direction: Direction = "LR") -> Drawing:
        """The graph at this moment, what the step is about framed; of a large one what is near.

        `direction`: "LR", to the right, or "TB", down.
        """
        trace = self.narration.trace
        here = trace.position
        trace.goto(self.position)
        try:
            return Drawing(scene(trace, self.narration.names, self.narration.digits, direction))
        finally:
            trace.goto(here)

    def _repr_html_(self) -> str:
        picture = f'<div style="overflow-x: auto">{self.draw().svg()}</div>'
        return self._as_html(below=picture)


def moment_of(trace: Trace, names: Mapping[Value, str], digits: int) -> Moment:
    """Where a trace is. In constant time: the words are found when somebody reads them."""
    step = trace.step(trace.position - 1) if trace.position else None
    is_last = trace.position == len(trace)
    narration = Narration(
        trace,
        step,
        _still_waiting(trace, step),
        len(trace.waiting),
        {node: trace.adjoint.get(node, 0.0) for node in _first_leaves(trace)} if is_last else None,
        names,
        digits,
    )
    return Moment(trace.position, len(trace), step, narration)


def _still_waiting(trace: Trace, step: Step | None) -> tuple[tuple[Value, int], ...]:
    """Those operands of the step that are not complete, and how many uses each lacks."""
    # Not the first few of all that wait: their order tells on which ways we came here.
    operands = dict.fromkeys(use.parent for use in step.uses[:MOST]) if step else {}
    return tuple((node, trace.waiting[node]) for node in operands if node in trace.waiting)


def _first_leaves(trace: Trace) -> list[Value]:
    """As many as are shown, and one more if there are more."""
    return list(islice((node for node in trace.nodes if node.op is None), MOST_LEAVES + 1))
