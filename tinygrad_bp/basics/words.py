"""Words that messages are made of."""

from __future__ import annotations

from tinygrad_bp.basics.escapes import visible


def counted(number: int, one: str, many: str = "") -> str:
    """The number with its noun.

    >>> counted(1, "value"), counted(2_000, "value"), counted(2, "leaf", "leaves")
    ('1 value', '2,000 values', '2 leaves')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def brief(thing: object, most: int = 60) -> str:
    """How Python writes a thing, on one line; of a long text the start.

    >>> brief([1.0] * 30, most=12)
    '[1.0, 1.0...'
    """
    text = visible(repr(thing))
    return text if len(text) <= most else f"{text[: most - 3]}..."
