"""`lint`: what is probably a mistake, though every number is finite.

>>> from tinygrad_bp import Value
>>> w, x = Value(2.0, "w"), Value(3.0)
>>> (w * x).backward()
>>> loss = w * x + 1.0
>>> loss.backward()
>>> lint(loss, names={"loss": loss, "x": x})
lint of loss: 1 finding
<BLANKLINE>
1  mixed-gradients: w, x
<BLANKLINE>
    what   w.grad is 6, but the gradient of loss is 3: 2 times as much, as after 2 calls of backward
    why    a step along it follows something else than this output
    try    call zero_grad() before .backward(); if they add up on purpose, as over a batch,
           lint([one, other]) looks at all outputs together
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np

from tinygrad_bp.basics.words import counted
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.graph import topological_order
from tinygrad_bp.graph.modes import lenient, recording
from tinygrad_bp.graph.sweep import adjoints
from tinygrad_bp.look.diagnosis.autopsy import autopsy
from tinygrad_bp.look.diagnosis.checks.gradients import (
    before_backward,
    constant_output,
    mixed_gradients,
    outdated,
)
from tinygrad_bp.look.diagnosis.checks.inputs import unscaled_inputs
from tinygrad_bp.look.diagnosis.checks.model import not_a_parameter, twins
from tinygrad_bp.look.diagnosis.checks.reach import blocked, unreached
from tinygrad_bp.look.diagnosis.checks.shapes import all_pairs
from tinygrad_bp.look.diagnosis.checks.stuck import dead_relu, saturated
from tinygrad_bp.look.diagnosis.checks.training import course
from tinygrad_bp.look.diagnosis.examples import is_model, sample, two_of
from tinygrad_bp.look.diagnosis.finding import Finding, Subject
from tinygrad_bp.look.diagnosis.output import name_of_function, output_of
from tinygrad_bp.look.words.names import names_of, things
from tinygrad_bp.look.words.sheet import STYLES
from tinygrad_bp.look.words.terminal import Printed
from tinygrad_bp.nn.fit.gradients import batch_loss
from tinygrad_bp.nn.fit.history import History
from tinygrad_bp.nn.module import Module

__all__ = ["Lint", "lint"]

CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    constant_output,
    outdated,
    before_backward,
    mixed_gradients,
    unreached,
    blocked,
    not_a_parameter,
    twins,
    saturated,
    dead_relu,
    unscaled_inputs,
    all_pairs,
)
MOST = 3
"""Findings that are told in full."""


def lint(
    subject: Any,
    *data: Any,
    names: Mapping[str, object] | None = None,
    loss: Any = "mse",
) -> Lint:
    """What is probably a mistake about an output, a model on its data, or a training run.

    >>> from tinygrad_bp import nn
    >>> model = nn.MLP(2, [1], output_activation="sigmoid", init=[[[1.0, 1.0]]])
    >>> found = lint(model, [[4, 500], [4, 550], [2, 200], [2, 250]], [1, 1, 0, 0])
    >>> [(finding.name, finding.where) for finding in found]
    [('saturated', 'layers.0.neurons.0'), ('unscaled-inputs', 'input 1')]

    What can be looked at:
      lint(output)            a value; with several outputs a list of them
      lint(function, *inputs)  what a function makes of inputs; it runs once more, for its lines
      lint(model, inputs, targets, loss="mse")   whatever `fit` takes for a model, on its data; of
                              more than 100 examples 100 are looked at
      lint(history)           what `fit` returned

    `names`, usually `locals()`, gives values a name; leaves in it that the output does not
    depend on are a finding. Each finding has a name, and says where, what, why it matters and
    what to do; `docs/diagnosing.md` lists them all. A report without findings is false.
    Nothing is changed.

    Raises `TypeError` for anything else.
    """
    if isinstance(subject, History):
        return Lint("the training run", tuple(course(subject)))
    with recording(), lenient():
        if is_model(subject):
            return _lint_model(subject, data, names, loss)
        if isinstance(subject, Value | list | tuple):
            outputs = subject if isinstance(subject, list | tuple) else [subject]
            return _lint(_values(outputs, data), names, is_fresh=False)
        output = output_of(subject, *data)
        return _lint([output], names, is_fresh=True, called=name_of_function(subject))


def _values(outputs: Sequence[Any], data: Sequence[Any]) -> Sequence[Value]:
    for output in outputs:
        if not isinstance(output, Value):
            raise TypeError(f"expected Values, got {type(output).__name__} {output!r} among them")
    if not outputs:
        raise TypeError("expected a Value, or a list of them, got an empty list")
    if data:
        raise TypeError("expected no inputs after Values, which are computed")
    return outputs


def _lint_model(
    model: Any, data: Sequence[Any], names: Mapping[str, object] | None, loss: Any
) -> Lint:
    inputs, targets = sample(*two_of(data, "lint"))
    output = batch_loss(model, inputs, targets, loss=loss)
    return _lint(
        [output],
        names,
        is_fresh=True,
        expected=tuple(model.parameters()),
        model=model if isinstance(model, Module) else None,
        inputs=np.asarray(inputs, dtype=float).reshape(len(inputs), -1).tolist(),
        title=repr(model),
    )


def _lint(
    outputs: Sequence[Value],
    names: Mapping[str, object] | None,
    *,
    is_fresh: bool,
    expected: tuple[Value, ...] = (),
    called: str = "",
    title: str = "",
    **around: Any,
) -> Lint:
    nodes = topological_order(*outputs)
    expected = tuple(dict.fromkeys((*expected, *_leaves_in(names or {}, set(nodes)))))
    everything = list(dict.fromkeys((*nodes, *expected)))
    found_names = names_of(everything, names)
    if called and not outputs[0].label:
        found_names[outputs[0]] = called
    adjoint: Any = adjoints(nodes, dict.fromkeys(outputs, 1.0))
    seen = Subject(
        outputs=tuple(outputs),
        nodes=tuple(nodes),
        adjoint=adjoint,
        names=found_names,
        expected=expected,
        is_fresh=is_fresh,
        **around,
    )
    found = [finding for check in (not_finite, *CHECKS) for finding in check(seen)]
    return Lint(title or ", ".join(map(seen.name, outputs)), tuple(found))


def _leaves_in(names: Mapping[str, object], nodes: Set[Value]) -> Iterator[Value]:
    for _, thing in things(names):
        if isinstance(thing, Module):
            parameters = thing.parameters()
            # A model that has no part in it at all belongs to something else.
            if not nodes.isdisjoint(parameters):
                yield from parameters
        elif isinstance(thing, Value) and thing.op is None:
            yield thing


def not_finite(subject: Subject) -> Iterator[Finding]:
    """What `autopsy` is for."""
    for output in subject.outputs:
        if found := autopsy(output):
            yield Finding(
                "not-finite",
                subject.name(output),
                found.sentence,
                "nan and infinities spread to all that is computed from them",
                "autopsy(...) of the same tells the whole story",
                (found.story.events[0].node,),
            )


class Lint(Sequence[Finding], Printed):
    """The findings, as a sequence and as a report."""

    _styles = STYLES

    def __init__(self, title: str, findings: tuple[Finding, ...]) -> None:
        self.title = title
        self.findings = findings

    def __len__(self) -> int:
        return len(self.findings)

    def __getitem__(self, place: Any) -> Any:
        return self.findings[place]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the findings, such as `saturated`."""
        return tuple(finding.name for finding in self.findings)

    def _repr_html_(self) -> str:
        return self._as_html()

    def _lines(self) -> list[str]:
        start = f"lint of {self.title}: "
        if not self.findings:
            return [f"{start}nothing to report"]
        lines = [f"{start}{counted(len(self), 'finding')}"]
        for number, finding in enumerate(self.findings[:MOST], 1):
            lines += ["", *finding.lines(number)]
        for number, finding in enumerate(self.findings[MOST:], MOST + 1):
            lines += ["", f"{number}  {finding.name}{finding.where and ': '}{finding.where}"]
        return lines
