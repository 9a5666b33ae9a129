"""How far fast arithmetic strays: results beside those of eager evaluation, measured in ulps."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from tinygrad_bp.basics.words import counted


def ulps_between(x: float, y: float) -> float:
    """How many floats further on the one stands than the other; `inf` if only one is `nan`.

    >>> ulps_between(1.0, 1.0 + 2**-52), ulps_between(0.0, -0.0), ulps_between(1.0, math.nan)
    (1.0, 0.0, inf)
    """
    if x != x or y != y:
        return 0.0 if x != x and y != y else math.inf
    return float(abs(_rank(x) - _rank(y)))


def _rank(x: float) -> int:
    """The place of a float among all floats; that of both zeros is 0."""
    (bits,) = struct.unpack("<q", struct.pack("<d", x))
    return int(bits if bits >= 0 else -(2**63) - bits)


@dataclass(frozen=True)
class Strayed:
    """The largest distance of a fast number from the exact one, of those that were compared.

    >>> Strayed().with_pairs([(0.3, 0.1 + 0.2), (1.0, 1.0)])
    1 ulp at most in 1 call compared: 0.3 for 0.30000000000000004
    """

    ulps: float = 0.0
    """A number close to 0, the difference of larger ones, may be many ulps off, and be good."""
    fast: float = 0.0
    exact: float = 0.0
    compared: int = 0
    """Calls, or examples."""

    def with_pairs(self, pairs: Iterable[tuple[float, float]]) -> Strayed:
        """The same after one more call, of which these are the numbers: fast ones and exact."""
        worst = self
        for fast, exact in pairs:
            ulps = ulps_between(fast, exact)
            if ulps > worst.ulps:
                worst = Strayed(ulps, fast, exact)
        return Strayed(worst.ulps, worst.fast, worst.exact, self.compared + 1)

    def and_also(self, other: Strayed) -> Strayed:
        """The larger of both, and the calls of both."""
        worst = max(self, other, key=lambda strayed: strayed.ulps)
        return Strayed(worst.ulps, worst.fast, worst.exact, self.compared + other.compared)

    def __repr__(self) -> str:
        if not self.compared:
            return "nobody knows how far: no call was compared"
        calls = f"{counted(self.compared, 'call')} compared"
        if not self.ulps:
            return f"not at all in {calls}"
        ulps = f"{self.ulps:,.0f} ulp{'s' * (self.ulps != 1)}"
        return f"{ulps} at most in {calls}: {self.fast!r} for {self.exact!r}"
