"""Where things go: nothing overlaps, boxes hold their members and nothing else."""

import itertools

import pytest
from hypothesis import given, strategies as st

from tinygrad_bp.look.picture.cards import text_width
from tinygrad_bp.look.picture.layered import Item, Link, arrange
from tinygrad_bp.look.picture.layout import layout
from tinygrad_bp.look.picture.nesting import composable
from tinygrad_bp.look.picture.picture import Box, Edge, Node, Picture, Row, all_boxes

SLACK = 0.11  # places are rounded to tenths of a pixel


@st.composite
def pictures(draw):
    """Random acyclic graphs with labels on some edges, and random boxes two deep."""
    count = draw(st.integers(1, 14))
    wide = st.text("ab", max_size=9)
    nodes = tuple(Node(f"n{i}", "leaf", (Row("x" + draw(wide)),)) for i in range(count))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    ends = draw(st.lists(pairs.filter(lambda pair: pair[0] != pair[1]), max_size=24))
    edges = tuple(
        Edge(f"n{min(pair)}", f"n{max(pair)}", draw(st.sampled_from(["", "+0.5", "2 * 3 = +6"])))
        for pair in ends
    )
    homes = [(draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in nodes]

    def held(home):
        return tuple(node.id for node, at in zip(nodes, homes, strict=True) if at == home)

    boxes = tuple(
        Box(
            f"b{o}",
            f"outer {o}",
            held((o, 0)),
            tuple(Box(f"b{o}{i}", "", held((o, i))) for i in (1, 2)),
        )
        for o in (1, 2)
    )
    direction = draw(st.sampled_from(["LR", "TB"]))
    return Picture(nodes, edges, boxes, direction=direction)


def are_apart(a, b):
    return (
        a.x + a.width <= b.x + SLACK
        or b.x + b.width <= a.x + SLACK
        or a.y + a.height <= b.y + SLACK
        or b.y + b.height <= a.y + SLACK
    )


def encloses(outer, inner):
    return (
        outer.x <= inner.x + SLACK
        and outer.y <= inner.y + SLACK
        and inner.x + inner.width <= outer.x + outer.width + SLACK
        and inner.y + inner.height <= outer.y + outer.height + SLACK
    )


def members(box):
    return {node for inner in all_boxes((box,)) for node in inner.nodes}


@given(pictures())
def test_no_two_nodes_or_labels_overlap(picture):
    found = layout(picture)

    labels = [route.label for route in found.routes if route.label]
    assert all(
        itertools.starmap(are_apart, itertools.combinations([*found.nodes.values(), *labels], 2))
    )


@given(pictures())
def test_a_box_encloses_its_members_and_only_them(picture):
    found = layout(picture)

    for box in all_boxes(composable(picture).boxes):
        place = found.boxes[box.id]
        for node, at in found.nodes.items():
            assert encloses(place, at) if node in members(box) else are_apart(place, at)


@given(pictures())
def test_boxes_are_one_inside_the_other_or_apart(picture):
    found = layout(picture)
    kept = list(all_boxes(composable(picture).boxes))

    for one, other in itertools.permutations(kept, 2):
        place, at = found.boxes[one.id], found.boxes[other.id]
        if other in all_boxes((one,)):
            assert encloses(place, at)
        elif one not in all_boxes((other,)):
            assert are_apart(place, at)


@given(pictures())
def test_everything_is_on_the_page(picture):
    found = layout(picture)

    corners = [*found.nodes.values(), *found.boxes.values()]
    assert all(r.x >= -SLACK and r.x + r.width <= found.width + SLACK for r in corners)
    assert all(r.y >= -SLACK and r.y + r.height <= found.height + SLACK for r in corners)


def bend(start, end, direction):
    """Points on the curve between two points of a stroke, as `marks.curve` draws it."""
    (x, y), (u, v) = start, end
    for i in range(1, 8):
        t = i / 8
        ease = 3 * t * t - 2 * t**3  # a curve whose ends are level
        run = 3 * (1 - t) ** 2 * t * 0.5 + 3 * (1 - t) * t * t * 0.5 + t**3
        yield (
            (x + run * (u - x), y + ease * (v - y))
            if direction == "LR"
            else (x + ease * (u - x), y + run * (v - y))
        )


@given(pictures())
def test_no_edge_passes_through_a_node(picture):
    found = layout(picture)

    strokes = [*found.trunks, *(s for route in found.routes for s in route.strokes)]
    for stroke in strokes:
        for start, end in itertools.pairwise(stroke):
            for x, y in bend(start, end, picture.direction):
                for at in found.nodes.values():
                    is_inside = (
                        at.x + 1 < x < at.x + at.width - 1 and at.y + 1 < y < at.y + at.height - 1
                    )
                    assert not is_inside


@given(pictures())
def test_the_same_picture_is_laid_out_the_same(picture):
    assert layout(picture) == layout(picture)


@given(pictures())
def test_every_edge_ends_at_its_head(picture):
    found = layout(picture)

    for edge, route in zip(picture.edges, found.routes, strict=True):
        head, (x, y) = found.nodes[edge.head], route.strokes[-1][-1]
        is_level = abs(x - head.x) if picture.direction == "LR" else abs(y - head.y)
        assert is_level <= SLACK
        assert head.x - SLACK <= x <= head.x + head.width
        assert head.y - SLACK <= y <= head.y + head.height


def test_two_edges_between_the_same_nodes_arrive_apart():
    nodes = tuple(Node(name, "leaf", (Row("x"), Row("y"))) for name in "ab")
    found = layout(Picture(nodes, (Edge("a", "b"), Edge("a", "b"))))

    first, second = (route.strokes[-1][-1] for route in found.routes)
    assert first != second


def test_a_box_that_would_stand_on_a_cycle_is_dissolved():
    nodes = tuple(Node(name, "leaf", (Row("x"),)) for name in "abc")
    path = (Edge("a", "b"), Edge("b", "c"))
    boxes = (Box("outer", "", ("b",), (Box("inner", "", ("a", "c")),)),)

    (outer,) = composable(Picture(nodes, path, boxes)).boxes
    assert outer.nodes == ("b", "a", "c")
    assert outer.boxes == ()


def test_what_a_dissolved_box_held_keeps_its_other_boxes():
    nodes = tuple(Node(name, "leaf", (Row("x"),)) for name in "abcd")
    path = (Edge("a", "b"), Edge("b", "c"), Edge("c", "d"))
    boxes = (Box("top", "", ("b",), (Box("knot", "", ("a",), (Box("cd", "", ("c", "d")),)),)),)

    (top,) = composable(Picture(nodes, path, boxes)).boxes
    assert top.nodes == ("b", "a")
    assert [box.id for box in top.boxes] == ["cd"]


def test_an_empty_picture_has_a_layout():
    assert layout(Picture()).nodes == {}


def test_a_cycle_is_refused():
    with pytest.raises(ValueError, match="2 of 2 items stand on a cycle"):
        arrange([Item(1, 1)] * 2, [Link(0, 1), Link(1, 0)])


def test_leaves_stand_next_to_what_uses_them():
    nodes = tuple(Node(name, "leaf", (Row(name),)) for name in ("a", "b", "c", "d", "late"))
    edges = (Edge("a", "b"), Edge("b", "c"), Edge("c", "d"), Edge("late", "d"))
    found = layout(Picture(nodes, edges))

    assert abs(found.nodes["late"].x - found.nodes["c"].x) < found.nodes["c"].width


def test_a_leaf_that_a_long_chain_keeps_using_is_drawn_in_linear_size():
    def size(length):
        nodes = tuple(Node(f"n{i}", "leaf", (Row("x"),)) for i in range(length + 1))
        uses = (Edge(f"n{length}", f"n{i}") for i in range(1, length))
        steps = (Edge(f"n{i}", f"n{i + 1}") for i in range(length - 1))
        found = layout(Picture(nodes, (*steps, *uses)))
        strokes = [*found.trunks, *(s for route in found.routes for s in route.strokes)]
        return sum(map(len, strokes))

    assert size(400) < 2.1 * size(200)


def test_six_thousand_nodes_are_laid_out():
    nodes = tuple(Node(f"n{i}", "leaf", (Row("x"),)) for i in range(6_000))
    edges = tuple(Edge(f"n{i}", f"n{i // 2}") for i in range(1, 6_000))

    assert len(layout(Picture(nodes, edges)).nodes) == 6_000


def test_a_chain_deeper_than_the_recursion_limit_is_laid_out():
    nodes = tuple(Node(f"n{i}", "leaf", (Row("x"),)) for i in range(3_000))
    edges = tuple(Edge(f"n{i}", f"n{i + 1}") for i in range(2_999))

    assert layout(Picture(nodes, edges)).routes


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_a_box_has_room_for_its_title(direction):
    title = "a title that is wider than what is in the box"
    nodes = (Node("a", "leaf", (Row("x"),)),)
    found = layout(Picture(nodes, boxes=(Box("b", title, ("a",)),), direction=direction))

    box, node = found.boxes["b"], found.nodes["a"]
    assert box.width >= text_width(title) + 12  # the margin on the left, as in `svg`
    assert node.y >= box.y + 20
