"""Text of known width, and short; and numbers as words.

>>> signed(0.00012345, digits=3), signed(-2.0), signed(float("nan"))
('+0.000123', '-2', 'nan')
"""

import math
import unicodedata

from tinygrad_bp.basics.escapes import visible

__all__ = ["columns", "ordinal", "plain", "shortened", "signed", "title_of"]

ELLIPSIS = "…"


def title_of(title: object) -> str:
    """The title of a picture or a page that somebody gave.

    Raises `TypeError` for what is not text.
    """
    if not isinstance(title, str):
        raise TypeError(f"a title is a str, got {type(title).__name__} {title!r}")
    return title


def columns(text: str) -> int:
    r"""How many columns of a monospace font the text takes.

    >>> columns("w.0"), columns("重み"), columns("e\N{COMBINING ACUTE ACCENT}")
    (3, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_column_count, text))


def _column_count(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, limit: int) -> str:
    """The text on one line, if it fits in `limit` columns; else its two ends around an ellipsis.

    >>> shortened("learning_rate", 9)
    'lear…rate'
    """
    text = visible(text)
    if columns(text) <= limit:
        return text
    half = (limit - 1) // 2
    # The end of a path says more than its start, so an odd column goes to the end.
    return _clipped(text, half) + ELLIPSIS + _clipped(text[::-1], limit - 1 - half)[::-1]


def _clipped(text: str, limit: int) -> str:
    end = min(len(text), limit)
    while columns(text[:end]) > limit:
        end -= 1
    return text[:end]


def plain(number: float, digits: int = 4) -> str:
    """The number to so many significant digits.

    >>> plain(1 / 3), plain(-0.0), plain(float("inf"))
    ('0.3333', '0', 'inf')
    """
    # Adding zero turns -0.0 into 0.0: the sign of a zero is noise here.
    return format(number + 0.0, f".{digits}g")


def signed(number: float, digits: int = 4) -> str:
    """The number with its sign in front, so that no reader depends on colour.

    >>> signed(3.0), signed(0.0), signed(float("-inf"))
    ('+3', '0', '-inf')
    """
    if number == 0 or math.isnan(number):
        return plain(number, digits)
    return format(number, f"+.{digits}g")


def ordinal(number: int) -> str:
    """The number as a place in a row.

    >>> [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 102)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '102nd']
    """
    is_teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
