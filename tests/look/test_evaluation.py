"""The evaluation trace: primal, tangent and adjoint side by side."""

import pytest
from hypothesis import given, strategies as st

from tinygrad_bp import Value, explain
from tinygrad_bp.check.programs.strategies import expressions


@given(expressions(), st.data())
def test_the_columns_are_what_each_mode_computes(program, data):
    inputs = [Value(number) for number in program.inputs]
    output = program.run(inputs)[-1]
    moves = {x: data.draw(st.floats(-2.0, 2.0)) for x in inputs}
    used = {x: move for x, move in moves.items() if x in {row.node for row in explain(output).rows}}
    output.backward()

    evaluation = explain(output, direction=used)

    rows = {row.node: row for row in evaluation.rows}
    for row in evaluation.rows:
        assert row.primal == row.node.data
        assert row.adjoint == row.node.grad
    for x, move in used.items():
        assert rows[x].tangent == move
    # Across the modes: the output's tangent is the adjoints times the moves.
    products = [rows[x].adjoint * move for x, move in used.items()]
    scale = sum(map(abs, products))
    assert rows[output].tangent == pytest.approx(sum(products), rel=1e-9, abs=1e-9 * scale)


def polynomial():
    x, y = Value(2.0, label="x"), Value(5.0, label="y")
    return x, y, x.log() + x * y - y.sin()


def test_inputs_come_first_then_operations_in_order():
    *_, f = polynomial()

    rows = [line.split()[0] for line in explain(f, names={"f": f}).text.splitlines()[3:-2]]

    assert rows == ["x", "y", "v1", "v2", "v3", "v4", "f"]


def test_the_first_input_moves_unless_told():
    x, y, f = polynomial()

    assert explain(f).direction == {x: 1.0}
    assert explain(f, direction=y).direction == {y: 1.0}
    assert "Both ways the derivative is 5.5: the tangent of v5, and x's adjoint." in explain(f).text


def test_several_may_move():
    x, y, f = polynomial()

    text = explain(f, direction={x: 2, y: -1.0}).text

    assert "its tangent as x moves by 2 and y moves by -1" in text
    assert "the adjoints of what moves, each times its move" in text
    assert "x's adjoint times 2" in explain(f, direction={x: 2}).text


def test_many_moves_are_counted():
    inputs = [Value(float(i), label=f"x{i}") for i in range(5)]
    total = inputs[0] + inputs[1] + inputs[2] + inputs[3] + inputs[4]

    text = explain(total, direction=dict.fromkeys(inputs, 1.0)).text

    assert "and x2 moves by 1 and 2 more move," in text


def test_a_moved_inner_node_follows_nothing_else():
    x = Value(2.0, label="x")
    h = x * x
    h.label = "h"
    y = h * 3.0 + x

    evaluation = explain(y, direction={h: 1.0, x: 10.0})

    assert evaluation.rows[-1].tangent == 13.0
    assert "Both ways the derivative is 13" in evaluation.text


def test_modes_that_disagree_are_not_said_to_agree():
    x = Value(3.0, label="x")
    evaluation = explain(x * x)

    evaluation._tangent += 1.0

    assert "The tangent of v1 is 7; x's adjoint: 6." in evaluation.text


def test_long_traces_are_folded_in_the_middle():
    y = Value(1.0, label="x")
    for _ in range(100):
        y = -y

    text = explain(y, most=6).text

    assert "(95 more)" in text
    assert len(text.splitlines()) == 12


def test_markdown_latex_and_rich():
    pytest.importorskip("rich", reason="rich shows the colours")
    *_, f = polynomial()
    evaluation = explain(f)

    assert "| `v1` | `log(x)` | 0.6931 | 0.5 | 1 |" in evaluation._repr_markdown_()
    assert r"v_{1} & 0.6931 & 0.5 & 1 \\" in evaluation._repr_latex_()
    assert evaluation.__rich__().plain == evaluation.text == repr(evaluation)


def test_what_cannot_move_is_refused():
    *_, f = polynomial()
    with pytest.raises(ValueError, match="is not in the output's graph"):
        explain(f, direction=Value(1.0))
    with pytest.raises(ValueError, match="does not move"):
        explain(f * 2.0, direction=(f * 2.0).parents[1])
    with pytest.raises(ValueError, match="nothing moves"):
        explain(f, direction={})
    with pytest.raises(TypeError, match="what moves is a Value, got str 'x'"):
        explain(f, direction={"x": 1.0})
