"""What `draw` shows of a graph."""

from tinygrad_bp import Value
from tinygrad_bp.look import draw


def square_plus_triple():
    x = Value(2.0, label="x")
    y = x * x + 3 * x
    y.backward()
    return x, y


def test_both_edges_of_a_square_are_drawn():
    _, y = square_plus_triple()
    picture = draw(y).picture

    ends = [(edge.tail, edge.head) for edge in picture.edges]
    assert max(map(ends.count, ends)) == 2


def test_the_same_graph_gives_the_same_bytes():
    _, y = square_plus_triple()
    _, again = square_plus_triple()

    assert draw(y).svg() == draw(again).svg()
