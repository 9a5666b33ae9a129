"""`autopsy`: where a number that is not finite came from, and how it spread.

>>> from tinygrad_bp import Value
>>> x = Value(0.0, label="x")
>>> autopsy(2.0 * x.log())
autopsy of v2: it is -inf
<BLANKLINE>
    cause    log(x) (log) is -inf where x = 0.0, a pole
    line     not known: values remember their lines under `with source_lines():`, or if you pass the
             function and its inputs, autopsy(f, x)
    spread   2 of 4 values are not finite: v1 → v2
    try      take the log of what is above 0 for certain: log_sigmoid(z), softplus(z), logsumexp(zs)
             and the losses of nn from_logits start from the logit z
    see      .draw() shows it; step(...).goto(1) stops where it happens, in step 1 of 5
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from tinygrad_bp.lines import SourceLine, line_of
from tinygrad_bp.look.diagnosis.examples import is_model, losses, sample, two_of
from tinygrad_bp.look.diagnosis.excerpt import excerpt, smallest
from tinygrad_bp.look.diagnosis.rounded import Rounded, rounded_before
from tinygrad_bp.look.diagnosis.sheet import STYLES, counted, line_rows, listed, name_of, sheet
from tinygrad_bp.look.diagnosis.story import Event, Story, story_of
from tinygrad_bp.look.diagnosis.ways_out import way_out
from tinygrad_bp.look.draw import draw
from tinygrad_bp.look.drawing import Drawing
from tinygrad_bp.look.formulas import formula
from tinygrad_bp.look.names import names_of
from tinygrad_bp.look.output import name_of_function, output_of
from tinygrad_bp.look.terminal import fitted, rich_text
from tinygrad_bp.look.text import shortened
from tinygrad_bp.look.trace import Trace
from tinygrad_bp.modes import lenient, recording, source_lines
from tinygrad_bp.nn.gradients import batch_loss
from tinygrad_bp.sweep import adjoints
from tinygrad_bp.value import Value

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Autopsy", "autopsy"]

MOST_STEPS = 6
"""Nodes of a path that are written out."""
LONGEST = 40
"""Columns of a formula."""
MOST_DRAWN = 8
"""Operations that are drawn."""
UNKNOWN_LINE = (
    "not known: values remember their lines under `with source_lines():`, or if you pass the "
    "function and its inputs, autopsy(f, x)"
)


def autopsy(
    subject: Value | Callable[..., Any],
    *inputs: Any,
    names: Mapping[str, object] | None = None,
    loss: Any = "mse",
) -> Autopsy:
    """What made a number that is not finite, in the forward or the backward pass.

    >>> def masked(x, mask):
    ...     root = x.sqrt()
    ...     return mask * root
    >>> found = autopsy(masked, 0.0, 0.0)
    >>> found.cause.node.op.name, found.line.text, [leaf.label for leaf in found.story.bad_leaves]
    ('sqrt', 'root = x.sqrt()', ['x'])

    What can be looked at:
      autopsy(output)            a value that has been computed
      autopsy(function, *inputs)  what a function makes of inputs; it runs once more, and then
                                 the lines of the program are known
      autopsy(model, inputs, targets, loss="mse")   whatever `fit` takes for a model, on its
                                 data: the first example that has something that is not finite

    `names`, usually `locals()`, is where values without a label get a name. It prints as a
    report; `draw()` is its picture, and `smallest` a graph of one operation in which the same
    happens.

    The first operation is the first in topological order, backward in the order of the sweep;
    of an infinity that does no harm, since neither the output nor a gradient of a leaf has
    anything of it, the report only says that it is there. Nothing is changed, and no `.grad`
    is used.

    Raises `TypeError` for what is neither a `Value` nor a function that returns one.
    """
    with lenient():
        if is_model(subject) and len(inputs) != 1:
            return _of_examples(subject, *two_of(inputs, "autopsy"), loss, names)
        output = output_of(subject, *inputs)
        return _autopsy(output, name_of_function(subject), names)


def _autopsy(output: Value, called: str, names: Mapping[str, object] | None) -> Autopsy:
    story = story_of(output)
    found = names_of(story.nodes, names)
    found[output] = output.label or called or found[output]
    return Autopsy(story, found)


def _of_examples(
    model: Any, inputs: Any, targets: Any, loss: Any, names: Mapping[str, object] | None
) -> Autopsy:
    """The first example in which something is wrong; else of the mean loss of some of them."""
    with recording(), source_lines():
        for row, one in enumerate(losses(model, inputs, targets, loss)):
            if found := _autopsy(one, f"the loss of example {row}", names):
                return found
        whole = batch_loss(model, *sample(inputs, targets), loss=loss)
    return _autopsy(whole, "the mean loss", names)


@dataclass(frozen=True, repr=False, eq=False)
class Autopsy:
    """The report about an output; true if something is not finite."""

    story: Story
    names: Mapping[Value, str]

    def __bool__(self) -> bool:
        return bool(self.story.events)

    @property
    def output(self) -> Value:
        """What it is about."""
        return self.story.output

    @property
    def cause(self) -> Event | None:
        """The first operation that made a number that is not finite; `None` if all is well."""
        return self.story.events[0] if self.story.events else None

    @property
    def sentence(self) -> str:
        """What the cause did, in the words of `strict`."""
        return self.cause.sentence(self.names) if self.cause else ""

    @property
    def line(self) -> SourceLine | None:
        """The line of the user's program in which the cause stands, if it is known."""
        return line_of(self.cause.node) if self.cause else None

    @property
    def rounded(self) -> Rounded | None:
        """The operation before the cause whose result had been rounded to just that number."""
        is_made = self.cause and self.cause.kind in ("value", "derivative")
        return rounded_before(self.cause.node) if self.cause and is_made else None

    @property
    def smallest(self) -> Value | None:
        """The smallest graph in which the same happens: the one operation, on leaves."""
        return smallest(self.cause, self.names) if self.cause else None

    def draw(self, **settings: Any) -> Drawing:
        """The part of the graph that shows it: the cause, and the way from there.

        Of a long way the part nearest to the cause. If nothing is wrong it is the whole graph.
        `settings` are those of `draw`.
        """
        story = self.story
        settings = {"title": self._headline(), **settings}
        with lenient():
            if not self:
                return draw(self.output, **settings)
            if story.part == "value":
                grads = {node: node.grad for node in story.nodes}
            else:
                adjoint = adjoints(story.nodes, {self.output: 1.0})
                grads = {node: adjoint.get(node, 0.0) for node in story.nodes}
                settings = {"edges": "contribution", **settings}
            return draw(excerpt(self._part(), self.names, grads), **settings)

    def _part(self) -> list[Value]:
        """The operations to draw, parents first; at least one node."""
        places = {node: place for place, node in enumerate(self.story.nodes)}
        before = self.rounded.way if self.rounded else ()
        way = [node for node in (*before, *self.story.path) if not node.is_leaf]
        part = sorted(set(way or self.story.path), key=places.__getitem__)
        return part[:MOST_DRAWN] if self.story.part == "value" else part[-MOST_DRAWN:]

    # What is shown ----------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What is printed, in Unicode."""
        return "\n".join(sheet(self._headline(), self._rows()))

    def __repr__(self) -> str:
        return fitted(self.text)

    def __rich__(self) -> Text:
        return rich_text(repr(self), STYLES)

    def _repr_html_(self) -> str:
        picture = self.draw().svg() if self else ""
        return f"<pre>{escape(self.text)}</pre>{picture}"

    def _headline(self) -> str:
        start = f"autopsy of {self._name(self.output)}: "
        if not self.story.events:
            return start + "nothing is wrong"
        if self.story.part == "value":
            return f"{start}it is {self.output._data!r}"
        leaves = [self._name(leaf) for leaf in self.story.bad_leaves]
        gradients = "gradient" if len(leaves) == 1 else "gradients"
        are = "is" if len(leaves) == 1 else "are"
        return (
            f"{start}it is {self.output._data!r}, but the {gradients} of {listed(leaves)} "
            f"{are} not finite"
        )

    def _rows(self) -> Iterator[tuple[str, str]]:
        if not self.story.events:
            yield from self._all_is_well()
            return
        yield "cause", self.sentence
        yield from self._where()
        if rounded := self.rounded:
            yield "because", rounded.sentence(self.names, self._formula)
        for event in self.story.events[1:]:
            yield "then", event.sentence(self.names)
        yield "with", self._definitions()
        yield "spread", self._spread()
        if self.story.causes > 1:
            yield "others", f"{self._others()}, each by itself, did the like"
        yield "try", way_out(self.story)
        yield "see", self._see()

    def _all_is_well(self) -> Iterator[tuple[str, str]]:
        leaves = [node for node in self.story.nodes if node.op is None]
        count = counted(len(leaves), "leaf", "leaves")
        number = self.output._data
        yield "fine", f"its value, {number!r}, is finite, and so are its gradients by {count}"
        if bad := self.story.bad_values:
            are = "is" if bad == 1 else "are"
            harm = "neither the output nor a gradient of a leaf has anything of that"
            yield "but", f"{counted(bad, 'value')} on the way {are} not finite; {harm}"
        stored = [self._name(leaf) for leaf in leaves if not math.isfinite(leaf.grad)]
        if stored:
            left = "another backward left it there, and zero_grad clears it"
            yield "but", f"the .grad of {listed(stored)} is not finite: {left}"

    def _definitions(self) -> str:
        """What the names are that we made up, as far as they occur in the sentences."""
        told = [*self.story.events[0].node.parents]
        if self.rounded:
            told += self.rounded.node, self.rounded.operand
        told += [parent for event in self.story.events[1:] for parent in event.node.parents]
        nameless = [n for n in dict.fromkeys(told) if n.parents and not n.label]
        return "; ".join(f"{self._name(n)} = {self._formula(n)}" for n in nameless[:MOST_STEPS])

    def _where(self) -> Iterator[tuple[str, str]]:
        if self.line is None:
            yield "line", UNKNOWN_LINE
            return
        yield from line_rows(self.line)

    def _others(self) -> str:
        return counted(
            self.story.causes - 1, "other operation or leaf", "other operations or leaves"
        )

    def _spread(self) -> str:
        story = self.story
        path = [self._name(node) for node in story.path]
        if len(path) > MOST_STEPS:
            hidden = len(path) - MOST_STEPS + 1
            path[MOST_STEPS // 2 : 1 - MOST_STEPS // 2] = [f"{hidden:,} more"]
        way = f": {' → '.join(path)}" if len(path) > 1 else ""
        if story.part == "value":
            are = "is" if story.bad_values == 1 else "are"
            values = counted(len(story.nodes), "value")
            return f"{story.bad_values:,} of {values} {are} not finite{way}"
        leaves = counted(sum(node.op is None for node in story.nodes), "leaf", "leaves")
        return f"to the gradients of {len(story.bad_leaves):,} of {leaves}{way}"

    def _see(self) -> str:
        assert self.cause is not None  # noqa: S101  # only asked then
        if self.cause.node.is_leaf:
            return ".draw() shows it"
        trace = Trace(self.output)
        find = trace.forward_step if self.cause.flow is None else trace.backward_step
        position = find(self.cause.node) + 1
        stepper = f"step(...).goto({position}) stops where it happens"
        return f".draw() shows it; {stepper}, in step {position:,} of {len(trace):,}"

    def _formula(self, node: Value) -> str:
        return shortened(formula(node, self.names), LONGEST)

    def _name(self, node: Value) -> str:
        return name_of(node, self.names)
