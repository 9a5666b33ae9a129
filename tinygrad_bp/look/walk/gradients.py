"""The gradients of a walk: what has flowed to each node so far, as a mapping and as a table.

>>> from tinygrad_bp import Value
>>> x = Value(3.0, label="x")
>>> trace = Trace(x * x)
>>> trace.goto(3)
>>> Gradients(trace, {x: "x", trace.output: "y"}, digits=4)
gradients after step 3 of 3:
    dy/dy   1
    dy/dx   6
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.walk.narration import STYLES, name_of
from tinygrad_bp.look.walk.trace import Trace
from tinygrad_bp.look.words.formulas import gradient_name
from tinygrad_bp.look.words.terminal import Printed
from tinygrad_bp.look.words.text import columns, plain

__all__ = ["Gradients"]

MOST = 18
"""Nodes that are written out."""


class Gradients(Mapping[Value, float], Printed):
    """For each node that something has flowed to, how much; it goes along with the walk.

    The output first, then in the order in which the gradients began to arrive.
    """

    _styles = STYLES

    def __init__(self, trace: Trace, names: Mapping[Value, str], digits: int) -> None:
        self._trace = trace
        self._names = names
        self._digits = digits

    def __getitem__(self, node: Value) -> float:
        return self._trace.adjoint[node]

    def __iter__(self) -> Iterator[Value]:
        return iter(self._trace.adjoint)

    def __len__(self) -> int:
        return len(self._trace.adjoint)

    def _lines(self) -> Iterator[str]:
        position, steps = self._trace.position, len(self._trace)
        if not self:
            yield f"No gradient yet after {position:,} of {steps:,} steps: all start at the seed."
            return
        yield f"gradients after step {position:,} of {steps:,}:"
        shown = list(islice(self, MOST))
        derivatives = [gradient_name(self._name(self._trace.output), self._name(n)) for n in shown]
        width = max(map(columns, derivatives))
        for node, derivative in zip(shown, derivatives, strict=True):
            room = " " * (width - columns(derivative) + 3)
            yield f"    {derivative}{room}{plain(self[node], self._digits)}"
        if len(self) > MOST:
            yield f"    and {len(self) - MOST:,} more"

    def _name(self, node: Value) -> str:
        return name_of(node, self._names, self._digits)
