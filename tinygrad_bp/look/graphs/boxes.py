"""Which nodes make up the neurons and layers of a model: by their labels alone.

A neuron's output is labelled with a path, `layers.0.neurons.1`, and its parameters with longer
ones, `layers.0.neurons.1.w.0`.  A node is in the neuron's box if it is that output, or such
a parameter, or lies on a way from such a parameter to the output.

>>> from tinygrad_bp import Value
>>> w, x = Value(3.0, label="h.w"), Value(2.0)
>>> h = w * x
>>> h.label = "h"
>>> [(found.path, len(found.members)) for found in neurons([w, x, h])]
[('h', 2)]
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad_bp.core.value import Value

__all__ = ["Neuron", "levels", "neurons", "prefixes"]

# Weights tied across more neurons than this make the nodes that use them nobody's.
MOST_OWNERS = 8
NOBODYS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Neuron:
    """One application of a neuron; `turn` counts the applications of the same neuron."""

    path: str
    turn: int
    output: Value
    members: tuple[Value, ...]


def neurons(order: Sequence[Value]) -> list[Neuron]:
    """Every application of every neuron, in topological order, each node in at most one.

    Parameters that several applications share are in none: they stand for themselves.
    """
    outputs = {node.label for node in order if node.parents and node.label}
    owners = _owners(order, outputs)
    place = {node: index for index, node in enumerate(order)} if owners else {}
    claims: Counter[Value] = Counter()
    walks: list[tuple[Value, list[Value]]] = []
    for node in order:
        if node.parents and node.label in owners.get(node, NOBODYS):
            walks.append((node, _walk(node, owners)))
            claims.update(walks[-1][1])
    turns: Counter[str] = Counter()
    found = []
    for output, members in walks:
        alone = tuple(sorted((n for n in members if claims[n] == 1), key=place.__getitem__))
        found.append(Neuron(output.label, turns[output.label], output, alone))
        turns[output.label] += 1
    return found


def _owners(order: Sequence[Value], outputs: set[str]) -> dict[Value, frozenset[str]]:
    """For each node the neurons on whose parameters it depends, not looking past outputs."""
    owners: dict[Value, frozenset[str]] = {}
    sharing: dict[tuple[frozenset[str], ...], frozenset[str]] = {}
    if not outputs:
        return owners
    for node in order:
        if node.parents:
            kinds = tuple(
                owners[parent]
                for parent in node.parents
                if parent in owners and not _is_output(parent, owners)
            )
            if kinds:
                union = sharing.setdefault(kinds, frozenset().union(*kinds))
                if len(union) <= MOST_OWNERS:
                    owners[node] = union
        elif "." in node.label:
            path = next((p for p in prefixes(node.label) if p in outputs), None)
            if path is not None:
                owners[node] = frozenset((path,))
    return owners


def _is_output(node: Value, owners: dict[Value, frozenset[str]]) -> bool:
    return bool(node.parents) and node.label in owners[node]


def _walk(output: Value, owners: dict[Value, frozenset[str]]) -> list[Value]:
    """The output and what it is made from, as far as that is the same neuron's."""
    found = {output: None}
    stack = [output]
    while stack:
        for parent in stack.pop().parents:
            is_member = output.label in owners.get(parent, NOBODYS)
            if is_member and parent not in found and not _is_output(parent, owners):
                found[parent] = None
                stack.append(parent)
    return list(found)


def prefixes(label: str) -> list[str]:
    """What stands before each dot, longest first.

    >>> prefixes("h.w.0")
    ['h.w', 'h']
    """
    parts = label.split(".")
    return [".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]


def levels(path: str) -> list[str]:
    """The paths of the boxes around a neuron and its own, split after each number.

    >>> levels("encoder.layers.0.neurons.1"), levels("h1")
    (['encoder.layers.0', 'encoder.layers.0.neurons.1'], ['h1'])
    """
    parts = path.split(".")
    ends = [end for end, part in enumerate(parts, 1) if part.isdecimal()]
    return [".".join(parts[:end]) for end in dict.fromkeys([*ends, len(parts)])]
