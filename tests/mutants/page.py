"""docs/mutants.md: how many mutants were noticed, and what is said of the others."""

from __future__ import annotations

import functools
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.mutants.reasons import REASONS
from tests.page import put_section

PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"
COMMAND = "python3 -m tests.mutants"
Facts = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By module and mutant: the outcome, and the line before and after."""


def write(kept: Path) -> int:
    """From what is kept of the run; 1 if a mutant survived for no reason."""
    files = sorted(kept.glob("*.json"))
    facts = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
    put_section(PAGE, COMMAND, "\n".join([*table(facts), "", *survivors(facts)]))
    unexplained = list(without_reason(facts))
    for module, before, after in unexplained:
        sys.stdout.write(f"no reason: {module}\n  {before}\n  {after}\n")
    return int(bool(unexplained))


def table(facts: Facts) -> Iterator[str]:
    """The counts by module."""
    yield "| module | mutants | noticed | of these, by a crash or without end | survive |"
    yield "| --- | --- | --- | --- | --- |"
    total: Counter[str] = Counter()
    for module, mutants in facts.items():
        count = Counter(mutant["outcome"] for mutant in mutants.values())
        total += count
        yield _line(f"`{module}.py`", count)
    yield _line("all", total)


def _line(name: str, count: Counter[str]) -> str:
    ended, survived = count["crashed"] + count["hung"], count["passed"]
    noticed = count.total() - survived
    return f"| {name} | {count.total():,} | {noticed:,} | {ended:,} | {survived:,} |"


def survivors(facts: Facts) -> Iterator[str]:
    """Each of them, below its reason."""
    alive = set(surviving(facts))
    for reason, changes in REASONS.items():
        if here := [change for change in changes if change in alive]:
            yield f"**{reason}** ({len(here)})\n"
            yield "```diff"
            for module, before, after in here:
                yield f"  # {module}.py"
                yield f"- {before}"
                yield f"+ {after}"
            yield "```\n"


def surviving(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """The changes that no test noticed."""
    for module, mutants in facts.items():
        for mutant in mutants.values():
            if mutant["outcome"] == "passed":
                yield module, mutant["before"], mutant["after"]


def without_reason(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """Those of them that no reason is given for."""
    return (change for change in surviving(facts) if change not in explained())


@functools.cache
def explained() -> frozenset[tuple[str, str, str]]:
    """The changes that have a reason."""
    return frozenset(change for changes in REASONS.values() for change in changes)
