"""Which tests run which line, and how long each takes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.mutants.processes import in_process

Tests = dict[str, float]
"""Seconds by name."""


LOADED = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
"""Pytest would like to rewrite Hypothesis; here it is there before pytest is."""


QUICK = 2.0
"""So many seconds of tests are tried first."""


@dataclass
class Coverage:
    """The tests of each line of each module."""

    seconds: Tests
    lines: dict[str, dict[int, set[str]]]
    at_import: dict[str, set[int]] = field(default_factory=dict)

    def portions(self, module: str, line: int) -> Iterator[Tests]:
        """Tests that may notice, in the order to try: first some quick ones of few files.

        What runs when the module is imported may be noticed by any test, but most likely by those
        that run the line again: the row of an operation stands on one line with its lambdas.
        """
        names = self.lines.get(module, {}).get(line, set()) & self.seconds.keys()
        running = {name: self.seconds[name] for name in sorted(names or self.seconds)}
        yield (first := quick(running))
        yield without(running, first)
        if line in self.at_import.get(module, set()):
            yield without(self.seconds, running)


def quick(tests: Tests) -> Tests:
    """Whole files, those that take least; most mutants are noticed by these."""
    files: dict[str, Tests] = {}
    for name, seconds in tests.items():
        files.setdefault(name.partition("::")[0], {})[name] = seconds
    chosen: Tests = {}
    for some in sorted(files.values(), key=lambda some: sum(some.values())):
        chosen |= some
        if sum(chosen.values()) > QUICK:
            break
    return chosen


def without(tests: Tests, others: Tests) -> Tests:
    """Those that are not among the others."""
    return {name: seconds for name, seconds in tests.items() if name not in others}


class Stopwatch:
    """A pytest plug-in that writes down how long each test took, and whether all passed."""

    def __init__(self) -> None:
        self.seconds: Tests = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration


def covered(checkout: Path, tests: list[str]) -> Coverage:
    """Run the tests once, with nothing changed, and see what they run.

    At each start, since tests that were written since the last one are to be tried as well.
    """
    data, durations = checkout.parent / "coverage", checkout.parent / "seconds.json"

    def run() -> int:
        watch = Stopwatch()
        coverage = ["--cov", "--cov-context=test", "--cov-report="]
        arguments = ["-q", "-p", "no:cacheprovider", *LOADED, *coverage, *tests]
        result = pytest.main(arguments, plugins=[watch])
        durations.write_text(json.dumps(watch.seconds), encoding="utf-8")
        return int(result)

    outcome = in_process(run, checkout, patience=3600.0, COVERAGE_FILE=str(data))
    if outcome != "passed":
        raise SystemExit(f"the tests must pass before anything is changed: they {outcome}")
    return read(data, json.loads(durations.read_text(encoding="utf-8")))


def read(data: Path, seconds: Tests) -> Coverage:
    """From the file that coverage wrote."""
    from coverage import CoverageData

    found = CoverageData(str(data))
    found.read()
    result = Coverage(seconds, {})
    for file in found.measured_files():
        contexts = found.contexts_by_lineno(file)
        module = Path(file).stem
        result.lines[module] = {
            line: {name.rpartition("|")[0] for name in names if name}
            for line, names in contexts.items()
        }
        result.at_import[module] = {line for line, names in contexts.items() if "" in names}
    return result
