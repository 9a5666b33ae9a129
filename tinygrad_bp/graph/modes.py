"""What surrounds an operation: `no_grad`, `strict` and `source_lines`, by thread or task."""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NoReturn, TypeVar

from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.basics.lines import SourceLine, line_of, remember, user_line
from tinygrad_bp.basics.locks import Lock
from tinygrad_bp.graph import nonfinite
from tinygrad_bp.rows.primitive import CONSTANT, Primitive

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Comparison:
    """A question that a program asked about values, and the answer that it got."""

    symbol: str
    sides: tuple[Any, Any]
    outcome: bool
    line: str


@dataclass(frozen=True)
class Mode:
    """The settings in force for the running thread or task."""

    records: bool = True
    is_strict: bool = False
    keeps_lines: bool = False
    comparisons: list[Comparison] | None = None
    """Where the comparisons of a program go that is being recorded on a tape."""


DEFAULT = Mode()
current: ContextVar[Mode] = ContextVar("tinygrad_bp_mode", default=DEFAULT)

# How many contexts are open in all threads. An operation looks at this number alone, because
# to ask the context variable each time would cost a tenth of all the time it has.
open_contexts = 0
_counting = Lock()


def _count(change: int) -> None:
    global open_contexts
    with _counting.held:
        open_contexts += change


class _Setting:
    """A context manager, and decorator, under which one field of the mode is different."""

    _changes: ClassVar[dict[str, bool]]

    def __init__(self) -> None:
        self._tokens: list[Token[Mode]] = []

    def __enter__(self) -> None:
        mode = replace(current.get(), **self._changes)  # type: ignore[arg-type]  # only its flags
        self._tokens.append(current.set(mode))
        _count(+1)

    def __exit__(self, *exception: object) -> None:
        _count(-1)
        current.reset(self._tokens.pop())

    def __call__(self, function: Function) -> Function:
        """The function, run under this setting; a fresh one for each call and thread."""
        if inspect.isasyncgenfunction(function):
            raise TypeError(
                f"{type(self).__name__} cannot decorate the asynchronous generator "
                f"{function.__qualname__}; use `with` around the lines in it that need it"
            )
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def wrapped(*args: Any, **kwargs: Any) -> Any:
                return self._stepped(function(*args, **kwargs))

        elif inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapped(*args: Any, **kwargs: Any) -> Any:
                with type(self)():
                    return await function(*args, **kwargs)

        else:

            @functools.wraps(function)
            def wrapped(*args: Any, **kwargs: Any) -> Any:
                with type(self)():
                    return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]  # has the signature of `function`

    def _stepped(self, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """A generator whose every step runs under this setting, but not what is between."""
        step, argument = steps.send, None
        while True:
            with type(self)():
                try:
                    item = step(argument)
                except StopIteration as end:
                    return end.value
            try:
                step, argument = steps.send, (yield item)
            except BaseException as error:  # noqa: BLE001  # whatever it is, it is for the steps
                step, argument = steps.throw, error


class no_grad(_Setting):  # noqa: N801  # reads as a keyword: `with no_grad():`
    """Operations record nothing: what they give is a constant.

    >>> from tinygrad_bp import Value, no_grad
    >>> w = Value(2.0)
    >>> with no_grad():
    ...     (3 * w).parents
    ()

    Also a decorator. Other threads and tasks are not affected.
    """

    _changes: ClassVar = {"records": False}


class recording(_Setting):  # noqa: N801  # the opposite of `no_grad`
    """Operations record again, inside `no_grad`."""

    _changes: ClassVar = {"records": True}


class strict(_Setting):  # noqa: N801  # reads as a keyword: `with strict():`
    """The first operation that makes a non-finite number from finite ones raises.

    >>> from tinygrad_bp import Value, strict
    >>> x = Value(0.0, label="x")
    >>> with strict():
    ...     1 / x
    Traceback (most recent call last):
    tinygrad_bp.graph.modes.NonFiniteError: ...

    The message names the operation, its operands with their labels, and your line.
    Also a decorator. Other threads and tasks are not affected.
    """

    _changes: ClassVar = {"is_strict": True}


class lenient(_Setting):  # noqa: N801  # the opposite of `strict`
    """Nothing raises for a number that is not finite, inside `strict`."""

    _changes: ClassVar = {"is_strict": False}


class source_lines(_Setting):  # noqa: N801  # reads as a keyword: `with source_lines():`
    """Values remember the line of your program that made them; ask with `source_line`.

    >>> from tinygrad_bp import Value, source_line, source_lines
    >>> x = Value(3.0)
    >>> with source_lines():
    ...     y = x * x
    >>> source_line(y).text, source_line(x)
    ('y = x * x', None)

    Lines of this package and of NumPy are passed over, so what a layer computes has the line
    that called the network. Making a value takes several times as long meanwhile.
    Also a decorator. Other threads and tasks are not affected.
    """

    _changes: ClassVar = {"keeps_lines": True}


def source_line(value: Any) -> SourceLine | None:
    """The line of your program that made a value under `source_lines`, else `None`.

    Copies and pickles of a value do not know it.
    """
    return line_of(value)


def keep_line(value: Any) -> None:
    """Remember the running line as the one that made the value, if that is wanted."""
    if current.get().keeps_lines:
        remember(value)


def is_strict() -> bool:
    """Whether the running call is under `strict`."""
    return open_contexts > 0 and current.get().is_strict


@contextlib.contextmanager
def watching() -> Iterator[list[Comparison]]:
    """Keep every comparison of values that is made inside; operations record."""
    comparisons: list[Comparison] = []
    token = current.set(replace(current.get(), records=True, comparisons=comparisons))
    _count(+1)
    try:
        yield comparisons
    finally:
        _count(-1)
        current.reset(token)


def is_watched() -> bool:
    """Whether the running call is part of a program that is being recorded on a tape."""
    return open_contexts > 0 and current.get().comparisons is not None


def note_comparison(symbol: str, left: Any, right: Any, outcome: bool) -> None:  # noqa: FBT001  # it is data
    """Keep a comparison, if a program is being recorded."""
    comparisons = current.get().comparisons
    if comparisons is not None:
        comparisons.append(Comparison(symbol, (left, right), outcome, user_line().brief))


def note_reading(value: Any) -> None:
    """Refuse to give away the number of a value while a program is being recorded."""
    if is_watched():
        refuse_number(f"the data of {value!r} was read", "use the value itself")


def refuse_number(what: str, way_out: str) -> NoReturn:
    """Raise the error about a number that a tape would keep, though it is no constant."""
    raise RecordingError(
        f"{visible(what)} while a tape was being recorded, and the tape would keep that number "
        f"for ever; {way_out}; {user_line()}"
    )


class RecordingError(RuntimeError):
    """A program did what a tape cannot hold."""


class NonFiniteError(FloatingPointError):
    """Under `strict`, an operation on finite numbers gave `inf` or `nan`."""


def check_finite(primitive: Primitive, result: float, operands: Sequence[Any]) -> None:
    """Raise `NonFiniteError` if the result is not finite though all operands are."""
    if not math.isfinite(result) and _are_finite(operands):
        refuse(nonfinite.value_made(primitive, result, _known(operands)))


def check_partials(node: Any, partials: Sequence[float | None]) -> None:
    """Raise `NonFiniteError` if a derivative is not finite though all operands are."""
    operands = node.parents
    for position, (operand, partial) in enumerate(zip(operands, partials, strict=True)):
        # That of a constant goes nowhere: 0**y is sound, though its derivative by 0 is inf.
        if partial is None or operand.op is CONSTANT:
            continue
        if not math.isfinite(partial) and _are_finite(operands):
            refuse(nonfinite.partial_made(node.op, partial, _known(operands), position), node)


def check_contribution(node: Any, flow: float, partial: float, before: float) -> None:
    """Raise `NonFiniteError` if what flows through a node overflows at its partial."""
    result = before + flow * partial
    if not math.isfinite(result) and all(map(math.isfinite, (flow, partial, before))):
        operands = _known(node.parents)
        refuse(nonfinite.contribution_made(node.op, flow, partial, before, operands), node)


def refuse(sentence: str, node: Any = None) -> NoReturn:
    """Raise the error that says so, in which line of the user's, and where the node was made."""
    made = line_of(node) if node is not None else None
    there = f"; the operation stands in {made}" if made else ""
    raise NonFiniteError(f"{visible(sentence)}; {user_line()}{there}")


def _are_finite(operands: Sequence[Any]) -> bool:
    return all(math.isfinite(operand._data) for operand in operands)


def _known(operands: Sequence[Any]) -> list[tuple[str, float]]:
    return [(operand.label, operand._data) for operand in operands]
