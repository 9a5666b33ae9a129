"""Stan's lists of arguments: what its tests of derivatives call, at which numbers, to order 3."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.others.counts import Counts
from tests.others.orders import Formula, compare, row
from tinygrad_bp.check.truth.truths import truths

DECISIONS = {
    "fmax": "`maximum` passes nan on, as in the array API",
    "fmin": "`minimum` passes nan on, as in the array API",
}
FOLDERS = ("mix/fun", "mix/core")
COMMON = "test_ad.hpp"

NAMES = {
    "fabs": "abs", "inv_logit": "sigmoid",
    "log1p_exp": "softplus", "log_inv_logit": "log_sigmoid", "log_sum_exp": "logaddexp",
    "multiply_log": "xlogy", "Phi": "normal_cdf", "x1 + x2": "add", "x1 - x2": "subtract",
    "x1 * x2": "multiply", "x1 / x2": "divide", "-x1": "negative", "+x1": "positive",
    "subtract": "subtract", "divide": "divide", "multiply": "multiply", "add": "add",
}  # fmt: skip
FORMULAS: dict[str, Formula] = {
    "fmax": lambda m, x, y: m.fmax(x, y),
    "fmin": lambda m, x, y: m.fmin(x, y),
    "square": lambda _, x: x * x,
    "inv": lambda _, x: 1 / x,
    "inv_sqrt": lambda m, x: 1 / m.sqrt(x),
    "inv_square": lambda _, x: 1 / (x * x),
    "inv_cloglog": lambda m, x: -m.expm1(-m.exp(x)),
    "inv_Phi": lambda m, x: m.erfinv(2 * x - 1) * math.sqrt(2.0),
    "Phi_approx": lambda m, x: m.sigmoid(0.07056 * x * x * x + 1.5976 * x),
    "log1m": lambda m, x: m.log1p(-x),
    "log1m_exp": lambda m, x: m.log(-m.expm1(x)),
    "log1m_inv_logit": lambda m, x: m.log_sigmoid(-x),
    "log_diff_exp": lambda m, x, y: x + m.log(-m.expm1(y - x)),
    "lmultiply": lambda m, x, y: m.xlogy(x, y),
    "lbeta": lambda m, x, y: m.lgamma(x) + m.lgamma(y) - m.lgamma(x + y),
    "fdim": lambda m, x, y: m.maximum(x - y, 0 * x),
    "fma": lambda _, x, y, z: x * y + z,
    "squared_distance": lambda _, x, y: (x - y) * (x - y),
}
LAMBDA = re.compile(r"auto\s+(\w+)\s*=\s*\[[^\]]*\]\s*\(([^)]*)\)\s*\{(.*?)\}\s*;", re.DOTALL)
CALL = re.compile(r"expect_(\w+)\s*\(([^;]*)\)\s*;")
NUMBERS = {"nan": math.nan, "inf": math.inf, "not_a_number": math.nan, "quiet_NaN": math.nan,
           "NOT_A_NUMBER": math.nan, "positive_infinity": math.inf, "infinity": math.inf,
           "INFTY": math.inf, "NEGATIVE_INFTY": -math.inf,
           "negative_infinity": -math.inf}  # fmt: skip

Check = tuple[str, tuple[float, ...] | None]
"""What is called, and at which numbers; None for a vector, a matrix, or a complex number."""


def formula_of(name: str) -> Formula | None:
    """The formula for a name of theirs, if there is one."""
    known = NAMES.get(name, name)
    return FORMULAS.get(name) or (row(known) if known in truths() else None)


def number(text: str) -> float | None:
    """The number that a text in C++ is.

    >>> number("-2.5"), number("-stan::math::positive_infinity()"), number("v1")
    (-2.5, -inf, None)
    """
    bare = text.strip()
    is_negative = bare.startswith("-")
    last = re.sub(r"\(\)$", "", bare.lstrip("-+ ")).rpartition("::")[2]
    try:
        found = NUMBERS[last] if last in NUMBERS else float(last)
    except ValueError:
        return None
    return -found if is_negative else found


def common_numbers(header: str) -> list[float]:
    """The numbers at which every function is tried, zero not among them.

    >>> common_numbers("common_nonzero_args() { v{-1.5, 2, stan::math::not_a_number()}; }")
    [-1.5, 2.0, nan]
    """
    listed = header[header.index("common_nonzero_args()") :].partition("{")[2]
    inner = listed[listed.index("{") + 1 : listed.index("}")]
    return [found for part in inner.split(",") if (found := number(part)) is not None]


def checks(source: str, common: Sequence[float]) -> Iterator[Check]:
    """What a file of tests asks for.

    >>> text = "auto f = [](const auto& x) { return stan::math::exp(x); }; expect_ad(f, 1.0, v);"
    >>> list(checks(text + "expect_ad(f, 2); expect_common_unary(f);", [3.0]))
    [('exp', None), ('exp', (2.0,)), ('exp', (3.0,)), ('exp', (0.0,))]
    """
    functions = [
        (found.start(), found[1], called(found[2], found[3])) for found in LAMBDA.finditer(source)
    ]
    for found in CALL.finditer(source):
        kind, parts = found[1], [part.strip() for part in found[2].split(",")]
        if parts[0].startswith("tol"):
            del parts[0]
        known = [
            name for start, own, name in functions if own == parts[0] and start < found.start()
        ]
        if known:
            for point in _points(kind, parts[1:], common):
                yield known[-1], point


def called(parameters: str, body: str) -> str:
    """What a lambda calls with its own arguments: a function, or operators on x1 and x2.

    >>> called("const auto& a, const auto& b", "using std::pow; return stan::math::pow(a, b);")
    'pow'
    >>> called("const auto& a, const auto& b", "return a / b;")
    'x1 / x2'
    """
    names = re.findall(r"(\w+)\s*(?:,|$)", parameters)
    text = body.rpartition("return")[2].strip().rstrip(";").strip()
    for place, name in enumerate(names):
        text = re.sub(rf"\b{name}\b", f"x{place + 1}", text)
    own = ", ".join(f"x{place + 1}" for place in range(len(names)))
    found = re.fullmatch(rf"(?:\w+::)*(\w+)\({own}\)", re.sub(r"\s+", " ", text))
    return found[1] if found else text


def run(checkout: Path) -> Counts:
    """Compare at every number of their lists."""
    counts = Counts("Stan")
    home = checkout / "test" / "unit" / "math"
    common = common_numbers((home / COMMON).read_text(encoding="utf-8"))
    asked = set()
    for folder in FOLDERS:
        for file in sorted((home / folder).glob("*_test.cpp")):
            for name, point in checks(file.read_text(encoding="utf-8"), common):
                formula = formula_of(name)
                if formula is None:
                    counts.outside(
                        "a function of matrices or complex numbers, or one that has no row"
                    )
                elif point is None:
                    counts.outside("an argument that is a vector, a matrix or complex")
                elif (name, repr(point)) not in asked:
                    asked.add((name, repr(point)))
                    compare(counts, name, formula, point, 3)
    return counts


def _points(
    kind: str, texts: Sequence[str], common: Sequence[float]
) -> Iterator[tuple[float, ...] | None]:
    offered = [*common] if "nonzero" in kind else [*common, 0.0]
    if kind.startswith(("common_unary", "common_nonzero_unary")):
        yield from ((x,) for x in offered)
    elif kind in ("common_binary", "common_nonzero_binary"):
        yield from itertools.product(offered, repeat=2)
    elif kind in ("ad", "value", "ad_vectorized", "unary_vectorized"):
        numbers = [number(text) for text in texts]
        whole = [one for one in numbers if one is not None]
        if len(whole) < len(numbers):
            yield None
        elif kind == "unary_vectorized":
            yield from ((x,) for x in whole)
        else:
            yield tuple(whole)
