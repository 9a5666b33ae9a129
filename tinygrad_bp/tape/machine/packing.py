"""Which operations on one example can share an instruction: the same function, side by side.

A polynomial costs the same for one number as for eight. The neurons of a layer do not wait for
one another, so their sigmoids are computed together, also those of the derivatives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.tape.machine.assembly import Assembly, Register
from tinygrad_bp.tape.machine.polynomials import call_of
from tinygrad_bp.tape.tape import Instruction

WIDEST = 8


def packs(
    instructions: Sequence[Instruction], first: int, packed: Collection[Primitive]
) -> list[list[int]]:
    """The instructions in an order that keeps those together which can be computed at once.

    They are numbered from 0, and write the slots from `first` on. A group has one of them, or
    up to eight of one of the `packed` rows.
    """
    depths: list[int] = []
    stages: dict[int, list[int]] = defaultdict(list)
    for i, instruction in enumerate(instructions):
        below = (depths[slot - first] for slot in instruction.operands if slot >= first)
        # Twice as many steps as calls: at an even depth stand calls, at an odd one the rest.
        depth = max(below, default=-1)
        depth += (1 if depth % 2 else 2) if instruction.op in packed else (depth % 2 == 0)
        depths.append(depth)
        stages[depth].append(i)
    groups: list[list[int]] = []
    for depth in sorted(stages):
        groups += _split(stages[depth], instructions) if depth % 2 == 0 else _alone(stages[depth])
    return groups


def _alone(stage: list[int]) -> list[list[int]]:
    return [[i] for i in stage]


def _split(stage: list[int], instructions: Sequence[Instruction]) -> list[list[int]]:
    by_row: dict[Primitive, list[int]] = defaultdict(list)
    for i in stage:
        by_row[instructions[i].op].append(i)
    return [
        group[k : k + WIDEST] for group in by_row.values() for k in range(0, len(group), WIDEST)
    ]


def call_together(a: Assembly, name: str, operands: Sequence[Register]) -> list[Register]:
    """The polynomial of several numbers, in one call."""
    if len(operands) == 1:
        return [call_of(a, name, operands[0])]
    wide = type(a)(4 if len(operands) <= 4 else 8)
    wide.lines, wide.count = a.lines, a.count
    vector = "poison"
    padded = [*operands, *[operands[0]] * (wide.lanes - len(operands))]
    for lane, operand in enumerate(padded):
        vector = wide.emit(f"insertelement {wide.type} {vector}, double {operand}, i32 {lane}")
    result = call_of(wide, name, vector)
    numbers = [
        wide.emit(f"extractelement {wide.type} {result}, i32 {lane}")
        for lane in range(len(operands))
    ]
    a.count = wide.count
    return numbers
