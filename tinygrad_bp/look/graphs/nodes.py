"""How a cell becomes a node of the picture: its rows, its bar, its tip.

>>> from tinygrad_bp import Value
>>> x = Value(2.0)
>>> writer = Writer({x: "x"}, digits=4, largest=1.0)
>>> [row.left for row in writer.node("n0", Cell("value", (x,), (x,)), {}).rows]
['x', 'value', 'grad']
"""

import math
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.graphs.boxes import levels
from tinygrad_bp.look.graphs.cells import Cell
from tinygrad_bp.look.picture.palette import extent
from tinygrad_bp.look.picture.picture import Node, Row
from tinygrad_bp.look.words.text import columns, plain, shortened, signed
from tinygrad_bp.rows.primitive import Primitive

__all__ = ["Walk", "Writer", "operation", "operations", "relative", "span"]

LONGEST_NAME = 26
LONGEST_FORMULA = 30
LONGEST_OPERAND = 16


@dataclass(frozen=True)
class Walk:
    """What is known at one moment of a walk through the passes."""

    gradients: Mapping[Value, float]
    """A node without an entry has none yet."""
    waiting: Container[Value]
    """The nodes whose gradient lacks something still."""
    ahead: Container[Value]
    """The nodes whose value is yet to be computed."""
    current: Value | None
    """What the step is about."""


@dataclass(frozen=True)
class Writer:
    """Writes nodes; `names` are the values' names, `largest` the gradient that fills a bar."""

    names: Mapping[Value, str]
    digits: int
    largest: float
    walk: Walk | None = None
    """For a picture of a moment: what is known then, in place of what `backward` left."""
    cut: Mapping[Value, tuple[str, str]] = field(default_factory=dict)
    """Leaves that stand for operations whose operands are not drawn: operation and formula."""

    def node(self, name: str, cell: Cell, outputs: Mapping[Value, int]) -> Node:
        """The node of that id that shows the cell; `outputs` are those of the whole graph."""
        if cell.kind == "value":
            return self._value(name, cell, is_output=cell.members[0] in outputs)
        return self._summary(name, cell, is_output=any(node in outputs for node in cell.members))

    def _value(self, name: str, cell: Cell, *, is_output: bool) -> Node:
        (node,) = cell.members
        if node.is_constant:
            return self._constant(name, node, is_output=is_output)
        prefix = cell.chain[-1][0] if cell.chain else ""
        kind = self._kind(node)
        name_here = relative(self.names[node], prefix)
        if name_here == prefix:  # the output of the box: in it, its last step will do
            name_here = relative(name_here, cell.chain[-2][0] if len(cell.chain) > 1 else "")
        title = Row(shortened(name_here, LONGEST_NAME), kind, "title")
        formula = self._formula(node, prefix)
        heading = f"{formula} =" if formula else "value"
        is_ahead = self.walk is not None and node in self.walk.ahead
        value = Row(heading, "?") if is_ahead else self._number(heading, node.data)
        grad = node.grad if self.walk is None else self.walk.gradients.get(node)
        rows = (title, value, Row("grad", "?") if grad is None else self._gradient(grad))
        if self.walk is not None and node in self.walk.waiting:
            rows = (title, value, replace(rows[-1], left=f"{rows[-1].left} so far"))
        return Node(
            name,
            "operation" if node.parents or node in self.cut else "leaf",
            rows,
            extent(grad or 0.0, self.largest),
            is_alarming=any(row.style == "alarm" for row in rows),
            is_output=is_output,
            tip="" if is_ahead else self._tip(node, grad),
            is_current=self.walk is not None and node is self.walk.current,
        )

    def _kind(self, node: Value) -> str:
        if node in self.cut:
            return f"{self.cut[node][0]} …"
        return operation(node.op) if node.op is not None and node.parents else "leaf"

    def _constant(self, name: str, node: Value, *, is_output: bool) -> Node:
        number = plain(node.data, self.digits)
        rows: tuple[Row, ...] = (Row(number, "constant", "title"),)
        if self.names[node]:
            title = Row(shortened(self.names[node], LONGEST_NAME), "constant", "title")
            rows = (title, Row("value", number))
        tip = f"{self.names[node] or 'constant'} = {node.data!r}, gets no gradient"
        return Node(name, "constant", rows, is_output=is_output, tip=tip)

    def _number(self, heading: str, number: float) -> Row:
        if math.isfinite(number):
            return Row(heading, plain(number, self.digits))
        return Row(f"⚠ {heading}", plain(number), "alarm")

    def _gradient(self, gradient: float) -> Row:
        if math.isfinite(gradient):
            return Row("grad", signed(gradient, self.digits))
        return Row("⚠ grad", signed(gradient), "alarm")

    def _formula(self, node: Value, prefix: str) -> str:
        """The operation on its operands by name, or where that is long their number."""
        if node in self.cut:
            return shortened(self.cut[node][1], LONGEST_FORMULA)
        if node.op is None or not node.parents:
            return ""
        operands = [self._operand(parent, prefix) for parent in node.parents]
        if sum(map(len, operands)) <= LONGEST_FORMULA:
            formula = node.op.write(*operands)
            if columns(formula) <= LONGEST_FORMULA:
                return formula
        return f"{node.op.symbol} of {len(operands)}"

    def _operand(self, node: Value, prefix: str) -> str:
        name = self.names[node]
        if not name:
            return plain(node.data, self.digits)
        here = relative(name, prefix)
        # Of a path that leads out of the box the end says enough: the edge shows the rest.
        return shortened(here, LONGEST_OPERAND) if here != name else _path_end(name)

    def _tip(self, node: Value, grad: float | None) -> str:
        """Everything to the last digit."""
        formula = self._formula(node, "")
        how = f" = {formula}" if formula else ""
        gradient = "none yet" if grad is None else repr(grad)
        return f"{self.names[node]}{how}; value {node.data!r}; gradient {gradient}"

    def _summary(self, name: str, cell: Cell, *, is_output: bool) -> Node:
        count = f"{len(cell.members):,} nodes"
        tracked = [node for node in cell.outputs if not node.is_constant]
        gradients = [node.grad for node in tracked]
        bad = [node.grad for node in cell.members if not math.isfinite(node.grad)]
        loudest = max((g for g in gradients if math.isfinite(g)), key=abs, default=0.0)
        rows = [self._summary_title(cell, count)]
        rows += [Row(*line) for line in self._contents(cell, count)]
        if len(cell.outputs) == 1:
            rows.append(Row("value", plain(cell.outputs[0].data, self.digits)))
            rows.append(self._gradient(cell.outputs[0].grad))
        else:
            rows.append(
                Row("values", span([node.data for node in cell.outputs], plain, self.digits))
            )
            if tracked:
                rows.append(Row("grads", span(gradients, signed, self.digits)))
        if bad:
            rows.append(Row("⚠", _alarm(bad), "alarm"))
        return Node(
            name,
            "summary",
            tuple(rows),
            extent(loudest, self.largest) if tracked else None,
            is_alarming=bool(bad),
            is_output=is_output,
            tip=f"stands for {count}: {operations(cell.members, 99)}",
        )

    def _summary_title(self, cell: Cell, count: str) -> Row:
        prefix = cell.chain[-1][0] if cell.chain else ""
        if cell.name:
            return Row(shortened(relative(cell.name, prefix), LONGEST_NAME), cell.kind, "title")
        return Row(count, cell.kind, "title")

    def _contents(self, cell: Cell, count: str) -> list[tuple[str, str]]:
        if cell.kind == "run":
            return [(operations(cell.members, 3), "")]
        if cell.kind == "leaves":
            return []
        return [("stands for", count)]


def span(numbers: Sequence[float], write: Callable[[float, int], str], digits: int) -> str:
    """From the least to the greatest of the finite ones.

    >>> span([2.0, 1.0, float("nan")], plain, 4), span([2.0], signed, 4)
    ('1 … 2', '+2')
    """
    finite = [number for number in numbers if math.isfinite(number)]
    if not finite:
        return "none finite"
    low, high = write(min(finite), digits), write(max(finite), digits)
    return low if low == high else f"{low} … {high}"


def relative(name: str, prefix: str) -> str:
    """A path without the path of the box that it stands in; the box's own path is its last step.

    >>> relative("layers.0.w", "layers.0"), relative("layers.0", "layers.0"), relative("x", "h")
    ('w', 'layers.0', 'x')
    """
    return name[len(prefix) + 1 :] if prefix and name.startswith(prefix + ".") else name


def _path_end(path: str) -> str:
    """The end of a path after its last number but one.

    >>> _path_end("layers.0.neurons.1"), _path_end("x")
    ('…neurons.1', 'x')
    """
    steps = levels(path)
    end = relative(path, steps[-2]) if len(steps) > 1 else path
    return shortened(end if end == path else f"…{end}", LONGEST_OPERAND)


def _alarm(gradients: Sequence[float]) -> str:
    nans = sum(map(math.isnan, gradients))
    parts = [(nans, "nan"), (len(gradients) - nans, "inf")]
    return ", ".join(f"{count} {kind}" for count, kind in parts if count) + " gradients"


def operations(members: Sequence[Value], most: int) -> str:
    """How often each operation occurs, the most frequent ones first."""
    counts = Counter(operation(node.op) for node in members if node.parents and node.op is not None)
    frequent = [f"{count:,} {name}" for name, count in counts.most_common(most)]
    return ", ".join(frequent) + (" …" if len(counts) > most else "")


def operation(op: Primitive) -> str:
    """The name of an operation; that its exponent is a constant is no news for a reader.

    >>> from tinygrad_bp.rows.primitives import pow_constant
    >>> operation(pow_constant)
    'pow'
    """
    return op.name.removesuffix("_constant")
