"""How many times one gradient is another: the same at every number and point, or not at all."""

from __future__ import annotations

import numpy as np

from tinygrad_bp.check.mistakes.chain import Numbers

CLOSE = 1e-6
"""How well a mistake has to explain each number, relative to it."""


def proportion(given: Numbers, found: Numbers) -> float | None:
    """How many times `found` was given; `None` if it is not the same for all numbers.

    >>> proportion(np.array([3.0, -6.0]), np.array([1.0, -2.0]))
    3.0
    >>> proportion(np.array([3.0, -6.0]), np.array([1.0, 2.0]))
    """
    given, found = given.ravel(), found.ravel()
    if not np.isfinite(found).all() or not np.isfinite(given).all() or not found.any():
        return None
    size = np.abs(given).max()
    weights = 1.0 / np.maximum(abs(given), 1e-9 * size) if size else np.ones_like(given)
    a, b = found * weights, given * weights
    with np.errstate(all="ignore"):
        factor = float(a @ b / (a @ a))
    if not np.isfinite(factor) or np.abs(a * factor - b).max() > CLOSE:
        return None
    return _rounded(factor)


def share(given: Numbers, found: Numbers) -> float | None:
    """The same of what is a difference, of which rounding leaves something where it should be 0.

    >>> share(np.array([1e-16, 0.0]), np.array([1.0, -2.0]))
    0.0
    """
    is_comparable = np.isfinite(found).all() and found.any()
    is_nothing = is_comparable and np.abs(given).max() <= CLOSE * np.abs(found).max()
    return 0.0 if is_nothing else proportion(given, found)


def proportions(given: Numbers, one: Numbers, other: Numbers) -> tuple[float, float] | None:
    """How many times two gradients have to be added; `None` where the other is not needed.

    >>> proportions(np.array([3.0, 5.0]), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    (2.0, 1.0...)
    """
    gave = np.nan_to_num(given.ravel())
    table = np.nan_to_num(np.array([one.ravel(), other.ravel()]).T)
    weights = 1.0 / np.maximum(abs(gave), 1e-300)
    found, *_ = np.linalg.lstsq(table * weights[:, None], gave * weights, rcond=None)
    off = abs(table @ found - gave) * weights
    if off.max() > CLOSE or abs(found[1]) < CLOSE * abs(found[0]):
        return None
    return _rounded(float(found[0])), float(found[1])


def differ(one: Numbers, other: Numbers) -> bool:
    """Whether they do, anywhere."""
    return bool((np.abs(one - other) > CLOSE * np.abs(other)).any())


def is_about(factor: float, other: float) -> bool:
    """Whether a factor is another, as well as a mistake has to explain."""
    return abs(factor - other) <= CLOSE * abs(other)


def _rounded(factor: float) -> float:
    nearest = round(2.0 * factor) / 2.0
    return nearest if nearest and is_about(factor, nearest) else factor
