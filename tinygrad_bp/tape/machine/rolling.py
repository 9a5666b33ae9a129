"""The regular parts of a long tape, which machine code goes through in loops.

A network's first layer multiplies its weights with the inputs one by one, and the gradient by
a layer's weights is each derivative times each of the layer's inputs. Written out, that is
most of a tape, and its machine code is longer than what a processor keeps at hand: reading
the program takes longer than the arithmetic. In a loop the same operations, in the same order
for each result, are a few instructions.

Vocabulary:  dot      the first terms of a sum: captured values times inputs, both in a row
             product  outputs in a row: one factor times others in a row
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tinygrad_bp.basics import structure
from tinygrad_bp.graph.guard import Guard
from tinygrad_bp.rows.primitives import multiply, sum_
from tinygrad_bp.tape.tape import Instruction, Tape

SHORTEST = 8
"""Terms, or outputs, that are worth a loop; not fewer than it takes at once, eight."""


@dataclass(frozen=True)
class Dot:
    """The sum, from left to right, of captured values times inputs."""

    captured: int
    input: int
    terms: int


@dataclass(frozen=True)
class Product:
    """Outputs from `output` on: a factor times each of others; numbers of extra outputs."""

    factor: int
    others: int
    output: int
    length: int


@dataclass(frozen=True)
class Rolled:
    """A tape without its regular parts, and these.

    Behind its inputs the tape takes the results of the dots. Its outputs are `kept` of the
    whole's, and then the numbers that the products multiply.
    """

    tape: Tape
    dots: tuple[Dot, ...]
    products: tuple[Product, ...]
    kept: tuple[int, ...]


def rolled(tape: Tape) -> Rolled:
    """A tape and its regular parts, told apart."""
    return _Roller(tape).rolled()


class _Roller:
    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.inputs = len(tape.input_slots)
        self.captured = tape.captured_slots
        self.first = tape.result_slots.start
        self.outputs: list[int] = structure.numbers(tape.outputs)
        self.uses = Counter(slot for i in tape.instructions for slot in i.operands)
        self.uses.update(self.outputs)
        self.uses.update(slot for g in tape.guards for slot in (g.left, g.right))

    def rolled(self) -> Rolled:
        dots = self._dots()
        products, extra = self._products()
        in_product = {k for p in products for k in range(p.output, p.output + p.length)}
        kept = tuple(k for k in range(len(self.outputs)) if k not in in_product)
        gone = {self.outputs[k] for k in in_product}
        for slot, dot in dots.items():
            gone.update(self.tape.instructions[slot - self.first].operands[: dot.terms])
        return Rolled(
            tape=self._without(gone, dots, [*(self.outputs[k] for k in kept), *extra]),
            dots=tuple(dots.values()),
            products=tuple(products),
            kept=kept,
        )

    def _factors(self, slot: int) -> tuple[int, int] | None:
        """What is multiplied in a slot, if that is read only once."""
        if slot < self.first or self.uses[slot] > 1:
            return None
        instruction = self.tape.instructions[slot - self.first]
        if instruction.op is not multiply:
            return None
        x, y = instruction.operands
        return x, y

    # Dots ---------------------------------------------------------------------------------

    def _dots(self) -> dict[int, Dot]:
        """By the slot of the sum that they begin."""
        found = {}
        for slot, instruction in enumerate(self.tape.instructions, self.first):
            dot = self._dot(instruction.operands) if instruction.op is sum_ else None
            if dot is not None:
                found[slot] = dot
        return found

    def _dot(self, terms: Sequence[int]) -> Dot | None:
        pairs: list[tuple[int, int]] = []
        for slot in terms:
            factors = self._factors(slot)
            if factors is None:
                break
            pair = (max(factors) - self.inputs, min(factors))
            follows = not pairs or pair == (pairs[-1][0] + 1, pairs[-1][1] + 1)
            if not (follows and pair[0] in range(len(self.captured)) and pair[1] < self.inputs):
                break
            pairs.append(pair)
        return Dot(*pairs[0], len(pairs)) if len(pairs) >= SHORTEST else None

    # Products -----------------------------------------------------------------------------

    def _products(self) -> tuple[list[Product], list[int]]:
        """And the slots of the numbers that they multiply."""
        found: list[Product] = []
        extra: list[int] = []
        places: dict[tuple[int, ...], int] = {}

        def place(slots: tuple[int, ...]) -> int:
            if slots not in places:
                places[slots] = len(extra)
                extra.extend(slots)
            return places[slots]

        k = 0
        while k < len(self.outputs):
            factor, others = self._run(k)
            if len(others) >= SHORTEST:
                found.append(Product(place((factor,)), place(others), k, len(others)))
            k += max(len(others), 1) if len(others) >= SHORTEST else 1
        return found, extra

    def _run(self, k: int) -> tuple[int, tuple[int, ...]]:
        """The factor that the most outputs from here on share, and their other factors."""
        factors = self._factors(self.outputs[k])
        runs = [(factor, self._others(k, factor)) for factor in factors or ()]
        return max(runs, key=lambda run: len(run[1]), default=(0, ()))

    def _others(self, k: int, factor: int) -> tuple[int, ...]:
        others = []
        for slot in self.outputs[k:]:
            pair = self._factors(slot)
            if pair is None or factor not in pair:
                break
            others.append(pair[1] if pair[0] == factor else pair[0])
        return tuple(others)

    # What is left -------------------------------------------------------------------------

    def _without(self, gone: set[int], dots: dict[int, Dot], outputs: list[int]) -> Tape:
        moved = {slot: slot for slot in range(self.inputs)}
        moved |= {slot: slot + len(dots) for slot in range(self.inputs, self.first)}
        results = dict(zip(dots, range(self.inputs, self.inputs + len(dots)), strict=True))
        instructions: list[Instruction] = []
        for slot, instruction in enumerate(self.tape.instructions, self.first):
            if slot in gone:
                continue
            operands = instruction.operands
            if slot in dots:
                rest = tuple(moved[i] for i in operands[dots[slot].terms :])
                if not rest:
                    moved[slot] = results[slot]
                    continue
                operands = (results[slot], *rest)
            else:
                operands = tuple(moved[i] for i in operands)
            moved[slot] = self.first + len(dots) + len(instructions)
            instructions.append(Instruction(instruction.op, operands))
        numbers = structure.numbers(self.tape.inputs)
        return replace(
            self.tape,
            inputs=(*numbers, *[0.0] * len(dots)),
            instructions=tuple(instructions),
            outputs=[moved[slot] for slot in outputs],
            guards=tuple(
                Guard(g.comparison, moved[g.left], moved[g.right], g.outcome, g.line)
                for g in self.tape.guards
            ),
            names=("",) * (self.first + len(dots) + len(instructions)),
        )
