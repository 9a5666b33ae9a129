"""The system's mathematical library is used only where it gives what Python gives."""

import ctypes
import math

import pytest

import tinygrad_bp as tg
from tinygrad_bp import record
from tinygrad_bp.basics.same import same_bits
from tinygrad_bp.rows.primitive import BY_NAME
from tinygrad_bp.tape import library
from tinygrad_bp.tape.library import (
    LIBRARY,
    SPECIAL,
    address_of,
    callback_to,
    place_of,
    symbol_of,
)
from tinygrad_bp.tape.routes.routes import MachineRoute


@pytest.fixture(autouse=True)
def _asked_anew():
    address_of.cache_clear()
    yield
    address_of.cache_clear()


class Fake:
    """A library whose functions are off by a bit, or not there."""

    def __init__(self, path):
        self.path = path

    def __getattr__(self, name):
        if name == "tanh":
            raise AttributeError(name)
        kind = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * BY_NAME[name].arity)
        return kind(lambda *xs: math.nextafter(BY_NAME[name].value(*xs), 5.0))


def no_library(path):
    raise OSError("no such library")


def windows(path):
    raise TypeError("expected a path")


@pytest.mark.parametrize("kind", [Fake, no_library, windows])
def test_a_library_that_differs_is_not_used(kind, monkeypatch):
    monkeypatch.setattr(library.ctypes, "CDLL", kind)
    tape = record(lambda x, y: [tg.sin(x), tg.tanh(x), tg.atan2(x, y), tg.pow(x, y)], 1.0, 2.0)

    assert [address_of(BY_NAME[name]) for name in LIBRARY] == [None] * len(LIBRARY)
    assert MachineRoute(tape)([0.7, 0.3]) == tape(0.7, 0.3)


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_the_library_or_python_give_what_the_row_gives(name):
    row = BY_NAME[name]
    address = address_of(row) or callback_to(row, row.arity)[1]
    function = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * row.arity)(address)

    assert place_of(symbol_of(row, row.arity)) == address
    for x in (*SPECIAL, 0.3, -2.5, 700.0):
        operands = (x, 0.5)[: row.arity]
        assert same_bits(function(*operands), row.value(*operands))


def test_rows_that_python_computes_by_itself_are_called_there():
    hypot = BY_NAME["hypot"]

    assert "hypot" not in LIBRARY
    assert place_of(symbol_of(hypot, 2)) == callback_to(hypot, 2)[1]


def test_same_tells_zeros_apart_and_no_nans():
    assert same_bits(math.nan, -math.nan)
    assert same_bits(1.0, 1.0)
    assert not same_bits(0.0, -0.0)
    assert not same_bits(1.0, math.nextafter(1.0, 2.0))
    assert not same_bits(math.nan, 1.0)
