"""The regular parts of a tape: found, taken out, and nothing else changed."""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np
import pytest

from tinygrad_bp import nn
from tinygrad_bp.basics import structure
from tinygrad_bp.core.value import values
from tinygrad_bp.nn.fit.recording import step_tape
from tinygrad_bp.tape.machine.rolling import Dot, Product, rolled
from tinygrad_bp.tape.tape import Tape


def tape_of_a_step(inputs: int = 9, hidden: int = 8, *, bias: bool = True) -> Tape:
    model = nn.MLP(inputs, [hidden, 2], activation="tanh", bias=bias, seed=0)
    return step_tape(
        model,
        nn.squared_error,
        model.parameters(),
        values(np.random.default_rng(0).normal(size=inputs).tolist()),
        [0.5, -0.5],
    )


def test_first_layer_is_dots_and_gradients_are_products() -> None:
    whole = rolled(tape_of_a_step())

    assert whole.dots == tuple(Dot(10 * row, 0, 9) for row in range(8))
    assert [(p.output, p.length) for p in whole.products] == [
        *((10 * row, 9) for row in range(8)),
        (80, 8),
        (89, 8),
    ]


@pytest.mark.parametrize("bias", [True, False])
def test_parts_and_rest_give_what_the_tape_gives(*, bias: bool) -> None:
    tape = tape_of_a_step(bias=bias)
    whole = rolled(tape)
    inputs = structure.numbers(tape.inputs)
    weights = tape.captured_numbers(inputs)
    expected = [tape.replay(inputs)[slot] for slot in structure.numbers(tape.outputs)]

    dots = [
        # Not `sum`, which compensates from Python 3.12 on.
        reduce(add, [weights[d.captured + i] * inputs[d.input + i] for i in range(d.terms)])
        for d in whole.dots
    ]
    slots = whole.tape.replay([*inputs, *dots])
    numbers = [slots[slot] for slot in structure.numbers(whole.tape.outputs)]
    kept, extra = numbers[: len(whole.kept)], numbers[len(whole.kept) :]
    found = dict(zip(whole.kept, kept, strict=True))
    for p in whole.products:
        for i in range(p.length):
            found[p.output + i] = extra[p.factor] * extra[p.others + i]

    assert [found[k] for k in range(len(expected))] == expected


def test_most_of_a_network_is_regular() -> None:
    tape = tape_of_a_step(inputs=64, hidden=30)

    assert len(rolled(tape).tape) < len(tape) / 4


def test_a_short_row_is_left_alone() -> None:
    tape = tape_of_a_step(inputs=3, hidden=2)
    whole = rolled(tape)

    assert whole.dots == whole.products == ()
    assert whole.kept == tuple(range(len(structure.numbers(tape.outputs))))
    assert whole.tape.instructions == tape.instructions


def test_products_share_the_numbers_that_they_multiply() -> None:
    whole = rolled(tape_of_a_step())

    assert len({p.others for p in whole.products}) == 2
    assert all(isinstance(p, Product) for p in whole.products)
