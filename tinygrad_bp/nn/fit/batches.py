"""`Batches`: the order of the examples, cut into pieces, epoch by epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_bp.nn.settings import count

Batch = list[int]
"""The rows of the examples of one update."""


class Batches:
    """The order of the examples, cut into batches, epoch by epoch."""

    def __init__(self, examples: int, batch_size: int | None, *, shuffle: bool, seed: Any) -> None:
        self.examples = examples
        self.size = examples if batch_size is None else count(batch_size, "batch_size")
        self.per_epoch = -(-examples // self.size)
        self.rng = np.random.default_rng(seed) if shuffle else None
        self.in_order = self.cut(list(range(examples)))

    def of_an_epoch(self) -> list[Batch]:
        """The batches of the next epoch."""
        order = self.shuffled()
        return self.in_order if order is None else self.cut(order)

    def shuffled(self) -> list[int] | None:
        """The order of the examples in the next epoch, if it is not their own."""
        if self.rng is None:
            return None
        order: list[int] = self.rng.permutation(self.examples).tolist()
        return order

    def cut(self, order: list[int]) -> list[Batch]:
        """The order in pieces of one size; what remains at the end is a batch too."""
        return [order[first : first + self.size] for first in range(0, len(order), self.size)]
