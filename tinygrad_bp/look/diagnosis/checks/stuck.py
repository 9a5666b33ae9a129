"""Units that cannot move: sigmoids far out on a flat end, and relus that are off everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

from tinygrad_bp.basics.words import counted
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.sweep import local_partials
from tinygrad_bp.look.diagnosis.finding import Finding, Subject
from tinygrad_bp.look.words.sheet import listed
from tinygrad_bp.look.words.text import plain
from tinygrad_bp.rows import primitives
from tinygrad_bp.rows.primitive import Primitive

__all__ = ["dead_relu", "saturated"]

SATURATING = (primitives.sigmoid, primitives.tanh, primitives.erf, primitives.normal_cdf)
FLAT = 1e-7
"""A slope so small that a step along it changes nothing: a sigmoid of 16, a tanh of 8.4."""
NOTABLE = 1e-3
"""A gradient that still wants something, beside that of the output, for one example."""
FEW = 4
"""Of fewer examples a relu that is off for all is nothing special."""
SUMS = (primitives.add, primitives.subtract, primitives.negative, primitives.sum_)
PRODUCTS = (primitives.multiply, primitives.dot)
LOOKS = 10
"""How many times as many nodes as there are may be looked at to find the neurons."""


def saturated(subject: Subject) -> Iterator[Finding]:
    """Sigmoids that the output wants to move, and whose slope lets nothing through."""
    found = []
    for units in _neurons(subject, SATURATING):
        flat = [unit for unit in units if _slope(unit) < FLAT]
        stuck = [unit for unit in flat if _wants_back(subject, unit, len(units))]
        if stuck and 2 * len(flat) >= len(units):
            found.append((stuck, flat, units))
    if not found:
        return
    stuck, flat, units = found[0]
    worst = min(stuck, key=_slope)
    operand, upstream = worst.parents[0], subject.adjoint[worst]
    of = f" in {len(flat)} of {counted(len(units), 'example')}" if len(units) > 1 else ""
    name, slope = worst.op.name if worst.op else "", _slope(worst)
    yield Finding(
        "saturated",
        listed([subject.name(units[0]) for _, _, units in found]),
        f"{name} of {plain(operand._data)} is flat{of}: its slope is {plain(slope)}, so of a "
        f"gradient of {plain(upstream)} there remains {plain(upstream * slope)}",
        "what lies before it hardly learns, whatever the output says",
        "scale the inputs, start from smaller weights, or give the loss the logit",
        tuple(unit for stuck, _, _ in found for unit in stuck),
    )


def _slope(unit: Value) -> float:
    (slope,) = local_partials(unit)
    return slope or 0.0


def _wants_back(subject: Subject, unit: Value, examples: int) -> bool:
    """Whether the gradient says to leave the flat end, and not to go still further out."""
    upstream = subject.adjoint.get(unit, 0.0)
    return upstream * unit.parents[0]._data > 0.0 and abs(upstream) >= NOTABLE / examples


def dead_relu(subject: Subject) -> Iterator[Finding]:
    """Neurons whose relu is off for all examples."""
    dead = [
        units
        for units in _neurons(subject, (primitives.relu,))
        if len(units) >= FEW and all(unit.parents[0]._data < 0.0 for unit in units)
    ]
    if not dead:
        return
    units = dead[0]
    nearest = max(unit.parents[0]._data for unit in units)
    yield Finding(
        "dead-relu",
        listed([subject.name(units[0]) for units in dead]),
        f"its sum is below 0 in all {len(units)} examples, at most {plain(nearest)}, "
        "and relu makes 0 of that",
        "its weights get no gradient from any example, so it stays off for good",
        "start it from other weights or a bias above 0, lower the learning rate if it died in "
        "training, or use leaky_relu",
        tuple(unit for units in dead for unit in units),
    )


def _neurons(subject: Subject, activations: Sequence[Primitive]) -> list[list[Value]]:
    """The activations of each neuron, one for each example."""
    groups: dict[Hashable, list[Value]] = defaultdict(list)
    # Sums of sums of sums, as in a long chain, would take time by the square of its length.
    looks_left = LOOKS * len(subject.nodes)
    for node in subject.nodes:
        if node.op in activations:
            neuron, looks = _neuron(node, looks_left)
            groups[neuron].append(node)
            looks_left -= looks
    return list(groups.values())


def _neuron(unit: Value, most: int) -> tuple[Hashable, int]:
    """What tells neurons apart, the label, which `nn` gives, or else the weights in the sum.

    And how many nodes that took to find; where it takes more than `most`, the unit is its own.
    """
    if unit.label:
        return (unit.op, unit.label), 0
    weights: set[Value] = set()
    waiting, seen = [unit.parents[0]], set[Value]()
    while waiting and len(seen) < most:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.op in SUMS:
            waiting += node.parents
        else:
            factors = node.parents if node.op in PRODUCTS else (node,)
            weights.update(factor for factor in factors if factor.op is None)
    is_neuron = bool(weights) and not waiting
    return ((unit.op, frozenset(weights)) if is_neuron else unit), len(seen)
