"""Locks that are free in a child made by `fork`, where the thread that held them is not."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar
from weakref import WeakSet

T = TypeVar("T")


class Lock:
    """For one thread at a time, which may come again, as a signal's handler does.

    >>> lock = Lock()
    >>> with lock.held, lock.held:
    ...     pass

    The `with` lets go of what it took, also in a child that was forked inside of it.
    """

    def __init__(self) -> None:
        self.renew()
        _all.add(self)

    def renew(self) -> None:
        """Nobody holds it."""
        self.held = threading.RLock()


_all: WeakSet[Lock] = WeakSet()


def _renew_all() -> None:
    for lock in _all:
        lock.renew()


def at_fork(**what: Callable[[], object]) -> None:
    """`os.register_at_fork`, where there is one: Windows has no fork."""
    getattr(os, "register_at_fork", lambda **_: None)(**what)


at_fork(after_in_child=_renew_all)


class cached_property(functools.cached_property[T]):  # noqa: N801  # the standard library's name
    """One without the lock that it has up to Python 3.11, for all objects at once."""

    def __init__(self, function: Callable[[Any], T]) -> None:
        super().__init__(function)
        self.lock = nullcontext()
