"""A figure of a demo can fail: with a fault in any rule that the demo uses, one of them falls.

The schedules are as short as the figures allow, and what is only looked at is left out.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from itertools import islice
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock, patch

import pytest

import tinygrad_bp as tg
from demos import (
    derivative_by_hand,
    document_000,
    document_001,
    document_002,
    document_003,
    document_004,
    iris,
    one_neuron,
    stepping_in_a_repl,
)
from demos.report import Report, Table, Transcript
from tinygrad_bp.core.value import Value, _quick
from tinygrad_bp.nn.fit import machine_training as training, source_training
from tinygrad_bp.rows.operand import BINARY, Operand
from tinygrad_bp.rows.primitive import BY_NAME, Primitive

Rule = tuple[str, int | None]
"""A row's name, and which of its partials; `None` for its value."""

LOOKED_AT = (
    "course",
    "draw",
    "errors_on_the_way",
    "graphs",
    "linted",
    "loss_curve",
    "one_mistake_table",
    "opened",
    "plot",
    "plot_history",
    "plot_regions",
    "regions",
    "trained_step_by_step",
)
"""Functions of the demos whose results are pictures, or tables without a figure."""

FAILURES = (ArithmeticError, ValueError, AssertionError, RuntimeError)

folds = iris.folds


def one_fold(*arguments: Any, **settings: Any) -> Iterator[Any]:
    return islice(folds(*arguments, **settings), 1)


SHORTER: dict[ModuleType, dict[str, Any]] = {
    document_001: {"EPOCHS": 2},
    document_002: {"EPOCHS": 2},
    document_004: {"GOOD_EPOCHS": 2},
}
DEMOS: dict[str, tuple[ModuleType, Callable[[], Report]]] = {
    "000": (document_000, partial(document_000.main, epochs=1)),
    "001": (document_001, document_001.main),
    "002": (document_002, document_002.main),
    "003": (document_003, partial(document_003.main, epochs=1)),
    "004": (document_004, partial(document_004.main, epochs=2)),
    "derivative_by_hand": (derivative_by_hand, derivative_by_hand.main),
    "one_neuron": (one_neuron, one_neuron.main),
    "stepping_in_a_repl": (stepping_in_a_repl, stepping_in_a_repl.main),
}


@pytest.mark.parametrize("demo", DEMOS)
def test_a_fault_in_any_rule_that_a_demo_uses_makes_a_figure_fall(demo: str) -> None:
    sound = report(demo)
    rules = rules_asked(demo)
    unseen = [rule for rule in rules if not falls(demo, rule, sound)]

    assert any(claim.holds for claim in sound.claims)
    assert rules
    assert [rule for rule in unseen if matters(demo, rule, sound)] == []


@pytest.mark.parametrize("demo", DEMOS)
def test_a_sound_engine_makes_none_fall(demo: str) -> None:
    assert not any(lost(report(demo), report(demo)))


def falls(demo: str, rule: Rule, sound: Report) -> bool:
    """Whether a figure that holds falls under the fault, or the demo cannot even finish."""
    with planted(*faulty(rule, a_little)):
        try:
            return any(lost(sound, report(demo)))
        except FAILURES:
            return True


def matters(demo: str, rule: Rule, sound: Report) -> bool:
    """Whether anything in the report changes where the rule gives nan.

    A constant operand's partial is asked for with the others, and goes nowhere; and a tape that
    differs from the eager run is not used.
    """
    with planted(*faulty(rule, lambda _: math.nan)):
        try:
            return words(report(demo)) != words(sound)
        except FAILURES:
            return True


def lost(sound: Report, now: Report) -> list[bool]:
    """For each claim, whether it held and does no more."""
    pairs = zip(sound.claims, now.claims, strict=True)
    return [before.holds and not after.holds for before, after in pairs]


def words(report: Report) -> list[object]:
    """What a report says in text: its claims, numbers, tables and sessions."""
    tables = [part.rows for part in report.parts if isinstance(part, Table)]
    sessions = [part.text for part in report.parts if isinstance(part, Transcript)]
    return [report.claims, sorted(report.numbers.items()), str(tables), sessions]


def a_little(number: Any) -> Any:
    """A thousandth more."""
    return number * 1.001


def report(demo: str) -> Report:
    """The short demo's, where nothing is used that was compiled before."""
    module, main = DEMOS[demo]
    training.forget()
    source_training.functions.clear()
    with warnings.catch_warnings(), ExitStack() as stack:
        for name in LOOKED_AT:
            if hasattr(module, name):
                stack.enter_context(patch.object(module, name, MagicMock()))
        for name, value in SHORTER.get(module, {}).items():
            stack.enter_context(patch.object(module, name, value))
        stack.enter_context(patch.object(iris, "folds", one_fold))
        if module is document_004:
            anew = tg.compile(document_004.step_as_written.__wrapped__)
            stack.enter_context(patch.object(document_004, "step_as_written", anew))
        warnings.simplefilter("ignore")  # that a tape differs from its source, of which it is true
        return main()


@cache
def rules_asked(demo: str) -> list[Rule]:
    """Every value and every partial that the engine asks a row for, in a run of the demo."""
    used: set[Rule] = set()
    with ExitStack() as stack:
        for row in list(BY_NAME.values()):
            stack.enter_context(planted(row, *watched(row, used)))
        report(demo)
    return sorted(used, key=str)


def watched(row: Primitive, used: set[Rule]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The row's value and its partials, which note that they are asked for."""
    value, partials = row.value, row.partials

    def noting_value(*xs: Any) -> Any:
        used.add((row.name, None))
        return value(*xs)

    def noting_partials(z: Any, *xs: Any) -> tuple[Any, ...]:
        found = partials(z, *xs)
        used.update((row.name, i) for i, p in enumerate(found[:4]) if p is not None)
        return found

    return noting_value, noting_partials


def faulty(
    rule: Rule, wrong: Callable[[Any], Any]
) -> tuple[Primitive, Callable[..., Any], Callable[..., Any]]:
    """The row with its value, or one of its partials, made wrong."""
    name, which = rule
    row = BY_NAME[name]
    value, partials = row.value, row.partials
    if which is None:
        # Of a truth, which is only asked whether it is 0, the opposite.
        wrong = (lambda truth: 1.0 - truth) if name == "equal" else wrong
        return row, lambda *xs: wrong(value(*xs)), partials

    def wrong_partials(z: Any, *xs: Any) -> tuple[Any, ...]:
        return tuple(wrong(p) if i == which else p for i, p in enumerate(partials(z, *xs)))

    return row, value, wrong_partials


@contextmanager
def planted(
    row: Primitive, value: Callable[..., Any], partials: Callable[..., Any]
) -> Iterator[None]:
    """Another value and other partials in a row of the table, and in the operator that has it."""
    before = row.value, row.partials
    put(row, value, partials)
    try:
        yield
    finally:
        put(row, *before)


def put(row: Primitive, value: Callable[..., Any], partials: Callable[..., Any]) -> None:
    object.__setattr__(row, "value", value)  # A row is frozen, and this is a fault.
    object.__setattr__(row, "partials", partials)
    for name, operator in vars(Operand).items():
        if BINARY.get(operator) is row:
            setattr(Value, name, _quick(row))
