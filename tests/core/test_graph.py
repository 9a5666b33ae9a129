"""Walks over graphs, and the partials at one node."""

from dataclasses import replace

import pytest

import tinygrad_bp
from tinygrad_bp import (
    Primitive,
    Value,
    constant,
    leaves,
    local_partials,
    log,
    topological_order,
    where,
)
from tinygrad_bp.graph.graph import uses
from tinygrad_bp.rows.operand import Operand
from tinygrad_bp.rows.primitive import CONSTANT, named


def test_each_node_stands_once_and_after_its_parents():
    x, y = Value(1.0), Value(2.0)
    z = (x * y + x) * (x * y)
    order = topological_order(z)

    place = {node: index for index, node in enumerate(order)}
    assert len(order) == len(place) == 6
    for node in order:
        assert all(place[parent] < place[node] for parent in node.parents)
    assert order[-1] is z


def test_the_order_is_that_of_the_structure_and_not_of_making():
    def build(reverse):
        x, y = Value(1.0, "x"), Value(2.0, "y")
        parts = [lambda: x.exp(), lambda: y.sin()]
        made = [part() for part in (reversed(parts) if reverse else parts)]
        left, right = reversed(made) if reverse else made
        return [(n.label, n.op) for n in topological_order(left * right)]

    assert build(reverse=False) == build(reverse=True)


@pytest.mark.parametrize("made_by", [tinygrad_bp.sum, lambda xs: where(*xs)])
def test_three_and_more_operands_come_from_left_to_right(made_by):
    parts = [Value(float(i), f"x{i}") * 2.0 for i in range(3)]

    order = topological_order(made_by(parts))

    assert [node.label for node in order if node.label] == ["x0", "x1", "x2"]


def test_several_outputs_share_one_order():
    x = Value(1.0)
    y, z = x * 2.0, x * 3.0

    assert topological_order(y, z, y)[-1] is z
    assert len(topological_order(y, z, y)) == 5
    assert topological_order() == []
    assert topological_order(x) == [x]


def test_leaves_include_constants_and_come_in_order():
    x, y = Value(1.0), Value(2.0)

    assert leaves(x * y + x) == [x, y]
    assert [leaf.data for leaf in leaves(2.0 * x + 3.0)] == [2.0, 1.0, 3.0]


def test_uses_count_operands():
    x = Value(1.0)
    square = x * x
    y = square + x

    assert uses(topological_order(y)) == {x: 3, square: 1}


def test_parents_are_ordered_for_any_number_of_operands():
    x, y, z = Value(1.0), Value(2.0), Value(3.0)

    assert [x.parents, x.exp().parents, (y - x).parents, x.clip(y, z).parents] == [
        (), (x,), (y, x), (x, y, z),
    ]  # fmt: skip


def test_a_leaf_is_told_by_its_operation():
    x = Value(0.0)

    assert [v.is_leaf for v in (x, constant(1.0), x + x, x.exp(), tinygrad_bp.sum([x]))] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_local_partials_are_those_of_one_operation():
    x, y = Value(2.0), Value(3.0)

    assert local_partials(x * y * 1.0) == (1.0, 6.0)
    assert local_partials(x * y) == (3.0, 2.0)
    assert local_partials(x**2.0) == (4.0, None)
    assert local_partials(where(x, x, y)) == (None, 1.0, None)
    assert local_partials(x) == local_partials(constant(1.0)) == ()


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda x: 1.0 / x, (-float("inf"),)),
        (lambda x: log(x), (float("inf"),)),
        (lambda x: x.sqrt(), (float("inf"),)),
    ],
)
def test_partials_at_a_pole_are_infinite_floats_and_no_error(build, expected):
    node = build(Value(0.0))
    found = local_partials(node)[-1:]

    assert found == expected
    assert type(found[0]) is float


def test_a_primitive_shows_its_notation_and_symbol():
    assert repr(tinygrad_bp.multiply) == "<primitive x * y>"
    assert repr(named("sum")) == "<primitive sum(x, y, u, v)>"
    assert [named(n).symbol for n in ("multiply", "exp", "negative", "sum", "maximum")] == [
        "*", "exp", "-", "sum", "maximum",
    ]  # fmt: skip
    assert named("dot").write("a", "b") == "dot(a, b)"
    assert named("constant") is CONSTANT
    with pytest.raises(LookupError, match="no primitive 'nothing' here"):
        named("nothing")


def test_a_primitive_takes_as_many_operands_as_its_notation_has():
    for wrong in ((), (1.0,), (1.0, 2.0, 3.0)):
        with pytest.raises(TypeError, match=r"<primitive x \+ y> takes 2 operands, got"):
            tinygrad_bp.add(*wrong)
    with pytest.raises(TypeError, match="takes 2 operands, got 0"):
        tinygrad_bp.leaky_relu()
    with pytest.raises(TypeError, match=r"<primitive exp\(x\)> takes 1 operand, got 2"):
        tinygrad_bp.exp(1.0, 2.0)
    assert tinygrad_bp.leaky_relu(-1.0) == -0.01
    assert tinygrad_bp.clip(5.0, 0.0, 2.0) == 2.0
    assert tinygrad_bp.clip(-5.0, 0.0) == 0.0
    assert tinygrad_bp.clip(-5.0) == -5.0


def test_primitives_are_told_apart_by_identity():
    one = Primitive("same", "same({})", float, lambda *_: (1.0,))
    other = replace(one)

    assert one != other
    assert len({one, other}) == 2
    with pytest.raises(AttributeError):
        one.name = "other"


def test_a_new_kind_of_operand_says_how_primitives_apply():
    class Silent(Operand):
        __slots__ = ()

    class Counting(Operand):
        __slots__ = ()

        @classmethod
        def apply(cls, primitive, *operands):
            return primitive.name, len(operands)

    for operation in (
        lambda s: s + 1.0,
        lambda s: -s,
        lambda s: s.clip(0.0, 1.0),
        lambda s: s == 1,
    ):
        with pytest.raises(NotImplementedError):
            operation(Silent())
    c = Counting()
    assert [c * 2.0, 2.0 * c, -c, c.clip(0.0), tinygrad_bp.exp(c), tinygrad_bp.sum([c, 1.0])] == [
        ("multiply", 2), ("multiply", 2), ("negative", 1), ("clip", 3), ("exp", 1), ("sum", 2),
    ]  # fmt: skip


def test_the_public_names_are_there_and_sorted():
    names = tinygrad_bp.__all__

    assert len(set(names)) == len(names)
    assert [n for n in names if not hasattr(tinygrad_bp, n)] == []
