"""The test files of HIPS autograd, as they stand, with this engine behind their imports."""

from __future__ import annotations

import inspect
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tinygrad_bp as tg
from tests.others.counts import Counts, NoCounterpart
from tests.others.differences import check_derivatives
from tinygrad_bp.arrays.along import LeftOut
from tinygrad_bp.basics import structure

Function = Callable[..., Any]
DECISIONS = {
    "test_graphs.py::test_assignment_raises_error": "an `Array` may be assigned to, and its "
    "derivatives are right",
    "test_logic.py::test_nograd": "an input that the output does not reach has gradient 0",
    "test_numpy.py::test_scalar_array_box_attributes": "a `Value` is a number, without a shape",
    "test_numpy.py::test_cast_to_int": "a `Value` does not turn into a float by itself",
    "test_numpy.py::test_astype": "a `Value` does not turn into a float by itself",
    "test_systematic.py::test_std": "beyond the first order `norm` is nan at 0, and std is a norm",
    "test_wrappers.py::test_dtypes": "all numbers are floats of 64 bits",
    "test_wrappers.py::test_custom_where_dtypes": "without a `Value` NumPy answers, in its types",
    "test_wrappers.py::test_wrapped_name_and_docs": "a derivative keeps the name of its function",
}
"""Why a test that differs does so; docs/others.md says more."""
NOT_ITS_JOB = ("test_performance.py", "_test_complexity.py", "profiling.py", "test_tests.py")
"""Files that measure, or that test the checker of the other engine."""


class Missing:
    """A stand-in for what has no counterpart, which says so as soon as it is used.

    A decorator is called while its file is imported, so it waits until what it made is called.
    """

    def __init__(self, what: str) -> None:
        self._what = what

    def __call__(self, *args: Any, **_kwargs: Any) -> Any:
        if len(args) == 1 and inspect.isfunction(args[0]):
            return self
        raise NoCounterpart(self._what)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NoCounterpart(self._what)


class StandIn(ModuleType):
    """A module whose names come from a table, then from a library, then say that they are missing.

    >>> StandIn("some.numpy", {"array": list}, np).array((1, 2))
    [1, 2]
    >>> float(StandIn("some.numpy", {}, np).sin(0.0))
    0.0
    >>> StandIn("some.numpy", {}, np).no_such_thing(1)
    Traceback (most recent call last):
    tests.others.counts.NoCounterpart: some.numpy.no_such_thing
    """

    def __init__(self, name: str, own: dict[str, Any], library: Any = None) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self._library = library
        self.__dict__.update(own)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._library, name, None)
        if found is None and name.startswith("__"):
            raise AttributeError(name)
        return Missing(f"{self.__name__}.{name}") if found is None else found


def by_argument(make: Callable[..., Function], default: Any = 0) -> Function:
    """An operator that is told by which argument, then given the arguments."""

    def operator(function: Function, argnum: Any = default, *own: Any, **settings: Any) -> Function:
        def called(*args: Any, **kwargs: Any) -> Any:
            positions = (argnum,) if isinstance(argnum, int) else tuple(argnum)

            def of_those(*chosen: Any) -> Any:
                whole = list(args)
                for position, one in zip(positions, chosen, strict=True):
                    whole[position] = one
                return function(*whole, **kwargs)

            return make(of_those, [args[p] for p in positions], *own, **settings)

        return called

    return operator


def _check(function: Function, chosen: Any, modes: Any = None, order: int = 2) -> None:
    check_derivatives(function, chosen, order=order, modes=modes or ("fwd", "rev"))


check_grads = by_argument(_check)


def combo_check(function: Function, *own: Any, **settings: Any) -> Function:
    """A check at every combination of the arguments that are offered."""

    def check(*args: Any, **kwargs: Any) -> None:
        words = [[(name, one) for one in offered] for name, offered in kwargs.items()]
        for positional in itertools.product(*args):
            for keywords in itertools.product(*words):
                if not any(map(np.iscomplexobj, structure.numbers(positional))):
                    check_grads(function, *own, **settings)(*positional, **dict(keywords))

    return check


def _elementwise(function: Function, chosen: Any) -> Any:
    value, pullback = tg.vjp(function, *chosen)
    return pullback(np.ones(np.shape(value)) if np.shape(value) else 1.0)[0]


def _pullback(function: Function, chosen: Any) -> Any:
    value, pullback = tg.vjp(function, *chosen)
    return lambda cotangent: pullback(cotangent)[0], value


def _pushforward(function: Function, chosen: Any) -> Any:
    return lambda direction: tg.jvp(function, tuple(chosen), (direction,))


def _hessian_product(function: Function, chosen: Any) -> Any:
    return _pullback(tg.grad(function), chosen)


def made_array(thing: Any, *args: Any, **kwargs: Any) -> Any:
    """`numpy.array`, where lists may hold `Value`s."""
    found = np.array(thing, *args, **kwargs)
    return tg.array(thing) if found.dtype == object else found


def modules() -> dict[str, ModuleType]:
    """What stands behind the names that the test files import."""
    numpy = StandIn("autograd.numpy", {"array": made_array}, np)
    numpy.random = StandIn("autograd.numpy.random", {}, np.random)
    numpy.linalg = StandIn("autograd.numpy.linalg", {}, np.linalg)
    checks = {"check_grads": check_grads, "combo_check": combo_check}
    own = {
        "grad": lambda function, argnum=0: tg.grad(function, argnum),
        "value_and_grad": lambda function, argnum=0: tg.value_and_grad(function, argnum),
        "jacobian": lambda function, argnum=0: tg.jacobian(function, argnum),
        "hessian": lambda function, argnum=0: tg.hessian(function, argnum),
        "deriv": tg.grad,
        "elementwise_grad": by_argument(_elementwise),
        "make_vjp": by_argument(_pullback),
        "make_jvp": by_argument(_pushforward),
        "make_hvp": by_argument(_hessian_product),
        "isinstance": isinstance,
        "tuple": tuple,
        "list": list,
        "dict": dict,
    }
    bare = ("builtins", "core", "extend", "misc", "tracer", "util", "wrap_util", "scipy")
    found = {
        "autograd": StandIn("autograd", own),
        "autograd.numpy": numpy,
        "autograd.numpy.random": numpy.random,
        "autograd.numpy.linalg": numpy.linalg,
        "autograd.test_util": StandIn("autograd.test_util", checks),
        **{f"autograd.{name}": StandIn(f"autograd.{name}", {}) for name in bare},
    }
    found["autograd.core"].make_vjp = own["make_vjp"]
    found["autograd.builtins"].__dict__.update(
        {k: own[k] for k in ("list", "dict", "tuple", "isinstance")}
    )
    for name, module in found.items():
        home, _, last = name.rpartition(".")
        if home:
            setattr(found[home], last, module)
    return found


@contextmanager
def standing_in(found: dict[str, ModuleType]) -> Iterator[None]:
    """For so long `import` finds those modules."""
    kept = {name: sys.modules.get(name) for name in found}
    sys.modules.update(found)
    try:
        yield
    finally:
        for name, module in kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _outside(error: BaseException | None) -> str | None:
    """Why a test is about something that is not here, if that is so."""
    if isinstance(error, NoCounterpart):
        return str(error)
    if isinstance(error, LeftOut):
        return "a function of NumPy that docs/arrays.md leaves out"
    if isinstance(error, TypeError) and "differentiates real functions" in str(error):
        return "complex numbers"
    return None


class Listener:
    """A plugin of pytest that counts what comes of each test."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Count the call of a test, and whatever fails before it."""
        report = yield
        where = f"{item.path.name}::{item.name}"
        error = call.excinfo.value if call.excinfo else None
        reason = _outside(error)
        if reason:
            self.counts.outside(reason)
        elif report.skipped:
            self.counts.outside("skipped there, or marked as failing")
        elif report.failed:
            self.counts.differ(where, f"{type(error).__name__}: {str(error).splitlines()[:1]}")
        elif call.when == "call":
            self.counts.agree()
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported is one difference."""
        if report.failed:
            self.counts.differ(report.nodeid, str(report.longrepr).splitlines()[-1])


def run(checkout: Path) -> Counts:
    """Run the test files of that checkout."""
    counts = Counts("HIPS autograd")
    folder = checkout / "tests"
    arguments = [str(folder), f"--rootdir={checkout}", "-c", os.devnull, "-p", "no:terminal"]
    arguments += [
        "-p",
        "no:cacheprovider",
        "-p",
        "no:tinygrad_bp",
        "-W",
        "ignore",
        "--import-mode=prepend",
        "--continue-on-collection-errors",
    ]
    arguments += [f"--ignore={folder / name}" for name in NOT_ITS_JOB]
    with standing_in(modules()):
        pytest.main(arguments, plugins=[Listener(counts)])
    return counts
