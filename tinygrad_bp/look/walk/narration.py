"""A step of a walk through back-propagation in words: one screen that says everything.

>>> from tinygrad_bp import Value
>>> from tinygrad_bp.look.walk.trace import Trace
>>> x = Value(3.0)
>>> trace = Trace(x.exp())
>>> names = {x: "x", trace.output: "y"}
>>> for line in Narration(trace, trace.step(0), (), 0, None, names, digits=4).lines():
...     print(line)
step 1 of 3: forward, y = exp(x)
    y = exp(x) = exp(3) = 20.09
    This is the output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tinygrad_bp.basics.words import counted
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.modes import source_line
from tinygrad_bp.look.walk.trace import Step, Trace, Use
from tinygrad_bp.look.words.formulas import formula, gradient_name, partial_formulas, partial_name
from tinygrad_bp.look.words.outdated import is_outdated, remark
from tinygrad_bp.look.words.text import columns, ordinal, plain, shortened

__all__ = ["MOST", "MOST_LEAVES", "STYLES", "Narration", "flow", "name_of", "times_used"]

INDENT = "    "
MOST = 8
"""Operands and waiting nodes that are written out; one screen has no room for more."""
MOST_LEAVES = 4
LONGEST = 60
"""Columns of one formula."""

STYLES = {
    r"^(?:before |)step .*": "bold",
    r"\bnan\b|\binf\b": "bold red",
    r": complete$": "green",
    r"\d+(?:st|nd|rd|th) of \d+ uses": "cyan",
}
"""For rich."""


def name_of(node: Value, names: Mapping[Value, str], digits: int) -> str:
    """The node's name; of a constant without one its number."""
    return names.get(node, "") or plain(node._data, digits)


def times_used(nth: int, of: int) -> str:
    """Which of its uses a node's gradient gets something from."""
    which = "only use" if of == 1 else f"{ordinal(nth)} of {of:,} uses"
    return f"{which}: complete" if nth == of else which


def flow(upstream: float, partial: float, digits: int) -> str:
    """A contribution as a product.

    >>> flow(1.0, -2.0, 4)
    '1·(-2)'
    """
    return "·".join(_factor(plain(number, digits)) for number in (upstream, partial))


def _factor(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


@dataclass(frozen=True)
class Narration:
    """The facts of one moment of a trace, and the lines that tell them."""

    trace: Trace
    """Of it only what does not change as it moves."""
    step: Step | None
    waiting: tuple[tuple[Value, int], ...]
    """Those operands of the step that are not complete, each with how many uses it lacks."""
    waiting_count: int
    """How many nodes wait in all."""
    gradients: Mapping[Value, float] | None
    """After the last step, what came out for some leaves."""
    names: Mapping[Value, str]
    digits: int

    def lines(self) -> Iterator[str]:
        """The whole screen."""
        if self.step is None:
            yield from self._start()
            return
        write = {"forward": self._forward, "seed": self._seed, "backward": self._backward}
        yield from write[self.step.kind](self.step)
        if self.gradients is not None:
            yield f"{INDENT}That was the last step: {self._results(self.gradients)}."

    def _start(self) -> Iterator[str]:
        count, output = len(self.trace.operations), self.trace.output
        yield f"before step 1 of {len(self.trace):,}: {self._assignment(output)}"
        if count:
            yield f"{INDENT}{_steps(1, count)}: forward, each operation computes its value"
        yield f"{INDENT}{_steps(count + 1, count + 1)}: the seed, the gradient of the output"
        if count:
            yield (
                f"{INDENT}{_steps(count + 2, 2 * count + 1)}: backward, each operation, "
                "the last one first, passes its gradient on"
            )
        yield f"{INDENT}Go on with .next(), .goto(k), .run_to(value), .run_until(predicate)."

    def _forward(self, step: Step) -> Iterator[str]:
        node = step.node
        yield f"{self._heading(step)}: forward, {self._assignment(node)}"
        yield f"{INDENT}{self._name(node)} = {self._values(node)}"
        yield from self._remarks(node)
        uses = self.trace.uses[node]
        if node is self.trace.output:
            yield f"{INDENT}This is the output."
        elif uses == 1:
            yield f"{INDENT}It is used once."
        else:
            yield f"{INDENT}It is used {uses:,} times, so its gradient will be a sum of {uses:,}."

    def _seed(self, step: Step) -> Iterator[str]:
        name = self._name(step.node)
        seed = self._number(self.trace.seed)
        yield f"{self._heading(step)}: the seed"
        derivative = gradient_name(name, name)
        if self.trace.seed == 1.0:
            yield f"{INDENT}{derivative} = 1: how fast the output changes as it changes itself."
        else:
            yield f"{INDENT}The seed takes the place of {derivative} = 1: it is {seed}."
        yield f"{INDENT}From here gradients flow back."

    def _backward(self, step: Step) -> Iterator[str]:
        node = step.node
        yield f"{self._heading(step)}: back through {self._assignment(node)}"
        yield f"{INDENT}{self._name(node)} = {self._values(node)}"
        yield from self._remarks(node)
        if step.upstream is None:
            yield f"{INDENT}no gradient reached it (a branch not taken), so it passes none on"
        else:
            upstream = self._number(step.upstream)
            yield f"{INDENT}upstream {self._derivative(node)} = {upstream}: complete"
        yield from self._uses(step)
        yield from self._waiting()

    # Parts of a screen ----------------------------------------------------------------

    def _heading(self, step: Step) -> str:
        return f"step {step.index + 1:,} of {len(self.trace):,}"

    def _assignment(self, node: Value) -> str:
        if not node.parents:
            return self._name(node)
        return f"{self._name(node)} = {shortened(formula(node, self.names, self.digits), LONGEST)}"

    def _values(self, node: Value) -> str:
        """Formula = numbers = result."""
        written = (formula(node, names, self.digits) for names in (self.names, {}))
        texts = [shortened(text, LONGEST) for text in written]
        return " = ".join([*dict.fromkeys(texts), self._number(node._data)])

    def _remarks(self, node: Value) -> Iterator[str]:
        """What is odd about the value, and where it was made, if that is known."""
        if is_outdated(node):
            yield f"{INDENT}{remark([node], self.names, self.digits)}"
        if line := source_line(node):
            yield f"{INDENT}{line}"

    def _uses(self, step: Step) -> Iterator[str]:
        times = Counter(use.parent for use in step.uses)
        shown = step.uses[:MOST]
        heads = [
            f"to {self._name(use.parent)}" + (f", operand {place}" if times[use.parent] > 1 else "")
            for place, use in enumerate(shown, 1)
        ]
        formulas = partial_formulas(step.node, self.names, self.digits)
        width = max(map(columns, heads)) + 3
        grads = [self._grad(step, use) for use in shown]
        widest = max(map(columns, grads))
        for head, use, partial, grad in zip(heads, shown, formulas, grads, strict=False):
            name = partial_name(step_name := self._name(step.node), self._name(use.parent))
            left = head + " " * (width - columns(head))
            yield f"{INDENT}{left}{self._partial(step, use, name, partial)}"
            if not use.parent.is_constant:
                room = " " * (widest - columns(grad) + 4)
                count = times_used(use.nth, use.of)
                yield f"{INDENT}{' ' * width}grad     {grad}{room}{count}"
        if len(step.uses) > MOST:
            rest = len(step.uses) - MOST
            yield f"{INDENT}and likewise to {rest:,} more operands of {step_name}"

    def _partial(self, step: Step, use: Use, name: str, written: str | None) -> str:
        if use.parent.is_constant:
            return "a constant: it gets no gradient"
        if step.upstream is None or use.partial is None:
            return "nothing flows to it"
        number = self._number(use.partial)
        texts = [shortened(written or number, LONGEST), number]
        return "partial  " + " = ".join([name, *dict.fromkeys(texts)])

    def _grad(self, step: Step, use: Use) -> str:
        before = self._number(use.before or 0.0)
        if use.contribution is None or step.upstream is None or use.partial is None:
            return f"{before}, as it was"
        contribution = flow(step.upstream, use.partial, self.digits)
        return f"{before} + {contribution} → {self._number(use.after or 0.0)}"

    def _waiting(self) -> Iterator[str]:
        shown = [
            f"{self._name(node)} for {lacks:,} of its {self.trace.uses[node]:,} uses"
            for node, lacks in self.waiting
        ]
        if others := self.waiting_count - len(shown):
            shown.append(f"{counted(others, 'other' if shown else 'node')} (.frontier)")
        if shown:
            yield f"{INDENT}Still waiting: {', '.join(shown)}."

    def _results(self, gradients: Mapping[Value, float]) -> str:
        found = [
            f"{self._derivative(leaf)} = {self._number(gradient)}"
            for leaf, gradient in gradients.items()
        ]
        return ", ".join([*found[:MOST_LEAVES], "and so on in .gradients"][: len(found)])

    def _derivative(self, node: Value) -> str:
        return gradient_name(self._name(self.trace.output), self._name(node))

    def _name(self, node: Value) -> str:
        return name_of(node, self.names, self.digits)

    def _number(self, number: float) -> str:
        return plain(number, self.digits)


def _steps(first: int, last: int) -> str:
    return f"step {first:,}" if first == last else f"steps {first:,} to {last:,}"
