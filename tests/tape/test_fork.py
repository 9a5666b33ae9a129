"""A child that is forked while other threads of its parent train and compile."""

import gc
import linecache
import os
import re
import subprocess
import sys
import threading

import pytest

import tinygrad_bp as tg
from tests.house.sources import ROOT, module_files
from tinygrad_bp.basics import locks
from tinygrad_bp.tape.machine.recent import Recent
from tinygrad_bp.tape.python.loop import WrittenSum

PROGRAM = """
import os, random, signal, sys, threading
import tinygrad_bp as tg
from tinygrad_bp import nn

def work(number):
    f = tg.compile(lambda x: tg.sin(x) * number + x)
    assert f(0.0) == 0.0
    nn.fit(nn.MLP(1, [2, 1], seed=0), [[0.0], [1.0]], [0.0, 1.0], loss="mse",
           optimizer=nn.SGD(0.1), epochs=2 + int(number) % 3, compiled=True, progress=False)

work(0.0)
stop = threading.Event()
def busy(start):
    while not stop.is_set():
        work(start)
        start += 1.0
threads = [threading.Thread(target=busy, args=(1e6 * k,)) for k in (1, 2)]
for thread in threads:
    thread.start()
codes = []
for number in range(8):
    stop.wait(random.Random(number).random() / 10)
    child = os.fork()
    if child == 0:
        signal.alarm(120)  # one that hangs ends so
        work(float(number))
        os._exit(0)
    codes.append(os.waitpid(child, 0)[1])
stop.set()
for thread in threads:
    thread.join()
print(codes)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_forked_while_others_train_and_compile_does_both():
    # Python 3.12 warns of a fork beside threads; that is what is tried.
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert (done.stderr, done.stdout) == ("", f"{[0] * 8}\n")


def held_elsewhere(lock):
    """Let a thread hold a lock; the function that ends it."""
    held, stop = threading.Event(), threading.Event()

    def hold():
        with lock.held:
            held.set()
            stop.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()

    def end():
        stop.set()
        thread.join()

    return end


def test_what_a_thread_was_making_a_child_makes_itself():
    recent = Recent(2)
    end = held_elsewhere(recent._lock)
    own = locks.Lock()
    with own.held:
        locks._renew_all()  # what a child does first

    assert recent.get("a", lambda: 1) == 1
    end()


def test_no_lock_stays_as_it_was_before_a_fork():
    # In look and check, functools' cached_property has a lock up to Python 3.11.
    kinds = r"threading\.(Lock|RLock|Condition|Semaphore)\("
    texts = {module: path.read_text(encoding="utf-8") for module, path in module_files().items()}
    locking = {module for module, text in texts.items() if re.search(kinds, text)}
    cached = {module for module, text in texts.items() if "functools import cached_prop" in text}

    assert locking == {"tinygrad_bp.basics.locks"}
    assert {m for m in cached if m.startswith(("tinygrad_bp.tape", "tinygrad_bp.nn"))} == set()


def test_the_lines_of_a_generated_function_go_with_it():
    gc.collect()
    before = set(linecache.cache)
    written = WrittenSum(tg.record(tg.value_and_grad(lambda x: x * 3.0), 2.0))
    first, second = written._defined(), written._defined()
    new = [path for path in linecache.cache if path.startswith("<tape ") and path not in before]
    assert len(new) == 2
    assert linecache.getlines(new[0]) == written.text.splitlines(keepends=True)
    del first
    gc.collect()

    assert [path in linecache.cache for path in new] == [False, True]
    assert callable(second)
