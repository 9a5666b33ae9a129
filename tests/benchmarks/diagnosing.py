"""Autopsy and lint of graphs of up to a million nodes, and what remembering lines costs."""

from __future__ import annotations

import gc
import statistics
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmarks.chain import chain
from tests.benchmarks.contest import Contender, Times, contest
from tests.benchmarks.stepping import timed
from tinygrad_bp import Value, autopsy, lint, log, source_lines, sqrt

LENGTHS = (1_000, 1_000_000)
ROUNDS = 3
NODES = 10_000


def microseconds_per_node() -> dict[int, dict[str, float]]:
    """For each length the median times of each report, printed, divided by the nodes."""
    return {
        length: {name: _median(report) / length for name, report in _reports(length).items()}
        for length in LENGTHS
    }


def _median(report: Callable[[], object]) -> float:
    return statistics.median(timed(lambda: repr(report()))[0] for _ in range(ROUNDS))


def _reports(length: int) -> dict[str, Callable[[], object]]:
    sound, zero = chain(length), Value(0.0)
    sound.backward()
    bad_value = _repeated(log(zero), length)
    bad_gradient = _repeated(sqrt(zero), length)
    return {
        "`autopsy`, all is well": lambda: autopsy(sound),
        "`autopsy` of a log of 0": lambda: autopsy(bad_value),
        "`autopsy` of a gradient at a root of 0": lambda: autopsy(bad_gradient),
        "`lint`": lambda: lint(sound),
    }


def _repeated(value: Value, length: int) -> Value:
    for _ in range(length):
        value = -value
    return value


def cost_of_lines() -> tuple[Sequence[Times], float, float]:
    """The times to make a chain without and with `source_lines`, and bytes for each node."""

    def with_lines() -> Value:
        with source_lines():
            return chain(NODES)

    times = contest(
        [
            Contender("without", lambda: chain(NODES), lambda: [chain(NODES).data], NODES),
            Contender("under `source_lines()`", with_lines, lambda: [with_lines().data], NODES),
        ]
    )
    return times, _bytes_per_node(lambda: chain(NODES)), _bytes_per_node(with_lines)


def _bytes_per_node(make: Callable[[], Any]) -> float:
    make()
    gc.collect()
    tracemalloc.start()
    kept = make()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size / NODES
