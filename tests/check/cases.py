"""Gradients with labels: right, wrong by so much, at a kink, beyond what floats can tell.

Each case is a function, its inputs, perhaps a gradient of its own, and what should be said of it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

import tinygrad_bp as tg
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.rows.primitive import Primitive, named

LEAST = 1e-6
"""A relative error above this is not to be called right."""


@dataclass(frozen=True)
class Case:
    """A gradient, and what is true of it."""

    label: str
    function: Callable[..., Any]
    inputs: tuple[float, ...]
    gradient: Callable[..., Any] | None = None
    culprit: tuple[str, tuple[float, ...], int] | None = None
    """The operation, its operands, and by which of them its rule is wrong."""


def programs(count: int) -> list[Expression]:
    """Random programs over the whole table, the same at each call."""
    found: list[Expression] = []

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @seed(0)  # not `derandomize`: it would draw others whenever a word of this is changed
    @given(expressions(max_steps=10))
    def collect(program: Expression) -> None:
        found.append(program)

    collect()
    return found


# Right and wrong -------------------------------------------------------------------------------


def by_engine(program: Expression) -> Case:
    """What the engine gives, which is right."""
    return Case("right", program, program.inputs)


def by_hand(program: Expression) -> Case:
    """The same as if somebody had derived it."""
    return Case("right", program, program.inputs, tg.grad(program, range(len(program.inputs))))


def wrong_by_hand(program: Expression, rng: random.Random) -> Case | None:
    """One derivative is off by somewhere between a millionth of it and all of it."""
    right = tg.grad(program, range(len(program.inputs)))(*program.inputs)
    places = [i for i, slope in enumerate(right) if abs(slope) > 1e-200]
    if not places:
        return None
    place, off = rng.choice(places), _relative_error(rng)

    def gradient(*inputs: float) -> tuple[float, ...]:
        slopes = list(tg.grad(program, range(len(inputs)))(*inputs))
        slopes[place] *= 1.0 + off
        return tuple(slopes)

    return Case(label(off), program, program.inputs, gradient)


def _relative_error(rng: random.Random) -> float:
    return rng.choice((-1.0, 1.0)) * float(10.0 ** rng.uniform(math.log10(1.01 * LEAST), 0.0))


def label(off: float) -> str:
    """What a wrong gradient is called in the table: by how much it is off, relative to itself."""
    for limit in (1e-5, 1e-3, 0.1):
        if abs(off) < limit:
            return f"wrong by {limit / 10 if limit < 1e-4 else limit / 100:.0e} to {limit:.0e}"
    return "wrong by 1e-01 and more"


def wrong_rule(program: Expression, rng: random.Random) -> Case | None:
    """One operation's rule is off by so much, where that matters to the gradient."""
    step = rng.randrange(len(program.steps))
    nodes = program.run([tg.Value(x) for x in program.inputs])
    node = nodes[len(program.inputs) + step]
    if not isinstance(node, tg.Value) or node.op is None or not node.parents:
        return None
    free = [i for i, parent in enumerate(node.parents) if not parent.is_constant]
    place, off = rng.choice(free), _relative_error(rng)
    wrong = _off(node.op, place, off)

    def function(*inputs: Any) -> Any:
        counter = iter(range(len(program.steps)))

        def apply(row: str, *operands: Any) -> Any:
            is_it = next(counter) == step
            return _applied(wrong, operands) if is_it else named(row)(*operands)

        return program.run(inputs, apply)[-1]

    each = range(len(program.inputs))
    right, found = (tg.grad(f, each)(*program.inputs) for f in (program, function))
    errors = [abs(f - r) / abs(r) for f, r in zip(found, right, strict=True) if r]
    worst = max(errors, default=0.0)
    if not worst > LEAST:
        return None
    operands = tuple(parent.data for parent in node.parents)
    return Case(label(worst), function, program.inputs, culprit=(node.op.name, operands, place))


def _applied(row: Primitive, operands: tuple[Any, ...]) -> Any:
    return row(*operands)


def _off(row: Primitive, place: int, off: float) -> Primitive:
    def partials(z: Any, *xs: Any) -> tuple[Any, ...]:
        found = list(row.partials(z, *xs))
        found[place] = 0.0 if found[place] is None else found[place] * (1.0 + off)
        return tuple(found)

    return replace(row, partials=partials, if_constant=None)


# Kinks -----------------------------------------------------------------------------------------

INNER: list[Callable[[Any], Any]] = [
    lambda x: x,
    lambda x: 3.0 * x,
    lambda x: tg.sin(x),
    lambda x: tg.exp(-x) * x,
    lambda x: x * x * x + x,
    lambda x: tg.tanh(2.0 * x) + 0.1 * x,
    lambda x: tg.softplus(x) / 2.0,
]
KINKED: list[Callable[[Any], Any]] = [
    tg.relu,
    abs,
    lambda u: tg.maximum(u, 0.0) + u,
    lambda u: tg.minimum(u, 2.0 * u),
    lambda u: tg.clip(u, 0.0, 1.0),
    lambda u: tg.leaky_relu(u),
    lambda u: tg.elu(u, 3.0),
    lambda u: 2.0 * u if u > 0.0 else -u,
    lambda u: tg.hypot(u, 0.0),
    lambda u: tg.relu(u) - 0.5 * tg.relu(-u) + u,
]
OUTER: list[Callable[[Any, Any], Any]] = [
    lambda k, _: k,
    lambda k, x: 2.0 * k + x,
    lambda k, x: tg.exp(k) * x,
    lambda k, x: tg.sin(k) + tg.cos(x),
    lambda k, _: (k + 1.0) ** 2,
]


def kink(rng: random.Random) -> Case:
    """A function whose inside passes its kink just there, or within a rounding of it."""
    inner, kinked, outer = rng.choice(INNER), rng.choice(KINKED), rng.choice(OUTER)
    at = round(rng.uniform(0.2, 2.0), rng.choice((1, 2, 17)))
    if abs(tg.grad(inner)(at)) < 0.01:  # then there is nothing to be seen of the kink
        return kink(rng)
    there = float(inner(at))
    return Case("kink", lambda x: outer(kinked(inner(x) - there), x), (at,))


def end(rng: random.Random) -> Case:
    """A function at the end of its domain."""
    function = rng.choice(
        [
            tg.sqrt,
            lambda x: x**1.5,
            lambda x: x**0.3,
            lambda x: tg.sqrt(x) * tg.exp(x),
            lambda x: tg.acos(1.0 - x),
            lambda x: tg.acosh(1.0 + x),
        ]
    )
    scale = rng.uniform(0.5, 2.0)
    return Case("kink", lambda x: scale * function(x), (0.0,))


# What floats cannot tell -----------------------------------------------------------------------

CANCELLING: list[tuple[Callable[[Any], Any], float, float]] = [
    # The function, and between which powers of ten the input lies.
    (lambda x: (1.0 - tg.cos(x)) / (x * x), -9.0, -6.0),
    (lambda x: (x - tg.sin(x)) / x**3, -7.0, -5.0),
    (lambda x: (tg.exp(x) - 1.0 - x) / (x * x), -8.0, -6.0),
    (lambda x: tg.log(1.0 + x) / x, -12.0, -10.0),
    (lambda x: (tg.exp(x) - 1.0) / x, -12.0, -10.0),
    (lambda x: tg.sqrt(x * x + 1.0) - x, 6.0, 7.5),
    (lambda x: 1.0 / (x + 1.0) - 1.0 / x, 12.0, 14.0),
    (lambda x: tg.log(x + 1.0) - tg.log(x), 12.0, 14.0),
    (lambda x: tg.sin(x) / tg.cos(x) - tg.tan(x) + x**3 * 1e-18, -1.0, 0.0),
]


def cancellation(rng: random.Random) -> Case:
    """A right formula whose digits are gone: what it gives is off by more than a millionth."""
    function, low, high = rng.choice(CANCELLING)
    return Case("cancellation", function, (float(10.0 ** rng.uniform(low, high)),))


def noise(rng: random.Random) -> Case:
    """A black box of floats that rounds away more than its slope, with its right gradient."""
    small, offset = 10.0 ** rng.uniform(-8.0, -5.0), 10.0 ** rng.uniform(5.0, 8.0)
    at = rng.uniform(0.5, 2.0)
    return Case(
        "cancellation",
        lambda x: math.sin(x) * small + offset,
        (at,),
        lambda x: math.cos(x) * small,
    )


# All of them -----------------------------------------------------------------------------------


def cases(count: int) -> Iterator[Case]:
    """About so many, most of them on random programs."""
    rng = random.Random(20)
    drawn = programs(count // 6)
    for program in drawn:
        yield by_engine(program)
        yield by_hand(program)
        for made in (
            wrong_by_hand(program, rng),
            wrong_rule(program, rng),
            wrong_rule(program, rng),
        ):
            if made:
                yield made
    for _ in range(len(drawn) // 2):
        yield kink(rng)
        yield cancellation(rng)
    for _ in range(len(drawn) // 10):
        yield end(rng)
        yield noise(rng)
