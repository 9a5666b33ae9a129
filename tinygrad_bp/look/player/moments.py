"""The graph of one example at each moment of a training run: one picture, and its numbers.

>>> from tinygrad_bp import Value
>>> x = Value(3.0, label="x")
>>> shown = Moments()
>>> shown.add(x * x)
>>> x.data = 4.0
>>> shown.add(x * x)
>>> [frame["values"] for frame in shown.data()["frames"]]
[['3', '9'], ['4', '16']]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.sweep import adjoints
from tinygrad_bp.look.graphs.cells import Cell
from tinygrad_bp.look.graphs.draw import assembled, cells_of, largest
from tinygrad_bp.look.graphs.nodes import Writer
from tinygrad_bp.look.picture.picture import Node, Picture
from tinygrad_bp.look.player.texts import gradient_text, numbers_text, plain, roomy
from tinygrad_bp.look.words.names import names_of
from tinygrad_bp.rows.primitive import Primitive

__all__ = ["Moments"]


@dataclass(frozen=True)
class Moment:
    """For each cell the values of its outputs, and those of their gradients that there are."""

    values: list[list[float]]
    gradients: list[list[float]]


class Moments:
    """Graphs of one form, as the numbers in them change."""

    def __init__(self, *, names: Mapping[str, object] | None = None, digits: int = 4) -> None:
        self.given = names
        self.digits = digits
        self.moments: list[Moment] = []
        self.form: list[Primitive | None] = []
        self.is_one_form = True
        """Whether the graph was always the same but for its numbers."""

    def add(self, output: Value) -> None:
        """The graph as it is now; one of another form ends the collection."""
        nodes = topological_order(output)
        # What a trace ends in, to the last bit, without what is between.
        adjoint = adjoints(nodes, {output: 1.0})
        if not self.moments:
            self._begin(nodes, output)
        self.is_one_form = self.is_one_form and [node.op for node in nodes] == self.form
        if self.is_one_form:
            outputs = [[nodes[place] for place in places] for places in self.places]
            values = [[node.data for node in several] for several in outputs]
            known = [[adjoint[node] for node in several if node in adjoint] for several in outputs]
            self.moments.append(Moment(values, known))

    def _begin(self, nodes: Sequence[Value], output: Value) -> None:
        self.output = output
        self.form = [node.op for node in nodes]
        self.names = names_of(nodes, self.given)
        self.cells, self.plan = cells_of(nodes, [output], "auto")
        place = {node: index for index, node in enumerate(nodes)}
        self.places = [[place[node] for node in cell.outputs] for cell in self.cells]

    @property
    def note(self) -> str:
        """What a reader must know of the picture."""
        if not self.is_one_form:
            return "The graph of this example changes its form in the course of training."
        if self.plan:
            few, many = len(self.cells), len(self.form)
            return f"Collapsed to {self.plan}: {few:,} drawn nodes stand for {many:,}."
        return ""

    @cached_property
    def picture(self) -> Picture:
        """The graph with the last numbers, and room for all."""
        drawn = assembled(self.cells, Writer(self.names, self.digits, 1.0), [self.output])
        frames = self.data()["frames"]
        cards = []
        for index, (cell, node) in enumerate(zip(self.cells, drawn.nodes, strict=True)):
            values = [frame["values"][index] for frame in frames]
            gradients = [frame["gradients"][index][0] for frame in frames]
            cards.append(_card(node, self._tip(cell), values, gradients))
        return replace(drawn, nodes=tuple(cards))

    def _tip(self, cell: Cell) -> str:
        return visible(cell.name) or self.names[cell.outputs[0]]

    def data(self) -> dict[str, Any]:
        """What the player reads: the texts of each moment."""
        every = (g for moment in self.moments for several in moment.gradients for g in several)
        top = largest(every)
        return {
            "frames": [
                {
                    "values": [numbers_text(v, plain, self.digits) for v in moment.values],
                    "gradients": [
                        gradient_text(g, top, self.digits) if g else ["none", 0]
                        for g in moment.gradients
                    ],
                }
                for moment in self.moments
            ],
        }


def _card(drawn: Node, tip: str, values: Sequence[str], gradients: Sequence[str]) -> Node:
    """A card with room for every number that it will show."""
    title, *rest = (row for row in drawn.rows if row.style != "alarm")
    rows = [title]
    for row in rest:
        if row.left in ("value", "values") or row.left.endswith("="):
            rows.append(roomy(row.left, values))
        elif not row.left.startswith("grad"):
            rows.append(row)
    if drawn.bar is None:
        return replace(drawn, rows=tuple(rows), tip=tip)
    rows.append(roomy("grad", gradients, 2))
    return replace(drawn, rows=tuple(rows), bar=0.0, is_alarming=False, tip=tip)
