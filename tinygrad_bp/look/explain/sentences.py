"""What an explanation says in words: how many paths, how it compares, what `grad` holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from tinygrad_bp.basics.same import same_number
from tinygrad_bp.look.explain.path_sum import PathSum
from tinygrad_bp.look.words.outdated import remark
from tinygrad_bp.look.words.text import plain

__all__ = ["how_many", "in_all", "more_paths", "remarks", "rounded"]

MOST_DIGITS = 40


def digits(number: int) -> str:
    """A count, all digits of it while one can look at them.

    >>> digits(2**100), digits(10**5000)
    ('1,267,650,600,228,229,401,496,703,205,376', 'about 1e5000')
    """
    # Digits by a logarithm, since Python refuses to write out a whole number of thousands.
    size = math.log10(number) if number else 0.0
    if size < MOST_DIGITS:
        return f"{number:,}"
    exponent = math.floor(size)
    return f"about {10 ** (size - exponent):.4g}e{exponent}"


def rounded(number: Fraction) -> float:
    """The nearest float, infinite where there is none."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def more_paths(number: int) -> str:
    """How many are not listed.

    >>> more_paths(1), more_paths(2000)
    ('1 more path', '2,000 more paths')
    """
    return f"{digits(number)} more {'path' if number == 1 else 'paths'}"


def how_many(of: PathSum) -> str:
    """What the gradient is the sum over; if over nothing, why."""
    if of.output is of.target:
        return "as any number changes by what it changes"
    if not of.is_reached:
        return "since the one does not depend on the other"
    if not of.count:
        return "since nothing flows there: every way leads through a branch not taken, or a step"
    return "along the only path" if of.count == 1 else f"the sum over {digits(of.count)} paths"


def in_all(of: PathSum) -> str:
    """How the sum over the paths compares with what `backward` computes."""
    if of.verdict == "the same":
        return "the sum, and what backward computes, to the last bit"
    if of.verdict == "rounding":
        away = abs(Fraction(of.gradient) - of.total)
        return f"the sum, and what backward computes but for {plain(rounded(away), 2)} of rounding"
    if of.verdict == "not finite":
        return "what backward computes: one number that is not finite spoils the sum"
    return (
        f"what backward computes; but the paths add up to {plain(rounded(of.total))}: "
        "a number on the way was too large or too small for a float"
    )


def remarks(of: PathSum, name: str) -> Iterator[str]:
    """That numbers are outdated; what is in the target's `grad`, where it is something else.

    `name` is the target's.
    """
    if of.outdated:
        yield ""
        yield remark(of.outdated, of.writing.names)
    grad = of.target.grad
    if same_number(grad, of.gradient):
        return
    yield ""
    if not grad:
        yield f"{name}.grad is 0 as long as backward has not been called."
    elif math.isfinite(grad) and of.gradient and grad == 2 * of.gradient:
        yield f"{name}.grad is {plain(grad)}, twice that: leaves add up over calls of backward."
    else:
        yield (
            f"{name}.grad is {plain(grad)}: there is also what another call of backward left, "
            "or numbers were changed since."
        )
