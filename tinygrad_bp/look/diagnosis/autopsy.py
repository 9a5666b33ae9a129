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

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.basics.lines import SourceLine, line_of
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.modes import lenient, recording, source_lines
from tinygrad_bp.graph.sweep import adjoints
from tinygrad_bp.look.diagnosis.examples import is_model, losses, sample, two_of
from tinygrad_bp.look.diagnosis.excerpt import excerpt, smallest
from tinygrad_bp.look.diagnosis.output import name_of_function, output_of
from tinygrad_bp.look.diagnosis.rounded import Rounded, rounded_before
from tinygrad_bp.look.diagnosis.story import Event, Story, story_of
from tinygrad_bp.look.diagnosis.telling import Telling
from tinygrad_bp.look.graphs.draw import draw, picture_of
from tinygrad_bp.look.graphs.nodes import operation
from tinygrad_bp.look.picture.drawing import Drawing
from tinygrad_bp.look.words.formulas import formula
from tinygrad_bp.look.words.names import names_of
from tinygrad_bp.look.words.sheet import STYLES, sheet
from tinygrad_bp.look.words.terminal import Printed
from tinygrad_bp.nn.fit.gradients import batch_loss

__all__ = ["Autopsy", "autopsy"]

MOST_DRAWN = 8
"""Operations that are drawn."""


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
    happens. All of them speak of the graph as it is when they are asked.

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
class Autopsy(Printed):
    """The report about an output; true if something is not finite."""

    _styles = STYLES

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
        settings = {"title": self._telling.headline(), **settings}
        with lenient():
            if not self:
                return draw(self.output, **settings)
            if story.part == "value":
                grads = {node: node.grad for node in story.nodes}
            else:
                adjoint = adjoints(story.nodes, {self.output: 1.0})
                grads = {node: adjoint.get(node, 0.0) for node in story.nodes}
                settings = {"edges": "contribution", **settings}
            part = excerpt(self._part(), self.names, grads)
            formulas = {copy: formula(node, self.names) for copy, node in part.cut.items()}
            kinds = {copy: operation(node.op) for copy, node in part.cut.items() if node.op}
            cut = {copy: (kinds[copy], formulas[copy]) for copy in part.cut}
            return Drawing(picture_of(part.output, cut=cut, **settings))

    def _part(self) -> list[Value]:
        """The operations to draw, parents first; at least one node."""
        places = {node: place for place, node in enumerate(self.story.nodes)}
        before = self.rounded.way if self.rounded else ()
        way = [node for node in (*before, *self.story.path) if not node.is_leaf]
        part = sorted(set(way or self.story.path), key=places.__getitem__)
        return part[:MOST_DRAWN] if self.story.part == "value" else part[-MOST_DRAWN:]

    # What is shown ----------------------------------------------------------------------

    def _lines(self) -> Iterator[str]:
        telling = self._telling
        return sheet(telling.headline(), telling.rows())

    @property
    def _telling(self) -> Telling:
        return Telling(self.story, self.names, self.rounded, self.line)

    def _repr_html_(self) -> str:
        picture = self.draw().svg() if self else ""
        return self._as_html(below=picture)
