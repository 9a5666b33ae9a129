"""Derivatives of functions: of floats, sequences, arrays and nested structures of them.

Every function here takes a function and gives its derivative, as a function of the same
arguments. Floats in, floats out; `Value`s in, `Value`s out, so they nest to any order:

>>> def cube(x): return x ** 3
>>> grad(cube)(2.0), grad(grad(cube))(2.0), grad(grad(grad(cube)))(2.0)
(12.0, 12.0, 6.0)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from tinygrad_bp import modes, structure
from tinygrad_bp.door import as_float
from tinygrad_bp.graph import topological_order
from tinygrad_bp.sweep import adjoints, tangents
from tinygrad_bp.value import Value, constant

Function = Callable[..., Any]

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
    start = seed if create_graph else as_float(seed)
    found = adjoints(topological_order(output), {output: start}, as_graph=create_graph)
    results = [found.get(one, 0.0) for one in wanted]
    return structure.with_numbers(inputs, [_value(r) for r in results] if create_graph else results)


def grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
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

    def gradient_function(*args: Any, **kwargs: Any) -> Any:
        return with_value(*args, **kwargs)[1]

    return gradient_function


def value_and_grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The value of a function and its gradient, as a pair.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)

    It is what `scipy.optimize.minimize(value_and_grad(f), x0, jac=True)` expects.

    Raises `TypeError` if the function does not return one number.
    """

    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        with _Trace(args, argnums) as trace:
            output = _scalar(function(*trace.arguments, **kwargs), function)
            found = trace.pulled_back([output], [1.0])
        gradients = structure.with_numbers(trace.chosen, found)
        return trace.lowered(output), gradients[0] if isinstance(argnums, int) else gradients

    return value_and_gradient


def vjp(function: Function, *primals: Any) -> tuple[Any, Function]:
    """The value of a function and its pullback: from cotangents of the output to the inputs'.

    >>> value, pullback = vjp(lambda x, y: (x * y, x + y), 2.0, 3.0)
    >>> value, pullback((1.0, 10.0))
    ((6.0, 5.0), (13.0, 12.0))
    """
    with _Trace(primals, range(len(primals))) as trace:
        output = function(*trace.arguments)
    outputs = structure.numbers(output)

    def pullback(cotangent: Any) -> Any:
        seeds = _matching(cotangent, outputs, "cotangent", "output")
        return structure.with_numbers(trace.chosen, trace.pulled_back(outputs, seeds))

    return trace.lowered(output), pullback


def jvp(function: Function, primals: Sequence[Any], directions: Sequence[Any]) -> tuple[Any, Any]:
    """The value of a function and its derivative along a direction, by forward mode.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)

    `primals` and `directions` are tuples with one entry for each argument.
    """
    with _Trace(tuple(primals), range(len(primals))) as trace:
        output = function(*trace.arguments)
        outputs = structure.numbers(output)
        seeds = _matching(directions, trace.variables, "direction", "primals")
        pushed = trace.pushed_forward(outputs, seeds)
    return trace.lowered(output), structure.with_numbers(output, pushed)


def jacobian(function: Function, argnums: int = 0) -> Function:
    """All partial derivatives of a function from structures to structures.

    >>> import numpy as np
    >>> jacobian(lambda x: np.array([x[0] * x[1], x[0] + x[1]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 1.]])

    An output array of shape s and an input array of shape t give shape s + t; structures
    give the output's structure of the input's. By reverse mode, or by forward mode where
    there are more outputs than inputs.
    """

    def all_partials(*args: Any, **kwargs: Any) -> Any:
        with _Trace(args, argnums) as trace:
            output = function(*trace.arguments, **kwargs)
            outputs = structure.numbers(output)
            table = _table(trace, outputs)
        return structure.crossed(output, trace.chosen[0], table)

    return all_partials


def hessian(function: Function, argnums: int = 0) -> Function:
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


class _Trace:
    """One call of a function on variables of its own, and how to get back to numbers.

    Variables are always fresh nodes: in `grad(lambda x: grad(lambda y: x * y)(x))` the inner
    derivative must not mistake the outer `x` for its own `y`, though both are one number.
    """

    def __init__(self, args: tuple[Any, ...], argnums: int | Sequence[int]) -> None:
        positions = [argnums] if isinstance(argnums, int) else list(argnums)
        for position in positions:
            if not -len(args) <= position < len(args):
                raise IndexError(f"argnums names argument {position}, got {len(args)} arguments")
        self.chosen = tuple(args[position] for position in positions)
        given = structure.numbers(self.chosen)
        self.variables = [_fresh(number) for number in given]
        self.arguments = list(args)
        lifted = structure.with_numbers(self.chosen, self.variables)
        for position, argument in zip(positions, lifted, strict=True):
            self.arguments[position] = argument
        self._outer = _live.get()
        self._has_value_in = any(isinstance(number, Value) for number in given)
        self._as_graph: bool | None = None

    def __enter__(self) -> _Trace:
        # A derivative is asked for, so its function records, under `no_grad` too.
        self._recording = _recording()
        self._recording.__enter__()
        self._token = _live.set(self._outer | set(self.variables))
        return self

    def __exit__(self, *exception: Any) -> None:
        _live.reset(self._token)
        self._recording.__exit__(*exception)

    def pulled_back(self, outputs: Sequence[Any], seeds: Sequence[Any]) -> list[Any]:
        """The derivative of the seeded sum of the outputs by each variable."""
        as_graph = self._is_graph(outputs) or any(isinstance(seed, Value) for seed in seeds)
        start: dict[Any, Any] = {}
        for output, seed in zip(outputs, seeds, strict=True):
            if isinstance(output, Value):
                start[output] = start[output] + seed if output in start else seed
        found = adjoints(topological_order(*start), start, as_graph=as_graph)
        return [_lower(found.get(variable, 0.0), as_graph=as_graph) for variable in self.variables]

    def pushed_forward(self, outputs: Sequence[Any], seeds: Sequence[Any]) -> list[Any]:
        """The derivative of each output as the variables move along the seeds."""
        as_graph = self._is_graph(outputs) or any(isinstance(seed, Value) for seed in seeds)
        order = topological_order(*[o for o in outputs if isinstance(o, Value)])
        start = dict(zip(self.variables, seeds, strict=True))
        found = tangents(order, start, as_graph=as_graph)
        return [_lower(found.get(output, 0.0), as_graph=as_graph) for output in outputs]

    def lowered(self, output: Any) -> Any:
        """The output, as floats unless somebody outside differentiates it."""
        as_graph = self._is_graph(structure.numbers(output))
        return structure.mapped(lambda number: _lower(number, as_graph=as_graph), output)

    def _is_graph(self, outputs: Sequence[Any]) -> bool:
        if self._as_graph is None:
            values = [output for output in outputs if isinstance(output, Value)]
            self._as_graph = self._has_value_in or (
                bool(self._outer) and not self._outer.isdisjoint(topological_order(*values))
            )
        return self._as_graph


@contextmanager
def _recording() -> Iterator[None]:
    with nullcontext() if modes.current.get().records else modes.recording():
        yield


def _fresh(number: Any) -> Value:
    if isinstance(number, Value) and not number.is_constant:
        return +number  # type: ignore[no-any-return]  # operators of a Value give Values
    return Value(number.data if isinstance(number, Value) else number)


def _value(number: Any) -> Value:
    return number if isinstance(number, Value) else constant(number)


def _lower(number: Any, *, as_graph: bool) -> Any:
    if as_graph:
        return _value(number)
    return number.data if isinstance(number, Value) else as_float(number)


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
    if len(found) != 1 or is_structure:
        name = getattr(function, "__name__", repr(function))
        raise TypeError(
            f"grad needs a function that returns one number; {name} returned {_shown(output)}. "
            "For several outputs use jacobian or vjp"
        )
    return found[0]


def _matching(given: Any, expected: Sequence[Any], what: str, of_what: str) -> list[Any]:
    found = structure.numbers(given)
    if len(found) != len(expected):
        raise ValueError(
            f"the {what} has {len(found)} numbers, the {of_what} {len(expected)}: "
            "they must have the same structure"
        )
    return [number if isinstance(number, Value) else as_float(number) for number in found]


def _shown(thing: Any) -> str:
    text = f"{type(thing).__name__} {thing!r}"
    return text if len(text) <= 80 else f"{text[:77]}..."
