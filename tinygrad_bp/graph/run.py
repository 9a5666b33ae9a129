"""The one evaluator: instructions carried out on any kind of number.

>>> from fractions import Fraction
>>> from tinygrad_bp import add, multiply
>>> run([(multiply, (0, 0)), (add, (1, 0))], [3.0])
[3.0, 9.0, 12.0]
>>> thirds = Arithmetic(lambda operation: lambda *operands: sum(operands) / 3, Fraction)
>>> run([(multiply, (0, 0))], [Fraction(1)], thirds)[-1]
Fraction(2, 3)
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tinygrad_bp.rows.primitive import Primitive


class Arithmetic(NamedTuple):
    """How operations are carried out on a kind of number."""

    function: Callable[[Primitive], Callable[..., Any]]
    """What an operation is on such numbers."""
    number: Callable[[float], Any]
    """A float as such a number."""


FLOATS = Arithmetic(operator.attrgetter("value"), float)
ANY = Arithmetic(lambda operation: operation, float)
"""Whatever operands an operation takes: `Value`s, arrays, formulas."""


def run(
    instructions: Iterable[tuple[Primitive, Sequence[int]]],
    numbers: Iterable[Any],
    arithmetic: Arithmetic = FLOATS,
) -> list[Any]:
    """The numbers and, after them, what each instruction gives for those at its places."""
    slots, function = list(numbers), arithmetic.function
    for operation, places in instructions:
        slots.append(function(operation)(*[slots[place] for place in places]))
    return slots


def result(
    operation: Primitive | None, operands: Sequence[Any], arithmetic: Arithmetic = FLOATS
) -> Any:
    """What one operation gives."""
    assert operation is not None  # noqa: S101  # a leaf has no operands
    return run([(operation, range(len(operands)))], operands, arithmetic)[-1]


def numbers_of(
    nodes: Sequence[Any], given: Mapping[Any, Any], arithmetic: Arithmetic = FLOATS
) -> dict[Any, Any]:
    """What each of the nodes is, in topological order, from what is given in place of some.

    Operands that are neither among the nodes nor given keep the number that they have.
    """
    operations = [node for node in nodes if node.parents and node not in given]
    made, known = set(operations), dict(given)
    for node in (*nodes, *(parent for operation in operations for parent in operation.parents)):
        if node not in made and node not in known:
            known[node] = arithmetic.number(node._data)
    place = {node: i for i, node in enumerate((*known, *operations))}
    instructions = [(node.op, [place[parent] for parent in node.parents]) for node in operations]
    return dict(zip(place, run(instructions, known.values(), arithmetic), strict=True))
