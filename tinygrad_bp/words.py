"""Words that messages are made of."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """The number with its noun.

    >>> counted(1, "value"), counted(2_000, "value"), counted(2, "leaf", "leaves")
    ('1 value', '2,000 values', '2 leaves')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
