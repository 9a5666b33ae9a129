"""MyGrad's list of ufuncs, each through NumPy's name, at numbers from the domains that it gives."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from tests.others.counts import Counts
from tests.others.orders import OURS, Formula, compare, row

DECISIONS: dict[str, str] = {}
FILE = Path("tests") / "ufuncs" / "test_fwd_prop_and_backprop.py"
DRAWS = 40
MODERATE = st.floats(-10.0, 10.0)
"""Where they name no domain."""

NAMES = {
    "absolute": "abs", "arccos": "acos", "arcsin": "asin", "arctan": "atan", "arccosh": "acosh",
    "arcsinh": "asinh", "arctanh": "atanh", "arctan2": "atan2", "power": "pow",
    "true_divide": "divide",
}  # fmt: skip
FORMULAS: dict[str, Formula] = {
    "square": lambda _, x: x * x,
    "reciprocal": lambda _, x: 1 / x,
    "logaddexp2": lambda m, x, y: m.log2(m.exp2(x) + m.exp2(y)),
}


class Names:
    """A module that gives the name of whatever is asked of it.

    >>> Names().sin
    'sin'
    """

    def __getattr__(self, name: str) -> str:
        return name


def listed(source: str) -> tuple[list[str], Mapping[str, Any]]:
    """The ufuncs of a file of tests, and for each the domain of some of its operands.

    >>> text = "a = [mg.sin, mg.log]; ufuncs = a; BKWD_DOMAINS = {mg.log: {0: st.floats(1, 2)}}"
    >>> listed(text)
    (['sin', 'log'], {'log': {0: floats(min_value=1, max_value=2)}})
    """
    names: dict[str, Any] = {"mg": Names(), "np": np, "st": st, "hnp": hnp}
    names |= {"defaultdict": defaultdict, "Dict": dict, "Hashable": str, "Optional": Any}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            exec(compile(ast.Module([statement], []), "theirs", "exec"), names)
    return names["ufuncs"], names["BKWD_DOMAINS"]


def by_numpys_name(name: str) -> Formula:
    """The ufunc on `Value`s, its definition elsewhere."""
    true = FORMULAS.get(name) or row(NAMES.get(name, name))
    return lambda m, *xs: getattr(np, name)(*xs) if m is OURS else true(m, *xs)


def run(checkout: Path) -> Counts:
    """Compare the value and the first derivatives of each ufunc; one check is one ufunc."""
    counts = Counts("MyGrad")
    ufuncs, domains = listed((checkout / FILE).read_text(encoding="utf-8"))
    for name in ufuncs:
        single = at_drawn_points(name, domains.get(name) or {})
        if single.differences:
            counts.differ(name, str(single.differences[0]))
        else:
            counts.agree()
    return counts


def at_drawn_points(name: str, domain: Mapping[int, st.SearchStrategy[float]]) -> Counts:
    """What comes of one ufunc at points drawn from its domain, the same ones each time."""
    counts = Counts(name)
    operands = getattr(np, name).nin
    points = st.tuples(*[domain.get(place, MODERATE) for place in range(operands)])

    @settings(
        max_examples=DRAWS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(points)
    def at(point: tuple[float, ...]) -> None:
        compare(counts, name, by_numpys_name(name), tuple(map(float, point)), 1)

    at()
    return counts
