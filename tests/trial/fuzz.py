"""`python3 -m tests.trial.fuzz` throws bad files, functions and arrays at what reads them.

A number after it says for how many minutes, 60 if there is none; a name, which target alone. Each
input is made from its seed. What is not refused with one of the errors that are promised must be
right; anything else is a finding, printed with its target and seed. Seeds run in processes of their
own, so that a crash and a hang are findings, too.
"""

from __future__ import annotations

import builtins
import json
import math
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_bp as tg
from tests.page import put_section
from tests.trial.drawn import expression
from tinygrad_bp import nn
from tinygrad_bp.basics.structure import numbers, with_numbers
from tinygrad_bp.tape.routes.routes import MachineRoute, OtherBranch, SourceRoute
from tinygrad_bp.tape.saved import load, save

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
COMMAND = "python3 -m tests.trial.fuzz"
PIECE = 200
"""So many seeds to a process."""
PATIENCE = 120.0
"""So many seconds a process may take before it counts as hanging."""

RAN = "tinygrad_bp_fuzz_ran"
"""What code in a file would set in `builtins`, if anything ran it."""
CODE = f"__import__('builtins').__dict__.__setitem__('{RAN}', 1)"
TEXTS = [
    CODE,
    f"x\n{CODE}",
    f"x'\n{CODE}\n'",
    f'"""\n{CODE}\n"""',
    f"x);{CODE};(",
    f"x # \r{CODE}",
    f"x\u2028{CODE}",
    "class",
    "None",
    "exp",
    "def",
    "__import__",
    "x" * 10_000,
    "\x00",
    "\ud800",
    "",
    "重み",
    "{...}",
    "%s%n",
]
NUMBERS = [0, 1, -1, 2**31, 2**63, 2**64, 10**400, 0.0, -0.0, 1e308, 5e-324, math.inf, math.nan]


def main(arguments: Sequence[str]) -> int:
    """Try each target in turn until the time is over, then write the counts."""
    if arguments[:1] == ["--piece"]:
        return piece(arguments[1], int(arguments[2]))
    minutes = float(next((a for a in arguments if a.replace(".", "").isdigit()), 60))
    names = [name for name in TARGETS if name in arguments] or list(TARGETS)
    end, first = time.monotonic() + 60.0 * minutes, int(time.time())
    tried: Counter[str] = Counter()
    findings = 0
    while time.monotonic() < end:
        for name in names:
            findings += in_process(name, first)
            tried[name] += PIECE
        first += PIECE
    lines = ["| target | inputs |", "| --- | --- |"]
    lines += [f"| {WORDS[name]} | {tried[name]:,} |" for name in names]
    put_section(PAGE, COMMAND, "\n".join([f"{minutes:g} minutes: {findings} findings.\n", *lines]))
    return int(findings > 0)


def in_process(name: str, first: int) -> int:
    """How many findings there were among the seeds from a first one on."""
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.trial.fuzz"]
    try:
        done = subprocess.run(
            [*command, "--piece", name, str(first)], capture_output=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        sys.stdout.write(f"{name}: seeds from {first} on hang\n")
        return 1
    sys.stdout.write(done.stdout.decode(errors="replace"))
    if done.returncode < 0 or done.returncode > PIECE:
        error = done.stderr.decode(errors="replace")
        sys.stdout.write(f"{name}: seeds from {first} on crash, {done.returncode}\n{error}\n")
        return 1
    return done.returncode


def piece(name: str, first: int) -> int:
    """Try the seeds of a piece; how many findings there were."""
    findings = 0
    for seed in range(first, first + PIECE):
        try:
            TARGETS[name](random.Random(f"{name} {seed}"))
            ran = vars(builtins).pop(RAN, None)
            problem = "code in a file was run" if ran else ""
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding
            problem = f"{type(error).__name__}: {error}"
        if problem:
            findings += 1
            sys.stdout.write(f"{name}, seed {seed}: {problem[:500]}\n")
    return findings


def expect(condition: object, message: str) -> None:
    """Raise what counts as a finding."""
    if not condition:
        raise AssertionError(message)


# Tapes in files -----------------------------------------------------------------------------


def tape_file(rng: random.Random) -> None:
    """A changed file is refused, or is a tape that every route replays alike."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tape.json")
        save(tape(rng), path)
        path.write_bytes(changed(rng, path.read_bytes()))
        try:
            found = load(path)
        except (ValueError, LookupError):
            return
        # Of its operands the first is the sigmoid of the second, which a changed file may undo.
        if any(instruction.op.name == "sigmoid_slope" for instruction in found.instructions):
            return
        save(found, path)
        expect(repr(load(path)) == repr(found), "it is another tape when saved again")
    replayed_alike(found)


def replayed_alike(found: tg.Tape) -> None:
    """Interpreted, as source and as machine code, at the numbers that it came with."""
    inputs = [float(number) for number in numbers(found.inputs)]
    slots = found.replay(inputs)
    holds = all(guard.holds(slots) for guard in found.guards)
    expected = [slots[slot] for slot in numbers(found.outputs)]
    compile(found.source(), "source", "exec")
    for route in (SourceRoute, MachineRoute):
        try:
            results = numbers(route(found)(inputs))
        except OtherBranch:
            expect(not holds, f"{route.__name__} sees another branch")
            continue
        expect(holds, f"{route.__name__} does not see that the branch is another")
        expect(alike(results, expected), f"{route.__name__} gives {results}, not {expected}")


def tape(rng: random.Random) -> tg.Tape:
    """A tape of a random program, some with a gradient, a guard, or a structure."""
    program = expression(rng.randrange(10**9))

    def function(xs: Any) -> Any:
        result = program(*xs)
        return result * 2.0 if result > 0.0 else {"a": result, "b": [xs[0]]}

    choice = rng.randrange(3)
    if choice == 0:
        return tg.record(tg.value_and_grad(lambda xs: program(*xs)), list(program.inputs))
    if choice == 1:
        return tg.record(function, np.array(program.inputs))
    return tg.record(program, *program.inputs)


def changed(rng: random.Random, data: bytes) -> bytes:
    """The file with its bytes changed, or what it means, or both."""
    if rng.random() < 0.7:
        facts = json.loads(data)
        for _ in range(rng.randint(1, 3)):
            change_part(rng, facts)
        data = json.dumps(facts).encode("utf-8", errors="surrogatepass")
    if rng.random() < 0.4:
        place = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data = data[:place]
        elif kind == 1:
            data = data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]
        elif kind == 2:
            data = data[:place] + data[rng.randrange(len(data)) :]
        else:
            data = b"[" * rng.choice((10, 100_000)) + data
    return data


def change_part(rng: random.Random, facts: Any) -> None:
    """Put something else in place of one part, however deep."""
    part, steps = facts, rng.randint(1, 6)
    for _ in range(steps):
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        if not keys:
            return
        key = rng.choice(keys)
        inner = part[key]
        if not isinstance(inner, dict | list) or rng.random() < 0.2:
            break
        part = inner
    else:
        return
    if rng.random() < 0.1:
        del part[key]
    elif isinstance(part, list) and rng.random() < 0.2:
        part.insert(key, rng.choice(part))
    else:
        part[key] = thing(rng)


def thing(rng: random.Random) -> Any:
    """Something that JSON can hold."""
    simple = rng.choice([rng.choice(TEXTS), rng.choice(NUMBERS), None, True, False, rng.random()])
    other = rng.choice(["exp", "add", "where", "sum", "dot", "constant", "<", ">=", "!=", "bool"])
    return rng.choice([simple, other, rng.randrange(20), [], {}, [simple], {"list": [simple]}])


def alike(found: Sequence[float], expected: Sequence[float]) -> bool:
    """The same numbers, to the sign of zero; any `nan` is like any other."""
    return [repr(float(x)) for x in found] == [repr(float(x)) for x in expected]


# Models ---------------------------------------------------------------------------------------


def state(rng: random.Random) -> None:
    """A changed state is refused and changes nothing, or is what the model then holds."""
    model = nn.MLP(2, [3, 1], seed=0)
    before = model.state_dict()
    facts = dict(before)
    for _ in range(rng.randint(0, 2)):
        change_part(rng, facts)
    try:
        model.load_state_dict(facts)
    except (ValueError, TypeError):
        expect(model.state_dict() == before, "a refused state changed the model")
        return
    expect(model.state_dict() == facts, "the model holds another state")


# The recorder ---------------------------------------------------------------------------------


def recorder(rng: random.Random) -> None:
    """What can be recorded gives what it gives without a tape; all else is refused."""
    program = expression(rng.randrange(10**9))
    inputs = [structure(rng, 0) for _ in program.inputs]
    chosen = rng.randrange(10**9)

    def function(*arguments: Any) -> Any:
        mine = random.Random(chosen)
        leaves = [leaf for leaf in leaves_of(arguments) if leaf is not None]
        operands = [mine.choice(leaves) for _ in program.inputs]
        result = program(*operands)
        return mine.choice([result, [result, operands[0]], {"r": result}, (result,), operands])

    try:
        made = tg.record(function, *inputs)
    except (TypeError, ValueError, IndexError, tg.RecordingError):
        return
    try:
        result = numbers(made(*inputs))
    except tg.BranchError:
        raise AssertionError("the branch is another with the same inputs") from None
    flat = tg.values([float(x) for x in numbers(inputs)])
    rebuilt = with_numbers(inputs, flat)
    expected = [getattr(x, "data", x) for x in numbers(function(*rebuilt))]
    expect(alike(result, expected), f"the tape gives {result}, not {expected}")
    replayed_alike(made)


def structure(rng: random.Random, depth: int) -> Any:
    """Numbers, nested, some of which no tape can take."""
    kind = rng.randrange(12 if depth < 3 else 8)
    simple = [1.5, -0.5, 2, True, math.nan, math.inf, np.float32(0.5), np.int64(3)]
    if kind < len(simple):
        return simple[kind]
    parts = [structure(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 8:
        return parts
    if kind == 9:
        return dict(zip("abcd", parts, strict=False))
    if kind == 10:
        return rng.choice(["text", None, 1j, object(), {1.0}, np.array(["a"]), tg.Value(1.0)])
    return array(rng)


def leaves_of(part: Any) -> list[Any]:
    """All that is no structure."""
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, np.ndarray):
        part = part.ravel().tolist()
    if isinstance(part, list | tuple):
        return [leaf for inner in part for leaf in leaves_of(inner)]
    return [part]


# Arrays ---------------------------------------------------------------------------------------


def boundary(rng: random.Random) -> None:
    """A compiled function takes an array as the function itself does, or refuses it."""
    shape = rng.choice([(), (1,), (3,), (2, 2)])
    compiled = tg.compile(doubled)
    given = array(rng, shape)
    call = compiled.map if given.ndim and rng.random() < 0.5 else compiled
    try:
        result = call(given)
    except (TypeError, ValueError, OverflowError):
        return
    wanted = np.asarray(doubled(given.astype(float)), dtype=float)
    expect(alike(np.ravel(result), wanted.ravel()), f"{given!r} gives {result}, not {wanted}")


def doubled(xs: Any) -> Any:
    """Twice each number and a little more."""
    return xs * 2.0 + 0.5


def array(rng: random.Random, shape: Sequence[int] | None = None) -> Any:
    """An array of any type and layout: strided, swapped, read-only, empty, a view of itself."""
    if shape is None or rng.random() < 0.3:
        shape = [rng.randrange(4) for _ in range(rng.randrange(4))]
    kinds = ["f8", ">f8", "f4", "f2", "i8", "u1", "?", "c16", "O", "U3", "M8[s]", "g"]
    size = math.prod(shape)
    values = [rng.choice([0.0, 1.0, -2.5, 1e300, math.nan, math.inf, 5e-324]) for _ in range(size)]
    try:
        with np.errstate(all="ignore"):
            made = np.array(values, dtype=float).reshape(shape).astype(rng.choice(kinds))
    except (ValueError, TypeError, OverflowError):
        return np.array(values).reshape(shape)
    layout = rng.randrange(6)
    if layout == 0:
        made = made.T
    elif layout == 1 and made.ndim:
        made = made[::-1]
    elif layout == 2 and made.ndim:
        made = np.repeat(made, 2, axis=-1)[..., ::2]
    elif layout == 3 and made.dtype.kind == "f":
        # One byte off, as a field of a packed record is.
        packed = np.zeros(made.shape, dtype=[("a", "u1"), ("b", made.dtype)])
        packed["b"] = made
        made = packed["b"]
    elif layout == 4:
        made.setflags(write=False)
    elif layout == 5:
        made = np.broadcast_to(made, (2, *made.shape))
    return made


# Compiled code in a folder ----------------------------------------------------------------------


def cache(rng: random.Random) -> None:
    """Whatever stands in the folder, the function gives what it gives."""
    program = expression(rng.randrange(10**6))
    with tempfile.TemporaryDirectory() as folder:
        expected = [tg.compile(program, cache=folder)(*program.inputs)]
        for file in Path(folder).rglob("*"):
            if file.is_file() and rng.random() < 0.8:
                file.write_bytes(changed_bytes(rng, file.read_bytes()))
        again = [tg.compile(program, cache=folder)(*program.inputs)]
    expect(alike(again, expected), f"with a changed cache {again}, not {expected}")


def changed_bytes(rng: random.Random, data: bytes) -> bytes:
    """A flipped bit, a cut, something else, nothing."""
    place = rng.randrange(len(data) + 1)
    return rng.choice(
        [
            data[:place],
            data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :],
            data + b"\x00" * 100,
            rng.randbytes(len(data)),
            b"",
            data,
        ]
    )


TARGETS: dict[str, Callable[[random.Random], None]] = {
    "tape": tape_file,
    "state": state,
    "recorder": recorder,
    "boundary": boundary,
    "cache": cache,
}
WORDS = {
    "tape": "files of tapes",
    "state": "states of models",
    "recorder": "functions and structures to record",
    "boundary": "arrays for compiled functions",
    "cache": "folders of compiled code",
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
