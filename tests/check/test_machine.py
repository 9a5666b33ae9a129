"""The state machine agrees with the engine, and with no engine that has a bug."""

from __future__ import annotations

import copy
import functools
import math
import pickle
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import tinygrad_bp.core.functional
import tinygrad_bp.core.value
from tests.core.test_registry import _what_a_test_registers_is_forgotten as _forgotten  # noqa: F401
from tinygrad_bp import Value, register, topological_order
from tinygrad_bp.check.engine import trial
from tinygrad_bp.check.engine.machine import engine_machine
from tinygrad_bp.check.engine.model import Twin, derivative
from tinygrad_bp.check.engine.trial import Trial
from tinygrad_bp.core.copies import restored
from tinygrad_bp.graph.sweep import adjoints
from tinygrad_bp.nn import SGD
from tinygrad_bp.rows.primitives import cbrt, multiply, pow_constant, sin
from tinygrad_bp.tape import Tape

SETTINGS = settings(max_examples=30, stateful_step_count=25, database=None)


# To find a bug is enough for most tests; the smallest program takes ten times as long.
# What Hypothesis draws depends on the modules that are loaded: it takes numbers from them.
FOUND = settings(SETTINGS, max_examples=500, phases=[Phase.generate])


def run(*operations: Any, settings: settings = SETTINGS) -> None:
    run_state_machine_as_test(engine_machine(operations or None), settings=settings)


def test_the_engine_agrees_with_the_model() -> None:
    run()


def test_the_engine_agrees_exactly_where_floats_do_not_round() -> None:
    run("add", "subtract", "multiply", "maximum", "sum")


def test_an_own_operation_agrees() -> None:
    register(
        "swish", "swish({})", lambda x: x / (1.0 + math.exp(-x)),
        lambda z, x: (x.sigmoid() + z * (-x).sigmoid() if isinstance(x, Value)
                      else swish_slope(z, x),),
    )  # fmt: skip

    run("swish", "add", "multiply")


def swish_slope(z: float, x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) + z / (1.0 + math.exp(x))


RULES = [
    *("leaf", "build", "build_without_graph", "backward", "zero", "mutate", "step", "gradient"),
    *("record", "replay", "copy", "deepcopy", "pickle"),
]


def test_every_rule_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: Counter[str] = Counter()

    def counted(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def run(*arguments: Any, **settings: Any) -> Any:
            ran[method.__name__] += 1
            return method(*arguments, **settings)

        return run

    for name in RULES:
        monkeypatch.setattr(Trial, name, counted(getattr(Trial, name)))

    run("add", "multiply", "sin")

    assert set(ran) == set(RULES)
    assert ran["build"] > 20


# Engines with a bug -------------------------------------------------------------------------


def backward_with(store: Callable[[Value, float], None]) -> Callable[..., None]:
    """A backward that stores gradients in a way of its own."""

    def backward(self: Value, seed: float = 1.0) -> None:
        if self.is_constant:
            raise ValueError
        order = topological_order(self)
        found = adjoints(order, {self: float(seed)})
        for node in order:
            store(node, found.get(node, 0.0))

    return backward


def accumulate(node: Value, grad: float) -> None:
    node.grad += grad


def replace(node: Value, grad: float) -> None:
    node.grad = grad


def forget_constants(node: Value, grad: float) -> None:
    node.grad = grad + (node.grad if node.is_leaf else 0.0) + (0.25 if node.is_constant else 0.0)


def last_use_alone(order: Any, seeds: Any, **_settings: Any) -> dict[Any, Any]:
    """A sweep that overwrites: of two uses of a node the last one counts."""
    adjoint = dict(seeds)
    for node in reversed(order):
        if node in adjoint and node.parents:
            partials = node.op.partials(node._data, *[p._data for p in node.parents])
            for parent, partial in zip(node.parents, partials, strict=True):
                if partial is not None:
                    adjoint[parent] = adjoint[node] * partial
    return adjoint


def parents_kept(self: Value, memo: dict[int, Any]) -> Value:
    return copy.copy(self)


def gradient_lost(self: Value) -> Any:
    return restored, (Value, self._data, 0.0, self.op, self.label, self._x, self._y)


def backward_from_constants(self: Value, seed: float = 1.0) -> None:
    if not self.is_constant:
        right_backward(self, seed)


right_backward = Value.backward


BUGS: dict[str, tuple[Any, str, Any]] = {
    "interior gradients accumulate": (Value, "backward", backward_with(accumulate)),
    "leaves do not accumulate": (Value, "backward", backward_with(replace)),
    "constants get gradients": (Value, "backward", backward_with(forget_constants)),
    "a constant's backward does not raise": (Value, "backward", backward_from_constants),
    "the last use of a node wins": (tinygrad_bp.core.value, "adjoints", last_use_alone),
    "gradient lets the last use win": (tinygrad_bp.core.functional, "adjoints", last_use_alone),
    "zero_grad does nothing": (Value, "zero_grad", lambda self: None),  # noqa: ARG005
    "zero_grad stops at the node": (Value, "zero_grad", lambda self: setattr(self, "grad", 0.0)),
    "a copy is no copy": (Value, "__copy__", lambda self: self),
    "a deep copy keeps its parents": (Value, "__deepcopy__", parents_kept),
    "a pickle loses gradients": (Value, "__reduce__", gradient_lost),
    "a step goes up": (SGD, "rule", lambda self, p, g, state, *_: (p + 0.125 * g, state)),  # noqa: ARG005
    "a tape keeps its inputs": (
        Tape, "numbers", lambda self, _arguments: [0.5] * len(self.inputs),
    ),
    "no_grad records": (trial, "no_grad", lambda: pytest.MonkeyPatch.context()),
}  # fmt: skip


@pytest.mark.parametrize("bug", BUGS)
def test_engine_with_a_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*BUGS[bug])

    with pytest.raises(AssertionError):
        run("add", "multiply", "sin", settings=FOUND)


def test_operation_that_is_applied_wrongly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Value.apply_binary
    monkeypatch.setattr(Value, "apply_binary", lambda row, x, y: right(row, y, x))

    with pytest.raises(AssertionError, match="should"):
        run("subtract", settings=FOUND)


def test_failure_prints_the_shortest_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*BUGS["leaves do not accumulate"])

    with pytest.raises(AssertionError, match="should have the gradient") as caught:
        run("add", "sin", settings=settings(SETTINGS, stateful_step_count=6))

    said = "\n".join(caught.value.__notes__)
    assert said.count("state.backward(") == 1
    assert "state.build(" not in said


# The model ----------------------------------------------------------------------------------


def test_model_differentiates_exactly() -> None:
    x = Twin(0.1)
    y = Twin(0.1 * 0.1, multiply, [x, x])

    assert derivative(y, x) == (2 * Fraction(0.1), 2 * Fraction(0.1))
    assert derivative(x, y) == (0, 0)


def test_trial_compares_structure() -> None:
    one = Trial()
    x, other = one.leaf(0.5), one.leaf(0.5)
    one.pairs.append(trial.Pair(sin(x.value), Twin(math.sin(0.5), sin, [other.twin])))

    with pytest.raises(AssertionError, match="should be one node"):
        one.agree()


@pytest.mark.parametrize(
    ("value", "twin", "message"),
    [
        (Value(1.0), Twin(2.0), "should have the data 2.0"),
        (Value(1.0), Twin(1.0, is_constant=True), "should be a constant"),
        (Value(1.0) * 1.0, Twin(1.0), "should be made by None, not by <primitive"),
        (Value(1.0) * 1.0, Twin(1.0, multiply, [Twin(1.0)]), "should have 1 parents, not 2"),
    ],
)
def test_trial_says_what_differs(value: Value, twin: Twin, message: str) -> None:
    one = Trial()
    one.pairs.append(trial.Pair(value, twin))

    with pytest.raises(AssertionError, match=message):
        one.agree()


def test_pickles_go_through_pickle() -> None:
    one = Trial()
    x = one.leaf(0.5)
    [again] = one.pickle([x, x])

    assert again.value is not x.value
    assert pickle.loads(pickle.dumps(again.value)).data == 0.5


def test_what_is_not_calm_is_left_out() -> None:
    one = Trial()
    x, y = one.leaf(0.5), one.leaf(0.0)
    root = one.build(("log", [x]))
    one.mutate(x, 0.0)

    assert root is not None
    assert x.value.data == x.twin.data == 0.5
    assert one.build(("log", [y])) is one.build_without_graph(("log", [y])) is None
    assert not Twin(0.0, cbrt, [Twin(0.0)]).is_calm()


def test_step_onto_a_pole_is_not_made() -> None:
    one = Trial()
    x = one.leaf(0.5)
    one.build(("log", [x]))
    steep = one.build(("multiply", [x, 4.0]))
    assert steep is not None
    one.backward(steep, [1.0])
    one.step([x])
    one.agree()

    assert x.value.data == 0.5


def test_constant_exponent_is_a_row_of_its_own() -> None:
    one = Trial()
    square = one.build(("pow", [one.leaf(3.0), 2.0]))
    one.agree()

    assert square is not None
    assert square.twin.row is pow_constant


def test_without_leaves_there_is_nothing_to_record() -> None:
    one = Trial()
    constant = one.build_without_graph(("sin", [one.leaf(0.5)]))

    assert constant is not None
    assert one.record(constant, [0.5]) is None
