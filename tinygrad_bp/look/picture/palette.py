"""Colours, and how the sign and size of a number become one.

Blue and vermilion are told apart with every common kind of colour blindness (Okabe and Ito,
"Color Universal Design", 2008), and never carry a meaning alone: a sign is also a glyph
and a direction, a size is also a length.

>>> tint(1.0), tint(0.0)
('#b8d8e9', '#ffffff')
"""

import math

__all__ = ["extent", "hue", "tint"]

POSITIVE = "#0072b2"
NEGATIVE = "#d55e00"
ALARM = "#f0e442"
CURRENT = "#e69f00"
INK = "#1b2430"
MUTED = "#5c6878"
LINE = "#7d8898"
PAPER = "#ffffff"
TRACK = "#e3e8ee"
FRAME = "#b9c2cf"
BOX_FILLS = ("#f4f6f9", "#eaeef4")
FONT = "DejaVu Sans Mono,Menlo,Consolas,monospace"

DECADES = 6
FAINTEST = 0.06
STRONGEST_TINT = 0.28


def extent(number: float, largest: float) -> float:
    """Sign and size as a length from -1 to 1, on a log scale of six decades below `largest`.

    Log, because gradients that vanish by a factor of ten per layer are worth seeing shrink.

    >>> extent(5.0, 5.0), extent(-0.005, 5.0), extent(0.0, 5.0)
    (1.0, -0.5, 0.0)
    """
    if number == 0 or math.isnan(number):
        return 0.0
    if math.isinf(number):
        return math.copysign(1.0, number)
    # The difference of logs, not the log of the quotient: 1e-300/1e300 underflows to zero.
    decades_below = math.log10(largest) - math.log10(abs(number))
    return math.copysign(max(FAINTEST, round(1 - decades_below / DECADES, 4)), number)


def hue(extent: float) -> str:
    """The colour of a sign."""
    return POSITIVE if extent > 0 else NEGATIVE if extent < 0 else LINE


def tint(extent: float) -> str:
    """White with a little of the sign's colour: the more, the larger."""
    share = STRONGEST_TINT * abs(extent)
    return "#" + "".join(
        f"{round(255 + share * (channel - 255)):02x}" for channel in bytes.fromhex(hue(extent)[1:])
    )
