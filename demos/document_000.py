"""Document 000: exclusive or, learnt by a 3-4-4-1 network without biases, in two regimes.

50,000 steps down the gradient of all four examples together, then, from where those end, 50,000
passes with a step for each example. The loss is cross-entropy, summed; the rate is 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from demos.reference import document_000 as reference, own
from demos.report import (
    THRESHOLD,
    Claim,
    Page,
    Picture,
    Report,
    Table,
    Timing,
    course,
    graphs,
    largest_gap,
    linted,
    plot,
    same,
    timed,
    within,
)
from tinygrad_bp import Value, nn
from tinygrad_bp.look import plot_history, plot_regions

INPUTS, LABELS = reference.INPUTS.T, reference.LABELS.T
ALMOST = 1e-4
LOSS = nn.binary_cross_entropy

# What the document prints after each regime, in the order of the examples.
PRINTED_TOGETHER = np.array([1.14227284e-05, 1.30373842e-05, 9.99989185e-01, 9.99985584e-01])
PRINTED_ONE_BY_ONE = np.array([5.56734292e-06, 6.30477393e-06, 0.99999474, 0.99999298])


def main(*, epochs: int = 50_000) -> Report:
    """Train as the document does, for `epochs` in each regime."""
    start = reference.start(np.random.default_rng(5))
    model = network(start)
    pictures = graphs("3-4-4-1", nn.batch_loss(model, INPUTS[:1], LABELS[:1], loss=LOSS))

    checked = linted("3-4-4-1 on these examples", model, INPUTS, LABELS, loss=LOSS)
    together = train(model, epochs=epochs, batch_size=4)
    after_together = nn.predict(model, INPUTS)[:, 0]
    theirs = own.Network000(start)
    _, seconds_together = timed(lambda: theirs.all_together(epochs))
    gap_together = largest_gap(model.parameters(), theirs.weights)

    one_by_one = train(model, epochs=epochs, batch_size=1)
    after_one_by_one = nn.predict(model, INPUTS)[:, 0]
    _, seconds_one_by_one = timed(lambda: theirs.one_by_one(epochs))
    gap = max(gap_together, largest_gap(model.parameters(), theirs.weights))

    return Report(
        title="000: exclusive or, in two regimes",
        idea="A 3-4-4-1 network of sigmoids without biases learns the exclusive or of its first "
        f"two inputs; the third is always 1. First {epochs:,} steps on the summed cross-entropy of "
        f"all four examples, then {epochs:,} passes with a step for each example, at rate 0.5.",
        claims=[
            near_labels("all together", "output 5", PRINTED_TOGETHER, after_together),
            near_labels("one by one", "output 6", PRINTED_ONE_BY_ONE, after_one_by_one),
            within(1e-9, gap, "at the end of both regimes"),
            same("summed loss in the end", loss_of(model), float(reference.loss(theirs.weights))),
        ],
        timings=[
            Timing(
                f"{epochs:,} steps, all together",
                together.seconds,
                seconds_together,
                "the document's own class",
                together.route,
            ),
            Timing(
                f"{epochs:,} passes, one by one",
                one_by_one.seconds,
                seconds_one_by_one,
                "the document's own class",
                one_by_one.route,
            ),
        ],
        parts=[
            predictions_table(after_together, after_one_by_one),
            loss_curve({"all together": together, "one by one": one_by_one}),
            regions(model),
            trained_step_by_step(network(start), epochs=epochs),
            *pictures,
            checked,
        ],
        gap=gap,
        numbers={
            "together": distance(after_together),
            "one by one": distance(after_one_by_one),
        },
    )


def network(start: reference.Weights) -> nn.MLP:
    """The document's network, from these weights."""
    return nn.MLP(
        3,
        [4, 4, 1],
        activation="sigmoid",
        output_activation="sigmoid",
        bias=False,
        init=start,
    )


@dataclass(frozen=True)
class OfTwoInputs:
    """The network as a function of the two inputs that vary."""

    network: nn.MLP

    def __call__(self, inputs: list[float]) -> Any:
        """What it says where the third input is 1."""
        return self.network([*inputs, 1.0])

    def parameters(self) -> list[Value]:
        """The network's own."""
        return self.network.parameters()


def trained_step_by_step(model: nn.MLP, *, epochs: int) -> Page:
    """The first regime as a page that plays it, from a run of its own."""
    moments = np.geomspace(1, epochs, 80).astype(int)
    history = train(model, epochs=epochs, batch_size=4, snapshots=moments)
    return course(
        "3-4-4-1",
        history,
        OfTwoInputs(model),
        inputs=INPUTS[:, :2],
        targets=LABELS,
        loss=LOSS,
    )


def train(model: nn.MLP, *, epochs: int, batch_size: int, **settings: Any) -> nn.History:
    """One regime. The gradient is summed over a batch: the document does not divide by m."""
    return nn.fit(
        model,
        INPUTS,
        LABELS,
        loss=LOSS,
        optimizer=nn.SGD(0.5),
        epochs=epochs,
        batch_size=batch_size,
        reduction="sum",
        **settings,
    )


def loss_of(model: nn.MLP) -> float:
    """The summed cross-entropy of all four examples."""
    total: Value = nn.batch_loss(model, INPUTS, LABELS, loss=LOSS, reduction="sum")
    return total.data


def distance(predictions: np.ndarray) -> float:
    """How far the worst prediction is from its label."""
    return float(np.abs(predictions - LABELS[:, 0]).max())


def near_labels(regime: str, where: str, printed: np.ndarray, ours: np.ndarray) -> Claim:
    """Both starts are random, so the print is something alike and no figure to reach."""
    return Claim(
        f"{regime}: farthest prediction from its label",
        f"below {ALMOST:g}",
        THRESHOLD,
        f"{distance(ours):.2e}",
        distance(ours) < ALMOST,
        f"{where} has {distance(printed):.2e}, from another start",
    )


def predictions_table(together: np.ndarray, one_by_one: np.ndarray) -> Table:
    """Every prediction beside the document's."""
    columns = (PRINTED_TOGETHER, together, PRINTED_ONE_BY_ONE, one_by_one)
    return Table(
        "Predictions after each regime. The document's random start is not recorded; ours is "
        "`default_rng(5)`.",
        ("inputs", "label", "document, together", "here", "document, one by one", "here"),
        [
            (" ".join(f"{x:g}" for x in inputs), f"{label:g}", *(f"{p:.8f}" for p in predictions))
            for inputs, label, predictions in zip(
                INPUTS, LABELS[:, 0], np.transpose(columns), strict=True
            )
        ],
    )


def loss_curve(histories: dict[str, nn.History]) -> Picture:
    """Both regimes in one plot."""
    return plot("The summed loss in each regime", plot_history(histories))


def regions(model: nn.MLP) -> Picture:
    """The plane of the first two inputs."""
    figure = plot_regions(lambda x: model([*x, 1.0]), INPUTS[:, :2], LABELS)
    return plot("What the trained network says where the third input is 1", figure)
