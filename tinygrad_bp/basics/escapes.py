r"""Text on its way out: one function for each language in which it is written.

A label, a key, a file's name or an operation's notation may hold anything. What leaves for a
terminal, a page, a picture or a program passes the function of that target, and no other file
escapes anything. In Python a text is its `repr`, which escapes what `visible` does, and a comment
is `visible`.

>>> visible("a\x1b[31m\u202eb"), markdown("<b>"), latex("50%")
('a\\x1b[31m\\u202eb', '&lt;b&gt;', '50\\%')
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

__all__ = [
    "code",
    "document",
    "dot",
    "html",
    "javascript",
    "latex",
    "lines",
    "markdown",
    "mathtext",
    "visible",
    "xml",
]


class _Shown(dict[int, str]):
    """How each character is shown; found when it first comes, for `str.translate`."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        if character == "\n":
            shown = "⏎"
        elif character == "\t" or unicodedata.category(character) == "Zs":
            shown = " "
        elif character.isprintable():
            shown = character
        else:
            shown = character.encode("unicode_escape").decode("ascii")
        self[point] = shown
        return shown


_SHOWN = _Shown()


def visible(text: str) -> str:
    r"""The text on one line, what cannot be seen in it as Python's escapes: for a terminal.

    So control characters drive no terminal, no text runs backwards, and a lone surrogate, which
    UTF-8 cannot write, can be printed and saved.

    >>> visible("two\nlines"), visible("\x9b2J"), visible("\ud800")
    ('two⏎lines', '\\x9b2J', '\\ud800')
    """
    return text if text.isascii() and text.isprintable() else text.translate(_SHOWN)


def lines(text: str) -> str:
    r"""The same for a text of several lines, which stay lines.

    >>> lines("one\ntwo\r")
    'one\ntwo\\r'
    """
    return "\n".join(map(visible, text.split("\n")))


_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def xml(text: str) -> str:
    """The text on one line of SVG, between tags or within double quotes.

    >>> xml('<a href="&">')
    '&lt;a href=&quot;&amp;&quot;&gt;'
    """
    return visible(text).translate(_XML)


def html(text: str) -> str:
    """Lines of HTML, to stand in a `pre`."""
    return lines(text).translate(_XML)


def document(markup: str) -> str:
    """A whole page of HTML as the value of an attribute."""
    return markup.replace("&", "&amp;").replace('"', "&quot;")


# Entities, since graphviz takes quadratic time over a row of backslashes. Two each: it reads
# entities first, and then escapes such as \N.
_DOT = {**_XML, ord("\\"): "&#92;&#92;"}


def dot(text: str) -> str:
    r"""The text in DOT, within double quotes or between the tags of a label like HTML.

    >>> dot(r"\N <b>")
    '&#92;&#92;N &lt;b&gt;'
    """
    return visible(text).translate(_DOT)


_MARKDOWN = {
    **{ord(mark): f"\\{mark}" for mark in "*_[]~"},
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("&"): "&amp;",
    ord("|"): "&#124;",
    ord("`"): "&#96;",
    # Elements, since MathJax reads what the Markdown has become: $x$, \(x\), \begin{x}.
    ord("$"): "<span>&#36;</span>",
    ord("\\"): "<span>&#92;</span>",
}
_PLAIN_CODE = re.compile(r"[^`|$<>\\&]*[^`|$<>\\&\s]")


def markdown(text: str) -> str:
    r"""The text on one line of Markdown, in which there may be HTML and formulas.

    >>> markdown("[x](y)")
    '\\[x\\](y)'
    """
    return visible(text).translate(_MARKDOWN)


def code(text: str) -> str:
    """The text in the type of code in Markdown, also in a cell of a table.

    >>> code("w * x"), code("`<b>`")
    ('`w * x`', '<code>&#96;&lt;b&gt;&#96;</code>')
    """
    shown = visible(text)
    return f"`{shown}`" if _PLAIN_CODE.fullmatch(shown) else f"<code>{markdown(shown)}</code>"


_LATEX = {
    **{ord(mark): f"\\{mark}" for mark in "#%_{}"},
    ord("\\"): r"{\backslash}",
    ord("^"): r"{\wedge}",
    ord("~"): r"{\sim}",
    ord("*"): r"{\ast}",
    # It may stand in Markdown, whose reader looks for tags, entities, links, code and formulas.
    ord("<"): "{<}",
    ord("&"): r"\&{}",
    ord("]"): "{]}",
    ord("`"): "{\u2018}",
    ord("$"): r"\${}",
}


def latex(text: str) -> str:
    r"""The text in a formula of LaTeX.

    >>> latex(r"\href{x}")
    '{\\backslash}href\\{x\\}'
    """
    return visible(text).translate(_LATEX)


def javascript(data: Any) -> str:
    r"""Data for a script that stands in a page: JSON, the same bytes each time.

    >>> javascript({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    # ASCII: a lone surrogate, which UTF-8 cannot write, goes through as an escape.
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    # What a script element could end on, or begin a comment with.
    return text.translate({ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&"})


def mathtext(text: str) -> str:
    r"""The text for matplotlib, which sets what stands between dollars as a formula.

    >>> mathtext("$x$"), mathtext("_x")
    ('\\$x\\$', ' _x')
    """
    # A legend leaves out what begins with an underscore.
    shown = visible(text).replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown
