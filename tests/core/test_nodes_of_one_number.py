"""Nodes that all hold the same number stay apart in every view, sweep, copy, tape and check.

The witness is the same work where `==` of nodes is identity. A fixture of the whole suite fails
each test in which the package asks `==`; here such a question would be answered with yes, too.
"""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinygrad_bp as tg
from tests.nn.routes import ROUTES, fit
from tinygrad_bp import Value, nn
from tinygrad_bp.look.walk.trace import Trace


def ones(a, b, c):
    """Of three ones: 13 operations, each on other nodes than the others, each of value 1."""
    d = a * b
    e = tg.maximum(d, c)
    f = tg.sqrt(e) * c
    g = tg.where(b, f * e, a)
    h = tg.prod([a, g, f, d])
    i = tg.dot([h], [g]) / a
    return (i * i) ** 3 * tg.abs(i) * d / h


def graph(start=(1.0, 1.0, 1.0)):
    leaves = list(map(Value, start, "abc"))
    return ones(*leaves), leaves


def test_all_nodes_do_hold_the_same_number():
    output, leaves = graph()
    nodes = tg.topological_order(output)

    assert {node.data for node in nodes if not node.is_constant} == {1.0}
    assert len(nodes) > len(leaves) + 13


def visits(output, leaves):
    """Each place at which the walk stops about each node in turn, until none is ahead."""
    nodes = [node for node in tg.topological_order(output) if not node.is_constant]
    found = []
    for node in nodes:
        steps = tg.step(output, names={})
        while True:
            try:
                found.append(str(steps.run_to(node)))
            except ValueError:
                break
    return found


def moments(output, leaves):
    steps = tg.step(output, names={})
    found = [str(steps.now)]
    for now in steps:
        found += [str(now), str(steps.frontier), str(steps.gradients), now.draw().svg()]
        found += [str(steps.provenance(leaf)) for leaf in leaves]
    steps.commit()
    return [*found, steps.draw().source]


def copies(output, leaves):
    found = [copy.copy(output), copy.deepcopy(output), pickle.loads(pickle.dumps(output))]
    for one in found:
        one.backward()
    again = copy.deepcopy([output, leaves])
    again[0].backward()
    return [[x.grad for x in tg.leaves(one)] for one in found], [x.grad for x in again[1]]


def backward(output, leaves):
    output.backward()
    return [(node.op, node.grad) for node in tg.topological_order(output)]


def derivatives(_output, _leaves):
    at = (1.0, 1.0, 1.0)
    found = [
        tg.grad(ones, (0, 1, 2))(*at),
        tg.hessian(ones, (0, 1, 2))(*at),
        tg.jvp(ones, at, (1.0, 2.0, 3.0)),
        tg.vjp(lambda a, b, c: [ones(a, b, c), a, a * b], *at)[1]([1.0, 2.0, 3.0]),
        tg.jacobian(lambda v: [ones(*v), v[2], v[1] * v[0]])(list(at)),
        tg.hvp(lambda v: ones(*v), list(at), [1.0, 2.0, 3.0]),
    ]
    return [repr(one) for one in found]


def tapes(_output, _leaves):
    tape = tg.record(tg.grad(ones, (0, 1, 2)), 1.0, 1.0, 1.0)
    w = [Value(1.0), Value(1.0)]
    captured = tg.record(lambda x: w[0] * x + w[1] * x * x * w[0], 1.0)
    fast = tg.compile(ones)
    return [
        *(tape.source(), tape.table(), tape(2.0, 3.0, 4.0), tg.draw(tape).source),
        *(
            captured.table(adjoint=True),
            pickle.loads(pickle.dumps(tape)) == tape,
            fast(1.0, 1.0, 1.0),
        ),
    ]


def checks(_output, _leaves):
    found = [None, lambda *_: [5.0, 1.0, 1.0]]
    return [str(tg.check_gradient(ones, 1.0, 1.0, 1.0, gradient=one)) for one in found]


def drawings(output, leaves):
    settings = [{}, {"edges": "partial"}, {"edges": "contribution"}, {"collapse": None}]
    output.backward()
    return [tg.draw(output, names={}, **one).svg() for one in settings] + [
        tg.draw([output, *leaves], names={}).source,
    ]


def models(_output, _leaves):
    model = nn.MLP(2, [2, 2, 1])
    for parameter in model.parameters():
        parameter.data = 1.0
    output = model([Value(1.0), Value(1.0)])
    output.backward()
    pictures = [tg.draw(output, names={}, collapse=c).svg() for c in ("neurons", "layers", None)]
    lint, autopsy = tg.lint(model, [[1.0, 1.0]] * 3, [1.0] * 3), tg.autopsy(tg.log(output * 0.0))
    return [*pictures, str(lint), str(autopsy), tg.play(output).html]


def fits(_output, _leaves):
    found = []
    for route in ROUTES:
        model = nn.MLP(2, [2, 1])
        for parameter in model.parameters():
            parameter.data = 1.0
        history = fit(
            route, model, np.ones((4, 2)), np.ones(4), loss=nn.mse, epochs=3, batch_size=2,
            optimizer=nn.Adam(0.1),
        )  # fmt: skip
        found.append((history.losses, [p.data for p in model.parameters()]))
    assert found[0] == found[1] == found[2]
    return found


WORK = {
    "run_to": visits,
    "every step": moments,
    "copies": copies,
    "backward": backward,
    "derivatives": derivatives,
    "tapes": tapes,
    "checks": checks,
    "drawings": drawings,
    "models": models,
    "fit": fits,
    "trace": lambda output, _: [Trace(output).uses[n] for n in tg.topological_order(output)],
    "explain": lambda output, leaves: [str(tg.explain(output, x, names={})) for x in leaves],
    "provenance": lambda output, leaves: [str(tg.provenance(output, x, names={})) for x in leaves],
    "tree": lambda output, _: str(tg.tree(output, names={})),
    "what if": lambda output, leaves: [str(tg.what_if(output, {x: 2.0})) for x in leaves],
    "player": lambda output, _: tg.play(output, names={}).html,
    "lint": lambda output, _: str(tg.lint(output)),
}


@pytest.mark.parametrize("work", WORK)
def test_the_same_comes_as_where_equality_is_identity(work, monkeypatch):
    found = WORK[work](*graph())
    monkeypatch.setattr(Value, "__eq__", object.__eq__)
    monkeypatch.setattr(Value, "__ne__", object.__ne__)

    assert found == WORK[work](*graph())


def test_the_walk_stops_where_it_stops_with_different_numbers():
    """The shape is all that counts."""

    def positions(start):
        output, _ = graph(start)
        found = []
        for node in tg.topological_order(output):
            steps = tg.step(output, names={})
            while not node.is_constant:
                try:
                    found.append(steps.run_to(node).position)
                except ValueError:
                    break
        return found

    assert positions((1.0, 1.0, 1.0)) == positions((1.5, 0.25, 3.0))
