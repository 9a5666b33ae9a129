"""`python3 -m tests.trial.million` tries a million random programs and writes docs/accuracy.md.

Numbers after it: how many programs, and the number of the first. What was done so far is kept in
a file, so that an interrupted run goes on; parts may run side by side, each with its own first.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tinygrad_bp as tg
from tests.page import put_section
from tests.table.agreement import (
    TRUNCATION,
    bounds,
    built,
    central_difference,
    forward,
    forward_bound,
)
from tests.trial.drawn import expression
from tinygrad_bp.basics import structure
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.tape.routes.routes import MachineRoute, SourceRoute

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
KEPT = Path(__file__).parents[2] / ".benchmarks" / "million"
COMMAND = "python3 -m tests.trial.million"
PIECE = 1000
"""So many programs between two savings."""
TAPES, MACHINES = 10, 200
"""Of so many programs, one is replayed from a tape and as source, and one as machine code."""


def main(arguments: Sequence[str]) -> int:
    """Try the programs of each piece that is not done yet, then write what all pieces found."""
    count, first = [*map(int, arguments), *(1_000_000, 0)[len(arguments) :]]
    KEPT.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    for start in range(first, first + count, PIECE):
        kept = KEPT / f"{start}.json"
        if not kept.exists():
            found = tried(range(start, start + PIECE))
            kept.write_text(json.dumps(found), encoding="utf-8")
            done = start + PIECE - first
            sys.stdout.write(f"\r{done:,} programs, {time.monotonic() - began:,.0f} s ")
            sys.stdout.flush()
    total: Counter[str] = Counter()
    for kept in KEPT.glob("*.json"):
        total.update(json.loads(kept.read_text(encoding="utf-8")))
    put_section(PAGE, COMMAND, "\n".join(table(total)))
    return int(total["disagreements"] > 0)


def tried(seeds: range) -> Counter[str]:
    """What was counted in the programs with these numbers."""
    count: Counter[str] = Counter()
    for seed in seeds:
        program = expression(seed)
        count["programs"] += 1
        count["operations"] += len(program.steps)
        for what, is_right in comparisons(seed, program):
            count[what] += 1
            if not is_right:
                count["disagreements"] += 1
                sys.stdout.write(f"\nprogram {seed}, {what}: {program!r}\n")
    return count


def comparisons(seed: int, program: Expression) -> Iterator[tuple[str, bool]]:
    """What was compared, and whether it agreed."""
    leaves, output = built(program)
    found = tg.gradient(output, leaves)
    for index, (slope, bound) in enumerate(zip(found, bounds(program), strict=True)):
        apart = abs(slope - forward(program, index))
        yield "backward and forward", apart <= bound + forward_bound(program, index)
        if bound > 1e-9 * (1.0 + abs(slope)):
            yield "left open", True
            continue
        exact = central_difference(program, index)
        if exact == 0:
            yield "truths that are 0", True
        yield "backward and truth", bool(abs(slope - exact) <= bound + TRUNCATION)
    output.backward()
    yield "grad and gradient", same(found, [leaf.grad + 0.0 for leaf in leaves])
    if seed % TAPES == 0:
        yield from routes(program, [output.data, *found], seed)


def routes(program: Expression, expected: Sequence[float], seed: int) -> Iterator[tuple[str, bool]]:
    """The value and the gradient from a tape, to the last bit."""
    tape = tg.record(tg.value_and_grad(lambda xs: program(*xs)), list(program.inputs))
    numbers = structure.numbers
    yield "tapes", same(numbers(tape(list(program.inputs))), expected)
    yield "generated programs", same(numbers(SourceRoute(tape)(program.inputs)), expected)
    if seed % MACHINES == 0:
        yield "machine programs", same(numbers(MachineRoute(tape)(program.inputs)), expected)


def same(found: Sequence[Any], expected: Sequence[Any]) -> bool:
    """Equal as numbers; no program makes a `nan`."""
    return list(found) == list(expected)


def table(total: Counter[str]) -> Iterator[str]:
    """The counts, in words."""
    yield (
        f"{total['programs']:,} programs of {total['operations'] / total['programs']:.1f} "
        f"operations on average: **{total['disagreements']} disagreements**.\n"
    )
    yield "| compared | how often |"
    yield "| --- | --- |"
    for what, name in WORDS.items():
        yield f"| {name} | {total[what]:,} |"


WORDS = {
    "backward and truth": "the derivative by an input, with a central difference to 50 digits",
    "truths that are 0": "of these, derivatives that are 0",
    "left open": "left open, since rounding alone may move the derivative by 1e-9",
    "backward and forward": "the derivative by an input, with the forward sweep",
    "grad and gradient": "all gradients that `backward` stores, with `gradient`, to the last bit",
    "tapes": "value and gradient, with a tape that is replayed, to the last bit",
    "generated programs": "value and gradient, with the tape's source, to the last bit",
    "machine programs": "value and gradient, with the tape's machine code, to the last bit",
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
