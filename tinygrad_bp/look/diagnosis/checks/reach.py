"""Leaves that no gradient can reach: outside the graph, or behind what passes none on."""

from __future__ import annotations

from collections.abc import Iterator

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.diagnosis.finding import Finding, Subject
from tinygrad_bp.look.words.sheet import listed
from tinygrad_bp.rows import primitives

__all__ = ["blocked", "unreached"]

STEPS = (
    primitives.sign,
    primitives.heaviside,
    primitives.equal,
    primitives.floor_divide,
)
"""Operations that are flat wherever they have a derivative, so that they pass none on."""
ORDINARY = {0.0, 0.5, 1.0, 2.0, 3.0, 10.0, 100.0}
"""Numbers that occur in a program for a hundred reasons, up to their sign."""


def unreached(subject: Subject) -> Iterator[Finding]:
    """Leaves that somebody has and the outputs do not depend on."""
    inside = set(subject.nodes)
    outside = [leaf for leaf in subject.expected if leaf not in inside]
    numbers = {node._data for node in subject.nodes if node.is_constant}
    told = (leaf for leaf in outside if _is_telling(leaf._data) and leaf._data in numbers)
    copied = dict.fromkeys(told)  # no list: in one, `in` would look at numbers
    for name, leaves in (
        ("cut-off", copied),
        ("unreached", [leaf for leaf in outside if leaf not in copied]),
    ):
        if not leaves:
            continue
        names = listed([subject.name(leaf) for leaf in leaves])
        output = listed([subject.name(output) for output in subject.outputs])
        if name == "cut-off":
            what = f"{output} does not depend on it, but its number stands there as a constant"
            way_out = "use the Value itself: .data, constant(...), float and no_grad cut it off"
        else:
            what = f"{output} does not depend on it"
            way_out = "use it, or leave it out; in names=locals() it may belong to something else"
        why = "its gradient stays 0, and training does not move it"
        yield Finding(name, names, what, why, way_out, tuple(leaves))


def _is_telling(number: float) -> bool:
    return abs(number) not in ORDINARY


def blocked(subject: Subject) -> Iterator[Finding]:
    """Leaves that the outputs depend on by operations alone that have no derivative."""
    passing = set(subject.outputs)
    for node in reversed(subject.nodes):
        if node in passing and node.op not in STEPS:
            operands = node.parents
            passing.update(operands[1:] if node.op is primitives.where else operands)
    stuck = [node for node in subject.nodes if node.op is None and node not in passing]
    if stuck:
        used = sorted({n.op.name for n in subject.nodes if n.op in STEPS and n.op is not None})
        used += ["the condition of where"] if _has_choice(subject) else []
        yield Finding(
            "blocked",
            listed([subject.name(leaf) for leaf in stuck]),
            f"every way to the output leads through {' or '.join(used)}",
            "these are flat, and so pass no gradient on, not even 0: .grad stays as it is",
            "use something that has a slope, such as tanh or sigmoid for sign",
            tuple(stuck),
        )


def _has_choice(subject: Subject) -> bool:
    return any(
        node.op is primitives.where and not _condition(node).is_constant for node in subject.nodes
    )


def _condition(node: Value) -> Value:
    condition: Value = node.parents[0]
    return condition
