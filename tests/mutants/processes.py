"""Something done in a process of its own, which may crash, hang or eat all memory."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

MEMORY = 8 << 30
"""So many bytes a process may ask for."""
OUTCOMES = {0: "passed", 1: "failed", 2: "failed", 5: "passed"}
"""Of pytest's exit codes: 2 is a module that cannot be imported, 5 that there was no test."""
OURS = {"tests", "tinygrad_bp", "_tinygrad_bp_plugin"}
"""Packages that the process imports from its own folder, whatever the parent has imported."""


def in_process(run: Callable[[], int], folder: Path, *, patience: float, **variables: str) -> str:
    """What became of it there: it "passed", "failed", "crashed" or "hung"."""
    child = os.fork()
    if child == 0:
        _behave_as_a_child(run, folder, variables)
    end = time.monotonic() + patience
    while time.monotonic() < end:
        finished, status = os.waitpid(child, os.WNOHANG)
        if finished:
            _stop_all(child)
            code = os.waitstatus_to_exitcode(status)
            return OUTCOMES.get(code, "crashed")
        time.sleep(0.01)
    _stop_all(child)
    os.waitpid(child, 0)
    return "hung"


def _behave_as_a_child(run: Callable[[], int], folder: Path, variables: dict[str, str]) -> None:
    """Run it with nothing of the parent's to be seen or harmed, and never return."""
    code = 3
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.chdir(folder)
        os.environ.update(variables, PYTHONPATH=str(folder))
        sys.path[:] = [str(folder), *sys.path]
        for name in list(sys.modules):
            if name.partition(".")[0] in OURS:
                del sys.modules[name]
        said = os.open(folder.parent / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        code = run()
    except BaseException:  # noqa: BLE001  # whatever it is, this process ends here
        traceback.print_exc()
    os._exit(code)


def _stop_all(child: int) -> None:
    """End it, and what it started."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return
