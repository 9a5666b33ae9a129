"""Gradients that are not those of the outputs: not there yet, mixed, or of other numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.sweep import adjoints
from tinygrad_bp.look.diagnosis.finding import Finding, Subject
from tinygrad_bp.look.words.outdated import CHANGED, fact, outdated as outdated_ones
from tinygrad_bp.look.words.sheet import listed
from tinygrad_bp.look.words.text import plain

__all__ = ["before_backward", "constant_output", "mixed_gradients", "outdated"]

ROUNDING = 1e-9
"""Gradients of several outputs may have been added in any order."""


def constant_output(subject: Subject) -> Iterator[Finding]:
    """An output without a graph."""
    for output in subject.outputs:
        if output.is_constant:
            yield Finding(
                "constant-output",
                subject.name(output),
                f"it is the constant {output._data!r}: no operation on a Value made it",
                "there is nothing to go back through, and backward refuses",
                "compute it outside of no_grad, from Values, without .data or constant(...)",
                (output,),
            )


def before_backward(subject: Subject) -> Iterator[Finding]:
    """Gradients that nobody has computed yet."""
    waiting = [o for o in subject.outputs if o.grad == 0.0 and not o.is_leaf]
    if subject.is_fresh or not waiting or len(waiting) < len(subject.outputs):
        return
    names = listed(list(map(subject.name, waiting)))
    left = [leaf for leaf in _leaves(subject) if leaf.grad != 0.0]
    if not left:
        yield Finding(
            "before-backward",
            names,
            "every .grad in its graph is 0: backward has not run since it was made or cleared",
            "whoever reads or draws gradients now sees zeros",
            "call .backward() on it first; .grad is filled by nothing else",
            tuple(waiting),
        )
        return
    grads = listed([f"{subject.name(leaf)}.grad = {plain(leaf.grad)}" for leaf in left])
    yield Finding(
        "foreign-gradients",
        listed(list(map(subject.name, left))),
        f"backward has not run from {names}, and yet {grads}",
        "these are gradients of another output, and the next backward would add to them",
        "call zero_grad() before .backward()",
        tuple(left),
    )


def mixed_gradients(subject: Subject) -> Iterator[Finding]:
    """Gradients to which several outputs, or several calls of backward, have added."""
    if subject.is_fresh or any(outdated(subject)):
        return
    seeds = {o: o.grad for o in subject.outputs if o.grad != 0.0 and not o.is_leaf}
    if not seeds or not all(map(math.isfinite, seeds.values())):
        return
    own = adjoints(subject.nodes, seeds)
    largest = max(map(abs, own.values()))
    slack = ROUNDING * largest if len(seeds) > 1 and math.isfinite(largest) else 0.0
    mixed = [
        leaf
        for leaf in _leaves(subject)
        if leaf.grad != 0.0  # cleared since
        and math.isfinite(leaf.grad)
        and not math.isclose(leaf.grad, own.get(leaf, 0.0), rel_tol=0.0, abs_tol=slack)
    ]
    if not mixed:
        return
    first = mixed[0]
    yield Finding(
        "mixed-gradients",
        listed(list(map(subject.name, mixed))),
        _account(subject, first, own.get(first, 0.0)),
        "a step along it follows something else than this output",
        "call zero_grad() before .backward(); if they add up on purpose, as over a batch, "
        "lint([one, other]) looks at all outputs together",
        tuple(mixed),
    )


def _account(subject: Subject, leaf: Value, own: float) -> str:
    name, whose = subject.name(leaf), listed(list(map(subject.name, subject.outputs)))
    start = f"{name}.grad is {plain(leaf.grad)}, but the gradient of {whose} is {plain(own)}"
    times = leaf.grad / own if own else 0.0
    if times > 1.0 and times == int(times):
        return f"{start}: {int(times)} times as much, as after {int(times)} calls of backward"
    return f"{start}: {plain(leaf.grad - own)} came from elsewhere"


def outdated(subject: Subject) -> Iterator[Finding]:
    """Values that their operands no longer give, because somebody changed `.data`."""
    changed = [] if subject.is_fresh else outdated_ones(subject.nodes)
    if not changed:
        return
    names = list(map(subject.name, changed))
    more = f", and likewise {listed(names[1:])}" if names[1:] else ""
    yield Finding(
        "outdated",
        listed(names),
        fact(changed[0], subject.names) + more,
        f"{CHANGED}: backward would mix old values with new ones",
        "run the forward pass again after changing .data, as after each step of an optimiser",
        tuple(changed),
    )


def _leaves(subject: Subject) -> list[Value]:
    outputs = set(subject.outputs)
    return [node for node in subject.nodes if node.op is None and node not in outputs]
