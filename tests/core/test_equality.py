"""`==` and `!=`: they compare numbers, and nodes of one number stay apart all the same."""

import itertools
import math
import operator
import pickle
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import tinygrad_bp as tg
from tinygrad_bp import Value, constant, record
from tinygrad_bp.check.programs.expression import Expression
from tinygrad_bp.check.truth.exact import Exact
from tinygrad_bp.look.words.formulas import _Formula
from tinygrad_bp.tape.python.symbol import Symbol

NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, math.inf, -math.inf, math.nan, 5e-324]
PAIRS = list(itertools.product(NUMBERS, repeat=2))
KINDS = {
    "float": float,
    "Value": Value,
    "constant": constant,
    "float64": np.float64,
    "zero dimensions": np.array,
    "an element": lambda x: np.array([Value(x)], dtype=object)[0],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_equality_is_that_of_the_numbers_from_both_sides(x, y, kind):
    other = KINDS[kind](y)

    for left, right in [(Value(x), other), (other, Value(x))]:
        assert bool(left == right) is (x == y)
        assert bool(left != right) is (x != y)


@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_less_or_equal_is_less_or_equal(x, y):
    x, y = Value(x), Value(y)

    assert (x <= y) is ((x < y) or (x == y))
    assert (x == y) is (x <= y and x >= y)
    assert bool(x) is (x != 0)


def test_a_node_of_nan_is_not_even_equal_to_itself():
    x = Value(math.nan)

    assert not x == x  # noqa: SIM201  # each operator is asked
    assert x != x  # as above


@pytest.mark.parametrize("number", [2, True, np.int8(2), np.float32(2), Fraction(4, 2)], ids=repr)
def test_any_number_that_python_has_is_compared(number):
    assert Value(float(number)) == number
    assert number == Value(float(number))
    assert Value(3.5) != number


class Agreeable:
    def __eq__(self, other):
        return True

    __hash__ = object.__hash__


FOREIGN = [None, "2.0", b"2", [2.0], (2.0,), {2.0}, object(), np.str_("2.0"), 2j, 10**400, Value]


@pytest.mark.parametrize("thing", FOREIGN, ids=lambda thing: type(thing).__name__)
@pytest.mark.parametrize("operand", [Value(2.0), Symbol("x"), Exact(2.0)], ids=repr)
def test_what_is_no_number_is_asked_itself_and_is_not_equal(operand, thing):
    assert operand.__eq__(thing) is NotImplemented
    assert operand.__ne__(thing) is NotImplemented
    assert (operand == thing, operand != thing) == (False, True)
    assert (thing == operand, thing != operand) == (False, True)
    assert operand == Agreeable()


def test_a_test_library_compares_as_it_likes():
    assert Value(2.0) == pytest.approx(2.0)
    assert Value(2.0) != pytest.approx(2.1)


def test_a_program_goes_by_the_number():
    def kind(x):
        match x:
            case 0:
                return "zero"
            case 1.5:
                return "one and a half"
            case _:
                return "other"

    assert [kind(Value(x)) for x in (0.0, -0.0, 1.5, 2.0)] == [
        "zero", "zero", "one and a half", "other",
    ]  # fmt: skip
    assert Value(2.0) in [1.0, 2.0]
    assert 2.0 in [Value(1.0), Value(2.0)]
    assert [Value(1.0), Value(2.0)].index(2.0) == 1
    assert [Value(1.0), Value(1.0)].count(Value(1.0)) == 2


def test_numpy_goes_by_the_numbers():
    numbers = np.array([2.0, 0.0, 2.0, math.nan])
    array = np.array([Value(x) for x in numbers], dtype=object)

    others = [(2, 2), (Value(2.0), 2.0), (numbers, numbers), (array[::-1], numbers[::-1])]
    for other, as_floats in others:
        assert (array == other).tolist() == (numbers == as_floats).tolist()
        assert (other != array).tolist() == (numbers != as_floats).tolist()
    assert np.equal(Value(2.0), 2.0) is np.True_
    assert np.not_equal(2.0, Value(2.0)) is np.False_
    assert np.where(array == 0, 1.0, array).tolist()[:3] == [2.0, 1.0, 2.0]
    assert np.mean(array == numbers) == 0.75
    assert np.isin(array, [2.0]).tolist() == [True, False, True, False]
    assert [v.data for v in np.unique(array[:3])] == [0.0, 2.0]


def test_sets_and_dicts_go_by_the_node():
    x, same_number = Value(2.0), Value(2.0)

    assert hash(x) == object.__hash__(x)
    assert Value.__hash__ is object.__hash__
    assert len({x, same_number, x}) == 2
    assert {x: "x", same_number: "other"}[x] == "x"
    assert same_number not in {x}
    assert 2.0 not in {x}


def test_many_nodes_of_one_number_share_buckets_and_stay_apart():
    # A table of 1,024 places: each has several whose hashes end alike, and none is asked for `==`.
    nodes = [Value(1.0) for _ in range(700)]
    places = {node: place for place, node in enumerate(nodes)}

    assert len({hash(node) % 1_024 for node in nodes}) < len(nodes)
    assert [places[node] for node in nodes] == list(range(700))


# Recorded ---------------------------------------------------------------------------------------


def test_a_question_for_equality_is_a_guard():
    w = Value(3.0, label="w")
    tape = record(lambda x: x if x == w else -x, 3.0)

    [guard] = tape.guards
    assert (guard.comparison, guard.outcome) == ("==", True)
    assert tape(3.0) == 3.0
    with pytest.raises(tg.BranchError, match=r"\(x = 2\) == \(w = 3\) is True, and here it is F"):
        tape(2.0)


def test_about_what_is_no_number_there_is_no_guard():
    assert record(lambda x: x if x == None or x != "x" else -x, 3.0).guards == ()  # noqa: E711  # asked


def test_a_tape_with_the_question_can_be_saved():
    tape = record(lambda x: x if x != 0 else x + 1.0, 3.0)

    again = pickle.loads(pickle.dumps(tape))
    assert again == tape
    assert again.guards == tape.guards


def test_a_loss_that_looks_for_a_class_is_right_on_every_example():
    @tg.compile
    def loss(p, target):
        return -tg.log(p) if target == 1 else -tg.log(1 - p)

    p, target = np.linspace(0.1, 0.9, 40), np.arange(40) % 2
    expected = [
        -math.log(a) if b == 1 else -math.log(1 - a) for a, b in zip(p, target, strict=True)
    ]

    assert loss.map(p, target.astype(float)).tolist() == expected


def test_a_derivative_takes_the_branch_too():
    sinc = tg.grad(lambda x: 1.0 + 0 * x if x == 0 else tg.sin(x) / x)

    assert sinc(0.0) == 0.0
    assert sinc(1.0) == pytest.approx(math.cos(1.0) - math.sin(1.0), rel=1e-15)


# The other kinds of operand ---------------------------------------------------------------------


@pytest.mark.parametrize("ask", [operator.eq, operator.ne, operator.lt, operator.ge])
def test_what_is_not_yet_a_number_refuses_the_question(ask):
    for other in (0.0, Symbol("y"), Value(1.0)):
        with pytest.raises(TypeError, match="x is not yet a number"):
            ask(Symbol("x"), other)
    with pytest.raises(TypeError, match="no numbers yet to branch on"):
        Expression(lambda x: x if ask(x, 0.0) else -x, 1.0)


def test_numbers_of_many_digits_are_compared_with_all_of_them():
    with mpmath.workdps(50):
        third = 1 / Exact(3.0)

        assert third != 1 / 3
        assert third == 1 / Exact(3.0)
        assert Exact(0.5) == Value(0.5)
        assert Value(0.5) == Exact(0.5)
        assert (np.array([0.5, 1.0]) == Exact(0.5)).tolist() == [True, False]
        assert (Exact(0.5) < np.array([0.5, 1.0])).tolist() == [False, True]


def test_a_formula_goes_by_the_number_at_hand():
    assert _Formula.fixed(2.0, 4) == 2
    assert _Formula.fixed(2.0, 4) != 2.5
    assert not _Formula.fixed(math.nan, 4) == math.nan  # noqa: SIM201  # each operator is asked
