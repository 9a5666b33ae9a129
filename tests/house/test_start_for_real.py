"""The start-up, for real: a small checkout of its own, real environments, and no network."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.sources import ROOT

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals"),
    pytest.mark.skipif(
        importlib.util.find_spec("ensurepip") is None,
        reason="no ensurepip here, and the other way to get a pip is to download one",
    ),
]

PROGRAM = """\
import json, sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
from demos.start import start
start("plot")
import tinygrad_bp
if sys.argv[1:] == ["wait"]:
    try:
        print("inside", flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        sys.exit(42)
print(json.dumps([sys.prefix, tinygrad_bp.__file__, sys.argv[1:]]))
sys.exit(7)
"""

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tinygrad_bp"
version = "0"
[project.optional-dependencies]
plot = []
"""

# The least that can build an editable wheel. It waits for as long as a file `slow` is there.
BACKEND = """\
import time, zipfile
from pathlib import Path
def build_editable(folder, config_settings=None, metadata_directory=None):
    here = Path.cwd()
    (here / "building").touch()
    while (here / "slow").exists():
        time.sleep(0.01)
    name = "tinygrad_bp-0-py3-none-any.whl"
    info = "tinygrad_bp-0.dist-info/"
    with zipfile.ZipFile(Path(folder) / name, "w") as wheel:
        wheel.writestr("tinygrad_bp.pth", str(here))
        wheel.writestr(info + "METADATA",
            "Metadata-Version: 2.1\\nName: tinygrad_bp\\nVersion: 0\\nProvides-Extra: plot\\n")
        wheel.writestr(info + "WHEEL",
            "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkout = tmp_path_factory.mktemp("check out")  # A space, as in many people's folders.
    for folder in ("demos", "tinygrad_bp"):
        (checkout / folder).mkdir()
        (checkout / folder / "__init__.py").touch()
    shutil.copy(ROOT / "demos" / "start.py", checkout / "demos")
    (checkout / "program.py").write_text(PROGRAM)
    (checkout / "pyproject.toml").write_text(PYPROJECT)
    (checkout / "backend.py").write_text(BACKEND)
    return checkout


@pytest.fixture(scope="module")
def started(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that has been started once."""
    checkout = tmp_path_factory.mktemp("started") / "checkout"
    shutil.copytree(pristine, checkout)
    run(checkout).communicate()
    return checkout


def run(checkout: Path, *arguments: str, python: str = sys.executable) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, str(checkout / "program.py"), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull},
        start_new_session=True,  # Its own group, for Ctrl-C reaches the whole group.
    )


def wait_until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_second_start_installs_nothing_and_passes_everything_on(started: Path) -> None:
    again = run(started, "a b", "--flag")
    output, said = again.communicate()

    prefix, package, arguments = json.loads(output)
    assert Path(prefix) == started / ".venv-tinygrad_bp" / "1" == (started / ".venv").resolve()
    assert Path(package) == started / "tinygrad_bp" / "__init__.py"
    assert arguments == ["a b", "--flag"]
    assert (again.returncode, said) == (7, "")


def test_starting_inside_the_environment_stays_there(started: Path) -> None:
    output, said = run(started, python=str(started / ".venv/bin/python")).communicate()

    assert Path(json.loads(output)[0]) == started / ".venv"
    assert said == ""


def test_interrupting_reaches_the_program_and_its_exit_code_comes_back(started: Path) -> None:
    process = run(started, "wait")
    assert process.stdout is not None
    assert process.stdout.readline() == "inside\n"
    os.killpg(process.pid, signal.SIGINT)
    process.communicate()

    assert process.returncode == 42


def test_an_environment_with_this_checkout_installed_is_used_as_it_is(started: Path) -> None:
    own = started / "of somebody"
    (started / ".venv-tinygrad_bp").rename(own.with_name("elsewhere"))
    own.symlink_to(Path("elsewhere", "1"))

    output, said = run(started, python=str(own / "bin/python")).communicate()

    own.with_name("elsewhere").rename(started / ".venv-tinygrad_bp")
    assert Path(json.loads(output)[0]) == own
    assert said == ""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_installation_counts_for_nothing(
    pristine: Path, tmp_path: Path, how: signal.Signals
) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(pristine, checkout)
    (checkout / "slow").touch()
    interrupted = run(checkout)
    wait_until((checkout / "building").exists)
    os.killpg(interrupted.pid, how)
    said = interrupted.communicate()[1]
    (checkout / "slow").unlink()
    assert interrupted.returncode == (130 if how == signal.SIGINT else -how)
    assert "Traceback" not in said

    again = run(checkout)
    said = again.communicate()[1]

    assert "installing into .venv" in said
    assert again.returncode == 7


def test_no_update_touches_what_is_finished(pristine: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(pristine, checkout)
    run(checkout).communicate()
    first = checkout / ".venv-tinygrad_bp" / "1"
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*.py")}
    project = checkout / "pyproject.toml"
    inside = str(checkout / ".venv/bin/python")

    # A new version, and no network for what builds it: by its own Python, which goes on.
    project.write_text(PYPROJECT.replace('"0"', '"1"').replace("requires = []", 'requires = ["x"]'))
    failed = run(checkout, python=inside)
    assert "what was installed before is as it was" in failed.communicate()[1]
    assert failed.returncode == 1

    # One that is killed.
    project.write_text(PYPROJECT.replace('"0"', '"1"'))
    (checkout / "building").unlink()
    (checkout / "slow").touch()
    killed = run(checkout, python=inside)
    wait_until((checkout / "building").exists)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    (checkout / "slow").unlink()

    # The old commit again: nothing is installed.
    project.write_text(PYPROJECT)
    output, said = run(checkout).communicate()
    assert said == ""
    assert Path(json.loads(output)[0]) == first == (checkout / ".venv").resolve()
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*.py")} == before

    # And one that comes to its end.
    project.write_text(PYPROJECT.replace('"0"', '"1"'))
    output, said = run(checkout, python=inside).communicate()
    assert "installing into .venv-tinygrad_bp/2" in said
    assert Path(json.loads(output)[0]).name == "2"
    assert (checkout / ".venv").resolve().name == "2"


def test_of_two_starts_at_once_one_installs_and_one_waits(pristine: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(pristine, checkout)
    (checkout / "slow").touch()
    first = run(checkout)
    wait_until((checkout / "building").exists)
    second = run(checkout)
    assert second.stderr is not None
    waiting = second.stderr.readline()
    (checkout / "slow").unlink()

    assert "waiting for it" in waiting
    first.communicate()
    assert second.communicate()[1] == ""
    assert (first.returncode, second.returncode) == (7, 7)


def test_a_failed_installation_shows_why(pristine: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(pristine, checkout)
    (checkout / "pyproject.toml").write_text(PYPROJECT.replace("requires = []", 'requires = ["x"]'))

    failed = run(checkout)
    said = failed.communicate()[1]

    assert failed.returncode == 1
    assert "package index could not be reached" in said
    assert "Traceback" not in said
