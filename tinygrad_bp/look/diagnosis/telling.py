"""An autopsy in words: a headline, and the rows of its report.

>>> from tinygrad_bp import Value
>>> from tinygrad_bp.look.diagnosis.story import story_of
>>> x = Value(0.0)
>>> y = x.log()
>>> Telling(story_of(y), {x: "x", y: "y"}, None, None).headline()
'autopsy of y: it is -inf'
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tinygrad_bp.basics.lines import SourceLine
from tinygrad_bp.basics.words import counted
from tinygrad_bp.core.value import Value
from tinygrad_bp.look.diagnosis.rounded import Rounded
from tinygrad_bp.look.diagnosis.story import Event, Story
from tinygrad_bp.look.diagnosis.ways_out import way_out
from tinygrad_bp.look.walk.trace import Trace
from tinygrad_bp.look.words.formulas import formula
from tinygrad_bp.look.words.sheet import line_rows, listed, name_of
from tinygrad_bp.look.words.text import shortened

__all__ = ["Telling"]

MOST_STEPS = 6
"""Nodes of a path that are written out."""
LONGEST = 40
"""Columns of a formula."""
UNKNOWN_LINE = (
    "not known: values remember their lines under `with source_lines():`, or if you pass the "
    "function and its inputs, autopsy(f, x)"
)


@dataclass(frozen=True)
class Telling:
    """The facts of an autopsy, and the words for them."""

    story: Story
    names: Mapping[Value, str]
    rounded: Rounded | None
    line: SourceLine | None
    """In which the cause stands."""

    def headline(self) -> str:
        """What is the matter, in a line."""
        start = f"autopsy of {self._name(self.story.output)}: "
        if not self.story.events:
            return start + "nothing is wrong"
        if self.story.part == "value":
            return f"{start}it is {self.story.output._data!r}"
        leaves = [self._name(leaf) for leaf in self.story.bad_leaves]
        gradients = "gradient" if len(leaves) == 1 else "gradients"
        are = "is" if len(leaves) == 1 else "are"
        return (
            f"{start}it is {self.story.output._data!r}, but the {gradients} of {listed(leaves)} "
            f"{are} not finite"
        )

    def rows(self) -> Iterator[tuple[str, str]]:
        """The headings of the report, each with what there is to say."""
        if not self.story.events:
            yield from self._all_is_well()
            return
        cause, *others = self.story.events
        yield "cause", cause.sentence(self.names)
        yield from self._where()
        if self.rounded:
            yield "because", self.rounded.sentence(self.names, self._formula)
        for event in others:
            yield "then", event.sentence(self.names)
        yield "with", self._definitions()
        yield "spread", self._spread()
        if self.story.causes > 1:
            yield "others", f"{self._others()}, each by itself, did the like"
        yield "try", way_out(self.story)
        yield "see", self._see(cause)

    def _all_is_well(self) -> Iterator[tuple[str, str]]:
        leaves = [node for node in self.story.nodes if node.op is None]
        count = counted(len(leaves), "leaf", "leaves")
        number = self.story.output._data
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

    def _see(self, cause: Event) -> str:
        if cause.node.is_leaf:
            return ".draw() shows it"
        trace = Trace(self.story.output)
        find = trace.forward_step if cause.flow is None else trace.backward_step
        position = find(cause.node) + 1
        stepper = f"step(...).goto({position}) stops where it happens"
        return f".draw() shows it; {stepper}, in step {position:,} of {len(trace):,}"

    def _formula(self, node: Value) -> str:
        return shortened(formula(node, self.names), LONGEST)

    def _name(self, node: Value) -> str:
        return name_of(node, self.names)
