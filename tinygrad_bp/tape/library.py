"""The system's mathematical library, used where it gives what Python gives."""

from __future__ import annotations

import ctypes
import math
import re
import threading
from functools import cache

from tinygrad_bp.basics.same import same_bits
from tinygrad_bp.rows.primitive import Primitive

# Where libraries differ: at the ends of domains, at special values, and in the last bit
# anywhere. So the probes are those ends and a spread of magnitudes on both sides of zero.
SPECIAL = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e308, -1e308)
SPREAD = tuple(sign * 1.37**k * 1e-9 for k in range(100) for sign in (1.0, -1.0))


LIBRARY = frozenset(
    """exp expm1 log log1p log2 log10 pow erf erfc
    sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh""".split()  # noqa: SIM905  # a list of words
)
"""The rows that Python takes from that library; not `hypot`, which it computes by itself."""


@cache
def address_of(primitive: Primitive) -> int | None:
    """Where the library's function of that name stands, if it gives what the row gives.

    `None` where there is none, or where it differs from Python in any bit of any probe.
    """
    try:
        function = getattr(ctypes.CDLL(None), primitive.name)
    except (AttributeError, OSError, TypeError):  # TypeError: Windows has no library `None`
        return None
    arity = primitive.arity or 0
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * arity
    if not all(same_bits(function(*x), primitive.value(*x)) for x in probes(arity)):
        return None
    return ctypes.cast(function, ctypes.c_void_p).value


def probes(arity: int) -> list[tuple[float, ...]]:
    """The operands that are tried."""
    if arity == 1:
        return [(x,) for x in (*SPECIAL, *SPREAD)]
    return [
        (x, y) for x in (*SPECIAL, *SPREAD[::7]) for y in (*SPECIAL, *SPREAD[::11], 0.5, 2.0, 3.0)
    ]


def symbol_of(primitive: Primitive, operands: int) -> str:
    """The name by which machine code calls a row; where it stands is said when it is linked.

    It is not the library's own name, of which LLVM would believe to know something, and not an
    address, which is another in each process.
    """
    versions = _versions.setdefault(primitive.name, [])
    if primitive not in versions:
        versions.append(primitive)
    symbol = f"row.{primitive.name}.{operands}.{versions.index(primitive)}"
    _rows[symbol] = primitive, operands
    return symbol


_versions: dict[str, list[Primitive]] = {}
"""Rows by name; a row of one's own may be replaced, and stays what it was on old tapes."""
_rows: dict[str, tuple[Primitive, int]] = {}


def symbols_in(text: str) -> list[str]:
    """The symbols that a program text calls."""
    return list(dict.fromkeys(re.findall(r'@"(row\.[^"]+)"', text)))


def declaration(symbol: str) -> str:
    """A symbol as LLVM wants to know it."""
    operands = ", ".join(["double"] * _rows[symbol][1])
    return f'declare double @"{symbol}"({operands})'


def place_of(symbol: str) -> int:
    """Where the function of a symbol stands: in the library, or as the row's own value."""
    primitive, operands = _rows[symbol]
    address = address_of(primitive) if primitive.name in LIBRARY else None
    return address or callback_to(primitive, operands)[1]


@cache
def callback_to(primitive: Primitive, operands: int) -> tuple[object, int]:
    """The row's own value as a function of C, and its address; keep the first alive."""

    def value(*numbers: float) -> float:
        try:
            return primitive.value(*numbers)
        except BaseException as error:  # noqa: BLE001  # C cannot pass it on; `raise_pending` does
            _errors[threading.get_ident()] = error
            return math.nan

    kind = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * operands)
    function = kind(value)
    return function, ctypes.cast(function, ctypes.c_void_p).value or 0


_errors: dict[int, BaseException] = {}
"""By thread."""


def raise_pending() -> None:
    """Raise what a row of somebody's own raised while machine code was running.

    Between Python and Python stood C, which knows no exceptions.
    """
    if _errors and (error := _errors.pop(threading.get_ident(), None)):
        raise error
