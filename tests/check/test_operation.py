"""`check_operation` passes what is right, and each of its parts finds what is wrong."""

# Partials name all operands, needed or not.
# ruff: noqa: ARG005

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable
from typing import Any

import mpmath
import pytest

import tinygrad_bp as tg
from tests.core.test_registry import _what_a_test_registers_is_forgotten as _forgotten  # noqa: F401
from tinygrad_bp import Value, register
from tinygrad_bp.check import check_operation
from tinygrad_bp.check.examination import Examination, Part
from tinygrad_bp.check.programs.points import moderate, points
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.check.truth import truths
from tinygrad_bp.rows import ieee
from tinygrad_bp.rows.primitive import Primitive


@pytest.fixture(autouse=True)
def _truths_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truths, "_OWN", {})


PARTS = [
    *("value", "partials", "second derivatives", "third derivatives", "extremes", "ends"),
    *("special values", "kinks", "source", "machine code"),
]


def wrong_parts(examination: Examination) -> list[str]:
    return [part.name for part in examination.parts if part.findings]


# Their operands are not free: the first of the one is the sigmoid of the second, and the last of
# the other is a small whole number. tests/table looks at them where they are met.
BOUND = {"sigmoid_slope", "power_log"}


@pytest.mark.parametrize("name", sorted(ROWS.keys() - BOUND))
def test_rows_of_the_table_are_right(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # All points of those that are hard, some of the others.
    if name not in ("pow_constant", "floor_divide", "prod", "hypot", "clip"):
        for count, size in (("FEW", 1), ("SOME", 4), ("FAR", 4)):
            monkeypatch.setattr(f"tinygrad_bp.check.operation.{count}", size)

    examination = check_operation(ROWS[name])

    assert examination, examination
    assert [part.name for part in examination.parts] == PARTS


def cubed(**changes: Any) -> Primitive:
    """X cubed, with something changed."""
    facts: dict[str, Any] = {
        "value": lambda x: x * x * x,
        "partials": lambda z, x: (3.0 * x * x,),
        **changes,
    }
    domain, kink = facts.get("domain", ()), facts.get("kink")
    return register("cubed", "cubed({})", facts["value"], facts["partials"], *domain, kink=kink)


def cube(x: Any) -> Any:
    return x**3


def test_own_operation_is_right() -> None:
    examination = check_operation(cubed(), truth=cube)

    assert examination
    assert str(examination).splitlines()[:2] == [
        "right: <primitive cubed(x)>",
        "value            right at 50 points",
    ]


def test_without_a_truth_it_is_right_as_far_as_can_be_said() -> None:
    examination = check_operation(cubed())

    assert examination
    assert examination["extremes"].why_not == "differences of floats are lost there; state a truth"
    assert "extremes         not checked: differences" in repr(examination)


def half_as_graph(partial: Any) -> Any:
    return partial * 0.5 if isinstance(partial, Value) else partial


def raise_at(where: Callable[[float], bool]) -> Callable[[float], float]:
    def value(x: float) -> float:
        if where(x):
            raise ArithmeticError(f"not at {x}")
        return x * x * x

    return value


calls = itertools.count()

WRONG: dict[str, tuple[dict[str, Any], set[str]]] = {
    "value is a little off": ({"value": lambda x: x * x * x * (1.0 + 1e-13)}, {"value"}),
    "value is not always the same": (
        {"value": lambda x: x * x * x + (next(calls) % 2) * 1e-16},
        {"value"},
    ),
    "partial is wrong": (
        {"partials": lambda z, x: (3.0 * x,)},
        {"partials", "second derivatives", "third derivatives", "extremes"},
    ),
    "partial is zero": (
        {"partials": lambda z, x: (0.0,)},
        {"partials", "second derivatives", "third derivatives", "extremes"},
    ),
    "partial is cut off from the graph": (
        {"partials": lambda z, x: (3.0 * (x * x).data if isinstance(x, Value) else 3.0 * x * x,)},
        {"second derivatives", "third derivatives", "source", "machine code"} - {"source"},
    ),
    "partial is no generic arithmetic": (
        {"partials": lambda z, x: (3.0 * math.pow(x, 2.0),)},
        {"second derivatives", "third derivatives", "special values", "source", "machine code"},
    ),
    "partial is wrong as graph": (
        {"partials": lambda z, x: (half_as_graph(3.0 * x * x),)},
        {"second derivatives", "third derivatives", "source", "machine code"},
    ),
    "partial is wrong far out": (
        {"partials": lambda z, x: (3.0 * x * x * (1.0 if tg.constant(x).data < 1e3 else 2.0),)},
        {"extremes", "source", "machine code"},
    ),
    "raises at the end of its domain": (
        {"value": raise_at(lambda x: x <= 0.0), "domain": [(0.0, math.inf)]},
        {"ends", "special values"},
    ),
    "hides nan": ({"value": lambda x: x * x * x if x == x else 0.0}, {"special values"}),
    "raises at infinity": ({"value": raise_at(math.isinf)}, {"special values"}),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_each_part_finds_its_mistake(mistake: str) -> None:
    changes, expected = WRONG[mistake]

    examination = check_operation(cubed(**changes), truth=cube)

    assert not examination
    assert expected <= set(wrong_parts(examination)), examination


def bent(kink: Any = None, slope_at_0: float = 0.5) -> Primitive:
    """The positive part of x."""
    return register(
        "bent",
        "bent({})",
        lambda x: ieee.maximum(x, 0.0),
        lambda z, x: (tg.heaviside(x, slope_at_0),),
        kink=kink,
    )


def positive_part(x: Any) -> Any:
    return x if x > 0 else x * 0


def test_kink_that_is_stated_is_right() -> None:
    assert check_operation(bent(lambda x: x), truth=positive_part)


def test_kink_that_is_not_stated_is_found() -> None:
    examination = check_operation(bent(), truth=positive_part)

    assert wrong_parts(examination) == ["kinks"]
    assert "not stated by its `kink`" in str(examination)


def test_slope_at_a_kink_lies_between_those_of_its_sides() -> None:
    examination = check_operation(bent(lambda x: x, slope_at_0=2.0), truth=positive_part)

    assert wrong_parts(examination) == ["kinks"]
    assert "does not lie between" in str(examination)


def test_wrong_rule_is_found_without_a_truth() -> None:
    examination = check_operation(cubed(partials=lambda z, x: (3.0 * x,)))

    assert "partials" in wrong_parts(examination)


def test_jump_is_found_without_a_truth() -> None:
    examination = check_operation(cubed(value=lambda x: x * x * x + 1e-3 * math.floor(1e3 * x)))

    assert not examination


def test_swapped_partials_are_found() -> None:
    slanted = register(
        "slanted", "slanted({}, {})", lambda x, y: 2.0 * x + y, lambda z, x, y: (1.0, 2.0)
    )
    examination = check_operation(slanted, truth=lambda x, y: 2 * x + y)

    assert "by x, true is 2.0" in examination["partials"].findings[0]


def test_five_operands_are_numbered() -> None:
    halves = register(
        "halves",
        "halves({}, {}, {}, {}, {})",
        lambda *xs: math.fsum(xs) / 2.0,
        lambda z, *xs: (0.5, 0.5, 0.5, 0.5, 0.25),
    )
    examination = check_operation(halves, truth=lambda *xs: mpmath.fsum(xs) / 2)

    assert "derivative by x4, true is 0.5" in examination["partials"].findings[0]


def test_of_many_findings_some_are_told() -> None:
    part = Part("value", 5, tuple(f"finding {i}" for i in range(5)))

    assert str(part).splitlines()[-1] == "    and 2 more"
    assert "finding 2" in str(part)
    assert "finding 3" not in str(part)


def test_machine_code_that_differs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tinygrad_bp.check.operation.compiled", lambda function: lambda *xs: [0.25] * len(xs)
    )
    examination = check_operation(cubed(), truth=cube)

    assert wrong_parts(examination) == ["machine code"]
    assert "machine code gave [0.25], expected" in str(examination)


def test_source_that_differs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tinygrad_bp.check.operation.SourceRoute", lambda tape: lambda numbers: 0.25
    )
    examination = check_operation(cubed(), truth=cube)

    assert wrong_parts(examination) == ["source"]


def test_without_llvmlite_machine_code_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModuleNotFoundError("machine code needs llvmlite")

    monkeypatch.setattr("tinygrad_bp.check.operation.backend", missing)
    examination = check_operation(cubed(), truth=cube)

    assert examination
    assert examination["machine code"].why_not == "machine code needs llvmlite"


def test_without_mpmath_it_is_checked_by_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpmath", None)

    assert check_operation(ROWS["tanh"])
    assert not check_operation(cubed(partials=lambda z, x: (3.0 * x,)))


def test_operation_without_points_has_nothing_to_check() -> None:
    nowhere = cubed(kink=lambda x: 0.0)

    assert points(nowhere, 2, moderate) == []


@pytest.mark.parametrize("thing", [math.sin, tg.sum, "sin"])
def test_what_is_not_registered_is_refused(thing: Any) -> None:
    with pytest.raises(ValueError, match="expected a registered operation, got"):
        check_operation(thing)


def test_a_wrong_operation_has_no_line_of_a_program() -> None:
    part = check_operation(cubed(partials=lambda z, x: (2.0 * x * x,)))["partials"]

    assert "its rule gives" in str(part)
    assert "test_operation.py" not in str(part)
