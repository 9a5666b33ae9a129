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


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(start, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def finished(checkout: Path) -> Path:
    """What a finished environment looks like to the start-up."""
    folder = checkout / ".venv"
    python = start.python_of(folder)
    python.parent.mkdir(parents=True)
    python.touch()
    (folder / start.LOCK).touch()
    (folder / start.STAMP).write_text(json.dumps(start.stamp_for(["plot", "test"])))
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


def test_our_environment_takes_a_free_name(tmp_path: Path) -> None:
    assert start.environment_folder(tmp_path).name == ".venv"


def test_our_environment_is_found_again(finished: Path) -> None:
    assert start.environment_folder(finished.parent) == finished


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()

    assert start.environment_folder(tmp_path).name == ".venv"


@pytest.mark.parametrize("kind", ["folder", "file", "broken link"])
def test_what_belongs_to_somebody_else_is_left_alone(tmp_path: Path, kind: str) -> None:
    stranger = tmp_path / ".venv"
    if kind == "folder":
        stranger.mkdir()
        (stranger / "pyvenv.cfg").touch()
    elif kind == "file":
        stranger.touch()
    else:
        stranger.symlink_to("nowhere")

    assert start.environment_folder(tmp_path).name == ".venv-tinygrad_bp"


def test_requirements_of_the_chosen_extras() -> None:
    requirements = ["numpy>=1.2", "py-test ; extra == 'test'", 'ruff>=1; extra == "lint"', "a.b"]

    assert start.names_of_requirements(requirements, ["test"]) == ["numpy", "py-test", "a.b"]
    assert start.names_of_requirements(requirements, []) == ["numpy", "a.b"]


def test_a_finished_environment_is_ready_for_some_of_its_extras(finished: Path) -> None:
    assert start.is_ready(finished, ["test"])
    assert start.is_ready(finished, [])


def test_another_extra_makes_it_unready_but_not_useless(finished: Path) -> None:
    assert not start.is_ready(finished, ["lint"])
    assert start.is_of_this_python(start.stamp_in(finished))


def test_a_changed_project_makes_it_unready_but_not_useless(finished: Path) -> None:
    (finished.parent / "pyproject.toml").write_text("[project]\nname = 'other'\n")

    assert not start.is_ready(finished, [])
    assert start.is_of_this_python(start.stamp_in(finished))


def test_settings_of_tools_change_no_environment() -> None:
    project = "[project]\nname = 'x'\n"

    assert start.what_is_installed(project + "[tool.ruff.lint]\nselect = []\n") == project
    assert start.what_is_installed(project + "[[tool.mypy.overrides]]\n") == project
    assert start.what_is_installed(project + "[tool.hatch.build]\n") != project


@pytest.mark.parametrize("what", ["python", "platform", "root"])
def test_another_python_platform_or_place_makes_it_useless(finished: Path, what: str) -> None:
    stamp = {**start.stamp_in(finished), what: "another"}
    (finished / start.STAMP).write_text(json.dumps(stamp))

    assert not start.is_ready(finished, [])
    assert not start.is_of_this_python(stamp)


@pytest.mark.parametrize("text", ["", "{", "{}"])
def test_half_a_stamp_is_none(finished: Path, text: str) -> None:
    (finished / start.STAMP).write_text(text)

    assert not start.is_ready(finished, [])


def test_an_environment_whose_python_is_gone_is_not_ready(finished: Path) -> None:
    start.python_of(finished).unlink()

    assert not start.is_ready(finished, [])


def test_emptying_leaves_the_open_files(finished: Path) -> None:
    (finished / start.LOG).touch()
    (finished / "lib64").symlink_to("lib")

    start.empty(finished)

    assert {path.name for path in finished.iterdir()} == {start.LOCK, start.LOG}


def test_the_lock_is_taken_once(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with path.open("a") as one, path.open("a") as other:
        assert start.took(one)
        assert not start.took(other)
    with path.open("a") as later:
        assert start.took(later)


def test_a_folder_that_cannot_be_written_has_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(start.Trouble, match="Copy the checkout"),
        start.holding(tmp_path / "file" / ".venv"),
    ):
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
            raise start.Trouble("no wheel")

    monkeypatch.setattr(start, "run_logged", run)

    with (tmp_path / "log").open("w+") as log:
        start.install_project(tmp_path, ["jit", "plot"], log)

    assert asked == [f"{start.ROOT}[jit,plot]", f"{start.ROOT}[plot]"]
    assert "without the extra 'jit'" in capsys.readouterr().err


def test_any_other_extra_is_not_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], log: object) -> None:
        raise start.Trouble("no wheel")

    monkeypatch.setattr(start, "run_logged", run)

    with (tmp_path / "log").open("w+") as log, pytest.raises(start.Trouble, match="no wheel"):
        start.install_project(tmp_path, ["plot"], log)


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
