"""`tree`: the graph of a value as an indented tree, for the terminal.

>>> from tinygrad_bp import Value
>>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
>>> loss = (w * x - x) ** 2
>>> loss.backward()
>>> tree(loss, names={"loss": loss})
                     value  grad
loss = v2 ** 2           9    +1
└─ v2 = v1 - x           3    +6
   ├─ v1 = w * x         6    +6
   │  ├─ w               2   +18
   │  └─ x (2 uses)      3    +6
   └─ x ↑
↑ is shown above.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.look.picture import palette
from tinygrad_bp.look.words.formulas import formula
from tinygrad_bp.look.words.names import distinct_names, names_of
from tinygrad_bp.look.words.outdated import outdated, remark
from tinygrad_bp.look.words.terminal import can_show, in_ascii, rich_text
from tinygrad_bp.look.words.text import columns, plain, shortened, signed

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Tree", "tree"]

SMALL = 50_000
"""A graph of so many nodes is numbered as everywhere else; a larger one only where it is shown."""
DEPTH = 12
MOST_OPERANDS = 12
LONGEST_NAME, LONGEST_FORMULA = 30, 60
STYLES = {
    r"^[ │├└─]+": "dim",
    r"^[ │├└─]*([^\s=]+)": "bold",
    r"\+\S+$": palette.POSITIVE,
    r"-\S+$": palette.NEGATIVE,
    r"(?:nan|inf)": "bold red",
    r"^.*\.$|^ +value.*$": "dim",
}


def tree(
    output: Value,
    *,
    depth: int = DEPTH,
    most: int = 60,
    names: Mapping[str, object] | None = None,
) -> Tree:
    """The value and below it what it was made from, with every value and gradient.

    >>> x = Value(3.0, label="x")
    >>> tree(x * x)
                   value
    v1 = x * x         9
    ├─ x (2 uses)      3
    └─ x ↑
    ↑ is shown above.
    There are no gradients yet: call backward.

    What has been shown stands there once, with its operands, and is referred to after that.
    Constants stand in the formulas. About `most` lines are written, those nearest to the
    output; `depth` limits the levels below it. `…` marks what has more below it, and only
    what is shown is walked, so a graph of a million nodes is as quick. `names` are names for
    nodes without a label, such as `locals()`.

    Raises `TypeError` for what is not a `Value`.
    """
    if not isinstance(output, Value):
        raise TypeError(f"a tree is of a Value, got {type(output).__name__} {output!r}")
    return Tree(output, depth=depth, most=most, names=names)


class Line(NamedTuple):
    """One line of the tree."""

    branch: str
    """What is drawn before the words."""
    words: str
    node: Value | None
    """`None` where it has been shown above, and where more operands are only counted."""


class Tree:
    """A graph as an indented tree: what `tree` returns. Printed it is text, and so is `text`."""

    def __init__(
        self,
        output: Value,
        *,
        depth: int,
        most: int,
        names: Mapping[str, object] | None,
    ) -> None:
        self.output = output
        self._operands = _opened(output, depth, most)
        found = _whole(output)
        self._is_whole = found is not None
        self._names = distinct_names(names_of(found or _seen(output, self._operands), names))
        self.lines = tuple(self._drawn())
        """From top to bottom."""

    @property
    def text(self) -> str:
        """What is printed, in Unicode, whatever the terminal can show."""
        return "\n".join(self._written(str))

    def __repr__(self) -> str:
        # Each cell by itself, since `...` is wider than `…`, and columns should stay columns.
        return self.text if can_show(self.text) else "\n".join(self._written(in_ascii))

    def __rich__(self) -> Text:
        return rich_text(self.text, STYLES)

    def _drawn(self) -> Iterator[Line]:
        """Depth first, by a stack of our own."""
        uses = Counter(operand for operands in self._operands.values() for operand in operands)
        seen: set[Value] = set()
        todo: list[tuple[str, str, Value | str]] = [("", "", self.output)]
        while todo:
            branch, below, node = todo.pop()
            if isinstance(node, str):
                yield Line(branch, node, None)
            elif node in seen:
                yield Line(branch, f"{self._name(node)} ↑", None)
            else:
                seen.add(node)
                yield Line(branch, self._words(node, uses[node]), node)
                todo += reversed(_branches(below, self._children(node)))

    def _children(self, node: Value) -> list[Value | str]:
        shown = self._operands.get(node, [])
        hidden = len(_variables(node)) - len(shown) if shown else 0
        return [*shown, f"… {hidden:,} more"] if hidden else list(shown)

    def _words(self, node: Value, uses: int) -> str:
        words = [self._name(node)]
        if len(node.parents) > MOST_OPERANDS:
            symbol = node.op.symbol  # type: ignore[union-attr]  # it has operands
            words.append(f"= {symbol}({len(node.parents):,} operands)")
        elif node.parents:
            words.append(f"= {shortened(formula(node, self._names), LONGEST_FORMULA)}")
        if uses > 1:
            words.append(f"({uses:,} uses)")
        if node not in self._operands and _variables(node):
            words.append("…")
        return " ".join(words)

    def _name(self, node: Value) -> str:
        return shortened(self._names.get(node, "") or plain(node.data), LONGEST_NAME)

    def _written(self, fit: Callable[[str], str]) -> Iterator[str]:
        shown = [line.node for line in self.lines if line.node is not None]
        has_gradients = any(node.grad for node in shown)
        numbers = [("value", "grad" if has_gradients else "")]
        for line in self.lines:
            node = line.node
            value = "" if node is None else plain(node.data)
            gradient = "" if node is None or not has_gradients else signed(node.grad)
            numbers.append((value, gradient))
        texts = ["", *(fit(line.branch + line.words) for line in self.lines)]
        first, second, third = (
            max(map(columns, cells)) for cells in (texts, *zip(*numbers, strict=True))
        )
        for text, (value, gradient) in zip(texts, numbers, strict=True):
            room = " " * (first - columns(text))
            yield f"{text}{room}  {value:>{second}}  {gradient:>{third}}".rstrip()
        yield from map(fit, self._notes(has_gradients=has_gradients))

    def _notes(self, *, has_gradients: bool) -> Iterator[str]:
        if any(line.words.endswith(" ↑") for line in self.lines):
            yield "↑ is shown above."
        if any(line.words.endswith(" …") for line in self.lines):
            yield "… has more below it: tree(..., depth=..., most=...), or the tree of that node."
        shown = [line.node for line in self.lines if line.node is not None]
        if not self._is_whole:
            yield (
                f"v1, v2, … count what is shown here: of more than {SMALL:,} nodes, other views "
                "count all."
            )
        if changed := outdated(shown):
            yield remark(changed, self._names)
        if not has_gradients and not self.output.is_constant:
            yield "There are no gradients yet: call backward."


def _opened(output: Value, depth: int, most: int) -> dict[Value, list[Value]]:
    """The operands that are shown, of the nodes below which there is something to show.

    Breadth first, so that what is left out is what is farthest from the output.
    """
    opened: dict[Value, list[Value]] = {}
    lines = 1
    todo = deque([(output, 0)])
    while todo:
        node, level = todo.popleft()
        operands = _variables(node)[:MOST_OPERANDS]
        if node in opened or not operands or level == depth:
            continue
        lines += len(operands)
        if lines > most:
            break
        opened[node] = operands
        todo.extend((operand, level + 1) for operand in operands)
    return opened


def _variables(node: Value) -> list[Value]:
    """The operands but constants, which the formula shows."""
    return [parent for parent in node.parents if not parent.is_constant]


def _whole(output: Value) -> list[Value] | None:
    """All nodes of a small graph, in the order in which every view numbers them."""
    seen, todo = {output}, [output]
    while todo and len(seen) <= SMALL:
        new = set(todo.pop().parents) - seen
        seen |= new
        todo += new
    return None if todo else topological_order(output)


def _seen(output: Value, opened: Mapping[Value, list[Value]]) -> list[Value]:
    """The nodes of a large graph that are named in what is shown."""
    shown = [output, *(operand for operands in opened.values() for operand in operands)]
    named = [p for node in shown if len(node.parents) <= MOST_OPERANDS for p in node.parents]
    return list(dict.fromkeys(reversed([*shown, *named])))


def _branches(below: str, children: list[Value | str]) -> list[tuple[str, str, Value | str]]:
    """Each child with what is drawn before it, and before what is below it."""
    return [
        (f"{below}└─ ", f"{below}   ", child)
        if place == len(children)
        else (f"{below}├─ ", f"{below}│  ", child)
        for place, child in enumerate(children, 1)
    ]
