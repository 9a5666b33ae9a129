"""How long it takes to explain a gradient, to draw a tree, and to ask what if."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

from tinygrad_bp import Value, explain, tree, what_if

LENGTHS = (1_000, 1_000_000)
DOUBLINGS = 100


def microseconds_per_node() -> dict[int, dict[str, float]]:
    """Of chains of these lengths, until the text stands there."""
    return {length: of_chain(length) for length in LENGTHS}


def of_chain(length: int) -> dict[str, float]:
    """By the name of the call."""
    start, end = chain(length)
    calls: dict[str, Callable[[], Any]] = {
        "`explain(end, start)`": lambda: explain(end, start).text,
        "`explain(end)`": lambda: explain(end).text,
        "`what_if(end, {start: 0.1})`": lambda: what_if(end, {start: 0.1}).text,
    }
    return {name: seconds(call) / length * 1e6 for name, call in calls.items()}


def seconds_of_tree() -> float:
    """Of the longest chain."""
    _, end = chain(LENGTHS[-1])
    return seconds(lambda: tree(end).text)


def seconds_of_paths() -> tuple[int, float]:
    """How many paths a graph of 301 nodes has, and what it takes to explain them."""
    x = Value(1.1, label="x")
    y = x
    for _ in range(DOUBLINGS):
        y = y * 0.5 + y.sin()
    return explain(y, x).count, seconds(lambda: explain(y, x).text)


def chain(length: int) -> tuple[Value, Value]:
    """Two ends, and so many operations between them."""
    start = Value(0.5, label="start")
    end = start
    for _ in range(length // 2):
        end = (end + 0.1).tanh()
    return start, end


def seconds(work: Callable[[], Any]) -> float:
    """The processor's, without a collection that others left to do."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began
