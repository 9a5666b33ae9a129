"""A 2-20-30-30-1 network of ReLUs on 20 examples: the loss as a graph, and back through it.

About 65,000 nodes. The program is written once and runs on every engine.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from tests.benchmarks.contest import Contender
from tests.benchmarks.peers import Engine, engines
from tinygrad_bp import nn

WIDTHS = (2, 20, 30, 30, 1)
EXAMPLES = 20

Neuron = list[Any]  # its weights, and last its bias
Layers = list[list[Neuron]]


def contenders() -> list[Contender]:
    """This engine by its networks, whose sums are one node; then all engines node for node."""
    return [by_networks(), *map(by_scalars, engines())]


def by_networks() -> Contender:
    """`nn.MLP`, which makes one node of a sum."""
    make, model = networks_loss()

    def run() -> None:
        model.zero_grad()
        make().backward()

    return Contender("tinygrad_bp, `nn.MLP`", run, lambda: [p.grad for p in model.parameters()])


def networks_loss() -> tuple[Callable[[], Any], nn.MLP]:
    """What builds the loss by `nn`, and the model that it is the loss of."""
    numbers = network(float)
    starts = [([n[:-1] for n in layer], [n[-1] for n in layer]) for layer in numbers]
    model = nn.MLP(WIDTHS[0], WIDTHS[1:], init=starts)
    xs, ys = map(list, zip(*data(), strict=True))

    def make() -> Any:
        return nn.batch_loss(model, xs, ys, loss=nn.squared_error, reduction="sum")

    return make, model


def by_scalars(engine: Engine) -> Contender:
    """Build the loss, go back, and let go of the graph."""
    layers, examples = network(engine.value), data()
    parameters = [weight for layer in layers for neuron in layer for weight in neuron]
    zero = parameters[0].grad  # 0, 0.0 or None

    def run() -> None:
        for parameter in parameters:
            parameter.grad = zero
        loss(layers, examples).backward()

    return Contender(engine.name, run, lambda: [float(weight.grad) for weight in parameters])


def network(value: Callable[[float], Any]) -> Layers:
    """Layers of neurons, from the same numbers for every engine."""
    rng = random.Random(0)
    return [
        [[value(rng.uniform(-1, 1)) for _ in range(inputs + 1)] for _ in range(outputs)]
        for inputs, outputs in pairwise(WIDTHS)
    ]


def data() -> list[tuple[list[float], float]]:
    """Points of the square, labelled by the sign of the product of their coordinates."""
    rng = random.Random(1)
    points = [[rng.uniform(-1, 1) for _ in range(WIDTHS[0])] for _ in range(EXAMPLES)]
    return [(point, 1.0 if point[0] * point[1] > 0 else -1.0) for point in points]


def loss(layers: Layers, examples: list[tuple[list[float], float]]) -> Any:
    """The sum of the squared errors."""
    return added([(output(layers, xs) - y) ** 2 for xs, y in examples])


def output(layers: Layers, xs: Sequence[Any]) -> Any:
    """The network's one output; ReLU on all layers but the last."""
    *hidden, last = layers
    for layer in hidden:
        xs = [weighted(neuron, xs).relu() for neuron in layer]
    return weighted(last[0], xs)


def weighted(neuron: Neuron, xs: Sequence[Any]) -> Any:
    """The weighted sum of the inputs, and the bias."""
    *weights, bias = neuron
    return added([bias, *(w * x for w, x in zip(weights, xs, strict=True))])


def added(terms: Sequence[Any]) -> Any:
    """A chain of additions of two, as in micrograd."""
    first, *others = terms
    return sum(others, first)
