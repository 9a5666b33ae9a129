"""Networks, data sets and trainings as strategies draw them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from tinygrad_bp import nn
from tinygrad_bp.check.programs.learning import TrainingRun
from tinygrad_bp.check.programs.strategies import datasets, networks, training_runs
from tinygrad_bp.nn import SGD, Adam, AdamW


@given(networks(2, 3, max_layers=2, max_width=3))
def test_networks_are_as_asked_for(network: nn.MLP) -> None:
    assert len(network([0.5, -1.0])) == 3
    assert len(network.layers) <= 2


@given(networks())
def test_networks_take_as_many_inputs_as_they_say(network: nn.MLP) -> None:
    size = network.layers[0].inputs

    assert network([0.5] * size) is not None


def test_a_failing_network_is_printed_as_code_with_its_seed() -> None:
    @settings(database=None)
    @given(networks(2, 1))
    def is_linear(network: nn.MLP) -> None:
        assert "tanh" not in repr(network)

    with pytest.raises(AssertionError) as caught:
        is_linear()

    said = " ".join("".join(caught.value.__notes__).split())
    assert "network=MLP( 2, [1, 1], activation='tanh', seed=0," in said


@given(datasets(3, 2, max_examples=4, targets=st.sampled_from([0.0, 1.0])))
def test_data_sets_are_as_asked_for(data: Any) -> None:
    inputs, targets = data

    assert 1 <= len(inputs) == len(targets) <= 4
    assert {len(row) for row in inputs} == {3}
    assert {len(row) for row in targets} == {2}
    assert {x for row in targets for x in row} <= {0.0, 1.0}


@settings(max_examples=30)
@given(training_runs())
def test_trainings_are_reproducible(run: TrainingRun) -> None:
    (network, history), (again, other) = run.fit(), run.fit()

    assert history.losses == other.losses
    assert network.state_dict() == again.state_dict()
    assert len(history) == run.epochs


@settings(max_examples=30)
@given(training_runs(max_epochs=1))
def test_a_printed_training_is_that_training(run: TrainingRun) -> None:
    names = {"TrainingRun": TrainingRun, "SGD": SGD, "Adam": Adam, "AdamW": AdamW}
    again = eval(repr(run), names)

    assert repr(again) == repr(run)
    assert again.fit()[1].losses == run.fit()[1].losses


def test_settings_of_a_training_can_be_changed() -> None:
    run = TrainingRun((1, 1), "linear", 0, [[1.0]], [[2.0]], "mse", SGD(0.25), 3)

    assert len(run.fit(epochs=1)[1]) == 1
