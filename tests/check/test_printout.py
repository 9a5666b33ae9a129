"""What a failing test prints: the smallest expression, as a program, with table and picture."""

from __future__ import annotations

import sys
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import find, given, settings

from tests.check.planted import gradient_with, right_gradient
from tests.table.mutations import WRONG_PARTIAL
from tinygrad_bp import Value
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.printout import Printout
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.check.programs.strategies import expressions


@pytest.mark.parametrize(
    ("row", "smallest"),
    [
        ("sin", "Expression(lambda x: sin(x), 0.5)"),
        ("log", "Expression(lambda x: log(x), 0.5)"),
        ("acosh", "Expression(lambda x: acosh(x), 1.6)"),
        ("relu", "Expression(lambda x: relu(x), 0.5)"),
        ("prod", "Expression(lambda x: prod(x), 0.5)"),
    ],
)
def test_wrong_rule_shrinks_to_one_operation(row: str, smallest: str) -> None:
    wrong = WRONG_PARTIAL["sign flipped"](ROWS[row], 0)

    found = find(
        expressions(containing=row), lambda e: gradient_with(wrong, e) != right_gradient(e)
    )

    assert repr(found) == smallest


def test_wrong_rule_is_found_among_others_and_shrinks() -> None:
    wrong = WRONG_PARTIAL["one millionth too large"](ROWS["log1p"], 0)

    said = message_of(
        lambda expression: gradient_with(wrong, expression) == right_gradient(expression)
    )

    assert "expression=Expression(lambda x: log1p(x), 0.5)" in said


def test_failing_test_prints_a_program_with_its_table_and_picture() -> None:
    said = message_of(lambda expression: not expression.steps)
    program, _, picture = said.partition("# its picture: ")
    path = Path(urllib.request.url2pathname(urllib.parse.urlparse(picture.split()[0]).path))
    names: dict[str, Any] = {}
    exec(program[program.index("from tinygrad_bp") :], names)

    assert "# slot" in program
    assert isinstance(names["output"], Value)
    assert path.read_text(encoding="utf-8").startswith("<svg")


def message_of(holds: Callable[[Expression], bool]) -> str:
    """What Hypothesis says of a property of all expressions that does not hold."""

    @settings(database=None)
    @given(expressions(["add", "multiply", "sin", "log1p", "sqrt"]))
    def has_property(expression: Expression) -> None:
        assert holds(expression)

    with pytest.raises(AssertionError) as caught:
        has_property()
    return "\n".join(caught.value.__notes__)


def test_report_of_what_cannot_be_computed_is_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(z: float, x: float) -> Any:
        raise LookupError("no rule")

    expression = Expression(lambda x: x.sin(), 0.5)
    monkeypatch.setitem(
        sys.modules["tinygrad_bp.rows.primitive"].BY_NAME,
        "sin",
        replace(ROWS["sin"], partials=broken),
    )

    assert repr(Printout(expression)).endswith(
        "# neither table nor picture: LookupError('no rule')\n"
    )


def test_without_hypothesis_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)

    with pytest.raises(ModuleNotFoundError, match=r"pip install 'tinygrad_bp\[check\]'"):
        expressions()
