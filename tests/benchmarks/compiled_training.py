"""Training from a tape, beside NumPy, the peers, and C written by hand.

`python3 -m tests.benchmarks.compiled_training` prints all tables; names measure that only.
"""

from __future__ import annotations

import os

# Before NumPy and JAX are imported: they start their threads then, and this is one thread each.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from tests.benchmarks import compiled_000, compiled_digits, compiled_moons, training_step
from tests.benchmarks.contest import Contender, contest
from tinygrad_bp.nn.fit import courses, machine_training as training, source_training

Peer = tuple[Contender | None, float]
"""A contender, if it is installed, and by how many times it shall be left behind."""

HEADER = ("work", "peer", "peer, µs", "ours, µs", "times as fast", "middle half", "to reach")
ROUNDS = 7
FEW = 2_000  # passes of what takes fifty times as long


def main(names: Sequence[str]) -> int:
    """Print the sections with these names, or all."""
    unknown = set(names) - set(SECTIONS)
    if unknown:
        print(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
        return 2
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}\n")
    for name in names or SECTIONS:
        SECTIONS[name]()
        print(flush=True)
    return 0


def one_by_one() -> None:
    """Document 000, a step for each example."""
    peers = [
        (training_step.by_arrays(), 150.0),
        (compiled_000.by_micrograd(), 1500.0),
        (compiled_000.by_micrograd_with_sigmoid(), 0.0),
        (compiled_000.by_torch(), 1000.0),
        (compiled_000.by_casadi(), 5.0),
        (compiled_000.by_jax_calls(), 0.0),
        (compiled_000.by_jax_scan(), 2.0),
        (compiled_000.by_c(losses=True), 1.0),
        (compiled_000.by_c(losses=False), 1.0),
    ]
    title(*HEADER)
    compare("000, one example per step", compiled_000.by_fit(batch_size=1), peers)


def together() -> None:
    """Document 000, all examples in each step."""
    title(*HEADER)
    ours = compiled_000.by_fit(batch_size=4)
    compare("000, all together", ours, [(compiled_000.by_batches(), 150.0)])


def digits() -> None:
    """An epoch of the 64-30-10 network, for several batch sizes; times are for an example."""
    title(*HEADER)
    for batch_size, goal in ((1, 6.0), (8, 3.0), (32, 1.3), (256, 0.8)):
        peers = [
            (compiled_digits.by_numpy(batch_size), goal),
            (compiled_digits.by_torch(batch_size), 1.0),
            (compiled_digits.by_jax(batch_size), 1.0),
        ]
        ours = compiled_digits.by_fit(batch_size)
        compare(f"digits, batch {batch_size}", ours, peers)


def fast() -> None:
    """What `fast=True` buys: the same work beside exact arithmetic, and beside the peers."""
    title(*HEADER)
    for work, batch_size in (("one example per step", 1), ("all together", 4)):
        ours = compiled_000.by_fit(batch_size=batch_size, fast=True)
        exact = replace(compiled_000.by_fit(batch_size=batch_size), name=EXACT)
        others = [compiled_000.by_c(losses=True)] if batch_size == 1 else []
        compare(f"000, {work}", ours, [(exact, 0.0), *((other, 0.0) for other in others)])
    for batch_size in (1, 8, 32, 256):
        ours = compiled_digits.by_fit(batch_size, fast=True)
        peers = [
            (replace(compiled_digits.by_fit(batch_size), name=EXACT), 0.0),
            (compiled_digits.by_numpy(batch_size), 0.0),
            (compiled_digits.by_jax(batch_size), 0.0),
        ]
        compare(f"digits, batch {batch_size}", ours, peers)


EXACT = "tinygrad_bp, exact"


def moons() -> None:
    """The demo of micrograd, with compilation and once compiled; times are for one of 100 steps."""
    title(*HEADER)
    for name, compiled in (("moons, end to end", None), ("moons, by LLVM, end to end", True)):
        ours = compiled_moons.by_fit(forget, compiled=compiled)
        compare(name, ours, [(compiled_moons.by_micrograd(), 300.0)], rounds=3)
    compiled = compiled_moons.by_fit()
    compare("moons, once compiled", compiled, [(compiled_moons.by_micrograd(), 3000.0)], rounds=3)


def source() -> None:
    """What generated Python does, where llvmlite is not installed."""
    title(*HEADER)
    with without_llvm():
        one = compiled_000.by_fit(batch_size=1, passes=FEW)
        peers = [(training_step.by_arrays(), 2.0), (compiled_000.by_micrograd(), 0.0)]
        compare("000, one example per step", one, peers)
        together = compiled_000.by_fit(batch_size=4, passes=FEW)
        compare("000, all together", together, [(compiled_000.by_batches(), 0.0)])
        for batch_size in (1, 32):
            ours = compiled_digits.by_fit(batch_size, epochs=1)
            peers = [(compiled_digits.by_numpy(batch_size), 0.0)]
            compare(f"digits, batch {batch_size}", ours, peers)
        ours = compiled_moons.by_fit()
        compare("moons, end to end", ours, [(compiled_moons.by_micrograd(), 10.0)], rounds=3)


@contextmanager
def without_llvm() -> Iterator[None]:
    """As where llvmlite is not installed."""
    before, courses.has_llvm = courses.has_llvm, lambda: False
    try:
        yield
    finally:
        courses.has_llvm = before


def break_even() -> None:
    """From how many evaluations of an example on each route is the quickest, all included."""
    title("work", "eager", "source", "machine code", "source from", "machine code from")
    works: list[tuple[str, Callable[..., object], int]] = [
        ("000, one example per step", partial(compiled_000.fitted, batch_size=1), 4),
        ("digits, batch 8", partial(compiled_digits.fitted, examples=16), 16),
        ("moons", compiled_moons.trained, 100),
    ]
    for name, run, examples in works:
        eager = line(partial(run, compiled=False), examples, 100)
        machine = line(partial(run, compiled=True), examples, 50_000)
        with without_llvm():
            source = line(partial(run, compiled=True), examples, 2_000)
        times = [
            f"{fixed * 1e3:.1f} ms + {each * 1e6:.2f} µs"
            for fixed, each in (eager, source, machine)
        ]
        where = [f"**{crossing(*pair):,.0f}**" for pair in ((eager, source), (source, machine))]
        print(f"| {' | '.join([name, *times, *where])} |", flush=True)


def line(run: Callable[[int], object], examples: int, evaluations: int) -> tuple[float, float]:
    """The seconds that it takes once and for each evaluation of an example; nothing is ready."""
    epochs = 1 + evaluations // examples
    few, many = (statistics.median(seconds(run, n) for _ in range(5)) for n in (1, epochs))
    each = (many - few) / (epochs - 1) / examples
    return few - each * examples, each


def seconds(run: Callable[[int], object], epochs: int) -> float:
    """The processor's time."""
    forget()
    began = time.process_time()
    run(epochs)
    return time.process_time() - began


def forget() -> None:
    """Nothing is ready."""
    training.forget()
    source_training.functions.clear()


def crossing(slow: tuple[float, float], quick: tuple[float, float]) -> float:
    """After how many evaluations the one that starts later is ahead."""
    return (quick[0] - slow[0]) / (slow[1] - quick[1])


def first_calls() -> None:
    """The seconds until the first epoch is done, with nothing compiled before."""
    title("first call of `fit`", "seconds", "to reach")
    first_call("000, one example per step", lambda: compiled_000.fitted(1, 1), 0.15)
    first_call("000, all together", lambda: compiled_000.fitted(1, 4), 0.15)
    for batch_size in (1, 8, 256):
        first_call(
            f"digits, batch {batch_size}",
            lambda size=batch_size: compiled_digits.prepared(size)[0](1),  # type: ignore[misc]  # a default binds
            2.0,
        )


def first_call(name: str, call: Callable[[], object], goal: float) -> None:
    """A row: the median of some calls, each of which has to compile."""
    found = [seconds(lambda _: call(), 1) for _ in range(5)]
    print(f"| {name} | **{statistics.median(found):.2f}** | {goal} |", flush=True)


def compare(work: str, ours: Contender, peers: Sequence[Peer], rounds: int = ROUNDS) -> None:
    """A row for each peer that is there: how many times as long as ours it takes."""
    there = [(contender, goal) for contender, goal in peers if contender is not None]
    mine, *others = contest([ours, *(contender for contender, _ in there)], rounds)
    for times, (_, goal) in zip(others, there, strict=True):
        ratios = times.ratios_to(mine)
        quarter = len(ratios) // 4
        cells = (
            work,
            times.name,
            f"{figure(times.median * 1e6)}",
            f"{figure(mine.median * 1e6)}",
            f"**{figure(statistics.median(ratios))}**",
            f"{figure(ratios[quarter])} to {figure(ratios[-1 - quarter])}",
            f"{goal:g}" if goal else "",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


def figure(number: float) -> str:
    """Three digits of it."""
    rounded = float(f"{number:.3g}")
    return f"{rounded:,.0f}" if rounded >= 1000 else f"{rounded:g}"


def title(*cells: str) -> None:
    """The head of a table."""
    for row in (cells, ["---"] * len(cells)):
        print(f"| {' | '.join(row)} |")


SECTIONS = {
    "one": one_by_one,
    "together": together,
    "digits": digits,
    "fast": fast,
    "moons": moons,
    "source": source,
    "even": break_even,
    "first": first_calls,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
