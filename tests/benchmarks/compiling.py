"""What `compile` costs, once and at each call: `python3 -m tests.benchmarks.compiling`.

The function is the loss of a sigmoid network with its gradient by every weight.
"""

from __future__ import annotations

import random
import sys
import time
import timeit
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import tinygrad_bp as tg
from tinygrad_bp.basics import structure
from tinygrad_bp.tape.routes.reading import ReaderRoute
from tinygrad_bp.tape.routes.routes import MachineRoute, SourceRoute

NETWORKS = ([3, 4, 4, 1], [64, 30, 10], [784, 30, 10])
ROWS = 64
MOST = 30_000


def loss(layers: Sequence[Any], x: Any, y: Any) -> Any:
    """The squared error; a layer has a row for each neuron, its bias last."""
    for layer in layers:
        x = [tg.sigmoid(tg.dot(row[:-1], x) + row[-1]) for row in layer]
    return tg.sum([(output - label) ** 2 for output, label in zip(x, y, strict=True)])


def example(sizes: Sequence[int]) -> tuple[Any, ...]:
    """Weights, inputs and labels."""
    rng = np.random.default_rng(0)
    shapes = zip(sizes[1:], sizes, strict=False)
    layers = [rng.normal(size=(outputs, inputs + 1)) / inputs for outputs, inputs in shapes]
    return layers, rng.random(sizes[0]), rng.random(sizes[-1])


def seconds(work: Callable[[], Any], least: float = 0.2) -> float:
    """The best of five, each long enough to be measured."""
    number = max(1, int(least / max(timeit.timeit(work, number=1), 1e-7)))
    return min(timeit.repeat(work, timer=time.process_time, number=number, repeat=5)) / number


def once(work: Callable[[], Any]) -> float:
    """How long it takes the first time."""
    start = time.process_time()
    work()
    return time.process_time() - start


def report(sizes: Sequence[int]) -> str:
    """One row of the table."""
    layers, x, y = arguments = example(sizes)
    function = tg.value_and_grad(loss)
    tape = tg.record(function, *arguments)
    source = SourceRoute(tape)
    numbers = [float(number) for number in structure.numbers(arguments)]
    compiled = tg.compile(function)
    batch = [w[None] for w in layers], np.repeat(x[None], ROWS, 0), np.repeat(y[None], ROWS, 0)
    name = "-".join(map(str, sizes))
    return (
        f"{name:10} {len(tape):13,} {once(lambda: compiled(*arguments)):12.2f} "
        f"{once(lambda: compiled.map(*batch)):12.2f} "
        f"{seconds(lambda: compiled(*arguments)) * 1e6:9.1f} "
        f"{seconds(lambda: compiled.map(*batch)) / ROWS * 1e6:9.2f} "
        f"{seconds(lambda: source(numbers)) * 1e6:9.1f} "
        f"{seconds(lambda: tape(*arguments)) * 1e6:9.1f}"
    )


def written_out(layers: Sequence[Any], x: Any, y: Any) -> Any:
    """The same with an operation for each product and each addition."""
    for layer in layers:
        outputs = []
        for *row, bias in layer:
            for weight, number in zip(row, x, strict=True):
                bias = bias + weight * number
            outputs.append(tg.sigmoid(bias))
        x = outputs
    return tg.sum([(output - label) ** 2 for output, label in zip(x, y, strict=True)])


def chain(length: int) -> Callable[[Any, Any], Any]:
    """Additions and multiplications, each of what was just computed."""

    def function(x: Any, y: Any) -> Any:
        s = x
        for _ in range(length // 4):
            s = s * y + x
            y = y * 0.999 - s
        return s

    return function


def irregular(length: int) -> Callable[[Any, Any], Any]:
    """Seven operations in no order, of any of the last thousand results."""

    def function(x: Any, y: Any) -> Any:
        rng, found = random.Random(0), [x, y]
        while len(found) < length:
            a, b = rng.choice(found[-50:]), rng.choice(found[-1000:])
            kind = rng.randrange(7)
            if kind == 0:
                found.append(tg.tanh(a))
            elif kind < 4:
                found.append((a + b, a - b, tg.maximum(a, b))[kind - 1])
            else:
                found.append((a * b, tg.where(a, b, a), a / 2.0)[kind - 4])
        return tg.sum(found[-50:])

    return function


def long_report(name: str, function: Callable[..., Any], *arguments: Any) -> str:
    """A row for a long program: how long until the first result, and each time after it."""
    began = time.process_time()
    tape = tg.record(function, *arguments)
    recorded = time.process_time() - began
    numbers = [float(number) for number in structure.numbers(arguments)]
    began = time.process_time()
    route = ReaderRoute(tape)
    route(numbers)
    first = time.process_time() - began
    columns = np.repeat(np.array(numbers)[:, None], ROWS, axis=1)
    results = np.empty((len(structure.numbers(tape.outputs)), ROWS))
    route.rows(columns, results, 0)
    each = 1e9 / len(tape)
    cells = (
        name,
        f"{len(tape):,}",
        f"{recorded:.2f}",
        f"{first:.2f}",
        f"**{seconds(lambda: route(numbers)) * each:.1f}**",
        f"**{seconds(lambda: route.rows(columns, results, 0)) / ROWS * each:.2f}**",
        *compiled_cells(tape, numbers, columns, results),
    )
    return f"| {' | '.join(cells)} |"


def compiled_cells(tape: tg.Tape, numbers: Any, columns: Any, results: Any) -> list[str]:
    """The same when the whole of it is compiled, where that is no matter of minutes."""
    if len(tape) > MOST:
        return ["", "", ""]
    began = time.process_time()
    route = MachineRoute(tape)
    route(numbers)
    first = time.process_time() - began
    route.rows(columns, results, 0)
    each = 1e9 / len(tape)
    one = seconds(lambda: route(numbers)) * each
    many = seconds(lambda: route.rows(columns, results, 0)) / ROWS * each
    return [f"{first:.2f}", f"{one:.1f}", f"{many:.2f}"]


def long() -> None:
    """Long programs, read as data; and compiled, up to 30,000 instructions."""
    titles = (
        "program",
        "instructions",
        "recorded, s",
        "then first result, s",
        "an instruction, ns",
        "of a batch, ns",
        "compiled: first result, s",
        "an instruction, ns",
        "of a batch, ns",
    )
    for row in (titles, ["---"] * len(titles)):
        print(f"| {' | '.join(row)} |")
    gradient, network = tg.value_and_grad(loss), tg.value_and_grad(written_out)
    programs: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
        ("64-30-10 and its gradient", gradient, example([64, 30, 10])),
        ("784-30-10 and its gradient", gradient, example([784, 30, 10])),
        ("the same, written out", network, example([784, 30, 10])),
        ("seven operations, no order", irregular(3_000), (0.5, 0.25)),
        ("seven operations, no order", irregular(20_000), (0.5, 0.25)),
        ("seven operations, no order", irregular(1_000_000), (0.5, 0.25)),
        ("a chain of sums and products", chain(1_000_000), (0.5, 0.25)),
    ]
    for name, function, arguments in programs:
        print(long_report(name, function, *arguments), flush=True)


def short() -> None:
    """What a call costs, and networks of some sizes."""
    line = tg.compile(lambda x, y: x * y + x)
    total = tg.compile(tg.sum)
    hundred = np.arange(100.0)
    line(1.0, 2.0), total(hundred)
    print(f"a call of two numbers: {seconds(lambda: line(1.0, 2.0)) * 1e6:.2f} us")
    print(f"a call of an array of 100: {seconds(lambda: total(hundred)) * 1e6:.2f} us")
    print(
        "           instructions first call/s  first map/s   call/us map's row source/us   tape/us"
    )
    for sizes in NETWORKS:
        print(report(sizes), flush=True)


SECTIONS = {"short": short, "long": long}

if __name__ == "__main__":
    for section in sys.argv[1:] or SECTIONS:
        SECTIONS[section]()
