"""Bytes for each node of a graph, as Python itself counts them, every node counted."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from tests.benchmarks import relu_network
from tests.benchmarks.peers import Engine, micrograd, own
from tinygrad_bp import topological_order


class Memory(NamedTuple):
    """A graph's size: its nodes, and the bytes for each of them."""

    name: str
    nodes: int
    built: float
    """When the loss stands, weights and constants included."""
    gone_back: float
    """After backward, when every node has a gradient."""
    peak: float
    """While backward is at work."""


def memories() -> list[Memory]:
    """The 2-20-30-30-1 network by `nn`, and node for node on this engine and on micrograd.

    PyTorch keeps its nodes where Python does not count them.
    """
    engines = [own(), micrograd()]
    return [
        memory("tinygrad_bp, `nn.MLP`", lambda: relu_network.networks_loss()[0]()),
        *(memory(engine.name, partial(built, engine)) for engine in engines if engine is not None),
    ]


def built(engine: Engine) -> Any:
    """The loss of a fresh network."""
    return relu_network.loss(relu_network.network(engine.value), relu_network.data())


def memory(name: str, make: Callable[[], Any]) -> Memory:
    """What the graph under a fresh output takes."""
    make()  # What is imported or cached at the first call is not the graph's.
    gc.collect()
    tracemalloc.start()
    output = make()
    gc.collect()
    built_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    output.backward()
    _, peak = tracemalloc.get_traced_memory()
    gc.collect()
    gone_back, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    nodes = count(output)
    return Memory(name, nodes, built_bytes / nodes, gone_back / nodes, peak / nodes)


def count(output: Any) -> int:
    """All nodes under an output, constants and weights too."""
    if hasattr(output, "parents"):
        return len(topological_order(output))
    seen, todo = {output}, [output]
    while todo:
        below = todo.pop()._prev - seen
        seen |= below
        todo += below
    return len(seen)
