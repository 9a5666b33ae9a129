"""What `compile` costs, once and at each call: `python3 -m tests.benchmarks.compiling`.

The function is the loss of a sigmoid network with its gradient by every weight.
"""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import tinygrad_bp as tg
from tinygrad_bp.tape.routes import SourceRoute

NETWORKS = ([3, 4, 4, 1], [64, 30, 10], [784, 30, 10])
ROWS = 64


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
    return min(timeit.repeat(work, number=number, repeat=5)) / number


def once(work: Callable[[], Any]) -> float:
    """How long it takes the first time."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def report(sizes: Sequence[int]) -> str:
    """One row of the table."""
    layers, x, y = arguments = example(sizes)
    function = tg.value_and_grad(loss)
    tape = tg.record(function, *arguments)
    source = SourceRoute(tape)
    numbers = [float(number) for number in tg.structure.numbers(arguments)]
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


def main() -> None:
    """Print the table."""
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


if __name__ == "__main__":
    main()
