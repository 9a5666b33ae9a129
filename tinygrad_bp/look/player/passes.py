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

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from tinygrad_bp.look.draw import picture_of
from tinygrad_bp.look.formulas import formula, partial_formulas
from tinygrad_bp.look.names import names_of
from tinygrad_bp.look.nodes import operation
from tinygrad_bp.look.palette import extent
from tinygrad_bp.look.picture import Node, Picture, Row
from tinygrad_bp.look.text import columns, legible, plain, shortened, signed
from tinygrad_bp.look.trace import Trace, Use
from tinygrad_bp.value import Value

__all__ = ["Passes"]

LONGEST_FORMULA = 240
Json = Any


class Passes:
    """A trace gone through once, with every text that the player will write."""

    def __init__(
        self, output: Value, *, names: Mapping[str, object] | None = None, digits: int = 4
    ) -> None:
        self.trace = Trace(output)
        self.trace.goto(len(self.trace))
        self.digits = digits
        self.nodes = self.trace.nodes
        self.names = {node: legible(name) for node, name in names_of(self.nodes, names).items()}
        self.place = {node: index for index, node in enumerate(self.nodes)}
        self.given = names

    def __len__(self) -> int:
        return len(self.trace)

    @cached_property
    def picture(self) -> Picture:
        """The graph with every gradient still to come, and room for all that will be written."""
        drawn = picture_of(self.trace.output, names=self.given, collapse=None, digits=self.digits)
        cards = map(self._card, self.nodes, drawn.nodes)
        return replace(drawn, nodes=tuple(cards))

    def data(self) -> Json:
        """What the player reads: columns with an entry for each node, and for each operation."""
        output = self.trace.output
        return {
            "output": self.place[output],
            "names": [self.names[node] or plain(node.data, self.digits) for node in self.nodes],
            "kinds": list(map(_kind, self.nodes)),
            "formulas": [self._formula(node, self.names) for node in self.nodes],
            "numbers": [self._formula(node, {}) for node in self.nodes],
            "values": [plain(node.data, self.digits) for node in self.nodes],
            "edges": [self.place[parent] for node in self.nodes for parent in node.parents],
            "operations": [self.place[node] for node in self.trace.operations],
            "seed": self._gradient(self.trace.seed),
            "uses": [self._uses(node) for node in self.trace.operations],
        }

    def _formula(self, node: Value, names: Mapping[Value, str]) -> str:
        if not node.parents:
            return ""
        return shortened(formula(node, names, self.digits), LONGEST_FORMULA)

    def _uses(self, node: Value) -> list[Json]:
        """For each operand what flows to it: formula and number of the partial, and the sums."""
        uses = self.trace.step(self.trace.backward_step(node)).uses
        formulas = partial_formulas(node, self.names, self.digits)
        return [self._use(use, text) for use, text in zip(uses, formulas, strict=True)]

    def _use(self, use: Use, text: str | None) -> Json:
        """Nothing of a constant; where nothing flows, only that this use has been counted."""
        if use.parent.is_constant:
            return None
        if use.contribution is None or use.partial is None or use.after is None:
            return [use.nth, use.of]
        return [
            use.nth,
            use.of,
            *self._gradient(use.after),
            shortened(text or "", LONGEST_FORMULA),
            plain(use.partial, self.digits),
            signed(use.contribution, self.digits),
        ]

    def _gradient(self, gradient: float) -> tuple[str, float]:
        """A gradient as text, and as a share of the largest."""
        share = extent(gradient, self._largest)
        return signed(gradient, self.digits), round(max(-1.0, min(1.0, share)), 3)

    @cached_property
    def _largest(self) -> float:
        """The largest finite gradient, which fills a bar."""
        sizes = (abs(gradient) for gradient in self.trace.adjoint.values())
        return max(filter(math.isfinite, sizes), default=1.0) or 1.0

    def _card(self, node: Value, drawn: Node) -> Node:
        tip = f"{self.names[node]}: click to go to its step"
        if node.is_constant:
            return replace(drawn, tip=f"{self.names[node]} {node.data!r}, a constant".lstrip())
        title, value = drawn.rows[:2]
        of = self.trace.uses[node]
        label = f"grad {of}/{of}" if of > 1 else "grad"
        widest = max(self._written[node], key=columns, default="0")
        rows = (title, value, Row(label, widest))
        return replace(drawn, rows=rows, bar=0.0, is_alarming=False, tip=tip)

    @cached_property
    def _written(self) -> Mapping[Value, Sequence[str]]:
        """Every gradient that a node will show, as text."""
        written: dict[Value, list[str]] = {node: [] for node in self.nodes}
        written[self.trace.output].append(self._gradient(self.trace.seed)[0])
        for node in self.trace.operations:
            for use in self.trace.step(self.trace.backward_step(node)).uses:
                if use.after is not None:
                    written[use.parent].append(self._gradient(use.after)[0])
        return written


def _kind(node: Value) -> str:
    if node.is_constant:
        return "constant"
    return operation(node.op) if node.op is not None and node.parents else "leaf"
