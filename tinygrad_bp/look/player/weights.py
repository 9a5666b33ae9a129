"""The parameters of a model, neuron by neuron, over the course of its training.

>>> groups(["h.w.0", "h.w.1", "h.b", "scale"])
{'h': [0, 1, 2], 'the model': [3]}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.look.graphs.boxes import levels
from tinygrad_bp.look.words.text import plain

__all__ = ["groups", "weights"]

# So many numbers make about two megabytes.
MOST = 200_000


def groups(paths: Sequence[str]) -> dict[str, list[int]]:
    """The parameters of each neuron by its path: `h.w.0` and `h.b` are those of `h`."""
    found: dict[str, list[int]] = {}
    for index, path in enumerate(paths):
        steps = path.split(".")
        while len(steps) > 1 and steps[-1].isdecimal():
            steps.pop()
        found.setdefault(".".join(steps[:-1]) or "the model", []).append(index)
    return found


def weights(states: Sequence[Mapping[str, float]], digits: int) -> dict[str, Any]:
    """What the player reads: for each neuron the names of its parameters, and their numbers.

    A neuron of the first layer that has two weights *divides* the plane of the inputs, by the line
    where its weighted sum is 0.
    """
    paths = list(states[0])
    found: list[dict[str, Any]] = []
    count = 0
    for name, indices in groups(paths).items():
        count += len(indices) * len(states)
        if found and count > MOST:
            break
        members = [paths[index] for index in indices]
        short = [path.removeprefix(f"{name}.") for path in members]
        is_first = levels(name)[0] == levels(found[0]["name"])[0] if found else True
        found.append(
            {
                "name": visible(name),
                "divides": is_first and short in (["w.0", "w.1"], ["w.0", "w.1", "b"]),
                "parameters": list(map(visible, short)),
                "frames": [[plain(state[path], digits) for path in members] for state in states],
            }
        )
    return {"neurons": found, "left": len(groups(paths)) - len(found)}
