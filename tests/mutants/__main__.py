"""`python3 -m tests.mutants` changes the table and the core, and sees whether the tests notice.

Names of modules after it: only these. What was found is kept, so that an interrupted run goes on,
and only what survived is tried again. It needs cosmic-ray: `python3 -m pip install '.[mutants]'`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

# Once, here, and not in each of thousands of processes.
import hypothesis  # noqa: F401
import mpmath  # noqa: F401
import pytest
import sybil  # noqa: F401

from tests.mutants.coverage import LOADED, Coverage, Tests, covered
from tests.mutants.mutations import Mutant, mutants
from tests.mutants.page import explained, write
from tests.mutants.processes import in_process

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".benchmarks" / "mutants"
APART = {"words", "optional", "subinterpreters", "nonfinite", "program", "guard"}
"""Texts, and what has tests elsewhere."""
MODULES = {
    path.stem: path.relative_to(ROOT / "tinygrad_bp").as_posix()
    for room in ("rows", "graph", "arrays", "core", "basics")
    for path in sorted((ROOT / "tinygrad_bp" / room).glob("[!_]*.py"))
    if path.stem not in APART
}
"""The table and the core, and what they use: each module's path."""
TESTS = ["tests/core", "tests/table", *(f"tinygrad_bp/{path}" for path in MODULES.values())]


def main(arguments: Sequence[str]) -> int:
    """Try the mutants of each module that have not been noticed, then write the page."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout.copied(Path(folder, "checkout"))
        coverage = covered(checkout.path, TESTS)
        for module in arguments or MODULES:
            try_all(module, checkout, coverage)
    return write(KEPT)


def try_all(module: str, checkout: Checkout, coverage: Coverage) -> None:
    """What becomes of each mutant of a module goes to a file."""
    kept = KEPT / f"{module}.json"
    before = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    facts = {}
    for number, mutant in enumerate(mutants(ROOT / "tinygrad_bp" / MODULES[module])):
        outcome = before.get(mutant.key, {}).get("outcome", "passed")
        if outcome == "passed" and mutant.change not in explained():
            outcome = checkout.tried(mutant, coverage.portions(module, mutant.line))
        facts[mutant.key] = {
            "outcome": outcome,
            "operator": mutant.operator,
            "line": mutant.line,
            "before": mutant.before,
            "after": mutant.after,
        }
        if outcome == "passed":
            sys.stdout.write(f"{module}:{mutant.line}\n  {mutant.before}\n  {mutant.after}\n")
        if number % 20 == 0:
            sys.stdout.flush()
            kept.write_text(json.dumps(before | facts, indent=1), encoding="utf-8")
    kept.write_text(json.dumps(facts, indent=1), encoding="utf-8")


FAILED = "failed.txt"
"""Beside the copy: the name of the test that failed."""


@dataclass
class Checkout:
    """A copy of the project in which one module is another."""

    path: Path
    writes: int = 0
    noticed: dict[str, str] = field(default_factory=dict)
    """The tests that failed so far, with the line that was changed: the last one stands last."""

    @classmethod
    def copied(cls, path: Path) -> Checkout:
        """Of what is committed, and of the tests as they are."""
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(path)], check=True)
        for name in ("tests", "tinygrad_bp"):
            shutil.rmtree(path / name)
            shutil.copytree(ROOT / name, path / name, ignore=shutil.ignore_patterns("__pycache__"))
        return cls(path)

    def tried(self, mutant: Mutant, portions: Iterable[Tests]) -> str:
        """Whether the tests notice, and how; "passed" if they do not."""
        module = self.path / "tinygrad_bp" / MODULES[mutant.module]
        right = module.read_text(encoding="utf-8")
        self.write(module, mutant.code)
        try:
            for some in filter(None, chain([self.likely(mutant)], portions)):
                patience = 60.0 + 5.0 * sum(some.values())
                outcome = in_process(lambda some=some: run(some), self.path, patience=patience)
                if outcome != "passed":
                    self.remember(mutant)
                    return outcome
            return "passed"
        finally:
            self.write(module, right)

    def likely(self, mutant: Mutant) -> Tests:
        """A few tests that noticed other changes, of the same line if there are some."""
        names = list(reversed(self.noticed))
        here = [name for name in names if self.noticed[name] == mutant.before]
        return dict.fromkeys([*here[:6], *names[:6]], 0.0)

    def remember(self, mutant: Mutant) -> None:
        """The test that noticed the mutant."""
        if name := (self.path.parent / FAILED).read_text(encoding="utf-8"):
            self.noticed.pop(name, None)
            self.noticed[name] = mutant.before

    def write(self, module: Path, code: str) -> None:
        """With a time of its own, by which Python sees that what it compiled is out of date."""
        module.write_text(code, encoding="utf-8")
        self.writes += 1
        os.utime(module, (1e9 + self.writes, 1e9 + self.writes))


def run(tests: Tests) -> int:
    """Pytest's exit code; the quickest tests are first."""
    failed = Path.cwd().parent / FAILED
    failed.write_text("", encoding="utf-8")

    class Chosen:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                failed.write_text(report.nodeid, encoding="utf-8")

        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            items[:] = sorted(
                (item for item in items if item.nodeid in tests), key=lambda i: tests[i.nodeid]
            )

    files = sorted({name.partition("::")[0] for name in tests})
    arguments = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:cov", "--tb=no", *LOADED]
    return int(pytest.main([*arguments, *files], plugins=[Chosen()]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
