"""Derivatives of functions: of floats, sequences, arrays and nested structures of them.

Every function here takes a function and gives its derivative, as a function of the same
arguments. Floats in, floats out; `Value`s in, `Value`s out, so they nest to any order:

>>> def cube(x): return x ** 3
>>> grad(cube)(2.0), grad(grad(cube))(2.0), grad(grad(grad(cube)))(2.0)
(12.0, 12.0, 6.0)
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, SupportsIndex

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.words import brief
from tinygrad_bp.core.value import Value, constant
from tinygrad_bp.graph import modes
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.sweep import adjoints, tangents

Function = Callable[..., Any]
Positions = SupportsIndex | Sequence[SupportsIndex]
"""Of arguments: one, or several."""

_live: ContextVar[frozenset[Value]] = ContextVar("tinygrad_bp_live", default=frozenset())
"""The variables of the derivatives that are being taken around the running call."""


def gradient(output: Value, inputs: Any, *, seed: Any = 1.0, create_graph: bool = False) -> Any:
    """The derivative of a value with respect to inputs of its graph; touches no `.grad`.

    >>> x, y = Value(3.0), Value(4.0)
    >>> gradient(x * y, [x, y])
    [4.0, 3.0]
    >>> slope = gradient(x * x * x, x, create_graph=True)
    >>> gradient(slope, x)
    18.0

    `inputs` is a `Value` (of any place in the graph) or a structure of them; the result has
    the same structure. Without `create_graph` it holds floats; with it `Value`s that can be
    differentiated again. An input that the output does not reach has gradient 0.0.

    Raises `TypeError` if an input is not a `Value`, `ValueError` if it is a constant.
    """
    if not isinstance(output, Value):
        raise TypeError(f"expected a Value to differentiate, got {_shown(output)}")
    wanted = structure.numbers(inputs)
    for one in wanted:
        if not isinstance(one, Value):
            raise TypeError(f"expected a Value as input, got {_shown(one)}")
        if one.is_constant:
            raise ValueError(f"{one!r} gets no gradient; to differentiate by it, make it a Value")
    if modes.is_watched() and not create_graph:
        modes.refuse_number("a gradient was computed as numbers", "pass create_graph=True")
    start = seed if create_graph else as_float(seed)
    found = adjoints(topological_order(output), {output: start}, as_graph=create_graph)
    results = [found.get(one, 0.0) for one in wanted]
    return structure.with_numbers(inputs, [_value(r) for r in results] if create_graph else results)


def grad(function: Function, argnums: Positions = 0) -> Function:
    """The gradient of a function that returns one number.

    >>> import numpy as np
    >>> grad(lambda x: (x * x).sum())(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> grad(lambda weights: weights["w"] * 3 + weights["b"])({"w": 1.0, "b": 2.0})
    {'w': 3.0, 'b': 1.0}

    `argnums` says by which arguments: a position, or several for a tuple of gradients.
    The gradient has the structure of the argument.
    """
    with_value = value_and_grad(function, argnums)

    @_named_like(function)
    def gradient_function(*args: Any, **kwargs: Any) -> Any:
        return with_value(*args, **kwargs)[1]

    return gradient_function


def value_and_grad(function: Function, argnums: Positions = 0) -> Function:
    """The value of a function and its gradient, as a pair.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)

    It is what `scipy.optimize.minimize(value_and_grad(f), x0, jac=True)` expects.

    Raises `TypeError` if the function does not return one number.
    """

    @_named_like(function)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        with _Trace(args, argnums) as trace:
            output = _scalar(function(*trace.arguments, **kwargs), function)
            if modes.is_watched():
                _name_output(output, function)
            trace.finish(output)
            found = trace.pulled_back([output], [1.0])
        gradients = structure.with_numbers(trace.chosen, found)
        return trace.lowered(output), _asked_for(argnums, gradients)

    return value_and_gradient


def vjp(function: Function, *primals: Any) -> tuple[Any, Function]:
    """The value of a function and its pullback: from cotangents of the output to the inputs'.

    >>> value, pullback = vjp(lambda x, y: (x * y, x + y), 2.0, 3.0)
    >>> value, pullback((1.0, 10.0))
    ((6.0, 5.0), (13.0, 12.0))
    """
    with _Trace(primals, range(len(primals))) as trace:
        output = function(*trace.arguments)
        outputs = trace.finish(output)

    def pullback(cotangent: Any) -> Any:
        seeds = _matching(cotangent, output, "cotangent", "output")
        return structure.with_numbers(trace.chosen, trace.pulled_back(outputs, seeds))

    return trace.lowered(output), pullback


def jvp(function: Function, primals: Sequence[Any], directions: Sequence[Any]) -> tuple[Any, Any]:
    """The value of a function and its derivative along a direction, by forward mode.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)

    `primals` and `directions` are tuples with one entry for each argument.
    """
    for given in (primals, directions):
        if not isinstance(given, tuple | list):
            raise TypeError(
                "primals and directions are tuples with one entry for each argument, "
                f"(x,) for one; got {_shown(given)}"
            )
    with _Trace(tuple(primals), range(len(primals))) as trace:
        output = function(*trace.arguments)
        outputs = trace.finish(output)
        seeds = _matching(tuple(directions), trace.chosen, "direction", "primals")
        pushed = trace.pushed_forward(outputs, seeds)
    return trace.lowered(output), structure.with_numbers(output, pushed)


def jacobian(function: Function, argnums: Positions = 0) -> Function:
    """All partial derivatives of a function from structures to structures.

    >>> import numpy as np
    >>> jacobian(lambda x: np.array([x[0] * x[1], x[0] + x[1]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 1.]])

    An output array of shape s and an input array of shape t give shape s + t; structures
    give the output's structure of the input's. By reverse mode, or by forward mode where
    there are more outputs than inputs.
    """

    @_named_like(function)
    def all_partials(*args: Any, **kwargs: Any) -> Any:
        with _Trace(args, argnums) as trace:
            output = function(*trace.arguments, **kwargs)
            table = _table(trace, trace.finish(output))
        return structure.crossed(output, _asked_for(argnums, trace.chosen), table)

    return all_partials


def hessian(function: Function, argnums: Positions = 0) -> Function:
    """All second partial derivatives of a function that returns one number.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    return jacobian(grad(function, argnums), argnums)


def hvp(function: Function, primal: Any, direction: Any) -> Any:
    """The Hessian of a function times a direction, without making the Hessian.

    >>> hvp(lambda x: x[0] ** 2 * x[1], [2.0, 3.0], [1.0, 0.0])
    [6.0, 4.0]
    """
    return jvp(grad(function), (primal,), (direction,))[1]


def _named_like(function: Function) -> Callable[[Function], Function]:
    """A derivative takes what its function takes, so it answers to the same names."""
    return functools.wraps(function, updated=())


def _name_output(output: Any, function: Function) -> None:
    """On a tape the derivatives are those of `loss`, where `loss` is the function."""
    name = getattr(function, "__name__", "")
    if isinstance(output, Value) and not (output.label or output.is_leaf) and name.isidentifier():
        output.label = name


class _Trace:
    """One call of a function on variables of its own, and how to get back to numbers.

    Variables are always fresh nodes: in `grad(lambda x: grad(lambda y: x * y)(x))` the inner
    derivative must not mistake the outer `x` for its own `y`, though both are one number.
    """

    def __init__(self, args: tuple[Any, ...], argnums: Positions) -> None:
        positions = _positions(argnums, len(args))
        self.chosen = tuple(args[position] for position in positions)
        given = structure.numbers(self.chosen)
        # A derivative is asked for, so its function records; under `no_grad` too, where only
        # what comes out of it is cut off from the graph of what went in.
        self._recording = _recording()
        self._is_cut_off = not modes.current.get().records
        with _recording():
            self.variables = [_fresh(number) for number in given]
        self.arguments = list(args)
        lifted = structure.with_numbers(self.chosen, self.variables)
        for position, argument in zip(positions, lifted, strict=True):
            self.arguments[position] = argument
        self._outer = _live.get()
        self._has_value_in = any(isinstance(number, Value) for number in given)
        self._as_graph = False

    def __enter__(self) -> _Trace:
        self._recording.__enter__()
        self._token = _live.set(self._outer | set(self.variables))
        return self

    def __exit__(self, *exception: Any) -> None:
        _live.reset(self._token)
        self._recording.__exit__(*exception)

    def finish(self, output: Any) -> list[Any]:
        """The numbers of what the function gave; with all of them known, what to give back.

        That is graph if somebody outside may differentiate it again.
        """
        outputs = structure.numbers(output)
        values = [number for number in outputs if isinstance(number, Value)]
        self._as_graph = not self._is_cut_off and (
            self._has_value_in
            or modes.is_watched()
            or (bool(self._outer) and not self._outer.isdisjoint(topological_order(*values)))
        )
        return outputs

    def pulled_back(self, outputs: Sequence[Any], seeds: Sequence[Any]) -> list[Any]:
        """The derivative of the seeded sum of the outputs by each variable."""
        as_graph = self._as_graph or any(isinstance(seed, Value) for seed in seeds)
        start: dict[Any, Any] = {}
        for output, seed in zip(outputs, seeds, strict=True):
            if isinstance(output, Value):
                start[output] = start[output] + seed if output in start else seed
        found = adjoints(topological_order(*start), start, as_graph=as_graph)
        return [self._lowered(found.get(v, 0.0), as_graph=as_graph) for v in self.variables]

    def pushed_forward(self, outputs: Sequence[Any], seeds: Sequence[Any]) -> list[Any]:
        """The derivative of each output as the variables move along the seeds."""
        as_graph = self._as_graph or any(isinstance(seed, Value) for seed in seeds)
        order = topological_order(*[o for o in outputs if isinstance(o, Value)])
        start = dict(zip(self.variables, seeds, strict=True))
        found = tangents(order, start, as_graph=as_graph)
        return [self._lowered(found.get(o, 0.0), as_graph=as_graph) for o in outputs]

    def lowered(self, output: Any) -> Any:
        """The output, as floats unless somebody outside differentiates it."""
        return structure.mapped(lambda o: self._lowered(o, as_graph=self._as_graph), output)

    def _lowered(self, number: Any, *, as_graph: bool) -> Any:
        if as_graph:
            return _value(number)
        plain = number.data if isinstance(number, Value) else as_float(number)
        return constant(plain) if self._has_value_in else plain


@contextmanager
def _recording() -> Iterator[None]:
    with nullcontext() if modes.current.get().records else modes.recording():
        yield


def _fresh(number: Any) -> Value:
    if isinstance(number, Value) and not number.is_constant:
        fresh = +number
        fresh.label = number.label
        return fresh
    return Value(number.data if isinstance(number, Value) else number)


def _value(number: Any) -> Value:
    return number if isinstance(number, Value) else constant(number)


def _positions(argnums: Positions, count: int) -> list[int]:
    wanted = [argnums] if isinstance(argnums, SupportsIndex) else argnums
    positions = [operator.index(position) for position in wanted]
    for position in positions:
        if not -count <= position < count:
            raise IndexError(
                f"argnums names argument {position}, but the call has {count} positional arguments"
            )
    found = [position % count for position in positions]
    if len(set(found)) < len(found):
        raise ValueError(f"argnums names an argument twice: {argnums!r}")
    return found


def _asked_for(argnums: Positions, parts: tuple[Any, ...]) -> Any:
    """The part for one argument, all parts for several."""
    return parts[0] if isinstance(argnums, SupportsIndex) else parts


def _table(trace: _Trace, outputs: Sequence[Any]) -> list[list[Any]]:
    """A row for each output, a column for each variable."""
    if len(outputs) <= len(trace.variables):
        return [trace.pulled_back([output], [1.0]) for output in outputs]
    columns = []
    for variable in trace.variables:
        seeds = [1.0 if other is variable else 0.0 for other in trace.variables]
        columns.append(trace.pushed_forward(outputs, seeds))
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in outputs]


def _scalar(output: Any, function: Function) -> Any:
    found = structure.numbers(output)
    is_structure = isinstance(output, dict | list | tuple)
    if len(found) != 1 or is_structure or output is None:
        name = getattr(function, "__name__", repr(function))
        raise TypeError(
            f"grad needs a function that returns one number; {name} returned {_shown(output)}. "
            "For several outputs use jacobian or vjp"
        )
    return found[0]


def _matching(given: Any, model: Any, what: str, of_what: str) -> list[Any]:
    try:
        found = structure.numbers_in_order_of(model, given)
    except ValueError as error:
        raise ValueError(f"the {what} must have the structure of the {of_what}: {error}") from None
    return [number if isinstance(number, Value) else as_float(number) for number in found]


def _shown(thing: Any) -> str:
    return f"{type(thing).__name__} {brief(thing)}"
