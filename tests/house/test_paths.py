"""The project runs anywhere, so none of its files knows a place on somebody's machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import ROOT

FOLDERS = ("tinygrad_bp", "tests", "demos", "docs", ".ci")
# Where people keep their files. Not inside an address: `example.org/home/x` is no such place.
PLACE = re.compile(r"(?<![\w./-])(?:/(?:home|root|Users|work|workspace|mnt|scratch)/\w|[A-Z]:\\\w)")


def texts() -> Iterator[Path]:
    """The checkout's own files, but for pictures and other bytes."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    # In a worktree `.git` is a file of git's own.
    top = [path for path in ROOT.glob("*.*") if path.name != ".git"]
    for path in [*top, ROOT / "LICENSE", *found]:
        if path.is_file() and "__pycache__" not in path.parts and path != Path(__file__):
            try:
                path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            yield path


@pytest.mark.parametrize("path", sorted(texts()), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_names_a_place_on_one_machine(path: Path) -> None:
    assert PLACE.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "names_a_place"),
    [
        ("open('/home/ann/x.csv')", True),
        ('"/Users/ann"', True),
        (r"C:\Users", True),
        ("https://example.org/home/ann", False),
        ("the home/work balance", False),
        ("/usr/bin/env bash", False),
    ],
)
def test_a_place_is_recognised(text: str, names_a_place: bool) -> None:
    assert bool(PLACE.search(text)) == names_a_place
