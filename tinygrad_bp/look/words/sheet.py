"""A sheet of text: a headline, and under it rows with a heading each, folded at a width.

>>> for line in sheet("lint of loss: 1 finding", [("what", "a leaf"), ("why", "it is idle")]):
...     print(line)
lint of loss: 1 finding
<BLANKLINE>
    what   a leaf
    why    it is idle
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tinygrad_bp.basics.lines import SourceLine
from tinygrad_bp.core.value import Value
from tinygrad_bp.look.words.text import plain, shortened

__all__ = ["STYLES", "line_rows", "listed", "name_of", "sheet"]

INDENT = "    "
WIDTH = 100
MOST = 4
LONGEST_NAME = 40
LONGEST_CODE = 80

STYLES = {
    r"\A.*": "bold",
    r"\bnan\b|\binf\b": "bold red",
    r"^ {4}(\w+) {2,}": "cyan",
    r"^(\d+  .*)": "bold",
}
"""For rich."""


def sheet(headline: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The lines of a sheet; a row without text is left out."""
    yield headline
    yield ""
    shown = [(heading, text) for heading, text in rows if text]
    width = max((len(heading) for heading, _ in shown), default=0) + 3
    for heading, text in shown:
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=f"{INDENT}{heading:{width}}",
            subsequent_indent=INDENT + " " * width,
            # A path or a line of the user's stays what it is.
            break_long_words=False,
            break_on_hyphens=False,
        )


def line_rows(line: SourceLine) -> Iterator[tuple[str, str]]:
    """Where a line of the user's stands, and what stands in it."""
    inside = "" if line.function.startswith("<") else f", in {line.function}"
    yield "line", f"{line.file}, line {line.line}{inside}"
    yield "code", shortened(line.text, LONGEST_CODE)


def listed(things: Sequence[str]) -> str:
    """The first few of many names.

    >>> listed(["a", "b"]), listed(list("abcdefgh"))
    ('a, b', 'a, b, c, d and 4 more')
    """
    rest = f" and {len(things) - MOST:,} more" if len(things) > MOST else ""
    return ", ".join(things[:MOST]) + rest


def name_of(node: Value, names: Mapping[Value, str]) -> str:
    """The node's name, shortened; of a constant without one its number."""
    return shortened(names.get(node, ""), LONGEST_NAME) or plain(node._data)
