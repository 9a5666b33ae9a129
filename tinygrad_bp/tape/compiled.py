"""`compile`: a function that records itself when it is called, and runs as machine code."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, overload

import numpy as np

from tinygrad_bp import modes, structure
from tinygrad_bp.door import as_float
from tinygrad_bp.tape.boundary import Folder, OtherBranch
from tinygrad_bp.tape.guard import BranchError
from tinygrad_bp.tape.record import record
from tinygrad_bp.tape.routes import Route, route_for
from tinygrad_bp.tape.strayed import Strayed
from tinygrad_bp.value import Value, values

Function = TypeVar("Function", bound=Callable[..., Any])

MOST = 16
"""Branches of a function that are compiled, for one structure of arguments."""


@overload
def compile(  # noqa: A001  # the usual name
    function: Callable[..., Any], *, fast: bool = ..., cache: Folder = ...
) -> Compiled: ...


@overload
def compile(  # noqa: A001  # the usual name
    *, fast: bool = ..., cache: Folder = ...
) -> Callable[[Callable[..., Any]], Compiled]: ...


def compile(  # noqa: A001  # the usual name
    function: Callable[..., Any] | None = None, *, fast: bool = False, cache: Folder = None
) -> Compiled | Callable[[Callable[..., Any]], Compiled]:
    """The function as machine code, or as generated Python where llvmlite is not installed.

    >>> @compile
    ... def loss(w, x, t): return (w * x - t) ** 2
    >>> loss(2.0, 3.0, 5.0)
    1.0
    >>> from tinygrad_bp import grad, hessian
    >>> compile(grad(loss))(2.0, 3.0, 5.0), hessian(loss)(2.0, 3.0, 5.0)
    (6.0, 18.0)
    >>> loss.map(2.0, np.array([3.0, 4.0]), np.array([5.0, 6.0]))
    array([1., 4.])

    Positional arguments are numbers, sequences, arrays, dicts, nested; numbers come out that
    have the bits of what the function gives for `Value`s. It is recorded at the first call for
    each structure of arguments, and again where a comparison comes out as it never did before.
    Keyword arguments are settings: each set of them is a function of its own.

    Called with `Value`s it is the function itself, so derivatives of it work. Values that the
    function captures, such as a model's parameters, count with their numbers at each call;
    plain numbers from outside with those they had when it was recorded.

    With `fast` products are fused with sums, sums are added up in another order, and exp, log,
    tanh and sigmoid are polynomials: the last digits are others. How many, `strayed` says.

    With `cache`, or where the variable TINYGRAD_BP_CACHE names a folder, what was compiled is
    kept in that folder, and found there by other processes of this user.
    """
    if function is None:
        return functools.partial(Compiled, fast=fast, cache=cache)
    return Compiled(function, fast=fast, cache=cache)


class Compiled:
    """A function and what has been compiled of it so far; any number of threads may call it."""

    def __init__(
        self, function: Callable[..., Any], *, fast: bool = False, cache: Folder = None
    ) -> None:
        if not callable(function):
            raise TypeError(f"expected a function to compile, got {function!r}")
        # Not its __dict__, which a model has too.
        functools.update_wrapper(self, function, updated=())
        self._function = function
        self._fast = fast
        self._cache = cache
        self._routes: dict[Hashable, _Branches] = {}
        # The same, found by the types of arguments that are all numbers: the quick way.
        self._of_numbers: dict[Hashable, _Branches] = {}
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        how = f", fast, strayed {self.strayed}" if self._fast else ""
        return f"<compiled {self._function!r}{how}>"

    @property
    def strayed(self) -> Strayed:
        """How far results were from those of the function itself, which exact ones never are.

        >>> import tinygrad_bp as tg
        >>> mean = compile(lambda x: tg.sum(tg.exp(x)) / 9.0, fast=True)
        >>> mean(np.linspace(0.0, 1.0, 9)) > 0.0
        True
        >>> mean.strayed.compared, mean.strayed.ulps < 10.0
        (1, True)

        The function is called as well at the first, the second, the fourth, the eighth call
        and so on, rows of batches counted, for each structure of arguments.
        """
        with self._lock:
            routes = list(self._routes.values())
        return functools.reduce(Strayed.and_also, (r.strayed for r in routes), Strayed())

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        """What the function gives for these arguments."""
        kinds = tuple(map(type, arguments))
        branches = self._of_numbers.get(kinds)
        if branches is not None and not settings and not modes.open_contexts:
            return branches.run(arguments)
        numbers: list[float] = []
        try:
            shape = _taken_apart(arguments, numbers)
        except _HasValues:
            return self._function(*arguments, **settings)
        if modes.is_watched():
            return self._function(*arguments, **settings)
        if modes.is_strict():
            return _eager(self._bound(settings), structure.with_numbers(arguments, numbers))
        branches = self._branches(arguments, shape, settings)
        if set(kinds) <= {float, int} and not settings:
            self._of_numbers[kinds] = branches
        return branches.run(numbers)

    def map(self, *arguments: Any, **settings: Any) -> Any:
        """What the function gives for each row of a batch.

        >>> import tinygrad_bp as tg
        >>> norm = compile(lambda point, scale: scale * tg.hypot(*point))
        >>> norm.map(np.array([[3.0, 4.0], [5.0, 12.0]]), 2.0)
        array([10., 26.])

        Arrays have one more axis than the function takes, the first, along which they have as
        many rows as the batch, or one for all. Bare numbers are the same for all rows. Each
        number of the result becomes an array of rows, each array gets a first axis.

        Raises `ValueError` if arrays differ in rows, or there are none.
        """
        if modes.is_watched() or modes.is_strict():
            raise RuntimeError("map runs machine code: call it outside of strict() and recordings")
        rows = _rows(arguments)
        try:
            columns = [_columns(block, rows) for block in structure.blocks(arguments)]
        except _HasValues:
            raise TypeError("map takes numbers; for Values call the function itself") from None
        first = _first_row(arguments)
        branches = self._branches(first, _taken_apart(first, []), settings)
        return branches.map(np.ascontiguousarray(np.concatenate(columns)))

    def _branches(self, arguments: Any, shape: Hashable, settings: dict[str, Any]) -> _Branches:
        # With types: 1, 1.0 and True are equal, but may be different settings.
        chosen = ((name, type(value), value) for name, value in sorted(settings.items()))
        key = shape, tuple(chosen)
        found = self._routes.get(key)
        if found is None:
            with self._lock:
                kind = _FastBranches if self._fast else _Branches
                new = kind(self._bound(settings), arguments, self._cache)
                found = self._routes.setdefault(key, new)
        return found

    def _bound(self, settings: dict[str, Any]) -> Callable[..., Any]:
        if not settings:
            return self._function
        bound = functools.partial(self._function, **settings)
        functools.update_wrapper(bound, self._function, updated=())
        return bound


class _Branches:
    """What has been recorded for one structure of arguments: a route for each branch taken."""

    fast = False
    strayed = Strayed()

    def __init__(self, function: Callable[..., Any], example: Any, cache: Folder) -> None:
        self._function = function
        self._example = example
        self._cache = cache
        self._routes: tuple[Route, ...] = ()
        self._lock = threading.RLock()

    def run(self, numbers: Any) -> Any:
        """The result for these numbers, by the first route that has it."""
        for route in self._routes:
            try:
                return route(numbers)
            except OtherBranch:
                continue
        with self._lock:
            return self._run_anew(numbers)

    _found = run

    def _run_anew(self, numbers: Any) -> Any:
        arguments = structure.with_numbers(self._example, list(map(float, numbers)))
        if len(self._routes) >= MOST:
            return _eager(self._function, arguments)
        route = route_for(record(self._function, *arguments), fast=self.fast, cache=self._cache)
        # Another thread may have been faster; then this one is tried after its equal.
        self._routes += (route,)
        try:
            return route(numbers)
        except OtherBranch:  # its fast numbers compare otherwise than those recorded
            return _eager(self._function, arguments)

    def map(self, columns: Any) -> Any:
        """The results for the columns, one after the other where branches differ."""
        first = self._found(columns[:, 0].tolist())
        rows = columns.shape[1]
        results = np.empty((len(structure.numbers(first)), rows))
        start = 0
        while start < rows:
            try:
                self._routes[0].rows(columns, results, start)
                break
            except OtherBranch as other:
                for row in range(other.row, other.stop):
                    results[:, row] = self._row(columns[:, row].tolist(), row, first)
                start = other.stop
        return _batch(first, results)

    def _row(self, numbers: list[float], row: int, first: Any) -> list[float]:
        try:
            result = self._found(numbers)
        except BranchError as error:  # of a tape, which cannot record itself anew
            raise BranchError(f"in row {row} of the batch: {error}") from None
        if structure.outline(result) != structure.outline(first):
            raise ValueError(
                f"in row 0 of the batch the function gives {structure.outline(first)}, "
                f"in row {row} {structure.outline(result)}; a batch needs one structure"
            )
        return structure.numbers(result)


class _FastBranches(_Branches):
    """Routes that stray, and how far."""

    fast = True

    def __init__(self, function: Callable[..., Any], example: Any, cache: Folder) -> None:
        super().__init__(function, example, cache)
        self.strayed = Strayed()
        self._calls = 0

    def run(self, numbers: Any) -> Any:
        """The result, at some calls compared."""
        found = super().run(numbers)
        for _ in self._due(1):
            self._compare(numbers, structure.numbers(found))
        return found

    def map(self, columns: Any) -> Any:
        """The results for the columns, some compared."""
        found = super().map(columns)
        each = np.concatenate([_columns(b, columns.shape[1]) for b in structure.blocks(found)])
        for row in self._due(columns.shape[1]):
            self._compare(columns[:, row].tolist(), each[:, row].tolist())
        return found

    def _due(self, calls: int) -> list[int]:
        """Which of so many calls more are compared: those numbered by powers of two."""
        before, self._calls = self._calls, self._calls + calls
        powers = (1 << bit for bit in range(before.bit_length(), self._calls.bit_length()))
        return [power - before - 1 for power in powers]

    def _compare(self, numbers: Any, found: list[float]) -> None:
        arguments = structure.with_numbers(self._example, list(map(float, numbers)))
        exact = structure.numbers(_eager(self._function, arguments))
        if len(exact) != len(found):  # of other branches
            found, exact = [math.nan], [0.0]
        self.strayed = self.strayed.with_pairs(zip(found, exact, strict=True))


def _eager(function: Callable[..., Any], arguments: Any) -> Any:
    """What the function gives for values, as numbers."""
    result = function(*values(arguments))
    return structure.mapped(lambda n: n.data if isinstance(n, Value) else as_float(n), result)


def _rows(arguments: Any) -> int:
    lengths = {len(b) for b in structure.blocks(arguments) if structure.shape(b)}
    rows = max(lengths, default=0)
    if not rows or lengths - {1, rows}:
        raise ValueError(
            f"expected arrays with one row for each example, got {sorted(lengths)} rows"
        )
    return rows


def _first_row(arguments: Any) -> Any:
    """The structure of one example; its numbers do not matter."""
    parts = (
        np.zeros(shape[1:]) if len(shape := structure.shape(block)) > 1 else 0.0
        for block in structure.blocks(arguments)
    )
    return structure.rebuilt(arguments, parts)


def _columns(block: Any, rows: int) -> Any:
    """One block's part of the columns: of an array a row for each element of an example."""
    one = np.array(_floats(block))
    by_example = one.reshape(len(block) if structure.shape(block) else 1, -1)
    return np.broadcast_to(by_example, (rows, by_example.shape[1])).T


class _HasValues(Exception):  # noqa: N818  # it is news, and no error
    """There are `Value`s among the arguments."""


def _taken_apart(part: Any, numbers: list[float]) -> Hashable:
    """Add the numbers of a structure to a list; what is left is its shape.

    One walk and no more, since every call takes it.
    """
    if type(part) is float:
        numbers.append(part)
        return None
    if isinstance(part, np.ndarray):
        numbers += _floats(part)
        return structure.shape(part)
    if isinstance(part, dict):
        return dict, *[(key, _taken_apart(inner, numbers)) for key, inner in part.items()]
    if isinstance(part, list | tuple):
        return type(part), *[_taken_apart(inner, numbers) for inner in part]
    numbers += _floats(part)
    return None


def _floats(block: Any) -> list[float]:
    if isinstance(block, np.ndarray) and block.dtype.kind in "fiub":
        floats: list[float] = block.astype(float).ravel().tolist()
        return floats
    elements = structure.elements(block)
    if any(isinstance(number, Value) for number in elements):
        raise _HasValues
    return list(map(as_float, elements))


def _batch(first: Any, results: Any) -> Any:
    """The structure of one result, with arrays over the batch in place of its numbers."""
    parts, start = [], 0
    for block in structure.blocks(first):
        shape = structure.shape(block)
        stop = start + len(structure.elements(block))
        own = results[start:stop].T.reshape(results.shape[1], *shape)
        parts.append(np.ascontiguousarray(own))
        start = stop
    return structure.rebuilt(first, iter(parts))
