"""The frontier of the way back: the nodes whose gradients have begun to arrive.

>>> from tinygrad_bp import Value
>>> x = Value(2.0, label="x")
>>> trace = Trace(x * x.exp())
>>> trace.goto(4)
>>> Frontier(trace, {x: "x"}, digits=4)
1 node waits for the rest of its gradient, and passes nothing on before:
    x   has 1 of 2 uses, 7.389 so far
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.walk.narration import STYLES, name_of
from tinygrad_bp.look.walk.trace import Trace
from tinygrad_bp.look.words.terminal import Printed
from tinygrad_bp.look.words.text import columns, plain

__all__ = ["Frontier"]

MOST = 18
"""Nodes that are written out."""


class Frontier(Mapping[Value, int], Printed):
    """For each node that waits, how many of its uses have not passed anything on yet.

    Nearest to the output first. It stays as it is when the walk goes on.
    """

    _styles = STYLES

    def __init__(self, trace: Trace, names: Mapping[Value, str], digits: int) -> None:
        nodes = sorted(trace.waiting, key=trace.order.__getitem__, reverse=True)
        self._waiting = {node: trace.waiting[node] for node in nodes}
        self._so_far = {node: trace.adjoint.get(node, 0.0) for node in self._waiting}
        self._uses = trace.uses
        self._names = names
        self._digits = digits

    def __getitem__(self, node: Value) -> int:
        return self._waiting[node]

    def __iter__(self) -> Iterator[Value]:
        return iter(self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def _lines(self) -> Iterator[str]:
        count = len(self)
        if count == 0:
            yield "No node waits: each gradient that has begun to arrive is complete."
            return
        if count == 1:
            yield "1 node waits for the rest of its gradient, and passes nothing on before:"
        else:
            yield f"{count:,} nodes wait for the rest of theirs, and pass nothing on before:"
        shown = list(islice(self, MOST))
        names = [name_of(node, self._names, self._digits) for node in shown]
        width = max(map(columns, names))
        for node, name in zip(shown, names, strict=True):
            uses, so_far = self._uses[node], plain(self._so_far[node], self._digits)
            room = " " * (width - columns(name) + 3)
            yield f"    {name}{room}has {uses - self[node]:,} of {uses:,} uses, {so_far} so far"
        if count > MOST:
            yield f"    and {count - MOST:,} more"
