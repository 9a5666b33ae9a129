"""The legend of an SVG picture: samples of the marks that occur, with their meanings.

>>> from tinygrad_bp.look.picture.picture import Key
>>> rows = legend_rows((Key("leaf", "leaf"), Key("bar", "gradient")), 120)
>>> [[key.text for key in row] for row in rows]
[['leaf'], ['gradient']]
"""

from collections.abc import Iterator, Sequence

from tinygrad_bp.look.picture import cards, palette
from tinygrad_bp.look.picture.marks import bar, element, outline, text
from tinygrad_bp.look.picture.picture import Key

__all__ = ["ROW", "legend_marks", "legend_rows"]

ROW = 20
SAMPLE = 30
SPACE = 18


def key_width(key: Key) -> int:
    """Pixels for the sample, its text and the space after it."""
    return SAMPLE + 6 + cards.text_width(key.text, cards.SMALL_COLUMN) + SPACE


def legend_rows(keys: Sequence[Key], width: float) -> list[list[Key]]:
    """The keys in rows that fit the width."""
    rows: list[list[Key]] = []
    used = 0
    for key in keys:
        if not rows or used + key_width(key) - SPACE > width:
            rows.append([])
            used = 0
        rows[-1].append(key)
        used += key_width(key)
    return rows


def legend_marks(rows: Sequence[Sequence[Key]], x: float, y: float) -> Iterator[str]:
    """The marks of all rows, from (x, y) down."""
    for index, row in enumerate(rows):
        left, middle = x, y + index * ROW + ROW / 2
        for key in row:
            yield from _sample(key, left, middle)
            yield text(
                key.text,
                left + SAMPLE + 6,
                middle + 4,
                font_size=cards.SMALL_FONT_SIZE,
                fill=palette.MUTED,
            )
            left += key_width(key)


def _sample(key: Key, x: float, middle: float) -> Iterator[str]:
    stroke: dict[str, str | float | None] = {"fill": palette.PAPER, "stroke": palette.INK}
    if key.sample == "bar":
        yield from bar(-1.0, x, middle - 3, SAMPLE)
        half = x + SAMPLE / 2
        fill = palette.POSITIVE
        yield element("rect", x=half, y=middle - 3, width=SAMPLE / 4, height=6, fill=fill)
    elif key.sample == "alarm":
        yield element("rect", x=x, y=middle - 7, width=SAMPLE, height=14, fill=palette.ALARM)
        yield text("nan", x + SAMPLE / 2, middle + 4, text_anchor="middle", font_weight="bold")
    elif key.sample == "broken":
        line = f"M{x:g} {middle:g}H{x + SAMPLE:g}"
        yield element("path", d=line, stroke=palette.LINE, stroke_dasharray="3 3")
    elif key.sample == "current":
        stroke |= {"stroke": palette.CURRENT, "stroke_width": 4}
        yield element("rect", x=x + 3, y=middle - 7, width=SAMPLE - 6, height=14, rx=5, **stroke)
    elif key.sample == "output":
        yield outline("operation", x + 4, middle - 7, SAMPLE - 8, 14, **stroke)
        ring = stroke | {"fill": "none"}
        yield outline("operation", x + 1, middle - 10, SAMPLE - 2, 20, **ring)
    else:
        yield outline(key.sample, x + 2, middle - 7, SAMPLE - 4, 14, **stroke)
