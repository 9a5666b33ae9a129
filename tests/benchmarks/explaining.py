"""How long it takes to explain a gradient, to draw a tree, and to ask what if."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from tinygrad_bp import Value, explain, tree, what_if

MILLION = 1_000_000


def seconds() -> Iterator[tuple[str, str, float]]:
    """For each view: of what, and the processor's seconds until its text stands there."""
    x, y = doublings(100)
    yield "explain", "10^30 paths, 301 nodes", timed(lambda: explain(y, x).text)
    start, end = chain(MILLION)
    yield "explain", "one path, a million nodes", timed(lambda: explain(end, start).text)
    yield "explain, evaluation trace", "a million nodes", timed(lambda: explain(end).text)
    yield "tree", "a million nodes", timed(lambda: tree(end).text)
    yield "what_if", "a million nodes", timed(lambda: what_if(end, {start: 0.1}).text)


def doublings(times: int) -> tuple[Value, Value]:
    """A variable, and what 2**times paths lead to it from."""
    x = Value(1.1, label="x")
    y = x
    for _ in range(times):
        y = y * 0.5 + y.sin()
    return x, y


def chain(length: int) -> tuple[Value, Value]:
    """Two ends, and so many nodes between them."""
    start = Value(0.5, label="start")
    end = start
    for _ in range(length // 2):
        end = (end + 0.1).tanh()
    return start, end


def timed(work: Callable[[], Any]) -> float:
    """Processor seconds."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began
