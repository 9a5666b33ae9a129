"""The table of ChainRules.jl: each `@scalar_rule` is read as text and worked out at some points."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpmath
import numpy as np

from tests.others.counts import Counts
from tests.others.orders import OURS, Formula, are_near, row
from tinygrad_bp import Value, gradient
from tinygrad_bp.check.truth.truths import truths

CROSSED = "where the bounds of clip are crossed the upper one wins, as in NumPy"
DECISIONS = {
    "clamp(0.3, 1.7, -0.9)": CROSSED,
    "clamp(0.8, 2.6, -1.6)": CROSSED,
    "clamp(-1.6, 1.0, -0.4)": CROSSED,
    "max(1.0, 1.0)": "a tie is shared equally; there the second operand takes all",
    "min(1.0, 1.0)": "a tie is shared equally; there the second operand takes all",
    "rem(1.0, 1.0)": "at a jump the derivative is that of the side with the value; there nan",
    "mod(1.0, 1.0)": "at a jump the derivative is that of the side with the value; there nan",
    "x ^ p(0.0, 0": "x ** y at (0, 0) has the partials 0, 0; there 0, nan",
    "x ^ p(-0.0, 0": "x ** y at (0, 0) has the partials 0, 0; there 0, nan",
    "x ^ p(0.0, -": "x ** y at (0, -1) has the partials -inf, -inf; there -inf, nan",
    "x ^ p(-0.0, -": "x ** y at (0, -1) has the partials -inf, -inf; there -inf, nan",
}

FILES = ("Base/base.jl", "Base/fastmath_able.jl")
POINTS = (0.3, 0.8, 1.0, 1.7, 2.6, -0.4, -0.9, -1.6)
NAMES = {
    "x + y": "add", "x - y": "subtract", "x / y": "divide", "+x": "positive", "-x": "negative",
    "max": "maximum", "min": "minimum", "rem": "fmod", "mod": "remainder", "clamp": "clip",
}  # fmt: skip
TURN = math.pi / 180.0
FORMULAS: dict[str, Formula] = {
    "x \\ y": lambda _, x, y: y / x,
    "inv": lambda _, x: 1 / x,
    "exp10": lambda m, x: m.pow(10.0, x),
    "fma": lambda _, x, y, z: x * y + z,
    "muladd": lambda _, x, y, z: x * y + z,
    "deg2rad": lambda _, x: x * TURN,
    "rad2deg": lambda _, x: x / TURN,
    "sinpi": lambda m, x: m.sin(math.pi * x),
    "cospi": lambda m, x: m.cos(math.pi * x),
    "cot": lambda m, x: 1 / m.tan(x),
    "sec": lambda m, x: 1 / m.cos(x),
    "csc": lambda m, x: 1 / m.sin(x),
    "coth": lambda m, x: 1 / m.tanh(x),
    "sech": lambda m, x: 1 / m.cosh(x),
    "csch": lambda m, x: 1 / m.sinh(x),
}
for _theirs, _ours in {"acot": "atan", "asec": "acos", "acsc": "asin"}.items():
    FORMULAS[_theirs] = lambda m, x, name=_ours: getattr(m, name)(1 / x)
    FORMULAS[f"{_theirs}h"] = lambda m, x, name=f"{_ours}h": getattr(m, name)(1 / x)
for _name in ("sin", "cos", "tan", "sec", "csc", "cot"):
    FORMULAS[f"{_name}d"] = lambda m, x, name=_name: formula_of(name, 1)(m, x * TURN)
    FORMULAS[f"a{_name}d"] = lambda m, x, name=f"a{_name}": formula_of(name, 1)(m, x) / TURN
FORMULAS |= {name: lambda _, x: x for name in ("real", "float", "Float64", "Float32")}
FORMULAS["AbstractFloat"] = lambda _, x: x


def formula_of(name: str, operands: int) -> Formula | None:
    """The formula for a name of theirs, if there is one; `atan` has one or two operands."""
    if operands == 2 and name == "atan":
        return row("atan2")
    if operands == 1 and name == "hypot":
        return row("abs")
    known = NAMES.get(name, name)
    return FORMULAS.get(name) or (row(known) if known in truths() else None)


@dataclass(frozen=True)
class Rule:
    """One rule: what is called, with which operands, what is set up, and the partials."""

    name: str
    operands: tuple[str, ...]
    setup: tuple[str, ...]
    partials: str

    def at(self, point: Sequence[float], result: float) -> tuple[Any, ...]:
        """Its partials there, in floats.

        >>> next(rules("@scalar_rule x / y (one(x) / y, -(Ω / y))")).at((3.0, 2.0), 1.5)
        (np.float64(0.5), np.float64(-0.75))
        """
        names = {**WORDS, "Ω": np.float64(result)}
        names.update(zip(self.operands, map(np.float64, point), strict=True))
        with np.errstate(all="ignore"):
            for line in self.setup:
                exec(line, names)
            found = eval(self.partials, names)
        return found if isinstance(found, tuple) else (found,)


def rules(source: str) -> Iterator[Rule]:
    """The rules of a file in Julia, translated into expressions of Python.

    >>> next(rules("@scalar_rule atan(y, x) @setup(u = x ^ 2) (2x / u, !u)"))
    Rule(name='atan', operands=('y', 'x'), setup=('u = x ** 2',), partials='(2*x / u, 1 - u)')
    """
    for text in re.sub(r"#.*", "", source).split("@scalar_rule")[1:]:
        if text.startswith("("):
            call, *others = _parts(text[1 : _end(text)])
        else:
            call, *others = _words(text.strip().partition("\n")[0])
        setup = [part[len("@setup(") : -1] for part in others if part.startswith("@setup")]
        partials = [part for part in others if not part.startswith("@setup")]
        name, operands = _called(call)
        lines = tuple(translated(line) for part in setup for line in _parts(part))
        yield Rule(name, operands, lines, translated("; ".join(partials)))


def translated(text: str) -> str:
    """An expression of Julia as one of Python.

    >>> translated("ifelse(a!=b, 2Ω ^ -2, !c)")
    'ifelse(a!=b, 2*Ω ** -2, 1 - c)'
    """
    powers = text.replace("^", "**")
    products = re.sub(r"(?<!\w)(\d+)(?=[A-Za-zΩ])", r"\1*", powers)
    return re.sub(r"!(?!=)", "1 - ", products).replace("true", "1.0").strip()


def powers(source: str) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """A point and the partials of the table of powers in their tests.

    >>> list(powers("POWERGRADS = [ (0.0, -1) => (-Inf, NaN), ]"))
    [((0.0, -1.0), (-inf, nan))]
    """
    table = source[source.index("POWERGRADS = [") :].partition("\n        ]")[0]
    pair = r"\(([-.\d]+), *([-.\d]+)\)"
    for x, p, by_x, by_p in re.findall(rf"{pair}\s*=>\s*\((.*?),(.*?)\)", table):
        yield (float(x), float(p)), (float(by_x), float(by_p))


def run(checkout: Path) -> Counts:
    """Compare each rule at points where it is real, and the table of powers."""
    counts = Counts("ChainRules")
    home = checkout / "src" / "rulesets"
    for file in FILES:
        for rule in rules((home / file).read_text(encoding="utf-8")):
            formula = formula_of(rule.name, len(rule.operands))
            if formula is None:
                counts.outside(f"{rule.name}, which has no row")
            else:
                _compare(counts, rule, formula)
    tests = checkout / "test" / "rulesets" / FILES[1]
    for point, wanted in powers(tests.read_text(encoding="utf-8")):
        _, found = _ours(row("pow"), point)
        _count(counts, f"x ^ p{point}", found, wanted)
    return counts


def _compare(counts: Counts, rule: Rule, formula: Formula) -> None:
    """One check for each rule and point where the value is a number."""
    for start in range(len(POINTS)):
        point = tuple(
            POINTS[(start + 3 * place) % len(POINTS)] for place in range(len(rule.operands))
        )
        _compare_at(counts, rule, formula, point)
    if len(rule.operands) == 2:
        _compare_at(counts, rule, formula, (1.0, 1.0))


def _compare_at(counts: Counts, rule: Rule, formula: Formula, point: tuple[float, ...]) -> None:
    value, found = _ours(formula, point)
    if math.isfinite(value):
        _count(counts, f"{rule.name}{point}", found, rule.at(point, value))


def _ours(formula: Formula, point: Sequence[float]) -> tuple[float, list[float]]:
    operands = [Value(x) for x in point]
    output = formula(OURS, *operands)
    return output.data, gradient(output, operands)


def _count(counts: Counts, where: str, found: Sequence[float], wanted: Sequence[Any]) -> None:
    pairs = [(f, w) for f, w in zip(found, wanted, strict=True) if w is not None]
    if all(are_near(f, mpmath.mpf(float(w))) for f, w in pairs):
        counts.agree()
    else:
        counts.differ(where, f"{found} here, {[float(w) for _, w in pairs]} there")


def _called(call: str) -> tuple[str, tuple[str, ...]]:
    bare = re.sub(r"::[\w.]+(\{[^}]*\})?", "", call).strip()
    found = re.fullmatch(r"(\w+)\((.*)\)", bare)
    if found:
        return found[1], tuple(part.strip() for part in found[2].split(","))
    return bare, tuple(re.findall(r"\w+", bare))


def _words(line: str) -> list[str]:
    """The call, a setup if there is one, and what is left of a line."""
    operator = re.match(r"(\w+ [-+/\\] \w+|[-+]\w+)\s+(.*)", line)
    if operator:
        return [*operator.groups()]
    end = _end(line)
    rest = line[end + 1 :].strip()
    call = [line[: end + 1]]
    if rest.startswith("@setup"):
        end = _end(rest)
        call.append(rest[: end + 1])
        rest = rest[end + 1 :].strip()
    return [*call, rest]


def _end(text: str) -> int:
    """Where the first parenthesis is closed."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and depth == 0:
            return place
    raise ValueError(f"a parenthesis is not closed in {text[:80]!r}")


def _parts(text: str) -> list[str]:
    """What stands between the commas that no parenthesis encloses."""
    found, depth = [""], 0
    for letter in text:
        depth += (letter in "({[") - (letter in ")}]")
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [" ".join(part.split()) for part in found if part.strip()]


WORDS: dict[str, Any] = {
    **{name: getattr(np, name) for name in dir(np) if name in truths() or name == "deg2rad"},
    "inv": lambda x: 1.0 / x, "one": lambda _: 1.0, "zero": lambda _: 0.0, "abs": abs,
    "ifelse": lambda c, x, y: x if c else y, "promote": lambda x, y: (x, y), "NaN16": math.nan,
    "isinteger": lambda x: x == np.floor(x), "signbit": np.signbit, "rad2deg": np.rad2deg,
    "logten": math.log(10.0), "logtwo": math.log(2.0), "π": math.pi, "sign": np.sign,
    "NoTangent": lambda: None, "ZeroTangent": lambda: 0.0, "floor": np.floor, "trunc": np.trunc,
    "cosc": lambda x: (np.cos(math.pi * x) - np.sinc(x)) / x if x else 0.0,
    "sinpi": lambda x: np.sin(math.pi * x), "cospi": lambda x: np.cos(math.pi * x),
    "sind": lambda x: np.sin(x * TURN), "cosd": lambda x: np.cos(x * TURN),
    "tand": lambda x: np.tan(x * TURN), "cotd": lambda x: 1.0 / np.tan(x * TURN),
    "cot": lambda x: 1.0 / np.tan(x), "csch": lambda x: 1.0 / np.sinh(x),
    "coth": lambda x: 1.0 / np.tanh(x),
}  # fmt: skip
