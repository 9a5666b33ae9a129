"""The rule of one operation beside its definition: what is wrong is found, far out as well."""

# Partials name all operands, needed or not.
# ruff: noqa: ARG005

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import mpmath
import pytest

import tinygrad_bp as tg
from tinygrad_bp import Value
from tinygrad_bp.check.culprit import wrong_rules
from tinygrad_bp.check.truth import truths
from tinygrad_bp.rows.primitive import Primitive


def cancelling(x: Any) -> Any:
    """The area tangent in a form that is 0 to 110 digits where x is 1e-276."""
    return mpmath.log((1 + x) / (1 - x)) / 2


def at(row: Primitive, *operands: float) -> Value:
    node: Value = row(*map(Value, operands))
    return node


@pytest.fixture
def _cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truths, "_OWN", {"atanh": cancelling})


@pytest.mark.usefixtures("_cancels")
@pytest.mark.parametrize("x", [0.5, 4.6554725818898885e-61, 1e-276])
def test_definition_that_cancels_is_taken_with_digits_enough(x: float) -> None:
    flat = replace(tg.atanh, partials=lambda z, x: (0.0 * x,))

    assert list(wrong_rules(at(tg.atanh, x), 1)) == []
    assert [found.true for found in wrong_rules(at(flat, x), 1)] == [
        pytest.approx(1.0 / (1.0 - x * x), rel=1e-15)
    ]


@pytest.mark.parametrize("x", [1e20, -2.208795236721813e249])
def test_waves_are_told_apart_however_far_out(x: float) -> None:
    sloped = replace(tg.sin, partials=lambda z, x: (1.0 + tg.cos(x),))

    assert list(wrong_rules(at(tg.sin, x), 1)) == []
    assert [found.true for found in wrong_rules(at(sloped, x), 1)] == [
        pytest.approx(math.cos(x), rel=1e-15)
    ]


def test_a_wrong_rule_of_floats_alone_is_named_too() -> None:
    doubled = replace(tg.sin, partials=lambda z, x: (2.0 * math.cos(x),))

    assert [found.true for found in wrong_rules(at(doubled, 0.5), 1)] == [math.cos(0.5)]


def test_mixed_derivatives_are_looked_at_in_every_order() -> None:
    # By x and then by y it is right: that comes from the partial by x.
    cut = replace(tg.multiply, partials=lambda z, x, y: (y, tg.constant(x).data))

    assert list(wrong_rules(at(cut, 2.0, 3.0), 1)) == []
    assert [(found.by, found.gave, found.true) for found in wrong_rules(at(cut, 2.0, 3.0), 2)] == [
        ((1, 0), 0.0, 1.0)
    ]


def test_number_that_is_not_finite_has_no_rule_to_check() -> None:
    assert list(wrong_rules(at(tg.exp, math.inf), 1)) == []
