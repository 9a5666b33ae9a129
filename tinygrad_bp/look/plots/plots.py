"""Plots of training: the loss over the epochs, and what a network makes of a plane.

They need matplotlib, the extra `plot`, and return a `matplotlib.figure.Figure` that belongs to
nobody else: no global state, nothing to close. `figure.savefig("loss.svg")` saves it.

>>> figure = plot_history([0.5, 0.25, 0.2])
>>> figure.axes[0].get_xlabel()
'epoch'
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from tinygrad_bp.basics.escapes import mathtext
from tinygrad_bp.look.picture import palette
from tinygrad_bp.look.plots.plane import Array, Sides, examples, on_plane, plane, reading
from tinygrad_bp.nn.fit.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Losses = History | Sequence[float]

__all__ = ["is_wide", "plot_history", "plot_regions", "sheet"]

# Okabe and Ito, as in the palette; each kind also has a marker of its own.
COLOURS = (palette.NEGATIVE, palette.POSITIVE, "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
CURVES = (COLOURS[1], COLOURS[0], *COLOURS[2:])
MARKERS = "osD^vP"
LINES = ("-", "--", "-.", ":")

# Losses that span more than this are drawn on a logarithmic scale.
WIDE_SPAN = 20.0
BANDS = 12


def plot_history(history: Losses | Mapping[str, Losses], *, title: str = "") -> Figure:
    """The loss over the epochs: of one history, or of several by name.

    >>> figure = plot_history({"slow": [1.0, 0.9], "fast": [1.0, 0.1]}, title="two rates")
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['slow', 'fast']

    What `fit` returns, or a plain sequence of losses. The scale is logarithmic where the losses
    span more than a factor of 20. Raises ValueError if there is no finished epoch.
    """
    courses = dict(history) if isinstance(history, Mapping) else {"": history}
    losses = {name: _losses(course) for name, course in courses.items()}
    if not any(losses.values()):
        raise ValueError("there is nothing to plot: no epoch was finished")
    figure, axes = sheet(title, height=3.4)
    for index, (name, numbers) in enumerate(losses.items()):
        axes.plot(
            range(1, len(numbers) + 1),
            numbers,
            LINES[index % len(LINES)],
            color=_in_turn(CURVES, index),
            label=mathtext(name),
            linewidth=1.8,
            marker="o" if len(numbers) == 1 else "",
        )
    if is_wide([loss for numbers in losses.values() for loss in numbers]):
        axes.set_yscale("log")
    axes.set(xlabel="epoch", ylabel="loss")
    axes.grid(visible=True, color=palette.FRAME, linewidth=0.5, alpha=0.7)
    if any(losses):
        axes.legend(frameon=False)
    return figure


def plot_regions(
    model: Callable[[list[float]], Any],
    inputs: ArrayLike,
    targets: ArrayLike,
    *,
    threshold: float | None = None,
    resolution: int = 72,
    title: str = "",
    names: Sequence[str] = ("x1", "x2"),
) -> Figure:
    """What a model of two inputs makes of the plane, with the examples in it.

    >>> def left_or_right(x): return 1.0 if x[0] > 0.5 else 0.0
    >>> figure = plot_regions(left_or_right, [[0, 0], [1, 0]], [0, 1], resolution=8)
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['0', '1']

    `inputs` (m, 2); `targets` (m,), (m, 1) or, a column for each class, (m, classes). With two
    labels the line is where the output crosses `threshold`, half-way between the labels if none
    is given (of a logit it is 0); with several outputs, where the largest output changes; with
    other targets it is contours of the output. Raises ValueError for other shapes.
    """
    points, wanted = examples(inputs, targets)
    sides = plane(points, resolution)
    outputs = on_plane(model)(sides)
    read = reading(len(outputs), wanted, threshold)
    figure, axes = sheet(title, height=4.4)
    if read.kind == "classes":
        _draw_classes(axes, sides, outputs)
    elif read.kind == "sides":
        _draw_sides(axes, sides, outputs[0], read.half)
    else:
        _draw_contours(axes, sides, outputs[0])
    _draw_examples(axes, points, read.labels)
    axes.set(xlabel=mathtext(names[0]), ylabel=mathtext(names[1]))
    return figure


# The numbers


def _losses(course: Losses) -> list[float]:
    return list(course.losses if isinstance(course, History) else course)


def is_wide(numbers: Sequence[float]) -> bool:
    """Whether a linear scale would hide the small ones."""
    finite = [number for number in numbers if math.isfinite(number)]
    return bool(finite) and min(finite) > 0 and max(finite) / min(finite) > WIDE_SPAN


# The marks


def sheet(title: str, *, height: float) -> tuple[Figure, Axes]:
    """An empty figure and its axes; a `Figure` of its own is in no global list."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "plots need matplotlib, which is not installed here: "
            "python -m pip install 'tinygrad_bp[plot]'",
            name=error.name,
        ) from error
    figure = Figure(figsize=(6.4, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(mathtext(title), loc="left", fontsize="medium")
    return figure, axes


def _in_turn(choices: Sequence[str], index: int) -> str:
    return choices[index % len(choices)]


def _draw_classes(axes: Axes, sides: Sides, outputs: Array) -> None:
    """Flat regions of the largest output."""
    largest = outputs.argmax(axis=0)
    count = len(outputs)
    colours = [_in_turn(COLOURS, index) for index in range(count)]
    levels = np.arange(count + 1) - 0.5
    axes.contourf(*sides, largest, levels=levels, colors=colours, alpha=0.22)
    axes.contour(*sides, largest, levels=levels[1:-1], colors=palette.INK, linewidths=1.2)


def _draw_sides(axes: Axes, sides: Sides, output: Array, half: float) -> None:
    """Two sides, the fainter the nearer to the line between them."""
    reach = float(np.abs(output - half).max()) or 1.0
    levels = half + reach * np.linspace(-1.0, 1.0, BANDS + 1)
    axes.contourf(*sides, output, levels=levels, cmap=_two_sided(), alpha=0.55)
    if output.min() < half < output.max():
        axes.contour(*sides, output, levels=[half], colors=palette.INK, linewidths=1.6)


def _draw_contours(axes: Axes, sides: Sides, output: Array) -> None:
    """Contours of a quantity, each with its number."""
    axes.contourf(*sides, output, levels=BANDS, cmap=_two_sided(), alpha=0.55)
    lines = axes.contour(*sides, output, levels=BANDS, colors=palette.INK, linewidths=0.6)
    axes.clabel(lines, fontsize="x-small")


def _two_sided() -> Any:
    """From the first colour through white to the second."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("sides", [COLOURS[0], palette.PAPER, COLOURS[1]])


def _draw_examples(axes: Axes, points: Array, labels: Array) -> None:
    """A marker for each example, of its label's own shape and colour."""
    for index, kind in enumerate(np.unique(labels)):
        chosen = points[labels == kind]
        axes.scatter(
            chosen[:, 0],
            chosen[:, 1],
            s=64,
            marker=_in_turn(MARKERS, index),
            color=_in_turn(COLOURS, index),
            edgecolors=palette.PAPER,
            linewidths=1.2,
            label=f"{kind:g}",
            zorder=3,
        )
    axes.legend(title="target", loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
