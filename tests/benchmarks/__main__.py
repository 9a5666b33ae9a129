"""`python3 -m tests.benchmarks` measures everything; names of sections measure these only.

`-torch` leaves a peer out.
The tables are Markdown, so that what is printed is what a page quotes.
"""

from __future__ import annotations

import platform
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from tests.benchmarks import (
    chain,
    diagnosing,
    explaining,
    memory,
    relu_network,
    stages,
    stepping,
    training_step,
)
from tests.benchmarks.contest import Contender, contest
from tests.benchmarks.peers import left_out

Row = Sequence[str]


def main(arguments: Sequence[str]) -> int:
    """Print the sections with these names, or all."""
    names = [argument for argument in arguments if not argument.startswith("-")]
    left_out.update(argument[1:] for argument in arguments if argument.startswith("-"))
    unknown = set(names) - set(SECTIONS)
    if unknown:
        print(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
        return 2
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}\n")
    for name in names or SECTIONS:
        SECTIONS[name]()
    return 0


def network() -> None:
    """Loss and gradient of a network of ReLUs."""
    print("### 2-20-30-30-1 ReLU network, 20 examples: build the loss, go back\n")
    compare(relu_network.contenders())


def gradient() -> None:
    """Loss and gradient of document 000's network."""
    print("### Document 000's 3-4-4-1 network on one example: build the loss, go back\n")
    compare(training_step.gradient_contenders())


def step() -> None:
    """Training steps of document 000."""
    print("### Document 000: a training step of the 3-4-4-1 network on one example\n")
    compare(training_step.contenders())


def compare(contenders: Sequence[Contender]) -> None:
    """Each contender's time, and the ratios of this engine's two rows to it."""
    times = contest(contenders)
    first, second, *_ = times
    show(
        ["program", "µs", f"{first.name} / it", f"{second.name} / it"],
        (
            [
                one.name,
                f"{one.median * 1e6:,.1f}",
                spread(first.ratios_to(one)),
                spread(second.ratios_to(one)),
            ]
            for one in times
        ),
    )


def spread(ratios: Sequence[float]) -> str:
    """The median, and between what the middle half of the rounds lies."""
    quarter = len(ratios) // 4
    middle = ratios[len(ratios) // 2]
    return f"**{middle:.2f}** ({ratios[quarter]:.2f} to {ratios[-1 - quarter]:.2f})"


def bytes_per_node() -> None:
    """What a node takes."""
    print("### Bytes for each node of the 2-20-30-30-1 network's graph\n")
    show(
        ["program", "nodes", "built", "after backward", "peak in backward"],
        (
            [m.name, f"{m.nodes:,}", *(f"{x:.0f}" for x in (m.built, m.gone_back, m.peak))]
            for m in memory.memories()
        ),
    )


def long_chain() -> None:
    """Linearity."""
    print("### A chain of n nodes: microseconds for each node\n")
    found = chain.seconds_of_lengths()
    shortest, *_, longest = chain.LENGTHS
    per_node = {n: {k: s / n * 1e6 for k, s in times.items()} for n, times in found.items()}
    show(
        ["", *(f"n = {n:,}" for n in chain.LENGTHS), "longest / shortest"],
        (
            [
                name,
                *(f"{per_node[n][name]:.2f}" for n in chain.LENGTHS),
                f"**{per_node[longest][name] / per_node[shortest][name]:.2f}**",
            ]
            for name in found[shortest]
        ),
    )
    print(f"Left for the cycle collector after {longest:,}: {chain.garbage(longest)}\n")


def views() -> None:
    """Views of large graphs."""
    print("### Stepping through a chain of n nodes: microseconds\n")
    found = stepping.microseconds_of_lengths()
    short, long = stepping.LENGTHS
    show(
        ["", f"n = {short:,}", f"n = {long:,}", "ratio"],
        (
            [name, f"{one:,.0f}", f"{found[long][name]:,.0f}", f"**{found[long][name] / one:.2f}**"]
            for name, one in found[short].items()
        ),
    )

    print("### Diagnosing a chain of n nodes: microseconds for each node\n")
    compare_lengths(diagnosing.microseconds_per_node())
    print("### Explaining a chain of n nodes: microseconds for each node\n")
    compare_lengths(explaining.microseconds_per_node())
    long = explaining.LENGTHS[-1]
    print(f"`tree` of {long:,} nodes: {explaining.seconds_of_tree() * 1e3:.1f} ms")
    count, seconds = explaining.seconds_of_paths()
    print(f"`explain` of {count:,} paths: {seconds * 1e3:.1f} ms\n")
    print("### Remembering lines: nanoseconds and bytes for each node\n")
    (without, under), bytes_without, bytes_under = diagnosing.cost_of_lines()
    show(
        ["", "ns", "ratio", "bytes"],
        [
            [without.name, f"{without.median * 1e9:.0f}", "", f"{bytes_without:.0f}"],
            [
                under.name,
                f"{under.median * 1e9:.0f}",
                f"**{statistics.median(under.ratios_to(without)):.1f}**",
                f"{bytes_under:.0f}",
            ],
        ],
    )


def where_time_goes() -> None:
    """A profile by stages."""
    print("### Where the time goes: microseconds for each node\n")
    found = stages.shares()
    show(
        ["program", *stages.STAGES],
        ([name, *(f"{x:.2f}" for x in times.values())] for name, times in found.items()),
    )


def compare_lengths(per_node: Mapping[int, Mapping[str, float]]) -> None:
    """Times for each node of a short and of a long chain."""
    short, long = per_node
    show(
        ["", f"n = {short:,}", f"n = {long:,}", "ratio"],
        (
            [
                name,
                f"{one:.2f}",
                f"{per_node[long][name]:.2f}",
                f"**{per_node[long][name] / one:.2f}**",
            ]
            for name, one in per_node[short].items()
        ),
    )


def show(header: Row, rows: Iterable[Row]) -> None:
    """A Markdown table."""
    for row in (header, ["---"] * len(header), *rows):
        print(f"| {' | '.join(row)} |")
    print(flush=True)


SECTIONS: dict[str, Callable[[], None]] = {
    "network": network,
    "gradient": gradient,
    "step": step,
    "memory": bytes_per_node,
    "chain": long_chain,
    "stages": where_time_goes,
    "views": views,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
