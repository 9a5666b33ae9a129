"""Document 002: a gradient written by hand that is wrong in several ways, factor by factor.

First its arithmetic, to the digits that it prints; then each factor of its chain rule beside the
engine's; then both of its networks, trained down the right gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from demos import document_002_loops as loops
from demos.document_002_factors import (
    factor_claims,
    factor_tables,
    one_mistake_table,
    other_mistakes,
)
from demos.document_002_opened import opened
from demos.reference import document_002 as reference, own
from demos.report import (
    PRINT,
    Claim,
    Part,
    Prose,
    Report,
    Table,
    Timing,
    graphs,
    largest_gap,
    linted,
    plot,
    timed,
    within,
)
from tinygrad_bp import nn
from tinygrad_bp.look import plot_history

RAW, LABELS = reference.INPUTS, reference.LABELS
SCALED = reference.standardised()
RATE = 0.5
HALF = 0.5
EPOCHS = 1_000

# The perceptron's weights after each of its steps, as printed; from the sixth on all are -inf.
PRINTED_PERCEPTRON = np.array(
    [
        [-630288.84076976, -82211996.95180038, -927450.25594021],
        [-8.16432693e21, -1.06490910e24, -1.20141231e22],
        [-1.36985650e54, -1.78676414e56, -2.01579687e54],
        [-3.85642112e118, -5.03009983e120, -5.67487296e118],
        [-3.05635085e247, -3.98653296e249, -4.49753859e247],
    ]
)
# The second network's hidden weights, printed alike after each of its ten steps.
PRINTED_HIDDEN = np.array(
    [
        [-5.99712172e02, -9.03023118e03, -1.31725237e04, -1.35575062e03],
        [-8.14833237e04, -1.22359709e06, -1.78476009e06, -1.83531258e05],
        [-8.58912691e02, -1.29422776e04, -1.88798720e04, -1.94431794e03],
    ]
)
# It prints nine significant digits: half a unit of the ninth, relative to 1.
PRINT_ROUNDING = 5e-9


@dataclass(frozen=True)
class Trained:
    """A network that was trained properly, and what came of it."""

    name: str
    history: nn.History
    outputs: np.ndarray
    printed: float
    gap: float
    timing: Timing
    pictures: Sequence[Part]

    @property
    def claim(self) -> Claim:
        """Every output on its label's side."""
        right = int(((self.outputs > HALF) == (LABELS[:, 0] > HALF)).sum())
        return Claim(
            f"{self.name} trained properly, outputs on their labels' side",
            "4 of 4",
            "the document's labels",
            f"{right} of 4: {spaced(self.outputs, 3)}",
            right == len(LABELS),
            f"the document ends with {self.printed:g} four times",
        )


def main() -> Report:
    """What it prints, what is wrong with it, and how it goes right."""
    perceptron_claims, perceptron_table = reproduced_perceptron()
    hidden_claims, hidden_table = reproduced_hidden()
    trained = [train_perceptron(), train_hidden()]
    gap = max(run.gap for run in trained)
    return Report(
        title="002: a gradient that is wrong in several ways",
        idea="A 3-1 perceptron and a 3-4-1 network whose hand-written gradients send every weight "
        "to minus infinity, or to where nothing moves. The engine takes that chain rule apart, and "
        "then trains both.",
        claims=[
            *perceptron_claims,
            *hidden_claims,
            *(run.claim for run in trained),
            within(1e-9, gap, f"after {EPOCHS:,} epochs, both networks"),
            *factor_claims(),
        ],
        timings=[run.timing for run in trained],
        parts=[
            Prose(
                "What it prints",
                "The document's own loops, run again on `Value`s. The second start is "
                "not the next sixteen numbers of its random stream: twelve lie between, so a cell "
                "that drew a 3 by 4 matrix is missing from it.",
            ),
            perceptron_table,
            hidden_table,
            Prose(
                "Which factor is wrong, and by how much",
                "The chain rule multiplies one factor for each arrow of the graph. Here is each "
                "factor as the document writes it, and as the engine has it, for an example of "
                "either label at the document's own start; the last column is the first divided "
                "by the second, for example 3.",
            ),
            *factor_tables(),
            other_mistakes(),
            one_mistake_table(),
            *opened(),
            Prose(
                "Trained properly",
                "The same starts and the same rate, down the gradient of the "
                f"mean squared error on standardised inputs, {EPOCHS:,} epochs.",
            ),
            outputs_table(trained),
            plot(
                "The loss of both networks, trained properly",
                plot_history({run.name: run.history for run in trained}),
            ),
            *(picture for run in trained for picture in run.pictures),
        ],
        gap=gap,
        numbers={f"{run.name}, error": run.history.loss for run in trained},
    )


# What it prints


def reproduced_perceptron() -> tuple[list[Claim], Table]:
    """The first loop: five steps are finite, then nothing is."""
    with loops.overflowing():
        steps = list(loops.perceptron(loops.perceptron_start()))
    ours = np.array([loops.numbers(step.weights)[:, 0] for step in steps])
    outputs = loops.numbers(steps[-1].outputs)[:, 0]
    finite, rest = ours[:5], ours[5:]
    agree = agreement(finite, PRINTED_PERCEPTRON)
    claims = [
        Claim(
            "perceptron, weights of the 5 finite steps",
            "15 numbers",
            PRINT,
            f"{agree} agree",
            agree == finite.size,
            "output 63",
        ),
        Claim(
            "perceptron, weights of the other 5 steps",
            "-inf",
            PRINT,
            str(rest.max()),
            bool(np.isneginf(rest).all()),
            "output 63",
        ),
        Claim(
            "perceptron, outputs at the end",
            "0 0 0 0",
            PRINT,
            spaced(outputs),
            not outputs.any(),
            "output 64",
        ),
    ]
    rows = [
        (str(step), f"w{number}", f"{printed:.8e}", f"{our:.8e}")
        for step, (before, after) in enumerate(zip(PRINTED_PERCEPTRON, finite, strict=True), 1)
        for number, (printed, our) in enumerate(zip(before, after, strict=True), 1)
    ]
    return claims, Table(
        "The perceptron's weights after each finite step.",
        ("step", "weight", "the document's print", "the engine"),
        rows,
    )


def reproduced_hidden() -> tuple[list[Claim], Table]:
    """The second loop: one step, then nothing moves."""
    with loops.overflowing():
        steps = list(loops.hidden(*loops.hidden_start()))
    weights = [loops.numbers(step.weights) for step in steps]
    outputs = loops.numbers(steps[-1].outputs)[:, 0]
    agree = [agreement(ours, PRINTED_HIDDEN) for ours in weights]
    claims = [
        Claim(
            "3-4-1, hidden weights of all 10 steps",
            "120 numbers",
            PRINT,
            f"{sum(agree)} agree",
            sum(agree) == 120,
            "output 69",
        ),
        Claim(
            "3-4-1, outputs at the end",
            "0.5 0.5 0.5 0.5",
            PRINT,
            spaced(outputs),
            bool((outputs == 0.5).all()),
            "output 70",
        ),
    ]
    pairs = zip(PRINTED_HIDDEN.flat, weights[0].flat, strict=True)
    rows = [
        (f"W[{i // 4}, {i % 4}]", f"{printed:.8e}", f"{our:.8e}")
        for i, (printed, our) in enumerate(pairs)
    ]
    return claims, Table(
        "The 3-4-1 network's hidden weights after its first step, and after all others.",
        ("weight", "the document's print", "the engine"),
        rows,
    )


def agreement(ours: np.ndarray, printed: np.ndarray) -> int:
    """How many numbers agree to every digit that is printed."""
    return int((np.abs(ours / printed - 1) <= PRINT_ROUNDING).sum())


def spaced(numbers: np.ndarray, digits: int = 4) -> str:
    """Numbers in a row."""
    return " ".join(f"{number:.{digits}g}" for number in numbers)


# Trained properly


def train_perceptron() -> Trained:
    """3-1, from the start that the document prints."""
    start = reference.perceptron_start()
    model = nn.MLP(3, [1], output_activation="sigmoid", bias=False, init=[start.T])
    return train(
        "3-1",
        model,
        printed=0.0,
        reference_run=lambda: own.perceptron_002(start, SCALED, epochs=EPOCHS).T,
    )


def train_hidden() -> Trained:
    """3-4-1, from the start behind the document's second printout."""
    start = reference.hidden_start()
    model = nn.MLP(
        3,
        [4, 1],
        activation="sigmoid",
        output_activation="sigmoid",
        bias=False,
        init=[weights.T for weights in start],
    )

    def reference_run() -> list[np.ndarray]:
        return [weights.T for weights in own.hidden_002(start, SCALED, epochs=EPOCHS)]

    return train("3-4-1", model, printed=0.5, reference_run=reference_run)


def train(
    name: str, model: nn.MLP, *, printed: float, reference_run: Callable[[], object]
) -> Trained:
    """Down the gradient of the mean squared error, all four examples together."""
    pictures = graphs(name, nn.batch_loss(model, SCALED[:1], LABELS[:1], loss=nn.mse))
    pictures.append(linted(f"{name} on standardised inputs", model, SCALED, LABELS))
    history = nn.fit(model, SCALED, LABELS, loss=nn.mse, optimizer=nn.SGD(RATE), epochs=EPOCHS)
    weights, seconds = timed(reference_run)
    return Trained(
        name,
        history,
        nn.predict(model, SCALED)[:, 0],
        printed,
        largest_gap(model.parameters(), weights),
        Timing(
            f"{name}, {EPOCHS:,} steps down the right gradient",
            history.seconds,
            seconds,
            "the document's loop with that gradient",
            history.route,
        ),
        pictures,
    )


def outputs_table(trained: Sequence[Trained]) -> Table:
    """Each example's output."""
    columns = zip(LABELS[:, 0], *(run.outputs for run in trained), strict=True)
    return Table(
        "Outputs after training. The document ends with 0 four times, and with 0.5 four times.",
        ("example", "label", *(run.name for run in trained)),
        [
            (str(example), f"{label:g}", *(f"{output:.5f}" for output in outputs))
            for example, (label, *outputs) in enumerate(columns, 1)
        ],
    )
