"""The list in `arrays.md`: NumPy's functions that were tried on an `Array`, and how it went.

>>> sentence(2, 3)
'2 of 3 functions agree with NumPy on floats'
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.arrays.listed import GROUPS, KINDS, Function, complaints

PAGE = Path(__file__).with_name("arrays.md")
BEGIN, END = "<!-- begin: made by `python3 docs` -->\n", "<!-- end -->\n"


def files() -> dict[Path, str]:
    """The page's path, and what should stand in it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return {PAGE: f"{before}{BEGIN}{''.join(lines())}{END}{rest.partition(END)[2]}"}


def lines() -> Iterator[str]:
    """The list, and before it the counts."""
    agree = {
        name: all(works(case) for case in cases)
        for group in GROUPS.values()
        for name, cases in group.items()
    }
    calls = sum(len(cases) for group in GROUPS.values() for cases in group.values())
    yield (
        f"{sentence(sum(agree.values()), len(agree))}, in value and, where there is one, in "
        f"derivative: {calls} ways to call them, each on random numbers, on ties and with a `nan`. "
        "This list is written by the run that tries them.\n\n"
    )
    for heading, group in GROUPS.items():
        names = ", ".join(f"`{name}`{'' if agree[name] else ' (no)'}" for name in group)
        yield f"* **{heading}**: {names}.\n"


def works(case: Function) -> bool:
    """Whether nothing is wrong with it on any kind of input."""
    return not any(complaints(case, kind) for kind in KINDS)


def sentence(good: int, tried: int) -> str:
    """How many of how many."""
    return f"{good} of {tried} functions agree with NumPy on floats"
