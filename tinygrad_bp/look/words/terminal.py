r"""Text as the terminal can show it: as it is, or in plain ASCII; and with rich's colours.

A view is written once, in Unicode, and its `__repr__` returns `fitted(text)`. Nothing here
writes escape codes: colours come from rich alone, which knows NO_COLOR and what the terminal can.

>>> in_ascii("∂L/∂w = 2·x → 6")
'dL/dw = 2*x -> 6'
"""

from __future__ import annotations

import os
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, TextIO

from tinygrad_bp.basics.escapes import html, visible

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Printed", "can_show", "fitted", "in_ascii", "rich_text"]

# What stands in columns or in a tree keeps its width.
GLYPHS = str.maketrans(
    {
        **dict.fromkeys("│┃║", "|"),
        **dict.fromkeys("─━═—–−", "-"),
        **dict.fromkeys("├┝┞┌┐┘┬┴┼╭╮╯", "+"),
        **dict.fromkeys("└╰", "`"),
        **dict.fromkeys("·×", "*"),
        **dict.fromkeys("•●◆■", "*"),
        **dict.fromkeys("○◇□", "o"),
        **dict.fromkeys("▶►▸→", ">"),
        **dict.fromkeys("◀◄◂←", "<"),
        **dict.fromkeys("▲△↑", "^"),
        **dict.fromkeys("▼▽↓", "v"),
        **dict.fromkeys("“”″", '"'),
        **dict.fromkeys("\u2018\u2019′", "'"),
        "→": "->",
        "←": "<-",
        "⏎": " ",
        "…": "...",
        "∂": "d",
        "Δ": "delta ",
        "δ": "delta ",
        "Σ": "sum ",
        "∑": "sum ",
        "√": "sqrt ",
        "½": "1/2",
        "²": "**2",
        "³": "**3",
        "≈": "~",
        "≠": "!=",
        "≤": "<=",
        "≥": ">=",
        "∞": "inf",
        "✓": "ok",
        "✗": "no",
    }
)


def fitted(text: str, stream: TextIO | None = None) -> str:
    """The text if the terminal can show it, else the same in ASCII.

    >>> from io import StringIO
    >>> fitted("2 → 3", StringIO())
    '2 → 3'

    `stream` is where it will be printed, standard output unless told.
    """
    return text if can_show(text, stream) else in_ascii(text)


def can_show(text: str, stream: TextIO | None = None) -> bool:
    """Whether the stream's encoding has the characters, and no dumb terminal is behind it."""
    if text.isascii():
        return True
    stream = stream or sys.stdout
    if os.environ.get("TERM") == "dumb" and stream is not None and stream.isatty():
        return False
    # A StringIO has no encoding, and pythonw has no stream: what holds text holds any.
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def in_ascii(text: str) -> str:
    r"""The text with ASCII for each mark of ours, and Python's escapes for what remains.

    >>> in_ascii("├─ α"), in_ascii("½ (5 − 3)²")
    ('+- \\u03b1', '1/2 (5 - 3)**2')
    """
    return text.translate(GLYPHS).encode("ascii", "backslashreplace").decode("ascii")


def rich_text(text: str, styles: Mapping[str, str]) -> Text:
    r"""The text for rich, with a style wherever a pattern matches; what `__rich__` returns.

    Of a pattern with a group only the group is styled: `r"(\w+) ="` is the name before a `=`.
    The text is never read as rich's markup, so a label such as `w[0]` stays what it is.
    """
    # Only rich calls `__rich__`, so rich is there.
    from rich.text import Text

    result = Text(text, no_wrap=True)
    for pattern, style in styles.items():
        for match in re.finditer(pattern, text, re.MULTILINE):
            result.stylize(style, *match.span(match.lastindex or 0))
    return result


class Printed(ABC):
    """What prints as its text: in ASCII where a terminal takes no more, and coloured by rich."""

    _styles: ClassVar[Mapping[str, str]]
    """What `rich_text` takes."""

    @abstractmethod
    def _lines(self) -> Iterable[str]:
        """The lines of it, in Unicode."""

    @property
    def text(self) -> str:
        """What is printed, in Unicode, whatever the terminal can show."""
        return "\n".join(map(visible, self._lines()))

    def _as_html(self, above: str = "", below: str = "") -> str:
        """The text between pictures, in which MathJax must not look for formulas."""
        text = f"<pre>{html(self.text)}</pre>"
        return f'<div class="tex2jax_ignore mathjax_ignore">{above}{text}{below}</div>'

    def __repr__(self) -> str:
        return fitted(self.text)

    def __rich__(self) -> Text:
        return rich_text(repr(self), self._styles)
