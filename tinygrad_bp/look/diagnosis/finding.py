"""A finding: what is probably a mistake, where, why it matters, and the way out.

>>> finding = Finding("unreached", "b", "b is in no graph", "it does not move", "use it")
>>> for line in finding.lines(1):
...     print(line)
1  unreached: b
<BLANKLINE>
    what   b is in no graph
    why    it does not move
    try    use it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tinygrad_bp.basics.lines import line_of
from tinygrad_bp.core.value import Value
from tinygrad_bp.look.words.sheet import line_rows, name_of, sheet
from tinygrad_bp.nn.module import Module

__all__ = ["Finding", "Subject"]


@dataclass(frozen=True)
class Finding:
    """One thing that is probably a mistake."""

    name: str
    """Its kind, such as `dead-relu`; the page on diagnosing lists them."""
    where: str
    """The names of what it is about."""
    what: str
    """The facts, with their numbers."""
    why: str
    """Why it matters."""
    way_out: str
    """What to do instead."""
    nodes: tuple[Value, ...] = ()
    """What it is about, where that is nodes of a graph."""

    def lines(self, number: int) -> Iterator[str]:
        """The finding as text."""
        made = line_of(self.nodes[0]) if self.nodes else None
        rows = [
            ("what", self.what),
            *(line_rows(made) if made else ()),
            ("why", self.why),
            ("try", self.way_out),
        ]
        yield from sheet(f"{number}  {self.name}{': ' if self.where else ''}{self.where}", rows)


@dataclass(frozen=True, eq=False)
class Subject:
    """What the checks look at: outputs with their graph and gradients, and what is around them."""

    outputs: tuple[Value, ...]
    nodes: tuple[Value, ...]
    """The graph of all outputs, parents first."""
    adjoint: Mapping[Value, float]
    """The gradients of the sum of the outputs."""
    names: Mapping[Value, str]
    expected: tuple[Value, ...] = ()
    """Leaves that should be part of the graph."""
    is_fresh: bool = False
    """The graph was made for the occasion, so nobody can have called `backward` on it."""
    model: Module | None = None
    inputs: Sequence[Sequence[float]] = ()
    """The model's inputs: a row for each example."""

    def name(self, node: Value) -> str:
        """What a node is called."""
        return name_of(node, self.names)
