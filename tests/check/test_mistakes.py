"""What the checker says of the mistakes in the documents, and of others in derivations by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from demos.reference import document_002, document_004
from demos.reference.notation import sigmoid
from tinygrad_bp.check import Report, check_gradient

# The documents --------------------------------------------------------------------------------


def test_document_004_moves_its_output_weights_too_early() -> None:
    report = check_gradient(
        document_004.loss, document_004.PRINTED_START, gradient=gradient_004_as_written
    )

    (mistake,) = report.findings
    assert mistake.kinds == ("updated too early",)
    assert mistake.inputs == ("weights[0]",)
    assert "weights[1] was updated too early, by 0.1 times its gradient" in str(mistake)


def gradient_004_as_written(weights: Any) -> Any:
    by_output = document_004.output_gradient(weights)
    moved = weights[1] - document_004.RATE * by_output
    return document_004.hidden_gradient(weights, through=moved), by_output


def test_document_004_with_the_weights_from_before_passes() -> None:
    report = check_gradient(
        document_004.loss,
        document_004.PRINTED_START,
        gradient=lambda w: (
            document_004.hidden_gradient(w, through=w[1]),
            document_004.output_gradient(w),
        ),
    )

    assert report.verdict == "right"


WRITTEN_002 = {"wrong argument", "another quantity", "sign", "constant factor"}


@pytest.mark.parametrize("inputs", [document_002.INPUTS, document_002.standardised()])
def test_perceptron_of_document_002_is_taken_apart(inputs: Any) -> None:
    report = check_perceptron(inputs)

    (mistake,) = report.findings
    assert set(mistake.kinds) == WRITTEN_002
    assert "h * (1 - h) of its result h, is taken of its argument: u * (1 - u)" in str(mistake)
    assert "stands in place of its derivative" in str(mistake)


def check_perceptron(inputs: Any) -> Report:
    def loss(weights: Any) -> Any:
        outputs = document_002.perceptron_outputs(weights, inputs)
        return np.square(outputs - document_002.LABELS).mean()

    def as_written(weights: Any) -> Any:  # what the document adds, so minus its gradient
        z = inputs @ weights
        error = document_002.error_as_written(sigmoid(z))
        return -inputs.T @ (document_002.derivative_as_written(z) * error)

    return check_gradient(loss, document_002.perceptron_start(), gradient=as_written)


def test_hidden_layer_of_document_002_is_taken_apart() -> None:
    inputs = document_002.standardised()

    def loss(hidden: Any, output: Any) -> Any:
        outputs = document_002.hidden_outputs((hidden, output), inputs)
        return np.square(outputs - document_002.LABELS).mean()

    def as_written(hidden: Any, output: Any) -> Any:
        z = inputs @ hidden
        z_out = sigmoid(z) @ output
        outputs = sigmoid(z_out)
        error = document_002.error_as_written(outputs)
        slope = document_002.derivative_as_written(z_out)
        up = np.broadcast_to(outputs.T @ (slope * error), (4, 1))
        at_hidden = document_002.derivative_as_written(z) * (output + 0.5 * up) * slope * error
        return -inputs.T @ at_hidden, -up

    report = check_gradient(loss, *document_002.hidden_start(), gradient=as_written)

    by_hidden, by_output = report.findings
    assert by_hidden.inputs == ("hidden",)
    assert set(by_hidden.kinds) == WRITTEN_002 | {"transposed", "updated too early"}
    assert by_hidden.kinds.count("wrong argument") == 2
    assert by_output.inputs == ("output",)
    assert set(by_output.kinds) == WRITTEN_002
    assert "in place of what output is multiplied by stands the result further on" in str(by_output)
