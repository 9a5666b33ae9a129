"""The stepper on graphs of up to a million nodes: how soon it starts, and what a step takes."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from tests.benchmarks.chain import chain
from tinygrad_bp import Value, step
from tinygrad_bp.look.walk.stepper import Stepper

LENGTHS = (1_000, 1_000_000)
ROUNDS = 3
STEPS = 200

Microseconds = dict[str, float]
Result = TypeVar("Result")


def microseconds_of_lengths() -> dict[int, Microseconds]:
    """The median times, by length; the lengths take turns."""
    rounds = [{length: microseconds(length) for length in LENGTHS} for _ in range(ROUNDS)]
    return {
        length: {
            name: statistics.median(one[length][name] for one in rounds)
            for name in rounds[0][length]
        }
        for length in LENGTHS
    }


def microseconds(length: int) -> Microseconds:
    """What starting takes, and what the middle one of many steps does, each printed."""
    output = chain(length)
    gc.collect()
    found: Microseconds = {}
    found["`step(output)`, printed"], steps = timed(partial(started, output))
    for name, middle in (("forward", length // 2), ("backward", length + length // 2)):
        steps.goto(middle)
        found[f"`next()`, {name}, printed"] = median_of(steps.next)
        found[f"`back()`, {name}, printed"] = median_of(steps.back)
    return found


def median_of(move: Callable[[], object]) -> float:
    """The median and not the mean, which now and then holds a run of Python's collector."""
    return statistics.median(timed(lambda: repr(move()))[0] for _ in range(STEPS))


def started(output: Value) -> Stepper:
    """A stepper that has said where it is."""
    steps = step(output)
    repr(steps)
    return steps


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """The microseconds that it takes, and what it returns."""
    began = time.process_time()
    result = work()
    return (time.process_time() - began) * 1e6, result
