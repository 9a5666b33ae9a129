"""Expressions as Python: a lambda for one line, and a program to paste and run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import copysign, isfinite

from tinygrad_bp.check.steps import Place, Steps, first_users
from tinygrad_bp.primitive import Primitive, named
from tinygrad_bp.primitives import pow_, pow_constant
from tinygrad_bp.tape.source import OPERATORS, PYTHON_NAMES, WIDTH
from tinygrad_bp.tape.symbol import SIGN, Symbol

WRITTEN_AS_OPERATORS = {*OPERATORS, pow_, pow_constant}


def as_lambda(expression: Steps) -> str:
    """One line that is the function; what is used twice gets a name where it is first used.

    >>> from tinygrad_bp.check.expression import Expression
    >>> as_lambda(Expression(lambda x: (y := x * x) + y, 0.5))
    'lambda x: (t1 := x * x) + t1'
    """
    texts = dict(enumerate(map(Symbol, expression.names)))
    uses, name_of = _uses(expression), _Names()
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
        formula = _formula(expression.row(number), operands)
        if uses[number] > 1:
            texts[number], formulas[number] = name_of(), formula
        else:
            texts[number] = formula
    return f"lambda {', '.join(expression.names)}: {texts[expression.last].text}"


def as_program(expression: Steps) -> str:
    """A program that computes the expression and its gradient at its own inputs.

    >>> from tinygrad_bp.check.expression import Expression
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
    names = ", ".join(expression.names)
    numbers = zip(expression.inputs, expression.names, strict=True)
    values = ", ".join(f'Value({number!r}, "{name}")' for number, name in numbers)
    head = ["from tinygrad_bp import Value", *_imports(expression), "", ""]
    body = [f"def expression({names}):", *_body(expression), "", ""]
    call = [f"{names} = {values}", f"output = expression({names})", "output.backward()"]
    return "".join(f"{line}\n" for line in [*head, *body, *call])


def _imports(expression: Steps) -> list[str]:
    rows = {named(step.row) for step in expression.steps} - WRITTEN_AS_OPERATORS
    own = sorted(row.name for row in rows if row not in PYTHON_NAMES)
    lines = ["from tinygrad_bp.primitive import named"] if own else []
    names = sorted(PYTHON_NAMES[row] for row in rows if row in PYTHON_NAMES)
    lines += [f"from tinygrad_bp.primitives import {', '.join(names)}"] if names else []
    return lines + [f'{name} = named("{name}")' for name in own]


def _body(expression: Steps) -> Iterator[str]:
    texts = dict(enumerate(map(Symbol, expression.names)))
    uses, name_of, last = _uses(expression), _Names(), expression.last
    for number in range(len(expression.inputs), last + 1):
        operands = [_text(operand, texts) for operand in expression.step(number).operands]
        formula = _formula(expression.row(number), operands)
        if number != last and (uses[number] != 1 or len(formula.text) > WIDTH):
            texts[number] = name_of()
            yield f"    {texts[number].text} = {formula.text}"
        else:
            texts[number] = formula
    yield f"    return {texts[last].text}"


class _Names:
    """t1, t2, and so on."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self) -> Symbol:
        self._count += 1
        return Symbol(f"t{self._count}")


def _formula(row: Primitive, operands: Sequence[Symbol]) -> Symbol:
    if row in WRITTEN_AS_OPERATORS:
        return Symbol.apply(row, *operands)
    name = PYTHON_NAMES.get(row, row.name)
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
