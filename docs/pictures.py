"""The pictures of the pages, drawn by the engine itself: the same to the byte everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinygrad_bp import Value, autopsy, constant, log, nn, sigmoid, step, what_if
from tinygrad_bp.look import Drawing, draw
from tinygrad_bp.look.what_if.what_if import WhatIf

IMAGES = Path(__file__).with_name("images")


def files() -> dict[Path, str]:
    """Each picture's path, and what should stand in it."""
    found = {IMAGES / f"{name}.svg": drawing.svg() + "\n" for name, drawing in drawings().items()}
    return found | {IMAGES / "what_if.svg": one_weight_moved_far().svg()}


def drawings() -> dict[str, Drawing]:
    """Every picture by its file's name."""
    return {
        "loss": loss_of_a_line(),
        "network": one_example_of_a_network(),
        "autopsy": a_saturated_sigmoid(),
        "step": step_through_a_sum(),
        "seeing": step_through_a_network(),
    }


def loss_of_a_line() -> Drawing:
    """The README's: `(w*x + b - 3)**2`, small enough to check by hand."""
    w, x, b = Value(2.0), Value(3.0), Value(-5.0)
    y = w * x + b
    loss = (y - 3) ** 2
    loss.backward()
    return draw(loss, names=locals(), edges="contribution")


def one_example_of_a_network() -> Drawing:
    """The tutorial's: document 001's network at its start, on the first of its examples."""
    w1, w2, w3, w4, w5, w6, b1, b2, b3 = np.random.default_rng(9).standard_normal(9)
    model = nn.MLP(
        2,
        [2, 1],
        activation="sigmoid",
        output_activation="sigmoid",
        init=[([[w1, w2], [w3, w4]], [b1, b2]), ([[w5, w6]], [b3])],
    )
    (h1, h2), (o1,) = (layer.neurons for layer in model.layers)
    for neuron, name in ((h1, "h1"), (h2, "h2"), (o1, "o1")):
        neuron.rename(name)
    loss = (model([constant(-2, "x1"), constant(-1, "x2")]) - 1) ** 2
    loss.label = "loss"
    loss.backward()
    return draw(loss, direction="TB")


def step_through_a_network() -> Drawing:
    """That of the page about seeing a network learn: the way back has come to `h1`."""
    names = ["w1", "w2", "w3", "w4", "w5", "w6", "b1", "b2", "b3"]
    start = np.random.default_rng(9).standard_normal(9)
    w1, w2, w3, w4, w5, w6, b1, b2, b3 = map(Value, start, names)
    x1, x2 = constant(-2, "x1"), constant(-1, "x2")
    h1 = sigmoid(w1 * x1 + w2 * x2 + b1)
    h2 = sigmoid(w3 * x1 + w4 * x2 + b2)
    ypred = sigmoid(w5 * h1 + w6 * h2 + b3)
    L = (1 - ypred) ** 2  # noqa: N806  # as on the page
    steps = step(L, names=locals())
    steps.run_to(h1)
    return steps.run_to(h1).draw(direction="TB")


def a_saturated_sigmoid() -> Drawing:
    """That of the page on diagnosing: why a cross-entropy is nan."""

    def cross_entropy(w: Value, x: Value, target: Value) -> Value:
        p: Value = sigmoid(w * x)
        loss: Value = -(target * log(p) + (1 - target) * log(1 - p))
        return loss

    return autopsy(cross_entropy, 2.0, 25.0, 1.0).draw()


def step_through_a_sum() -> Drawing:
    """The page about stepping: a gradient that has arrived from one use of two."""
    w, x = Value(3.0, label="w"), Value(-2.0, label="x")
    product = w * x
    y = product + w
    return step(y, names=locals()).goto(4).draw()


def one_weight_moved_far() -> WhatIf:
    """That of the page on explaining: document 001's loss over w5, and its tangent."""
    w1, w2, w3, w4, w5, w6, b1, b2, b3 = (Value(0.1 * number) for number in range(1, 10))
    x1, x2, y_true = Value(-2.0), Value(-1.0), Value(1.0)
    h1 = sigmoid(w1 * x1 + w2 * x2 + b1)
    h2 = sigmoid(w3 * x1 + w4 * x2 + b2)
    ypred = sigmoid(w5 * h1 + w6 * h2 + b3)
    L = (y_true - ypred) ** 2  # noqa: N806  # as the document calls it
    return what_if(L, {w5: +8.0}, names=locals())
