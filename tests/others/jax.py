"""JAX's tables of gradients at special values and at random ones, read from its test files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.others.counts import Counts
from tests.others.orders import Formula, compare, row
from tinygrad_bp.check.truth.truths import truths

DECISIONS: dict[str, str] = {}
FILES = ("lax_autodiff_test.py", "lax_numpy_test.py")
DRAWS = 20

NAMES = {
    "neg": "negative", "sub": "subtract", "mul": "multiply", "div": "divide", "max": "maximum",
    "min": "minimum", "erf_inv": "erfinv", "logistic": "sigmoid", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh",
}  # fmt: skip
FORMULAS: dict[str, Formula] = {
    "rsqrt": lambda m, x: 1 / m.sqrt(x),
    "logaddexp2": lambda m, x, y: m.log2(m.exp2(x) + m.exp2(y)),
}


def formula_of(name: str) -> Formula | None:
    """The formula for a name of theirs, if there is one."""
    known = NAMES.get(name, name)
    return FORMULAS.get(name) or (row(known) if known in truths() else None)


def special_values(source: str) -> Iterator[tuple[str, float]]:
    """Each function and number of a table of special values.

    >>> list(special_values("A_SPECIAL_VALUE_TEST = [of(lax.sin, [0., np.pi]), of(f.tan, [1])]"))
    [('sin', 0.0), ('sin', 3.141592653589793), ('tan', 1.0)]
    """
    for call in _entries(source, "SPECIAL_VALUE_TEST"):
        name, numbers = call.args[0], call.args[1]
        if isinstance(name, ast.Attribute) and isinstance(numbers, ast.List):
            for number in numbers.elts:
                yield name.attr, float(_evaluated(number))


def random_tests(source: str) -> Iterator[tuple[str, int, int, tuple[float, float]]]:
    """Each function of a table of gradients, how many operands, which order, from where to where.

    >>> entry = "of(lax.log, nargs=1, order=2, rng_factory=jtu.rand_positive)"
    >>> list(random_tests(f"LAX_GRAD_OPS = [{entry}]"))
    [('log', 1, 2, (0.5, 3.0))]
    """
    for table in ("LAX_GRAD_OPS", "GRAD_TEST_RECORDS"):
        for call in _entries(source, table):
            words = {word.arg: word.value for word in call.keywords}
            if isinstance(call.args[0], ast.Attribute):
                count, order = _evaluated(words["nargs"]), _evaluated(words["order"])
                yield call.args[0].attr, count, order, _limits(words["rng_factory"])


def run(checkout: Path) -> Counts:
    """Compare at every number that the tables name, and at random ones where they ask for them."""
    counts = Counts("JAX")
    rng = np.random.default_rng(0)
    for file in FILES:
        source = (checkout / "tests" / file).read_text(encoding="utf-8")
        for name, number in special_values(source):
            _compare(counts, name, (number,), 2)
        for name, operands, order, limits in random_tests(source):
            for _ in range(DRAWS):
                _compare(counts, name, tuple(map(float, rng.uniform(*limits, operands))), order)
    return counts


def _compare(counts: Counts, name: str, point: tuple[float, ...], order: int) -> None:
    formula = formula_of(name)
    if formula is None:
        counts.outside(f"{name}, which has no row")
    else:
        compare(counts, name, formula, point, order)


def _entries(source: str, table: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            is_it = any(table in name if "SPECIAL" in table else table == name for name in names)
            yield from (e for e in node.value.elts if is_it and isinstance(e, ast.Call))


def _evaluated(node: ast.expr) -> Any:
    return eval(compile(ast.Expression(node), "table", "eval"), {"np": np})


def _limits(factory: ast.expr) -> tuple[float, float]:
    """Where their generator draws from, or a part of it that has no poles."""
    if isinstance(factory, ast.Call):
        words = {word.arg: _evaluated(word.value) for word in factory.keywords}
        return words["low"], words["high"]
    known = {"rand_positive": (0.5, 3.0), "rand_small": (-0.9, 0.9), "rand_not_small": (1.0, 3.0)}
    return known.get(factory.attr if isinstance(factory, ast.Attribute) else "", (-3.0, 3.0))
