"""Many threads, tasks and processes at once, signals in the middle, and no memory left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from tinygrad_bp import Value, no_grad
from tinygrad_bp.basics import locks, subinterpreters
from tinygrad_bp.core import value

THREADS = 8


@pytest.fixture(autouse=True)
def hurried() -> Iterator[None]:
    """Threads take turns after a microsecond, where they usually have thousands."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def in_threads(work: Callable[[int], object]) -> None:
    """Run the work in each thread at once; what it raises is raised here."""
    problems: list[BaseException] = []
    start = threading.Barrier(THREADS)

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as problem:  # noqa: BLE001  # raised again below
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def polynomial(x: Value, terms: int = 20) -> Value:
    total = x
    for _ in range(terms):
        total = total * x + 1.0
    return total


def test_graphs_of_several_threads_do_not_meet() -> None:
    found: dict[int, list[float]] = {}

    def work(number: int) -> None:
        found[number] = []
        for _ in range(50):
            x = Value(1.0 + number / 64)
            polynomial(x).backward()
            found[number].append(x.grad)

    in_threads(work)

    for number, grads in found.items():
        x = Value(1.0 + number / 64)
        polynomial(x).backward()
        assert grads == [x.grad] * 50


def test_what_threads_add_to_shared_leaves_all_counts() -> None:
    leaves = [Value(2.0) for _ in range(50)]

    def work(number: int) -> None:
        for _ in range(200):
            # Whole numbers, which add up exactly in any order.
            output = leaves[0] * float(number)
            for leaf in leaves[1:]:
                output = output + leaf * float(number)
            output.backward()

    in_threads(work)

    assert [leaf.grad for leaf in leaves] == [200.0 * sum(range(THREADS))] * 50


def test_one_output_may_go_back_in_several_threads() -> None:
    x = Value(2.0)
    inside = x * x
    output = inside * 3.0

    in_threads(lambda _: [output.backward() for _ in range(100)])

    assert (output.grad, inside.grad, x.grad) == (1.0, 3.0, 100 * THREADS * 12.0)


def test_tasks_of_asyncio_do_not_meet() -> None:
    shared = Value(3.0)

    async def task(number: int) -> tuple[bool, float]:
        with no_grad():
            await asyncio.sleep(0)
            is_constant = (shared * 2.0).is_constant
        x = Value(float(number))
        output = x * x
        await asyncio.sleep(0)
        (output * shared).backward()
        return is_constant, x.grad

    async def all_tasks() -> list[tuple[bool, float]]:
        return await asyncio.gather(*map(task, range(20)))

    found = asyncio.run(all_tasks())

    assert found == [(True, 6.0 * number) for number in range(20)]
    assert shared.grad == sum(number**2 for number in range(20))


class AlarmError(Exception):
    pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers of this kind here")
def test_a_signal_leaves_all_gradients_or_none() -> None:
    def ring(*_: object) -> None:
        raise AlarmError

    x = Value(1.0)
    output = polynomial(x, 2000)
    output.backward()
    once, outcomes = x.grad, []
    before = signal.signal(signal.SIGALRM, ring)
    try:
        for attempt in range(150):
            x.grad = 0.0
            with contextlib.suppress(AlarmError):
                signal.setitimer(signal.ITIMER_REAL, 1e-4 + attempt * 2e-5)
                output.backward()
                signal.setitimer(signal.ITIMER_REAL, 0.0)
            outcomes.append(x.grad)
    finally:
        signal.signal(signal.SIGALRM, before)

    assert set(outcomes) <= {0.0, once}
    assert outcomes[0] == 0.0


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own."""
    return subprocess.run(
        [sys.executable, *arguments, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


FORK = """
import os, threading
from tinygrad_bp import Value

x = Value(2.0)
stop = threading.Event()

def busy():
    while not stop.is_set():
        (x * x).backward()

threads = [threading.Thread(target=busy) for _ in range(4)]
for thread in threads:
    thread.start()
codes = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        y = Value(3.0)
        (y * y * x).backward()
        os._exit(0 if y.grad == 12.0 else 1)
    codes.append(os.waitpid(child, 0)[1])
stop.set()
for thread in threads:
    thread.join()
print(codes)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_forked_while_gradients_are_stored_works() -> None:
    # Python 3.12 warns of a fork beside threads; that is what is tried.
    done = run(FORK, "-W", "ignore::DeprecationWarning")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{[0] * 20}\n"


def test_a_child_does_not_wait_for_a_thread_that_it_does_not_have() -> None:
    # What the child of a fork does first, done here: nobody measures what a child runs.
    x = Value(3.0)
    held, stop = threading.Event(), threading.Event()

    def hold() -> None:
        with value._storing.held:
            held.set()
            stop.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    locks._renew_all()
    (x * x).backward()
    stop.set()
    holder.join()

    assert x.grad == 6.0


NO_MEMORY = """
import resource
from tinygrad_bp import Value

x = Value(1.0)
kept = x * 2.0
kept.backward()
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 40 * 2**20,) * 2)
try:
    y = x
    while True:
        y = y * x
except MemoryError:
    pass
try:
    y.backward()
    print("backward had memory enough")
except MemoryError:
    print("no memory")
print(kept.data, x.grad)
del y
(x * x).backward()
print(x.grad)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_when_memory_ends_nothing_is_lost() -> None:
    done = run(NO_MEMORY)
    if done.returncode == -signal.SIGSEGV:  # seen with 3.13.0
        pytest.skip("Python itself crashed as memory ended: nothing of this package is compiled")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["no memory", "2.0 2.0", "4.0"]


SUBINTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

program = '''
import sys
sys.path[:0] = PATH
try:
    import tinygrad_bp
except ImportError as error:
    sys.stdout.write(str(error))
'''
import sys
one = interpreters.create()
run = getattr(interpreters, "run_string", None) or interpreters.exec
run(one, program.replace("PATH", repr(sys.path)))
"""


def test_a_subinterpreter_is_refused_before_numpy_hangs_in_it() -> None:
    done = run(SUBINTERPRETER)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tinygrad_bp runs in the main interpreter of a process only")


class FakeInterpreters:
    @staticmethod
    def get_main() -> int:
        return 0

    @staticmethod
    def get_current() -> int:
        return 1


def test_whoever_is_not_the_main_interpreter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fake_interpreters", FakeInterpreters)

    with pytest.raises(ImportError, match="threads, or processes"):
        subinterpreters.refuse(("no_such_module", "fake_interpreters"))


def test_a_python_without_subinterpreters_has_none_to_refuse() -> None:
    subinterpreters.refuse(("no_such_module",))


def test_compiled_functions_are_called_from_several_threads() -> None:
    import tinygrad_bp as tg

    compiled = tg.compile(lambda x: tg.sin(x) * x)
    found: dict[int, list[float]] = {}

    def work(number: int) -> None:
        found[number] = [compiled(float(number + k)) for k in range(100)]

    in_threads(work)

    for number, results in found.items():
        xs = [float(number + k) for k in range(100)]
        assert results == [tg.sin(x) * x for x in xs]
