"""What was made lately, so that it need not be made again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from tinygrad_bp.basics.locks import Lock

T = TypeVar("T")


class Recent(Generic[T]):
    """The last things made, by a key; two threads that ask for one thing get one.

    >>> squares = Recent(most=2)
    >>> [squares.get(x, lambda x=x: x * x) for x in (1, 2, 3, 1)]
    [1, 4, 9, 1]
    >>> len(squares)
    2
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for that key, or is made now."""
        with self._lock.held:
            if key not in self._found:
                self._found[key] = make()
            self._found.move_to_end(key)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
            return self._found[key]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock.held:
            self._found.clear()

    def __len__(self) -> int:
        return len(self._found)
