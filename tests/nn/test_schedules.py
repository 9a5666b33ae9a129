"""Learning rates by update."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tinygrad_bp import nn


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (nn.Constant(0.5), {0: 0.5, 10**6: 0.5}),
        (nn.StepDecay(1.0, factor=0.5, every=3), {0: 1.0, 2: 1.0, 3: 0.5, 5: 0.5, 6: 0.25}),
        (nn.Exponential(2.0, factor=0.5), {0: 2.0, 1: 1.0, 3: 0.25}),
        (nn.Cosine(1.0, updates=4), {0: 1.0, 1: 0.8535533905932737, 2: 0.5, 4: 0.0, 9: 0.0}),
        (nn.Cosine(1.0, updates=2, floor=0.5), {0: 1.0, 1: 0.75, 2: 0.5, 3: 0.5}),
        (nn.WarmUp(1.0, updates=4), {0: 0.25, 1: 0.5, 3: 1.0, 4: 1.0}),
        (nn.WarmUp(nn.Exponential(1.0, factor=0.5), updates=2), {0: 0.5, 1: 0.5, 2: 0.25}),
        (nn.PerEpoch(nn.Exponential(1.0, factor=0.5), batches=3), {0: 1.0, 2: 1.0, 3: 0.5}),
    ],
    ids=repr,
)
def test_rates(schedule: Any, rates: dict[int, float]) -> None:
    assert {update: schedule(update) for update in rates} == pytest.approx(rates, abs=1e-16)
    assert pickle.loads(pickle.dumps(schedule)) == schedule


@pytest.mark.parametrize(
    "kind", [nn.Constant, nn.StepDecay, nn.Exponential, nn.Cosine, nn.WarmUp, nn.PerEpoch]
)
def test_a_schedule_can_not_be_changed_in_the_middle(kind: Any) -> None:
    schedule = kind(1.0, *[2] * (kind in (nn.Cosine, nn.WarmUp, nn.PerEpoch)))

    with pytest.raises(AttributeError):
        schedule.rate = 2.0
    assert hash(schedule) == hash(pickle.loads(pickle.dumps(schedule)))


def test_the_defaults_decay_slowly() -> None:
    assert nn.StepDecay(1.0)(1000) == 0.1
    assert nn.StepDecay(1.0)(999) == 1.0
    assert nn.Exponential(1.0)(1) == 0.999
