"""`check_operation`: an operation of your own, tested as the built-in ones are."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tinygrad_bp.basics.same import same_bits
from tinygrad_bp.basics.structure import numbers
from tinygrad_bp.check.checker import check_gradient
from tinygrad_bp.check.culprit import Culprit, wrong_rules
from tinygrad_bp.check.examination import Examination, Part
from tinygrad_bp.check.programs.points import (
    Point,
    bends,
    ends,
    extreme,
    moderate,
    points,
    specials,
)
from tinygrad_bp.check.programs.rows import takes_constant
from tinygrad_bp.check.truth.faults import FAULTS
from tinygrad_bp.check.truth.local import is_known, sure_value
from tinygrad_bp.check.truth.truths import define
from tinygrad_bp.check.verdict import Report
from tinygrad_bp.core import functional
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.sweep import local_partials
from tinygrad_bp.rows.primitive import BY_NAME, Primitive
from tinygrad_bp.tape.machine.engine import backend
from tinygrad_bp.tape.record import record
from tinygrad_bp.tape.routes.compiled import compile as compiled
from tinygrad_bp.tape.routes.routes import SourceRoute

EPSILON = sys.float_info.epsilon
FEW, SOME, FAR = 6, 30, 20
"""Points for each part: for what takes long, for what does not, and far out."""
TOLERANCE = 1e-7
"""Of derivatives; a rule that is wrong is seldom so by less."""
TINY = 1e-13
"""What rounding may leave of a derivative that vanishes."""
NEAR = 1e-9
"""How near to 0 a kink function has to be at a kink."""
ULPS = 64
"""How far a value may be off: 1e-14 of it."""


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
    few, some = points(operation, FEW, moderate), points(operation, SOME, moderate)
    far = points(operation, FAR, extreme)
    yield _part("value", _value, operation, [*some, *far])
    yield _part("partials", derivatives(1), operation, some)
    yield _part("second derivatives", derivatives(2), operation, few)
    yield _part("third derivatives", derivatives(3), operation, few)
    if is_known(operation):
        yield _part("extremes", derivatives(1), operation, far)
    else:
        yield Part("extremes", 0, why_not="differences of floats are lost there; state a truth")
    yield _part("ends", _never_raises, operation, ends(operation, few[:1]))
    yield _part("special values", _special, operation, specials(few[:1]))
    yield _part("kinks", _kinks, operation, bends(operation, few))
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
    if not same_bits(gave, again):
        return f"{_written(operation, point)} gave {gave!r}, and then {again!r}"
    if not is_known(operation):
        return ""
    true = sure_value(operation, point)
    slopes = operation.partials(gave, *point)
    # What it may be off if its operands are, by half a unit each: as little as can be asked for.
    of_operands = math.fsum(abs(x * (d or 0.0)) for x, d in zip(point, slopes, strict=True))
    slack = ULPS * _ulp(float(true)) + EPSILON * of_operands + _lost_on_the_way(point)
    is_near = gave == float(true) or abs(true - gave) <= slack
    return "" if is_near else f"{_written(operation, point)} gave {gave!r}, true is {float(true)!r}"


def _lost_on_the_way(point: Point) -> float:
    """What becomes of a product of two operands that vanished, when it meets the others.

    (1e-200 * 1e-200) * 1e220 is 0 for floats, which is no mistake.
    """
    if len(point) < 3:
        return 0.0
    first, second, *others = sorted(map(abs, point))
    is_lost = first * second < sys.float_info.min
    return sys.float_info.min * math.prod(max(1.0, x) for x in others) if is_lost else 0.0


def derivatives(order: int) -> Look:
    """Those that are known to 50 digits; the others as well as differences of floats do."""

    def look(operation: Primitive, point: Point) -> str:
        if not math.isfinite(operation.value(*point)):
            return ""
        if is_known(operation):
            found = _wrong_rule(operation, point, order)
            return f"{_written(operation, point)}: {found.said}" if found else ""
        function, free = _of_values(operation, point)
        report = check_gradient(function, *free, order=order)
        is_bent = order == 1 and _has_kink(report)
        return str(report) if is_bent or report.verdict == "wrong" else ""

    return look


def _of_values(operation: Primitive, point: Point) -> tuple[Callable[..., Any], Point]:
    """The operation as a function of those operands that need not be constants, and these."""
    count = len(point) - takes_constant(operation)

    def with_constants(*operands: Any) -> Any:
        return operation(*operands, *point[count:])

    with_constants.__name__ = operation.name
    return (with_constants if point[count:] else operation), point[:count]


def _wrong_rule(operation: Primitive, point: Point, order: int) -> Culprit | None:
    function, free = _of_values(operation, point)
    node = function(*map(Value, free))
    return next(wrong_rules(node, order, relative=TOLERANCE, absolute=TINY), None)


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
    function, free = _of_values(operation, point)
    report = check_gradient(function, *free)
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
    for function, expected in _eager(*_of_values(operation, point)):
        free = point[: len(point) - takes_constant(operation)]
        found = SourceRoute(record(function, *free))(list(free))
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


def _eager(function: Callable[..., Any], point: Point) -> Iterator[tuple[Callable[..., Any], Any]]:
    """The function and its gradient, each with what it gives for numbers."""
    slopes = functional.grad(function, range(len(point)))
    yield function, function(*point)
    yield slopes, slopes(*point)


def _all_same(found: Any, expected: Any) -> bool:
    return all(map(same_bits, numbers(found), numbers(expected)))


def _ulp(number: float) -> float:
    return max(math.ulp(number), sys.float_info.min) if math.isfinite(number) else 0.0
