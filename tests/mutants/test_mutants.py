"""The run that changes the core must tell what the tests notice from what they do not."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.mutants.coverage import Coverage, quick
from tests.mutants.page import survivors, table, without_reason
from tests.mutants.processes import in_process
from tests.mutants.reasons import REASONS

ROOT = Path(__file__).parents[2]
OUTCOMES = {
    "passed": lambda: 0,
    "failed": lambda: 1,
    "crashed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "hung": lambda: time.sleep(60) or 0,
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_process_tells_what_became_of_it(outcome, tmp_path):
    patience = 0.3 if outcome == "hung" else 30.0

    assert in_process(OUTCOMES[outcome], tmp_path, patience=patience) == outcome


def test_a_process_that_raises_has_not_passed(tmp_path):
    assert in_process(lambda: 1 // 0, tmp_path, patience=30.0) == "crashed"


def test_tests_that_run_the_line_come_first_and_each_comes_once():
    seconds = {"a.py::1": 1.0, "a.py::2": 1.5, "b.py::3": 9.0, "c.py::4": 0.1, "d.py::5": 0.1}
    coverage = Coverage(
        seconds,
        {"m": {7: {"a.py::1", "a.py::2", "b.py::3", "c.py::4"}, 8: {"d.py::5"}}},
        {"m": {7}},
    )

    first, second, third = coverage.portions("m", 7)

    assert list(first) == ["c.py::4", "a.py::1", "a.py::2"]
    assert list(second) == ["b.py::3"]
    assert list(third) == ["d.py::5"]
    assert [dict(some) for some in coverage.portions("m", 8)] == [{"d.py::5": 0.1}, {}]


def test_a_line_that_no_test_runs_by_itself_is_tried_with_all_tests():
    coverage = Coverage({"a.py::1": 1.0, "b.py::2": 1.0}, {"m": {}}, {"m": {3}})

    tried = [name for some in coverage.portions("m", 3) for name in some]

    assert sorted(tried) == ["a.py::1", "b.py::2"]


def test_quick_tests_are_whole_files():
    assert quick({"a.py::1": 1.0, "b.py::1": 2.0, "a.py::2": 0.5}) == {
        "a.py::1": 1.0,
        "a.py::2": 0.5,
        "b.py::1": 2.0,
    }


def test_a_survivor_without_a_reason_is_told():
    facts = {"m": {"k": {"outcome": "passed", "before": "a", "after": "b"}}}

    assert list(without_reason(facts)) == [("m", "a", "b")]
    assert list(table(facts))[-1] == "| all | 1 | 0 | 0 | 1 |"
    assert list(survivors(facts)) == []


def test_every_reason_is_about_a_line_that_is_there():
    lines = {
        path.stem: {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}
        for path in (ROOT / "tinygrad_bp").rglob("*.py")
        if path.parent.name in {"rows", "graph", "arrays", "core", "basics"}
    }

    gone = [
        (module, before)
        for changes in REASONS.values()
        for module, before, _ in changes
        if before not in lines[module]
    ]

    assert not gone, json.dumps(gone, indent=1)


def test_mutants_are_programs_that_differ(tmp_path):
    mutations = pytest.importorskip(
        "tests.mutants.mutations", reason="needs cosmic-ray: pip install '.[mutants]'"
    )
    module = tmp_path / "two.py"
    module.write_text(
        "from __future__ import annotations\n\n\ndef half(x: int | None) -> float:\n"
        "    return x / 2.0\n",
        encoding="utf-8",
    )

    found = list(mutations.mutants(module))

    assert {mutant.before for mutant in found} == {"return x / 2.0"}
    assert "return x * 2.0" in {mutant.after for mutant in found}
    assert len({mutant.key for mutant in found}) == len(found)
