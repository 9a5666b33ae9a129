"""What the nodes of a graph are called: their labels, the caller's names, or v1, v2, and so on.

>>> from tinygrad_bp import Value
>>> x = Value(2.0)
>>> y = x * x
>>> found = names_of([x, y], {"x": x})
>>> found[x], found[y]
('x', 'v1')
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.core.value import Value
from tinygrad_bp.rows.primitive import CONSTANT

__all__ = ["distinct_names", "given_names", "names_of"]


def names_of(nodes: Sequence[Value], names: Mapping[str, object] | None) -> dict[Value, str]:
    """A name for each node but constants: its label, else the caller's, else one of ours."""
    found = dict.fromkeys(nodes, "")
    found.update(given_names(nodes, names))
    taken = set(found.values())
    number = 0
    for node, name in found.items():
        if not name and node.op is not CONSTANT:
            number += 1
            while (name := f"v{number}") in taken:
                number += 1
            found[node] = name
    return found


def given_names(nodes: Sequence[Value], names: Mapping[str, object] | None) -> dict[Value, str]:
    """The names that people gave, on one line: a label, else that of the caller's variable."""
    found = {node: node.label for node in nodes if node.label}
    if not isinstance(names, Mapping | None):
        raise TypeError(f"expected a dict from name to value as names, got {names!r}")
    # For a million nodes, so nothing is looked up that cannot be there.
    given = _given(nodes, names) if names else {}
    for node in nodes if given else ():
        if not node.label and id(node) in given:
            found[node] = given[id(node)]
    return {node: visible(name) for node, name in found.items()}


def distinct_names(names: Mapping[Value, str]) -> dict[Value, str]:
    """The same names, numbered where several nodes have the same one.

    >>> x, y, z = Value(1.0), Value(2.0), Value(3.0)
    >>> list(distinct_names({x: "h", y: "o", z: "h"}).values())
    ['h#1', 'o', 'h#2']
    """
    shared = {name for name, number in Counter(names.values()).items() if number > 1 and name}
    numbers = {name: count(1) for name in shared}
    return {
        node: f"{name}#{next(numbers[name])}" if name in shared else name
        for node, name in names.items()
    }


def _given(nodes: Sequence[Value], names: Mapping[str, object]) -> dict[int, str]:
    """Names by the identity of the node; the shortest way to a node wins, then the first."""
    wanted = set(map(id, nodes))
    found: dict[int, str] = {}
    for name, thing in things(names):
        if id(thing) in wanted:
            found.setdefault(id(thing), name)
    return found


def things(names: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """What has a name, and the elements of collections, with the way to each: `x[0]`.

    >>> [name for name, _ in things({"xs": [1.0, 2.0], "y": 3.0, "_": 4.0})]
    ['xs', 'y', 'xs[0]', 'xs[1]']
    """
    # Level by level: `x` before `inputs[0]`. A notebook's `_` and `_1` are nobody's names.
    level: list[tuple[str, object]] = [(n, o) for n, o in names.items() if not n.startswith("_")]
    seen: set[int] = set()
    while level:
        yield from level
        level = [element for name, thing in level for element in _elements(name, thing, seen)]


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
