"""Imports run one way, so that the package can be read from its first file to its last."""

from __future__ import annotations

import graphlib
import itertools
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pytest

from demos.start import names_of_requirements
from tests.house.sources import PACKAGE, ROOT, imports, module_files

# The reading order. Whatever is named here may use what stands before it, never what follows.
# A file that is not named may stand anywhere, as long as one order suits all files.
# A folder is read as one; its own files may use one another, but not in a circle.
SPINE = ("primitives", "operand", "graph", "value", "functional", "tape", "nn", "look", "check")

MODULES = module_files()

Graph = dict[str, set[str]]


def own_imports() -> Graph:
    """The package's modules, each with those that it imports, wherever in the file."""
    return {
        module: {name for name, _ in imports(path, set(MODULES)) if name.split(".")[0] == PACKAGE}
        for module, path in MODULES.items()
    }


def entry(module: str) -> str:
    """`tinygrad_bp.nn.layers` is read as part of `nn`; the package's own `__init__` has no name."""
    return ".".join(module.split(".")[1:2])


def between_entries(graph: Graph) -> Graph:
    """The same between entries: which of them use which others."""
    entries: Graph = {entry(module): set() for module in graph}
    for module, imported in graph.items():
        entries[entry(module)] |= set(map(entry, imported)) - {entry(module)}
    return entries


def along(spine: Sequence[str], graph: Graph) -> Graph:
    """As if each name of the spine used the one before it."""
    needs = {later: {earlier} for earlier, later in itertools.pairwise(spine)}
    return {name: graph.get(name, set()) | needs.get(name, set()) for name in {*graph, *needs}}


def circle(graph: Graph) -> list[str]:
    """Modules that use one another in a circle, if any do."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_one_reading_order_suits_all_files() -> None:
    assert circle(along(SPINE, between_entries(own_imports()))) == []


def test_no_files_import_one_another_in_a_circle() -> None:
    assert circle(own_imports()) == []


@pytest.mark.parametrize("module", sorted(MODULES))
def test_optional_packages_wait_until_they_are_needed(module: str) -> None:
    required = names_of_requirements(metadata.requires(PACKAGE) or [], [])
    always_there = {PACKAGE, "__future__", *required, *sys.stdlib_module_names}

    found = imports(MODULES[module], set(MODULES))

    assert {name for name, at_once in found if at_once} == {
        name for name, at_once in found if at_once and name.split(".")[0] in always_there
    }


def test_start_up_needs_only_the_standard_library() -> None:
    found = imports(ROOT / "demos" / "start.py", set())

    assert {name.split(".")[0] for name, _ in found} <= {"__future__", *sys.stdlib_module_names}


# The checkers can fail.


@pytest.mark.parametrize(
    ("importer", "imported", "wrong"),
    [
        ("operand", "nn.layers", True),
        ("operand", "", True),  # `from tinygrad_bp import Value`: everything, value.py among it.
        ("operand", "unnamed", True),  # For that one uses `nn` itself.
        ("look.picture", "nn.layers", False),
        ("look.picture", "unnamed", False),
        ("nn.layers", "nn.losses", False),
        ("nn.losses", "nn.layers", False),
    ],
)
def test_an_import_down_the_reading_order_is_found(
    importer: str, imported: str, wrong: bool
) -> None:
    graph: Graph = {
        "p": {"p.value"},
        "p.value": {"p.operand"},
        "p.unnamed": {"p.nn.layers"},
    }
    graph.setdefault(f"p.{importer}", set()).add(f"p.{imported}".rstrip("."))

    assert bool(circle(along(SPINE, between_entries(graph)))) == wrong


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []


def test_late_imports_are_told_from_early_ones(tmp_path: Path) -> None:
    path = tmp_path / "example.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "import numpy.linalg\n"
        "from package import module, function\n"
        "if TYPE_CHECKING:\n    import never\n"
        "try:\n    import early\nexcept ImportError:\n    pass\n"
        "def f():\n    import late\n"
    )

    assert imports(path, {"package", "package.module"}) == [
        ("typing", True),
        ("numpy.linalg", True),
        ("package.module", True),
        ("package", True),
        ("early", True),
        ("late", False),
    ]
