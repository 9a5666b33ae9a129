"""Random expressions by the million: what `strategies.expressions` draws, without its search."""

from __future__ import annotations

import random

from tinygrad_bp.check.programs.builder import Builder, Limits
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.rows import ROWS, takes_constant
from tinygrad_bp.check.programs.steps import Place
from tinygrad_bp.rows.primitive import Primitive

LIMITS = Limits()
MOST_INPUTS, MOST_STEPS = 3, 16
FLAT = {"floor_divide", "sign", "heaviside", "equal"}
"""No gradient comes through them, so they are rare."""
TABLE = [row for name, row in ROWS.items() for _ in range(1 if name in FLAT else 8)]


def expression(seed: int) -> Expression:
    """The expression of that number: the same on every machine."""
    rng = random.Random(seed)
    builder = Builder([_number(rng, 3.0) for _ in range(rng.randint(1, MOST_INPUTS))], LIMITS)
    for _ in range(rng.randint(1, MOST_STEPS)):
        row = rng.choice(TABLE)
        builder.try_step(row, _operands(rng, row, builder))
    # Their sum, so that the output depends on all that was computed.
    total = builder.try_step(ROWS["sum"], _unused(builder))
    return builder.expression(builder.first(ROWS["sin"]) if total is None else total)


def _operands(rng: random.Random, row: Primitive, builder: Builder) -> list[Place]:
    size = row.arity or rng.choice((2, 4) if row.name == "dot" else (1, 2, 3, 5))
    nodes = range(len(builder.numbers))
    # What nothing uses yet is likelier, so that the output depends on most of it.
    free = _unused(builder) or nodes
    places: list[Place] = [rng.choice(rng.choice((free, nodes))) for _ in range(size)]
    if takes_constant(row):
        return [places[0], _number(rng, 4.0)]
    if not row.if_constant:
        one = rng.randrange(size)
        places = [
            _number(rng, 4.0) if place != one and rng.random() < 0.2 else places[place]
            for place in range(size)
        ]
    return places


def _unused(builder: Builder) -> list[Place]:
    used = {node for step in builder.steps for node in step.nodes}
    return [node for node in range(len(builder.numbers)) if node not in used]


def _number(rng: random.Random, size: float) -> float:
    """Millionths, since what is smaller vanishes in a sum."""
    return round(rng.uniform(-size, size) * 2.0**20) / 2.0**20
