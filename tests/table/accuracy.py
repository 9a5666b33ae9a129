"""`python3 -m tests.table.accuracy` measures every row and writes docs/accuracy.md.

A number after it says how many points a row gets at least, 400 if there is none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.page import put_section
from tests.table.edges import edge_points
from tests.table.truths import points
from tests.table.units import EXCEPTIONS, LIMITS, Error, errors
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.rows.primitive import Primitive

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
COMMAND = "python3 -m tests.table.accuracy"


def main(arguments: Sequence[str]) -> int:
    """Measure, write, and say how many errors are not explained."""
    count = int(arguments[0]) if arguments else 400
    found = {name: measured(row, count) for name, row in ROWS.items()}
    put_section(PAGE, COMMAND, "\n".join([*table(found), "", *exceptions(found)]))
    wrong = [
        (name, error) for name, row in found.items() for error in row if error.units > error.allowed
    ]
    for name, error in wrong:
        sys.stdout.write(f"{name} {error}\n")
    return 1 if wrong else 0


def measured(row: Primitive, count: int) -> list[Error]:
    """All errors of a row."""
    return list(errors(row, points(row, count) + edge_points(row, count // 10)))


def table(found: dict[str, list[Error]]) -> Iterable[str]:
    """The worst errors of each row where no exception counts."""
    total = sum(map(len, found.values()))
    yield f"{len(found)} rows, {total:,} values and partials compared.\n"
    yield "| row | compared | value, units | partials, units |"
    yield "| --- | --- | --- | --- |"
    for name, row in found.items():
        plain = [error for error in row if error.allowed == error.limit]
        value = worst(error for error in plain if error.operand is None)
        partial = worst(error for error in plain if error.operand is not None)
        yield f"| `{name}` | {len(row):,} | {value} | {partial} |"


def exceptions(found: dict[str, list[Error]]) -> Iterable[str]:
    """The worst error of each exception, and how much of what it allows it takes."""
    yield "| exception | reason | worst, units | of what is allowed |"
    yield "| --- | --- | --- | --- |"
    for (name, order), excuse in EXCEPTIONS.items():
        excused = [
            error
            for error in found[name]
            if (error.operand is not None) == bool(order) and error.allowed > LIMITS[order]
        ]
        share = max((e.units / e.allowed for e in excused if e.units), default=0.0)
        what = "partials" if order else "value"
        yield f"| `{name}`, {what} | {excuse.why} | {worst(excused)} | {share:.0%} |"


def worst(errors: Iterable[Error]) -> str:
    """The largest error, in words that a table can hold."""
    largest = max((error.units for error in errors), default=None)
    return "" if largest is None else f"{largest:.2f}" if largest < 1000 else f"{largest:.1e}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
