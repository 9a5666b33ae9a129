"""The start-up, piece by piece."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from pathlib import Path

import pytest

from demos import start
from tests.house.sources import ROOT


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "HOME", tmp_path / start.HOME.name)
    monkeypatch.setattr(start, "LINK", tmp_path / ".venv")
    return tmp_path


@pytest.fixture
def finished(checkout: Path) -> Path:
    """What a finished environment looks like to the start-up."""
    return made(1, "plot", "test")


def made(number: int, *extras: str, **facts: object) -> Path:
    folder = start.HOME / str(number)
    python = start.python_of(folder)
    python.parent.mkdir(parents=True)
    python.touch()
    (folder / start.STAMP).write_text(json.dumps({**start.stamp_for(extras), **facts}))
    os.utime(folder / start.STAMP, (number, number))  # they were used in this order
    return folder


@pytest.mark.parametrize("name", ["demos/start.py", "demos/__main__.py", "tests/__main__.py"])
def test_an_old_python_can_read_what_tells_it_that_it_is_old(name: str) -> None:
    ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 7))


def test_an_old_python_is_told_of_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "OLDEST", (99, 0))
    monkeypatch.setattr(start, "NEWER", ["no-such-python", sys.executable])

    with pytest.raises(start.Trouble, match=re.escape(f"`{sys.executable}`")):
        start.require_supported_python()


def test_an_old_python_alone_is_told_to_install_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "OLDEST", (99, 0))
    monkeypatch.setattr(start, "NEWER", ["no-such-python"])

    with pytest.raises(start.Trouble, match="Install a newer Python"):
        start.require_supported_python()


def test_this_python_is_supported() -> None:
    start.require_supported_python()


def test_the_oldest_python_is_the_one_that_the_project_requires() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert f'requires-python = ">={start.OLDEST[0]}.{start.OLDEST[1]}"' in project


def test_the_link_goes_to_the_one_in_use(finished: Path) -> None:
    other = made(2)
    for folder in (finished, other, other, finished):
        for older in (finished, other):
            os.utime(older / start.STAMP, (1, 1))
        start.show(folder)

        assert start.LINK.resolve() == folder
        assert next(iter(start.finished())) == folder  # the one used last
    assert sorted(path.name for path in start.HOME.iterdir()) == ["1", "2"]


def test_the_link_takes_the_place_of_an_environment_as_they_were(finished: Path) -> None:
    start.LINK.mkdir()
    (start.LINK / start.LOCK).touch()
    start.show(finished)

    assert start.LINK.resolve() == finished


@pytest.mark.parametrize("kind", ["folder", "file", "broken link", "link"])
def test_what_belongs_to_somebody_else_is_left_alone(finished: Path, kind: str) -> None:
    stranger = start.LINK
    if kind == "folder":
        stranger.mkdir()
        (stranger / "pyvenv.cfg").touch()
    elif kind == "file":
        stranger.touch()
    else:
        stranger.symlink_to("nowhere" if kind == "broken link" else "pyproject.toml")
    before = stranger.lstat()
    start.show(finished)

    assert stranger.lstat().st_ino == before.st_ino


def test_requirements_of_the_chosen_extras() -> None:
    requirements = ["numpy>=1.2", "py-test ; extra == 'test'", 'ruff>=1; extra == "lint"', "a.b"]

    assert start.names_of_requirements(requirements, ["test"]) == ["numpy", "py-test", "a.b"]
    assert start.names_of_requirements(requirements, []) == ["numpy", "a.b"]


def test_a_finished_environment_is_ready_for_some_of_its_extras(finished: Path) -> None:
    assert start.ready(["test"]) == start.ready([]) == finished
    assert start.ready(["lint"]) is None


def test_a_changed_project_finds_none_until_it_is_as_it_was(finished: Path) -> None:
    project = finished.parents[1] / "pyproject.toml"
    before = project.read_text()
    project.write_text("[project]\nname = 'other'\n")

    assert start.ready([]) is None
    project.write_text(before)
    assert start.ready([]) == finished


def test_settings_of_tools_change_no_environment() -> None:
    project = "[project]\nname = 'x'\n"

    assert start.what_is_installed(project + "[tool.ruff.lint]\nselect = []\n") == project
    assert start.what_is_installed(project + "[[tool.mypy.overrides]]\n") == project
    assert start.what_is_installed(project + "[tool.hatch.build]\n") != project


@pytest.mark.parametrize("what", ["python", "platform", "root"])
def test_another_python_platform_or_place_makes_it_useless(what: str) -> None:
    made(1, **{what: "another"})

    assert start.ready([]) is None


@pytest.mark.parametrize("text", ["", "{"])
def test_half_a_stamp_is_none(finished: Path, text: str) -> None:
    (finished / start.STAMP).write_text(text)

    assert start.ready([]) is None


def test_an_environment_whose_python_is_gone_is_not_ready(finished: Path) -> None:
    start.python_of(finished).unlink()

    assert start.ready([]) is None


def fails(*_: object) -> None:
    raise start.Trouble("no network")


def test_an_update_that_fails_leaves_what_was_finished(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (start.ROOT / "pyproject.toml").write_text("[project]\nversion = '2'\n")
    stamp = (finished / start.STAMP).read_bytes()
    monkeypatch.setattr(start, "make_environment", lambda folder, _log: folder.mkdir())
    monkeypatch.setattr(start, "install_project", fails)
    for _ in range(2):
        with pytest.raises(start.Trouble, match="no network"):
            start.prepare(["test"])

        assert (finished / start.STAMP).read_bytes() == stamp
        assert list(start.finished()) == [finished]
    assert sorted(path.name for path in start.folders()) == ["1", "2"]


def test_a_new_one_has_the_extras_of_the_one_before_and_the_oldest_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folders = [made(number, f"e{number}", root="elsewhere") for number in range(1, 5)]
    (start.HOME / "5").mkdir()  # interrupted
    monkeypatch.setattr(start, "make_environment", lambda folder, _log: folder.mkdir())
    monkeypatch.setattr(
        start, "install_project", lambda folder, _extras, _log: touched(start.python_of(folder))
    )
    new = start.prepare(["test"])

    assert list(start.finished()) == [new, *folders[:1:-1]]
    assert start.finished()[new] == start.stamp_for(["e4", "test"])
    assert {*start.folders()} == {*start.finished()}


def touched(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()


def test_the_interpreter_that_runs_is_not_removed(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(finished))
    start.remove(finished)

    assert finished.is_dir()
    monkeypatch.setattr(sys, "prefix", str(start.ROOT))
    start.remove(finished)
    assert not finished.exists()


def test_the_lock_is_taken_once(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with path.open("a") as one, path.open("a") as other:
        assert start.took(one)
        assert not start.took(other)
    with path.open("a") as later:
        assert start.took(later)


def test_a_folder_that_cannot_be_written_has_a_way_out() -> None:
    start.HOME.touch()

    with pytest.raises(start.Trouble, match="Copy the checkout"), start.holding():
        pass


def test_a_python_without_any_pip_has_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "has", lambda module: module == "venv")

    with (tmp_path / "log").open("w+") as log, pytest.raises(start.Trouble, match="python3-venv"):
        start.make_environment(tmp_path, log)


def test_a_failed_command_shows_the_end_of_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('why it failed'); raise SystemExit(1)"]

    with (
        (tmp_path / "log").open("w+") as log,
        pytest.raises(start.Trouble, match=r"(?s)why it failed.*All of them: .*log"),
    ):
        start.run_logged(command, log)


def test_machine_code_is_left_out_where_it_cannot_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def run(command: list[str], log: object) -> None:
        asked.append(command[-1])
        if "jit" in command[-1]:
            raise start.Trouble("No matching distribution found for llvmlite")

    monkeypatch.setattr(start, "run_logged", run)

    with (tmp_path / "log").open("w+") as log:
        start.install_project(tmp_path, ["jit", "plot"], log)

    assert asked == [f"{start.ROOT}[jit,plot]", f"{start.ROOT}[plot]"]
    assert "without the extra 'jit'" in capsys.readouterr().err


@pytest.mark.parametrize("extra", ["jit", "plot"])
def test_nothing_else_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: str
) -> None:
    monkeypatch.setattr(start, "run_logged", fails)

    with (tmp_path / "log").open("w+") as log, pytest.raises(start.Trouble, match="no network"):
        start.install_project(tmp_path, [extra], log)


def test_a_missing_network_is_named() -> None:
    output = "ERROR: No matching distribution found for hatchling\n"

    assert "could not be reached" in start.explanation(output, "log")
    assert "could not be reached" not in start.explanation("ERROR: disk full\n", "log")


def test_nothing_leaks_in_through_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("KEPT", "yes")

    variables = start.environment(PIP_USER="0")

    assert "PYTHONPATH" not in variables
    assert (variables["KEPT"], variables["PIP_USER"]) == ("yes", "0")
    assert os.environ["PYTHONPATH"] == "elsewhere"


def test_progress_says_what_and_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    with start.progress("baking"):
        pass

    said = capsys.readouterr()
    assert re.fullmatch(r"tinygrad_bp: baking \.\.\. \d+ s\n", said.err)
    assert said.out == ""
