"""Document 000's training: a 3-4-4-1 network of sigmoids, cross-entropy, one example to a step.

All start from the same weights and make the same hundred steps of gradient descent, so they must
end at the same weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from demos.reference import document_000 as document, own
from tests.benchmarks.contest import Contender
from tests.benchmarks.peers import Engine, engines
from tinygrad_bp import nn

PASSES = 25  # over the four examples
STEPS = 4 * PASSES

Function = Callable[[Any], Any]

EXAMPLES = [
    (document.INPUTS[:, i].tolist(), float(document.LABELS[0, i]))
    for i in range(document.INPUTS.shape[1])
]


def contenders() -> list[Contender]:
    """This engine by its networks, the same two programs on every engine, the document's NumPy.

    The first program writes sigmoid as the document does, the second has it as one operation,
    which micrograd had to be given.
    """
    by_formula = [
        by_scalars(engine, f"{engine.name}, `1 / (1 + exp(-z))`", logistic(engine))
        for engine in engines()
    ]
    by_operation = [
        by_scalars(engine, f"{engine.name}, `sigmoid(z)`", engine.sigmoid) for engine in engines()
    ]
    return [by_networks(), *by_formula, *by_operation, by_arrays()]


def gradient_contenders() -> list[Contender]:
    """Loss and gradient alone: this engine by its networks, then the same two programs on all."""
    return [
        gradient_by_networks(),
        *(gradient_by_scalars(e, f"{e.name}, `sigmoid(z)`", e.sigmoid) for e in engines()),
        *(gradient_by_scalars(e, f"{e.name}, `1 / (1 + exp(-z))`", logistic(e)) for e in engines()),
    ]


def start() -> document.Weights:
    """The weights that all start from."""
    return document.start(np.random.default_rng(0))


def by_networks() -> Contender:
    """`nn.fit`, with all its checks and its history."""
    model = network()
    xs, ys = zip(*EXAMPLES, strict=True)

    def train() -> None:
        nn.fit(
            model,
            list(xs),
            list(ys),
            loss=nn.binary_cross_entropy,
            optimizer=nn.SGD(document.RATE),
            epochs=PASSES,
            batch_size=1,
            progress=False,
            compiled=False,
        )

    return Contender(
        "tinygrad_bp, `nn.fit`, not compiled",
        train,
        lambda: [p.data for p in model.parameters()],
        STEPS,
    )


def network() -> nn.MLP:
    """The network, from that start."""
    return nn.MLP(
        3,
        [4, 4, 1],
        activation="sigmoid",
        output_activation="sigmoid",
        bias=False,
        init=list(start()),
    )


def gradient_by_networks() -> Contender:
    """`nn`, and `backward`."""
    model = network()

    def differentiate() -> None:
        model.zero_grad()
        for _ in range(PASSES):
            for xs, y in EXAMPLES:
                nn.binary_cross_entropy(model(xs), y).backward()

    answer = lambda: [p.grad for p in model.parameters()]  # noqa: E731
    return Contender("tinygrad_bp, `nn.MLP`", differentiate, answer, STEPS)


def gradient_by_scalars(engine: Engine, name: str, sigmoid: Function) -> Contender:
    """Build the loss, go back."""
    layers = [[[engine.value(w) for w in row] for row in matrix.tolist()] for matrix in start()]
    parameters = [weight for matrix in layers for row in matrix for weight in row]
    zero = parameters[0].grad  # 0, 0.0 or None

    def differentiate() -> None:
        for parameter in parameters:
            parameter.grad = zero
        for _ in range(PASSES):
            for xs, y in EXAMPLES:
                loss(layers, xs, y, sigmoid, engine.log).backward()

    return Contender(name, differentiate, lambda: [float(p.grad) for p in parameters], STEPS)


def by_scalars(engine: Engine, name: str, sigmoid: Function) -> Contender:
    """Build the loss, go back, move the weights: one scalar each."""
    layers = [[[engine.value(w) for w in row] for row in matrix.tolist()] for matrix in start()]
    parameters = [weight for matrix in layers for row in matrix for weight in row]
    zero = parameters[0].grad  # 0, 0.0 or None

    def train() -> None:
        for _ in range(PASSES):
            for xs, y in EXAMPLES:
                loss(layers, xs, y, sigmoid, engine.log).backward()
                for parameter in parameters:
                    move(parameter)
                    parameter.grad = zero

    def move(parameter: Any) -> None:
        parameter.data -= document.RATE * parameter.grad

    return Contender(name, train, lambda: [float(p.data) for p in parameters], STEPS)


def loss(
    layers: list[list[list[Any]]], xs: list[Any], y: float, sigmoid: Function, log: Function
) -> Any:
    """The cross-entropy of one example: only the term that its label, 0 or 1, leaves."""
    for matrix in layers:
        xs = [sigmoid(dot(row, xs)) for row in matrix]
    (prediction,) = xs
    return -log(prediction if y else 1.0 - prediction)


def logistic(engine: Engine) -> Function:
    """The document's formula, four nodes and more."""
    return lambda z: 1.0 / (1.0 + engine.exp(-z))


def dot(weights: list[Any], xs: list[Any]) -> Any:
    """The weighted sum, as a chain of additions of two."""
    first, *others = (w * x for w, x in zip(weights, xs, strict=True))
    return sum(others, first)


def by_arrays() -> Contender:
    """The document's own class, with the derivatives that it writes by hand."""
    network = own.Network000(start())
    numbers = flat(lambda: network.weights)
    return Contender(OWN, lambda: network.one_by_one(PASSES), numbers, STEPS)


OWN = "NumPy, the document's own class"


def flat(weights: Callable[[], document.Weights]) -> Callable[[], list[float]]:
    """All weights in one list."""
    return lambda: np.concatenate([matrix.ravel() for matrix in weights()]).tolist()
