"""Whatever things are called, generated source computes what was written."""

# Letters that look like others are what this is about.
# ruff: noqa: RUF001

from __future__ import annotations

import inspect
import keyword
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings, strategies as st

from tests.nn.routes import RECORDED, fit
from tests.tape.names import hard, hard_identifiers, operation
from tinygrad_bp import Value, compile as compiled, nn, record
from tinygrad_bp.basics.identifiers import RESERVED, Identifiers
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.rows.primitive import Primitive, named
from tinygrad_bp.tape import Tape
from tinygrad_bp.tape.python.loop import WrittenLoop, WrittenSum
from tinygrad_bp.tape.python.source import Written
from tinygrad_bp.tape.routes.routes import SourceRoute
from tinygrad_bp.tape.saved import load, save

slow = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def run(tape: Tape, *arguments: Any) -> Any:
    space: dict[str, Any] = {}
    exec(tape.source(), space)
    return space[Written(tape).name](*arguments)


# One name for each ----------------------------------------------------------------------------


@given(st.lists(hard, max_size=20), st.lists(hard_identifiers, max_size=3))
@example(["ﬁ", "fi", "fi_2", "𝐢𝐟", "if", "if_"], [])
def test_names_are_distinct_to_python(labels: list[str], reserved: list[str]) -> None:
    reserved = [unicodedata.normalize("NFKC", name) for name in reserved]

    names = list(map(Identifiers(reserved), labels))

    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in names)
    assert names == [unicodedata.normalize("NFKC", name) for name in names]
    assert not {*names} & {*reserved, *RESERVED}
    assert names == list(map(Identifiers(reserved), labels))
    assert max(map(len, names), default=0) < 100


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("h₁", "h1"),
        ("x²", "x2"),
        ("½", "_1_2"),
        ("𝐭", "t"),
        ("layer[0].weight", "layer_0_weight"),
        ("x\u0302", "x\u0302"),
        ("__debug__", "__debug___"),
        ("match", "match_"),
        ("\ud800", "t"),
        ("", "t"),
    ],
)
def test_names_can_be_read(label: str, name: str) -> None:
    assert Identifiers([])(label) == name


def test_many_of_one_name_are_counted_on() -> None:
    name = Identifiers([])

    assert [name("h") for _ in range(100_000)][-1] == "h_100000"


# What is computed -----------------------------------------------------------------------------


def program(labels: Sequence[str], operations: Sequence[Primitive]) -> Callable[..., Any]:
    """A chain through labelled nodes and these operations, each of which counts."""

    def chain(x: Any, y: Any) -> Any:
        total = x * y
        for place, label in enumerate(labels, 2):
            node = x * float(place) + y
            node.label = label
            total = total + node**0.5 * node
        for own in operations:
            total = own(total) + x
        return total if x < 9.0 else y

    return chain


def called(function: Any, name: str, arguments: Sequence[str]) -> Any:
    """The function under another name, with other names for its arguments."""
    function.__name__ = name
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    function.__signature__ = inspect.Signature([inspect.Parameter(a, kind) for a in arguments])
    return function


@slow
@given(
    st.lists(hard, max_size=4),
    st.lists(hard_identifiers, max_size=2, unique=True),
    hard,
    st.lists(hard_identifiers, min_size=2, max_size=2, unique=True),
)
@example(["µ", "μ"], ["expect"], "f", ["x", "y"])
@example(["pow", "pow_"], ["Value", "float"], "rows", ["captured", "rows"])
@example([], ["x"], "x", ["x", "𝐱"])
def test_every_route_gives_the_bits_of_eager_evaluation(
    tmp_path: Path, labels: list[str], own: list[str], name: str, arguments: list[str]
) -> None:
    with ExitStack() as stack:
        try:
            operations = [stack.enter_context(operation(one)) for one in own]
        except ValueError:  # `ﬁ` and `fi`, or a method of `Value`
            assume(False)
        function = called(program(labels, operations), name, arguments)
        tape = record(function, 2.0, 3.0)
        save(tape, tmp_path / "tape")
        loaded = load(tmp_path / "tape")
        expected = function(Value(0.7), Value(1.3)).data

        found = [
            run(tape, 0.7, 1.3),
            run(loaded, 0.7, 1.3),
            SourceRoute(tape)([0.7, 1.3]),
            *WrittenSum(loaded).function([(0.7, 1.3)], []),
            compiled(function)(0.7, 1.3),
        ]

    assert found == [expected] * 5
    assert loaded.source() == tape.source()


@slow
@given(st.lists(hard, min_size=3, max_size=3), hard, hard)
@example(["𝐭", "t", "t1"], "x", "y")
def test_training_is_the_same_by_every_route(labels: list[str], weight: str, bias: str) -> None:
    def loss(prediction: Any, target: Any) -> Any:
        parts = [prediction * float(i) - target for i in range(1, 4)]
        for part, label in zip(parts, labels, strict=True):
            part.label = label
        return parts[0] * parts[0] + parts[1] * parts[2] + (target + 1.0) * parts[1]

    def trained(route: str) -> list[float]:
        model = nn.Neuron(1, "sigmoid", seed=0)
        for parameter, label in zip(model.parameters(), (weight, bias), strict=True):
            parameter.label = label
        settings = {"loss": loss, "optimizer": nn.SGD(0.1), "epochs": 4, "progress": False}
        fit(route, model, [[0.0], [1.0]], [0.5, 1.0], **settings)
        return [parameter.data for parameter in model.parameters()]

    eager = trained("eager")
    assert [trained(route) for route in RECORDED] == [eager, eager]


@given(st.lists(hard_identifiers, min_size=1, max_size=3, unique=True))
@example(["x", "y"])
@example(["Value", "expression"])
@example(["output", "t1", "x_2"])
@example(["float", "named"])
def test_printed_programs_compute_the_expression(names: list[str]) -> None:
    with ExitStack() as stack:
        try:
            operations = [stack.enter_context(operation(name)) for name in names]
        except ValueError:
            assume(False)

        def chain(x: Any, y: Any) -> Any:
            total = x * y
            for own in operations:
                total = own(total) * total + 0.5
            return total

        expression = Expression(chain, 0.5, 2.0)
        space: dict[str, Any] = {}
        exec(str(expression), space)
        own_names = {own.name: named(own.name) for own in operations}
        again = eval(repr(expression), {"Expression": Expression, **own_names})

        assert again == expression
        assert space["output"].data == chain(Value(0.5), Value(2.0)).data


# Keys -----------------------------------------------------------------------------------------


class Colour(Enum):
    RED = 1
    BLUE = 2


Ligature = Enum("Ligature", ["ﬁ", "fi"])  # by the functional way, Python has no part in the names


@pytest.mark.parametrize(
    "keys",
    [(Colour.RED, Colour.BLUE), tuple(Ligature), ("ﬁ", "fi"), (1, (2, "a")), (None, "a'\ud800\n")],
)
def test_keys_of_dicts(keys: tuple[Any, Any]) -> None:
    def replay(p: Any) -> Any:
        return {keys[1]: p[keys[0]] * 2.0, keys[0]: p[keys[1]] + 1.0}

    tape = record(replay, {keys[0]: 1.0, keys[1]: 2.0})
    given = {keys[0]: 5.0, keys[1]: 7.0}

    assert run(tape, given) == tape(given) == compiled(replay)(given)


def test_an_enumeration_called_like_something_else() -> None:
    def Colour_(p: Any) -> Any:
        y = p[Colour.RED] * 2.0
        y.label = "Colour"
        return y + y

    def also(p: Any) -> Any:
        return Colour_(p)

    also.__name__ = "Colour"
    tapes = [record(function, {Colour.RED: 1.0}) for function in (Colour_, also)]

    assert [run(tape, {Colour.RED: 5.0}) for tape in tapes] == [20.0, 20.0]
    assert "import Colour as Colour_2\n" in tapes[1].source()


def test_keys_that_no_text_can_name_are_refused_in_words() -> None:
    class Local(Enum):
        A = 1

    for key in (Local.A, len, np.float64("nan")):
        tape = record(lambda p: p[key], {key: 1.0})  # noqa: B023  # used at once
        with pytest.raises(TypeError, match=r"cannot name a key like .*Enum at the"):
            tape.source()


# Operations -----------------------------------------------------------------------------------


def test_operations_that_python_takes_for_one_are_one() -> None:
    with operation("ﬁ2") as own:
        assert own.name == "fi2"
        assert Value(2.0).ﬁ2().data == 6.0  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="the name 'fi2' is taken"), operation("fi2"):
            pass


@pytest.mark.parametrize("name", ["__len__", "__getattr__", "__debug__", "__own__"])
def test_what_python_calls_by_itself_is_no_operation(name: str) -> None:
    with pytest.raises(ValueError, match="is taken; choose another"), operation(name):
        pass


# The second net -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [WrittenLoop, WrittenSum])
def test_text_that_gives_other_numbers_is_not_used(
    kind: type[WrittenLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = record(lambda x, y: [x - y, x * x], 3.0, 2.0)
    wanted = kind(tape).function([(5.0, 1.0)], [])
    wrong = kind(tape)
    wrong.text = wrong.text.replace("x - y", "y - x")

    with pytest.warns(RuntimeWarning, match="source generated for <tape lambda: .*please report"):
        function = wrong.function

    assert list(function([(5.0, 1.0)], [])) == list(wanted)


def test_text_that_takes_another_branch_is_not_used() -> None:
    written = WrittenLoop(record(lambda x: x if x > 0.0 else -x, 3.0))
    written.text = written.text.replace(" > ", " < ")

    with pytest.warns(RuntimeWarning, match="please report"):
        function = written.function

    assert list(function([[3.0], [2.0]], [])) == [3.0, 2.0]


def test_where_pythons_operators_raise_nothing_is_compared() -> None:
    function = WrittenLoop(record(lambda x: 1.0 / x, 0.0)).function

    assert list(function([[4.0]], [])) == [0.25]


def test_where_the_captured_number_has_changed_both_take_the_other_branch() -> None:
    limit = Value(1.0)
    tape = record(lambda x: x * limit if x > limit else x, 3.0)
    limit.data = 5.0

    assert list(WrittenLoop(tape).function([[4.0]], [2.0])) == [8.0]
