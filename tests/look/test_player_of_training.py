"""What the player shows of a training run, before a browser sees it."""

from __future__ import annotations

import base64
import json
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from tinygrad_bp import Value, nn, play
from tinygrad_bp.look.player import curve as curves
from tinygrad_bp.look.player.curve import curve
from tinygrad_bp.look.player.moments import Moments
from tinygrad_bp.look.player.regions import Regions
from tinygrad_bp.look.player.training import training
from tinygrad_bp.look.player.weights import weights

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
LABELS = [0, 1, 1, 0]


def network(**settings):
    settings = {"activation": "tanh", "output_activation": "sigmoid", "seed": 3} | settings
    return nn.MLP(2, [3, 1], **settings)


def fitted(model, *, epochs=20, snapshots=5, targets=LABELS, loss="mse"):
    optimizer = nn.SGD(0.5)
    return nn.fit(
        model, INPUTS, targets, loss=loss, optimizer=optimizer, epochs=epochs, snapshots=snapshots
    )


@pytest.fixture(scope="module")
def run():
    model = network()
    history = fitted(model)
    data = {"model": model, "inputs": INPUTS, "targets": LABELS, "loss": "mse"}
    return history, data


def data_of(html: str):
    return json.loads(re.search(r'type="application/json" id="data">(.*?)</script>', html)[1])


def test_a_history_alone_shows_its_losses_and_parameters(run) -> None:
    history, _ = run
    data = training(history).data

    assert data["epochs"] == [0, 5, 10, 15, 20]
    assert data["losses"] == [f"{history.losses[e]:.4g}" for e in (0, 4, 9, 14, 19)]
    names = [neuron["name"] for neuron in data["neurons"]]
    assert names == [*(f"layers.0.neurons.{i}" for i in range(3)), "layers.1.neurons.0"]
    assert "graph" not in data


def test_a_neurons_parameters_are_those_of_the_snapshots(run) -> None:
    history, _ = run
    neuron = training(history).data["neurons"][1]

    assert neuron["parameters"] == ["w.0", "w.1", "b"]
    expected = history.snapshots[10]["layers.0.neurons.1.w.1"]
    assert neuron["frames"][2][1] == f"{expected:.4g}"


def test_only_the_first_layer_divides_the_plane(run) -> None:
    neurons = training(run[0]).data["neurons"]

    assert [neuron["divides"] for neuron in neurons] == [True, True, True, False]


def test_each_moment_has_the_models_own_numbers(run) -> None:
    history, settings = run
    data = data_of(play(history, digits=6, **settings).html)
    again = network()

    for frame, epoch in zip(data["graph"], data["epochs"], strict=True):
        again.load_state_dict(history.snapshots[epoch])
        loss = nn.batch_loss(again, INPUTS[:1], LABELS[:1], loss="mse")
        again.zero_grad()
        loss.backward()
        assert frame["values"][-1] == f"{loss.data:.6g}"
        gradient = again.layers[0].neurons[0].b.grad
        assert f"{gradient:+.6g}" in [text for text, _ in frame["gradients"]]


def test_the_chosen_example_is_shown(run) -> None:
    history, settings = run
    data = data_of(play(history, example=2, **settings).html)
    model = settings["model"]

    loss = nn.batch_loss(model, INPUTS[2:3], LABELS[2:3], loss="mse")
    assert data["graph"][-1]["values"][-1] == f"{loss.data:.4g}"


def test_the_model_is_afterwards_as_it_was(run) -> None:
    history, settings = run
    model = network()
    before = model.state_dict()

    play(history, **settings | {"model": model})

    assert model.state_dict() == before


def test_the_model_is_as_it_was_also_after_a_failure(run) -> None:
    history, settings = run
    model = network()
    before = model.state_dict()

    with pytest.raises(ValueError, match="no loss 'mes'"):
        play(history, **settings | {"model": model, "loss": "mes"})

    assert model.state_dict() == before


def test_the_same_run_gives_the_same_bytes(run) -> None:
    history, settings = run

    assert play(history, **settings).html == play(history, **settings).html


def test_a_model_that_is_no_module_is_played(run) -> None:
    class Line:
        def __init__(self) -> None:
            self.w = Value(0.0)

        def __call__(self, x):
            return self.w * x[0] + x[1]

        def parameters(self):
            return [self.w]

    model = Line()
    data = data_of(play(fitted(model), model=model, inputs=INPUTS, targets=LABELS, loss="mse").html)

    assert [neuron["name"] for neuron in data["neurons"]] == ["the model"]
    assert len(data["regions"]["frames"]) == 5


def test_inputs_that_are_no_plane_show_no_regions() -> None:
    model = nn.MLP(1, [1])
    history = nn.fit(
        model, [0, 1], [1, 3], loss="mse", optimizer=nn.SGD(0.1), epochs=4, snapshots=2
    )
    shown = training(history, model=model, inputs=[0, 1], targets=[1, 3], loss="mse")

    assert "regions" not in shown.data
    assert "graph" in shown.data


def test_without_a_loss_there_is_no_graph(run) -> None:
    history, settings = run
    shown = training(history, **settings | {"loss": None})

    assert "graph" not in shown.data
    assert "regions" in shown.data


def test_of_very_many_snapshots_some_are_shown() -> None:
    history = nn.History(losses=[1.0] * 999, snapshots={n: {"w": float(n)} for n in range(1_000)})
    epochs = training(history).data["epochs"]

    assert len(epochs) == 150
    assert (epochs[0], epochs[-1]) == (0, 999)


def test_of_very_many_parameters_some_are_left_out(monkeypatch) -> None:
    states = [{f"h{n}.w.{i}": 0.0 for n in range(100) for i in range(99)}] * 101
    found = weights(states, 4)

    assert found["left"] == 100 - len(found["neurons"]) > 0
    assert len(found["neurons"]) * 99 * 101 <= 200_000


def test_a_graph_that_changes_its_form_is_left_out_and_the_reader_told() -> None:
    class Doubling(nn.Module):
        def __init__(self) -> None:
            self.w = Value(0.1)

        def __call__(self, x):
            y = self.w * x[0] + x[1]
            return y if self.w.data > 0.05 else y * 1

    model = Doubling()
    history = fitted(model, epochs=10, snapshots=1)
    shown = training(history, model=model, inputs=INPUTS, targets=LABELS, loss="mse")

    assert "graph" not in shown.data
    assert shown.notes == ["The graph of this example changes its form in the course of training."]


def test_a_large_graph_is_collapsed_and_the_reader_told() -> None:
    model = nn.MLP(2, [30, 1], activation="tanh", seed=0)
    history = fitted(model, epochs=2, snapshots=1)
    html = play(history, model=model, inputs=INPUTS, targets=LABELS, loss="mse").html

    assert re.search(r"Collapsed to neurons: \d+ drawn nodes stand for \d+\.", html)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"example": 4}, IndexError, "there is no example 4 among 4"),
        ({"example": -1}, IndexError, "there is no example -1"),
        ({"inputs": None}, TypeError, "needs the inputs and targets"),
        ({"targets": None}, TypeError, "needs the inputs and targets"),
        ({"model": nn.MLP(2, [4, 1])}, ValueError, "this history is of another model"),
        ({"model": nn.MLP(2, [1])}, ValueError, "this history is of another model"),
        ({"collapse": None}, TypeError, "collapse"),
        ({"names": ("a",)}, ValueError, "two names"),
    ],
)
def test_what_cannot_be_right_is_refused(run, change, error, words) -> None:
    history, settings = run

    with pytest.raises(error, match=words):
        play(history, **settings | change)


@pytest.mark.parametrize("snapshots", [{}, {0: {"w": 1.0}}])
def test_a_history_without_snapshots_says_what_to_do(snapshots) -> None:
    with pytest.raises(ValueError, match=r"fit\(\.\.\., snapshots=10\)"):
        play(nn.History(losses=[1.0, 0.5], snapshots=snapshots))


def test_a_snapshot_of_an_epoch_that_was_not_finished_is_left_out() -> None:
    history = nn.History(losses=[1.0], snapshots={n: {"w": float(n)} for n in range(3)})

    assert training(history).data["epochs"] == [0, 1]


def test_what_is_neither_a_value_nor_a_history_is_refused() -> None:
    with pytest.raises(TypeError, match=r"play takes a Value or the History .*, not float 2\.0"):
        play(2.0)


# The loss


def lines(drawn) -> list[list[tuple[float, float]]]:
    found = ET.fromstring(drawn.svg).iter("polyline")
    return [
        [tuple(map(float, point.split(","))) for point in line.get("points").split()]
        for line in found
    ]


def test_the_curve_falls_as_the_loss_does() -> None:
    drawn = curve([3.0, 2.0, 1.0, 0.5], [0, 2, 4])
    ((*points,),) = lines(drawn)

    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted(y for _, y in points)
    assert drawn.places[1] == points[1]
    assert drawn.places[2] == points[3]


def test_the_mark_moves_as_evenly_as_the_slider() -> None:
    places = curve([1.0] * 1_000, [0, 1, 10, 100, 1_000]).places
    steps = np.diff([x for x, _ in places])

    assert np.ptp(steps) < 0.2


def test_a_long_course_keeps_its_peaks_in_few_points() -> None:
    losses = [1.0 + 0.1 * math.sin(n) for n in range(50_000)]
    losses[33_333] = 9.0
    drawn = curve(losses, list(range(0, 50_001, 500)))
    ((*points,),) = lines(drawn)

    assert len(points) < 4.2 * curves.POINTS
    assert min(y for _, y in points) == curves.TOP


def test_a_loss_that_is_not_finite_breaks_the_line() -> None:
    nan = float("nan")
    drawn = curve([nan, 1.0, 2.0, nan, nan, 3.0, 1.0, nan], [0, 4, 8])

    assert [len(line) for line in lines(drawn)] == [2, 2]
    assert all(math.isfinite(number) for place in drawn.places for number in place)


@pytest.mark.parametrize("losses", [[0.0], [1.0, 1.0], [float("inf")], [1e-9, 1.0], [5.0, 0.1]])
def test_any_losses_can_be_drawn(losses) -> None:
    drawn = curve(losses, list(range(len(losses) + 1)))

    assert ET.fromstring(drawn.svg).tag == "svg"
    assert 2 <= len(list(ET.fromstring(drawn.svg).iter("text"))) < 20


# The plane


def grids(regions) -> list[np.ndarray]:
    data = regions.data()
    shape = data["layers"], data["size"], data["size"]
    frames = (base64.b64decode(text) for text in data["frames"])
    return [np.frombuffer(frame, dtype=np.uint8).reshape(shape) for frame in frames]


def test_two_sides_are_told_by_the_middle() -> None:
    regions = Regions(lambda x: x[0], INPUTS, [0, 0, 1, 1])
    regions.add()
    (((*rows,),),) = [grids(regions)[0]]

    assert rows[0][0] < 128 <= rows[0][-1]
    assert len({tuple(row) for row in rows}) == 1


def test_the_top_row_is_the_largest_second_input() -> None:
    regions = Regions(lambda x: x[1], INPUTS, [0, 1, 0, 1])
    regions.add()
    grid = grids(regions)[0][0]

    assert grid[0, 0] > 128 > grid[-1, 0]


def test_of_classes_the_largest_leads() -> None:
    regions = Regions(lambda x: [x[0] - 0.5, 0.5 - x[0], -9.0 + 0 * x[1]], INPUTS, [1, 1, 0, 0])
    regions.add()
    leader = grids(regions)[0].argmax(axis=0)

    assert set(leader[:, 0]) == {1}
    assert set(leader[:, -1]) == {0}


def test_a_quantity_is_scaled_by_its_targets_and_has_no_kinds() -> None:
    regions = Regions(lambda x: 100.0 * x[0], INPUTS, [0.0, 1.0, 2.0, 3.0])
    regions.add()
    grid = grids(regions)[0][0]

    assert (grid[0, 0], grid[0, -1]) == (1, 255)
    assert "k1" not in regions.svg(("a", "b"))
    assert "same" in regions.legend()


def test_outputs_that_are_not_finite_are_drawn_all_the_same() -> None:
    regions = Regions(lambda x: x[0].log() if hasattr(x[0], "log") else x[0], INPUTS, [0, 0, 1, 1])
    regions.add()

    assert grids(regions)[0].shape == (1, 40, 40)


def test_every_example_is_a_mark_of_its_kinds_own_shape() -> None:
    regions = Regions(lambda x: [x[0]] * 5, [[n, 0] for n in range(5)], [0, 1, 2, 3, 4])
    svg = ET.fromstring(regions.svg(("a<b", "c")))
    marks = [group for group in svg if (group.get("class") or "").startswith("example")]
    shapes = [
        ET.tostring(group[0]).split()[0] + (group[0].get("d") or "")[-9:].encode()
        for group in marks
    ]

    assert len(marks) == 5
    assert len(set(shapes)) == 4  # the fifth begins again
    assert "a<b" in [text.text for text in svg.iter("text")]
    assert regions.legend().count("<span>") == 5


# The graph


def test_a_card_has_room_for_all_its_numbers() -> None:
    x = Value(3.0, label="x")
    shown = Moments()
    for number in (3.0, -123456.0, 2.0):
        x.data = number
        shown.add(x * x)
    (value,) = [row for row in shown.picture.nodes[0].rows if row.left == "value"]

    assert (value.right.strip(), len(value.right)) == ("2", len("-1.235e+05"))


def test_a_gradient_that_is_none_or_not_finite_is_told() -> None:
    x = Value(0.0, label="x")
    shown = Moments()
    shown.add(x.sqrt())
    (frame,) = shown.data()["frames"]

    assert frame["gradients"] == [["+inf", None], ["+1", 1.0]]
