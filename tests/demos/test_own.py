"""The documents' programs in their own shape, which the race is against, compute the same numbers.

`demos/reference` is the twin that they are held against; both are plain NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from demos.reference import document_000, document_001, document_002, document_004, own
from demos.report import largest_gap, last

START_000 = document_000.start(np.random.default_rng(5))
START_001 = np.random.default_rng(9).standard_normal(9)
SCALED = document_002.standardised()


def own_000(run: str) -> Any:
    network = own.Network000(START_000)
    getattr(network, run)(200)
    return network.weights


def own_001() -> own.Network001:
    network = own.Network001(START_001)
    network.train(200)
    return network


TWINS = {
    "000, all together": (
        lambda: own_000("all_together"),
        lambda: last(document_000.batch_trajectory(START_000, steps=200)),
    ),
    "000, one by one": (
        lambda: own_000("one_by_one"),
        lambda: last(document_000.example_trajectory(START_000, passes=200)),
    ),
    "001": (
        lambda: own_001().parameters,
        lambda: last(document_001.trajectory(START_001, epochs=200)),
    ),
    "002, 3-1": (
        lambda: own.perceptron_002(document_002.perceptron_start(), SCALED, epochs=200),
        lambda: last(
            document_002.right_perceptron_trajectory(
                document_002.perceptron_start(), SCALED, epochs=200, rate=0.5
            )
        ),
    ),
    "002, 3-4-1": (
        lambda: own.hidden_002(document_002.hidden_start(), SCALED, epochs=200),
        lambda: last(
            document_002.right_hidden_trajectory(
                document_002.hidden_start(), SCALED, epochs=200, rate=0.5
            )
        ),
    ),
    "004, as written": (
        lambda: own.as_written_004(document_004.PRINTED_START, epochs=200),
        lambda: last(
            document_004.trajectory(
                document_004.PRINTED_START, document_004.stepped_as_written, epochs=200
            )
        ),
    ),
    "004, momentum": (
        lambda: own.momentum_004(document_004.PRINTED_START, rate=0.03, epochs=200),
        lambda: last(
            document_004.momentum_trajectory(document_004.PRINTED_START, rate=0.03, epochs=200)
        ),
    ),
}


@pytest.mark.parametrize("program", TWINS)
def test_it_ends_at_the_weights_of_its_twin(program: str) -> None:
    ours, twin = TWINS[program]

    assert largest_gap(ours(), twin()) <= 1e-12


def test_it_leaves_its_start_as_it_was() -> None:
    before = [matrix.copy() for matrix in (*document_004.PRINTED_START, *START_000)]
    own.as_written_004(document_004.PRINTED_START, epochs=1)
    own_000("all_together")

    assert largest_gap(before, [*document_004.PRINTED_START, *START_000]) == 0


def test_001_has_the_losses_that_its_twin_has_after_every_tenth_epoch() -> None:
    course = list(document_001.trajectory(START_001, epochs=200))

    assert largest_gap(own_001().losses, [document_001.loss(p) for p in course[::10]]) <= 1e-12
