"""The evaluation trace of the textbooks: primal, tangent and adjoint of each node, side by side.

>>> x, y = Value(2.0, label="x"), Value(5.0, label="y")
>>> print(Evaluation(x.log() + x * y, {y: 1.0}).text)
the value of v3, its tangent as y moves by 1, and adjoints back to the inputs
<BLANKLINE>
node  formula  primal  tangent  adjoint
x     input         2        0      5.5
y     input         5        1        2
v1    log(x)   0.6931        0        1
v2    x * y        10        2        1
v3    v1 + v2   10.69        2        1
<BLANKLINE>
Both ways the derivative is 2: the tangent of v3, and y's adjoint.

Columns as in Griewank and Walther, "Evaluating Derivatives", 2nd edition, tables 1.2 to 1.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tinygrad_bp.basics.escapes import code, markdown
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.sweep import adjoints, tangents
from tinygrad_bp.look.walk import moves
from tinygrad_bp.look.walk.trace import Trace
from tinygrad_bp.look.words import latex
from tinygrad_bp.look.words.formulas import formula
from tinygrad_bp.look.words.names import distinct_names, names_of
from tinygrad_bp.look.words.outdated import outdated, remark
from tinygrad_bp.look.words.terminal import Printed
from tinygrad_bp.look.words.text import plain, shortened
from tinygrad_bp.tape.table import aligned

__all__ = ["Direction", "Evaluation", "Row"]

Direction = Value | Mapping[Value, float] | None
"""What moves: one node by 1, or nodes by these numbers; `None` for the first input."""

LONGEST_FORMULA = 40
MOST_MOVING = 3
STYLES = {r"^node .*": "bold", r"^(?:the value|Both ways) .*": "dim"}


class Row(NamedTuple):
    """One node of the trace."""

    node: Value
    primal: float
    tangent: float
    adjoint: float


class Evaluation(Printed):
    """The three columns of every node but constants: what `explain(output)` returns."""

    _styles = STYLES

    def __init__(
        self,
        output: Value,
        direction: Direction = None,
        *,
        names: Mapping[str, object] | None = None,
        most: int = 40,
    ) -> None:
        trace = Trace(output)
        variables = [node for node in trace.nodes if not node.is_constant]
        # Inputs first, as in the textbooks; this is still a topological order.
        nodes = sorted(variables, key=lambda node: not node.is_leaf)
        self.output = output
        self.direction = _direction(direction, nodes)
        """The tangents that the moving nodes start with."""
        self.names = distinct_names(names_of(trace.nodes, names))
        tangent = tangents(trace.nodes, self.direction)
        adjoint = adjoints(trace.nodes, {output: 1.0})
        self.rows = tuple(
            Row(node, node.data, tangent.get(node, 0.0), adjoint.get(node, 0.0)) for node in nodes
        )
        """Inputs, then operations in topological order: forward is down, backward up."""
        self._tangent = tangent.get(output, 0.0)
        self._slopes = moves.slopes(trace.nodes, output, self.direction)
        self._most = most
        changed = outdated(trace.nodes)
        self._remarks = [remark(changed, self.names)] if changed else []

    def _lines(self) -> list[str]:
        names, formulas, *numbers = self._columns()
        columns = [["node", *names], ["formula", *formulas]]
        titles = ("primal", "tangent", "adjoint")
        columns += [[title, *column] for title, column in zip(titles, numbers, strict=True)]
        return [self._headline, "", *aligned(columns).splitlines(), "", *self._notes]

    def markdown(self) -> str:
        """Its Markdown: a table."""
        lines = ["| node | formula | primal | tangent | adjoint |", "|:---|:---|---:|---:|---:|"]
        for name, written, *numbers in zip(*self._columns(), strict=True):
            lines.append(f"| {' | '.join([code(name), code(written), *numbers])} |")
        notes = map(markdown, self._notes)
        return "\n".join([f"{markdown(self._headline)}:\n", *lines, "", *notes, ""])

    def latex(self) -> str:
        """An array of names, values, tangents and adjoints."""
        lines = [r"\text{node} & \text{primal} & \text{tangent} & \text{adjoint} \\ \hline"]
        for name, _, *numbers in zip(*self._columns(), strict=True):
            lines.append(" & ".join([latex.name(name), *map(latex.number, numbers)]) + r" \\")
        return "\n".join([r"\begin{array}{l|rrr}", *lines, r"\end{array}"])

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _columns(self) -> tuple[list[str], ...]:
        """Names, formulas and the three columns of numbers, of as many rows as are shown."""
        hidden = len(self.rows) - self._most
        if hidden <= 0:
            cells = [self._cells(row) for row in self.rows]
        else:
            half = self._most // 2
            cells = [self._cells(row) for row in self.rows[:half]]
            cells.append(("…", f"({hidden:,} more)", "", "", ""))
            cells += [self._cells(row) for row in self.rows[half + hidden :]]
        return tuple(map(list, zip(*cells, strict=True)))

    def _cells(self, row: Row) -> tuple[str, ...]:
        written = formula(row.node, self.names) if row.node.parents else "input"
        numbers = map(plain, (row.primal, row.tangent, row.adjoint))
        return self.names[row.node], shortened(written, LONGEST_FORMULA), *numbers

    @property
    def _headline(self) -> str:
        return (
            f"the value of {self.names[self.output]}, "
            f"its tangent as {self._moving}, and adjoints back to the inputs"
        )

    @property
    def _moving(self) -> str:
        words = [f"{self.names[n]} moves by {plain(x)}" for n, x in self.direction.items()]
        if len(words) > MOST_MOVING:
            words[MOST_MOVING:] = [f"{len(words) - MOST_MOVING:,} more move"]
        return " and ".join(words)

    @property
    def _notes(self) -> list[str]:
        return [self._conclusion, *self._remarks]

    @property
    def _conclusion(self) -> str:
        name, forward = self.names[self.output], plain(self._tangent)
        backward = plain(sum(self._slopes[node] * move for node, move in self.direction.items()))
        by = "the adjoints of what moves, each times its move"
        if len(self.direction) == 1:
            [(node, move)] = self.direction.items()
            by = f"{self.names[node]}'s adjoint"
            by += "" if move == 1.0 else f" times {plain(move)}"
        if forward == backward:
            return f"Both ways the derivative is {forward}: the tangent of {name}, and {by}."
        return f"The tangent of {name} is {forward}; {by}: {backward}."


def _direction(direction: Direction, nodes: list[Value]) -> dict[Value, float]:
    if direction is None:
        return {nodes[0]: 1.0}
    return moves.checked({direction: 1.0} if isinstance(direction, Value) else direction, nodes)
