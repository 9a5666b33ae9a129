"""What is imported at once is always there."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from demos.start import names_of_requirements
from tests.house.sources import PACKAGE, ROOT, imports, module_files

MODULES = module_files()


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
        ("never", False),
        ("early", True),
        ("late", False),
    ]
