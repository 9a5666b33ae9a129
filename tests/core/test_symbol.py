"""Formulas that symbols write: right, and with no more parentheses than needed."""

import ast
import math
import re

import pytest
from hypothesis import given, strategies as st

import tinygrad_bp
from tinygrad_bp import Primitive, Value
from tinygrad_bp.rows.primitive import BY_NAME
from tinygrad_bp.tape.python.symbol import Symbol

x, y, z = Symbol("x"), Symbol("y"), Symbol("z")

FORMULAS = [
    (x + y + z, "x + y + z"),
    (x + (y + z), "x + (y + z)"),  # floats do not associate
    (x - (y - z), "x - (y - z)"),
    (x - y - z, "x - y - z"),
    (x * (y + z), "x * (y + z)"),
    ((x * y) + z, "x * y + z"),
    (x / (y / z), "x / (y / z)"),
    (x / y * z, "x / y * z"),
    (x * (y / z), "x * (y / z)"),
    (x % y // z, "x % y // z"),
    (x**y**z, "x ** y ** z"),
    ((x**y) ** z, "(x ** y) ** z"),
    (-(x**2.0), "-x ** 2"),
    ((-x) ** 2.0, "(-x) ** 2"),
    (x**-y, "x ** -y"),
    (x ** (y * z), "x ** (y * z)"),
    (-x * y, "-x * y"),
    (-(x * y), "-(x * y)"),
    (x * -y, "x * -y"),
    (x - -y, "x - -y"),
    (-(-x), "--x"),  # noqa: B002  # a sign twice, no decrement
    (-(+x), "-+x"),
    (abs(x + y), "abs(x + y)"),
    ((x + y).exp(), "exp(x + y)"),
    (x.exp() ** 2.0, "exp(x) ** 2"),
    (x.hypot(y + z), "hypot(x, y + z)"),
    (tinygrad_bp.sum([x, y + z, 1.0]), "sum(x, y + z, 1)"),
    (2.0 * x, "2 * x"),
    (0.5 + x, "0.5 + x"),
    (x - 1, "x - 1"),
    (x * -2.0, "x * -2"),
    ((-2.0) ** x, "(-2) ** x"),
    (x**-2.0, "x ** -2"),
    (1e300 * x, "1e+300 * x"),
    (x + math.inf, "x + inf"),
    (x * -math.inf, "x * -inf"),
    ((-math.inf) ** x, "(-inf) ** x"),
]


@pytest.mark.parametrize(("formula", "text"), FORMULAS, ids=lambda thing: str(thing))
def test_a_formula_reads_as_one_would_write_it(formula, text):
    assert repr(formula) == text


NAMES = {name: float(i) + 0.75 for i, name in enumerate("xyz")}


# Operands that a row looks at itself, which are numbers.
LOOKED_AT = {("where", 0), ("pow_constant", 1), ("power_log", 2)}


def number(text, names):
    """What a formula is worth where its names are Values, whose arithmetic is the table's."""
    # Not copied when this file is read: a partial may make a row, as digamma's polygamma_1.
    known = {**BY_NAME, "inf": math.inf, "nan": math.nan}
    found = eval(text, {**known, **{name: Value(x) for name, x in names.items()}})
    return found.data if isinstance(found, Value) else float(found)


@pytest.mark.parametrize("primitive", BY_NAME.values(), ids=BY_NAME.keys())
def test_the_formula_of_every_row_evaluates_to_the_row(primitive):
    count = primitive.arity or 4
    operands = [x + 0.5, -y, x * z, 0.25][:count]
    values = [NAMES["x"] + 0.5, -NAMES["y"], NAMES["x"] * NAMES["z"], 0.25][:count]
    if primitive.name == "power_log":  # whose order is a number
        operands[2] = values[2] = 2.0
    if primitive.name == "sigmoid_slope":  # whose first operand is the sigmoid of its second
        operands[0], values[0] = operands[1].sigmoid(), BY_NAME["sigmoid"].value(values[1])
    text = repr(primitive(*operands))

    assert str(number(text, NAMES)) == str(float(primitive.value(*values)))


@pytest.mark.parametrize("primitive", BY_NAME.values(), ids=BY_NAME.keys())
def test_the_partials_of_every_row_are_written_as_they_are_computed(primitive):
    count = primitive.arity or 4
    values = [0.25, 1.5, 0.75, 2.0][:count]
    names = dict(zip("xyuv", values, strict=False))
    result = float(primitive.value(*values))
    by_number = primitive.partials(result, *values)
    symbols = [
        value if (primitive.name, i) in LOOKED_AT else Symbol(name)
        for i, (name, value) in enumerate(names.items())
    ]
    by_text = primitive.partials(Symbol("z"), *symbols)

    for expected, written in zip(by_number, by_text, strict=True):
        if expected is None:
            assert written is None
        else:
            assert str(number(repr(written), {**names, "z": result})) == str(float(expected))


OPERATORS = [BY_NAME[n] for n in ("add", "subtract", "multiply", "divide", "pow", "remainder",
                                  "floor_divide", "negative", "positive", "abs", "exp", "maximum",
                                  "clip", "sum")]  # fmt: skip


def trees(leaves):
    def grown(children):
        return st.sampled_from(OPERATORS).flatmap(
            lambda p: st.tuples(st.just(p), *[children] * (p.arity or 3))
        )

    return st.recursive(leaves, grown, max_leaves=8)


def built(tree, names):
    if not isinstance(tree, tuple):
        return names.get(tree, tree)
    primitive, *children = tree
    return primitive(*[built(child, names) for child in children])


leaf = st.sampled_from([*"xyz", 2.0, -3.0, 0.5])
formulas = trees(leaf).filter(
    lambda tree: any(name in repr(tree) for name in ("'x'", "'y'", "'z'"))
)


@given(formulas, st.tuples(*[st.floats(-3.0, 3.0)] * 3))
def test_a_formula_evaluates_to_what_it_was_made_from(tree, numbers):
    names = dict(zip("xyz", numbers, strict=True))
    text = repr(built(tree, {name: Symbol(name) for name in names}))
    direct = built(tree, {name: Value(number) for name, number in names.items()})

    assert str(number(text, names)) == str(direct.data)


@given(formulas)
def test_no_pair_of_parentheses_can_be_left_out(tree):
    text = repr(built(tree, {name: Symbol(name) for name in "xyz"}))
    meaning = ast.dump(ast.parse(text))

    for opening in re.finditer(r"(?<!\w)\(", text):
        without = without_pair(text, opening.start())
        assert ast.dump(ast.parse(without)) != meaning


def without_pair(text, start):
    depth = 0
    for end in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if not depth:
            return text[:start] + text[start + 1 : end] + text[end + 1 :]
    raise AssertionError(text)


@pytest.mark.parametrize(
    ("notation", "text", "outer"),
    [
        ("{} ⊕ {}", "(x + y) ⊕ z", "((x + y) ⊕ z) * 2"),
        ("{}² {}", "(x + y)² z", "((x + y)² z) * 2"),
        ("|{}, {}|", "|(x + y), z|", "(|(x + y), z|) * 2"),
        ("σ({}, {})", "σ(x + y, z)", "σ(x + y, z) * 2"),
        ("{} + {}", "x + y + z", "(x + y + z) * 2"),
    ],
)
def test_a_notation_that_python_does_not_know_is_set_apart(notation, text, outer):
    own = Primitive("own", notation, max, lambda *_: (1.0, 1.0))
    formula = own(x + y, z)

    assert repr(formula) == text
    assert repr(formula * 2.0) == outer
    assert repr(own(formula, z)).startswith(("(" + text + ")", "|(" + text, "σ(" + text, text))


def test_a_symbol_in_arrays_and_lists():
    assert repr(tinygrad_bp.exp([x, [y]])) == "[exp(x), [exp(y)]]"


def test_a_program_cannot_branch_on_a_symbol():
    # Else `partials` that ask `if x` would take one branch and write it as the whole truth.
    with pytest.raises(TypeError, match=r"x \+ y is not yet a number.*use where"):
        bool(x + y)
    with pytest.raises(TypeError):
        x < y  # noqa: B015


def test_a_symbol_refuses_what_is_no_number():
    for wrong in ("2", None, 1j):
        with pytest.raises(TypeError, match="expected a number"):
            x * wrong


def test_a_symbol_and_a_value_do_not_mix():
    with pytest.raises(TypeError, match=r"use \.data"):
        x * Value(2.0)
