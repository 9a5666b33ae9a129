"""Machine code lets other threads run: none of it holds Python's lock."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tinygrad_bp import compile, nn, tanh
from tinygrad_bp.core.value import constant
from tinygrad_bp.nn.fit.machine_training import Training
from tinygrad_bp.nn.fit.recording import rule_tape, step_tape
from tinygrad_bp.tape.routes import routes

TRIES = 200
"""Calls to wait for the other thread: the machine may have other things to do first."""


@pytest.fixture
def counted() -> Iterator[list[int]]:
    """What another thread counts, to which nobody has to yield the lock."""
    count, is_over = [0], threading.Event()

    def work() -> None:
        # Waiting gives the lock back at once: an interval that never ends takes it from nobody.
        while not is_over.wait(0.0001):
            count[0] += 1

    thread = threading.Thread(target=work, daemon=True)
    interval = sys.getswitchinterval()
    thread.start()
    sys.setswitchinterval(10**6)
    yield count
    sys.setswitchinterval(interval)
    is_over.set()
    thread.join()


def advances(count: list[int], call: Callable[[], Any]) -> bool:
    """Whether the other thread gets on during such a call."""
    for _ in range(TRIES):
        before = count[0]
        call()
        if count[0] > before + 1:  # one step may have been under way
            return True
    return False


def map_of_many_rows() -> Callable[[], Any]:
    """A call of compiled code and nothing around it, some ten milliseconds long."""
    function = compile(lambda x: tanh(tanh(tanh(x))))
    function(0.5)
    (branches,) = function._routes.values()
    (route,) = branches._routes
    columns = np.random.default_rng(0).normal(size=(1, 200_000))
    results = np.empty_like(columns)
    route.rows(columns, results, 0)
    return lambda: route.rows(columns, results, 0)


def stretch_of_many_updates() -> Callable[[], Any]:
    """A stretch of training, some ten milliseconds long."""
    neuron = nn.Neuron(2, "tanh", seed=0)
    tape = step_tape(neuron, nn.mse, neuron.parameters(), [constant(1.0), constant(2.0)], 0.5)
    training = Training(tape, rule_tape(nn.SGD(0.01)), batch_size=1, is_summed=False, rows=1)
    training.take([[0.1, 0.2, 0.3]], 0)
    columns = training.arranged(np.array([[1.0, 2.0, 0.5]]))
    rates = np.full(200_000, 0.01)
    return lambda: training.run(columns, rates)


@pytest.mark.parametrize("make", [map_of_many_rows, stretch_of_many_updates])
def test_another_thread_gets_on_during_a_call(
    make: Callable[[], Callable[[], Any]], counted: list[int]
) -> None:
    assert advances(counted, make())


def test_that_is_noticed_where_a_call_holds_the_lock(
    monkeypatch: pytest.MonkeyPatch, counted: list[int]
) -> None:
    holding = ctypes.PYFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 4, *[ctypes.c_int64] * 3)
    monkeypatch.setattr(routes, "MAP", holding)
    monkeypatch.setattr(sys.modules[__name__], "TRIES", 5)

    assert not advances(counted, map_of_many_rows())
