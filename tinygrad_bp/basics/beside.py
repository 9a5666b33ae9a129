"""What is kept beside objects that have no room for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar
from weakref import ref

T = TypeVar("T")


class Beside(Generic[T]):
    """A fact for each of some objects, found by identity and forgotten with its object.

    >>> from tinygrad_bp import Value
    >>> w = Value(float("nan"))
    >>> colours = Beside([(w, "red")])
    >>> colours.get(w), colours.get(Value(1.0))
    ('red', None)
    """

    # Not a WeakKeyDictionary, which asks `==`: a Value of nan would never be found again, and
    # the question would be kept as a guard by a tape that is being recorded.
    def __init__(self, facts: Iterable[tuple[Any, T]] = ()) -> None:
        self._kept: dict[int, tuple[ref[Any], T]] = {}
        for thing, fact in facts:
            self[thing] = fact

    def __setitem__(self, thing: Any, fact: T) -> None:
        kept, key = self._kept, id(thing)
        # The identity is another's only after the object is gone, and its entry with it.
        kept[key] = ref(thing, lambda _: kept.pop(key, None)), fact

    def get(self, thing: Any) -> T | None:
        """What is kept for this object."""
        found = self._kept.get(id(thing))
        return found and found[1]

    def items(self) -> list[tuple[Any, T]]:
        """The objects that are there, each with its fact."""
        found = [(thing(), fact) for thing, fact in list(self._kept.values())]
        return [(thing, fact) for thing, fact in found if thing is not None]

    def __len__(self) -> int:
        return len(self._kept)
