"""What came of a suite: how many of its checks agree, differ, or ask for what is not here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


class NoCounterpart(Exception):  # noqa: N818  # it says what, not that it is an error
    """A check asks for something that this engine does not have: complex numbers, say."""


@dataclass
class Counts:
    """The checks of one suite.

    >>> counts = Counts("made up")
    >>> counts.agree(); counts.differ("max at 1, 1", "1, 0 and not 0.5, 0.5"); counts.outside("fft")
    >>> print(counts.report({"max": "a tie is shared equally"}))
    made up: 2 checks have a counterpart; 1 agree, 1 differ (1 by decision); 1 outside
      differ by decision: a tie is shared equally (1)
      outside: fft (1)
    """

    suite: str
    agreed: int = 0
    differences: list[tuple[str, str]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def agree(self) -> None:
        """Both say the same."""
        self.agreed += 1

    def differ(self, where: str, how: str) -> None:
        """They do not: to be mended, or to be explained by a decision."""
        self.differences.append((where, how))

    def outside(self, reason: str) -> None:
        """The check is about something that is not here."""
        self.left_out[reason] += 1

    @property
    def compared(self) -> int:
        """How many checks have a counterpart here."""
        return self.agreed + len(self.differences)

    def unexplained(self, decisions: Mapping[str, str]) -> list[tuple[str, str]]:
        """The differences that no decision explains."""
        return [one for one in self.differences if _decision(one[0], decisions) is None]

    def report(self, decisions: Mapping[str, str]) -> str:
        """The counts as text; a decision explains what differs where its key begins the place."""
        found = [_decision(where, decisions) for where, _ in self.differences]
        explained = Counter(reason for reason in found if reason is not None)
        total = (
            f"{self.suite}: {self.compared:,} checks have a counterpart; {self.agreed:,} agree, "
            f"{len(self.differences):,} differ ({explained.total():,} by decision); "
            f"{self.left_out.total():,} outside"
        )
        lines = [total]
        lines += [f"  differ by decision: {why} ({n:,})" for why, n in explained.most_common()]
        lines += [f"  DIFFER: {where}: {how}" for where, how in self.unexplained(decisions)]
        lines += [f"  outside: {why} ({n:,})" for why, n in self.left_out.most_common()]
        return "\n".join(lines)


def _decision(where: str, decisions: Mapping[str, str]) -> str | None:
    return next((why for start, why in decisions.items() if where.startswith(start)), None)
