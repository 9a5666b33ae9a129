"""What the plots show of a training run and of a plane."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="plots are an extra")

from matplotlib.collections import PathCollection

from tinygrad_bp import nn
from tinygrad_bp.look import plot_history, plot_regions
from tinygrad_bp.nn import History

CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]


def legend_of(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def svg_of(figure) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg")
    return file.getvalue()


def test_a_history_is_a_line_of_its_losses() -> None:
    (line,) = plot_history(History(losses=[3.0, 2.0, 1.5])).axes[0].lines

    assert line.get_xydata().tolist() == [[1, 3.0], [2, 2.0], [3, 1.5]]


def test_losses_will_do_in_place_of_a_history() -> None:
    (line,) = plot_history([3.0, 2.0]).axes[0].lines

    assert line.get_ydata().tolist() == [3.0, 2.0]


def test_several_histories_differ_not_by_colour_alone() -> None:
    figure = plot_history({"a": [1.0, 0.9], "b": History(losses=[1.0, 0.8])})

    assert legend_of(figure) == ["a", "b"]
    assert len({line.get_linestyle() for line in figure.axes[0].lines}) == 2


def test_a_single_epoch_is_a_dot() -> None:
    (line,) = plot_history([3.0]).axes[0].lines

    assert line.get_marker() == "o"


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([1.0, 0.5], "linear"),
        ([1.0, 1e-3], "log"),
        ([1.0, 1e-3, 0.0], "linear"),
        ([1.0, 1e-3, -1.0], "linear"),
        ([float("nan"), 1.0, 1e-3], "log"),
        ([float("nan")], "linear"),
    ],
)
def test_the_scale_shows_small_losses(losses: list[float], scale: str) -> None:
    assert plot_history(losses).axes[0].get_yscale() == scale


@pytest.mark.parametrize("empty", [[], {}, {"a": []}, History()])
def test_nothing_to_plot_is_said(empty) -> None:
    with pytest.raises(ValueError, match="no epoch was finished"):
        plot_history(empty)


def test_a_title_is_shown() -> None:
    assert plot_history([1.0], title="course").axes[0].get_title(loc="left") == "course"


def test_two_labels_give_a_line_half_way() -> None:
    def model(x):
        return nn.Neuron(2, "linear", init=([1.0, 0.0], 0.0))(x)

    figure = plot_regions(model, CORNERS, [0, 0, 1, 1], resolution=9)
    line = figure.axes[0].collections[1].get_paths()[0]

    assert line.vertices[:, 0] == pytest.approx(0.5)
    assert legend_of(figure) == ["0", "1"]


def test_the_threshold_can_be_said() -> None:
    figure = plot_regions(lambda x: x[0], CORNERS, [0, 0, 1, 1], threshold=0.25, resolution=9)
    line = figure.axes[0].collections[1].get_paths()[0]

    assert line.vertices[:, 0] == pytest.approx(0.25)


def test_labels_of_minus_one_and_one_meet_at_zero() -> None:
    figure = plot_regions(lambda x: 2 * x[0] - 1, CORNERS, [-1, -1, 1, 1], resolution=9)
    line = figure.axes[0].collections[1].get_paths()[0]

    assert line.vertices[:, 0] == pytest.approx(0.5)


def test_a_model_that_never_crosses_gets_no_line() -> None:
    figure = plot_regions(lambda x: 0.0, CORNERS, [0, 0, 1, 1], resolution=4)  # noqa: ARG005

    assert "<svg" in svg_of(figure)


def test_several_outputs_give_the_region_of_the_largest() -> None:
    def model(x):
        return [x[0], x[1], 0.5]

    targets = np.eye(3)[[2, 1, 0, 0]]
    figure = plot_regions(model, CORNERS, targets, resolution=9)

    assert legend_of(figure) == ["0", "1", "2"]


def test_classes_may_be_given_by_number() -> None:
    figure = plot_regions(lambda x: [x[0], x[1]], CORNERS, [0, 1, 0, 1], resolution=5)

    assert legend_of(figure) == ["0", "1"]


def test_other_targets_give_contours_with_numbers() -> None:
    figure = plot_regions(lambda x: x[0] + 2 * x[1], CORNERS, [0, 2, 1, 3], resolution=9)

    assert legend_of(figure) == ["0", "1", "2", "3"]
    assert len(figure.axes[0].texts) > 0


def test_every_example_is_there_in_the_marker_of_its_label() -> None:
    figure = plot_regions(lambda x: x[0], CORNERS, [[0], [0], [1], [1]], resolution=4)
    marks = [c for c in figure.axes[0].collections if isinstance(c, PathCollection)]

    assert [mark.get_offsets().tolist() for mark in marks] == [CORNERS[:2], CORNERS[2:]]
    assert len({len(mark.get_paths()[0].vertices) for mark in marks}) == 2


def test_the_axes_can_be_named() -> None:
    figure = plot_regions(lambda x: x[0], CORNERS, [0, 1, 0, 1], resolution=4, names=("a", "b"))

    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "b")


def test_points_in_a_row_still_get_a_plane() -> None:
    figure = plot_regions(lambda x: x[0], [[1, 1], [2, 1]], [0, 1], resolution=4)

    low, high = figure.axes[0].get_ylim()
    assert low < 1 < high


def test_a_model_that_cannot_be_recorded_is_asked_at_each_point_without_a_graph() -> None:
    asked = []

    def model(x):
        asked.append(nn.Neuron(2)(x))
        return asked[-1].data

    plot_regions(model, CORNERS, [0, 0, 1, 1], resolution=3)

    assert len(asked) > 9
    assert all(value.is_constant for value in asked[-9:])


@pytest.mark.parametrize("inputs", [[[1, 2, 3]], [1, 2], np.empty((0, 2))])
def test_other_inputs_are_refused(inputs) -> None:
    with pytest.raises(ValueError, match=r"inputs of shape \(examples, 2\), got"):
        plot_regions(lambda x: x, inputs, [1])


@pytest.mark.parametrize("targets", [[1, 2], 1, [[[1]]]])
def test_other_targets_are_refused(targets) -> None:
    with pytest.raises(ValueError, match="a target for each of the 1 examples, got shape"):
        plot_regions(lambda x: x, [[1, 2]], targets)


def test_no_figure_is_left_in_global_state() -> None:
    import matplotlib.pyplot

    plot_history([1.0])

    assert matplotlib.pyplot.get_fignums() == []


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(ModuleNotFoundError, match=r"tinygrad_bp\[plot\]"):
        plot_history([1.0])


def test_pictures_do_not_need_matplotlib() -> None:
    program = "import sys, tinygrad_bp.look; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
