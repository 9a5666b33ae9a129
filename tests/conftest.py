"""Settings of the whole suite."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.look.browser import Browser, Page, program

# Derandomised: the same suite gives the same answer everywhere, so a failure is the change's.
# No deadline: a noisy machine is not a bug.
settings.register_profile("default", deadline=None, derandomize=True)
# `python3 tests --hypothesis-profile=thorough` looks for what nobody has seen yet.
settings.register_profile("thorough", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile("default")

# A shell ignores Ctrl-C for what it runs in the background, and children inherit that: the
# tests that interrupt, and the programs that they start, would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Programs that measure; what they need is seldom installed.
collect_ignore = ["benchmarks", "mutants/__main__.py", "mutants/mutations.py"]


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Add the package's fixtures: not by its entry point, nor by `pytest_plugins`.

    Both are loaded before coverage starts to look, which in a worker of pytest-xdist is now.
    """
    session.config.pluginmanager.import_plugin("tinygrad_bp.plugin")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each process gives a test the same name, by which the processes of pytest-xdist share."""
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"an address in the name of a test: {item.nodeid}")


PACKAGE = str(Path(__file__).parents[1] / "tinygrad_bp")
# Where the question is the program's own: a ufunc over objects, and the guard that it left.
ASKING_FOR_OTHERS = ("apply_ufunc", "holds")


@pytest.fixture(scope="session", autouse=True)
def _engine_asks_no_equality() -> Iterator[None]:
    """Fail every test in which the package asks `==` or `in` about nodes: it compares numbers."""
    from tinygrad_bp import Value  # not before coverage starts to look

    with pytest.MonkeyPatch.context() as patch:
        for name in ("__eq__", "__ne__"):
            patch.setattr(Value, name, _unasked(getattr(Value, name)))
        yield


def _unasked(compared: Any) -> Any:
    def asked(self: Any, other: object) -> Any:
        code = sys._getframe(1).f_code
        if code.co_filename.startswith(PACKAGE) and code.co_name not in ASKING_FOR_OTHERS:
            pytest.fail(f"{code.co_name} in {code.co_filename} asks `==` about {self!r}")
        return compared(self, other)

    return asked


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests that need one; without it they are skipped, and say so."""
    if program() is None:
        pytest.skip("needs a browser: `apt install chromium`, or Chrome on the PATH")
    running = Browser(tmp_path_factory.mktemp("browser"))
    yield running
    running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in it that nobody has used."""
    with browser.page() as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Give the tracer back: coverage is one, and a test that ends with another is not its end."""
    tracer = sys.gettrace()
    try:
        return (yield)
    finally:
        if sys.gettrace() is not tracer:
            sys.settrace(tracer)
