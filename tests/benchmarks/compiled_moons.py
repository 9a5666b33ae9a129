"""The demo of micrograd: two moons, a 2-16-16-1 network, hinge loss and L2, 100 steps.

The penalty alpha * sum(p * p) moves a parameter as a `weight_decay` of 2 alpha does.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.contest import Contender
from tests.benchmarks.peers import peer
from tinygrad_bp import nn

STEPS, ALPHA = 100, 1e-4
FEW = 1  # steps of micrograd in a run: one takes seconds


def data() -> tuple[Any, Any]:
    """Two half circles of fifty points, with noise; labels -1 and 1."""
    rng = np.random.default_rng(1)
    angle = np.linspace(0, np.pi, 50)
    outer = np.column_stack([np.cos(angle), np.sin(angle)])
    inner = np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    points = np.concatenate([outer, inner]) + rng.normal(scale=0.1, size=(100, 2))
    return points, np.repeat([-1.0, 1.0], 50)


def start() -> list[Any]:
    """Weights as micrograd draws them, uniform in -1 to 1, and biases of zero."""
    rng = random.Random(1337)
    return [
        (np.array([[rng.uniform(-1, 1) for _ in range(n)] for _ in range(m)]), np.zeros(m))
        for n, m in ((2, 16), (16, 16), (16, 1))
    ]


def rate(step: int) -> float:
    """From 1 down to 0.1, where it stays."""
    return max(0.1, 1.0 - 0.9 * step / STEPS)


def by_fit(
    before: Callable[[], object] = lambda: None, *, compiled: bool | None = True
) -> Contender:
    """All hundred steps by `nn.fit`; `before` can forget what was compiled."""

    def run() -> None:
        before()
        trained(STEPS, compiled=compiled)

    return Contender("tinygrad_bp", run, lambda: trained(FEW), STEPS)


def trained(steps: int, *, compiled: bool | None = True) -> list[float]:
    """The parameters after so many steps."""
    model = nn.MLP(2, [16, 16, 1], activation="relu", init=start())
    optimizer = nn.SGD(rate, weight_decay=2 * ALPHA)
    nn.fit(
        model,
        *data(),
        loss=nn.hinge,
        optimizer=optimizer,
        epochs=steps,
        progress=False,
        compiled=compiled,
    )
    return [p.data for p in model.parameters()]


def by_micrograd() -> Contender | None:
    """The demo's loop as its author wrote it, without the accuracy."""
    if peer("micrograd") is None:
        return None
    from micrograd.nn import MLP  # type: ignore[import-untyped]  # has no annotations

    model = MLP(2, [16, 16, 1])
    xs, ys = data()
    numbers = [
        number
        for weights, biases in start()
        for row, bias in zip(weights.tolist(), biases.tolist(), strict=True)
        for number in (*row, bias)
    ]

    def reset() -> None:
        for p, number in zip(model.parameters(), numbers, strict=True):
            p.data = number

    def train() -> None:
        reset()
        for k in range(FEW):
            scores = [model([float(a), float(b)]) for a, b in xs]
            losses = [(1 + -y * s).relu() for y, s in zip(ys.tolist(), scores, strict=True)]
            data_loss = sum(losses) * (1.0 / len(losses))
            total = data_loss + ALPHA * sum(p * p for p in model.parameters())
            model.zero_grad()
            total.backward()
            for p in model.parameters():
                p.data -= rate(k) * p.grad

    return Contender("micrograd", train, lambda: [p.data for p in model.parameters()], FEW)
