r"""Formulas in LaTeX, as a notebook and a page of Markdown set them.

>>> print(formula("-2 * (y - o) * sigmoid(-t) / w1 ** 2", {"y": r"\hat{y}"}))
\frac{-2 \, (\hat{y} - o) \, \sigma(-t)}{w_{1}^{2}}
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

from tinygrad_bp.basics.escapes import latex, visible

__all__ = ["aligned", "derivative", "formula", "literal", "name", "number"]

SYMBOLS = {ast.Add: "+", ast.Sub: "-", ast.Mult: r"\,", ast.Mod: r"\bmod"}
BINDS = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Mod: 2, ast.FloorDiv: 2, ast.Pow: 4}
SIGN, FRACTION, ATOM = 3, 5, 9
# What LaTeX has a command for; any other function is set upright by its name.
COMMANDS = ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh")
GREEK = ("alpha", "beta", "gamma", "delta", "eta", "theta", "lambda", "mu", "nu", "sigma", "tau")


def name(text: str) -> str:
    r"""A name: one letter in italics, its number below it; longer ones upright.

    >>> name("w1"), name("y_pred"), name("alpha"), name("h1#2")
    ('w_{1}', '\\mathrm{y\\_pred}', '\\alpha', 'h_{1}^{(2)}')
    """
    text, _, number_of = visible(text).partition("#")
    above = f"^{{({number_of})}}" if number_of else ""
    match = re.fullmatch(r"([A-Za-z]+?)_?(\d*)", text)
    if match is None:
        return rf"\mathrm{{{latex(text)}}}{above}"
    letters, below = match.groups()
    if letters in GREEK:
        letters = f"\\{letters}"
    elif len(letters) > 1:
        letters = rf"\mathrm{{{letters}}}"
    return letters + (f"_{{{below}}}" if below else "") + above


def number(text: str) -> str:
    r"""A number as `plain` or `signed` writes it, or one of Python's.

    >>> number("+1.5e-07"), number("-inf"), number("nan")
    ('+1.5 \\cdot 10^{-7}', '-\\infty', '\\mathrm{nan}')
    """
    text = text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}").replace(",", r"{,}")
    return re.sub(r"e([+-]?\d+)", lambda m: rf" \cdot 10^{{{int(m[1])}}}", text)


def derivative(of: str, by: str) -> str:
    r"""A derivative of one name, already in LaTeX, by another.

    >>> derivative("L", "w_{1}")
    '\\frac{\\partial L}{\\partial w_{1}}'
    """
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


def aligned(rows: Iterable[tuple[str, str]]) -> str:
    """Equations below one another, by their signs of equality; an empty left side goes on."""
    lines = [f"{left} &= {right}" if left else f"&{right}" for left, right in rows]
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"])


def literal(text: str) -> str:
    r"""Text as it is, in the type of code.

    >>> literal("x_1 ⊕ y")
    '\\mathtt{x\\_1 ⊕ y}'
    """
    return rf"\mathtt{{{latex(text)}}}"


def formula(text: str, names: Mapping[str, str]) -> str:
    r"""A formula in Python's notation; `names` are those that do not stand for themselves.

    What is no Python, such as the notation of an operation of your own, is set as it is.

    >>> print(formula("x ⊕ y", {}))
    \mathtt{x ⊕ y}
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return literal(text)
    return _Writer(names).written(tree)[0]


class _Writer:
    """Writes an expression, and says how tightly it binds. As deep as a text that people read."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def written(self, tree: ast.expr) -> tuple[str, int]:
        match tree:
            case ast.BinOp():
                return self._operation(tree)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"-{self._within(operand, SIGN)}", SIGN
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self._call(function, [self.written(one)[0] for one in arguments]), ATOM
            case ast.Name(id=known):
                return self.names.get(known) or self._word(known), ATOM
            case ast.Constant(value=int() | float()):
                return number(ast.unparse(tree)), ATOM
        return literal(ast.unparse(tree)), ATOM

    def _word(self, word: str) -> str:
        return number(word) if word in ("inf", "nan") else name(word)

    def _operation(self, tree: ast.BinOp) -> tuple[str, int]:
        kind = type(tree.op)
        binds = BINDS.get(kind, 0)
        if kind is ast.Div:
            top, bottom = self.written(tree.left)[0], self.written(tree.right)[0]
            return rf"\frac{{{top}}}{{{bottom}}}", FRACTION
        if kind is ast.Pow:
            return f"{self._within(tree.left, ATOM)}^{{{self.written(tree.right)[0]}}}", binds
        left, right = self._within(tree.left, binds), self._within(tree.right, binds + 1)
        if right.startswith("-"):
            right = f"({right})"
        # Two numbers side by side would be one number.
        dot = r"\cdot" if right[0].isdigit() else r"\,"
        symbol = dot if kind is ast.Mult else SYMBOLS.get(kind, r"\mathbin{//}")
        return f"{left} {symbol} {right}", binds

    def _within(self, tree: ast.expr, binds: int) -> str:
        text, own = self.written(tree)
        return text if own >= binds else f"({text})"

    def _call(self, function: str, arguments: list[str]) -> str:
        inner = ", ".join(arguments)
        if function == "sqrt":
            return rf"\sqrt{{{inner}}}"
        if function == "abs":
            return rf"\lvert {inner} \rvert"
        if function == "sigmoid":
            return rf"\sigma({inner})"
        if function in COMMANDS:
            return rf"\{function}({inner})"
        return rf"\operatorname{{{latex(function)}}}({inner})"
