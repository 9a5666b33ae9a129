"""A gradient as a sum over paths: counted, exact, and written as on paper."""

import math
import re
import time
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from tinygrad_bp import Value, dot, explain, no_grad, sum as total, tanh, where
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.graph.sweep import parents_and_partials
from tinygrad_bp.look.explain.explanation import Explanation


def every_path(output, target):
    """The exact product of each path, by listing them all."""
    if output is target:
        return [Fraction(1)]
    return [
        Fraction(partial) * rest
        for parent, partial in zip(*parents_and_partials(output), strict=True)
        if partial is not None and not parent.is_constant
        for rest in every_path(parent, target)
    ]


def doubled(times):
    """A variable, and what has 2**times paths to it."""
    x = Value(1.1, label="x")
    y = x
    for _ in range(times):
        y = y * 0.5 + y.sin()
    return x, y


def network():
    """Document 001's network on its first example, by its own names."""
    names = "w1 w2 w3 w4 w5 w6 b1 b2 b3 x1 x2 y_true".split()  # noqa: SIM905  # a line of names
    numbers = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, -2.0, -1.0, 1.0]
    v = {name: Value(number, name) for name, number in zip(names, numbers, strict=True)}
    h1 = (v["w1"] * v["x1"] + v["w2"] * v["x2"] + v["b1"]).sigmoid()
    h2 = (v["w3"] * v["x1"] + v["w4"] * v["x2"] + v["b2"]).sigmoid()
    ypred = (v["w5"] * h1 + v["w6"] * h2 + v["b3"]).sigmoid()
    h1.label, h2.label, ypred.label = "h1", "h2", "ypred"
    loss = (v["y_true"] - ypred) ** 2
    loss.label = "L"
    return loss, v


# The sum -------------------------------------------------------------------------------


@given(expressions(), st.integers(0, 6))
def test_terms_and_remainder_are_the_exact_sum_over_all_paths(program, most):
    inputs = [Value(number) for number in program.inputs]
    output = program.run(inputs)[-1]

    for x in inputs:
        explanation = explain(output, x, most=most)

        paths = every_path(output, x)
        products = sorted(map(abs, paths), reverse=True)
        assert explanation.count == len(paths)
        assert explanation.total == sum(paths)
        assert explanation.is_exact
        assert sum(term.exact for term in explanation.terms) + explanation.remainder == sum(paths)
        shown = [abs(term.exact) for term in explanation.terms]
        assert shown == pytest.approx(products[:most], rel=1e-12, abs=0)
        assert explanation.remaining == max(len(paths) - most, 0)


@given(st.lists(st.tuples(*[st.floats(-4.0, 4.0)] * 2), min_size=3, max_size=7))
def test_the_largest_paths_are_found_in_order(layers):
    x = Value(1.0, label="x")
    y = x
    for one, other in layers:
        y = dot([y, y], [one, other])

    terms = explain(y, x, most=12).terms

    products = sorted((abs(product) for product in every_path(y, x)), reverse=True)[:12]
    assert [abs(float(term.exact)) for term in terms] == pytest.approx(
        list(map(float, products)), rel=1e-12, abs=0
    )


@given(expressions())
def test_the_numbers_of_the_terms_add_up_within_4_ulp_of_exact_summation(program):
    inputs = [Value(number) for number in program.inputs]
    output = program.run(inputs)[-1]

    for x in inputs:
        explanation = explain(output, x, most=4)

        numbers = [*(term.number for term in explanation.terms), float(explanation.remainder)]
        size = max([abs(float(explanation.total)), *map(abs, numbers)])
        away = abs(sum(map(Fraction, numbers)) - explanation.total)
        assert away <= 4 * Fraction(math.ulp(size))


@given(expressions())
def test_backward_is_the_sum_but_for_rounding(program):
    inputs = [Value(number) for number in program.inputs]
    output = program.run(inputs)[-1]
    output.backward()

    for x in inputs:
        explanation = explain(output, x)

        assert explanation.gradient == x.grad
        assert explanation.verdict in ("the same", "rounding")
        assert abs(Fraction(x.grad) - explanation.total) <= explanation.tolerance


def test_the_verdict_notices_a_gradient_that_is_wrong():
    x = Value(3.0, label="x")
    y = (x * 0.1) * 0.3 * 0.7
    assert explain(y, x).verdict == "rounding"

    explanation = Explanation(y, x)
    explanation.gradient *= 1 + 1e-14

    assert explanation.verdict == "overflow"
    assert "too large or too small for a float" in explanation.text


def test_an_overflow_on_the_way_is_named():
    x = Value(1.0, label="x")

    explanation = explain(x * 2.0**-900 * 2.0**600 * 2.0**600, x)

    assert (explanation.verdict, explanation.gradient) == ("overflow", math.inf)
    assert explanation.total == 2**300
    assert "but the paths add up to 2.037e+90" in explanation.text


def test_more_paths_than_atoms_are_counted_within_a_second():
    x, y = doubled(100)
    began = time.process_time()

    explanation = explain(y, x)

    text = explanation.text
    assert time.process_time() - began < 1.0
    assert explanation.count == 2**100
    assert "1,267,650,600,228,229,401,496,703,205,376 paths" in text
    assert explanation.verdict == "rounding"
    numbers = [abs(term.exact) for term in explanation.terms]
    assert numbers == sorted(numbers, reverse=True)


def test_of_very_long_paths_there_are_fewer(monkeypatch):
    monkeypatch.setattr("tinygrad_bp.look.explain.paths.LONGEST", 100)
    x, y = doubled(30)

    explanation = explain(y, x)

    assert len(explanation.terms) == 2
    assert explanation.remaining == 2**30 - 2


def test_a_sum_that_no_float_can_hold_is_infinite():
    x = Value(1.0, label="x")

    explanation = explain(x * -1e300 * 1e300, x)

    assert (explanation.gradient, explanation.verdict) == (-math.inf, "the same")
    y = x * 1e300 * 1e300 * 1e300 * 1e-300
    assert "the paths add up to" not in explain(y, x).text
    assert "and 1 more path, each at most" in explain(y + y * 0.5, x, most=1).text


def test_a_count_too_long_to_read_is_rounded():
    x = Value(1.0, label="x")
    y = x
    for _ in range(15_000):
        y = (y + y) * 0.5

    explanation = explain(y, x, most=2)

    assert explanation.count == 2**15_000
    assert "the sum over about 2.818e4515 paths" in explanation.text
    assert (explanation.total, explanation.verdict) == (1, "the same")


def test_a_very_deep_graph_keeps_300_digits(monkeypatch):
    monkeypatch.setattr("tinygrad_bp.look.explain.paths.BITS", 0)
    x = Value(0.3, label="x")
    y = x
    for _ in range(100):
        y = y * 1.1

    explanation = explain(y, x)

    assert not explanation.is_exact
    assert explanation.total != Fraction(1.1) ** 100
    assert abs(explanation.total / Fraction(1.1) ** 100 - 1) < Fraction(10) ** -300


def test_a_deep_chain_needs_no_recursion():
    x = Value(1.0, label="x")
    y = x
    for _ in range(30_000):
        y = -y

    text = explain(y, x).text

    assert "d_v30000_d_x = 1, a product of 30,000 partials" in text


# What is not a number, and what does not flow ------------------------------------------------


def test_what_is_not_finite_comes_first_and_names_its_factors():
    x = Value(0.0, label="x")
    explanation = explain(x.log() * x + x.relu() * 5.0, x)

    numbers = [term.number for term in explanation.terms]

    assert numbers[0] == -math.inf
    assert math.isnan(numbers[1])
    assert numbers[2] == 0.0
    assert [term.exact for term in explanation.terms] == [None, None, 0]
    assert explanation.verdict == "not finite"
    assert re.search(r"nan +d_v\w+ · d_v\w+_d_x +\(0 · inf\)", explanation.text)
    assert "one number that is not finite spoils the sum" in explanation.text


def test_paths_that_are_not_finite_and_not_shown_are_counted():
    x = Value(0.0, label="x")
    y = x.log() + x.log() + x * 2.0

    explanation = explain(y, x, most=1)

    assert "?  and 1 more path, not finite" in explanation.text
    assert "+2  and 1 more path\n" in explanation.text
    assert explanation.remainder == 2


def test_a_branch_not_taken_has_no_path():
    x, y = Value(0.0, label="x"), Value(2.0, label="y")

    taken = explain(where(1.0, y * 3.0, 1.0 / x), y)
    other = explain(where(1.0, y * 3.0, 1.0 / x), x)

    assert (taken.count, taken.gradient) == (1, 3.0)
    assert (other.count, other.gradient, other.total) == (0, 0.0, 0)
    assert "nothing flows there: every way leads through a branch not taken" in other.text
    assert "branch not taken" in other.markdown()


def test_what_the_output_does_not_depend_on_has_no_path():
    x, other = Value(2.0, label="x"), Value(3.0, label="other")

    explanation = explain(x * x, other, names={"y": x})

    assert (explanation.count, explanation.gradient) == (0, 0.0)
    assert "d_v1_d_other = 0, since the one does not depend on the other" in explanation.text


def test_the_output_by_itself_is_1():
    x = Value(2.0, label="x")

    explanation = explain(x, x)

    assert (explanation.count, explanation.total) == (1, 1)
    assert explanation.text.startswith("d_x_d_x = 1, as any number changes by what it changes")
    assert "= 1" in explanation.latex()


def test_zeros_come_last_and_are_said_to_be_zeros():
    x = Value(-1.0, label="x")
    y = x * 2.0 + x.relu() + x.relu()

    explanation = explain(y, x, most=2)

    assert [term.number for term in explanation.terms] == [2.0, 0.0]
    assert "and 1 more path with a 0 in it" in explanation.text


def test_constants_get_no_path():
    x = Value(3.0, label="x")

    assert explain(x * 2.0 + 5.0, x).count == 1


# How it reads ---------------------------------------------------------------------------


def test_it_reads_like_the_derivation_by_hand():
    loss, v = network()
    loss.backward()

    text = explain(loss, v["w1"]).text

    assert text.splitlines() == [
        "d_L_d_w1 = 0.01415, along the only path",
        "",
        "  +0.01415  d_L_d_ypred · d_ypred_d_h1 · d_h1_d_w1",
        "  ────────",
        "  +0.01415  the sum, and what backward computes, to the last bit",
        "",
        "d_L_d_ypred  = -2 * (y_true - ypred) = -0.3778",
        "d_ypred_d_h1 = ypred * sigmoid(-(w5 * h1 + w6 * h2 + b3)) * w5 = 0.0766",
        "d_h1_d_w1    = h1 * sigmoid(-(w1 * x1 + w2 * x2 + b1)) * x1 = -0.4889",
    ]


def test_an_inner_node_may_be_the_target():
    loss, v = network()
    by_h1 = explain(loss, v["w5"])
    h1 = by_h1.terms[0].path[-1].node.parents[1]

    assert explain(loss, h1).text.startswith("d_L_d_h1 = -0.02894, along the only path")


def test_two_ways_between_two_names_stay_two_terms():
    x = Value(3.0, label="x")
    h = x * x
    h.label = "h"
    y = h * 2.0 + h.sin()

    names = [[len(factor) for factor in term.factors] for term in explain(y, x).terms]

    # From y to h there are two ways, so neither is d_y_d_h; from h to x two uses of x.
    assert names == [[1, 1, 1]] * 4


def test_a_region_too_large_to_search_is_not_folded(monkeypatch):
    loss, v = network()
    monkeypatch.setattr("tinygrad_bp.look.explain.factors.REGION", 1)

    text = explain(loss, v["x1"]).text

    assert "d_ypred_d_h2 · d_h2_d_v6 · d_v6_d_x1" in text
    assert "-0.003286" in text


def test_nodes_of_one_name_are_numbered():
    w = Value(0.5, label="w")
    outputs = [tanh(w * x) for x in (1.0, 2.0)]
    for output in outputs:
        output.label = "h"
    loss = outputs[0] + outputs[1]

    text = explain(loss, w, names={"loss": loss}).text

    assert "d_loss_d_h#1 · d_h#1_d_w" in text
    assert r"h^{(2)}" in explain(loss, w).latex()


def test_where_names_are_long_the_nodes_of_a_path_are_named_instead():
    w = Value(0.5, label="layers.0.neurons.0.weights.0")
    loss = w
    for label in ("layers.0.neurons.0.output", "layers.1.neurons.0.output", "loss"):
        loss = loss.tanh()
        loss.label = label

    text = explain(loss, w).text

    chain = " ← ".join(["loss", "layers.1.neurons.0.output", "layers.0.neurons.0.output", w.label])
    assert f"  {chain}\n" in text
    assert "d_loss_d_layers.1.neurons.0.output " in text


def test_a_formula_holds_a_few_operations_however_large_the_graph():
    level = [Value(float(i), label=f"x{i}") for i in range(1024)]
    first = level[0]
    while len(level) > 1:
        level = [a * b for a, b in zip(level[::2], level[1::2], strict=True)]
    y = level[0].exp().sin()

    text = explain(y, first).text

    assert max(map(len, text.splitlines())) < 400
    assert "d_v" in text


def test_products_are_written_as_on_paper():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")

    def formula(output):
        text = explain(output, x, names={"f": output}).text
        return text.split("\nd_f_d_x = ")[1].splitlines()[0].split(" = ")[0]

    assert formula(-((x - y) ** 2)) == "-2 * (x - y)"
    assert formula((x * y).log().exp()) == "f / (x * y) * y"
    assert formula(-(x * -1.0)) == "1"
    assert formula(-(x + y)) == "-1"
    assert formula(y - (y - x * y)) == "y"
    assert formula((x + y) * 2.0 / y) == "1 / y * 2"


def test_what_is_one_way_of_several_is_defined():
    x = Value(3.0, label="x")
    y = x * x + x
    y.label = "y"

    assert "where y = x * x + x = 12\n" in explain(y, x).text


def test_long_paths_and_many_factors_are_cut(monkeypatch):
    monkeypatch.setattr("tinygrad_bp.look.explain.derivation.MOST_LINES", 3)
    x, y = doubled(30)

    text = explain(y, x).text

    assert " more) · " in text
    assert r"\cdots" in explain(y, x).latex()
    assert re.search(r"^… and \d+ more$", text, re.MULTILINE)


def test_an_operation_on_many_operands_is_not_written_out():
    w = [Value(0.01 * i, label=f"w{i}") for i in range(40)]
    y = dot(w, [0.1] * 40).exp()

    text = explain(y, w[3]).text

    assert "d_v2_d_w3 = exp(dot(80 operands)) * 0.1 = 0.2181" in text


def test_what_grad_holds_is_compared():
    x = Value(3.0, label="x")
    y = x * x
    assert "x.grad is 0 as long as backward has not been called." in explain(y, x).text

    y.backward()
    assert "grad" not in explain(y, x).text

    y.backward()
    assert "x.grad is 12, twice that: leaves add up over calls of backward." in explain(y, x).text

    x.grad = 7.0
    assert "x.grad is 7: there is also what another call" in explain(y, x).text


def test_an_operation_of_ones_own_may_be_written_in_any_notation():
    from tinygrad_bp import register

    ring = register("test_ring", "{} ⊕ {}", lambda x, y: x * y, lambda z, x, y: (z / x, z / y))
    x, y = Value(2.0, label="x"), Value(3.0, label="y + 1")
    z = ring(x - 1.0, y) ** 2

    explanation = explain(z, y)

    assert "d_v3_d_(y + 1) = 2 * ((x - 1) ⊕ (y + 1)) *" in explanation.text
    assert "⊕" in explanation.latex()


def test_markdown_is_a_table_and_latex_is_balanced():
    loss, v = network()
    explanation = explain(loss, v["x1"], most=1)

    markdown, formulas = explanation.markdown(), explanation.latex()

    assert "| -0.002578 | `d_L_d_ypred · d_ypred_d_h2 · d_h2_d_x1` |" in markdown
    assert markdown.startswith(f"$$\n{formulas}\n$$")
    assert formulas.count("{") == formulas.count("}")
    assert r"\text{1 more path}" in formulas
    assert explanation._repr_markdown_() == markdown
    assert explanation._repr_latex_() == f"$\\displaystyle {formulas}$"


def test_rich_shows_the_same_text():
    pytest.importorskip("rich", reason="rich shows the colours")
    loss, v = network()
    explanation = explain(loss, v["w1"])

    assert explanation.__rich__().plain == explanation.text == repr(explanation)


def test_plain_ascii_where_nothing_else_can_be_shown(monkeypatch):
    import io

    loss, v = network()
    explanation = explain(loss, v["w1"])
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))

    assert repr(explanation).isascii()
    assert "d_L_d_ypred * d_ypred_d_h1 * d_h1_d_w1" in repr(explanation)


def test_nothing_in_the_graph_changes():
    loss, v = network()
    loss.backward()
    before = [(x.data, x.grad, x.label) for x in v.values()]

    explain(loss, v["w1"], names={"other": v["w1"]}).markdown()
    explain(loss).markdown()

    assert [(x.data, x.grad, x.label) for x in v.values()] == before


# What cannot be explained ----------------------------------------------------------------------


def test_what_cannot_be_explained_is_refused():
    x = Value(2.0, label="x")
    y = x * 3.0
    with pytest.raises(TypeError, match="a gradient is by a Value, got str 'x'"):
        explain(y, "x")
    with pytest.raises(ValueError, match="gets no gradient"):
        explain(y, y.parents[1])
    with pytest.raises(TypeError, match="a Value is traced, got float"):
        explain(2.0, x)
    with pytest.raises(TypeError, match="a direction is for the evaluation trace"):
        explain(y, x, direction=x)
    with no_grad(), pytest.raises(ValueError, match="is a constant"):
        explain(x * 2.0, x)


def test_the_sum_in_a_neuron_is_written_with_its_operators():
    x = Value(2.0, "x")
    y = total([x, x * x, 1.0]) ** 2
    y.label = "y"

    assert "x + x * x + 1" in repr(explain(y, x))
