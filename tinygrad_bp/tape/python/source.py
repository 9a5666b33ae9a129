"""A tape as Python source: straight-line code that reads like a derivation by hand.

Vocabulary:  symbol   how a slot is written where it is used: a name, a number, a formula
             own line what has a name, is used more than once, or would make a line too long
"""

from __future__ import annotations

import ast
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, cast

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.identifiers import Identifiers, as_read, is_name
from tinygrad_bp.graph.guard import BranchError, Guard
from tinygrad_bp.graph.program import REPLAY, Program
from tinygrad_bp.rows import primitives as p
from tinygrad_bp.rows.primitive import Primitive
from tinygrad_bp.tape.python.symbol import ATOM, SIGN, Symbol, spelled_out

WIDTH = 60
"""Characters up to which a formula may stand inside another."""
LINE = 92
"""Characters in a line."""
LARGEST_POWER = 100
"""Whole exponents up to which a power is written with stars."""
TERMS = 50
"""Operands up to which a sum is written with plus signs; Python's parser nests with each."""

OPERATORS = {
    *(p.add, p.subtract, p.multiply, p.divide, p.remainder, p.floor_divide),
    *(p.negative, p.positive, p.abs_),
}
"""Rows that Python computes as the table does, or raises where the table does not."""

SPELLED = (p.sigmoid_slope, p.tanh_slope)
"""Rows that are written as what they are made of, which gives the same bits."""

PYTHON_NAMES = {row: name for name, row in vars(p).items() if isinstance(row, Primitive)}
HELPERS = {*PYTHON_NAMES.values(), "inf", "nan", "array", "expect", "named"}
"""What the text may import."""


class Written:
    """The text of a tape, and the name of the function that it defines."""

    def __init__(self, tape: Program) -> None:
        self.tape = tape
        self._imports: dict[str, set[str]] = {}
        self._rows: dict[str, Primitive] = {}
        rows = dict.fromkeys(instruction.op for instruction in tape.instructions)
        self._name = Identifiers(HELPERS)
        self._own = {row: self._name(row.name) for row in rows if row not in PYTHON_NAMES}
        is_named = is_name(tape.name)
        # A variable of that name does no harm: the function does not call itself.
        self._enums: dict[type[Enum], str] = {}
        self.name = Identifiers({*HELPERS, *self._own.values()})(tape.name if is_named else REPLAY)
        self._symbols: list[Symbol] = []
        self._temporaries = 0
        self._uses = Counter(self._read())
        self.text = self._written()

    # The text -------------------------------------------------------------------------

    def _read(self) -> Iterator[int]:
        """Each slot as often as it is read."""
        for instruction in self.tape.instructions:
            yield from instruction.operands
        for guard in self.tape.guards:
            yield from (guard.left, guard.right)
        yield from structure.numbers(self.tape.outputs)

    def _written(self) -> str:
        head, lines = self._head_and_unpacking()
        lines += [line for _, some in self._body() for line in some]
        output = self._output(self.tape.outputs)
        is_several = isinstance(self.tape.outputs, tuple) and len(self.tape.outputs) > 1
        lines += wrapped("return ", output[1:-1] if is_several else output)
        return self._module([*head, *indented(lines)])

    def _module(self, definition: Sequence[str]) -> str:
        """The definition of the function, below what it needs."""
        imports = [
            f"from {module} import {', '.join(sorted(names))}\n"
            for module, names in sorted(self._imports.items())
        ]
        own = [f"{name} = named({row.name!r})\n" for row, name in self._own.items()]
        above = "".join([*imports, "\n" if imports and own else "", *own])
        below = "".join(f"{line}\n" for line in definition)
        return f"{above}\n\n{below}" if above else below

    def _head_and_unpacking(self) -> tuple[list[str], list[str]]:
        """The head of the function, and lines that take structures apart."""
        tape, lines, parameters = self.tape, [], []
        slots = iter(range(len(tape.names)))
        for position, argument in enumerate(tape.inputs):
            first = len(self._symbols)
            label = tape.names[first] if structure.numbers(argument) else ""
            name = label.partition("[")[0] or f"x{position}"
            if _is_number(argument):
                parameters.append(self._named(next(slots), name))
            else:
                parameters.append(self._name(name))
                lines += self._unpacked(parameters[-1], argument, slots)
        self.captured = [self._named(next(slots), f"c{i}") for i in range(len(tape.captured))]
        if self.captured:
            parameters += ["*", *self.captured]
        self._symbols += [self._number(number) for number in tape.constants]
        return wrapped(f"def {self.name}", f"({', '.join(parameters)})", ":"), lines

    def _unpacked(self, name: str, part: Any, slots: Iterator[int]) -> list[str]:
        if isinstance(part, dict):
            lines = []
            for key, inner in part.items():
                target, more = self._target(name, inner, slots)
                lines += [f"{target} = {name}[{self._key(key)}]", *more]
            return lines
        target, more = self._target(name, part, slots)
        return [f"{target} = {name}", *more]

    def _target(self, name: str, part: Any, slots: Iterator[int]) -> tuple[str, list[str]]:
        """What stands on the left of an assignment, and lines that must follow it."""
        if _is_number(part):
            slot = next(slots)
            return self._named(slot, f"{name}_{slot}"), []
        if isinstance(part, dict):
            own = self._name(f"{name}_part")
            return own, self._unpacked(own, part, slots)
        targets = [self._target(name, inner, slots) for inner in part]
        more = [line for _, lines in targets for line in lines]
        return f"[{', '.join(target for target, _ in targets)}]", more

    def _body(self) -> Iterator[tuple[Sequence[int], list[str]]]:
        """The lines of each instruction and of each guard, and before them what they read."""
        tape = self.tape
        first = len(self._symbols)
        guards: dict[int, list[Guard]] = {}
        for guard in tape.guards:
            guards.setdefault(max(guard.left, guard.right, first - 1), []).append(guard)
        yield from map(self._guarded, guards.get(first - 1, []))
        for slot, instruction in enumerate(tape.instructions, first):
            formula = self._formula(instruction.op, instruction.operands)
            if tape.names[slot] or self._uses[slot] != 1 or len(formula.text) > WIDTH:
                name = self._named(slot, f"t{self._temporaries + 1}")
                self._temporaries += not tape.names[slot]
                yield instruction.operands, wrapped(f"{name} = ", formula.text)
            else:
                self._symbols.append(formula)
            yield from map(self._guarded, guards.get(slot, []))

    def _formula(self, op: Primitive, operands: Sequence[int]) -> Symbol:
        xs = [self._symbols[slot] for slot in operands]
        if op is p.pow_constant and (power := self._whole(operands[1])):
            return Symbol.apply(op, xs[0], *power)
        if op in SPELLED:
            self._function(p.sigmoid)
            return cast(Symbol, cast(Callable[..., Any], op.spelled)(*xs))
        if op in OPERATORS:
            return Symbol.apply(op, *xs)
        if len(xs) <= TERMS and (formula := spelled_out(op, xs)) is not None:
            return formula
        return Symbol(f"{self._function(op)}({', '.join(x.text for x in xs)})")

    def _whole(self, slot: int) -> list[Symbol]:
        """A constant exponent as it is usually written, without a point; none of others."""
        number = self.tape.constant(slot)
        if not abs(number) <= LARGEST_POWER or number != int(number):
            return []
        return [Symbol(str(int(number)), SIGN if number < 0.0 else ATOM)]

    def _function(self, op: Primitive) -> str:
        """The name of a row that is written as a call, which the text must import."""
        op = p.pow_ if op is p.pow_constant else op
        if op in PYTHON_NAMES:
            name = PYTHON_NAMES[op]
            self._import("tinygrad_bp.rows.primitives", name)
        else:
            name = self._own[op]
            self._import("tinygrad_bp.rows.primitive", "named")
        self._rows[name] = op
        return name

    def _guarded(self, guard: Guard) -> tuple[Sequence[int], list[str]]:
        self._import("tinygrad_bp.tape.python.source", "expect")
        left, right = self._symbols[guard.left], self._symbols[guard.right]
        line = f"expect({guard.outcome}, {left} {guard.comparison} {right}, {guard.line!r})"
        return (guard.left, guard.right), [line]

    def _output(self, part: Any) -> str:
        if isinstance(part, dict):
            pairs = (f"{self._key(key)}: {self._output(inner)}" for key, inner in part.items())
            return f"{{{', '.join(pairs)}}}"
        if isinstance(part, np.ndarray):
            self._import("tinygrad_bp.tape.python.source", "array")
            return f"array({self._output(part.tolist())})"
        if _is_number(part):
            text: str = self._symbols[part].text
            return text
        inner = ", ".join(map(self._output, part))
        if isinstance(part, tuple):
            return f"({inner},)" if len(part) == 1 else f"({inner})"
        return f"[{inner}]"

    def _key(self, key: Any) -> str:
        """A key of a dict: a literal, or a member of an enumeration that can be imported."""
        kind = type(key)
        if _is_literal(key):
            return repr(key)
        if not isinstance(key, Enum) or not _is_importable(kind):
            raise TypeError(
                f"generated source cannot name a key like {key!r}: use texts, numbers, tuples of "
                "them, or members of an Enum at the top of a module"
            )
        if kind not in self._enums:
            own, name = as_read(kind.__name__), self._name(kind.__name__)
            name = self._name(own) if name == self.name else name
            self._import(kind.__module__, own if name == own else f"{own} as {name}")
            self._enums[kind] = name
        return f"{self._enums[kind]}[{key.name!r}]"  # a name in quotes is read as it is

    def _number(self, number: float) -> Symbol:
        text = repr(number)
        if "inf" in text or "nan" in text:
            self._import("math", text.lstrip("-"))
        return Symbol(text, SIGN) if text.startswith("-") else Symbol(text)

    def _import(self, module: str, name: str) -> None:
        self._imports.setdefault(module, set()).add(name)

    # Names ----------------------------------------------------------------------------

    def _named(self, slot: int, otherwise: str) -> str:
        """The next symbol: its own name if it has one, made fit for Python."""
        name = self._name(self.tape.names[slot] or otherwise)
        self._symbols.append(Symbol(name))
        return name


def expect(outcome: bool, comparison: Any, line: str) -> None:  # noqa: FBT001  # it is data
    """Raise `BranchError` if a comparison, of numbers or arrays, is not what it was.

    >>> expect(True, 1.0 < 2.0, "line 3: if x < y:")
    >>> expect(True, np.array([True, False]), "line 3: if x < y:")
    Traceback (most recent call last):
    tinygrad_bp.graph.guard.BranchError: another branch than recorded in row 1; line 3: if x < y:
    """
    others = np.flatnonzero(np.not_equal(comparison, outcome))
    if len(others):
        where = f" in row {others[0]}" if np.ndim(comparison) else ""
        raise BranchError(f"another branch than recorded{where}; {line}")


def array(nested: Any) -> Any:
    """Nested lists of numbers as an array; of batches too, where some are the same in all rows.

    >>> array([np.array([1.0, 2.0]), 0.0])
    array([[1., 2.],
           [0., 0.]])
    """
    entries = np.broadcast_arrays(*structure.blocks(nested))
    return np.array(entries).reshape(_lengths(nested) + entries[0].shape)


def indented(lines: Iterable[str]) -> list[str]:
    """The lines, one step to the right."""
    return [f"    {line}" for line in lines]


def wrapped(before: str, text: str, after: str = "") -> list[str]:
    """A line, or several if it is long; in parentheses, where Python lets a line end."""
    if len(before) + len(text) <= LINE or "'" in text:  # a text of its own must stay whole
        return [f"{before}{text}{after}"]
    inner = text[1:-1] if after else text
    parts = textwrap.wrap(inner, LINE - 4, break_long_words=False, break_on_hyphens=False)
    return [f"{before}(", *[f"    {part}" for part in parts], f"){after}"]


def _lengths(nested: Any) -> tuple[int, ...]:
    return (len(nested), *_lengths(nested[0])) if isinstance(nested, list) else ()


def _is_literal(key: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(key)) == key)
    except (ValueError, SyntaxError):
        return False


def _is_importable(kind: type) -> bool:
    path = [*kind.__module__.split("."), kind.__name__]
    found = getattr(sys.modules.get(kind.__module__), as_read(kind.__name__), None)
    return found is kind and all(map(is_name, path))


def _is_number(part: Any) -> bool:
    return not isinstance(part, dict | list | tuple) and structure.shape(part) == ()
