"""Document 002's runaway weights, opened up: what `lint` sees before, and `autopsy` after."""

from __future__ import annotations

from typing import Any

from demos import document_002_loops as loops
from demos.reference import document_002 as reference
from demos.report import Part, Prose, Transcript, linted
from tinygrad_bp import Value, autopsy, nn

STEPS = 6


def opened() -> list[Part]:
    """Both reports, on the perceptron as the document sets it up."""
    start = reference.perceptron_start()
    model = nn.MLP(3, [1], output_activation="sigmoid", bias=False, init=[start.T])
    with loops.overflowing():
        found = autopsy(weight_after_six_steps, start)
    return [
        Prose(
            "Opened up",
            "The engine is given the document's perceptron, and says by itself what is wrong: "
            "`lint` before any step, `autopsy` of the document's own arithmetic after six.",
        ),
        linted("the 3-1 perceptron on the raw inputs", model, reference.INPUTS, reference.LABELS),
        Transcript(f"What `autopsy` says of a weight after {STEPS} steps", found.text),
    ]


def weight_after_six_steps(start: Any) -> Value:
    """The first weight, by the document's arithmetic on `Value`s."""
    *_, step = loops.perceptron(start, steps=STEPS)
    first: Value = step.weights[0, 0]
    return first
