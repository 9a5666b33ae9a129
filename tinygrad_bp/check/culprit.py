"""The node at fault: each operation's rule checked on its own, at the numbers it was given."""

from __future__ import annotations

import functools
import itertools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.basics.optional import mpmath
from tinygrad_bp.check.truth.local import exact_values, is_known, slope
from tinygrad_bp.check.truth.slopes import DEEPER, SAFETY, Slope
from tinygrad_bp.check.truth.subject import REFUSALS, Graph, engine_derivatives
from tinygrad_bp.core.functional import gradient
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.modes import source_line
from tinygrad_bp.graph.sweep import adjoints, local_partials
from tinygrad_bp.rows.primitive import Primitive, operand_names

DIGITS_KEPT = 1e-10
"""How far a rule may be off, as a share of the truth; a rule that is right is off by 1e-15."""
MOVED = 2.0**-20
"""By how much of an operand a derivative is looked at beside it."""


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

    @property
    def said(self) -> str:
        """What the rule gives, and what is true."""
        order = {1: "", 2: " second", 3: " third"}[len(self.by)]
        names = operand_names(len(self.operands))
        by = " and ".join(names[i] for i in self.by)
        gave = "no gradient" if self.gave is None else repr(self.gave)
        return (
            f"its rule gives {gave} as{order} derivative by {by}, true is {self.true!r}"
            f"{_compared(self.gave, self.true)}"
        )

    def __str__(self) -> str:
        count, names = len(self.operands), operand_names(len(self.operands))
        pairs = zip(names, self.operands, strict=True)
        given = ", ".join(f"{name} = {number!r}" for name, number in pairs)
        if count > 4:
            given = f"{count} operands"
        label = f" ({visible(self.label)})" if self.label else ""
        return (
            f"{self.operation.name}{label}: {self.operation.write(*names)} at {given}\n"
            f"{self.said}\n{self.where}"
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
        found = ((node, culprit) for node in wanted for culprit in wrong_rules(node, size))
        first = next(found, None)
        if first:
            yield first
            yield from found
            return


def wrong_rules(
    node: Value, order: int, *, relative: float = DIGITS_KEPT, absolute: float = sys.float_info.min
) -> Iterator[Culprit]:
    """The derivatives of that order in which a node's rule is farther off than is allowed.

    By each operand first and each other one next: these come from different partials.
    """
    operation, operands = node.op, tuple(parent._data for parent in node.parents)
    assert operation is not None  # noqa: S101  # it is no leaf
    if not all(map(math.isfinite, [*operands, node._data])):
        return
    free = [i for i, parent in enumerate(node.parents) if not parent.is_constant]
    measure = _Measure(operation, operands, relative, absolute)
    for by, gave in _given(node, free, order).items():
        true = measure.truth_unless_right(gave or 0.0, by)
        if true is not None and not _is_rounding(node, by, gave, true):
            where = str(source_line(node) or "")
            exact, bar = float(true.value), float(true.bar)
            yield Culprit(operation, operands, by, gave, exact, bar, where, node.label)


def _is_rounding(node: Value, by: Sequence[int], gave: float | None, true: Slope) -> bool:
    """Whether the rule is right, and only floats are too coarse for it, or too small.

    hypot(5e-324, 5e-324) is 5e-324 among floats, so that the rule x / z gives 1, not 0.7. The same
    rule among numbers of many digits gives what is true.
    """
    assert node.op is not None  # noqa: S101  # it is no leaf
    if gave is None or not is_known(node.op):
        return False
    leaves = [Value(parent._data) for parent in node.parents]
    free = {i: leaf if i in by else leaf._data for i, leaf in enumerate(leaves)}
    try:
        rule: Any = Value.apply(node.op, *free.values())
        for index in by:
            (rule,) = gradient(rule, [leaves[index]], create_graph=True)
    except REFUSALS:
        return False
    mp = mpmath()
    with mp.workdps(DEEPER[1][-1]):
        exact = exact_values(topological_order(rule))[rule]
        is_right = abs(exact - true.value) <= DIGITS_KEPT * abs(true.value)
    return bool(is_right) and (rule._data == gave or math.isnan(gave))


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


@dataclass(frozen=True)
class _Measure:
    """An operation at some operands, and how far a derivative of it may be off there."""

    operation: Primitive
    operands: tuple[float, ...]
    relative: float
    absolute: float

    def truth_unless_right(self, gave: float, by: Sequence[int]) -> Slope | None:
        """What the rule should have given; `None` where that is what it gave."""
        is_higher = len(by) > 1
        for digits in (0, *DEEPER[len(by)]) if is_known(self.operation) else (0,):
            true = self._slope(digits, *sorted(by))
            # A slope of 0 proves nothing yet: exp(1e-300) looks flat to 300 digits. But most of
            # higher orders are 0, and these are not looked at that far out.
            if (is_higher or true.value != 0) and self._allows(gave, true):
                return None
            if is_higher and true.bar <= self.relative * abs(true.value):
                break
        return None if self._allows(gave, true, self._of_operands(digits, by)) else true

    @functools.cached_property
    def _slope(self) -> Callable[..., Slope]:
        """From a number of digits, and by what, to the derivative; each is computed once."""

        @functools.cache
        def found(digits: int, *by: int) -> Slope:
            if not digits:
                return slope(self.operation, self.operands, *by)
            with mpmath().workdps(digits):
                return slope(self.operation, self.operands, *by)

        return found

    def _allows(self, gave: float, true: Slope, slack: float = 0.0) -> bool:
        """Whether a rule may give that; where the sides differ or nothing is known, anything."""
        exact = float(true.value)
        if math.isnan(exact):
            return True
        if true.is_kink or math.isinf(exact) or math.isnan(gave):
            return true.is_kink or gave == exact
        known_to = SAFETY * float(true.bar)
        return abs(gave - exact) <= self.relative * abs(exact) + self.absolute + known_to + slack

    def _of_operands(self, digits: int, by: Sequence[int]) -> float:
        """What the rounding of operands does, which near a root of the derivative is all."""
        if not is_known(self.operation):
            return 0.0
        xs, true = self.operands, self._slope(digits, *sorted(by))
        moved = [(*xs[:i], x * (1.0 + MOVED), *xs[i + 1 :]) for i, x in enumerate(xs)]
        beside = [replace(self, operands=operands)._slope(digits, *by) for operands in moved]
        changes = sum(float(abs(one.value - true.value)) for one in beside if not one.is_kink)
        return 16.0 * sys.float_info.epsilon * changes / MOVED
