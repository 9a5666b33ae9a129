"""Hypothesis strategies: values, expressions, inputs, networks, data sets, trainings.

>>> from hypothesis import given
>>> from tinygrad_bp import gradient, jvp
>>> from tinygrad_bp.check.programs import strategies
>>> @given(strategies.expressions(["sin", "multiply"]))
... def test_backward_is_forward(expression):
...     x, *_ = inputs = expression.values()
...     along_x = [float(value is x) for value in inputs]
...     _, forward = jvp(expression, expression.inputs, along_x)
...     assert abs(gradient(expression(*inputs), x) - forward) < 1e-6
>>> test_backward_is_forward()

They need Hypothesis: `pip install 'tinygrad_bp[check]'`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, get_args

from tinygrad_bp.basics.optional import hypothesis
from tinygrad_bp.check.programs.builder import Builder, Kinks, Limits, is_at_home
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.floats import numbers
from tinygrad_bp.check.programs.learning import datasets, networks, training_runs
from tinygrad_bp.check.programs.printout import Printout
from tinygrad_bp.check.programs.rows import WRITTEN, chosen, takes_constant
from tinygrad_bp.check.programs.steps import Place
from tinygrad_bp.core.value import Value
from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.rows.primitives import divide, dot, equal, floor_divide, heaviside, sign, where

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "datasets",
    "expressions",
    "inputs_for",
    "networks",
    "training_runs",
    "values",
]

FLAT = {floor_divide, sign, heaviside, equal}
"""No gradient comes through them, so they are rare."""
SMOOTH = {divide}
"""Their kink is a pole: between poles they are smooth."""


def values(
    min_value: float | None = None,
    max_value: float | None = None,
    *,
    allow_nan: bool = False,
    allow_infinity: bool = False,
) -> SearchStrategy[Value]:
    """Leaves with any number; settings as for `hypothesis.strategies.floats`.

    >>> from hypothesis import find
    >>> find(values(1.0), lambda value: value.data > 2.5)
    Value(data=3.0, grad=0.0)

    It is also what `from_type(Value)` gives.
    """
    st = hypothesis().strategies
    leaves: SearchStrategy[Value] = st.floats(
        min_value, max_value, allow_nan=allow_nan, allow_infinity=allow_infinity
    ).map(Value)
    return leaves


def expressions(
    operations: Iterable[Primitive | str] | None = None,
    *,
    kinks: Kinks = "beside",
    max_inputs: int = 3,
    max_steps: int = 12,
    max_depth: int | None = None,
    sharing: bool = True,
    containing: Primitive | str | None = None,
) -> SearchStrategy[Expression]:
    """Expressions, each with inputs at which all its derivatives exist.

    >>> from hypothesis import find
    >>> find(expressions(["exp", "log"]), lambda e: len(e.steps) > 1)
    Expression(lambda x: exp(exp(x)), 0.5)

    What is computed:
      operations  rows of the table, or their names; all built in ones by default. What would
                  lie outside a domain is mapped inside by `tanh`, `softplus`, `atan`, `add`,
                  `subtract` and `multiply`, which occur then, too
      containing  an operation that each of them has, and that its output depends on
      kinks       "none": only operations that are smooth in their domain; "beside": any, away
                  from their kinks; "on": operands lie on kinks, where that can be arranged
    How large it is:
      max_inputs, max_steps   how many; mapping into domains may add steps
      max_depth   the longest way from the output to an input
      sharing     whether a result is used more than once; inputs are in any case

    In a failing test it prints itself as a program, with its table, and saves its picture.
    """
    st = hypothesis().strategies
    rows = _rows(operations, kinks)
    wanted = None if containing is None else chosen([containing])[0]
    limits = Limits(kinks, math.inf if max_depth is None else max_depth, is_tree=not sharing)

    def expression(draw: DrawFn) -> Expression:
        builder = Builder(draw(st.lists(numbers(3.0), min_size=1, max_size=max_inputs)), limits)
        # As many as a number says: a list whose length is left open has two or three.
        count = draw(st.integers(0 if wanted else 1, max_steps))
        plan = draw(st.lists(_steps(rows), min_size=count, max_size=count))
        place = draw(st.integers(0, len(plan))) if wanted else len(plan)
        last = _build(builder, plan[:place])
        if wanted:
            last = _build(builder, [draw(_steps([wanted]))])
        if last is None:
            builder = Builder([0.5], limits)
            last = builder.first(wanted or rows[0])
        _build(builder, plan[place:])
        found = builder.expression(last)
        hypothesis().note(Printout(found))
        return found

    drawn: SearchStrategy[Expression] = st.composite(expression)()
    return drawn


Plan = tuple[Primitive, tuple[Place, ...]]
"""A row, and operands: constants, and nodes as numbered from the last one back."""


def _rows(operations: Iterable[Primitive | str] | None, kinks: Kinks) -> tuple[Primitive, ...]:
    if kinks not in get_args(Kinks):
        raise ValueError(f"kinks must be one of {', '.join(get_args(Kinks))}, got {kinks!r}")
    rows = WRITTEN if operations is None else chosen(operations)
    if kinks == "none":
        rows = tuple(row for row in rows if row.kink is None or row in SMOOTH)
    if not rows:
        raise ValueError("all of these operations have kinks; choose others, or allow kinks")
    return rows


def _steps(rows: Sequence[Primitive]) -> SearchStrategy[Plan]:
    st = hypothesis().strategies
    flowing = [row for row in rows if row not in FLAT] or rows
    row = st.sampled_from(flowing) | st.sampled_from(rows)
    plans: SearchStrategy[Plan] = row.flatmap(_plans)
    return plans


@functools.cache  # Making a strategy takes longer than drawing from it.
def _plans(row: Primitive) -> SearchStrategy[Plan]:
    st = hypothesis().strategies
    sizes = (row.arity,) if row.arity else (2, 4) if row is dot else (1, 2, 3, 5)
    operands = st.one_of([_operands(row, size) for size in sizes])
    plans: SearchStrategy[Plan] = st.tuples(st.just(row), operands)
    return plans


def _operands(row: Primitive, size: int) -> SearchStrategy[tuple[Place, ...]]:
    st = hypothesis().strategies
    # Counted from the last node, so that simple programs are chains.
    nodes, constants = st.just(0) | st.integers(0, 12), numbers(4.0)
    if takes_constant(row):
        return st.tuples(nodes, constants)  # type: ignore[no-any-return]  # imported late
    if row.if_constant:
        return st.tuples(nodes, nodes)  # type: ignore[no-any-return]  # imported late
    if row is where:
        conditions = nodes | st.sampled_from((0.0, 1.0))
        return st.tuples(conditions, nodes, nodes)  # type: ignore[no-any-return]  # imported late
    # Not `nodes | nodes | constants`, of which Hypothesis would drop one.
    others = st.integers(0, 2).flatmap(lambda choice: constants if choice == 2 else nodes)
    straight = st.tuples(nodes, *[others] * (size - 1))
    return straight | straight.map(_turned) if size > 1 else straight  # type: ignore[no-any-return]


def _turned(operands: tuple[Place, ...]) -> tuple[Place, ...]:
    return operands[::-1]


def _build(builder: Builder, plan: Iterable[Plan]) -> int | None:
    """Take the steps that fit; the last of their nodes."""
    last = None
    for row, operands in plan:
        count = len(builder.numbers)
        nodes = [(count - 1 - o) % count if isinstance(o, int) else o for o in operands]
        # In place of results the inputs, if that is too deep or too large.
        made = builder.try_step(row, nodes)
        if made is None:
            made = builder.try_step(
                row, [o % builder.inputs if isinstance(o, int) else o for o in nodes]
            )
        last = last if made is None else made
    return last


def inputs_for(expression: Expression) -> SearchStrategy[tuple[float, ...]]:
    """Other inputs at which all derivatives of the expression exist, too.

    >>> from hypothesis import find
    >>> root = Expression(lambda x: x.log() + (4 - x).sqrt(), 1.0)
    >>> find(inputs_for(root), lambda inputs: inputs[0] > 3.5)
    (3.75,)

    Drawn around its own inputs, and where that is outside of a domain, halfway back, until it
    is inside.
    """
    st = hypothesis().strategies
    offsets = st.tuples(*[numbers(4.0).map(lambda x: x - 0.5) for _ in expression.inputs])
    inputs: SearchStrategy[tuple[float, ...]] = offsets.map(
        lambda steps: _halfway_back(expression, steps)
    )
    return inputs


def _halfway_back(expression: Expression, offsets: Sequence[float]) -> tuple[float, ...]:
    part = 1.0
    while part > 1e-6:
        there = tuple(x + part * dx for x, dx in zip(expression.inputs, offsets, strict=True))
        if is_at_home(expression, there):
            return there
        part /= 2.0
    return expression.inputs
