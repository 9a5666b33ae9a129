"""One example's loss and gradient, and an optimiser's rule, as tapes: what training is made of.

The numbers are those of the eager path, bit for bit: the tape is checked against it before
anything is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.same import same_bits
from tinygrad_bp.core.value import Value, values
from tinygrad_bp.graph.modes import RecordingError, watching
from tinygrad_bp.graph.sweep import adjoints
from tinygrad_bp.nn.fit.examples import Examples
from tinygrad_bp.nn.fit.gradients import loss_and_gradient, order_of
from tinygrad_bp.nn.losses import Loss
from tinygrad_bp.nn.optimisers import Optimizer
from tinygrad_bp.tape import BranchError, Tape
from tinygrad_bp.tape.record import tape_of

TRIED = 16
"""How many examples the tape is checked on before anything is made of it."""


def step_tape(
    model: Any, loss: Loss, parameters: Sequence[Value], inputs: Sequence[Value], target: Any
) -> Tape:
    """The tape of one example: the gradient by each parameter, and last the loss.

    Its inputs are the numbers of the example and of its target; it captures the parameters.
    """
    x, t = values([number.data for number in inputs], "x"), values(target, "y")
    with watching() as comparisons:
        prediction = model(x)
        value = loss(prediction, t)
        found = adjoints(order_of(prediction, value), {value: 1.0}, as_graph=True)
    slopes = [found.get(parameter, 0.0) for parameter in parameters]
    return replace(tape_of([*slopes, value], (x, t), comparisons, parameters), name="step")


def rule_tape(optimizer: Optimizer) -> Tape:
    """The tape of an optimiser's rule for one parameter: its new number and new state.

    Its inputs are the parameter, its state and its gradient; it captures the number of the
    update and the learning rate.
    """
    parameter, slope = Value(0.5, label="parameter"), Value(0.25, label="gradient")
    step, rate = Value(1.0, label="update"), Value(0.1, label="rate")
    state = [Value(0.125, label=f"state_{i}") for i in range(optimizer.slots)]
    with watching() as comparisons:
        number, kept = optimizer.rule(parameter, slope, tuple(state), step, rate)
    tape = tape_of([number, *kept], (parameter, *state, slope), comparisons, [step, rate])
    return replace(tape, name="rule")


def checked_tape(model: Any, loss: Loss, parameters: Sequence[Value], examples: Examples) -> Tape:
    """The tape of one example, found to give the eager numbers on several.

    A loss may look at its target in a way that recording does not see, such as its `repr`, so
    that a tape would answer from the wrong branch in silence.

    Raises `RecordingError` where it does not give the eager numbers to the bit.
    """
    tape = step_tape(model, loss, parameters, examples.inputs[0], examples.targets[0])
    for row in _various(examples.targets):
        inputs, target = examples.inputs[row], examples.targets[row]
        value, slopes = loss_and_gradient(model, loss, parameters, inputs, target)
        try:
            replayed = tape.results(
                [*(number.data for number in inputs), *structure.numbers(target)]
            )
        except BranchError:
            continue  # it knows that it does not hold for this example
        if not all(map(same_bits, replayed, [*slopes, value])):
            raise RecordingError(
                f"a recording of the loss of example 0 does not give that of example {row}: "
                "does the model or the loss look at a number without the tape's seeing it? "
                "Use where(...), or compiled=False"
            )
    return tape


def _various(targets: Sequence[Any]) -> list[int]:
    """Some rows: where targets first occur, and some more spread over the rest."""
    first_rows: dict[str, int] = {}
    for row, target in enumerate(targets):
        first_rows.setdefault(repr(target), row)
    spread = np.linspace(0, len(targets) - 1, TRIED // 2).astype(int).tolist()
    return list(dict.fromkeys([*list(first_rows.values())[: TRIED // 2], *spread]))
