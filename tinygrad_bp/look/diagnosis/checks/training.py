"""The course of a training run: up, to and fro, or nowhere.

>>> from tinygrad_bp.nn import History
>>> [finding.name for finding in course(History(losses=[1.0, 2.0, 4.0]))]
['loss-rose']
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tinygrad_bp.look.diagnosis.finding import Finding
from tinygrad_bp.look.words.text import plain
from tinygrad_bp.nn.fit.history import History

__all__ = ["course"]

MANY = 20
"""Epochs that go up and down in turn; by chance once in half a million runs."""
NOTABLE = 1e-3
"""By how much of the loss they do."""
STILL = 1e-9
FEW = 5


def course(history: History) -> Iterator[Finding]:
    """What is odd about the losses of a training run."""
    losses = history.losses
    rate = f" (it was {plain(history.learning_rates[-1])})" if history.learning_rates else ""
    if len(losses) > 1 and losses[-1] > losses[0]:
        yield Finding(
            "loss-rose",
            "",
            f"the loss was {plain(losses[0])} in the first epoch and is {plain(losses[-1])} in the "
            f"last of {len(losses):,}",
            "training made it worse: the steps are too long, or go uphill",
            f"lower the learning rate{rate}; in a loop of your own, subtract the gradient",
        )
    if _swings(losses):
        low, high = sorted(losses[-2:])
        yield Finding(
            "oscillating",
            "",
            f"the loss goes up and down in turn for {MANY} epochs, lately {plain(low)} and "
            f"{plain(high)}",
            "each step overshoots: the rate is above 2 divided by the largest curvature, where "
            "descent is not stable",
            f"lower the learning rate{rate}, or let it fall over the epochs (nn schedules)",
        )
    if _stands_still(losses):
        yield Finding(
            "loss-stands-still",
            "",
            f"the loss has been {plain(losses[-1])} in all {len(losses):,} epochs",
            "no step changed anything: gradients are 0 or vanish, or the weights are not those "
            "that the loss depends on",
            "lint(model, inputs, targets) looks for what is saturated, dead or cut off",
        )


def _swings(losses: Sequence[float]) -> bool:
    last = losses[-MANY - 2 :]
    changes = [after - before for before, after in pairwise(last)]
    if len(changes) <= MANY:
        return False
    is_in_turn = all(one * other < 0.0 for one, other in pairwise(changes))
    return is_in_turn and min(map(abs, changes)) > NOTABLE * max(map(abs, last))


def _stands_still(losses: Sequence[float]) -> bool:
    if len(losses) < FEW or not losses[0]:
        return False
    return max(losses) - min(losses) <= STILL * abs(losses[0])
