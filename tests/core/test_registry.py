"""Operations of the user's own are as good as built in."""

# Partials name all operands, needed or not.
# ruff: noqa: ARG005

import copy
import math
import pickle

import numpy as np
import pytest

import tinygrad_bp
from tinygrad_bp import Value, grad, gradient, jvp, register, strict, topological_order, values
from tinygrad_bp.core.registry import _own
from tinygrad_bp.rows.operand import Operand
from tinygrad_bp.rows.primitive import BY_NAME
from tinygrad_bp.tape.python.symbol import Symbol


@pytest.fixture(autouse=True)
def _what_a_test_registers_is_forgotten():
    before = set(_own)
    yield
    for name in _own - before:  # a copy, and not the rows of a family, which the table makes
        del BY_NAME[name]
        delattr(Operand, name)
        _own.discard(name)


@pytest.fixture
def swish():
    """A row, x * sigmoid(2x), that is written with rows."""
    return register(
        "swish",
        "swish({})",
        lambda x: x / (1.0 + math.exp(-2.0 * x)),
        lambda z, x: (
            tinygrad_bp.sigmoid(2.0 * x) + 2.0 * z * tinygrad_bp.sigmoid(-2.0 * x),
        ),
    )  # fmt: skip


def reference(x):
    return x * tinygrad_bp.sigmoid(2.0 * x)


def test_it_is_a_function_of_floats_values_arrays_and_lists(swish):
    x = Value(0.5, label="x")

    assert swish(0.5) == pytest.approx(reference(0.5), rel=1e-15)
    assert swish(x).data == swish(0.5)
    assert swish(x).op is swish
    assert swish([0.5, [0.5]]) == [swish(0.5), [swish(0.5)]]
    assert swish(np.array([0.5])).dtype == float


def test_it_is_a_method_of_values_and_symbols_and_known_to_numpy(swish):
    x = Value(0.5)

    assert x.swish().op is swish
    assert (x.swish.__name__, Value.swish.__doc__[:10]) == ("swish", "`swish(x)`")
    assert repr(Symbol("x").swish()) == "swish(x)"
    assert [v.op for v in map(Value.swish, values([1.0, 2.0]))] == [swish, swish]


def test_it_is_a_row_of_the_table(swish):
    assert BY_NAME["swish"] is swish
    assert (swish.arity, swish.domain) == (1, ((-math.inf, math.inf),))
    assert repr(swish) == "<primitive swish(x)>"


@pytest.mark.parametrize("order", [1, 2, 3])
def test_its_derivatives_of_any_order_follow(swish, order):
    derivative, expected = swish, reference
    for _ in range(order):
        derivative, expected = grad(derivative), grad(expected)

    assert derivative(0.7) == pytest.approx(expected(0.7), rel=1e-13)


def test_it_goes_forwards_backwards_and_through_copies(swish):
    x = Value(0.5)
    y = swish(x) * 2.0
    y.backward()
    by_pickle, by_copy = pickle.loads(pickle.dumps(y)), copy.deepcopy(y)

    assert jvp(swish, (0.5,), (1.0,))[1] == pytest.approx(x.grad / 2.0, rel=1e-15)
    assert topological_order(by_pickle)[1].op is topological_order(by_copy)[1].op is swish


def test_a_ufunc_of_its_name_finds_it():
    x = Value(3.0)
    with pytest.raises(TypeError, match=r"np\.spacing"):
        np.spacing(x)
    register("spacing", "spacing({})", math.ulp, lambda z, x: (None,))

    assert np.spacing(x).op.name == "spacing"
    assert np.spacing(values(np.array([1.0, 3.0])))[1].data == math.ulp(3.0)


def test_strict_watches_it():
    pole = register("pole", "pole({})", lambda x: math.inf if x == 0.0 else 1.0 / x,
                    lambda z, x: (-z * z,))  # fmt: skip

    with strict(), pytest.raises(ArithmeticError, match=r"pole\(x\) \(pole\) is inf where x = 0"):
        pole(Value(0.0, label="x"))


def test_operands_defaults_and_any_number_of_operands():
    scaled = register("scaled", "scaled({}, {})", lambda x, a: x * a, lambda z, x, a: (a, x),
                      defaults=(10.0,))  # fmt: skip
    total = register("total", "total({...})", lambda *xs: math.fsum(xs),
                     lambda z, *xs: (1.0,) * len(xs))  # fmt: skip
    xs = values([1.0, 2.0, 3.0])
    y = total(*xs, Value(2.0).scaled())
    y.backward()

    assert y.data == 26.0
    assert [x.grad for x in xs] == [1.0] * 3
    assert xs[0].total(xs[1]).data == 3.0
    assert gradient(total(*xs * 100), xs) == [100.0] * 3
    assert Value(2.0).scaled(3).data == 6.0
    with pytest.raises(TypeError, match=r"<primitive scaled\(x, y\)> takes 2 operands, got 3"):
        scaled(1.0, 2.0, 3.0)


def test_any_fixed_number_of_operands():
    many = register("many", f"many({', '.join(['{}'] * 300)})", lambda *xs: math.fsum(xs),
                    lambda z, *xs: (1.0,) * len(xs))  # fmt: skip

    assert many(*[1.0] * 300) == 300.0
    with pytest.raises(TypeError, match="takes 300 operands, got 299"):
        many(*[1.0] * 299)


def test_domain_and_kink_are_kept():
    def kink(x):
        return x - 1.0

    own = register("own", "own({})", float, lambda *_: (1.0,), (0.0, 2.0), kink=kink)

    assert (own.domain, own.kink) == (((0.0, 2.0),), kink)


def test_what_numpys_functions_give_becomes_pythons_floats():
    own = register("own", "own({})", lambda x: np.sin(x), lambda z, x: (np.cos(x),))
    count = register("count", "count({})", lambda x: round(x), lambda z, x: (None,))
    x = Value(0.5)
    y = own(x)
    y.backward()

    assert {type(own(0.5)), type(y.data), type(x.grad), type(count(2.0))} == {float}
    assert grad(grad(own))(0.5) == -math.sin(0.5)
    with pytest.raises(TypeError, match="expected a number"):
        register("wrong", "wrong({})", lambda x: None, lambda z, x: (1.0,))(1.0)


@pytest.mark.parametrize("partials", [lambda z, x: 2.0, lambda z, x: (1.0, 2.0), lambda z, x: ()])
def test_partials_that_are_no_tuple_of_one_for_each_operand_are_explained(partials):
    own = register("own", "own({})", float, partials)

    with pytest.raises(TypeError, match=r"partials of 'own' are a tuple with one.*\(\.\.\.,\)"):
        own(Value(1.0)).backward()


def test_partials_with_a_division_by_zero_follow_the_arithmetic_of_all_others():
    own = register("own", "own({}, {})", lambda x, y: x, lambda z, x, y: (1.0 / x, None))
    x = Value(0.0)
    own(x, Value(2.0)).backward()

    assert x.grad == math.inf
    assert type(x.grad) is float


@pytest.mark.parametrize("name", ["two words", "", "1st", "class", "a-b", "x.y"])
def test_a_name_is_an_identifier(name):
    with pytest.raises(ValueError, match="expected an identifier as name"):
        register(name, "f({})", float, lambda *_: (1.0,))


@pytest.mark.parametrize(
    "name",
    ["exp", "pow_constant", "constant", "__add__", "conjugate", "apply", "data", "grad", "parents",
     "label", "op", "backward", "zero_grad", "is_leaf", "_x", "text", "arctan2"],
)  # fmt: skip
def test_a_name_that_means_something_already_is_refused(name):
    before = dict(BY_NAME)
    with pytest.raises(ValueError, match="is taken; choose another"):
        register(name, "f({})", float, lambda *_: (1.0,), replace=True)

    assert before == BY_NAME


def test_a_free_name_may_stand_anywhere_in_the_alphabet():
    assert [register(name, f"{name}({{}})", float, lambda *_: (1.0,))(2.0) for name in "azé"] == [
        2.0, 2.0, 2.0,
    ]  # fmt: skip


def test_a_name_is_taken_however_its_text_came_about():
    with pytest.raises(ValueError, match="the name 'constant' is taken"):
        register("".join(["const", "ant"]), "f({})", float, lambda *_: (1.0,))


@pytest.mark.parametrize("notation", ["f", "", "f({}, {...})", "f({x})", "f({)", "{...}{...}"])
def test_a_notation_has_places_for_its_operands(notation):
    with pytest.raises(ValueError, match=r"expected \{\} for each operand in the notation"):
        register("own", notation, float, lambda *_: (1.0,))

    assert "own" not in BY_NAME


def test_an_own_operation_is_replaced_only_on_demand():
    first = register("own", "own({})", lambda x: x, lambda z, x: (1.0,))
    y = Value(2.0).own()
    with pytest.raises(ValueError, match="is taken; pass replace=True to define it anew"):
        register("own", "own({})", lambda x: -x, lambda z, x: (-1.0,))
    second = register("own", "own({})", lambda x: -x, lambda z, x: (-1.0,), replace=True)

    assert [Value(2.0).own().data, first(2.0), second(2.0)] == [-2.0, 2.0, -2.0]
    assert y.op is first  # what was made with the old one stays what it is
    assert gradient(y, y.parents[0]) == 1.0
    assert BY_NAME["own"] is second


def test_replace_is_no_demand_that_there_be_one_already():
    own = register("own", "own({})", float, lambda *_: (1.0,), replace=True)

    assert own(2.0) == 2.0


def test_a_rule_may_ask_for_a_special_case():
    """Formulas ran on such a rule with identity, and wrote the other branch."""
    row = register(
        "cardinal",
        "cardinal({})",
        lambda x: 1.0 if x == 0 else math.sin(x) / x,
        lambda z, x: (0.0 if x == 0 else (tinygrad_bp.cos(x) - z) / x,),
    )
    x = Value(0.0, label="x")
    z = row(x)
    z.backward()

    assert x.grad == 0.0
    assert "∂v1/∂x = 0\n" in str(tinygrad_bp.step(z, names={}).goto(3)) + "\n"
