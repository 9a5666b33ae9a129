"""What the checker says: a verdict for each derivative, its evidence, and the screen it fills."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.basics.escapes import lines

RIGHT, WRONG, KINK, UNSTABLE = "right", "wrong", "kink", "unstable"
BY_WEIGHT = (WRONG, UNSTABLE, KINK, RIGHT)
"""Verdicts, the gravest first: a gradient has that of its gravest part."""


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one derivative."""

    name: str
    """Of the input; of a higher order those of all, as in `x, y`."""
    verdict: str
    """One of `"right"`, `"wrong"`, `"kink"`, `"unstable"`."""
    gave: float
    """The derivative that was to be checked."""
    true: float
    """The reference; `nan` where there is none."""
    bar: float
    """How much the reference may be off."""
    left: float
    """The slope on the side of smaller inputs; `nan` where the function ends here."""
    right: float
    why: str = ""
    is_within_rounding: bool = False
    """Whether an unstable one is as near to the truth as the terms that it adds up allow."""

    @property
    def lies_between(self) -> bool:
        """Whether what was given is one of the slopes that a kink has room for."""
        ends = [end for end in (self.left, self.right) if not math.isnan(end)]
        low, high = min(ends, default=math.nan), max(ends, default=math.nan)
        margin = 1e-7 * max(abs(low), abs(high)) if math.isfinite(high - low) else 0.0
        return low - margin <= self.gave <= high + margin

    @property
    def ulps(self) -> float:
        """How far apart they are, in units of the last place of the truth."""
        if self.gave == self.true:
            return 0.0
        return (
            abs(self.gave - self.true) / math.ulp(self.true)
            if math.isfinite(self.true)
            else math.nan
        )

    def __bool__(self) -> bool:
        if self.verdict == KINK:
            return self.lies_between
        return self.verdict == RIGHT or self.is_within_rounding


@dataclass(frozen=True, repr=False)
class Report:
    """What `check_gradient` found: true if the gradient is right, and legible as it stands."""

    function: str
    order: int
    verdicts: tuple[Verdict, ...]
    reference: str
    """Where the truth is from."""
    findings: tuple[Any, ...] = ()
    """What is to blame: wrong rules, or mistakes in a derivation; each reads as a sentence."""

    @property
    def verdict(self) -> str:
        """That of the whole: the gravest of all."""
        found = {one.verdict for one in self.verdicts}
        return next(verdict for verdict in BY_WEIGHT if verdict in found)

    def __bool__(self) -> bool:
        return all(self.verdicts)

    def __getitem__(self, name: str) -> Verdict:
        """The verdict on one input, by its name.

        Raises `KeyError` with the names that there are.
        """
        for one in self.verdicts:
            if one.name == name:
                return one
        names = ", ".join(one.name for one in self.verdicts[:20])
        raise KeyError(f"no input {name!r}; there are {names}")

    def __str__(self) -> str:
        source = f"true by {self.reference}" if self.reference else ""
        parts = [self._headline(), _table(self.verdicts), source, *map(str, self.findings)]
        return lines("\n\n".join(filter(None, parts)))

    __repr__ = __str__

    def _headline(self) -> str:
        what = {1: "gradient", 2: "second derivatives", 3: "third derivatives"}[self.order]
        total = len(self.verdicts)
        count = sum(one.verdict == self.verdict for one in self.verdicts)
        share = (
            "" if total == 1 else f", all {total}" if count == total else f", {count} of {total}"
        )
        return f"{self.verdict}: {what} of {self.function}{share}"


SHOWN = 12
"""How many derivatives a screen has room for."""


def _table(verdicts: Sequence[Verdict]) -> str:
    by_weight = sorted(verdicts, key=lambda one: BY_WEIGHT.index(one.verdict))
    chosen = set(map(id, by_weight[:SHOWN]))
    shown = [one for one in verdicts if id(one) in chosen]
    rows = [("", "gave", "true", "sure to", "off by", ""), *map(_row, shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]])
        for row in rows
    ]
    left_out = by_weight[SHOWN:]
    if left_out:
        counts = Counter(one.verdict for one in left_out)
        lines.append(f"and {', '.join(f'{count} {kind}' for kind, count in counts.items())}")
    return "\n".join(line.rstrip() for line in lines)


def _row(one: Verdict) -> tuple[str, ...]:
    true = "none" if math.isnan(one.true) else repr(one.true)
    sure = "" if math.isnan(one.true) or math.isinf(one.bar) else _bar(one.bar)
    off = "" if math.isnan(one.ulps) else _ulps(one.ulps)
    said = f"{one.verdict}: {one.why}" if one.why else one.verdict
    return one.name, repr(one.gave), true, sure, off, said


def _bar(bar: float) -> str:
    return f"±{bar:.0e}" if bar else "exact"


def _ulps(ulps: float) -> str:
    return f"{ulps:.0f} ulp" if ulps < 1e5 else f"{ulps:.1e} ulp"
