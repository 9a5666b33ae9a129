"""`what_if`: what the gradient promises beside what really happens."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.plots import curve
from tinygrad_bp.look.walk import moves
from tinygrad_bp.look.walk.trace import Trace
from tinygrad_bp.look.words.formulas import formula
from tinygrad_bp.look.words.names import distinct_names, names_of
from tinygrad_bp.look.words.outdated import CHANGED, fact, is_outdated
from tinygrad_bp.look.words.terminal import Printed
from tinygrad_bp.look.words.text import plain, shortened, signed
from tinygrad_bp.rows import ieee
from tinygrad_bp.rows.primitives import floor_divide

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["WhatIf", "what_if"]

MOST = 8
"""Of more nodes that move, or that change sides, the first are written."""
LONGEST_NAME = 40
ROUNDING = 2.0**-46
"""Of the numbers around it, up to what share a rest is taken for rounding."""
PERIODIC = ("remainder", "floor_divide")
"""Operations that have a jump at every multiple of the second operand."""
STYLES = {r"^If .*": "bold", r"^  (\S+) ": "bold", r"^These are .*": "dim"}


def what_if(
    output: Value,
    changes: Mapping[Value, float],
    *,
    names: Mapping[str, object] | None = None,
) -> WhatIf:
    """What becomes of an output if nodes of its graph are moved by these amounts.

    >>> x = Value(3.0, label="x")
    >>> y = x ** 3
    >>> what_if(y, {x: +0.1}, names={"y": y})
    If x goes from 3 to 3.1:
    <BLANKLINE>
        +2.7  the gradient: d_y_d_x · 0.1 = 27 · 0.1
       +0.09  the curvature: half the second derivative that way
      +0.001  the rest
      ──────
      +2.791  what happens: y goes from 27 to 29.79
    <BLANKLINE>
    These are the same operations at other numbers: an `if` is not asked again.

    What really happens is what the operations of the graph make of the other numbers; no
    `data` changes, and no `grad`. Any node may be moved, several at once: a node that is moved
    no longer follows from its operands. `names` are names for nodes without a label, such as
    `locals()`. In a notebook it shows the curve and its tangent; `plot()` is a figure of
    matplotlib, `svg()` needs nothing.

    An `if` in the program that made the graph is not in the graph, and is not asked again. To
    ask it, call the program with the other numbers.

    Raises `TypeError` for what is not a `Value`, `ValueError` for a constant, for a node
    outside the graph, and if numbers of the graph were changed after it was made.
    """
    return WhatIf(output, changes, names=names)


class WhatIf(Printed):
    """A change of an output, taken apart: what `what_if` returns.

    `happens` = `promise` + `curvature` + `rest`: the gradient's share, that of the second
    derivative, and what a parabola leaves out.
    """

    _styles = STYLES

    def __init__(
        self,
        output: Value,
        changes: Mapping[Value, float],
        *,
        names: Mapping[str, object] | None = None,
    ) -> None:
        trace = Trace(output)
        self._nodes = trace.nodes
        self._names = distinct_names(names_of(trace.nodes, names))
        _refuse_outdated(trace.nodes, self._names)
        self.output = output
        self.changes = moves.checked(changes, trace.nodes)
        """By how much each node is moved."""
        self.slopes = moves.slopes(trace.nodes, output, self.changes)
        """The derivative of the output by each of them, while the others stay."""
        self.numbers = self._replayed(1.0)
        """Every node's number then."""
        self.before = output._data
        self.after = self.numbers[output]

    @property
    def promise(self) -> float:
        """What the gradient says: the sum of slopes times changes."""
        return ieee.total(*[self.slopes[node] * change for node, change in self.changes.items()])

    @cached_property
    def curvature(self) -> float:
        """Half the second derivative along the changes, ½ δᵀHδ."""
        return 0.5 * moves.bend(self._nodes, self.output, self.changes)

    @property
    def happens(self) -> float:
        """By how much the output really changes."""
        return self.after - self.before

    @property
    def rest(self) -> float:
        """What gradient and curvature leave out."""
        return self.happens - self.promise - self.curvature

    @cached_property
    def crossed(self) -> tuple[Value, ...]:
        """Operations that pass a point without a derivative on the way, such as a relu its 0."""
        return tuple(node for node in self._nodes if self._is_crossed(node))

    @cached_property
    def spoiled(self) -> Value | None:
        """The first operation that then makes an infinity or a nan, and does not now."""
        for node in self._nodes:
            if math.isfinite(node._data) and not math.isfinite(self.numbers[node]):
                return node
        return None

    def at(self, share: float) -> float:
        """The output after so much of the changes: 0 is now, 1 is all of them.

        >>> x = Value(3.0)
        >>> what_if(x * x, {x: 1.0}).at(0.5)
        12.25
        """
        return self._replayed(share)[self.output]

    def plot(self, *, title: str = "") -> Figure:
        """The output along the changes, with its tangent; needs matplotlib, the extra `plot`."""
        return curve.plot(self._curve, title=title)

    def svg(self) -> str:
        """The same as the text of an SVG document."""
        return curve.svg(self._curve)

    def _repr_html_(self) -> str:
        return self._as_html(above=self.svg())

    # The numbers ---------------------------------------------------------------------------

    def _replayed(self, share: float) -> dict[Value, float]:
        moved = {node: node._data + share * change for node, change in self.changes.items()}
        return moves.replayed(self._nodes, moved)

    def _is_crossed(self, node: Value) -> bool:
        if node.op is None or node.op.kink is None or not node.parents or node in self.changes:
            return False
        now = [parent._data for parent in node.parents]
        then = [self.numbers[parent] for parent in node.parents]
        if node.op.name in PERIODIC:
            return floor_divide.value(*now) != floor_divide.value(*then)
        return _side(node.op.kink(*now)) != _side(node.op.kink(*then))

    @cached_property
    def _curve(self) -> curve.Curve:
        shares = curve.shares(len(self._nodes))
        moved = next(iter(self.changes))
        is_one = len(self.changes) == 1
        return curve.Curve(
            shares=tuple(shares),
            heights=tuple(map(self.at, shares)),
            before=self.before,
            after=self.after,
            slope=self.promise,
            curvature=self.curvature,
            start=moved._data if is_one else 0.0,
            length=self.changes[moved] if is_one else 1.0,
            across=self._name(moved) if is_one else "share of the changes",
            upwards=self._name(self.output),
        )

    # Words ---------------------------------------------------------------------------------

    def _lines(self) -> Iterator[str]:
        yield f"If {self._moving}:"
        yield ""
        items = list(self._items())
        last = signed(self.happens)
        width = max(len(number) for number in (*dict(items), last))
        for number, words in items:
            yield f"  {number:>{width}}  {words}"
        yield f"  {'─' * width}"
        name = self._name(self.output)
        yield (
            f"  {last:>{width}}  what happens: {name} goes "
            f"from {plain(self.before)} to {plain(self.after)}"
        )
        yield from self._remarks()

    def _items(self) -> Iterator[tuple[str, str]]:
        names, of = self._names, self._name(self.output)
        by_size = sorted(
            ((self.slopes[node] * change, node, change) for node, change in self.changes.items()),
            key=lambda item: -abs(item[0]),
        )
        for product, node, change in by_size[:MOST]:
            numbers = f"{_factor(self.slopes[node])} · {_factor(change)}"
            name = f"d_{of}_d_{shortened(names[node], LONGEST_NAME)}"
            yield signed(product), f"the gradient: {name} · {_factor(change)} = {numbers}"
        if len(by_size) > MOST:
            others = ieee.total(*[product for product, _, _ in by_size[MOST:]])
            yield signed(others), f"the gradient: {len(by_size) - MOST:,} more that move"
        yield signed(self.curvature), "the curvature: half the second derivative that way"
        sizes = (self.before, self.after, self.promise, self.curvature)
        is_rounding = abs(self.rest) <= ROUNDING * max(map(abs, sizes))
        yield (
            signed(self.rest),
            "the rest, by rounding" if self.rest and is_rounding else "the rest",
        )

    @property
    def _moving(self) -> str:
        words = [
            f"{self._name(node)} goes from {plain(node._data)} to {plain(node._data + change)}"
            for node, change in self.changes.items()
        ]
        if len(words) > 3:
            words[2:] = [f"{len(words) - 2:,} more move"]
        return " and ".join(words)

    def _remarks(self) -> Iterator[str]:
        yield ""
        for node in self.crossed[:MOST]:
            yield f"{self._formula(node)} passes a point without a derivative on the way."
        if len(self.crossed) > MOST:
            yield f"So do {len(self.crossed) - MOST:,} more."
        if self.spoiled is not None:
            number = plain(self.numbers[self.spoiled])
            yield f"{self._formula(self.spoiled)} is {number} then, and was not before."
        yield "These are the same operations at other numbers: an `if` is not asked again."

    def _formula(self, node: Value) -> str:
        if not node.parents:
            return self._name(node)
        return formula(node, {parent: self._name(parent) for parent in node.parents})

    def _name(self, node: Value) -> str:
        return shortened(self._names[node] or plain(node._data), LONGEST_NAME)


def _side(number: float) -> float:
    return math.copysign(1.0, number) if number else 0.0


def _factor(number: float) -> str:
    text = plain(number)
    return f"({text})" if text.startswith("-") else text


def _refuse_outdated(nodes: Iterable[Value], names: Mapping[Value, str]) -> None:
    if changed := next(filter(is_outdated, nodes), None):
        raise ValueError(
            f"{fact(changed, names)}: {CHANGED}, so its gradient is of neither; compute it again"
        )
