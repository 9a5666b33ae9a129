"""Models put together wrongly: neurons that are one and the same, weights that are none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tinygrad_bp.basics import structure
from tinygrad_bp.core.value import Value
from tinygrad_bp.look.diagnosis.finding import Finding, Subject
from tinygrad_bp.look.words.sheet import listed
from tinygrad_bp.look.words.text import plain
from tinygrad_bp.nn.layers import Layer
from tinygrad_bp.nn.module import Module

__all__ = ["not_a_parameter", "twins"]


def twins(subject: Subject) -> Iterator[Finding]:
    """Neurons of a layer with the same weights and the same gradients."""
    found: list[list[str]] = []
    for path, layer in _modules(subject):
        alike: dict[tuple[tuple[float, float], ...], list[str]] = defaultdict(list)
        for place, neuron in enumerate(layer.neurons if isinstance(layer, Layer) else ()):
            facts = [(p._data, subject.adjoint.get(p, 0.0)) for p in neuron.parameters()]
            alike[tuple(facts)].append(neuron.name or f"{path}.neurons.{place}".lstrip("."))
        found += [names for names in alike.values() if len(names) > 1]
    if found:
        yield Finding(
            "twins",
            listed([name for names in found for name in names]),
            f"{listed(found[0])} have the same weights, and get the same gradient",
            "they stay the same through all of training: together they are worth one neuron",
            "start from random weights; only biases may start alike",
        )


def not_a_parameter(subject: Subject) -> Iterator[Finding]:
    """Attributes of a module that an operation made, such as `Value(1.0) * 0.1`."""
    made = {
        f"{path}.{name}".lstrip("."): thing
        for path, module in _modules(subject)
        for name, attribute in vars(module).items()
        if not isinstance(attribute, Module)
        for thing in structure.numbers(attribute)
        if isinstance(thing, Value) and thing.parents
    }
    if made:
        first, value = next(iter(made.items()))
        yield Finding(
            "not-a-parameter",
            listed(list(made)),
            f"{first} = {plain(value._data)} was made by an operation "
            f"({value.op.name if value.op else ''}), so it is no leaf and no parameter",
            "parameters() leaves it out, and training does not move it",
            "compute the number first: Value(0.1 * x), not 0.1 * Value(x)",
            tuple(made.values()),
        )


def _modules(subject: Subject) -> list[tuple[str, Module]]:
    return subject.model.named_modules() if subject.model else []
