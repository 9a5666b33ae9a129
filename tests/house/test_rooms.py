"""The package is a house of rooms: few files in each, and a room uses only those below it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.house.rooms import FLOORS, MODULES, Graph, between_rooms, circle, own_imports
from tests.house.sources import PACKAGE, ROOT

MOST_FILES = 15
SUFFIXES = {".py", ".js", ".ts", ".css", ".html", ".ll"}

FOLDERS = sorted({module.rpartition(".")[0] for module in MODULES} - {""})


def test_no_files_import_one_another_in_a_circle() -> None:
    assert circle(own_imports()) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_room_uses_only_rooms_below_it(folder: str) -> None:
    rooms = between_rooms(folder, own_imports())

    assert circle(rooms, FLOORS.get(folder, ())) == []


def test_no_folder_is_too_full_to_look_over() -> None:
    files = (path for path in (ROOT / PACKAGE).rglob("*") if path.suffix in SUFFIXES)
    count = Counter(path.parent.relative_to(ROOT).as_posix() for path in files)

    assert {folder: number for folder, number in count.items() if number > MOST_FILES} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_room_says_what_it_is(folder: str) -> None:
    assert MODULES[folder].name == "__init__.py"
    assert MODULES[folder].read_text(encoding="utf-8").startswith('"""')


# The checkers can fail.


@pytest.mark.parametrize(
    ("importer", "imported", "wrong"),
    [
        ("core.value", "nn.layers", True),
        ("core.value", "unnamed", True),  # for that one uses `nn` itself
        ("look.picture", "nn.layers", False),
        ("look.picture", "unnamed", False),
        ("nn.layers", "nn.losses", False),
        ("nn.losses", "nn.layers", False),
    ],
)
def test_an_import_from_above_is_found(importer: str, imported: str, wrong: bool) -> None:
    graph: Graph = {"p": {"p.core"}, "p.unnamed": {"p.nn.layers"}}
    graph.setdefault(f"p.{importer}", set()).add(f"p.{imported}")

    assert bool(circle(between_rooms("p", graph), ("core", "nn", "look"))) == wrong


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []
