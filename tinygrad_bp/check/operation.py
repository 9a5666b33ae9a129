"""`check_operation`: an operation of your own, tested as the built-in ones are."""

from __future__ import annotations

import functools
import itertools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp import functional
from tinygrad_bp.check.checker import check_gradient
from tinygrad_bp.check.differences import by_differences
from tinygrad_bp.check.faults import FAULTS
from tinygrad_bp.check.local import is_known
from tinygrad_bp.check.points import Point, extreme, intervals, moderate, points
from tinygrad_bp.check.rows import takes_constant
from tinygrad_bp.check.truths import define
from tinygrad_bp.check.verdict import Report
from tinygrad_bp.primitive import BY_NAME, Primitive, operand_names
from tinygrad_bp.structure import numbers
from tinygrad_bp.sweep import local_partials
from tinygrad_bp.tape.compiled import compile as compiled
from tinygrad_bp.tape.engine import backend
from tinygrad_bp.tape.record import record
from tinygrad_bp.tape.routes import SourceRoute
from tinygrad_bp.value import Value

EPSILON = sys.float_info.epsilon
TOLERANCE = 1e-7
"""Of derivatives; a rule that is wrong is seldom so by less."""
TINY = 1e-13
"""What rounding may leave of a derivative that vanishes."""
NEAR = 1e-9
"""How near to 0 a kink function has to be at a kink."""
ULPS = 64
"""How far a value may be off: 1e-14 of it."""
SPECIAL = (0.0, -0.0, 1.0, -1.0, 5e-324, 1e-300, 1e300, math.inf, -math.inf, math.nan)
SHOWN = 3
"""Findings of each part that are told."""


@dataclass(frozen=True)
class Part:
    """One part of the examination: on how many points, or why not; and what was found."""

    name: str
    points: int
    findings: tuple[str, ...] = ()
    why_not: str = ""

    def __str__(self) -> str:
        if self.why_not:
            return f"{self.name:<16} not checked: {self.why_not}"
        said = "wrong" if self.findings else f"right at {self.points} points"
        told = [line for text in self.findings[:SHOWN] for line in ("", *text.splitlines())]
        left_out = len(self.findings) - SHOWN
        more = ["", f"and {left_out} more"] if left_out > 0 else []
        indented = "".join(f"\n    {line}".rstrip(" ") for line in [*told, *more])
        return f"{self.name:<16} {said}{indented}"


@dataclass(frozen=True, repr=False)
class Examination:
    """What `check_operation` found: true if nothing is wrong, and legible as it stands."""

    operation: Primitive
    parts: tuple[Part, ...]

    def __bool__(self) -> bool:
        return not any(part.findings for part in self.parts)

    def __getitem__(self, name: str) -> Part:
        """The part of that name."""
        return {part.name: part for part in self.parts}[name]

    def __str__(self) -> str:
        verdict = "right" if self else "wrong"
        return "\n".join([f"{verdict}: {self.operation!r}", *map(str, self.parts)])

    __repr__ = __str__


def check_operation(
    operation: Primitive, *, truth: Callable[..., Any] | None = None
) -> Examination:
    """Whether a registered operation is right in all that the engine will ask of it.

    >>> from tinygrad_bp import register
    >>> cube = register("check_cube", "check_cube({})", lambda x: x**3, lambda z, x: (3 * x,))
    >>> examination = check_operation(cube, truth=lambda x: x**3)
    >>> bool(examination)
    False
    >>> print(examination["partials"].findings[0])  # doctest: +ELLIPSIS
    check_cube(-2.086...): its rule gives -6.258... as derivative by x, true is 13.057...

    Its parts are

    * *value*: within 64 ulp of `truth`, a function of mpmath's numbers that gives what the
      operation should; without one only that it gives a float, and always the same;
    * *partials*, *second derivatives*, *third derivatives*: as `check_gradient` judges them;
    * *extremes*: the same where operands are tiny, huge, or next to an end of their domain;
    * *ends*, *special values*: nothing is raised at the ends of the domain and beyond them, at
      zeros, subnormals, infinities and `nan`, and `nan` does not become a number;
    * *kinks*: where the operation says it has one, a slope between those of the two sides; and
      none where it does not say so;
    * *source*, *machine code*: the bits of the value and of the gradient.

    The truth is kept, as by `define`. Raises `ValueError` for an operation that is not registered.
    """
    if BY_NAME.get(getattr(operation, "name", "")) is not operation:
        raise ValueError(f"expected a registered operation, got {operation!r}; see `register`")
    if truth is not None:
        define(operation, truth)
    return Examination(operation, tuple(_parts(operation)))


def _parts(operation: Primitive) -> Iterator[Part]:
    few, some = points(operation, 6, moderate), points(operation, 30, moderate)
    far = points(operation, 20, extreme)
    yield _part("value", _value, operation, [*some, *far])
    yield _part("partials", _derivatives(1), operation, some)
    yield _part("second derivatives", _derivatives(2), operation, few)
    yield _part("third derivatives", _derivatives(3), operation, few)
    if is_known(operation):
        yield _part("extremes", _derivatives(1), operation, far)
    else:
        yield Part("extremes", 0, why_not="differences of floats are lost there; state a truth")
    yield _part("ends", _never_raises, operation, list(_ends(operation, few)))
    yield _part("special values", _special, operation, list(_specials(few)))
    yield _part("kinks", _kinks, operation, list(_bends(operation, few)))
    yield _part("source", _source, operation, few)
    try:
        backend()
    except ModuleNotFoundError as error:
        yield Part("machine code", 0, why_not=str(error))
    else:
        yield _part("machine code", _machine_code, operation, [*few, *far])


Look = Callable[[Primitive, Point], str]
"""From an operation and a point to what is wrong there; nothing if nothing is."""


def _part(name: str, look: Look, operation: Primitive, where: Sequence[Point]) -> Part:
    findings = []
    for point in where:
        try:
            found = look(operation, point)
        except FAULTS as error:
            found = f"{_written(operation, point)} raised {type(error).__name__}: {error}"
        if found:
            findings.append(found)
    return Part(name, len(where), tuple(findings))


def _written(operation: Primitive, point: Point) -> str:
    return f"{operation.name}({', '.join(map(repr, point))})"


# What is looked at -----------------------------------------------------------------------


def _value(operation: Primitive, point: Point) -> str:
    gave, again = operation.value(*point), operation.value(*point)
    if not _same(gave, again):
        return f"{_written(operation, point)} gave {gave!r}, and then {again!r}"
    if not is_known(operation):
        return ""
    true = by_differences(operation, point, [0] * len(point))
    slopes = operation.partials(gave, *point)
    # What it may be off if its operands are, by half a unit each: as little as can be asked for.
    of_operands = math.fsum(abs(x * (d or 0.0)) for x, d in zip(point, slopes, strict=True))
    slack = ULPS * _ulp(float(true)) + EPSILON * of_operands
    is_near = gave == float(true) or abs(true - gave) <= slack
    return "" if is_near else f"{_written(operation, point)} gave {gave!r}, true is {float(true)!r}"


def _derivatives(order: int) -> Look:
    """Those that have a truth to 20 digits; the others as well as differences of floats do."""

    def look(operation: Primitive, point: Point) -> str:
        if not math.isfinite(operation.value(*point)):
            return ""
        if not is_known(operation):
            report = check_gradient(operation, *point, order=order)
            is_bent = order == 1 and _has_kink(report)
            return str(report) if is_bent or report.verdict == "wrong" else ""
        return _against_truth(operation, point, order)

    return look


def _against_truth(operation: Primitive, point: Point, order: int) -> str:
    free = range(len(point) - takes_constant(operation))
    for by in itertools.combinations_with_replacement(free, order):
        gave = _derivative(operation, point, by)
        true = by_differences(operation, point, [by.count(i) for i in range(len(point))])
        is_near = gave == float(true) or abs(true - gave) <= TOLERANCE * abs(true) + TINY
        if not is_near:
            what = {1: "", 2: "second ", 3: "third "}[order]
            names = " and ".join(operand_names(len(point))[i] for i in by)
            return (
                f"{_written(operation, point)}: its rule gives {gave!r} as {what}derivative by "
                f"{names}, true is {float(true)!r}"
            )
    return ""


def _derivative(operation: Primitive, point: Point, by: Sequence[int]) -> float:
    leaves = list(map(Value, point))
    output = operation(*leaves)
    for index in by[:-1]:
        output = functional.gradient(output, leaves[index], create_graph=True)
    return float(functional.gradient(output, leaves[by[-1]]))


def _never_raises(operation: Primitive, point: Point) -> str:
    operation.value(*point)
    for partial in local_partials(operation(*map(Value, point))):
        float(partial or 0.0)
    return ""


def _special(operation: Primitive, point: Point) -> str:
    value = operation.value(*point)
    if operation.arity == 1 and math.isnan(point[0]) and not math.isnan(value):
        return f"{_written(operation, point)} gave {value!r}, and hides that there was no number"
    return _never_raises(operation, point)


def _kinks(operation: Primitive, point: Point) -> str:
    if not math.isfinite(operation.value(*point)):
        return ""
    report = check_gradient(operation, *point)
    # Or so near that floats can hardly tell: x - (x - y) need not be y.
    is_stated = operation.kink is not None and abs(operation.kink(*point)) < NEAR
    if is_stated:
        return str(report) if _has_kink(report) and not report else ""
    return f"not stated by its `kink`:\n{report}" if _has_kink(report) else ""


def _has_kink(report: Report) -> bool:
    """Whether the sides of some input differ by more than rounding may leave."""
    bent = [one for one in report.verdicts if one.verdict == "kink"]
    return report.verdict == "kink" and any(not abs(k.left - k.right) <= TINY for k in bent)


def _source(operation: Primitive, point: Point) -> str:
    for function, expected in _eager(operation, point):
        found = SourceRoute(record(function, *point))(list(point))
        if not _all_same(found, expected):
            return f"{_written(operation, point)}: source gave {found!r}, expected {expected!r}"
    return ""


def _machine_code(operation: Primitive, point: Point) -> str:
    for function, expected in zip(
        _compiled(operation, len(point)), _eager(operation, point), strict=True
    ):
        found = function(*point)
        if not _all_same(found, expected[1]):
            where = _written(operation, point)
            return f"{where}: machine code gave {found!r}, expected {expected[1]!r}"
    return ""


@functools.lru_cache(maxsize=8)  # each is used for many points
def _compiled(operation: Primitive, count: int) -> tuple[Callable[..., Any], ...]:
    return compiled(operation), compiled(functional.grad(operation, range(count)))


def _eager(operation: Primitive, point: Point) -> Iterator[tuple[Callable[..., Any], Any]]:
    """The operation and its gradient, each with what it gives for numbers."""
    slopes = functional.grad(operation, range(len(point)))
    yield operation, operation.value(*point)
    yield slopes, slopes(*point)


# Where it is looked at -------------------------------------------------------------------


def _ends(operation: Primitive, inside: Sequence[Point]) -> Iterator[Point]:
    """Each finite end of a domain, and the floats on both sides of it."""
    for point in inside[:1]:
        for i, end in _each(point, intervals(operation, len(point))):
            for number in (math.nextafter(end, -math.inf), end, math.nextafter(end, math.inf)):
                yield (*point[:i], number, *point[i + 1 :])


def _each(point: Point, domain: Sequence[tuple[float, float]]) -> Iterator[tuple[int, float]]:
    for i, interval in zip(range(len(point)), domain, strict=True):
        yield from ((i, end) for end in interval if math.isfinite(end))


def _specials(inside: Sequence[Point]) -> Iterator[Point]:
    for point in inside[:1]:
        yield from ((*point[:i], x, *point[i + 1 :]) for i in range(len(point)) for x in SPECIAL)
        yield from itertools.product((0.0, math.inf), repeat=len(point))


def _bends(operation: Primitive, inside: Sequence[Point]) -> Iterator[Point]:
    """Where functions bend that have branches: at 0 and ±1, at ties, and where it says so."""
    for point in inside:
        candidates = [
            (*point[:i], x, *point[i + 1 :]) for i in range(len(point)) for x in (0.0, 1.0, -1.0)
        ]
        candidates.append((point[0],) * len(point))
        if operation.kink:
            candidates.append((point[0] - operation.kink(*point), *point[1:]))
        for candidate in candidates:
            domain = zip(candidate, intervals(operation, len(candidate)), strict=True)
            if all(low < x < high for x, (low, high) in domain):
                yield candidate


def _same(one: float, other: float) -> bool:
    """Bit for bit, but for the bits of `nan`."""
    return repr(float(one)) == repr(float(other))


def _all_same(found: Any, expected: Any) -> bool:
    return all(map(_same, numbers(found), numbers(expected)))


def _ulp(number: float) -> float:
    return max(math.ulp(number), sys.float_info.min) if math.isfinite(number) else 0.0
