"""A state machine that does everything to values in any order, for people who extend the engine.

>>> Engine = engine_machine(["add", "multiply", "sin"])
>>> TestEngine = Engine.TestCase  # for pytest or unittest
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tinygrad_bp.basics.optional import hypothesis
from tinygrad_bp.check.engine.trial import Trial
from tinygrad_bp.check.programs.floats import numbers
from tinygrad_bp.check.programs.rows import WRITTEN, chosen
from tinygrad_bp.rows.primitive import Primitive, named


def engine_machine(operations: Iterable[Primitive | str] | None = None) -> type[Any]:
    """A Hypothesis state machine over build, backward, zero, mutate, step, record, copy, pickle.

    After each of these all nodes are compared, down to the leaves, with a naive model in exact
    rational numbers. What fails is printed as the shortest program that fails:

        state = EngineMachine()
        nodes_0 = state.leaf(number=0.5)
        state.backward(node=nodes_0, seeds=[0.5, 0.5])
        state.agree()

    `operations` are rows of the table or their names, your own among them; by default all that
    are built in. `.TestCase` is what pytest and unittest run.
    """
    rows = WRITTEN if operations is None else chosen(operations)
    machine = _stateful().RuleBasedStateMachine
    members = {**_rules([row.name for row in rows]), "__module__": __name__}
    return type("EngineMachine", (Trial, machine), members)


def _rules(rows: Sequence[str]) -> dict[str, Any]:
    st, stateful = hypothesis().strategies, _stateful()
    rule, nodes, tapes = stateful.rule, stateful.Bundle("nodes"), stateful.Bundle("tapes")
    number = numbers(4.0)
    step = st.sampled_from(rows).flatmap(lambda row: _steps(row, nodes, number))
    several = st.lists(nodes, min_size=1, max_size=3)
    inputs = st.lists(number, min_size=1, max_size=4)
    seeds = st.lists(number, min_size=1, max_size=3)
    return {
        "first_leaf": stateful.initialize(target=nodes, number=number)(Trial.leaf),
        "leaf": rule(target=nodes, number=number)(Trial.leaf),
        # A rule runs as often as it is named, and without these there is nothing to see.
        **{f"build{i}": rule(target=nodes, step=step)(_results(Trial.build)) for i in range(4)},
        **{f"backward{i}": rule(node=nodes, seeds=seeds)(Trial.backward) for i in range(2)},
        "no_grad": rule(target=nodes, step=step)(_results(Trial.build_without_graph)),
        "zero": rule(node=nodes)(Trial.zero),
        "mutate": rule(node=nodes, number=number)(Trial.mutate),
        "step": rule(nodes=several)(Trial.step),
        "gradient": rule(node=nodes)(Trial.gradient),
        "record": rule(target=tapes, node=nodes, numbers=inputs)(_results(Trial.record)),
        "replay": rule(recorded=tapes, numbers=inputs)(Trial.replay),
        "copy": rule(target=nodes, node=nodes)(Trial.copy),
        "deepcopy": rule(target=nodes, nodes=several)(_results(Trial.deepcopy)),
        "pickle": rule(target=nodes, nodes=several)(_results(Trial.pickle)),
        "agree": stateful.invariant()(Trial.agree),
    }


def _steps(row: str, nodes: Any, number: Any) -> Any:
    """The row's name and its operands, at least one of them a node."""
    st = hypothesis().strategies
    size = (named(row).arity or 4) - 1
    operands = st.tuples(nodes, *[nodes | number] * size).map(list)
    return st.tuples(st.just(row), operands | operands.map(_turned) if size else operands)


def _turned(operands: list[Any]) -> list[Any]:
    return operands[::-1]


def _results(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, with what it gives as Hypothesis wants it: none, one, or several."""

    @functools.wraps(method)
    def rule(self: Trial, **arguments: Any) -> Any:
        found = method(self, **arguments)
        results = found if type(found) is list else [] if found is None else [found]
        return _stateful().multiple(*results)

    return rule


def _stateful() -> Any:
    hypothesis()
    return importlib.import_module("hypothesis.stateful")
