"""A 64-30-10 network of sigmoids with biases on pictures of 8 x 8, squared error.

The pictures are drawn at random: what is in them makes nobody faster. There are as many as all
batch sizes divide, nearly the 1,797 of the data set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from demos.reference.notation import sigmoid
from tests.benchmarks.contest import Contender
from tests.benchmarks.peers import peer
from tinygrad_bp import nn
from tinygrad_bp.nn.fit.batches import Batches
from tinygrad_bp.nn.fit.courses import course
from tinygrad_bp.nn.fit.examples import examples_of
from tinygrad_bp.nn.fit.fit import Run
from tinygrad_bp.nn.fit.gradients import reduction_of
from tinygrad_bp.nn.fit.progress import Progress
from tinygrad_bp.nn.optimisers import Stepper

EXAMPLES, RATE = 1792, 0.5
EPOCHS = 20  # of ours in a turn: it looks up every 50 ms, which is more than an epoch
Pair = tuple[Any, Any]


def data() -> Pair:
    """Pictures of 17 greys, and which of ten digits each is."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 17, (EXAMPLES, 64)) / 16
    return pictures, np.eye(10)[rng.integers(0, 10, EXAMPLES)]


def start() -> list[Pair]:
    """Weights and biases of both layers."""
    rng = np.random.default_rng(1)
    return [
        (rng.normal(size=(m, n)) / np.sqrt(n), rng.normal(size=m)) for n, m in ((64, 30), (30, 10))
    ]


def flat(layers: Any) -> list[float]:
    """Neuron by neuron, its weights and its bias."""
    rows = [np.column_stack([np.asarray(w), np.asarray(b)]).ravel() for w, b in layers]
    return list(np.concatenate(rows).tolist())


def by_fit(batch_size: int, *, epochs: int = EPOCHS, fast: bool = False) -> Contender:
    """What `nn.fit` does once its preparations are made: epochs, in stretches of its own choice."""
    train, _ = prepared(batch_size, fast=fast)

    def answer() -> list[float]:
        train_once, model = prepared(batch_size, fast=fast)
        train_once(1)
        return [p.data for p in model.parameters()]

    return Contender("tinygrad_bp", lambda: train(epochs), answer, epochs * EXAMPLES)


def network() -> nn.MLP:
    """The network, from that start."""
    return nn.MLP(64, [30, 10], activation="sigmoid", output_activation="sigmoid", init=start())


def fitted(epochs: int, *, examples: int, compiled: bool) -> nn.History:
    """A whole `nn.fit`, in batches of eight."""
    pictures, digits = (array[:examples] for array in data())
    return nn.fit(
        network(),
        pictures,
        digits,
        loss=nn.squared_error,
        optimizer=nn.SGD(RATE),
        epochs=epochs,
        batch_size=8,
        progress=False,
        compiled=compiled,
    )


def prepared(batch_size: int, *, fast: bool = False) -> tuple[Callable[[int], None], nn.MLP]:
    """A run of so many epochs, and the model that it trains."""
    model = network()
    run = Run(
        model=model,
        loss=nn.squared_error,
        examples=examples_of(*data()),
        stepper=Stepper(nn.SGD(RATE), model.parameters()),
        reduction=reduction_of("mean"),
        is_summed=False,
    )
    batches = Batches(EXAMPLES, batch_size, shuffle=False, seed=None)
    way = course(run, batches, compiled=True, fast=fast, epochs=1)

    def train(epochs: int) -> None:
        left = epochs
        with Progress(epochs, shown=False) as bar:
            while left:
                left -= len(way.advance(left, bar)[1])

    return train, model


def by_numpy(batch_size: int) -> Contender:
    """The documents' arithmetic; columns are examples."""
    pictures, digits = data()
    (w1, b1), (w2, b2) = start()
    b1, b2 = b1[:, None], b2[:, None]
    batches = [
        (np.ascontiguousarray(pictures[i : i + batch_size].T), digits[i : i + batch_size].T.copy())
        for i in range(0, EXAMPLES, batch_size)
    ]

    def epoch() -> None:
        nonlocal w1, b1, w2, b2
        for x, y in batches:
            a1 = sigmoid(w1 @ x + b1)
            a2 = sigmoid(w2 @ a1 + b2)
            d2 = 2 * (a2 - y) * a2 * (1 - a2) / batch_size
            d1 = w2.T @ d2 * a1 * (1 - a1)
            w2 = w2 - RATE * (d2 @ a1.T)
            b2 = b2 - RATE * d2.sum(axis=1, keepdims=True)
            w1 = w1 - RATE * (d1 @ x.T)
            b1 = b1 - RATE * d1.sum(axis=1, keepdims=True)

    return Contender("NumPy", epoch, lambda: flat([(w1, b1), (w2, b2)]), EXAMPLES)


def by_torch(batch_size: int) -> Contender | None:
    """`backward` on a batch, and a step without gradients."""
    torch = peer("torch")
    if torch is None:
        return None
    torch.set_num_threads(1)
    layers = [tuple(torch.tensor(p, requires_grad=True) for p in pair) for pair in start()]
    parameters = [p for pair in layers for p in pair]
    pictures, digits = map(torch.tensor, data())
    batches = list(
        zip(torch.split(pictures, batch_size), torch.split(digits, batch_size), strict=True)
    )

    def epoch() -> None:
        for x, y in batches:
            a = x
            for w, b in layers:
                a = torch.sigmoid(a @ w.T + b)
            (((a - y) ** 2).sum() / batch_size).backward()
            with torch.no_grad():
                for p in parameters:
                    p -= RATE * p.grad
                    p.grad = None

    return Contender(
        "PyTorch", epoch, lambda: flat([[p.detach() for p in pair] for pair in layers]), EXAMPLES
    )


def by_jax(batch_size: int) -> Contender | None:
    """An epoch as one jitted scan over batches."""
    jax = peer("jax")
    if jax is None:
        return None
    jax.config.update("jax_enable_x64", True)

    def loss(layers: Any, x: Any, y: Any) -> Any:
        a = x
        for w, b in layers:
            a = jax.nn.sigmoid(a @ w.T + b)
        return ((a - y) ** 2).sum() / batch_size

    def step(layers: Any, batch: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(layers, *batch)
        return jax.tree.map(lambda p, g: p - RATE * g, layers, slopes), value

    scan = jax.jit(lambda layers, batches: jax.lax.scan(step, layers, batches)[0])
    layers = jax.tree.map(jax.numpy.array, start())
    batches = tuple(
        jax.numpy.array(array.reshape(-1, batch_size, array.shape[1])) for array in data()
    )

    def epoch() -> None:
        nonlocal layers
        layers = jax.block_until_ready(scan(layers, batches))

    return Contender("JAX, `jit` and `scan`", epoch, lambda: flat(layers), EXAMPLES)
