"""What the nodes of a graph are called: their labels, the caller's names, or v1, v2, and so on.

>>> from tinygrad_bp import Value
>>> x = Value(2.0)
>>> y = x * x
>>> found = names_of([x, y], {"x": x})
>>> found[x], found[y]
('x', 'v1')
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tinygrad_bp.primitive import CONSTANT
from tinygrad_bp.value import Value

__all__ = ["names_of"]


def names_of(nodes: Sequence[Value], names: Mapping[str, object] | None) -> dict[Value, str]:
    """A name for each node but constants: its label, else the caller's, else one of ours."""
    # For a million nodes, so nothing is looked up that cannot be there.
    given = _given(nodes, names) if names else {}
    found = {node: node.label for node in nodes}
    for node in nodes if given else ():
        found[node] = found[node] or given.get(id(node), "")
    taken = set(found.values())
    number = 0
    for node, name in found.items():
        if not name and node.op is not CONSTANT:
            number += 1
            while (name := f"v{number}") in taken:
                number += 1
            found[node] = name
    return found


def _given(nodes: Sequence[Value], names: Mapping[str, object]) -> dict[int, str]:
    """Names by the identity of the node; the shortest way to a node wins, then the first."""
    wanted = set(map(id, nodes))
    found: dict[int, str] = {}
    # Level by level: `x` before `inputs[0]`. A notebook's `_` and `_1` are nobody's names.
    level: list[tuple[str, object]] = [(n, o) for n, o in names.items() if not n.startswith("_")]
    seen: set[int] = set()
    while level:
        for name, thing in level:
            if id(thing) in wanted:
                found.setdefault(id(thing), name)
        level = [element for name, thing in level for element in _elements(name, thing, seen)]
    return found


def _elements(name: str, thing: Any, seen: set[int]) -> Iterator[tuple[str, object]]:
    """The elements of a list, a tuple or an array of objects, each collection once."""
    if getattr(getattr(thing, "dtype", None), "kind", "") == "O":
        # An array without dimensions holds its one element under the array's own name.
        thing = thing.tolist()
        if not isinstance(thing, list):
            yield name, thing
            return
    if isinstance(thing, list | tuple) and id(thing) not in seen:
        seen.add(id(thing))
        for index, element in enumerate(thing):
            yield f"{name}[{index}]", element
