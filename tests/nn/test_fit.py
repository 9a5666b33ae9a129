"""Training: the same as by hand, and clear about whatever is wrong."""

from __future__ import annotations

import math
import pickle
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.nn import reference
from tinygrad_bp import NonFiniteError, Value, nn, no_grad

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]]
LABELS = [0, 1, 1, 0]


def network(seed: int, sizes: list[int]) -> nn.MLP:
    return nn.MLP(
        sizes[0],
        sizes[1:],
        activation="sigmoid",
        output_activation="sigmoid",
        init="normal",
        bias_init="normal",
        seed=seed,
    )


def layers_of(model: nn.MLP) -> reference.Layers:
    return [
        (
            np.array([[w.data for w in neuron.w] for neuron in layer.neurons]),
            np.array([neuron.b.data for neuron in layer.neurons if neuron.b is not None]),
        )
        for layer in model.layers
    ]


@settings(max_examples=25)
@given(
    st.integers(0, 99),
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    st.integers(1, 7),
    st.integers(1, 8),
    st.sampled_from(["squared_error", "binary_cross_entropy"]),
    st.sampled_from(["mean", "sum"]),
    st.booleans(),
)
def test_training_is_that_of_numpy(
    seed: int,
    sizes: list[int],
    examples: int,
    size: int,
    loss: str,
    reduction: str,
    shuffle: bool,
) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.random((examples, sizes[0])), rng.random((examples, sizes[-1]))
    model = network(seed, sizes)
    expected, losses = reference.train(
        layers_of(model),
        x,
        y,
        lr=0.3,
        epochs=4,
        size=size,
        loss=loss,
        mean=reduction == "mean",
        rng=np.random.default_rng(seed) if shuffle else None,
    )

    history = nn.fit(
        model,
        x,
        y,
        loss=loss,
        optimizer=nn.SGD(0.3),
        epochs=4,
        batch_size=size,
        shuffle=shuffle,
        seed=seed,
        reduction=reduction,
    )

    assert np.allclose(history.losses, losses, rtol=1e-12, atol=0)
    for found, exact in zip(layers_of(model), expected, strict=True):
        assert np.allclose(found[0], exact[0], rtol=1e-12, atol=1e-14)
        assert np.allclose(found[1], exact[1], rtol=1e-12, atol=1e-14)


def line() -> nn.Neuron:
    return nn.Neuron(1, "linear", init=[0.0])


def fitted(**changes: Any) -> nn.History:
    setting: dict[str, Any] = {
        "model": line(),
        "inputs": [[0.0], [1.0], [2.0]],
        "targets": [1.0, 3.0, 5.0],
        "loss": nn.mse,
        "optimizer": nn.SGD(0.1),
        "epochs": 3,
        "compiled": False,
        **changes,
    }
    return nn.fit(setting.pop("model"), setting.pop("inputs"), setting.pop("targets"), **setting)


@pytest.mark.parametrize(
    "inputs", [[[0], [1], [2]], [0, 1, 2], (0.0, 1.0, 2.0), np.arange(3), np.arange(3)[:, None]]
)
@pytest.mark.parametrize("targets", [[1, 3, 5], [[1], [3], [5]], np.array([1, 3, 5])])
def test_lists_and_arrays_of_one_or_two_dimensions_are_the_same_data(
    inputs: Any, targets: Any
) -> None:
    assert fitted(inputs=inputs, targets=targets).losses == fitted().losses


def test_arrays_of_bools_and_of_objects_are_data() -> None:
    as_bools = fitted(inputs=[0.0, 1.0], targets=np.array([False, True]))
    as_objects = fitted(inputs=np.array([0, 1.0], dtype=object), targets=[0, 1])

    assert as_bools == as_objects


def test_a_loss_may_be_named() -> None:
    assert fitted(loss="mse") == fitted(loss=nn.mse)


def test_a_loss_may_be_any_function_and_gets_targets_as_they_are() -> None:
    seen = []

    def weighted(p: Any, t: Any) -> Any:
        seen.append(t)
        return t[1] * (t[0] - p) ** 2

    fitted(loss=weighted, targets=[[1, 1], [3, 0], [5, 0]], epochs=1)

    assert seen == [[1.0, 1.0], [3.0, 0.0], [5.0, 0.0]]


def test_a_class_is_its_one_hot_row() -> None:
    rng = np.random.default_rng(0)
    x, classes = rng.random((6, 2)), [0, 2, 1, 1, 0, 2]
    runs = [
        nn.fit(
            nn.MLP(2, [3], seed=0),
            x,
            targets,
            loss="cross_entropy",
            optimizer=nn.SGD(0.5),
            epochs=5,
        )
        for targets in (classes, np.array(classes)[:, None], np.eye(3)[classes])
    ]

    assert runs[0] == runs[1] == runs[2]
    assert runs[0].losses[-1] < runs[0].losses[0]


def test_any_callable_with_parameters_is_a_model() -> None:
    class Plain:
        def __init__(self) -> None:
            self.w = Value(0.0)

        def parameters(self) -> list[Value]:
            return [self.w]

        def __call__(self, inputs: list[Value]) -> Value:
            return self.w * inputs[0]

    model = Plain()
    history = fitted(model=model, targets=[0.0, 2.0, 4.0], epochs=50, snapshots=50)

    assert model.w.data == pytest.approx(2.0)
    assert history.snapshots == {0: {"0": 0.0}, 50: {"0": model.w.data}}


def test_gradients_of_parameters_are_left_alone() -> None:
    model = line()
    model.w[0].grad = 7.0

    fitted(model=model)

    assert model.w[0].grad == 7.0


def test_two_fits_with_one_optimizer_are_one_long_fit() -> None:
    def schedule(update: int) -> float:
        return 0.1 / (1 + update)

    long, short = line(), line()
    whole = fitted(model=long, optimizer=nn.Adam(schedule), epochs=6)
    optimizer = nn.Adam(schedule)
    parts = [fitted(model=short, optimizer=optimizer, epochs=3) for _ in range(2)]

    assert short.state_dict() == long.state_dict()
    assert parts[0].losses + parts[1].losses == whole.losses
    assert parts[0].learning_rates + parts[1].learning_rates == whole.learning_rates
    assert optimizer.updates == 6


def test_the_learning_rate_of_an_epoch_is_that_of_its_first_update() -> None:
    history = fitted(optimizer=nn.SGD(nn.Exponential(1e-3, factor=0.5)), batch_size=2)

    assert history.learning_rates == [1e-3, 1e-3 / 4, 1e-3 / 16]


def test_shuffling_is_repeatable_and_different_in_each_epoch() -> None:
    def order(seed: Any) -> list[float]:
        seen = []

        def noted(p: Any, t: Any) -> Any:
            seen.append(t)
            return nn.mse(p, t)

        fitted(loss=noted, shuffle=True, seed=seed, inputs=range(9), targets=range(9), batch_size=2)
        return seen

    rng = np.random.default_rng(3)
    expected = [*rng.permutation(9), *rng.permutation(9), *rng.permutation(9)]
    assert order(3) == expected
    assert order(np.random.default_rng(3)) == expected
    assert order(4) != expected


# When to stop ----------------------------------------------------------------------------------


def test_a_history_tells_the_course() -> None:
    history = fitted()

    assert len(history) == len(history.losses) == 3
    assert history.learning_rates == [0.1] * 3
    assert history.stopped == "finished"
    assert 0 < history.seconds < 60
    assert history.loss == history.losses[-1]
    assert pickle.loads(pickle.dumps(history)) == history
    assert repr(history) == f"History(3 epochs, loss 11.67 to {history.loss:.4g}, finished)"


def test_a_history_of_nothing_is_a_history() -> None:
    history = nn.History()

    assert history
    assert math.isnan(history.loss)
    assert repr(history) == "History(0 epochs, running)"
    assert repr(nn.History(losses=[0.5])) == "History(1 epoch, loss 0.5 to 0.5, running)"


def test_a_loss_to_reach_ends_training() -> None:
    free = fitted(epochs=30)
    goal = free.losses[10]

    history = fitted(epochs=30, until=goal)

    assert history.losses == free.losses[:11]
    assert history.stopped == "until"


def test_a_function_of_the_history_ends_training() -> None:
    assert len(fitted(epochs=30, until=lambda history: len(history) == 4)) == 4


def test_the_callback_sees_each_epoch_when_it_is_complete() -> None:
    seen = []

    def callback(history: nn.History) -> None:
        seen.append((len(history), len(history.learning_rates), history.stopped))

    fitted(callback=callback)

    assert seen == [(1, 1, "running"), (2, 2, "running"), (3, 3, "running")]


def test_snapshots_are_kept_at_the_start_and_every_so_many_epochs() -> None:
    model = line()
    history = fitted(model=model, epochs=5, snapshots=2)

    assert list(history.snapshots) == [0, 2, 4]
    assert history.snapshots[0] == {"w.0": 0.0, "b": 0.0}
    again = line()
    fitted(model=again, epochs=4)
    assert history.snapshots[4] == again.state_dict()


def test_snapshots_share_their_keys() -> None:
    snapshots = fitted(epochs=4, snapshots=1).snapshots

    assert len({id(key) for state in snapshots.values() for key in state}) == 2


@pytest.mark.parametrize("compiled", [True, False])
def test_snapshots_are_kept_after_the_epochs_given(compiled: bool) -> None:
    model = line()
    history = fitted(model=model, epochs=9, snapshots=np.array([7, 2, 2, 0, 99]), compiled=compiled)

    assert list(history.snapshots) == [0, 2, 7]
    for epoch in (2, 7):
        again = line()
        fitted(model=again, epochs=epoch)
        assert history.snapshots[epoch] == again.state_dict()


# What goes wrong -------------------------------------------------------------------------------

NAN, INF = math.nan, math.inf
REFUSALS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"inputs": [], "targets": []}, ValueError, "inputs are empty: expected one example at least"),
    ({"inputs": [[], [], []]}, ValueError, r"inputs hold no numbers: .* \(3, 0\)"),
    ({"inputs": [[0.0], [1.0]]}, ValueError, "2 examples of inputs.* 3 of targets"),
    ({"inputs": [[1, 2]] * 3}, ValueError, r"Neuron\(1, 'linear'\) takes 1 inputs, got 2"),
    ({"targets": [[1, 2]] * 3}, ValueError, "gives 1 output for an example, .* 2 numbers for each"),
    (
        {"inputs": [[1], [2, 3], [4]]},
        ValueError,
        "inputs are a table .*, all rows of one length",
    ),
    ({"inputs": np.zeros((3, 1, 1))}, ValueError, r"array of shape \(3, 1, 1\)"),
    ({"inputs": [["a"], ["b"], ["c"]]}, TypeError, "inputs are a table of numbers.*'a' for one"),
    ({"targets": [None] * 3}, TypeError, "targets are a table of numbers.* None for one"),
    ({"targets": [1j] * 3}, TypeError, "targets are a table of numbers.*complex"),
    ({"targets": [Value(1.0)] * 3}, TypeError, "targets are a table of numbers.*Value"),
    ({"inputs": np.array([], dtype=object)}, ValueError, "inputs are empty"),
    ({"inputs": np.array([], dtype="U1")}, TypeError, "got <U1$"),
    ({"inputs": [[0.0], [NAN], [1.0]]}, ValueError, "inputs hold nan in row 1, column 0"),
    ({"inputs": [[0, 1], [2, 3], [4, -INF]]}, ValueError, "inputs hold -inf in row 2, column 1"),
    ({"targets": [0.0, 1.0, INF]}, ValueError, "targets hold inf in row 2, column 0"),
    ({"epochs": 0}, ValueError, "epochs is a whole number from 1 up, got 0"),
    ({"epochs": 2.5}, TypeError, "epochs is a whole number from 1 up, got float 2.5"),
    ({"epochs": "3"}, TypeError, "epochs is a whole number from 1 up, got str '3'"),
    ({"batch_size": 0}, ValueError, "batch_size is a whole number from 1 up, got 0"),
    ({"snapshots": -1}, ValueError, "snapshots is a whole number from 1 up, got -1"),
    ({"snapshots": "3"}, TypeError, "snapshots is a whole number from 1 up, got str '3'"),
    ({"snapshots": [2, -3]}, ValueError, "an epoch of snapshots is .* got -3"),
    ({"snapshots": [2.5]}, TypeError, "an epoch of snapshots is .* got float 2.5"),
    ({"loss": "mes"}, ValueError, "no loss 'mes'; did you mean 'mse'?"),
    ({"loss": 3}, TypeError, "a loss is a name or a function .* got int 3"),
    ({"reduction": "maen"}, ValueError, "no reduction 'maen'; did you mean 'mean'?"),
    ({"optimizer": 0.1}, TypeError, r"an object such as nn.SGD\(0.1\), got 0.1"),
    ({"optimizer": nn.SGD}, TypeError, "an optimizer is an object"),
    ({"until": "low"}, TypeError, "expected a number"),
    ({"model": lambda x: x[0]}, TypeError, r"anything else that can be called .* parameters\(\)"),
    ({"model": nn.Module()}, ValueError, "has no parameters"),
    ({"loss": nn.hinge}, ValueError, "hinge expects targets -1 or 1, got 3.0 in row 1"),
    ({"loss": nn.binary_cross_entropy}, ValueError, "from 0 to 1, got 3.0 in row 1"),
    ({"loss": nn.cross_entropy}, ValueError, "two classes or more"),
    ({"loss": lambda p, _: p.data}, TypeError, "a Value that depends on the parameters, got 0.0"),
]


@pytest.mark.parametrize(("changes", "error", "message"), REFUSALS)
def test_what_can_not_be_right_is_refused(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        fitted(**changes)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([0, 3], "a class from 0 to 2, got 3"),
        ([0, 0.5], "a class from 0 to 2, got 0.5"),
        ([[1, 0, 0], [1, 1, 0]], r"add up to 1, got \[1.0, 1.0, 0.0\] in row 1"),
        ([[1, 0, 0], [2, -1, 0]], r"add up to 1, got \[2.0, -1.0, 0.0\] in row 1"),
        ([[1, 0], [0, 1]], "gives 3 outputs for an example, .* 2 numbers for each"),
    ],
)
def test_classes_and_probabilities_are_checked(targets: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fitted(model=nn.MLP(1, [3]), inputs=[0, 1], targets=targets, loss="cross_entropy")


def test_a_parameter_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^b is nan before training starts"):
        fitted(model=nn.Neuron(1, bias_init=NAN))
    model = line()
    for parameter in model.parameters():
        parameter.label = ""
    model.w[0].data = INF
    with pytest.raises(ValueError, match=r"^parameter 0 is inf"):
        fitted(model=model)


def test_what_an_operation_made_is_no_parameter() -> None:
    class Wrong(nn.Neuron):
        def parameters(self) -> list[Value]:
            return [self.w[0] * 2]

    with pytest.raises(TypeError, match="a Value that no operation made"):
        fitted(model=Wrong(1))


def test_fit_under_no_grad_is_refused() -> None:
    with no_grad(), pytest.raises(TypeError, match="run under no_grad"):
        fitted()


def test_a_loss_of_nan_names_the_epoch_the_example_and_the_operation() -> None:
    model = nn.Neuron(1, "log", init=[1.0], bias_init=0.5, name="n")
    before = model.state_dict()

    with pytest.raises(NonFiniteError) as error:
        fitted(model=model, inputs=[1.0, 2.0, -1.0], targets=[0, 0, 0], batch_size=3)

    message = str(error.value)
    assert "the loss became nan in epoch 1 at example 2, counted from 0" in message
    assert "(log) is nan" in message
    assert "The parameters are as they were before that update" in message
    assert model.state_dict() == before


def test_a_loss_of_infinity_comes_after_the_last_good_update() -> None:
    model, good = (nn.Neuron(1, "exp", init=[1.0]) for _ in range(2))
    fitted(model=good, inputs=[0.0], targets=[0.5], epochs=1)

    with pytest.raises(NonFiniteError, match=r"became inf in epoch 1 at example 1.*\(exp\) is"):
        fitted(model=model, inputs=[0.0, 1e4], targets=[0.5, 0.5], batch_size=1)

    assert model.state_dict() == good.state_dict()


def test_a_derivative_that_is_not_finite_names_the_parameter_and_the_operation() -> None:
    model = nn.Neuron(1, "sqrt", init=[1.0], bias=False, name="root")

    with pytest.raises(NonFiniteError) as error:
        fitted(model=model, inputs=[4.0, 0.0], targets=[0, 1])

    message = str(error.value)
    assert "the derivative of the loss by root.w.0 became" in message
    assert "in epoch 1 at example 1" in message
    assert "the derivative of sqrt(" in message
    assert model.w[0].data == 1.0


def test_an_update_that_is_not_finite_names_the_parameter() -> None:
    model = nn.Neuron(1, "linear", init=[1.0], bias=False)

    with pytest.raises(
        NonFiniteError, match=r"the update of w.0 from 1.0 gave -inf in epoch 1, in"
    ):
        fitted(
            model=model, inputs=[1e200], targets=[0.0], optimizer=nn.SGD(1e200), loss=lambda p, _: p
        )
    assert model.w[0].data == 1.0


def test_an_operation_that_fails_only_once_is_still_reported() -> None:
    calls = []

    def moody(p: Any, t: Any) -> Any:
        calls.append(t)
        return p * (NAN if len(calls) == 1 else 1.0)

    with pytest.raises(NonFiniteError, match="run again, it did not"):
        fitted(loss=moody)


def test_large_finite_parameters_are_not_taken_for_infinite_ones() -> None:
    model = nn.Neuron(2, "linear", init=[1.7e308, 1.7e308], bias=False)

    history = fitted(model=model, inputs=[[0.0, 0.0]], targets=[1.0], epochs=1)

    assert history.losses == [1.0]
    assert model.state_dict() == {"w.0": 1.7e308, "w.1": 1.7e308}


def test_an_error_of_the_users_own_goes_through_and_leaves_a_finished_batch() -> None:
    class Broken(Exception):  # noqa: N818  # a name for the test only
        pass

    def callback(history: nn.History) -> None:
        raise Broken

    model, other = line(), line()
    with pytest.raises(Broken):
        fitted(model=model, callback=callback)
    fitted(model=other, epochs=1)

    assert model.state_dict() == other.state_dict()


def test_a_schedule_that_goes_wrong_says_when() -> None:
    with pytest.raises(ValueError, match=r"the learning rate for update 2 .* got -1"):
        fitted(optimizer=nn.SGD(lambda update: 0.1 if update < 2 else -1.0))


def test_a_loss_that_reaches_no_parameter_moves_none() -> None:
    model = line()
    fitted(model=model, loss=lambda _, t: Value(t) * 2)

    assert model.state_dict() == {"w.0": 0.0, "b": 0.0}


# The pieces ------------------------------------------------------------------------------------


def test_a_batchs_loss_is_one_value_with_the_gradient_that_fit_follows() -> None:
    model, moved = nn.MLP(2, [3, 1], seed=0), nn.MLP(2, [3, 1], seed=0)
    for reduction in ("mean", "sum"):
        value = nn.batch_loss(model, XOR, LABELS, reduction=reduction)
        model.zero_grad()
        value.backward()
        moved.load_state_dict(model.state_dict())
        history = nn.fit(
            moved, XOR, LABELS, loss="mse", optimizer=nn.SGD(0.1), epochs=1, reduction=reduction
        )

        assert history.loss == pytest.approx(value.data, rel=1e-15)
        for p, q in zip(model.parameters(), moved.parameters(), strict=True):
            assert q.data == pytest.approx(p.data - 0.1 * p.grad, rel=1e-12)


def test_a_batch_of_one_has_no_sum_and_no_mean() -> None:
    model = nn.Neuron(1, "linear")

    assert nn.batch_loss(model, [1.0], [2.0], loss=lambda p, _: p).op.name == "sum"


def test_a_parameter_that_is_not_reached_has_gradient_zero() -> None:
    model, other = line(), Value(1.0)

    assert nn.loss_and_gradient(model, nn.mse, [*model.parameters(), other], [1.0], 2.0) == (
        4.0,
        [-4.0, -4.0, 0.0],
    )


def test_predictions_are_an_array_and_leave_no_graph() -> None:
    model = nn.MLP(2, [3, 2], seed=0)
    rows = np.array(XOR)

    found = nn.predict(model, rows)

    assert found.shape == (4, 2)
    assert found.tolist() == [[v.data for v in model(row)] for row in rows]
    assert nn.predict(lambda row: np.float64(row[0]), [1.0, 2.0]).tolist() == [[1.0], [2.0]]


def test_messages_quote_no_more_than_is_needed() -> None:
    with pytest.raises(ValueError, match=re.escape("There are: mean, sum")):
        fitted(reduction="zzz")
