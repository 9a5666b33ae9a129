"""The marks that an SVG picture is made of: an element, a text, an outline, a bar, an arrow.

>>> element("rect", x=1.0, fill="#fff")
'<rect x="1" fill="#fff"/>'
>>> text("a < b", 3, 4)
'<text x="3" y="4">a &lt; b</text>'
"""

from collections.abc import Iterator
from itertools import pairwise

from tinygrad_bp.basics.escapes import xml
from tinygrad_bp.look.picture import cards, palette
from tinygrad_bp.look.picture.picture import Direction, Role

__all__ = ["arrow", "attributes", "bar", "curve", "element", "outline", "text"]

Number = float | int
FOLD = 9
ROUNDING = 15


def attributes(**values: Number | str | None) -> str:
    """Attributes as XML text; `_` in a name stands for `-`, and None leaves one out."""
    return "".join(
        f' {name.replace("_", "-")}="{_written(value)}"'
        for name, value in values.items()
        if value is not None
    )


def _written(value: Number | str) -> str:
    return xml(value) if isinstance(value, str) else f"{round(value, 1):g}"


def element(tag: str, **values: Number | str | None) -> str:
    """An element without content."""
    return f"<{tag}{attributes(**values)}/>"


def text(words: str, x: Number, y: Number, **values: Number | str | None) -> str:
    """Text that starts at x, or ends or is centred there, with its baseline at y."""
    return f"<text{attributes(x=x, y=y, **values)}>{xml(words)}</text>"


def outline(
    role: Role, x: Number, y: Number, width: Number, height: Number, **values: Number | str | None
) -> str:
    """The shape that tells a role.

    Round for a leaf, a folded corner for a constant, a box for an operation, a pile of two for
    a summary, cut corners for a guard.
    """
    if role == "guard":
        return element("path", d=_cut(x, y, width, height), **values)
    if role == "constant":
        return element("path", d=_folded(x, y, width, height), **values)
    if role == "summary":
        return _pile(x, y, width, height, **values)
    rounding = min(ROUNDING, height / 2) if role == "leaf" else 2
    return element("rect", x=x, y=y, width=width, height=height, rx=rounding, **values)


def _folded(x: Number, y: Number, width: Number, height: Number) -> str:
    right, bottom = x + width, y + height
    return (
        f"M{x:g} {y:g}H{right - FOLD:g}L{right:g} {y + FOLD:g}V{bottom:g}H{x:g}Z"
        f"M{right - FOLD:g} {y:g}V{y + FOLD:g}H{right:g}"
    )


def _cut(x: Number, y: Number, width: Number, height: Number) -> str:
    cut = min(FOLD, height / 3)
    right, bottom = x + width, y + height
    return (
        f"M{x + cut:g} {y:g}H{right - cut:g}L{right:g} {y + cut:g}V{bottom - cut:g}"
        f"L{right - cut:g} {bottom:g}H{x + cut:g}L{x:g} {bottom - cut:g}V{y + cut:g}Z"
    )


def _pile(
    x: Number, y: Number, width: Number, height: Number, **values: Number | str | None
) -> str:
    back = element("rect", x=x + 4, y=y, width=width - 4, height=height - 4, rx=2, **values)
    return back + element("rect", x=x, y=y + 4, width=width - 4, height=height - 4, rx=2, **values)


def bar(extent: float, x: Number, y: Number, length: Number = cards.BAR_LENGTH) -> Iterator[str]:
    """Sign as direction and size as length, from the middle of a pale track."""
    middle, reach = x + length / 2, abs(extent) * length / 2
    yield element("rect", x=x, y=y, width=length, height=6, rx=1, fill=palette.TRACK)
    if reach:
        start = middle if extent > 0 else middle - reach
        fill = palette.hue(extent)
        yield element("rect", x=start, y=y, width=reach, height=6, fill=fill)
    yield element("rect", x=middle - 0.5, y=y - 2, width=1, height=10, fill=palette.MUTED)


def curve(points: tuple[tuple[float, float], ...], direction: Direction) -> str:
    """Path data through the points: bends leave and arrive in the picture's direction."""
    pieces = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for (x, y), (u, v) in pairwise(points):
        if abs(x - u) < 0.5 or abs(y - v) < 0.5:
            pieces.append(f"L{u:g} {v:g}")
        elif direction == "LR":
            pieces.append(f"C{(x + u) / 2:g} {y:g} {(x + u) / 2:g} {v:g} {u:g} {v:g}")
        else:
            pieces.append(f"C{x:g} {(y + v) / 2:g} {u:g} {(y + v) / 2:g} {u:g} {v:g}")
    return "".join(pieces)


def arrow(x: float, y: float, direction: Direction, **values: Number | str | None) -> str:
    """An arrowhead with its tip at (x, y)."""
    # A polygon, not a <marker>: markers go by id, and one page may hold many pictures.
    sides = f"{x - 8:g},{y - 3.5:g} {x - 8:g},{y + 3.5:g}"
    if direction == "TB":
        sides = f"{x - 3.5:g},{y - 8:g} {x + 3.5:g},{y - 8:g}"
    return element("polygon", points=f"{x:g},{y:g} {sides}", **values)
