"""Runs demos one after the other, and leaves their reports on one page, `out/index.html`.

python3 demos                  all of them
python3 demos 002 one_neuron   some; `000` is short for `document_000`
"""

from __future__ import annotations

import contextlib
import importlib
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from demos.page import Entry, address, page
from demos.report import Report

PAGE = Path(__file__).resolve().parent.parent / "out" / "index.html"

# In the order of the page: the smallest idea first.
DEMOS = (
    "derivative_by_hand",
    "stepping_in_a_repl",
    "one_neuron",
    "document_000",
    "document_001",
    "document_002",
    "document_003",
    "document_004",
)

GOOD, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str], *, target: Path = PAGE) -> int:
    """Run the demos that are named, or all; 0 if every claim of every one holds."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal's own signs
    if {"-h", "--help"} & set(arguments):
        print(f"{__doc__}\nThere are: {', '.join(DEMOS)}")
        return GOOD
    unknown = [argument for argument in arguments if full_name(argument) not in DEMOS]
    if unknown:
        names = ", ".join(map(repr, unknown))
        print(f"there is no demo {names}; there are: {', '.join(DEMOS)}", file=sys.stderr)
        return MISUSED
    wanted = list(dict.fromkeys(map(full_name, arguments))) or list(DEMOS)
    return run(sorted(wanted, key=DEMOS.index), target)


def full_name(name: str) -> str:
    """`002`, or `2`, is `document_002`; other names are what they are."""
    name = name.removesuffix(".py").replace("-", "_")
    return f"document_{name:0>3}" if name.isdecimal() else name


def run(names: Sequence[str], target: Path) -> int:
    """Run these demos; the page is rewritten after each, so it always holds what is finished."""
    entries: list[Entry] = []
    for number, name in enumerate(names, 1):
        began = time.monotonic()
        print(f"[{number}/{len(names)}] {name}", file=sys.stderr, flush=True)
        try:
            with noticing_interrupts():
                finished = entry(name)
        except KeyboardInterrupt:
            left = ", ".join(names[number - 1 :])
            note = f"This run was interrupted. Not finished: {left}."
            write(target, page(entries, note=note))
            print(f"\ninterrupted; what is finished is in {target}", file=sys.stderr)
            return INTERRUPTED
        entries.append(finished)
        for beside in finished.pages:
            write(target.with_name(address(name, beside)), beside.html)
        write(target, page(entries))
        print(f"{finished.summary}\n  {time.monotonic() - began:.1f} s\n", flush=True)
    print(f"The page: {target}")
    return GOOD if all(entry.report and entry.report.holds for entry in entries) else FAILED


def entry(name: str) -> Entry:
    """A demo's report, or what went wrong: one that fails must not lose the others."""
    try:
        report: Report = importlib.import_module(f"demos.{name}").main()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is shown and counted
        traceback.print_exc()
        return Entry(name, trouble=f"This demo failed: {type(error).__name__}: {error}")
    return Entry(name, report)


@contextlib.contextmanager
def noticing_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end if there was a Ctrl-C within, whoever dealt with it.

    Training answers Ctrl-C by returning what was learnt so far, which is no finished demo.
    """
    noticed = False
    old = signal.getsignal(signal.SIGINT)

    def notice(number: int, frame: FrameType | None) -> None:
        nonlocal noticed
        noticed = True
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, notice)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
    if noticed:
        raise KeyboardInterrupt


def write(path: Path, text: str) -> None:
    """Write so that a reader sees the old page or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.replace(path)
