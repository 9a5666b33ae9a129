"""`provenance`: which uses of a value its gradient came from, in the order in which they arrived.

>>> from tinygrad_bp import Value
>>> x = Value(3.0, label="x")
>>> y = x * x - 2 * x
>>> provenance(y, x, names={"y": y})
dy/dx = -2 + 3 + 3 = 4, 3 uses in the order of arrival:
    step 6   v2 = 2 * x   dy/dv2 · ∂v2/∂x = (-1)·2 = -2   sum -2
    step 7   v1 = x * x   dy/dv1 · ∂v1/∂x = 1·3    = 3    sum 1
    step 7   v1 = x * x   dy/dv1 · ∂v1/∂x = 1·3    = 3    sum 4
    x.grad is 0: backward has not stored this.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tinygrad_bp.basics.same import same_number
from tinygrad_bp.core.value import Value
from tinygrad_bp.look.walk.narration import STYLES, flow, name_of
from tinygrad_bp.look.walk.trace import Trace
from tinygrad_bp.look.words.formulas import formula, gradient_name, partial_name
from tinygrad_bp.look.words.names import names_of
from tinygrad_bp.look.words.outdated import outdated, remark
from tinygrad_bp.look.words.terminal import Printed
from tinygrad_bp.look.words.text import columns, plain, shortened

__all__ = ["Arrival", "Provenance", "provenance", "provenance_at"]

INDENT = "    "
MOST = 16
"""Uses that are written out."""
MOST_TERMS = 6
"""Uses up to which the headline is a sum."""
MOST_CALLS = 100
"""Calls of `backward` that a gradient is checked against."""
LONGEST = 40
"""Columns of a formula."""


@dataclass(frozen=True)
class Arrival:
    """One use of a value, and what came from it to the value's gradient."""

    user: Value
    """The operation that used the value."""
    position: int
    """The step, counted from 1, in which it arrived: where a stepper can `goto`."""
    upstream: float | None
    """The user's own gradient; `None` where none reached it."""
    partial: float | None
    contribution: float | None
    """Upstream gradient times partial; `None` where nothing flows."""
    total: float | None
    """The value's gradient when this had arrived."""


def provenance(
    output: Value,
    value: Value,
    *,
    seed: float = 1.0,
    names: Mapping[str, object] | None = None,
    digits: int = 4,
) -> Provenance:
    """Where the gradient of the output by a value comes from; it prints as a table.

    >>> w, x = Value(2.0, label="w"), Value(5.0)
    >>> found = provenance(w * x + w, w)
    >>> [arrival.contribution for arrival in found], found.total
    ([1.0, 5.0], 6.0)

    `seed`, `names` and `digits` are as for `step`. A value that the output does not depend on
    has the gradient 0, from nowhere.

    Raises `TypeError` for what is not a `Value`, `ValueError` for a constant.
    """
    _check(value)
    trace = Trace(output, seed)
    trace.goto(len(trace))
    return provenance_at(trace, value, names_of([*trace.nodes, value], names), digits)


def provenance_at(
    trace: Trace, value: Value, names: Mapping[Value, str], digits: int
) -> Provenance:
    """Where the gradient of a value has come from in the steps that are done."""
    _check(value)
    return Provenance(
        trace.output,
        value,
        trace.adjoint.get(value, 0.0),
        tuple(_arrivals(trace, value)),
        value in trace.uses,
        trace.position == len(trace),
        names,
        digits,
        outdated(trace.nodes),
    )


def _check(value: object) -> None:
    if not isinstance(value, Value):
        raise TypeError(f"a gradient is that of a Value, got {type(value).__name__} {value!r}")
    if value.is_constant:
        raise ValueError(f"{value!r} is a constant, which gets no gradient")


def _arrivals(trace: Trace, value: Value) -> Iterator[Arrival]:
    users = (node for node in reversed(trace.operations) if value in set(node.parents))
    for index, user in ((trace.backward_step(user), user) for user in users):
        if index >= trace.position:
            return
        step = trace.step(index)
        for use in step.uses:
            if use.parent is value:
                yield Arrival(
                    user, index + 1, step.upstream, use.partial, use.contribution, use.after
                )


@dataclass(frozen=True, repr=False, eq=False)
class Provenance(Printed):
    """A gradient, and the uses that it came from; a sequence of these."""

    _styles = STYLES

    output: Value
    value: Value
    total: float
    """The gradient of the output by the value, as `backward` finds it."""
    arrivals: tuple[Arrival, ...]
    """In the order in which they were added up."""
    is_reached: bool
    """Whether the output depends on the value."""
    is_complete: bool
    """Whether all steps of the way back are done."""
    names: Mapping[Value, str]
    digits: int
    outdated: tuple[Value, ...]
    """The nodes whose numbers their operands no longer give."""

    def __len__(self) -> int:
        return len(self.arrivals)

    def __iter__(self) -> Iterator[Arrival]:
        return iter(self.arrivals)

    def __getitem__(self, place: int) -> Arrival:
        return self.arrivals[place]

    def _lines(self) -> Iterator[str]:
        yield self._headline()
        if self.arrivals:
            yield from self._table()
        if why := self._remark():
            yield INDENT + why
        if self.outdated:
            yield INDENT + remark(self.outdated, self.names, self.digits)

    def _headline(self) -> str:
        so_far = "" if self.is_complete else " so far"
        derivative = f"{self._derivative(self.value)}{so_far} = "
        count = len(self.arrivals)
        if not self.is_reached:
            return f"{derivative}0: {self._name(self.output)} does not depend on it."
        if self.value is self.output:
            return f"{derivative}{self._number(self.total)}: the seed."
        terms = [one.contribution for one in self.arrivals if one.contribution is not None]
        if 1 < len(terms) <= MOST_TERMS:
            first, *others = terms
            derivative += self._number(first) + "".join(map(self._added, others)) + " = "
        uses = f"{count:,} uses in the order of arrival:" if count > 1 else "from one use:"
        return f"{derivative}{self._number(self.total)}, {uses if count else 'from no use yet.'}"

    def _added(self, number: float) -> str:
        sign = "−" if math.copysign(1.0, number) < 0.0 else "+"
        return f" {sign} {self._number(abs(number))}"

    def _table(self) -> Iterator[str]:
        shown = self.arrivals[:MOST]
        rows = [tuple(self._cells(arrival)) for arrival in shown]
        widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            padded = [
                cell + " " * (width - columns(cell))
                for cell, width in zip(row, widths, strict=True)
            ]
            step, user, chain, product, contribution, total = padded
            line = f"{step}   {user}   {chain}{product}{contribution}   {total}"
            yield f"{INDENT}{line.rstrip()}"
        if len(self.arrivals) > MOST:
            yield f"{INDENT}and {len(self.arrivals) - MOST:,} more"

    def _cells(self, arrival: Arrival) -> Iterator[str]:
        user = arrival.user
        yield f"step {arrival.position:,}"
        written = shortened(formula(user, self.names, self.digits), LONGEST)
        yield f"{self._name(user)} = {written}"
        if arrival.upstream is None or arrival.partial is None or arrival.contribution is None:
            yield from ("nothing flows from here", "", "", "")
            return
        local = partial_name(self._name(user), self._name(self.value))
        yield f"{self._derivative(user)} · {local}"
        yield f" = {flow(arrival.upstream, arrival.partial, self.digits)}"
        yield f" = {self._number(arrival.contribution)}"
        yield f"sum {self._number(arrival.total or 0.0)}" if len(self.arrivals) > 1 else ""

    def _remark(self) -> str:
        """Why `.grad` is another number, if it is."""
        stored, name = self.value.grad, self._name(self.value)
        is_same = same_number(stored, self.total)
        if is_same or not self.is_complete:
            return ""
        start = f"{name}.grad is {self._number(stored)}"
        if stored == 0.0:
            return f"{start}: backward has not stored this."
        if not self.value.is_leaf:
            return f"{start}: it is from another backward."
        if calls := self._calls():
            return f"{start}, {calls} times this: leaves accumulate until zero_grad."
        return f"{start}: leaves accumulate, and other outputs have added to it."

    def _calls(self) -> int:
        """How many calls of `backward` would have left what stands in `.grad`; 0 if none would."""
        stored = 0.0
        for calls in range(1, MOST_CALLS):
            stored += self.total
            if stored == self.value.grad:
                return calls
        return 0

    def _derivative(self, by: Value) -> str:
        return gradient_name(self._name(self.output), self._name(by))

    def _name(self, node: Value) -> str:
        return name_of(node, self.names, self.digits)

    def _number(self, number: float) -> str:
        return plain(number, self.digits)
