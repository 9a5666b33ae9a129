"""A node is called the same in every view, however little of the graph the view shows."""

import pytest

from tests.look.graphs import chain
from tinygrad_bp import Value, draw, explain, provenance, step, tree, what_if
from tinygrad_bp.look.graphs.draw import picture_of

LENGTH = 9_000

VIEWS = {
    "tree": lambda _, y: tree(y).text,
    "step": lambda _, y: repr(step(y)),
    "explain": lambda _, y: repr(explain(y)),
    "explain by": lambda x, y: repr(explain(y, x)),
    "provenance": lambda x, y: repr(provenance(y, x)),
    "what_if": lambda x, y: repr(what_if(y, {x: 0.1})),
    "draw": lambda _, y: draw(y).svg(),
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_output_of_a_graph_that_is_not_shown_whole_has_one_name(view):
    x, y = chain(LENGTH)
    x.label = "x"

    assert f"v{LENGTH}" in VIEWS[view](x, y).replace(",", "")


def test_what_the_output_does_not_depend_on_takes_no_name_away():
    x, other = Value(2.0, label="x"), Value(3.0)
    y = x * x

    assert explain(y, other).writing.names[y] == provenance(y, other).names[y] == "v1"
    assert explain(y, other).writing.names[other] == provenance(y, other).names[other] == "v2"


def test_the_operations_of_a_collapsed_picture_keep_their_numbers():
    _, y = chain(LENGTH)

    (title,) = [node.rows[0].left for node in picture_of(y).nodes if node.is_output]

    assert title == f"v{LENGTH}"
