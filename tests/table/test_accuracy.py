"""Two units in the last place for a value, four for a partial, at the limits of floats too."""

from __future__ import annotations

import math
import operator

import mpmath
import pytest

from tests.table.edges import edge_points, overflow_starts
from tests.table.truths import points
from tests.table.units import EXCEPTIONS, errors, units
from tinygrad_bp.check.programs.rows import ROWS
from tinygrad_bp.rows.primitive import Primitive

every_row = pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))


@every_row
def test_a_row_is_right_to_the_last_units(row: Primitive) -> None:
    tried = points(row, 20) + edge_points(row, 4)

    found = list(errors(row, tried))

    assert len(found) >= 10
    assert [error for error in found if error.units > error.allowed] == []


@pytest.mark.parametrize("name", ["exp", "multiply", "sum", "hypot"])
def test_a_value_that_is_ten_units_off_is_found(name: str) -> None:
    row = ROWS[name]
    wrong = Primitive(
        name, row.notation, lambda *xs: row.value(*xs) * (1 + 2.5e-15), row.partials, row.domain
    )

    found = list(errors(wrong, points(row, 20)))

    assert any(error.operand is None and error.units > error.allowed for error in found)


@pytest.mark.parametrize("name", ["tanh", "divide", "silu", "logsumexp"])
def test_a_partial_that_is_twenty_units_off_is_found(name: str) -> None:
    row = ROWS[name]

    def partials(*xs: float) -> tuple[float, ...]:
        return tuple(partial * (1 + 5e-15) for partial in row.partials(*xs))

    wrong = Primitive(name, row.notation, row.value, partials, row.domain)

    found = list(errors(wrong, points(row, 20)))

    assert any(error.operand is not None and error.units > error.allowed for error in found)


NEEDED = {
    ("sum", 0): (1.0, 1e16, -1e16),
    ("dot", 0): (1.0, 1e16, -1e16, 1.0, 1.0, 1.0),
    ("logaddexp", 0): (-math.log(2.0), -math.log(2.0)),
    ("logsumexp", 0): (-math.log(3.0),) * 3,
    ("logaddexp", 1): (-4.371795495980508, 674.754623648814),
    ("logsumexp", 1): (-4.371795495980508, 674.754623648814),
    ("softmax", 1): (-4.371795495980508, 674.754623648814),
    ("gelu", 1): (-0.7517915246935645,),
    ("silu", 1): (-1.2784645427610738,),
    ("elu", 1): (-761.161273931074, -2.142999712622259e64),
    ("silu_slope", 1): (-2.399349947163734,),
    ("tanh_slope", 0): (-3.9741480089371883,),
    ("power_log", 0): (1.327339980799378, -3.4193530743221228, 3.63295305814886),
    ("entr", 1): (0.36786010500996696,),
    ("lgamma", 0): (3.9837528954278616,),
    ("lgamma", 1): (1.4623586228831902,),
    ("digamma", 0): (1.4618201993730024,),
    ("sinc", 1): (2.4590295216006623,),
    ("erfinv", 1): (0.9963588308914787,),
    ("direction", 1): (1.30843153e-316, 1.419e-320),
    ("hypot_slope", 1): (4.5322766e-316, 1.2166e-319),
    ("atan2", 1): (-8.6128527e-317, 1.7091273170935e-311),
    ("power_slope", 1): (3.176962513173333e-309, 1.18746736e-316),
    ("pow_constant", 1): (1.04519139794e-313, -1.600342955625953e-308),
}


def test_each_exception_has_a_point_that_needs_it() -> None:
    assert set(NEEDED) == set(EXCEPTIONS)


@pytest.mark.parametrize(("name", "order"), NEEDED)
def test_an_exception_is_needed(name: str, order: int) -> None:
    found = list(errors(ROWS[name], [NEEDED[name, order]]))

    units_off = [e.units - e.limit for e in found if (e.operand is not None) == bool(order)]
    assert max(units_off) > 0.0


def test_units_are_those_of_the_truth() -> None:
    assert units(1.0 + 2.0**-51, mpmath.mpf(1)) == 2.0
    assert units(0.0, mpmath.mpf(0)) == 0.0
    assert units(5e-324, mpmath.mpf(0)) == math.inf
    assert units(math.inf, mpmath.mpf(1e308)) == math.inf


def test_overflow_starts_at_the_first_infinite_value() -> None:
    (start,) = overflow_starts(ROWS["exp"])

    assert math.isinf(ROWS["exp"].value(start))
    assert math.isfinite(ROWS["exp"].value(math.nextafter(start, 0.0)))
    assert list(overflow_starts(ROWS["sin"])) == []


def test_edges_lie_inside_the_domain() -> None:
    for row in ROWS.values():
        kinks = [row.kink(*point) for point in edge_points(row, 4) if row.kink]

        assert all(kinks), row


def test_the_quotient_of_neighbours_is_tried() -> None:
    close = [
        p
        for p in edge_points(ROWS["maximum"], 10)
        if operator.sub(*p) and abs(operator.sub(*p)) < 1e-14
    ]

    assert len(close) > 5
