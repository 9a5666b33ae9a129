"""Where the time of one gradient goes, stage by stage."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from tests.benchmarks import relu_network
from tinygrad_bp import Value, topological_order
from tinygrad_bp.graph.sweep import adjoints

ROUNDS = 9
STAGES = ("build", "order", "sweep", "store", "free")


def shares() -> dict[str, dict[str, float]]:
    """For each way to build the 2-20-30-30-1 network, each stage's microseconds per node."""
    layers, examples = relu_network.network(Value), relu_network.data()
    makers: dict[str, Callable[[], Any]] = {
        "tinygrad_bp, `nn.MLP`": relu_network.networks_loss()[0],
        "tinygrad_bp": lambda: relu_network.loss(layers, examples),
    }
    return {name: medians(make) for name, make in makers.items()}


def medians(make: Callable[[], Any]) -> dict[str, float]:
    """The middle of some rounds, for each stage."""
    rounds = [microseconds(make) for _ in range(ROUNDS)]
    return {stage: statistics.median(found[stage] for found in rounds) for stage in STAGES}


def microseconds(make: Callable[[], Any]) -> dict[str, float]:
    """One gradient, taken apart; what `backward` does beyond its two parts is storing."""
    now = time.process_time
    times = [now()]
    output = make()
    times.append(now())
    order = topological_order(output)
    times.append(now())
    found = adjoints(order, {output: 1.0})
    times.append(now())
    nodes = len(order)
    del order, found
    times.append(now())
    output.backward()
    times.append(now())
    del output
    times.append(now())
    build, order_, sweep, _, backward, free = (
        (after - before) / nodes * 1e6 for before, after in pairwise(times)
    )
    return dict(zip(STAGES, (build, order_, sweep, backward - order_ - sweep, free), strict=True))
