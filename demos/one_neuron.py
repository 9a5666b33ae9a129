"""One neuron, as a picture: every operation in it, its value, and the derivative by it."""

from __future__ import annotations

from demos.report import PRINT, THRESHOLD, Claim, Picture, Report, Table
from tinygrad_bp import Value, nn
from tinygrad_bp.look import draw


def main() -> Report:
    """The neuron of document 001, weights (0, 1) and bias 4, at the inputs 2 and 3."""
    neuron = nn.Neuron(2, "sigmoid", init=([0, 1], 4), name="neuron")
    inputs = [Value(2.0, label="x1"), Value(3.0, label="x2")]
    output = neuron(inputs)
    output.backward()

    # By hand: the derivative of s(z) is s(z) (1 - s(z)); z's by a weight is its input.
    slope = output.data * (1 - output.data)
    by_hand = [slope * inputs[0].data, slope * inputs[1].data, slope]
    rows = [
        (parameter.label, f"{parameter.data:g}", f"{hand:.6e}", f"{parameter.grad:.6e}")
        for parameter, hand in zip(neuron.parameters(), by_hand, strict=True)
    ]
    off = max(
        abs(parameter.grad / hand - 1)
        for parameter, hand in zip(neuron.parameters(), by_hand, strict=True)
    )
    return Report(
        title="One neuron",
        idea="sigmoid(w0 x1 + w1 x2 + b), at the numbers that document 001 gives it. Each edge "
        "says what it carries back: the partial derivative of the operation it leads to, times "
        "the gradient upstream.",
        claims=[
            Claim(
                "its output",
                "0.9990889488055994",
                PRINT,
                repr(output.data),
                repr(output.data) == "0.9990889488055994",
                "document 001, output 4",
            ),
            Claim(
                "its gradient against s(1 − s) by hand, relative",
                "at most 1e-12",
                THRESHOLD,
                f"{off:.1e}",
                off <= 1e-12,
            ),
        ],
        parts=[
            Picture("The neuron's graph", draw(output, edges="contribution").svg()),
            Table("The gradient.", ("parameter", "value", "by hand", "engine"), rows),
        ],
        numbers={"output": output.data, "off": off},
    )
