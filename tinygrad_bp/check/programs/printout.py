"""What a failing test says about an expression: a program, its table, and its picture."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.truth.faults import FAULTS
from tinygrad_bp.tape.record import tape_of


class Printout:
    """Says it when it is printed, which Hypothesis does for the smallest failing example alone."""

    def __init__(self, expression: Expression) -> None:
        self._expression = expression

    def __repr__(self) -> str:
        program = str(self._expression)
        try:
            return program + _table(self._expression) + _picture(self._expression)
        # It is about a failure, and the failure may be just that this cannot be computed.
        except FAULTS as error:
            return f"{program}# neither table nor picture: {error!r}\n"


def _table(expression: Expression) -> str:
    leaves = expression.values()
    tape = tape_of(expression(*leaves), tuple(leaves), ())
    lines = tape.table(*expression.inputs, adjoint=True).splitlines()
    return "".join(f"# {line}\n" for line in lines)


def _picture(expression: Expression) -> str:
    name = hashlib.sha256(repr(expression).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir(), "tinygrad_bp")
    path = expression.draw().save_svg(folder / f"{name}.svg")
    return f"# its picture: {path.as_uri()}\n"
