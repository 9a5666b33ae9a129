"""The node at fault: each operation's rule checked on its own, at the numbers it was given."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinygrad_bp.check.local import is_known, slope
from tinygrad_bp.check.optional import mpmath
from tinygrad_bp.check.slopes import SAFETY, Slope
from tinygrad_bp.check.subject import Graph, engine_derivatives
from tinygrad_bp.graph import topological_order
from tinygrad_bp.modes import source_line
from tinygrad_bp.primitive import Primitive
from tinygrad_bp.sweep import adjoints, local_partials
from tinygrad_bp.value import Value

EPSILON = sys.float_info.epsilon
DIGITS_KEPT = 1e-10
"""How far a rule may be off, as a share of the truth; a rule that is right is off by 1e-15."""


@dataclass(frozen=True)
class Culprit:
    """A rule that does not give the derivative of its operation."""

    operation: Primitive
    operands: tuple[float, ...]
    by: tuple[int, ...]
    """By which operands it differentiates, counted from 0: one for each order."""
    gave: float | None
    true: float
    bar: float
    where: str
    """The line that made the node, as far as it is known."""
    label: str

    def __str__(self) -> str:
        count = len(self.operands)
        names = list("xyuv"[:count]) if count <= 4 else [f"x{i}" for i in range(count)]
        pairs = zip(names, self.operands, strict=True)
        given = ", ".join(f"{name} = {number!r}" for name, number in pairs)
        if count > 4:
            given = f"{count} operands"
        order = {1: "", 2: " second", 3: " third"}[len(self.by)]
        by = " and ".join(names[i] for i in self.by)
        gave = "no gradient" if self.gave is None else repr(self.gave)
        label = f" ({self.label})" if self.label else ""
        return (
            f"{self.operation.name}{label}: {self.operation.write(*names)} at {given}\n"
            f"its rule gives {gave} as{order} derivative by {by}, true is {self.true!r}"
            f"{_compared(self.gave, self.true)}\n{self.where}"
        )


def _compared(gave: float | None, true: float) -> str:
    if not gave or not true or not math.isfinite(gave / true):
        return ""
    ratio = gave / true
    return ": the sign is wrong" if ratio == -1.0 else f": {ratio:.6g} times as much"


def culprits(graph: Graph, order: int = 1) -> Iterator[tuple[Value, Culprit]]:
    """The nodes whose rules are wrong where the output depends on them, from the output back.

    Where first derivatives are right, as many more as the order says are looked at.
    """
    nodes = topological_order(graph.output)
    reached = adjoints(nodes, {graph.output: 1.0})
    wanted = [node for node in reversed(nodes) if node in reached and not node.is_leaf]
    for size in range(1, order + 1):
        found = ((node, culprit) for node in wanted for culprit in _wrong(node, size))
        first = next(found, None)
        if first:
            yield first
            yield from found
            return


def _wrong(node: Value, order: int) -> Iterator[Culprit]:
    operation, operands = node.op, [parent._data for parent in node.parents]
    assert operation is not None  # noqa: S101  # it is no leaf
    if not all(map(math.isfinite, [*operands, node._data])):
        return
    free = [i for i, parent in enumerate(node.parents) if not parent.is_constant]
    gave = _given(node, free, order)
    for by in itertools.product(free, repeat=order):
        true = _sure_slope(operation, operands, by)
        if not true.is_kink and not _is_close(gave[by], true, operation, operands, by):
            line = source_line(node)
            yield Culprit(
                operation,
                tuple(operands),
                by,
                gave[by],
                float(true.value),
                float(true.bar),
                str(line or ""),
                node.label,
            )


def _given(node: Value, free: Sequence[int], order: int) -> dict[tuple[int, ...], float | None]:
    if order == 1:
        partials = local_partials(node)
        return {(i,): partials[i] for i in free}
    leaves = {i: Value(node.parents[i]._data) for i in free}
    operands = [leaves.get(i, parent) for i, parent in enumerate(node.parents)]
    assert node.op is not None  # noqa: S101  # it is no leaf
    again = Value.apply(node.op, *operands)
    found = engine_derivatives(Graph(again, tuple(leaves.values())), order)
    return dict(zip(itertools.product(free, repeat=order), found, strict=True))


def _sure_slope(operation: Primitive, operands: Sequence[float], by: Sequence[int]) -> Slope:
    """With so many digits that it stands out from what they leave off.

    The slope of tanh at 90 is the 78th digit of its value.
    """
    found = slope(operation, operands, *by)
    for more in (440, 1200) if is_known(operation) else ():
        if found.is_kink or found.bar <= DIGITS_KEPT * abs(found.value):
            break
        with mpmath().workdps(more):
            found = slope(operation, operands, *by)
    return found


def _is_close(
    gave: float | None,
    true: Slope,
    operation: Primitive,
    operands: Sequence[float],
    by: tuple[int, ...],
) -> bool:
    found, exact = gave or 0.0, float(true.value)
    if math.isinf(exact) or math.isnan(found):
        return found == exact
    off = abs(found - exact)
    allowed = DIGITS_KEPT * abs(exact) + SAFETY * float(true.bar) + sys.float_info.min
    if off <= allowed or not is_known(operation):
        return off <= allowed
    # Near a root of the derivative the rounding of the operands is all that counts.
    for index, x in enumerate(operands):
        moved = [*operands[:index], x * (1.0 + 2.0**-20), *operands[index + 1 :]]
        beside = _sure_slope(operation, moved, by)
        if not beside.is_kink:
            allowed += 16.0 * EPSILON * 2.0**20 * abs(float(beside.value) - exact)
    return off <= allowed
