"""PyTorch's own answers at singular points: its functions beside ours, at every point of a grid.

PATH is the folder from which `torch` can be imported, such as an environment's `site-packages`.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mpmath

from tests.others.counts import Counts
from tests.others.orders import OURS, are_near
from tinygrad_bp import Value, gradient

POINTS = (
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1e-8, -1e-8, 40.0, -40.0, 1000.0,
    -1000.0, 1e-300, 1e300, math.inf, -math.inf, math.nan,
)  # fmt: skip
NAMES = {
    "abs": "abs", "acos": "acos", "acosh": "acosh", "asin": "asin", "asinh": "asinh",
    "atan": "atan", "atanh": "atanh", "ceil": "ceil", "cos": "cos", "cosh": "cosh", "exp": "exp",
    "exp2": "exp2", "expm1": "expm1", "floor": "floor", "log": "log", "log10": "log10",
    "log1p": "log1p", "log2": "log2", "neg": "negative", "relu": "relu", "round": "round",
    "sigmoid": "sigmoid", "sign": "sign", "sin": "sin", "sinc": "sinc", "sinh": "sinh",
    "sqrt": "sqrt", "tan": "tan", "tanh": "tanh", "trunc": "trunc", "erf": "erf", "erfc": "erfc",
    "erfinv": "erfinv", "lgamma": "lgamma", "digamma": "digamma", "logit": "logit",
    "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "pow": "pow",
    "atan2": "atan2", "hypot": "hypot", "maximum": "maximum", "minimum": "minimum",
    "fmod": "fmod", "remainder": "remainder", "copysign": "copysign", "xlogy": "xlogy",
    "logaddexp": "logaddexp",
}  # fmt: skip
BINARY = (
    "add", "sub", "mul", "div", "pow", "atan2", "hypot", "maximum", "minimum", "fmod",
    "remainder", "copysign", "xlogy", "logaddexp",
)  # fmt: skip
ZERO = "at (0, 0) hypot and atan2 have the partials 0, 0; there nan"
EXACT = "exact here; there digits are lost, or a square overflows or underflows"
LIMIT = "the limit here; there nan from inf / inf, or a sign that is lost"
DECISIONS = {
    "nan in": "nan in, nan out",
    "undefined": "where a value is undefined its partials are nan; there a formula goes on",
    "hypot": ZERO,
    **{f"atan2 d{i} ({x}, {y})": ZERO for i in (0, 1) for x in (0.0, -0.0) for y in (0.0, -0.0)},
    "atan2": EXACT,
    "fmod d1": EXACT,
    "sinc d0 (1e-08": EXACT,
    "sinc d0 (-1e-08": EXACT,
    "digamma": EXACT,
    "sinc": LIMIT,
    "copysign": LIMIT,
    "logit d0 (-0.0": LIMIT,
    "logaddexp": "equal infinities share equally; there nan",
    "xlogy": "the partials are those of x * log(y), as a limit; there 0, nan",
}
"""Prefixes of `kind function partial point`; the first that fits explains."""


def run(checkout: Path) -> Counts:
    """Compare the value and each partial of every function at every point of the grid."""
    sys.path.insert(0, str(checkout))
    import torch

    counts = Counts("PyTorch")
    for theirs, ours in NAMES.items():
        for point in itertools.product(POINTS, repeat=2 if theirs in BINARY else 1):
            found = _ours(ours, point)
            for place, pair in enumerate(zip(found, _theirs(torch, theirs, point), strict=True)):
                what = "value" if place == 0 else f"d{place - 1}"
                kind = kind_of(point, found[0], pair[0])
                _count(counts, f"{kind}{theirs} {what} {point}", *pair)
    return counts


def kind_of(point: Sequence[float], value: float, found: float) -> str:
    """What a number that is nan here is due to.

    >>> kind_of((math.nan,), math.nan, math.nan), kind_of((-1.0,), math.nan, math.nan)
    ('nan in: ', 'undefined: ')
    >>> kind_of((1.0,), 0.0, math.nan)
    ''
    """
    if not math.isnan(found):
        return ""
    if any(map(math.isnan, point)):
        return "nan in: "
    return "undefined: " if math.isnan(value) else ""


def _theirs(torch: Any, name: str, point: Sequence[float]) -> list[float]:
    operands = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    output = getattr(torch, name)(*operands)
    found = torch.autograd.grad(output, operands, allow_unused=True)
    return [output.item(), *(0.0 if slope is None else slope.item() for slope in found)]


def _ours(name: str, point: Sequence[float]) -> list[float]:
    operands = [Value(x) for x in point]
    output = getattr(OURS, name)(*operands)
    return [output.data, *gradient(output, operands)]


def _count(counts: Counts, where: str, found: float, wanted: float) -> None:
    if are_near(found, mpmath.mpf(wanted)):
        counts.agree()
    else:
        counts.differ(where, f"{found!r} here, {wanted!r} there")
