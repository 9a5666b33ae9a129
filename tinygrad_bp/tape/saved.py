"""Tapes in files: JSON that holds data and nothing else, and is checked when it comes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.basics.files import write
from tinygrad_bp.basics.identifiers import is_name
from tinygrad_bp.core.value import Value
from tinygrad_bp.graph.guard import Guard
from tinygrad_bp.rows.operand import COMPARISONS
from tinygrad_bp.rows.primitive import named
from tinygrad_bp.tape.tape import LAMBDA, Instruction, Tape

FORMAT = "tinygrad_bp tape 1"


def save(tape: Tape, path: str | Path) -> None:
    """Write a tape to a file, for `load`.

    Raises `TypeError` for structures with named tuples, or with keys that JSON does not have.
    """
    facts = {
        "format": FORMAT,
        "name": tape.name,
        "inputs": _packed(tape.inputs),
        "captured": [[value.label, value.data] for value in tape.captured],
        "constants": tape.constants,
        "instructions": [[i.op.name, i.operands] for i in tape.instructions],
        "outputs": _packed(tape.outputs),
        "guards": [[g.comparison, g.left, g.right, g.outcome, g.line] for g in tape.guards],
        "names": tape.names,
    }
    write(path, json.dumps(facts))


def load(path: str | Path) -> Tape:
    """The tape that `save` wrote, in this process or another.

    >>> import tempfile, tinygrad_bp as tg
    >>> file = Path(tempfile.mkdtemp(), "tape.json")
    >>> save(tg.record(lambda x: tg.sin(x) * 2.0, 1.0), file)
    >>> load(file)(0.0)
    0.0

    Captured values come back as values of their own. Operations of one's own must have been
    registered. Nothing in the file is ever run.

    Raises `ValueError` if the file is not what `save` writes, `LookupError` for an operation
    that is not registered.
    """
    try:
        return _tape(json.loads(Path(path).read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise ValueError(visible(f"{path} is no saved tape: {error}")) from None


def _tape(facts: dict[str, Any]) -> Tape:
    _expect(facts["format"] == FORMAT, "the format is another")
    inputs = _unpacked(facts["inputs"], float)
    _expect(isinstance(inputs, tuple), "the inputs are no arguments")
    captured = tuple(Value(_number(number), label) for label, number in facts["captured"])
    constants = tuple(map(_number, facts["constants"]))
    first = len(structure.numbers(inputs)) + len(captured) + len(constants)
    instructions = tuple(
        _instruction(name, operands, first + i)
        for i, (name, operands) in enumerate(facts["instructions"])
    )
    slots = first + len(instructions)
    outputs = _unpacked(facts["outputs"], int)
    guards = tuple(_guard(parts, slots) for parts in facts["guards"])
    names = tuple(facts["names"])
    _expect(all(0 <= s < slots for s in structure.numbers(outputs)), "an output has no slot")
    _expect(len(names) == slots, "there is not a name for each slot")
    _expect(all(isinstance(name, str) for name in names), "a name is no text")
    name = facts["name"]
    _expect(type(name) is str and (is_name(name) or name == LAMBDA), "the function's name is none")
    tape = Tape(inputs, captured, constants, instructions, outputs, guards, names, name)
    tape.replay(structure.numbers(inputs))  # an operation may want an even number of operands
    return tape


def _instruction(name: Any, operands: Any, slot: int) -> Instruction:
    _expect(isinstance(name, str), "an operation's name is no text")
    op = named(name)
    _expect(all(type(o) is int and 0 <= o < slot for o in operands), "an operand has no slot")
    _expect(op.arity in (None, len(operands)) and operands, f"{name} takes other operands")
    return Instruction(op, tuple(operands))


def _guard(parts: Sequence[Any], slots: int) -> Guard:
    comparison, left, right, outcome, line = parts
    _expect(comparison in COMPARISONS, "a guard has no comparison")
    _expect(all(type(s) is int and 0 <= s < slots for s in (left, right)), "a guard has no slot")
    _expect(isinstance(outcome, bool), "a guard has no outcome")
    _expect(isinstance(line, str), "a guard has no line")
    return Guard(comparison, left, right, outcome, line)


def _packed(part: Any) -> Any:
    if isinstance(part, np.ndarray):
        return {"array": part.ravel().tolist(), "shape": part.shape}
    if isinstance(part, dict):
        if not all(isinstance(key, str) for key in part):
            raise TypeError(f"only dicts whose keys are texts can be saved, got {part!r}")
        return {"dict": [[key, _packed(inner)] for key, inner in part.items()]}
    if isinstance(part, list | tuple):
        if type(part) not in (list, tuple):
            raise TypeError(f"only lists, tuples, dicts and arrays can be saved, got {part!r}")
        return {type(part).__name__: [_packed(inner) for inner in part]}
    return part


def _unpacked(part: Any, kind: type) -> Any:
    if not isinstance(part, dict):
        _expect(type(part) is kind, f"{part!r} is no {kind.__name__}")
        return part
    if "array" in part:
        _expect(all(type(number) is kind for number in part["array"]), "an array holds others")
        return np.array(part["array"], dtype=kind).reshape(part["shape"])
    [(name, inner)] = part.items()
    if name == "dict":
        _expect(all(isinstance(key, str) for key, _ in inner), "a key is no text")
        return {key: _unpacked(own, kind) for key, own in inner}
    parts = [_unpacked(own, kind) for own in inner]
    return {"list": list, "tuple": tuple}[name](parts)


def _number(number: Any) -> float:
    _expect(type(number) is float, f"{number!r} is no float")
    return float(number)


def _expect(condition: Any, message: str) -> None:
    if not condition:
        raise ValueError(message)
