"""The rows that stand in the table, without those that a program has registered."""

from __future__ import annotations

from collections.abc import Iterable

from tinygrad_bp.rows.primitive import BY_NAME, Primitive, named
from tinygrad_bp.tape.python.source import PYTHON_NAMES

ROWS: dict[str, Primitive] = {row.name: row for row in PYTHON_NAMES}
"""By name. Not `BY_NAME`, which grows: what is drawn from it would depend on who was there."""

WRITTEN: tuple[Primitive, ...] = tuple(row for row in ROWS.values() if row.spelled is None)
"""Those that people write. The others are formulas with a row of their own, met in derivatives:
their operands are not free, as `sigmoid_slope`'s first is the sigmoid of its second."""


def chosen(operations: Iterable[Primitive | str]) -> tuple[Primitive, ...]:
    """The rows that are meant, each by itself or by its name.

    >>> import tinygrad_bp as tg
    >>> chosen([tg.sin, "sum"])
    (<primitive sin(x)>, <primitive sum(x, y, u, v)>)
    """
    rows = tuple(named(one) if isinstance(one, str) else one for one in operations)
    for row in rows:
        if not isinstance(row, Primitive):
            raise TypeError(
                f"expected operations of the table, or their names, got {row!r}; "
                f"the names are {', '.join(BY_NAME)}"
            )
    if not rows:
        raise ValueError("expected at least one operation, got none")
    return rows


def takes_constant(row: Primitive) -> bool:
    """Whether its last operand is a number by definition, as the exponent of `pow_constant`."""
    with_constant = (other.if_constant for other in BY_NAME.values())
    return any(other is not None and row.name == other.name for other in with_constant)
