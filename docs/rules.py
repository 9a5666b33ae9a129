"""The page `rules.md`: the table of primitives as formulas, read out of the table itself.

>>> from tinygrad_bp import atan2
>>> partials(atan2)
(('x', 'y'), ('where(a, y / a / a, 0)', 'where(a, -x / a / a, 0)'), {'a': 'hypot(x, y)'})
"""

from __future__ import annotations

import ast
import inspect
import math
import re
import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinygrad_bp.rows import primitives
from tinygrad_bp.rows.primitive import BY_NAME, Primitive
from tinygrad_bp.tape.python.symbol import ATOM, Symbol

PAGE = Path(__file__).with_name("rules.md")
SOURCE = inspect.getsource(primitives)

# A formula that stands in a row more than once gets a name if that saves more letters.
SAVING = 12

HEAD = """\
# The rules

Every operation of the engine, with its derivatives. This page is generated from the table in
[`primitives.py`](../tinygrad_bp/rows/primitives.py), by running the very functions that `backward`
runs on operands that write text. `python3 docs` makes it anew, and a test compares.

How to read it:

* `z` is the result. Each operand's partial derivative stands beside it: `x: 1 / y` says that
  ∂z/∂x is 1/y. *None* says that no gradient flows to that operand at all.
* The functions in the formulas are rows of this same page. That is why a derivative can be
  differentiated again.
* `heaviside(x, a)` is the step: 0 below zero, 1 above, `a` at zero. `where(c, x, y)` is `x` if
  `c` is not 0, else `y`. `gap(x, y)` is `x - y`, and 0 between equal infinities.
* `n - (n - 1 + 1)` is what rounding takes away from n − 1: 0 for most n, and always tiny.
* *Computed by* is the Python that gives the value; `ieee` is
  [`ieee.py`](../tinygrad_bp/rows/ieee.py), which
  gives IEEE-754's answer where Python's `math` raises.
* *Differentiable* says where the formula is a derivative in the strict sense. What the other points
  get is [decided](decisions.md#singular-points), and tested.
"""


def files() -> dict[Path, str]:
    """The page's path, and what should stand in it."""
    return {PAGE: page()}


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *constants(), *map(section, sections())])


def constants() -> Iterator[str]:
    """The numbers that the formulas name."""
    yield "| constant | value |\n|---|---|"
    for number, name in named_numbers().items():
        yield f"| `{name}` | {number} |"
    yield ""


def named_numbers() -> dict[str, str]:
    """Names of the table's own constants, by the text of the number."""
    return {
        repr(number): name
        for name, number in vars(primitives).items()
        if name.isupper() and isinstance(number, float)
    }


def sections() -> list[tuple[str, list[str]]]:
    """Each heading of the table, with the names of the rows below it."""
    found: list[tuple[str, list[str]]] = []
    table = SOURCE.partition("# fmt: off\n")[2].partition("# fmt: on")[0]
    for line in table.splitlines():
        if line.startswith("# "):
            found.append((line[2:].partition(" ---")[0], []))
        elif match := re.search(r'= (?:row|family)\("(\w+)"', line):
            found[-1][1].append(match[1])
    return found


def section(headed: tuple[str, list[str]]) -> str:
    """One heading and its table."""
    heading, names = headed
    rows = [table_row(BY_NAME[name]) for name in names]
    titles = "| row | z = | partial derivatives | computed by | differentiable |"
    return "\n".join([f"## {heading}\n", titles, "|---|---|---|---|---|", *rows, ""])


def table_row(primitive: Primitive) -> str:
    """One row of the page."""
    names, formulas, definitions = partials(primitive)
    by = [
        f"{name}: {code(formula)}" if formula != "None" else f"{name}: *none*"
        for name, formula in zip(names, formulas, strict=True)
    ]
    if definitions:
        by.append("where " + ", ".join(code(f"{k} = {v}") for k, v in definitions.items()))
    cells = [
        code(primitive.name),
        "<br>".join(notation(primitive, names)),
        "<br>".join(by),
        code(written(primitive.name)["value"]),
        "<br>".join(where_differentiable(primitive, names)),
    ]
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """Text in the type of code."""
    return f"`{text}`"


def notation(primitive: Primitive, names: tuple[str, ...]) -> Iterator[str]:
    """How the operation is written, and what it has besides."""
    yield code(primitive.write(*names))
    count = len(primitive.defaults)
    for name, default in zip(names[-count:], primitive.defaults, strict=False):
        yield f"default {code(f'{name} = {default:g}')}"
    if primitive.if_constant is not None:
        yield f"constant {code(names[-1])}: {code(primitive.if_constant.name)}"
    if primitive.arity is None:
        yield f"shown for {len(names)} operands"


def operand_names(primitive: Primitive) -> tuple[str, ...]:
    """What the table calls the operands; some of any number."""
    if primitive.arity is None:
        return ("w", "v", "x", "y") if primitive.name == "dot" else ("x", "y", "u")
    return tuple(inspect.signature(primitive.partials).parameters)[1:]


def partials(primitive: Primitive) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]:
    """The operands' names, the partial derivatives as formulas, and formulas that got a name."""
    names = operand_names(primitive)
    letters = (letter for letter in string.ascii_lowercase if letter not in (*names, "z"))
    called: dict[str, str] = {}
    while True:
        formulas, uses = traced(primitive, names, called)
        long = (text for text, n in uses.items() if (n - 1) * len(text) > SAVING)
        repeated = next(long, None)
        if repeated is None:
            break
        called[repeated] = next(letters)
    definitions = {name: with_named_numbers(text) for text, name in called.items()}
    return names, tuple(map(with_named_numbers, formulas)), definitions


def traced(
    primitive: Primitive, names: tuple[str, ...], called: dict[str, str]
) -> tuple[list[str], Counter[str]]:
    """The partial derivatives as text, and how often each formula in them is an operand."""
    uses: Counter[str] = Counter()
    answers: dict[str, bool] = {}

    class Formula(Symbol):
        """A symbol that counts its uses, may be called by a name, and is true unless told."""

        __slots__ = ()

        @classmethod
        def apply(cls, primitive: Primitive, *operands: Any) -> Symbol:
            uses.update(x.text for x in operands if isinstance(x, Symbol) and len(x.text) > 1)
            formula = super().apply(primitive, *operands)
            name = called.get(formula.text)
            return cls(name, ATOM) if name else formula

        def __bool__(self) -> bool:
            return answers.setdefault(self.text, True)

    def formulas() -> list[str]:
        result = primitive.partials(Formula("z"), *map(Formula, names))
        return [f"{x:g}" if isinstance(x, float) else str(x) for x in result]

    found = formulas()
    counted = uses.copy()
    conditional = list(found)
    for condition in list(answers):
        answers[condition] = False
        for index, (yes, no) in enumerate(zip(found, formulas(), strict=True)):
            # The first condition says it: the others are the same by arithmetic, as 1 * x**0 is 1.
            if yes != no and conditional[index] == yes:
                conditional[index] = f"{yes} if {condition} else {no}"
        answers[condition] = True
    return conditional, counted


def with_named_numbers(formula: str) -> str:
    """The formula with `LN_2` for 0.6931471805599453, and so on."""
    for number, name in named_numbers().items():
        formula = formula.replace(number, name)
    return formula


def written(name: str) -> dict[str, str]:
    """Arguments of a row as they stand in the source; of a function in place its body."""
    calls = (node for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Call))
    row = next(call for call in calls if call.args and ast.unparse(call.args[0]) == repr(name))
    found = {"value": row.args[2]} | {keyword.arg or "": keyword.value for keyword in row.keywords}
    return {key: ast.unparse(body(tree)) for key, tree in found.items()}


def body(tree: ast.expr) -> ast.expr:
    """What a function in place returns; anything else as it is."""
    return tree.body if isinstance(tree, ast.Lambda) else tree


def where_differentiable(primitive: Primitive, names: tuple[str, ...]) -> Iterator[str]:
    """The domain in words."""
    intervals = dict(zip(names, primitive.domain, strict=False))
    limits = [limit(name, *interval) for name, interval in intervals.items()]
    kink = primitive.kink and f"{code(written(primitive.name)['kink'])} ≠ 0"
    yield from [*(code(text) for text in limits if text), *filter(None, [kink])] or ["everywhere"]


def limit(name: str, low: float, high: float) -> str:
    """An open interval as an inequality; nothing for the real line.

    >>> limit("x", 0.0, math.inf), limit("x", -1.0, 1.0), limit("x", -math.inf, math.inf)
    ('x > 0', '-1 < x < 1', '')
    """
    ends = {math.pi / 2: "π/2", -math.pi / 2: "-π/2"}
    below, above = (ends.get(end, f"{end:g}") for end in (low, high))
    if math.isinf(high):
        return "" if math.isinf(low) else f"{name} > {below}"
    return f"{below} < {name} < {above}"
