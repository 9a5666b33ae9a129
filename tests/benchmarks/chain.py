"""A chain of up to a million nodes: does the time for each node stay the same?"""

from __future__ import annotations

import copy
import gc
import pickle
import statistics
import time
from collections.abc import Callable
from typing import Any

from tinygrad_bp import Value
from tinygrad_bp.look import draw

LENGTHS = (250_000, 500_000, 1_000_000)
ROUNDS = 3

Seconds = dict[str, float]


def seconds_of_lengths() -> dict[int, Seconds]:
    """The median times of each operation, by length; the lengths take turns."""
    rounds = [{length: seconds(length) for length in LENGTHS} for _ in range(ROUNDS)]
    return {
        length: {
            name: statistics.median(one[length][name] for one in rounds)
            for name in rounds[0][length]
        }
        for length in LENGTHS
    }


def seconds(length: int) -> Seconds:
    """One time of each operation."""
    held: list[Any] = []
    found = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        gc.collect()
        began = time.process_time()
        result = work()
        found[name] = time.process_time() - began
        return result

    held.append(timed("build", lambda: chain(length)))
    timed("backward", lambda: held[0].backward())
    pickled = timed("pickle", lambda: pickle.dumps(held[0]))
    held.append(timed("unpickle", lambda: pickle.loads(pickled)))
    held.pop()
    held.append(timed("deepcopy", lambda: copy.deepcopy(held[0])))
    held.pop()
    timed("draw, collapsed", lambda: draw(held[0]).svg())
    timed("free", held.clear)
    return found


def chain(length: int) -> Value:
    """The product x * x * x * ..., one node for each `*`."""
    x = y = Value(1.0, label="x")
    for _ in range(length):
        y = y * x
    return y


def garbage(length: int) -> int:
    """What the cycle collector finds after a graph that was used in every way is dropped."""
    gc.collect()
    gc.disable()
    try:
        y = chain(length)
        y.backward()
        copy.deepcopy(y)
        pickle.loads(pickle.dumps(y))
        del y
        return gc.collect()
    finally:
        gc.enable()
