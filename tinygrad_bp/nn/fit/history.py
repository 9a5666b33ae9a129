"""`History`: what a training run was like."""

from __future__ import annotations

from dataclasses import dataclass, field

from tinygrad_bp.tape.routes.strayed import Strayed


@dataclass(repr=False)
class History:
    """The course of a call of `fit`.

    >>> history = History(losses=[0.5, 0.25], learning_rates=[0.1, 0.1], stopped="finished")
    >>> history
    History(2 epochs, loss 0.5 to 0.25, finished)
    >>> len(history), history.loss
    (2, 0.25)

    It is plain data: it pickles and compares.
    """

    losses: list[float] = field(default_factory=list)
    """For each finished epoch the loss, as it was computed during the epoch."""

    learning_rates: list[float] = field(default_factory=list)
    """For each finished epoch the learning rate of its first update."""

    snapshots: dict[int, dict[str, float]] = field(default_factory=dict)
    """The model's `state_dict` after some of the epochs; 0 is the start."""

    stopped: str = "running"
    """Why it ended: "finished" all epochs, "until" was reached, or "interrupted"."""

    seconds: float = field(default=0.0, compare=False)
    """How long it took."""

    route: str = field(default="eager", compare=False)
    """How it ran: "eager", or from a tape as "source" or "machine code"."""

    @property
    def is_compiled(self) -> bool:
        """Whether it ran from a tape, in machine code or generated Python."""
        return self.route != "eager"

    strayed: Strayed | None = field(default=None, compare=False)
    """With `fast=True`: how far the gradient of the first few examples was off."""

    @property
    def loss(self) -> float:
        """The loss of the last finished epoch; `nan` before there is one."""
        return self.losses[-1] if self.losses else float("nan")

    def __len__(self) -> int:
        """How many epochs were finished."""
        return len(self.losses)

    def __bool__(self) -> bool:
        """True: a history without a finished epoch is still one."""
        return True

    def __repr__(self) -> str:
        epochs = "1 epoch" if len(self) == 1 else f"{len(self)} epochs"
        course = f", loss {self.losses[0]:.4g} to {self.loss:.4g}" if self.losses else ""
        return f"History({epochs}{course}, {self.stopped})"


__all__ = ["History"]
