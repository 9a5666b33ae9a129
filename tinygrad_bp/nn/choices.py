"""Looking up what a user called by name, with help when the name is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

Choice = TypeVar("Choice")


def chosen(name: str, choices: Mapping[str, Choice], what: str) -> Choice:
    """The choice of that name.

    >>> chosen("sum", {"sum": 1, "mean": 2}, "reduction")
    1
    >>> chosen("meen", {"sum": 1, "mean": 2}, "reduction")
    Traceback (most recent call last):
    ValueError: there is no reduction 'meen'; did you mean 'mean'? There are: sum, mean
    """
    if name in choices:
        return choices[name]
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise ValueError(f"there is no {what} {name!r}{hint} There are: {', '.join(choices)}")


__all__ = ["chosen"]
