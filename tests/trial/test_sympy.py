"""The gradient of formulas of physics and statistics, as SymPy derives them.

SymPy differentiates by rules of its own, and its derivative is computed to 30 digits. What the
engine finds may differ from it by what rounding explains, no more.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sympy

import tinygrad_bp
from tests.table.rounding import rounding_bound
from tests.trial.formulas import FORMULAS, USUAL, Formula
from tinygrad_bp import Value, gradient

POINTS = 3
CALLED_OTHERWISE = {"log10": lambda x: sympy.log(x, 10), "expm1": lambda x: sympy.exp(x) - 1}

every_formula = pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.name)


def letters(formula: Formula) -> list[str]:
    return sorted(name for name in compile(formula.text, "", "eval").co_names if len(name) == 1)


def by_sympy(formula: Formula) -> Any:
    symbols = {name: sympy.Symbol(name, real=True) for name in letters(formula)}
    namespace = vars(sympy) | {"abs": sympy.Abs} | CALLED_OTHERWISE | symbols
    return eval(formula.text, {}, namespace), symbols


def by_engine(formula: Formula, operands: Mapping[str, Any]) -> Any:
    return eval(formula.text, {}, {**vars(tinygrad_bp), "pi": math.pi, **operands})


def point(formula: Formula, rng: random.Random) -> dict[str, float]:
    return {name: rng.uniform(*formula.ranges.get(name, USUAL)) for name in letters(formula)}


@every_formula
def test_gradient_is_that_of_sympy(formula: Formula) -> None:
    rng = random.Random(formula.name)
    expression, symbols = by_sympy(formula)
    slopes = {name: sympy.diff(expression, symbol) for name, symbol in symbols.items()}

    for _ in range(POINTS):
        numbers = point(formula, rng)
        exactly = {symbols[name]: sympy.Float(x, 40) for name, x in numbers.items()}
        leaves = {name: Value(x) for name, x in numbers.items()}
        found = gradient(by_engine(formula, leaves), list(leaves.values()), create_graph=True)

        for name, slope in zip(leaves, found, strict=True):
            expected = slopes[name].evalf(30, subs=exactly)
            assert abs(sympy.Float(slope.data, 40) - expected) <= rounding_bound(slope)


def test_a_slope_that_is_a_millionth_off_is_noticed() -> None:
    formula = next(formula for formula in FORMULAS if formula.name == "Kepler's third law")
    expression, symbols = by_sympy(formula)
    numbers = point(formula, random.Random(0))
    leaves = {name: Value(x) for name, x in numbers.items()}

    slope = gradient(by_engine(formula, leaves), leaves["a"], create_graph=True)

    exactly = {symbols[name]: sympy.Float(x, 40) for name, x in numbers.items()}
    expected = sympy.diff(expression, symbols["a"]).evalf(30, subs=exactly)
    assert abs(sympy.Float(slope.data * (1 + 1e-6), 40) - expected) > 1e6 * rounding_bound(slope)


def test_there_are_a_hundred_formulas_and_more() -> None:
    assert len(FORMULAS) >= 100
    assert len({formula.name for formula in FORMULAS}) == len(FORMULAS)
    assert len({formula.text for formula in FORMULAS}) == len(FORMULAS)


def test_the_page_says_how_many() -> None:
    page = Path(__file__).parents[2] / "docs" / "accuracy.md"

    assert f"{len(FORMULAS)} formulas" in page.read_text(encoding="utf-8")
