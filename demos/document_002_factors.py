"""The chain rule of document 002, factor by factor: as it is written, and as the engine has it.

E is the mean of (ŷ - y)², ŷ = sigmoid(z). A factor belongs to one arrow of the graph, so it can
be asked of the engine by itself: `gradient(ŷ, z)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from demos.reference import document_002 as reference
from demos.reference.notation import Array, sigmoid as numpy_sigmoid
from demos.report import Claim, Prose, Table, same
from tinygrad_bp import Value, gradient, sigmoid, values

LABELS = reference.LABELS[:, 0]
# One of either label. Example 3 is also where the wrong axis shows: V of example 3 is not V₁.
SHOWN = (0, 2)


@dataclass(frozen=True)
class Factor:
    """One factor for each example, and the formula that the document has for it."""

    name: str
    formula: str
    written: np.ndarray
    right: np.ndarray


def factor_tables() -> list[Table]:
    """Both networks, on the document's inputs and on standardised ones."""
    inputs = {"as they are": reference.INPUTS, "standardised": reference.standardised()}
    chains = {"Perceptron": perceptron_chain, "3-4-1, first hidden neuron": hidden_chain}
    return [
        factor_table(f"{network}, inputs {how}.", chain(numbers))
        for network, chain in chains.items()
        for how, numbers in inputs.items()
    ]


def factor_claims() -> list[Claim]:
    """The engine's factors, multiplied and added up, are the gradients that we derived."""
    inputs = reference.standardised()
    by_w = reference.right_perceptron_gradient(reference.perceptron_start(), inputs)
    by_hidden, by_v = reference.right_hidden_gradient(reference.hidden_start(), inputs)
    perceptron, hidden = perceptron_chain(inputs), hidden_chain(inputs)
    found = [
        ("3-1, the engine's factors of ∂E/∂w₁", perceptron[-1], by_w),
        ("3-4-1, the engine's factors of ∂E/∂W₁₁", hidden[-3], by_hidden),
        ("3-4-1, the engine's factors of ∂E/∂V₁", hidden[-1], by_v),
    ]
    return [
        same(what, float(factor.right[0]), float(slopes[0, 0]), "multiplied, on scaled inputs")
        for what, factor, slopes in found
    ]


def perceptron_chain(inputs: np.ndarray) -> list[Factor]:
    """From the error back to the first weight."""
    start = reference.perceptron_start()
    w = values(start[:, 0], label="w")
    z = inputs @ w
    yhat = sigmoid(z)
    error = ((yhat - LABELS) ** 2).mean()

    z_written = (inputs @ start)[:, 0]
    scalar = reference.error_as_written(numpy_sigmoid(inputs @ start))
    chain = [
        Factor("∂E/∂ŷ", "2 mean((ŷ−y)²)", np.full(4, scalar), slopes([error] * 4, yhat)),
        Factor("∂ŷ/∂z", "z(1−z)", slope_as_written(z_written), slopes(yhat, z)),
        Factor("∂z/∂w₁", "x₁", inputs[:, 0], slopes(z, [w[0]] * 4)),
    ]
    return [*chain, whole("∂E/∂w₁, all examples", chain)]


def hidden_chain(inputs: np.ndarray) -> list[Factor]:
    """From the error back to the first weight of the first hidden neuron; then to that of V."""
    hidden_start, output_start = reference.hidden_start()
    w, v = values(hidden_start, label="W"), values(output_start[:, 0], label="V")
    z = inputs @ w
    hidden = sigmoid(z)
    z_out = hidden @ v
    yhat = sigmoid(z_out)
    error = ((yhat - LABELS) ** 2).mean()

    z_written = inputs @ hidden_start
    out = numpy_sigmoid(z_written) @ output_start
    outputs = numpy_sigmoid(out)
    scalar = reference.error_as_written(outputs)
    # V moves first; then its four numbers meet the four examples, not the four neurons.
    moved = output_start + reference.RATE * (outputs.T @ (slope_as_written(out) * scalar))
    to_output = [
        Factor("∂E/∂ŷ", "2 mean((ŷ−y)²)", np.full(4, scalar), slopes([error] * 4, yhat)),
        Factor("∂ŷ/∂z", "z(1−z)", slope_as_written(out[:, 0]), slopes(yhat, z_out)),
    ]
    to_hidden = [
        Factor("∂z/∂h₁", "V, by example, moved", moved[:, 0], slopes(z_out, hidden[:, 0])),
        Factor(
            "∂h₁/∂z₁", "z₁(1−z₁)", slope_as_written(z_written[:, 0]), slopes(hidden[:, 0], z[:, 0])
        ),
        Factor("∂z₁/∂W₁₁", "x₁", inputs[:, 0], slopes(z[:, 0], [w[0, 0]] * 4)),
    ]
    to_v = Factor("∂z/∂V₁", "ŷ", outputs[:, 0], slopes(z_out, [v[0]] * 4))
    return [
        *to_output,
        *to_hidden,
        whole("∂E/∂W₁₁, all examples", [*to_output, *to_hidden]),
        to_v,
        whole("∂E/∂V₁, all examples", [*to_output, to_v]),
    ]


slope_as_written = reference.derivative_as_written


def slopes(
    outputs: Sequence[Value] | np.ndarray, inputs: Sequence[Value] | np.ndarray
) -> np.ndarray:
    """The engine's derivative of each output by its own input."""
    pairs = zip(outputs, inputs, strict=True)
    return np.array([gradient(output, by) for output, by in pairs])


def whole(name: str, chain: Sequence[Factor]) -> Factor:
    """The factors multiplied, and added up over the examples: the same for each."""
    written = np.prod([factor.written for factor in chain], axis=0).sum()
    right = np.prod([factor.right for factor in chain], axis=0).sum()
    return Factor(name, "", np.full(4, written), np.full(4, right))


def factor_table(title: str, chain: Sequence[Factor]) -> Table:
    """A row for each factor."""
    header = ["", "written as"]
    for example in SHOWN:
        header += [f"written, example {example + 1}", "engine"]
    rows = [
        (
            factor.name,
            factor.formula,
            *(
                f"{number:.4g}"
                for example in SHOWN
                for number in (factor.written[example], factor.right[example])
            ),
            verdict(factor.written[SHOWN[-1]], factor.right[SHOWN[-1]]),
        )
        for factor in chain
    ]
    return Table(title, [*header, "written / engine"], rows)


def verdict(written: float, right: float) -> str:
    """By what factor it is off."""
    if np.isclose(written, right, rtol=1e-12, atol=0):
        return "right"
    return f"{written / right:.3g}" if right else "right is 0"


def other_mistakes() -> Prose:
    """What is wrong beside the factors, with its measure."""
    hidden_weights, output_weights = reference.hidden_start()
    outputs = numpy_sigmoid(numpy_sigmoid(reference.INPUTS @ hidden_weights) @ output_weights)
    as_table = reference.error_as_written(outputs)
    as_column = 2 * float(np.square(outputs[:, 0] - LABELS).mean())
    return Prose(
        "What is wrong beside the factors",
        "The sign: the weights move by `+= 0.5 * gradient`, uphill. The labels' shape: `(4, 1)` "
        "outputs less `(4,)` labels is a 4 by 4 table; while all outputs are equal, as they are in "
        f"every step here, its mean is that of the four right differences ({as_table:.4f} and "
        f"{as_column:.4f} at the start of 3-4-1), so no printed number shows it. The scale: with "
        "inputs up to 550 every sigmoid is saturated, and the right gradient vanishes with it.",
    )


@dataclass(frozen=True)
class Rule:
    """A way to train the perceptron; as it stands, the right one."""

    slope: Callable[[Array, Array], Array] = lambda z, yhat: yhat * (1 - yhat)  # noqa: ARG005
    error: Callable[[Array], Array] = lambda yhat: 2 * (yhat - LABELS[:, None]) / 4
    direction: float = -1.0
    inputs: Array = field(default_factory=reference.standardised)

    def outputs(self, steps: int = 1_000) -> Array:
        """What the perceptron says to the four examples after so many steps at rate 0.5."""
        w = reference.perceptron_start()
        with np.errstate(over="ignore"):
            for _ in range(steps):
                z = self.inputs @ w
                yhat = numpy_sigmoid(z)
                by_w = self.inputs.T @ (self.error(yhat) * self.slope(z, yhat))
                w = w + self.direction * reference.RATE * by_w
            return numpy_sigmoid(self.inputs @ w)[:, 0]


MISTAKES = {
    "none": Rule(),
    "∂ŷ/∂z is z(1−z)": Rule(slope=lambda z, yhat: slope_as_written(z)),  # noqa: ARG005
    "∂E/∂ŷ is one number for all": Rule(
        error=lambda yhat: np.full_like(yhat, reference.error_as_written(yhat))
    ),
    "uphill": Rule(direction=1.0),
    "labels of shape (4,)": Rule(
        error=lambda yhat: (2 * (yhat - LABELS) / 4).sum(axis=1, keepdims=True)
    ),
    "inputs as they are": Rule(inputs=reference.INPUTS),
}


def one_mistake_table() -> Table:
    """What each mistake alone does to a perceptron that is otherwise trained properly."""
    rows = []
    for mistake, rule in MISTAKES.items():
        outputs = rule.outputs()
        right = int(((outputs > 0.5) == (LABELS > 0.5)).sum())
        rows.append((mistake, *(f"{output:.3f}" for output in outputs), f"{right} of 4"))
    labels = (f"label {label:g}" for label in LABELS)
    return Table(
        "The perceptron's outputs after 1,000 steps on standardised inputs, with one mistake put "
        "back; all by our reference program in NumPy.",
        ("mistake", *labels, "right"),
        rows,
    )
