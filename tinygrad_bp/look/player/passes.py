"""What the player shows of the two passes over a graph: a picture, and what each step changes.

The picture is one; a step says what it writes into it. So a file grows with the graph, and not
with the graph times its steps.

>>> from tinygrad_bp import Value
>>> x = Value(3.0, label="x")
>>> shown = Passes(x * x)
>>> shown.data()["names"], shown.data()["operations"]
(['x', 'v1'], [1])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.core.value import Value
from tinygrad_bp.look.graphs.cells import Cell
from tinygrad_bp.look.graphs.draw import Collapse, assembled, cells_of, largest
from tinygrad_bp.look.graphs.links import Bundle, bundles
from tinygrad_bp.look.graphs.nodes import Writer, operation, operations
from tinygrad_bp.look.picture.picture import Node, Picture
from tinygrad_bp.look.player.texts import gradient_text, numbers_text, roomy
from tinygrad_bp.look.walk.trace import Trace, Use
from tinygrad_bp.look.words.formulas import formula, partial_formulas
from tinygrad_bp.look.words.names import names_of
from tinygrad_bp.look.words.outdated import outdated, remark
from tinygrad_bp.look.words.text import plain, shortened, signed

__all__ = ["Passes"]

# Measured: beyond these a browser takes a noticeable time for a jump from end to end.
MANY = 2_000
LONGEST_FORMULA = 240
Json = Any


class Passes:
    """Both passes over a graph, with every text that the player will write.

    A *cell* is what is one node of the picture: a value, or in a graph that is collapsed a
    neuron, a layer or a run of values. A step is about one cell.
    """

    def __init__(
        self,
        output: Value,
        *,
        names: Mapping[str, object] | None = None,
        collapse: Collapse | None = "auto",
        digits: int = 4,
    ) -> None:
        self.trace = Trace(output)
        self.trace.goto(len(self.trace))
        self.digits = digits
        self.largest = largest(self.trace.adjoint.values())
        nodes = self.trace.nodes
        self.collapse = None if collapse == "auto" and len(nodes) <= MANY else collapse
        self.names = names_of(nodes, names)
        self.cells, self.plan = cells_of(nodes, [output], self.collapse)
        self.is_whole = len(self.cells) == len(nodes)
        """Whether every cell is one value."""
        self.output = next(i for i, cell in enumerate(self.cells) if output in set(cell.members))
        self.edges = bundles(self.cells)
        self.order = self._order()
        self.flows = self._flows()

    def __len__(self) -> int:
        return 2 * len(self.order) + 1

    @property
    def note(self) -> str:
        """What a reader of a collapsed graph, and of outdated numbers, must know."""
        changed = outdated(self.trace.nodes)
        warning = remark(changed, self.names, self.digits) if changed else ""
        if self.is_whole:
            return warning
        return (
            f"Collapsed to {self.plan}: {len(self.cells):,} drawn nodes stand for "
            f"{len(self.trace.nodes):,}, and a step is about one of these. "
            f"play(..., collapse=None) shows every one. {warning}"
        ).rstrip()

    @cached_property
    def picture(self) -> Picture:
        """The graph with every gradient still to come, and room for all that will be written."""
        writer = Writer(self.names, self.digits, self.largest)
        drawn = assembled(self.cells, writer, [self.trace.output])
        return replace(drawn, nodes=tuple(map(self._card, range(len(self.cells)), drawn.nodes)))

    def data(self) -> Json:
        """What the player reads: columns with an entry for each cell, and for each step back."""
        incoming = self._incoming
        return {
            "output": self.output,
            "names": list(map(self.name, self.cells)),
            "kinds": list(map(_kind, self.cells)),
            "formulas": [self._formula(cell, self.names) for cell in self.cells],
            "numbers": [self._numbers(cell) for cell in self.cells],
            "values": list(map(self._value, self.cells)),
            "operations": self.order,
            "edges": [incoming.get(cell, []) for cell in self.order],
            "operands": [edge.tail_index for edge in self.edges],
            "seed": self._gradient([self.trace.seed]),
            "flows": self.flows,
        }

    def name(self, cell: Cell) -> str:
        """What a cell is called in the words beside the picture."""
        if cell.kind == "value":
            (node,) = cell.members
            return self.names[node] or plain(node.data, self.digits)
        return visible(cell.name) or f"{len(cell.members):,} nodes"

    # Order -------------------------------------------------------------------------------

    @cached_property
    def _incoming(self) -> dict[int, list[int]]:
        """The edges into each cell that has any."""
        found: dict[int, list[int]] = {}
        for index, edge in enumerate(self.edges):
            found.setdefault(edge.head_index, []).append(index)
        return found

    def _order(self) -> list[int]:
        """The cells with operations in them, each after those that it uses."""
        inner = [i for i, cell in enumerate(self.cells) if any(n.parents for n in cell.members)]
        if self.is_whole:  # as the trace goes, and so `backward`
            return inner
        before: dict[int, dict[int, None]] = {i: {} for i in range(len(self.cells))}
        for edge in self.edges:
            before[edge.head_index][edge.tail_index] = None
        wanted = set(inner)
        return [cell for cell in TopologicalSorter(before).static_order() if cell in wanted]

    # Flows -------------------------------------------------------------------------------

    def _flows(self) -> list[Json]:
        """For each edge what it carries back, in the order of the steps back."""
        arrived: Counter[int] = Counter()
        found: list[Json] = [None] * len(self.edges)
        for head in reversed(self.order):
            edges = self._incoming.get(head, [])
            uses = dict(self._uses([self.edges[index] for index in edges]))
            for index in edges:
                edge = self.edges[index]
                arrived[edge.tail_index] += 1
                nth, of = arrived[edge.tail_index], self._uses_of[edge.tail_index]
                found[index] = self._flow(edge, uses, nth, of)
        return found

    def _uses(self, edges: Sequence[Bundle]) -> Iterator[tuple[tuple[Value, int], _Flow]]:
        """What the trace and the rows say of the uses that some edges stand for."""
        for node in dict.fromkeys(use.user for edge in edges for use in edge.uses):
            uses = self.trace.step(self.trace.backward_step(node)).uses
            formulas: Sequence[str | None] = [None] * len(uses)
            if self.is_whole:
                formulas = partial_formulas(node, self.names, self.digits)
            for position, flow in enumerate(zip(uses, formulas, strict=True)):
                yield (node, position), flow

    def _flow(
        self, edge: Bundle, uses: Mapping[tuple[Value, int], _Flow], nth: int, of: int
    ) -> Json:
        """None for a constant; where nothing flows, that this use has been counted and no more."""
        found = [uses[use.user, use.position] for use in edge.uses]
        if _kind(edge.tail) == "constant":
            return None
        flowing = [use for use, _ in found if use.contribution is not None]
        sums: list[Json] = [None, 0.0]
        if self.is_whole and flowing:
            sums = self._gradient([flowing[0].after or 0.0])
        elif nth == of and (complete := self._gradients(edge.tail)):
            sums = self._gradient(complete)
        if not flowing:
            return [nth, of, *sums]
        text, partial = "", ""
        if self.is_whole:
            text = shortened(found[0][1] or "", LONGEST_FORMULA)
            partial = plain(flowing[0].partial or 0.0, self.digits)
        return [nth, of, *sums, text, partial, self._contribution(flowing)]

    def _contribution(self, uses: Sequence[Use]) -> str:
        """The sum of what flows to one value; of what flows to several there is none."""
        if len({use.parent for use in uses}) > 1:
            return f"{len(uses):,} contributions"
        # Not fsum, which raises where inf meets -inf.
        return signed(sum(use.contribution or 0.0 for use in uses), self.digits)

    # Texts -------------------------------------------------------------------------------

    def _formula(self, cell: Cell, names: Mapping[Value, str]) -> str:
        if cell.kind != "value":
            return operations(cell.members, 4)
        (node,) = cell.members
        if not node.parents:
            return ""
        return shortened(formula(node, names, self.digits), LONGEST_FORMULA)

    def _numbers(self, cell: Cell) -> str | None:
        """The formula with numbers for names; None for a cell of several values."""
        return self._formula(cell, {}) if cell.kind == "value" else None

    def _value(self, cell: Cell) -> str:
        return numbers_text([node.data for node in cell.outputs], plain, self.digits)

    def _gradients(self, cell: Cell) -> list[float]:
        adjoint = self.trace.adjoint
        return [adjoint[node] for node in cell.outputs if node in adjoint]

    def _gradient(self, gradients: Sequence[float]) -> list[Json]:
        return gradient_text(gradients, self.largest, self.digits)

    # Cards -------------------------------------------------------------------------------

    def _card(self, index: int, drawn: Node) -> Node:
        """A card of the picture, with an empty gradient and room for the widest to come."""
        cell = self.cells[index]
        tip = f"{self.name(cell)}: a click goes to its step"
        rows = [row for row in drawn.rows if row.style != "alarm"]
        if drawn.bar is None:
            return replace(drawn, rows=tuple(rows), is_alarming=False, tip=tip)
        rows = [row for row in rows if not row.left.startswith("grad")]
        of = self._uses_of[index]
        rows.append(roomy("grad", self._written.get(index, ["none"]), len(f" {of}/{of}")))
        return replace(drawn, rows=tuple(rows), bar=0.0, is_alarming=False, tip=tip)

    @cached_property
    def _uses_of(self) -> Counter[int]:
        return Counter(edge.tail_index for edge in self.edges)

    @cached_property
    def _written(self) -> dict[int, list[str]]:
        """Every gradient that each cell will show, as text."""
        found: dict[int, list[str]] = {self.output: [signed(self.trace.seed, self.digits)]}
        for head in reversed(self.order):
            for index in self._incoming.get(head, []):
                flow = self.flows[index]
                if flow and flow[2]:
                    found.setdefault(self.edges[index].tail_index, []).append(flow[2])
        return found


_Flow = tuple[Use, str | None]
"""A use as the trace has it, and the formula of its partial."""


def _kind(cell: Cell) -> str:
    if cell.kind != "value":
        return cell.kind
    (node,) = cell.members
    if node.is_constant:
        return "constant"
    return operation(node.op) if node.op is not None and node.parents else "leaf"
