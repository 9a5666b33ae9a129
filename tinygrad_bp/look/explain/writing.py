"""How the derivatives in a graph are written: their names, and formulas as short as on paper.

Formulas are put together as Python's syntax trees, which know where parentheses belong, with
a stand-in such as `n3_` for each node; then they are spelled out as text, or set in LaTeX.

>>> from tinygrad_bp.look.explain.paths import Paths
>>> x, t = Value(3.0, label="x"), Value(5.0, label="t")
>>> trace = Trace((x - t) ** 2)
>>> writing = Writing(trace, None)
>>> [path] = Paths(trace, x).largest(1)
>>> writing.name(path), writing.text(writing.formula(path))
('d_v2_d_x', '2 * (x - t)')
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Container, Iterable, Mapping
from copy import deepcopy
from functools import reduce

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.explain.factors import Factor
from tinygrad_bp.look.walk.trace import Trace
from tinygrad_bp.look.words import latex
from tinygrad_bp.look.words.formulas import partial_formulas
from tinygrad_bp.look.words.names import distinct_names, given_names, names_of
from tinygrad_bp.look.words.text import ordinal, plain, shortened
from tinygrad_bp.tape.python.symbol import Symbol, spelled_out

__all__ = ["DIGITS", "Writing", "spelled"]

DIGITS = 4
LONGEST_INLINE = 24
"""What a node without a name is may stand in a formula if it is no longer than this."""
LONGEST = 90
MOST_OPERATIONS, MOST_EDGES, MOST_OPERANDS, MOST_DEFINITIONS = 24, 12, 12, 8

ATOMIC = re.compile(r"[\w.\[\]'\"#]+|\w+\([^()]*\)")
STAND_IN = re.compile(r"\bn\d+_\b")


class Writing:
    """Names and formulas of the nodes of a trace; `names` is the caller's, as in `draw`."""

    def __init__(self, trace: Trace, names: Mapping[str, object] | None, *others: Value) -> None:
        nodes = [*trace.nodes, *others]
        self.given = given_names(nodes, names)
        """The names that people gave."""
        self.names = distinct_names(names_of(nodes, names))
        self._uses = trace.uses
        self._stand_ins: dict[Value, str] = {}
        self._behind: dict[str, str] = {}  # stand-ins, and the text that they stand for

    def name(self, factor: Factor) -> str:
        """What the derivative is called: `d_y_d_x`, and which use of x it is by, if of several."""
        of, by = factor[0].node, factor[-1].parent
        return f"d_{spelled(self.names[of])}_d_{spelled(self.names[by])}{_which(factor)}"

    def step(self, factor: Factor) -> str:
        """Where it leads to: `x`, and which use of x it is, if of several."""
        return f"{spelled(self.names[factor[-1].parent])}{_which(factor)}"

    def formula(self, factor: Factor) -> str:
        """The product of the partials, with stand-ins; empty where nobody could read it."""
        if len(factor) > MOST_EDGES:
            return ""
        return ast.unparse(_product([self._partial(*edge) for edge in factor]))

    def text(self, formula: str) -> str:
        """A formula with the names in it, as text of limited length."""
        return shortened(STAND_IN.sub(lambda found: self._behind[found[0]], formula), LONGEST)

    def latex(self, formula: str) -> str:
        """A formula with the names in it, in LaTeX."""
        symbols = {stand_in: latex.literal(text) for stand_in, text in self._behind.items()}
        for node, stand_in in self._stand_ins.items():
            symbols[stand_in] = latex.name(self.names[node])
        return latex.formula(formula, symbols)

    def definitions(self, formulas: Iterable[str], ends: Iterable[Value]) -> dict[Value, str]:
        """What these ends are, and the names of ours in the formulas, down to a limit."""
        found: dict[Value, str] = {}
        todo = deque([*ends, *self._ours(formulas)])
        while todo and len(found) < MOST_DEFINITIONS:
            node = todo.popleft()
            if node.parents and node not in found:
                found[node] = ast.unparse(self._expression(node, self._folded(node)))
                todo.extend(self._ours([found[node]]))
        return found

    def _ours(self, formulas: Iterable[str]) -> list[Value]:
        """The nodes in the formulas that nobody named."""
        nodes = {stand_in: node for node, stand_in in self._stand_ins.items()}
        stand_ins = [name for formula in formulas for name in STAND_IN.findall(formula)]
        found = [nodes[name] for name in stand_ins if name in nodes]
        return [node for node in found if node not in self.given]

    def _partial(self, node: Value, place: int, _: Value, partial: float) -> ast.expr:
        """The partial derivative, with what has no name written out where it is short."""
        if len(node.parents) > MOST_OPERANDS:
            return _parsed(plain(partial, DIGITS))
        around = {one: self._stand_in(one) for one in (node, *node.parents)}
        text = partial_formulas(node, around, DIGITS)[place] or "0"  # an edge has a partial
        inlined = {
            stand_in: tree
            for one, stand_in in around.items()
            if stand_in and (tree := self._inlined(one)) is not None
        }
        return self._tree(text, inlined)

    def _inlined(self, node: Value) -> ast.expr | None:
        if node in self.given or not node.parents:
            return None
        tree = self._expression(node, self._folded(node))
        return tree if len(self.text(ast.unparse(tree))) <= LONGEST_INLINE else None

    def _folded(self, node: Value) -> Container[Value]:
        """The operations whose formulas stand within the node's, those nearest to it.

        Neither what has a name nor what is used elsewhere too, which would be written twice.
        """
        folded: dict[Value, None] = {}
        todo = deque([node])
        while todo and len(folded) < MOST_OPERATIONS:
            inner = todo.popleft()
            folded[inner] = None
            if len(inner.parents) <= MOST_OPERANDS:
                todo += [x for x in inner.parents if x.parents and not self._stands_alone(x)]
        return folded

    def _stands_alone(self, node: Value) -> bool:
        return node in self.given or self._uses[node] > 1

    def _expression(self, node: Value, folded: Container[Value]) -> ast.expr:
        """How a node is computed, with the formulas of these in place of their names."""
        if len(node.parents) > MOST_OPERANDS:
            return self._opaque(f"{node.op.symbol}({len(node.parents):,} operands)")  # type: ignore[union-attr]
        operands = [Symbol(f"x{place}_") for place, _ in enumerate(node.parents)]
        spelled = spelled_out(node.op, operands)  # type: ignore[arg-type]  # it has operands
        if spelled is None:
            spelled = Symbol.apply(node.op, *operands)  # type: ignore[arg-type]
        trees = {
            symbol.text: self._operand(parent, folded)
            for symbol, parent in zip(operands, node.parents, strict=True)
        }
        return self._tree(spelled.text, trees)

    def _operand(self, node: Value, folded: Container[Value]) -> ast.expr:
        if node.is_constant and not self.names[node]:
            return _parsed(plain(node.data, DIGITS))
        return self._expression(node, folded) if node in folded else ast.Name(self._stand_in(node))

    def _stand_in(self, node: Value) -> str:
        """Nothing for a constant without a name, which is written as its number."""
        if not self.names[node]:
            return ""
        if node not in self._stand_ins:
            self._stand_ins[node] = self._behind_which(self.names[node])
        return self._stand_ins[node]

    def _tree(self, text: str, trees: Mapping[str, ast.expr]) -> ast.expr:
        """A formula's tree, with trees for its names; of an own operation's notation a leaf."""
        try:
            formula = _parsed(text)
        except SyntaxError:  # a notation that Python does not know
            for name, tree in trees.items():
                is_name = isinstance(tree, ast.Name)
                written = ast.unparse(tree)
                operand = written if is_name else self._behind_which(self.text(written))
                text = re.sub(rf"\b{name}\b", operand, text)
            return self._opaque(text)
        return _Substitution(trees).visit(formula)  # type: ignore[no-any-return]  # of an expression

    def _opaque(self, text: str) -> ast.expr:
        return ast.Name(self._behind_which(self.text(text)))

    def _behind_which(self, text: str) -> str:
        stand_in = f"n{len(self._behind)}_"
        self._behind[stand_in] = spelled(text)
        return stand_in


def spelled(name: str) -> str:
    """A name as it stands in a formula: `a + b` may be one, and needs parentheses."""
    return name if ATOMIC.fullmatch(name) else f"({name})"


def _which(factor: Factor) -> str:
    """Which of several uses by one operation it is, where the two names do not tell."""
    node, place, parent, _ = factor[-1]
    places = [index for index, operand in enumerate(node.parents) if operand is parent]
    if len(places) < 2:
        return ""
    return f" ({ordinal(places.index(place) + 1)} of {len(places)} uses)"


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


class _Substitution(ast.NodeTransformer):
    """Puts trees in the place of names."""

    def __init__(self, trees: Mapping[str, ast.expr]) -> None:
        self.trees = trees

    def visit_Name(self, name: ast.Name) -> ast.expr:  # what `ast` calls it
        return deepcopy(self.trees[name.id]) if name.id in self.trees else name


def _product(trees: list[ast.expr]) -> ast.expr:
    """The factors multiplied: no ones, and at most one sign, in front."""
    is_negative, kept = False, []
    for tree in trees:
        factor = tree
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
            is_negative, factor = not is_negative, tree.operand
        if not (isinstance(factor, ast.Constant) and factor.value == 1):
            kept.append(factor)
    factors = [factor for tree in kept for factor in _factors(tree)] or [ast.Constant(1)]
    if is_negative:
        factors[0] = ast.UnaryOp(ast.USub(), factors[0])
    return reduce(_times, factors)


def _times(left: ast.expr, right: ast.expr) -> ast.expr:
    """`a / b` for `a * (1 / b)`."""
    match right:
        case ast.BinOp(left=ast.Constant(value=1), op=ast.Div(), right=divisor):
            return ast.BinOp(left, ast.Div(), divisor)
    return ast.BinOp(left, ast.Mult(), right)


def _factors(tree: ast.expr) -> list[ast.expr]:
    """What a product is made of, so that products of products need no parentheses."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult):
        return [*_factors(tree.left), *_factors(tree.right)]
    return [tree]
