"""A number that its operands no longer give is pointed out by every view, in the same words."""

import math

import pytest
from hypothesis import given, strategies as st

from tinygrad_bp import (
    Value,
    autopsy,
    explain,
    lint,
    play,
    provenance,
    step,
    sum as total,
    tree,
    what_if,
)
from tinygrad_bp.basics.same import same_number
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.look.graphs.draw import picture_of
from tinygrad_bp.look.words.outdated import fact, is_outdated, outdated, remark

SENTENCE = "v1 = p * 3 is 6, but p = 5 would give 15: data changed after it was computed"


def line(*, at):
    """P and q = 3p + 1, made where p was 2; then p moves."""
    p = Value(2.0, label="p")
    q = p * 3 + 1
    p.data = at
    return p, q


def message_of_what_if(q, p):
    with pytest.raises(ValueError, match="would give") as caught:
        what_if(q, {p: 0.1})
    return str(caught.value)


def as_read(markdown):
    """A star that is text has a backslash before it, which a reader does not see."""
    return markdown.replace("\\*", "*")


VIEWS = {
    "explain": lambda q, _: explain(q).text,
    "explain by": lambda q, p: explain(q, p).text,
    "explain as Markdown": lambda q, _: as_read(explain(q).markdown()),
    "explain by, as Markdown": lambda q, p: as_read(explain(q, p).markdown()),
    "tree": lambda q, _: tree(q).text,
    "provenance": lambda q, p: repr(provenance(q, p)),
    "step": lambda q, _: step(q).next().text,
    "provenance at a step": lambda q, p: repr(step(q).provenance(p)),
    "draw": lambda q, _: " ".join(picture_of(q).notes),
    "play": lambda q, _: play(q).html,
    "lint": lambda q, _: lint(q)[0].what + ": " + lint(q)[0].why,
}


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_says_it_in_the_same_words(view):
    p, q = line(at=5.0)

    assert SENTENCE in VIEWS[view](q, p)


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "lint"])
def test_no_view_says_it_of_numbers_that_are_as_they_were_computed(view):
    p, q = line(at=2.0)

    assert "would give" not in VIEWS[view](q, p)


def test_what_refuses_says_it_in_the_same_words():
    p, q = line(at=5.0)

    assert message_of_what_if(q, p).startswith(SENTENCE)


def test_an_autopsy_says_it_in_the_same_words():
    x = Value(0.0, label="x")
    y = x.log()
    x.data = 1.0

    found = autopsy(y)

    assert found.sentence == remark([y], found.names).removeprefix("! ").removesuffix(".")


@given(expressions(), st.data())
def test_outdated_are_those_that_a_computation_anew_would_make_different(program, data):
    inputs = [Value(number) for number in program.inputs]
    output = program.run(inputs)[-1]
    nodes = step(output)._trace.nodes

    assert outdated(nodes) == ()
    moved = data.draw(st.sampled_from(nodes))
    moved.data = data.draw(st.floats())
    assert {n for n in outdated(nodes) if n is not moved} <= {
        n for n in nodes if moved in n.parents
    }


@pytest.mark.parametrize("number", [math.inf, math.nan, 0.0, 2.0])
def test_a_number_is_the_same_as_itself(number):
    assert same_number(number, number)
    assert not same_number(number, 1.0)


def test_a_leaf_that_changed_is_not_outdated():
    x = Value(2.0)
    x.data = 3.0

    assert not is_outdated(x)


def test_a_result_that_was_overwritten_is_outdated():
    x = Value(2.0)
    y = x * 3
    y.data = 7.0

    assert is_outdated(y)


def test_numbers_that_differ_in_their_last_digit_are_told_apart():
    x = Value(1.0)
    y = x * 3
    x.data = 1.0 + 2.0**-52

    assert "is 3.0, but x = 1.0000000000000002 would give 3.000000000000001" in fact(
        y, {x: "x", y: "y"}
    )


def test_of_many_the_first_are_named():
    p = Value(2.0)
    products = [p * float(n) for n in range(1, 8)]
    names = {p: "p"} | {node: f"h{place}" for place, node in enumerate(products)}
    p.data = 3.0

    assert remark(products, names).endswith(" Likewise h1, h2, h3, h4 and 2 more.")


def test_operands_without_a_name_are_told_by_their_numbers():
    xs = [Value(float(n)) for n in range(6)]
    y = total(xs)
    xs[0].data = 1.0

    assert "is 15, but 1, 1, 2, 3 and 2 more would give 16" in fact(y, {y: "y"})


def test_a_collapsed_page_says_both():
    p = Value(2.0, label="p")
    q = p * 3
    for _ in range(30):
        q = -q
    p.data = 5.0

    html = play(q, collapse="runs").html

    assert "Collapsed to runs" in html
    assert SENTENCE in html
