"""Tapes compared, pickled, saved, and printed as tables."""

import json
import math
import pickle
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import tinygrad_bp as tg
from tinygrad_bp import Value, record, value_and_grad
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.tape import load, save

W = Value(2.0, "w")


def model(x, p):
    y = W * x[0] + p["b"][1, 0] if x[0] < 3.0 else x[1]
    return {"y": tg.tanh(y * -0.0), "x": np.array([x[1], math.inf * y])}, [math.nan]


EXAMPLE = [1.0, 2.0], {"b": np.ones((2, 1))}


def test_tapes_of_one_program_are_equal():
    def twice(x):
        return 2.0 * x

    assert record(twice, 1.0) == record(twice, 5.0)
    assert hash(record(twice, 1.0)) == hash(record(twice, 5.0))
    assert record(model, *EXAMPLE) == record(model, *EXAMPLE)
    assert record(twice, 1.0) != record(twice, [Value(1.0)][0].data + np.ones(1))
    assert record(twice, 1.0) != record(lambda x: 3.0 * x, 1.0)
    assert record(lambda x: x * 0.0, 1.0) != record(lambda x: x * -0.0, 1.0)
    assert record(twice, 1.0) != "twice"


def test_a_tape_shows_what_it_is():
    assert repr(record(model, *EXAMPLE)) == "<tape model: 4 inputs, 5 instructions, 1 guard>"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tape.json"


def pickled(tape, _):
    return pickle.loads(pickle.dumps(tape))


def saved(tape, path):
    save(tape, path)
    return load(path)


@pytest.mark.parametrize("copy", [pickled, saved])
def test_a_copy_is_the_same_tape(copy, path):
    tape = record(model, *EXAMPLE)
    other = copy(tape, path)

    assert other == tape
    assert repr(other(*EXAMPLE)) == repr(tape(*EXAMPLE))
    assert other.source() == tape.source()
    assert repr(tg.compile(other)(*EXAMPLE)) == repr(tape(*EXAMPLE))
    assert other.captured[0] is not W
    with pytest.raises(tg.BranchError, match="test_saved"):
        other([5.0, 2.0], EXAMPLE[1])


@settings(max_examples=30)
@given(expressions(max_steps=10))
def test_any_tape_comes_back(tmp_path_factory, program):
    tape = record(
        value_and_grad(lambda *xs: program.run(xs)[-1], range(len(program.inputs))), *program.inputs
    )

    assert saved(tape, tmp_path_factory.mktemp("tapes") / "tape.json") == tape


def test_a_tape_is_loaded_by_another_process(path):
    save(record(lambda x, y: tg.sin(x) * y, 1.0, 2.0), path)
    text = f"from tinygrad_bp.tape import load; print(load({str(path)!r})(0.5, 2.0))"

    printed = subprocess.check_output([sys.executable, "-c", text], text=True)

    assert float(printed) == math.sin(0.5) * 2.0


def test_what_cannot_be_saved_is_refused(path):
    Point = namedtuple("Point", "x y")

    with pytest.raises(TypeError, match="only lists, tuples"):
        save(record(lambda p: p.x, Point(1.0, 2.0)), path)
    with pytest.raises(TypeError, match="keys are texts"):
        save(record(lambda p: p[1], {1: 2.0}), path)
    assert not path.exists()


DAMAGES = {
    "format": "another",
    "name": "not a name",
    "inputs": [1.0],
    "captured": [[1, 2.0]],
    "constants": ["0.5"],
    "instructions": [["sin", [17]]],
    "outputs": {"tuple": [99]},
    "guards": [["=>", 0, 0, True, ""]],
    "names": ["x"],
}
MORE = {
    "inputs": [{"list": [1.0]}, {"tuple": [1]}, {"set": [1.0]}, {"array": [1], "shape": [1]}, 5.0],
    "captured": [[["w", None]], [["w", 1]], 3],
    "constants": [[True], None],
    "instructions": [
        [["sin", [0, 0]]],
        [["sin", []]],
        [["sin", [True]]],
        [["sin", [-1]]],
        [["constant", [0]]],
        [["dot", [0]]],
        [[["sin"], [0]]],
        [3],
    ],
    "outputs": [
        0.0,
        -1,
        {"array": [0], "shape": [2]},
        {"list": 0},
        {"dict": [[[], 0]]},
        {"dict": [[1, 0]]},
    ],
    "guards": [
        [["<", 0, 99, True, ""]],
        [["<", 0.0, 0, True, ""]],
        [["<", 0, 0, 1, ""]],
        [["<", 0, 0, True, None]],
        [["<"]],
    ],
    "names": [["x"] * 99, [1] * 3, None],
    "format": [None],
    "name": ["class", "None", "x.y", 3, float("nan")],
}
CASES = [*DAMAGES.items()] + [(k, v) for k, vs in MORE.items() for v in vs]


@pytest.mark.parametrize(("part", "damage"), CASES, ids=str)
def test_a_damaged_file_is_refused(part, damage, path):
    tape = record(lambda x: tg.sin(x) * 0.5, 1.0)
    save(tape, path)
    facts = json.loads(path.read_text())
    facts[part] = damage
    path.write_text(json.dumps(facts))

    with pytest.raises(ValueError, match="is no saved tape"):
        load(path)


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", "null", "[" * 100_000, "\x00"])
def test_a_foreign_file_is_refused(text, path):
    path.write_text(text)

    with pytest.raises(ValueError, match="is no saved tape"):
        load(path)


def test_an_operation_that_is_not_registered_is_named(path):
    save(record(tg.sin, 1.0), path)
    path.write_text(path.read_text().replace('"sin"', '"no_such_row"'))

    with pytest.raises(LookupError, match="no_such_row"):
        load(path)


# Tables ---------------------------------------------------------------------------------


def test_a_table_of_values():
    tape = record(lambda x: W * x - 0.5, 3.0)

    assert tape.table() == (
        "slot            primal\n"
        "x     input          3\n"
        "w     captured       2\n"
        "v2    constant     0.5\n"
        "v3    w * x          6\n"
        "v4    v3 - 0.5     5.5\n"
    )


def test_a_table_of_derivatives():
    def f(x, y):
        z = x[0] * y
        z.label = "z"
        return tg.sin(z) + x[1]

    table = record(f, [1.0, 2.0], 3.0).table(
        [0.5, 1.0], 2.0, direction=([1.0, 0.0], 0.0), adjoint=True
    )
    rows = [line.split() for line in table.splitlines()]

    assert rows[0] == ["slot", "primal", "tangent", "adjoint"]
    assert ["z", "x[0]", "*", "y", "1", "2", "0.540302"] in rows
    assert rows[-1][-3:] == ["1.84147", "1.0806", "1"]


def test_a_table_of_nothing_but_constants():
    assert record(lambda: 2.0).table() == "slot            primal\nv0    constant       2\n"


def test_a_table_that_cannot_be():
    with pytest.raises(ValueError, match="a direction of 1 numbers, got 2"):
        record(tg.sin, 1.0).table(2.0, direction=(1.0, 2.0))
    for function in (lambda x: [x, x], lambda x: 2.0 + 0.0 * x.sign() if x is None else 2.0):
        with pytest.raises(ValueError, match="whose one output depends"):
            record(function, 1.0).table(adjoint=True)


def test_a_tape_of_a_lambda_is_saved(tmp_path):
    tape = record(lambda x: x * 2, 1.0)
    save(tape, tmp_path / "tape.json")

    assert load(tmp_path / "tape.json").name == "lambda"


def test_a_saved_tape_says_nothing_of_folders(tmp_path):
    tape = record(lambda x: x if x > 0.0 else -x, 1.0)
    save(tape, tmp_path / "tape.json")

    assert f"{Path(__file__).name}, line " in tape.guards[0].line
    for text in ((tmp_path / "tape.json").read_text(), tape.source()):
        assert str(Path(__file__).parent) not in text
