"""`compile`: a function that records itself when it is called, and runs as machine code."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any, overload

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.locks import Lock
from tinygrad_bp.graph import modes
from tinygrad_bp.tape.routes.arguments import HasValues, columns_of, first_row, rows_of, taken_apart
from tinygrad_bp.tape.routes.boundary import Folder
from tinygrad_bp.tape.routes.branches import Branches, FastBranches, eager
from tinygrad_bp.tape.routes.strayed import Strayed


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
        self._routes: dict[Hashable, Branches] = {}
        # The same, found by the types of arguments that are all numbers: the quick way.
        self._of_numbers: dict[Hashable, Branches] = {}
        self._lock = Lock()

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
        with self._lock.held:
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
            shape = taken_apart(arguments, numbers)
        except HasValues:
            return self._function(*arguments, **settings)
        if modes.is_watched():
            return self._function(*arguments, **settings)
        if modes.is_strict():
            return eager(self._bound(settings), structure.with_numbers(arguments, numbers))
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
        rows = rows_of(arguments)
        try:
            columns = [columns_of(block, rows) for block in structure.blocks(arguments)]
        except HasValues:
            raise TypeError("map takes numbers; for Values call the function itself") from None
        first = first_row(arguments)
        branches = self._branches(first, taken_apart(first, []), settings)
        return branches.map(np.ascontiguousarray(np.concatenate(columns)))

    def _branches(self, arguments: Any, shape: Hashable, settings: dict[str, Any]) -> Branches:
        # With types: 1, 1.0 and True are equal, but may be different settings.
        chosen = ((name, type(value), value) for name, value in sorted(settings.items()))
        key = shape, tuple(chosen)
        found = self._routes.get(key)
        if found is None:
            with self._lock.held:
                kind = FastBranches if self._fast else Branches
                new = kind(self._bound(settings), arguments, self._cache)
                found = self._routes.setdefault(key, new)
        return found

    def _bound(self, settings: dict[str, Any]) -> Callable[..., Any]:
        if not settings:
            return self._function
        bound = functools.partial(self._function, **settings)
        functools.update_wrapper(bound, self._function, updated=())
        return bound
