"""Expressions as Python: a lambda for one line, and a program to paste and run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import copysign, isfinite

from tinygrad_bp.basics.identifiers import Identifiers
from tinygrad_bp.check.programs.steps import Place, Steps, first_users
from tinygrad_bp.rows.primitive import Primitive, named
from tinygrad_bp.rows.primitives import pow_, pow_constant
from tinygrad_bp.tape.python.source import HELPERS, OPERATORS, PYTHON_NAMES, WIDTH
from tinygrad_bp.tape.python.symbol import SIGN, Symbol

WRITTEN_AS_OPERATORS = {*OPERATORS, pow_, pow_constant}


def as_lambda(expression: Steps) -> str:
    """One line that is the function; what is used twice gets a name where it is first used.

    >>> from tinygrad_bp.check.programs.expression import Expression
    >>> as_lambda(Expression(lambda x: (y := x * x) + y, 0.5))
    'lambda x: (t1 := x * x) + t1'
    """
    uses, names = _uses(expression), _Names(expression)
    texts = dict(enumerate(map(Symbol, names.inputs)))
    first_user = first_users(len(expression.inputs), expression.steps)
    formulas: dict[int, Symbol] = {}
    for number in first_user:
        operands = []
        for operand in expression.step(number).operands:
            symbol = _text(operand, texts)
            if isinstance(operand, int) and operand in formulas and first_user[operand] == number:
                formula = formulas.pop(operand)
                symbol = Symbol(f"({symbol.text} := {formula.text})")
            operands.append(symbol)
        formula = names.formula(expression.row(number), operands)
        if uses[number] > 1:
            texts[number], formulas[number] = names.line(), formula
        else:
            texts[number] = formula
    return f"lambda {', '.join(names.inputs)}: {texts[expression.last].text}"


def as_program(expression: Steps) -> str:
    """A program that computes the expression and its gradient at its own inputs.

    >>> from tinygrad_bp.check.programs.expression import Expression
    >>> print(as_program(Expression(lambda x: x * x, 0.5)), end="")
    from tinygrad_bp import Value
    <BLANKLINE>
    <BLANKLINE>
    def expression(x):
        return x * x
    <BLANKLINE>
    <BLANKLINE>
    x = Value(0.5, "x")
    output = expression(x)
    output.backward()
    """
    names = _Names(expression, "Value", "expression", "output")
    inputs = ", ".join(names.inputs)
    numbers = zip(expression.inputs, expression.names, strict=True)
    values = ", ".join(f'Value({number!r}, "{name}")' for number, name in numbers)
    head = ["from tinygrad_bp import Value", *_imports(expression, names), "", ""]
    body = [f"def expression({inputs}):", *_body(expression, names), "", ""]
    call = [f"{inputs} = {values}", f"output = expression({inputs})", "output.backward()"]
    return "".join(f"{line}\n" for line in [*head, *body, *call])


def _imports(expression: Steps, names: _Names) -> list[str]:
    rows = {named(step.row) for step in expression.steps} - WRITTEN_AS_OPERATORS
    lines = ["from tinygrad_bp.rows.primitive import named"] if names.own else []
    found = sorted(PYTHON_NAMES[row] for row in rows if row in PYTHON_NAMES)
    lines += [f"from tinygrad_bp.rows.primitives import {', '.join(found)}"] if found else []
    return lines + [f'{name} = named("{row.name}")' for row, name in names.own.items()]


def _body(expression: Steps, names: _Names) -> Iterator[str]:
    texts = dict(enumerate(map(Symbol, names.inputs)))
    uses, last = _uses(expression), expression.last
    for number in range(len(expression.inputs), last + 1):
        operands = [_text(operand, texts) for operand in expression.step(number).operands]
        formula = names.formula(expression.row(number), operands)
        if number != last and (uses[number] != 1 or len(formula.text) > WIDTH):
            texts[number] = names.line()
            yield f"    {texts[number].text} = {formula.text}"
        else:
            texts[number] = formula
    yield f"    return {texts[last].text}"


class _Names:
    """What a text calls rows, inputs, and its lines: t1, t2, and so on.

    A line alone calls each row by its own name, as the reader does. A program has rows of the
    user's own under names that hide none of its helpers.
    """

    def __init__(self, expression: Steps, *helpers: str) -> None:
        rows = map(named, sorted({step.row for step in expression.steps}))
        own = [row for row in rows if row not in PYTHON_NAMES]
        called = Identifiers({*HELPERS, *helpers}) if helpers else str
        self.own = {row: called(row.name) for row in own}
        self._name = Identifiers({*HELPERS, *helpers, *self.own.values()})
        self.inputs = list(map(self._name, expression.names))
        self._count = 0

    def line(self) -> Symbol:
        """The name of the next line."""
        self._count += 1
        return Symbol(self._name(f"t{self._count}"))

    def formula(self, row: Primitive, operands: Sequence[Symbol]) -> Symbol:
        """The row on these operands."""
        if row in WRITTEN_AS_OPERATORS:
            return Symbol.apply(row, *operands)
        name = self.own.get(row) or PYTHON_NAMES[row]
        return Symbol(f"{name}({', '.join(operand.text for operand in operands)})")


def _text(operand: Place, texts: dict[int, Symbol]) -> Symbol:
    if isinstance(operand, int):
        return texts[operand]
    text = repr(operand) if isfinite(operand) else f'float("{operand}")'
    if operand or copysign(1.0, operand) > 0.0:  # -0 would be the whole number 0
        text = text.removesuffix(".0")
    return Symbol(text, SIGN) if text.startswith("-") else Symbol(text)


def _uses(expression: Steps) -> Counter[int]:
    return Counter(node for step in expression.steps for node in step.nodes)
