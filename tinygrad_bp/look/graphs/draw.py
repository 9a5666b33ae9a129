"""`draw`: the picture of a value and of everything that it was made from.

>>> from tinygrad_bp import Value
>>> x = Value(2.0, label="x")
>>> y = x * x
>>> y.backward()
>>> "2 * 1 = +2" in draw(y, edges="contribution").svg()
True
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.look.graphs.boxes import neurons
from tinygrad_bp.look.graphs.cells import Cell, Step, everything, layers, neuron_cells, runs
from tinygrad_bp.look.graphs.links import Numbers, edges_of, in_order_of_arrival, silent_ones
from tinygrad_bp.look.graphs.nodes import Writer, relative
from tinygrad_bp.look.graphs.tapes import picture_of_tape
from tinygrad_bp.look.picture.drawing import Drawing
from tinygrad_bp.look.picture.nesting import composable
from tinygrad_bp.look.picture.picture import Box, Direction, Edge, Key, Node, Picture
from tinygrad_bp.look.words.names import names_of
from tinygrad_bp.look.words.outdated import outdated, remark
from tinygrad_bp.look.words.text import title_of
from tinygrad_bp.tape.tape import Tape

__all__ = ["Collapse", "assembled", "cells_of", "draw", "largest", "picture_of"]

Collapse = Literal["auto", "neurons", "layers", "runs"]

# Chosen by looking: beyond these a picture is more than two screens high or wide.
MANY = 200
MANY_SUMMARIES = 80
FEW = 24
# From fine to coarse.
PLANS = {"neurons": neuron_cells, "layers": layers}


def draw(
    output: Any,
    *,
    names: Mapping[str, object] | None = None,
    edges: Numbers | None = None,
    collapse: Collapse | None = "auto",
    direction: Direction = "LR",
    digits: int = 4,
    title: str = "",
) -> Drawing:
    """The computation graph of a value, or of several, or a tape's program, as a drawing.

    Each node shows its name, its operation, its value and its gradient, as the last `backward`
    left it; a gradient's sign and size are also the direction and the length of a bar.

    `names`: where nodes without a label get one, usually `locals()`.
    `edges`: what stands on each edge: "partial", the local derivative, or "contribution", that
    times the gradient upstream; the contributions out of a node add up to its gradient, in the
    order that is told.
    `collapse`: "auto" draws everything up to 200 nodes, and above that neurons, layers, or runs
    of nodes as one node each; None always draws everything.
    `direction`: "LR", to the right, or "TB", down.  `digits`: significant ones.

    Of a tape, that is its inputs, constants, instructions, guards and outputs. `names` and
    `edges` are not for tapes.

    Raises TypeError for what is not a value, ValueError for an unknown setting.
    """
    if isinstance(output, Tape):
        return Drawing(_tape_picture(output, names, edges, collapse, direction, digits, title))
    return Drawing(
        picture_of(
            output,
            names=names,
            edges=edges,
            collapse=collapse,
            direction=direction,
            digits=digits,
            title=title,
        )
    )


def picture_of(
    output: Any,
    *,
    names: Mapping[str, object] | None = None,
    edges: Numbers | None = None,
    collapse: Collapse | None = "auto",
    direction: Direction = "LR",
    digits: int = 4,
    title: str = "",
    cut: Mapping[Value, tuple[str, str]] | None = None,
) -> Picture:
    """What `draw` draws, as data.

    `cut` are leaves that stand for operations whose operands are not drawn, each with the
    operation and its formula.
    """
    _check("edges", edges, (*get_args(Numbers), None))
    _check("direction", direction, get_args(Direction))
    title_of(title)
    outputs = _outputs(output)
    order = topological_order(*outputs)
    cells, step = cells_of(order, outputs, collapse)
    # All of them, shown or not, so that every view calls a node the same.
    called = names_of(order, names)
    writer = Writer(called, digits, largest(node.grad for node in order), cut=cut or {})
    silent = silent_ones(order, outputs) if edges == "contribution" else ()
    picture = assembled(
        cells, writer, outputs, edges=edges, silent=silent, direction=direction, title=title
    )
    links = picture.edges
    if edges == "contribution" and not step and len(outputs) == 1:
        links = in_order_of_arrival(links)
    notes = [*_notes(order, picture.nodes, step, edges)]
    if cut:
        notes.append("… on an operation: its operands are not drawn.")
    if changed := outdated(order):
        notes.append(remark(changed, called, digits))
    return replace(picture, edges=links, notes=tuple(notes))


def assembled(
    cells: Sequence[Cell],
    writer: Writer,
    outputs: Sequence[Value],
    *,
    edges: Numbers | None = None,
    silent: Collection[Value] = (),
    direction: Direction = "LR",
    title: str = "",
) -> Picture:
    """The picture of some cells, with edges between those of them that are linked."""
    ids = [f"n{index}" for index in range(len(cells))]
    ends = dict.fromkeys(outputs, 0)
    nodes = tuple(writer.node(name, cell, ends) for name, cell in zip(ids, cells, strict=True))
    links = tuple(edges_of(cells, ids, writer.names, edges, writer.digits, silent))
    boxes = _boxes(cells, ids)
    return composable(Picture(nodes, links, boxes, title, (), _keys(nodes, links), direction))


def _tape_picture(
    tape: Tape,
    names: object,
    edges: object,
    collapse: Collapse | None,
    direction: Direction,
    digits: int,
    title: str,
) -> Picture:
    _check("names of a tape", names, (None,))
    _check("edges of a tape", edges, (None,))
    _check("collapse of a tape", collapse, ("auto", "runs", None))
    _check("direction", direction, get_args(Direction))
    title_of(title)
    is_collapsed = {"auto": None, "runs": True, None: False}[collapse]
    return picture_of_tape(
        tape, is_collapsed=is_collapsed, direction=direction, digits=digits, title=title
    )


def _check(name: str, given: object, choices: Sequence[object]) -> None:
    if given not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {given!r}")


def _outputs(output: Any) -> list[Value]:
    """The values to draw, whatever they came in."""
    found = [output] if isinstance(output, Value) else list(_flat(output))
    if not found:
        raise ValueError("there is nothing to draw: the sequence of outputs is empty")
    return found


def _flat(output: Any) -> list[Value]:
    things = output.tolist() if hasattr(output, "tolist") else output
    if isinstance(things, Value):
        return [things]
    if not isinstance(things, list | tuple):
        raise TypeError(
            "draw takes a Value, a sequence of them, or a Tape, not "
            f"{type(things).__name__} {things!r}; of a module, draw what it returns"
        )
    return [value for thing in things for value in _flat(thing)]


def cells_of(
    order: Sequence[Value],
    outputs: Sequence[Value],
    collapse: Collapse | None,
) -> tuple[list[Cell], str]:
    """The cells to draw, and what they were collapsed to."""
    _check("collapse", collapse, (*get_args(Collapse), None))
    found = neurons(order)
    if collapse is None or (collapse == "auto" and len(order) <= MANY):
        return everything(order, found), ""
    steps = PLANS if collapse == "auto" and found else {collapse} & PLANS.keys()
    for step in steps:
        cells = PLANS[step](order, found)
        if collapse == step or len(cells) <= MANY_SUMMARIES:
            return cells, step
    return runs(order, _kept(order, outputs)), "runs of nodes"


def _kept(order: Sequence[Value], outputs: Sequence[Value]) -> list[Value]:
    """What stays itself among runs: the outputs and what has a label, unless they are many."""
    labelled = [node for node in order if node.label]
    kept = [*labelled, *outputs]
    return kept if len(kept) <= FEW else list(outputs) if len(outputs) <= FEW else []


def largest(gradients: Iterable[float]) -> float:
    """The size of the largest finite gradient, the one that fills a bar."""
    sizes = (abs(gradient) for gradient in gradients if math.isfinite(gradient))
    return max(sizes, default=1.0) or 1.0


def _boxes(cells: Sequence[Cell], ids: Sequence[str]) -> tuple[Box, ...]:
    """The boxes of all cells, in the order in which the cells first need them."""
    root = _Frame("", ())
    count = 0
    for cell, name in zip(cells, ids, strict=True):
        frame = root
        for step in cell.chain:
            if step not in frame.inner:
                frame.inner[step] = _Frame(f"b{count}", (*frame.steps, step))
                count += 1
            frame = frame.inner[step]
        if frame is not root:
            frame.nodes.append(name)
    return tuple(frame.box() for frame in root.inner.values())


class _Frame:
    """A box that is still being filled."""

    def __init__(self, name: str, steps: tuple[Step, ...]) -> None:
        self.name = name
        self.steps = steps
        self.nodes: list[str] = []
        self.inner: dict[Step, _Frame] = {}

    def box(self) -> Box:
        path, turn = self.steps[-1]
        title = relative(path, self.steps[-2][0] if len(self.steps) > 1 else "")
        if turn < 0:
            title += " parameters, shared"
        boxes = tuple(frame.box() for frame in self.inner.values())
        return Box(self.name, title, tuple(self.nodes), boxes)


def _notes(
    order: Sequence[Value], nodes: Sequence[Node], step: str, edges: Numbers | None
) -> Iterator[str]:
    if step and len(nodes) < len(order):
        yield (
            f"Collapsed to {step}: {len(nodes):,} drawn nodes stand for {len(order):,}. "
            "draw(..., collapse=None) shows every one."
        )
    if edges == "partial":
        yield "On an edge: the partial derivative of the operation by that operand."
    if edges == "contribution":
        yield (
            "On an edge: partial * upstream gradient = contribution. "
            "The contributions that leave a node add up to its gradient, the 1st one first."
        )


def _keys(nodes: Sequence[Node], links: Sequence[Edge]) -> tuple[Key, ...]:
    """The legend of what occurs."""
    roles = {node.role for node in nodes}
    occurs: list[tuple[bool, Key]] = [
        ("leaf" in roles, Key("leaf", "leaf")),
        ("constant" in roles, Key("constant", "constant")),
        ("operation" in roles, Key("operation", "operation")),
        ("summary" in roles, Key("summary", "several nodes")),
        (any(n.is_output for n in nodes), Key("output", "output")),
        (any(n.bar for n in nodes), Key("bar", "gradient: - left, + right, a sixth per factor 10")),
        (any(n.is_current for n in nodes), Key("current", "this step")),
        (any(n.is_alarming for n in nodes), Key("alarm", "not a finite number")),
        (any(e.is_broken for e in links), Key("broken", "no gradient flows back")),
    ]
    return tuple(key for does_occur, key in occurs if does_occur)
