"""The rooms of the package, and which of them use which others."""

from __future__ import annotations

import graphlib
import itertools
from collections.abc import Mapping, Sequence

from tests.house.sources import PACKAGE, imports, module_files

MODULES = module_files()

# In each folder named here its rooms stand from the lowest to the highest: a room uses what stands
# before it, never what follows. A room that is not named stands anywhere, if one order suits all.
FLOORS = {
    "tinygrad_bp": ("basics", "rows", "graph", "arrays", "core", "tape", "nn", "look", "check"),
    "tinygrad_bp.look": (
        *("words", "picture", "graphs", "plots", "tree"),
        *("walk", "explain", "what_if", "player", "diagnosis"),
    ),
}

Graph = dict[str, set[str]]


def own_imports() -> Graph:
    """The package's modules, each with those that it imports, for annotations too."""
    return {
        module: {name for name, _ in imports(path, set(MODULES)) if name.split(".")[0] == PACKAGE}
        for module, path in MODULES.items()
    }


def between_rooms(folder: str, graph: Mapping[str, set[str]]) -> Graph:
    """What the files and folders in a folder use of one another; its `__init__` is the door."""
    rooms: Graph = {}
    for module, imported in graph.items():
        if user := room(folder, module):
            used = {room(folder, name) for name in imported} - {None, user}
            rooms.setdefault(user, set()).update(name for name in used if name)
    return rooms


def room(folder: str, module: str) -> str | None:
    """`p.nn.layers` is in the room `nn` of `p`, and in none of `p.look`."""
    inside = module.removeprefix(f"{folder}.")
    return inside.split(".")[0] if inside != module else None


def circle(graph: Graph, floors: Sequence[str] = ()) -> list[str]:
    """Rooms that use one another in a circle, if each floor stands on the one before it."""
    try:
        in_order(graph, floors)
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def in_order(graph: Graph, floors: Sequence[str] = ()) -> list[str]:
    """Rooms, each after those that it uses; by name where that leaves a choice."""
    sorter = graphlib.TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)})
    for lower, upper in itertools.pairwise(floors):
        sorter.add(upper, lower)
    return list(sorter.static_order())
