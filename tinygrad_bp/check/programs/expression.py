"""An expression: a program over the table as data, to be run, printed, drawn and pinned down.

>>> from tinygrad_bp import sin
>>> wave = Expression(lambda x, y: sin(x * y) + y, 0.5, 2.0)
>>> wave
Expression(lambda x, y: sin(x * y) + y, 0.5, 2.0)
>>> wave(0.0, 3.0), wave.steps[0]
(3.0, Step(row='multiply', operands=(0, 1)))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, final

from tinygrad_bp.basics.door import as_float
from tinygrad_bp.check.programs.printing import as_lambda, as_program
from tinygrad_bp.check.programs.steps import Step, Steps, needed
from tinygrad_bp.core.value import Value
from tinygrad_bp.rows.operand import Operand
from tinygrad_bp.rows.primitive import Primitive, named

if TYPE_CHECKING:
    from tinygrad_bp.look.picture.drawing import Drawing


@final
class Expression(Steps):
    """Inputs, then operations in order; nodes are numbered from the first input on.

    `Expression(function, *inputs)` runs the function once and keeps what it computed from its
    inputs. Called with numbers, `Value`s or any other operands, it computes it again: the same
    nodes, none merged and none left out. Its `repr` is code that makes it, its `str` a program
    to paste and run; a notebook shows its graph.

    It is what `strategies.expressions` draws. To keep one as a test of its own, give what was
    printed to `hypothesis.example`.
    """

    __slots__ = ()

    def __init__(self, function: Callable[..., Any], *inputs: Any) -> None:
        self.inputs = tuple(map(as_float, inputs))
        self.steps = _traced(function, len(self.inputs))

    @classmethod
    def of_steps(cls, inputs: Iterable[float], steps: Iterable[Step]) -> Expression:
        """The expression with these steps; the last one is its output."""
        made = cls.__new__(cls)
        made.inputs, made.steps = tuple(inputs), tuple(steps)
        return made

    def __call__(self, *inputs: Any) -> Any:
        """The output for other inputs."""
        if len(inputs) != len(self.inputs):
            raise TypeError(f"{self!r} takes {len(self.inputs)} inputs, got {len(inputs)}")
        return self.run(inputs)[-1]

    def run(
        self,
        inputs: Sequence[Any],
        apply: Callable[..., Any] = lambda name, *operands: named(name)(*operands),
    ) -> list[Any]:
        """Every node, inputs first. `apply` says what a row is for this kind of number."""
        nodes = list(inputs)
        for step in self.steps:
            operands = [nodes[o] if isinstance(o, int) else o for o in step.operands]
            nodes.append(apply(step.row, *operands))
        return nodes

    def with_steps(self, change: Callable[[Step], Step]) -> Expression:
        """The expression with each of its steps changed."""
        return Expression.of_steps(self.inputs, map(change, self.steps))

    def values(self) -> list[Value]:
        """The inputs as labelled leaves, to call it with."""
        return list(map(Value, self.inputs, self.names))

    def draw(self, **settings: Any) -> Drawing:
        """Its graph at its own inputs, with gradients; settings as for `draw`."""
        from tinygrad_bp.look.graphs.draw import draw

        output = self(*self.values())
        output.backward()
        return draw(output, **settings)

    def _repr_svg_(self) -> str:
        return self.draw().svg()

    @property
    def __name__(self) -> str:
        # What `record` calls its tape.
        return "expression"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash(self._facts())

    def _facts(self) -> str:
        # As a text: a constant 1.0 is not node 1, and -0.0 is not 0.0.
        return repr((self.inputs, self.steps))

    def __repr__(self) -> str:
        inputs = "".join(f", {number!r}" for number in self.inputs)
        return f"Expression({as_lambda(self)}{inputs})"

    def __str__(self) -> str:
        return as_program(self)


# From a function to its steps -----------------------------------------------------------------


def _traced(function: Callable[..., Any], inputs: int) -> tuple[Step, ...]:
    steps: list[Step] = []
    output = function(*[_Tracer(number, inputs, steps) for number in range(inputs)])
    if not isinstance(output, _Tracer):
        raise TypeError(
            f"an expression is a function of its inputs that gives one number, got {output!r}; "
            "use the functions of this package, not those of math"
        )
    if output.number < inputs:  # the output is the last node, and has to be made
        output = +output
    return needed(inputs, steps[: output.number + 1 - inputs])


class _Tracer(Operand):
    """An operand that notes what is computed with it."""

    __slots__ = ("inputs", "number", "steps")

    def __init__(self, number: int, inputs: int, steps: list[Step]) -> None:
        self.number = number
        self.inputs = inputs
        self.steps = steps

    def _compared(self, *_question: object) -> NoReturn:
        raise TypeError("an expression has no numbers yet to branch on; use where(...)")

    __bool__ = _compared

    @classmethod
    def apply(cls, primitive: Primitive, *operands: Any) -> _Tracer:
        """Note the step."""
        tracer = next(operand for operand in operands if isinstance(operand, _Tracer))
        if not isinstance(operands[-1], _Tracer) and primitive.if_constant:
            primitive = primitive.if_constant
        places = [o.number if isinstance(o, _Tracer) else as_float(o) for o in operands]
        tracer.steps.append(Step(primitive.name, tuple(places)))
        return cls(tracer.inputs + len(tracer.steps) - 1, tracer.inputs, tracer.steps)
