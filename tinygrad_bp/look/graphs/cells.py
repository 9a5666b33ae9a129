"""What becomes one node of the picture: a value, or many values summarised.

A `Cell` is one or the other, and a plan is a list of cells that cover the graph.  How coarse
a plan is has four steps: every value, neurons, layers, and runs of values, which are bounded.

>>> from tinygrad_bp import Value
>>> x = Value(1.0)
>>> order = [x]
>>> for _ in range(1_000):
...     order.append(-order[-1])
>>> [len(cell.members) for cell in runs(order, {x, order[-1]})][:3]
[1, 1, 125]
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.graphs.boxes import Neuron, levels, prefixes
from tinygrad_bp.look.picture.nesting import between_cycles

__all__ = ["Cell", "Step", "everything", "layers", "neuron_cells", "runs"]

Kind = Literal["value", "neuron", "layer", "parameters", "leaves", "run"]
# The boxes around a cell, outermost first: title, and which of several with that title.
Step = tuple[str, int]

RUNS = 8


@dataclass(frozen=True)
class Cell:
    """Values drawn as one node; `outputs` are those that speak for them."""

    kind: Kind
    members: tuple[Value, ...]
    outputs: tuple[Value, ...]
    name: str = ""
    chain: tuple[Step, ...] = ()


def everything(order: Sequence[Value], found: Sequence[Neuron]) -> list[Cell]:
    """Every value a cell of its own, in the boxes of its neuron and layer."""
    chains = {node: _chain(neuron) for neuron in found for node in neuron.members}
    chains |= _shared_chains(order, found, chains)
    return [Cell("value", (node,), (node,), chain=chains.get(node, ())) for node in order]


def neuron_cells(order: Sequence[Value], found: Sequence[Neuron]) -> list[Cell]:
    """Every application of a neuron one cell, shared parameters one cell per layer."""
    groups = [
        Cell("neuron", neuron.members, (neuron.output,), neuron.path, _chain(neuron)[:-1])
        for neuron in found
    ]
    return _covered(order, [*groups, *_parameter_cells(order, found)])


def layers(order: Sequence[Value], found: Sequence[Neuron]) -> list[Cell]:
    """Every application of a layer one cell; a lone neuron is its own layer."""
    members: dict[Step, list[Neuron]] = defaultdict(list)
    for neuron in found:
        members[levels(neuron.path)[0], neuron.turn].append(neuron)
    groups = [
        Cell(
            "layer" if len(several) > 1 or path != several[0].path else "neuron",
            tuple(node for neuron in several for node in neuron.members),
            tuple(neuron.output for neuron in several),
            path,
        )
        for (path, _), several in members.items()
    ]
    return _covered(order, [*groups, *_parameter_cells(order, found)])


def _chain(neuron: Neuron) -> tuple[Step, ...]:
    return tuple((path, neuron.turn) for path in levels(neuron.path))


def _shared(
    order: Sequence[Value], found: Sequence[Neuron], taken: Collection[Value]
) -> dict[Value, str]:
    """Parameters that several applications share, each with the path of its neuron."""
    paths = {neuron.path for neuron in found}
    shared = {}
    for node in order:
        if not node.parents and "." in node.label and node not in taken:
            path = next((p for p in prefixes(node.label) if p in paths), None)
            if path is not None:
                shared[node] = path
    return shared


def _shared_chains(
    order: Sequence[Value], found: Sequence[Neuron], taken: Collection[Value]
) -> dict[Value, tuple[Step, ...]]:
    # -1: no application; the box of the parameters alone.
    shared = _shared(order, found, taken)
    return {node: ((levels(path)[0], -1),) for node, path in shared.items()}


def _parameter_cells(order: Sequence[Value], found: Sequence[Neuron]) -> list[Cell]:
    taken = {node for neuron in found for node in neuron.members}
    groups: dict[str, list[Value]] = defaultdict(list)
    for node, path in _shared(order, found, taken).items():
        groups[levels(path)[0]].append(node)
    return [
        Cell("parameters", tuple(members), tuple(members), path) for path, members in groups.items()
    ]


def _covered(order: Sequence[Value], groups: list[Cell]) -> list[Cell]:
    """The groups and, one by one, all other values; groups that stand on a cycle are dissolved."""
    while True:
        owner = {node: index for index, group in enumerate(groups) for node in group.members}
        alone = {node: place for place, node in enumerate(order, len(groups))}
        number = alone | owner
        links = {(number[parent], number[node]) for node in order for parent in node.parents}
        knotted = between_cycles((a, b) for a, b in links if a != b) if groups else set()
        if not knotted:
            break
        groups = [group for index, group in enumerate(groups) if index not in knotted]
    cells: list[Cell] = []
    drawn: set[int] = set()
    for node in order:
        index = owner.get(node)
        if index is None:
            cells.append(Cell("value", (node,), (node,)))
        elif index not in drawn:
            drawn.add(index)
            cells.append(groups[index])
    return cells


def runs(order: Sequence[Value], kept: Collection[Value]) -> list[Cell]:
    """The graph cut into eight runs of its order, however long it is; `kept` stay themselves.

    A run of a topological order never leads back into itself, so no cycle can come of it.
    """
    alone = set(kept)
    inner = [node for node in order if node.parents]
    size = -(-len(inner) // RUNS)
    run_of: dict[Value, int] = {}
    run, used = 0, 0
    for node in inner:
        # A kept value cuts a run in two: what is before it and what is after it.
        if node in alone or used == size:
            run, used = run + 1, 0
        if node not in alone:
            run_of[node] = run
            used += 1
    places = _leaf_places(inner, run_of)
    members: dict[int, list[Value]] = defaultdict(list)
    for node in order:
        if node not in alone:
            members[run_of[node] if node.parents else places[node]].append(node)
    cells = [Cell("value", (node,), (node,)) for node in order if node in alone]
    for index, several in sorted(members.items()):
        kind: Kind = "value" if len(several) == 1 else "leaves" if index < 0 else "run"
        cells.append(Cell(kind, tuple(several), tuple(several)))
    return cells


def _leaf_places(inner: Iterable[Value], run_of: dict[Value, int]) -> dict[Value, int]:
    """The run that uses a leaf, or -1 where several do."""
    places: dict[Value, int] = {}
    for node in inner:
        run = run_of.get(node, -1)
        for parent in node.parents:
            if not parent.parents and places.setdefault(parent, run) != run:
                places[parent] = -1
    return places
