"""Which epochs a training run keeps the model's numbers of."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterable
from typing import Any

from tinygrad_bp.nn.settings import count

Following = Callable[[int], float]
"""The first epoch after this one that is to be kept; infinity if none is."""


def following(wanted: Any) -> Following:
    """For every so many epochs, for given epochs, or for None: which one comes next.

    >>> next_of = following(10)
    >>> next_of(0), next_of(9), next_of(10)
    (10, 10, 20)
    >>> following([1, 2, 5])(2), following([1, 2, 5])(5), following(None)(0)
    (5, inf, inf)
    """
    if wanted is None:
        return lambda epoch: math.inf  # noqa: ARG005
    if isinstance(wanted, Iterable) and not isinstance(wanted, str):
        # The start is kept in any case, and ranges like to begin with it.
        epochs = sorted({count(epoch, "an epoch of snapshots") for epoch in wanted if epoch != 0})
        return lambda epoch: next(iter(epochs[bisect.bisect_right(epochs, epoch) :]), math.inf)
    every = count(wanted, "snapshots")
    return lambda epoch: epoch + every - epoch % every


__all__ = ["following"]
