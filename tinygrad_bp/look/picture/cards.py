"""How large things are: a node's card, a label, a title, all in pixels.

Monospace makes a text's width its number of columns, so no font has to be asked.

>>> from tinygrad_bp.look.picture.picture import Node, Row
>>> card_size(Node("n0", "constant", (Row("2", "constant"),)))
(102, 30)
"""

import math

from tinygrad_bp.look.picture.picture import Node, Row
from tinygrad_bp.look.words.text import columns

__all__ = ["BAR_LENGTH", "card_size", "label_size", "row_columns", "text_width"]

FONT_SIZE = 12
# The widest of the common monospace fonts, DejaVu Sans Mono, takes 0.602 of its size a column.
COLUMN = 7.25
ROW = 16
MARGIN = 11
PADDING = 7
BAR_LENGTH = 80
BAR_ROOM = 12
SMALL_FONT_SIZE = 10.5
SMALL_COLUMN = 6.35
SMALL_ROW = 14


def text_width(text: str, column: float = COLUMN) -> int:
    """Pixels from end to end."""
    return math.ceil(columns(text) * column)


def row_columns(row: Row) -> int:
    """Columns that a row needs, two of them between its left and its right text."""
    return columns(row.left) + (columns(row.right) + 2 if row.right else 0)


def card_size(node: Node) -> tuple[int, int]:
    """Width and height of a node's card."""
    widest = math.ceil(max(map(row_columns, node.rows), default=0) * COLUMN)
    width = max(widest, BAR_LENGTH if node.bar is not None else 0)
    height = ROW * len(node.rows) + (BAR_ROOM if node.bar is not None else 0)
    return width + 2 * MARGIN, height + 2 * PADDING


def label_size(label: str) -> tuple[int, int]:
    """Width and height of an edge's label, with air around it."""
    return text_width(label, SMALL_COLUMN) + 8, SMALL_ROW
