"""The picture of a tape: its program, from what it takes and knows to what it gives.

>>> from tinygrad_bp import record
>>> picture = picture_of_tape(record(lambda w, x: w * x if x > 0.0 else x, 2.0, 3.0))
>>> [" ".join(row.left for row in node.rows) for node in picture.nodes]
['w', 'x', '0', 'v3 w * x', 'guard x > 0']
"""

from bisect import bisect
from collections import Counter
from collections.abc import Sequence

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.basics.words import counted
from tinygrad_bp.graph.guard import Guard
from tinygrad_bp.look.graphs.cells import RUNS
from tinygrad_bp.look.graphs.nodes import LONGEST_FORMULA, LONGEST_NAME, operation
from tinygrad_bp.look.picture.picture import Direction, Edge, Key, Node, Picture, Role, Row
from tinygrad_bp.look.words.text import columns, plain, shortened
from tinygrad_bp.tape.tape import Tape

__all__ = ["picture_of_tape"]

KNOWN = ("inputs", "captured", "constants")
"""What stands before the instructions, in this order."""

MANY = 200
"""Slots beyond which runs of instructions are drawn as one node each."""


def picture_of_tape(
    tape: Tape,
    *,
    is_collapsed: bool | None = None,
    direction: Direction = "LR",
    digits: int = 4,
    title: str = "",
) -> Picture:
    """Inputs, captured values, constants, instructions, guards; outputs in a double frame.

    A tape of more than 200 slots is collapsed, unless `is_collapsed` says otherwise: what it
    takes and knows, and eight runs of its instructions, are one node each.
    """
    collapsed = len(tape.names) > MANY if is_collapsed is None else is_collapsed
    nodes, edges = _Collapsed(tape).drawn() if collapsed else _Whole(tape, digits).drawn()
    note = (
        f"Collapsed to runs of instructions: {len(nodes):,} drawn nodes stand for "
        f"{len(tape.names) + len(tape.guards):,}. draw(..., collapse=None) shows every one."
    )
    return Picture(
        tuple(nodes),
        tuple(edges),
        title=title or f"tape of {tape.name}",
        notes=(note,) if collapsed else (),
        keys=_keys(nodes),
        direction=direction,
    )


class _Whole:
    """A node for each slot and for each guard."""

    def __init__(self, tape: Tape, digits: int) -> None:
        self.tape = tape
        self.names = [visible(name) or f"v{slot}" for slot, name in enumerate(tape.names)]
        for slot in tape.constant_slots:
            self.names[slot] = plain(tape.constant(slot), digits)
        self.outputs: list[int] = structure.numbers(tape.outputs)

    def drawn(self) -> tuple[list[Node], list[Edge]]:
        """The nodes in the order of the slots, guards last, and what leads to them."""
        tape = self.tape
        nodes = [self._slot(slot) for slot in range(len(tape.names))]
        edges = [
            Edge(f"n{operand}", f"n{slot}", tip=f"{self.names[operand]} to {self.names[slot]}")
            for slot, instruction in zip(tape.result_slots, tape.instructions, strict=True)
            for operand in instruction.operands
        ]
        for number, guard in enumerate(tape.guards):
            nodes.append(self._guard(f"g{number}", guard))
            sides = dict.fromkeys((guard.left, guard.right))
            edges += [Edge(f"n{side}", f"g{number}", tip=guard.line) for side in sides]
        return nodes, edges

    def _slot(self, slot: int) -> Node:
        role, kind, formula = self._described(slot)
        name = shortened(self.names[slot], LONGEST_NAME)
        rows = [Row(name, kind, "title")]
        if role == "operation":
            rows.append(Row(formula if columns(formula) <= LONGEST_FORMULA else self._short(slot)))
        return Node(
            f"n{slot}",
            role,
            tuple(rows),
            is_output=slot in self.outputs,
            tip=f"slot {slot}: {formula}",
        )

    def _described(self, slot: int) -> tuple[Role, str, str]:
        if slot in self.tape.input_slots:
            return "leaf", "input", "input"
        if slot in self.tape.captured_slots:
            return "leaf", "captured", "captured value"
        if slot in self.tape.constant_slots:
            return "constant", "constant", repr(self.tape.constant(slot))
        instruction = self.tape.instruction(slot)
        formula = instruction.op.write(*[self.names[i] for i in instruction.operands])
        return "operation", operation(instruction.op), formula

    def _short(self, slot: int) -> str:
        instruction = self.tape.instruction(slot)
        return f"{instruction.op.symbol} of {len(instruction.operands)}"

    def _guard(self, name: str, guard: Guard) -> Node:
        question = f"{self.names[guard.left]} {guard.comparison} {self.names[guard.right]}"
        rows = (
            Row("guard", f"was {guard.outcome}", "title"),
            Row(shortened(question, LONGEST_FORMULA)),
        )
        return Node(name, "guard", rows, tip=f"{question} was {guard.outcome}; {guard.line}")


class _Collapsed:
    """One node for the inputs, the captured values, the constants, each run, and the guards."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        slots = (tape.input_slots, tape.captured_slots, tape.constant_slots)
        self.known = list(
            zip(("input", "captured value", "constant"), map(len, slots), strict=True)
        )
        self.starts, self.first = [some.start for some in slots], tape.result_slots.start
        self.size = max(1, -(-len(tape) // RUNS))
        self.outputs = set(structure.numbers(tape.outputs))

    def drawn(self) -> tuple[list[Node], list[Edge]]:
        """Nothing leads back: a run reads only what runs before it have written."""
        nodes, start = [], 0
        for name, (kind, count) in zip(KNOWN, self.known, strict=True):
            if count:
                nodes.append(self._node(name, range(start, start + count), counted(count, kind)))
            start += count
        for run in range(0, len(self.tape), self.size):
            slots = range(self.first + run, self.first + min(run + self.size, len(self.tape)))
            nodes.append(self._run(f"r{run // self.size}", slots))
        if self.tape.guards:
            questions = counted(len(self.tape.guards), "guard")
            nodes.append(Node("guards", "guard", (Row(questions, "", "title"),), tip=questions))
        return nodes, [Edge(*ends) for ends in self._ends()]

    def _node(self, name: str, slots: range, title: str) -> Node:
        is_output = not self.outputs.isdisjoint(slots)
        return Node(name, "summary", (Row(title, "", "title"),), is_output=is_output, tip=title)

    def _run(self, name: str, slots: range) -> Node:
        title = counted(len(slots), "instruction")
        counts = Counter(operation(self.tape.instructions[s - self.first].op) for s in slots)
        frequent = ", ".join(f"{count:,} {op}" for op, count in counts.most_common(3))
        rows = Row(title, "", "title"), Row(frequent + (" …" if len(counts) > 3 else ""))
        is_output = not self.outputs.isdisjoint(slots)
        return Node(name, "summary", rows, is_output=is_output, tip=f"slots {slots[0]} on")

    def _owner(self, slot: int) -> str:
        if slot >= self.first:
            return f"r{(slot - self.first) // self.size}"
        return KNOWN[bisect(self.starts, slot) - 1]

    def _ends(self) -> list[tuple[str, str]]:
        ends = {
            (self._owner(operand), self._owner(slot)): None
            for slot, instruction in enumerate(self.tape.instructions, self.first)
            for operand in instruction.operands
        }
        sides = (side for guard in self.tape.guards for side in (guard.left, guard.right))
        ends |= {(self._owner(side), "guards"): None for side in sides}
        return [pair for pair in ends if pair[0] != pair[1]]


def _keys(nodes: Sequence[Node]) -> tuple[Key, ...]:
    roles = {node.role for node in nodes}
    keys = (
        Key("leaf", "input or captured value"),
        Key("constant", "constant"),
        Key("operation", "instruction"),
        Key("summary", "several of them"),
        Key("guard", "guard: stays as it was, or the tape does not answer"),
    )
    return (*(key for key in keys if key.sample in roles), Key("output", "output"))
