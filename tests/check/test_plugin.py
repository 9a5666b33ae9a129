"""The plug-in in a project that installs this package, Hypothesis and pytest, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import find, strategies as st
from packaging.requirements import Requirement

from tests.house.sources import PACKAGE, ROOT
from tinygrad_bp import Value, check, plugin

if sys.version_info >= (3, 11):
    import tomllib
else:  # pytest needs it there
    import tomli as tomllib

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

VERSION = metadata.version(PACKAGE)

CONFTEST = """\
import sys
assert "_tinygrad_bp_plugin" in sys.modules
assert not {"tinygrad_bp", "numpy", "hypothesis.strategies"} & set(sys.modules)
"""

PASSING = """\
import sys
from hypothesis import given, settings, strategies as st
from tinygrad_bp import Value
from tinygrad_bp.check.programs import strategies

@given(st.from_type(Value))
def test_value_is_drawn_by_its_type(value):
    assert value.is_leaf

@settings(derandomize=True, max_examples=30)
@given(strategies.expressions(["add", "multiply", "sin", "tanh"]))
def test_gradients_agree(assert_gradients_agree, expression):
    assert_gradients_agree(expression, *expression.inputs)

def test_verdict(check_gradient):
    assert check_gradient(lambda x: x * x, 3.0).verdict == "right"

def test_nothing_else_was_needed():
    assert not {"mpmath", "llvmlite", "matplotlib"} & set(sys.modules)
"""

FAILING = """\
def test_by_hand(assert_gradients_agree):
    assert_gradients_agree(lambda x: x**3, 2.0, gradient=lambda x: 3 * x)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds this package, Hypothesis and pytest."""
    folder = tmp_path_factory.mktemp("fresh") / "environment"
    venv.EnvBuilder(symlinks=os.name != "nt").create(folder)
    [packages] = folder.rglob("site-packages")
    try:
        for path in needed_files("hypothesis", "pytest", *PROJECT["project"]["dependencies"]):
            (packages / path.name).symlink_to(path)
    except OSError as error:
        pytest.skip(f"an environment without a network needs symbolic links: {error}")
    install(packages)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def needed_files(*requirements: str) -> Iterator[Path]:
    """What these and all that they need have in `site-packages`, once each."""
    waiting = [Requirement(text) for text in requirements]
    found: set[Path] = set()
    while waiting:
        requirement = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        distribution = metadata.distribution(requirement.name)
        tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] != ".."}
        paths = {Path(str(distribution.locate_file(top))) for top in tops - {"__pycache__"}}
        if not paths <= found:
            yield from paths - found
            waiting += map(Requirement, distribution.requires or [])
        found |= paths


def install(packages: Path) -> None:
    """What an installer would make of the project file."""
    (packages / PACKAGE).symlink_to(ROOT / PACKAGE)
    for source, target in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"][
        "force-include"
    ].items():
        (packages / target).symlink_to(ROOT / source)
    info = packages / f"{PACKAGE}-{VERSION}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {VERSION}\n")
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
            for group, entries in PROJECT["project"]["entry-points"].items()
        )
    )


def run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV", "PYTEST"))
    }
    return subprocess.run(
        [str(python), *arguments], cwd=folder, env=variables, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_a_fresh_project_needs_nothing_else(python: Path, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_gradients.py").write_text(PASSING)

    result = run(python, tmp_path, "-W", "error", "-m", "pytest", "-q")

    assert "4 passed" in result.stdout, result.stdout + result.stderr


def test_a_wrong_gradient_fails_with_its_verdict(python: Path, tmp_path: Path) -> None:
    (tmp_path / "test_gradients.py").write_text(FAILING)

    result = run(python, tmp_path, "-m", "pytest", "-q")

    assert "1 failed" in result.stdout, result.stdout + result.stderr
    assert "AssertionError: wrong: gradient of <lambda>" in result.stdout
    assert "checker.py" not in result.stdout


@pytest.mark.parametrize("module", ["mpmath", "llvmlite", "matplotlib"])
def test_the_fresh_project_does_not_have_what_it_may_not_need(python: Path, module: str) -> None:
    missing = run(python, python.parent, "-c", f"import {module}")

    assert "ModuleNotFoundError" in missing.stderr


@pytest.mark.parametrize("first", ["hypothesis", "tinygrad_bp"])
def test_values_are_drawn_whichever_is_imported_first(
    python: Path, tmp_path: Path, first: str
) -> None:
    program = (
        f"import {first}; from hypothesis import find, strategies as st; "
        "from tinygrad_bp import Value; print(find(st.from_type(Value), lambda v: v.data > 1))"
    )

    result = run(python, tmp_path, "-c", program)

    assert result.stdout == "Value(data=2.0, grad=0.0)\n", result.stderr


def test_hypothesis_alone_does_not_import_the_engine(python: Path, tmp_path: Path) -> None:
    program = "import sys, hypothesis; print({'tinygrad_bp', 'numpy'} & set(sys.modules))"

    assert run(python, tmp_path, "-c", program).stdout == "set()\n"


# The same in this process, where coverage sees it.


def test_type_of_value_is_known_here() -> None:
    plugin.register_strategies()

    assert find(st.from_type(Value), lambda value: value.data > 1.0).data == 2.0


@pytest.mark.parametrize("absent", ["hypothesis.strategies", "tinygrad_bp.core.value"])
def test_one_without_the_other_is_not_an_error(
    monkeypatch: pytest.MonkeyPatch, absent: str
) -> None:
    monkeypatch.delitem(sys.modules, absent)

    plugin.register_strategies()


def test_fixtures_are_what_the_package_has(
    check_gradient: Any, assert_gradients_agree: Any
) -> None:
    assert check_gradient is check.check_gradient
    assert assert_gradients_agree is check.assert_gradients_agree


def test_this_very_installation_has_the_plugin() -> None:
    try:
        distribution = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        pytest.skip("the package is not installed here")
    entries = {(e.group, e.name): e.value for e in distribution.entry_points}
    if not entries:
        pytest.skip("installed before there was a plug-in; `pip install -e .` brings it")

    assert entries == {
        (group, name): target
        for group, targets in PROJECT["project"]["entry-points"].items()
        for name, target in targets.items()
    }
    assert util.find_spec("_tinygrad_bp_plugin") is not None


def test_no_file_of_the_package_is_forced_elsewhere() -> None:
    forced = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    # Hatchling takes the file out of where it was, and `pip install .` cannot be imported.
    assert not [source for source in forced if source.startswith(f"{PACKAGE}/")]
