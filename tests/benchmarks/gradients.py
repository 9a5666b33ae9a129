"""What a gradient costs beside its function: `python3 -m tests.benchmarks.gradients`.

Three functions on which tools for differentiation are compared elsewhere (Srajer, Kukelova and
Fitzgibbon, "A benchmark of selected algorithmic differentiation tools on some problems in computer
vision and machine learning", 2018), written as scalars.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import tinygrad_bp as tg
from tests.benchmarks.contest import Contender, contest
from tinygrad_bp.basics.structure import numbers
from tinygrad_bp.tape.routes.routes import MachineRoute

NUMBERS = 2**17
"""So many numbers in a call of `map`, a megabyte, which a processor keeps at hand."""


def gaussian_mixture(
    mixture: tuple[Sequence[Any], Sequence[Sequence[Any]], Sequence[Sequence[Any]]],
    points: Sequence[Sequence[Any]],
) -> Any:
    """The negative log-likelihood of points under a mixture of Gaussians.

    `mixture` holds the logarithms of its weights, not yet normalised, its means, and, for each
    Gaussian, the inverse of its covariance's Cholesky factor: the logarithms of the diagonal, then
    what is below it, row by row.
    """
    weights, means, factors = mixture
    size = len(points[0])
    total = len(points) * tg.logsumexp(weights)
    for point in points:
        terms = []
        for weight, mean, factor in zip(weights, means, factors, strict=True):
            diagonal, below = factor[:size], factor[size:]
            centred = [x - m for x, m in zip(point, mean, strict=True)]
            squares, at = [], 0
            for i, scale in enumerate(diagonal):
                whitened = tg.exp(scale) * centred[i]
                for j in range(i):
                    whitened = whitened + below[at + j] * centred[j]
                at += i
                squares.append(whitened * whitened)
            terms.append(weight + tg.sum(diagonal) - 0.5 * tg.sum(squares))
        total = total - tg.logsumexp(terms)
    return total


def reprojection(scene: tuple[Sequence[Any], Sequence[Any]], seen: Sequence[Any]) -> Any:
    """Half the squared distance between where a camera sees a point and where it was seen.

    `scene` holds the camera and the point. A camera is a rotation (as axis times angle), a centre,
    a focal length, a principal point and two coefficients of radial distortion: 11 numbers.
    """
    camera, point = scene
    rotation, centre, focal, principal, radial = (
        camera[:3],
        camera[3:6],
        camera[6],
        camera[7:9],
        camera[9:],
    )
    x, y, z = rotated(rotation, [p - c for p, c in zip(point, centre, strict=True)])
    u, v = x / z, y / z
    square = u * u + v * v
    scale = focal * (1.0 + radial[0] * square + radial[1] * square * square)
    dx, dy = u * scale + principal[0] - seen[0], v * scale + principal[1] - seen[1]
    return 0.5 * (dx * dx + dy * dy)


def rotated(rotation: Sequence[Any], x: Sequence[Any]) -> list[Any]:
    """The vector, turned about an axis by an angle: Rodrigues' formula."""
    angle = tg.sqrt(tg.dot(rotation, rotation))
    axis = [r / angle for r in rotation]
    sine, cosine = tg.sin(angle), tg.cos(angle)
    along = tg.dot(axis, x) * (1.0 - cosine)
    crossed = [
        axis[1] * x[2] - axis[2] * x[1],
        axis[2] * x[0] - axis[0] * x[2],
        axis[0] * x[1] - axis[1] * x[0],
    ]
    return [p * cosine + c * sine + a * along for p, c, a in zip(x, crossed, axis, strict=True)]


def recurrent_step(
    cell_and_weights: tuple[Sequence[Any], Sequence[Any], Sequence[Sequence[Any]]],
    inputs: Sequence[Any],
    target: Sequence[Any],
) -> Any:
    """The squared error of a step of a long short-term memory.

    Hochreiter and Schmidhuber (1997), with the forget gate of Gers, Schmidhuber and Cummins (2000).
    By hidden state, state of the cells, and weights. These have four rows for each unit: input
    gate, forget gate, output gate, candidate; each for the inputs, the hidden state and 1.
    """
    hidden, cell, weights = cell_and_weights
    errors = []
    before = [*inputs, *hidden, 1.0]
    for unit, (kept, wanted) in enumerate(zip(cell, target, strict=True)):
        into, forget, out, new = (tg.dot(row, before) for row in weights[4 * unit : 4 * unit + 4])
        now = tg.sigmoid(forget) * kept + tg.sigmoid(into) * tg.tanh(new)
        error = tg.sigmoid(out) * tg.tanh(now) - wanted
        errors.append(error * error)
    return tg.sum(errors)


def mixture_arguments(rng: np.random.Generator) -> tuple[Any, ...]:
    """Five Gaussians in four dimensions, twenty points."""
    mixture = rng.normal(size=5), rng.normal(size=(5, 4)), 0.3 * rng.normal(size=(5, 10))
    return mixture, rng.normal(size=(20, 4))


def camera_arguments(rng: np.random.Generator) -> tuple[Any, ...]:
    """A camera before a point."""
    camera = [*rng.normal(size=3), *rng.normal(size=3), 500.0, 320.0, 240.0, 0.1, 0.01]
    return (np.array(camera), rng.normal(size=3) + 8.0), 300.0 + rng.normal(size=2)


def recurrent_arguments(rng: np.random.Generator) -> tuple[Any, ...]:
    """Fourteen units, fourteen inputs."""
    hidden, cell, inputs, target = rng.normal(size=(4, 14))
    return (hidden, cell, rng.normal(size=(56, 29)) / 5.0), inputs, target


FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[[np.random.Generator], tuple[Any, ...]]]]
FUNCTIONS = {
    "Gaussian mixture": (gaussian_mixture, mixture_arguments),
    "bundle adjustment": (reprojection, camera_arguments),
    "LSTM step": (recurrent_step, recurrent_arguments),
}


def report(name: str) -> str:
    """A row of the table: sizes, then how many times the cost of the function both are."""
    function, example = FUNCTIONS[name]
    rng = np.random.default_rng(0)
    rows = NUMBERS // len(numbers(example(rng)))
    draws = [example(rng) for _ in range(rows)]
    first, batch = draws[0], stacked(draws)
    alone, both = tg.compile(function), tg.compile(tg.value_and_grad(function))
    refuse_wrong(function, both, first)
    tapes = [tg.record(f, *first) for f in (tg.value_and_grad(function), function)]
    columns = np.array([numbers(draw) for draw in draws]).T.copy()
    ratios = [
        ratio(*(by_machine_code(tape, columns) for tape in tapes)),
        ratio(lambda: both.map(*batch), lambda: alone.map(*batch)),
        ratio(lambda: both(*first), lambda: alone(*first)),
    ]
    sizes = [f"{len(columns)}", f"{len(tapes[1]):,}", f"{len(tapes[0]):,}"]
    return f"| {' | '.join([name, *sizes, *ratios])} |"


def ratio(gradient: Callable[[], Any], function: Callable[[], Any]) -> str:
    """The median of the ratios of rounds, and the middle half."""
    times = contest([Contender("gradient", gradient, list), Contender("function", function, list)])
    low, middle, high = statistics.quantiles(times[0].ratios_to(times[1]), n=4)
    return f"**{middle:.2f}** ({low:.2f} to {high:.2f})"


def by_machine_code(tape: tg.Tape, columns: np.ndarray[Any, Any]) -> Callable[[], None]:
    """The tape's machine code on rows that lie ready, without what a call does around it."""
    route = MachineRoute(tape)
    results = np.empty((len(numbers(tape.outputs)), columns.shape[1]))
    return lambda: route.rows(columns, results, 0)


def stacked(draws: Sequence[Any]) -> Any:
    """One structure of arrays with a row for each of the structures."""
    if isinstance(draws[0], tuple):
        return tuple(stacked(column) for column in zip(*draws, strict=True))
    return np.stack(draws)


def refuse_wrong(function: Callable[..., Any], both: Any, arguments: tuple[Any, ...]) -> None:
    """Raise unless value and gradient are those of the eager engine, to the last bit."""
    expected = list(numbers(tg.value_and_grad(function)(*arguments)))
    if list(numbers(both(*arguments))) != expected:
        raise ValueError("the compiled gradient is not the eager one")


def main() -> None:
    """Print the table."""
    print("| function | inputs | instructions | with gradient | machine code | `map` | a call |")
    print("|" + " --- |" * 7)
    for name in FUNCTIONS:
        print(report(name), flush=True)


if __name__ == "__main__":
    main()
