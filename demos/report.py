"""What a demo hands back: figures, tables and pictures, as data that knows nothing of HTML."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tinygrad_bp import Value, draw, explain, leaves, lint, play
from tinygrad_bp.nn import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

T = TypeVar("T")


PRINT = "the document's print"
REFERENCE = "our reference program"
THRESHOLD = "a threshold of ours"
BY_HAND = "derived by hand"
ROUNDING = 1e-9
"""How far apart, relative to the figure, two programs may end that differ in rounding only."""


@dataclass(frozen=True)
class Claim:
    """A figure that the engine computed, what it should be, and who says so."""

    what: str
    expected: str
    whose: str
    """Whose number the expected one is: `PRINT`, `REFERENCE`, `THRESHOLD`, `BY_HAND`."""
    here: str
    holds: bool
    where: str = ""
    """Where the document has it, or what it has of the kind."""


@dataclass(frozen=True)
class Prose:
    """A paragraph under its heading; `code` between backticks."""

    title: str
    text: str


@dataclass(frozen=True)
class Table:
    """Rows under a header, all of text."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """An SVG document with what there is to see in it."""

    title: str
    svg: str


@dataclass(frozen=True)
class Page:
    """A page of its own beside this one, found by its name there."""

    title: str
    name: str
    html: str
    invitation: str


@dataclass(frozen=True)
class Transcript:
    """Lines of a program or of a session, as they stand."""

    title: str
    text: str


Part = Prose | Table | Picture | Page | Transcript


@dataclass(frozen=True)
class Timing:
    """Seconds that a schedule took here, and in somebody else's plain NumPy."""

    what: str
    seconds: float
    reference: float
    peer: str
    """Whose program that is."""
    route: str = ""
    """How it ran here: "eager", "source", "machine code"."""

    @property
    def speed(self) -> float:
        """How many times as fast as the peer."""
        return self.reference / self.seconds


@dataclass(frozen=True)
class Report:
    """A demo's results: `numbers` to compute with, the rest to look at."""

    title: str
    idea: str
    claims: Sequence[Claim]
    parts: Sequence[Part] = ()
    timings: Sequence[Timing] = ()
    gap: float | None = None
    """The largest distance of a trained weight from the independent run in NumPy."""
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether every claim does."""
        return all(claim.holds for claim in self.claims)

    def text(self) -> str:
        """The claims and the timings as lines for a terminal."""
        rows = [CLAIM_HEADER, *map(claim_cells, self.claims)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)) for row in rows]
        marks = ["", *("holds" if claim.holds else "FAILS" for claim in self.claims)]
        lines = [f"  {line}  {mark}".rstrip() for line, mark in zip(lines, marks, strict=True)]
        return "\n".join([self.title, *lines, *map(timing_line, self.timings)])


CLAIM_HEADER = ("", "it should be", "whose number that is", "the engine")


def claim_cells(claim: Claim) -> tuple[str, ...]:
    """A claim under that header."""
    return claim.what, claim.expected, claim.whose, claim.here


def timing_line(timing: Timing) -> str:
    """One line, for a terminal."""
    return f"  {timing.what}: {speed(timing)} times the speed of {timing.peer}: {seconds(timing)}"


def seconds(timing: Timing) -> str:
    """Both times, and how ours ran."""
    route = timing.route and f" ({timing.route})"
    return f"{timing.seconds:.3f} s here{route}, {timing.reference:.3f} s there, in this run"


def speed(timing: Timing) -> str:
    """The speed, to two digits."""
    return f"{timing.speed:.2g}" if timing.speed < 100 else f"{timing.speed:.0f}"


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work returns, and the seconds it took."""
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def last(states: Any) -> Any:
    """The last state of a trajectory, without keeping the others."""
    state = None
    for state in states:  # noqa: B007  # the last one is what is wanted
        pass
    return state


def largest_gap(ours: Any, reference: Any) -> float:
    """The largest distance between two equally long lists of numbers, however nested.

    >>> largest_gap([1.0, [2.0]], [1.0, [2.5]])
    0.5
    """
    gaps = np.abs(np.subtract(flat(ours), flat(reference)))
    # A nan is no agreement, and `max` would hide one.
    return float(gaps.max()) if np.isfinite(gaps).all() else float("inf")


def flat(numbers: Any) -> list[float]:
    """Every number of a nested structure in order, row by row; of a `Value` its data."""
    if isinstance(numbers, np.ndarray):
        numbers = numbers.tolist()
    if isinstance(numbers, dict):
        numbers = list(numbers.values())
    if isinstance(numbers, list | tuple):
        return [number for part in numbers for number in flat(part)]
    return [numbers.data if isinstance(numbers, Value) else float(numbers)]


def graphs(network: str, loss: Value) -> list[Part]:
    """A loss's graph, differentiated, drawn, played and explained."""
    loss.backward()
    loss.label = loss.label or "loss"
    weight = min((leaf for leaf in leaves(loss) if ".w." in leaf.label), key=lambda w: w.label)
    return [
        Page(
            f"{network}: both passes over the graph of the first example's loss before training, "
            "step by step, with the chain rule in words and numbers",
            f"backprop-{slug(network)}",
            play(loss, title=f"{network}: forward and backward").html,
            "Play back-propagation",
        ),
        Picture(
            f"{network}: the loss of the first example before training, a box for each neuron with "
            "its value and the derivative of the loss by it",
            draw(loss, collapse="neurons").svg(),
        ),
        Picture(
            f"{network}, every node, and on every edge what it contributes to a gradient",
            draw(loss, collapse=None, edges="contribution").svg(),
        ),
        Transcript(
            f"Why the derivative of the loss by `{weight.label}` is what it is: the sum over all "
            "paths between them",
            explain(loss, weight, most=8).text,
        ),
    ]


def linted(what: str, model: Any, inputs: Any, targets: Any, *, loss: Any = "mse") -> Transcript:
    """What is probably a mistake about a model on its data, before it is trained."""
    found = lint(model, inputs, targets, loss=loss)
    return Transcript(f"What `lint` says of {what}", found.text)


def course(network: str, history: History, model: Any, **data: Any) -> Page:
    """A training run, played: the loss, the plane, the weights, an example's graph."""
    return Page(
        f"{network}: the training, moment by moment",
        f"training-{slug(network)}",
        play(history, model=model, title=f"{network}: training", **data).html,
        "Play the training",
    )


def slug(words: str) -> str:
    """Words as part of a file's name.

    >>> slug("[4, 5, 2] at its numbers")
    '4-5-2-at-its-numbers'
    """
    return re.sub(r"\W+", "-", words).strip("-")


def plot(title: str, figure: Figure) -> Picture:
    """A plotted figure, to look at: the same bytes for the same plot."""
    import matplotlib

    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "tinygrad_bp"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    svg = file.getvalue()
    return Picture(title, svg[svg.index("<svg") :])


def same(what: str, ours: float, reference: float, where: str = "") -> Claim:
    """The claim that a figure is our reference program's, but for rounding."""
    return Claim(
        what,
        f"{reference:.6g}",
        REFERENCE,
        f"{ours:.6g}",
        abs(ours - reference) <= ROUNDING * abs(reference),
        where,
    )


def within(limit: float, gap: float, when: str) -> Claim:
    """The claim that every weight agrees with the independent run in NumPy."""
    return Claim(
        f"farthest weight from NumPy's, {when}",
        f"at most {limit:g}",
        THRESHOLD,
        f"{gap:.1e}",
        gap <= limit,
    )
