"""Document 000 in machine code, and by others: NumPy, the peers, C written by hand.

Each trains from the same weights; whoever is checked must come to the same ones.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from demos.reference import document_000 as document, own
from tests.benchmarks.contest import Contender
from tests.benchmarks.peers import micrograd, peer
from tests.benchmarks.training_step import (
    OWN,
    PASSES,
    STEPS,
    by_scalars,
    flat,
    logistic,
    start,
)
from tinygrad_bp import nn

LONG = 50_000  # passes, those of the document
SOURCE = Path(__file__).with_name("network_000.c")


def by_fit(*, batch_size: int, passes: int = LONG, fast: bool = False) -> Contender:
    """`nn.fit` for all the document's passes: all that it does, but for compiling."""
    return lasting(
        "tinygrad_bp",
        lambda passes: fitted(passes, batch_size, fast=fast).parameters(),
        passes=passes,
        steps=4 // batch_size,
    )


def fitted(passes: int, batch_size: int, *, compiled: bool = True, fast: bool = False) -> nn.MLP:
    """The document's network after so many passes."""
    model = nn.MLP(
        3,
        [4, 4, 1],
        activation="sigmoid",
        output_activation="sigmoid",
        bias=False,
        init=list(start()),
    )
    nn.fit(
        model,
        document.INPUTS.T,
        document.LABELS.T,
        loss=nn.binary_cross_entropy,
        optimizer=nn.SGD(document.RATE),
        epochs=passes,
        batch_size=batch_size,
        reduction="sum",
        progress=False,
        compiled=compiled,
        fast=fast,
    )
    return model


def lasting(name: str, train: Callable[[int], Any], *, passes: int, steps: int = 4) -> Contender:
    """A contender whose runs are long, and which is checked after a short one."""

    def answer() -> list[float]:
        return [float(getattr(w, "data", w)) for w in train(PASSES)]

    return Contender(name, lambda: train(passes), answer, passes * steps)


def by_batches() -> Contender:
    """The document's own class, on all examples at once."""

    def trained(steps: int) -> list[float]:
        network = own.Network000(start())
        network.all_together(steps)
        return flat(lambda: network.weights)()

    return lasting(OWN, trained, passes=1000, steps=1)


def by_micrograd() -> Contender | None:
    """By micrograd, with the exponential and the logarithm that it lacks."""
    engine = micrograd()
    return engine and by_scalars(engine, "micrograd, `1 / (1 + exp(-z))`", logistic(engine))


def by_micrograd_with_sigmoid() -> Contender | None:
    """By micrograd as its users would write it: the sigmoid is one operation, as its ReLU is."""
    engine = micrograd()
    return engine and by_scalars(engine, "micrograd, `sigmoid(z)`", engine.sigmoid)


def by_torch() -> Contender | None:
    """A tensor for each matrix."""
    torch = peer("torch")
    if torch is None:
        return None
    torch.set_num_threads(1)
    xs, ys = torch.tensor(document.INPUTS.T.copy()), torch.tensor(document.LABELS[0])
    weights = [torch.tensor(w, requires_grad=True) for w in start()]

    def train() -> None:
        for _ in range(PASSES):
            for x, y in zip(xs, ys, strict=True):
                a = x
                for w in weights:
                    a = torch.sigmoid(w @ a)
                torch.nn.functional.binary_cross_entropy(a[0], y).backward()
                with torch.no_grad():
                    for w in weights:
                        w -= document.RATE * w.grad
                        w.grad = None

    numbers = flat(lambda: tuple(w.detach().numpy() for w in weights))
    return Contender("PyTorch, a tensor for each matrix", train, numbers, STEPS)


def by_casadi() -> Contender | None:
    """The step as a function of scalars, called from Python on memory that it is bound to."""
    casadi = peer("casadi")
    if casadi is None:
        return None
    w, x, y = casadi.SX.sym("w", 32), casadi.SX.sym("x", 3), casadi.SX.sym("y")
    a, at = x, 0
    for rows, columns in document.SHAPES:
        matrix = casadi.reshape(w[at : at + rows * columns], columns, rows).T
        a, at = 1 / (1 + casadi.exp(-(matrix @ a))), at + rows * columns
    loss = -(y * casadi.log(a) + (1 - y) * casadi.log(1 - a))
    step = casadi.Function("step", [w, x, y], [w - document.RATE * casadi.gradient(loss, w)])
    weights = [np.concatenate([matrix.ravel() for matrix in start()]), np.zeros(32)]
    runs, alive = [], []
    for i in range(4):  # from one array to the other, and back
        buffer, run = step.buffer()
        arrays = [weights[i % 2], document.INPUTS[:, i].copy(), document.LABELS[:, i].copy()]
        for number, array in enumerate(arrays):
            buffer.set_arg(number, memoryview(array))
        buffer.set_res(0, memoryview(weights[1 - i % 2]))
        runs.append(run)
        alive.append((buffer, arrays))

    def train() -> None:
        for _ in range(PASSES):
            for run in runs:
                run()

    return Contender("CasADi, SX", train, lambda: (len(alive), weights[0].tolist())[1], STEPS)


def by_jax_calls() -> Contender | None:
    """A jitted step, called for each example."""
    jax = peer("jax")
    if jax is None:
        return None
    step = jax.jit(jax_step(jax))
    examples = [(jax.numpy.array(x), jax.numpy.array(y)) for x, y in zip(*columns(), strict=True)]
    weights = [jax.numpy.array(w) for w in start()]

    def train() -> None:
        nonlocal weights
        for _ in range(PASSES):
            for example in examples:
                weights, _loss = step(weights, example)
        jax.block_until_ready(weights)

    return Contender(
        "JAX, `jit`", train, flat(lambda: tuple(np.asarray(w) for w in weights)), STEPS
    )


def by_jax_scan() -> Contender | None:
    """All steps in one jitted program."""
    jax = peer("jax")
    if jax is None:
        return None
    step = jax_step(jax)

    def passes(weights: Any, examples: Any, *, count: int) -> Any:
        one = lambda w, _: (jax.lax.scan(step, w, examples)[0], None)  # noqa: E731
        return jax.lax.scan(one, weights, None, length=count)[0]

    compiled = jax.jit(passes, static_argnames="count")

    def trained(count: int) -> list[float]:
        weights = compiled([jax.numpy.array(w) for w in start()], columns(), count=count)
        return flat(lambda: tuple(np.asarray(w) for w in weights))()

    return lasting("JAX, `jit` and `scan`", trained, passes=LONG)


def jax_step(jax: Any) -> Callable[[Any, Any], Any]:
    """A step of gradient descent on one example, for `jit` and `scan`."""
    jax.config.update("jax_enable_x64", True)

    def loss(weights: Any, x: Any, y: Any) -> Any:
        a = x
        for w in weights:
            a = jax.nn.sigmoid(w @ a)
        return -(y * jax.numpy.log(a[0]) + (1 - y) * jax.numpy.log(1 - a[0]))

    def step(weights: Any, example: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(weights, *example)
        return [w - document.RATE * g for w, g in zip(weights, slopes, strict=True)], value

    return step


def columns() -> tuple[Any, Any]:
    """The examples, one row for each, and their labels."""
    return document.INPUTS.T.copy(), document.LABELS[0].copy()


def by_c(*, losses: bool) -> Contender | None:
    """Loops in C, as somebody who knows the network would write them."""
    library = c_library()
    if library is None:
        return None
    x, y = columns()

    def trained(passes: int) -> list[float]:
        weights = np.concatenate([matrix.ravel() for matrix in start()])
        room = np.empty(passes)
        kept = room.ctypes.data if losses else None
        library.train(
            weights.ctypes.data, x.ctypes.data, y.ctypes.data, kept, 4, passes, document.RATE
        )
        return list(weights.tolist())

    name = "C by hand, with losses" if losses else "C by hand, without losses"
    return lasting(name, trained, passes=LONG)


@cache
def c_library() -> Any:
    """The program in C, compiled; `None`, and a line that says so, where no compiler is."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        print("*There is no C compiler here: its rows are left out.*\n")
        return None
    target = Path(tempfile.mkdtemp()) / "network_000.so"
    options = ["-O3", "-march=native", "-shared", "-fPIC"]
    subprocess.run([compiler, *options, "-o", target, SOURCE, "-lm"], check=True)
    library = ctypes.CDLL(str(target))
    pointer, number = ctypes.c_void_p, ctypes.c_long
    library.train.argtypes = [*[pointer] * 4, number, number, ctypes.c_double]
    return library
