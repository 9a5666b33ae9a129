"""The player's page before a browser sees it: what is in it, and that it holds."""

from __future__ import annotations

import itertools
import json
import math
import re
import struct
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from tests.look.graphs import chain, network, points
from tinygrad_bp import Value, play, where
from tinygrad_bp.check.programs.strategies import expressions
from tinygrad_bp.look.picture.layout import Route, layout
from tinygrad_bp.look.player.page import SCRIPTS, digest, read
from tinygrad_bp.look.player.passes import Passes
from tinygrad_bp.look.player.stage import _touches, _Ways, stage
from tinygrad_bp.look.words.text import signed

ASSETS = Path(__file__).parents[2] / "tinygrad_bp" / "look" / "player"


def data_of(html: str):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', html)[1]
    )


def played(data) -> list[str | None]:
    """The gradients that are on the page after the last step, as its script finds them."""
    found: list[str | None] = [None] * len(data["names"])
    found[data["output"]] = data["seed"][0]
    for edges in reversed(data["edges"]):
        for edge in edges:
            flow = data["flows"][edge]
            if flow and flow[2] is not None:
                found[data["operands"][edge]] = flow[2]
    return found


@given(expressions())
@settings(max_examples=50)
def test_what_is_played_ends_in_what_backward_gives(program) -> None:
    output = program.run([Value(number) for number in program.inputs])[-1]
    passes = Passes(output, digits=17)
    gradients = played(passes.data())

    output.backward()
    for node, gradient in zip(passes.trace.nodes, gradients, strict=True):
        if not node.is_constant:
            assert gradient == signed(node.grad, 17) or (gradient is None and node.grad == 0)


@given(expressions())
@settings(max_examples=30)
def test_playing_changes_nothing_in_the_graph(program) -> None:
    output = program.run([Value(number) for number in program.inputs])[-1]
    output.backward(2.0)
    nodes = Passes(output).trace.nodes
    before = [struct.pack("<dd", node.data, node.grad) for node in nodes]

    play(output)

    assert [struct.pack("<dd", node.data, node.grad) for node in nodes] == before


def test_the_same_graph_gives_the_same_bytes() -> None:
    def page():
        w, x = Value(2.0, label="w"), Value(3.0)
        return play((w * x - 5).tanh(), names={"x": x}).html

    assert page() == page()


@given(st.text(max_size=40))
@settings(max_examples=30)
def test_any_label_is_text_and_no_markup(label: str) -> None:
    html = play(Value(2.0, label=label) * 3, title=label).html

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: list[str] = []

        def handle_starttag(self, tag, _attributes) -> None:
            self.tags.append(tag)

    reader = Reader()
    reader.feed(html)
    html.encode("utf-8")
    plain = Reader()
    plain.feed(play(Value(2.0, label="x") * 3, title="x").html)
    assert reader.tags == plain.tags


def test_hostile_text_stays_inside_the_data() -> None:
    html = play(Value(2.0, label="</script><script>alert(1)</script><!--") * 3).html

    assert html.count("<script") == html.count("</script>") == 2
    assert data_of(html)["names"][0] == "</script><script>alert(1)</script><!--"


def test_the_policy_allows_the_pages_own_script_and_style_alone() -> None:
    html = play(Value(2.0) * 3).html
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)[1]
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]

    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src '{digest(script)}'",
        f"style-src '{digest(style)}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert "style=" not in html
    assert not re.search(r"\bon\w+=", re.sub("<script.*?</script>", "", html, flags=re.DOTALL))


def test_it_is_saved_as_it_is(tmp_path: Path) -> None:
    player = play(Value(2.0, label="重み") * 3, tmp_path / "new" / "player.html")

    assert (tmp_path / "new" / "player.html").read_bytes() == player.html.encode()
    assert player.save(tmp_path / "again.html") == tmp_path / "again.html"


def test_in_a_notebook_it_is_a_frame_of_its_own() -> None:
    player = play(Value(2.0, label='"&quot;') * 3, title="A & B")
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs) -> None:
            found.append((tag, dict(attrs)))

    Reader().feed(player._repr_html_())

    ((tag, attributes),) = found
    assert tag == "iframe"
    assert attributes["srcdoc"] == player.html
    assert attributes["sandbox"] == "allow-scripts"


def test_a_player_says_what_it_is() -> None:
    assert re.fullmatch(
        r"Player\(3 steps, [\d,]+ bytes; \.save\('play.html'\) saves it, a notebook shows it\)",
        repr(play(Value(2.0) * 3)),
    )


def test_a_leaf_alone_has_one_step() -> None:
    data = data_of(play(Value(2.0, label="x")).html)

    assert (data["operations"], data["seed"][0]) == ([], "+1")


@pytest.mark.parametrize("wrong", [2.0, None, [Value(1.0)], "loss"])
def test_what_is_not_a_value_is_refused(wrong) -> None:
    with pytest.raises(TypeError, match="play takes a Value"):
        play(wrong)


def test_an_unknown_collapse_is_refused() -> None:
    with pytest.raises(ValueError, match="collapse must be one of"):
        play(Value(1.0) * 2, collapse="everything")


# Collapsed


def test_two_thousand_nodes_are_each_drawn_and_more_are_collapsed() -> None:
    _, few = chain(1_999)
    _, many = chain(2_000)

    assert len(Passes(few).cells) == 2_000
    assert len(Passes(many).cells) < 20
    assert "stand for 2,001, and a step is about one of these" in play(many).html


@pytest.mark.parametrize("collapse", ["neurons", "layers", "runs"])
def test_a_collapsed_graph_ends_in_the_same_gradients(collapse: str) -> None:
    ((loss,),) = network([3, 4, 4, 1], points(1, 3))
    loss = loss if collapse != "runs" else chain(300)[1]
    passes = Passes(loss, collapse=collapse, digits=17)
    gradients = played(passes.data())

    loss.backward()
    single = [
        (gradient, signed(cell.outputs[0].grad, 17))
        for cell, gradient in zip(passes.cells, gradients, strict=True)
        if len(cell.outputs) == 1 and not cell.outputs[0].is_constant
    ]
    assert len(single) >= 2
    assert [given for given, _ in single] == [expected for _, expected in single]


def test_a_collapsed_gradient_is_complete_also_where_the_last_use_passes_nothing() -> None:
    c, x = Value(1.0, label="c"), Value(2.0, label="x")
    y = x * 3
    y.label = "y"
    m = where(c, c, y) * 2
    m.label = "m"
    output = y * m
    for _ in range(20):
        output = -output
    data = Passes(output, collapse="runs").data()

    assert played(data)[data["names"].index("y")] == "+2"


def test_a_collapsed_step_comes_after_the_steps_that_it_needs() -> None:
    ((loss,),) = network([3, 4, 4, 1], points(1, 3))
    data = Passes(loss, collapse="neurons").data()
    place = {cell: index for index, cell in enumerate(data["operations"])}

    late = [
        edge
        for head, edges in zip(data["operations"], data["edges"], strict=True)
        for edge in edges
        if place.get(data["operands"][edge], -1) >= place[head]
    ]

    assert late == []


def test_what_is_not_finite_inside_a_summary_is_counted() -> None:
    leaves = [Value(float(n)) for n in range(30)]
    total = Value(0.0)
    for leaf in leaves:
        total = total + leaf.sqrt()
    page = data_of(play(total, collapse="runs").html)

    texts = [flow[2] for flow in page["flows"] if flow and len(flow) > 4]
    assert [text for text in texts if text and text.endswith(", 1 nan or inf")] != []
    assert None in [flow[3] for flow in page["flows"] if flow and len(flow) > 4]


# The picture


def test_the_picture_has_a_mark_for_all_that_moves() -> None:
    ((loss,),) = network([2, 2, 1], points(1, 2))
    passes = Passes(loss)
    svg = ET.fromstring(stage(passes.picture))

    ids = {element.get("id") for element in svg.iter()}
    titles = [g.find("{*}text").text for g in svg.findall("{*}g[@class='box']")]
    assert {f"n{i}" for i in range(len(passes.cells))} <= ids
    assert {f"e{i}" for i in range(len(passes.edges))} <= ids
    assert titles[:2] == ["layers.0", "neurons.0"]


def test_the_picture_alone_shows_the_end_of_both_passes() -> None:
    svg = stage(Passes(Value(3.0, label="x") * 2).picture)

    assert re.findall(r'class="grad">\s*([^<]*)<', svg) == ["+2", "+1"]


def test_a_way_that_the_layout_does_not_show_is_not_invented() -> None:
    x = Value(3.0)
    picture = Passes(x * 2 + x * 3).picture
    places = layout(picture)
    u, v = places.trunks[0][-1]

    # Nowhere, and a pixel beside the end of a trunk.
    for start in ((9e3, 9e3), (u + 1, v)):
        nowhere = Route(((start, (9e3, 9e3)),))
        assert _Ways(places).to(nowhere, picture.edges[0]) == []


@given(st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=10)
def test_what_is_lit_leads_from_the_operand_to_the_operation(inner: int, last: int) -> None:
    outputs = network([2, inner, last], points(1, 2))[0]

    assert_ways_are_whole(Passes(sum(outputs, Value(0.0))).picture)


def test_what_is_lit_leaves_a_trunk_where_the_edge_does() -> None:
    x = Value(3.0)
    power = x * 2
    for _ in range(4):
        power = power * x

    assert_ways_are_whole(Passes(power).picture)


def assert_ways_are_whole(picture) -> None:
    places = layout(picture)
    ways = _Ways(places)
    for edge, route in zip(picture.edges, places.routes, strict=True):
        way = [*reversed(ways.to(route, edge)), *route.strokes]
        assert _touches(places.nodes[edge.tail], way[0][0])
        assert all(math.dist(one[-1], after[0]) < 1 for one, after in itertools.pairwise(way))


# The style


def contrast(first: str, second: str) -> float:
    """WCAG 2.1's ratio of two colours."""
    darker, lighter = sorted(map(luminance, (first, second)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [channel / 255 for channel in bytes.fromhex(colour[1:])]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", read("pages/player.css"), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", light))
    return {"light": colours, "dark": colours | dict(re.findall(r"--([\w-]+): (#\w{6})", dark))}


def test_contrast_is_computed_as_it_is_defined() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "soft") for ground in ("paper", "card", "box")),
        ("accent", "paper"),
        ("ink", "code"),
        ("card", "accent"),
        ("card", "negative"),
        ("paper", "accent"),
        ("alarm-ink", "alarm"),
    ],
)
def test_all_text_can_be_read(scheme: str, text: str, ground: str) -> None:
    colours = palettes()[scheme]

    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mark", ["edge", "positive", "negative", "accent"])
def test_all_marks_can_be_told_from_the_paper(scheme: str, mark: str) -> None:
    colours = palettes()[scheme]

    assert contrast(colours[mark], colours["card"]) >= 3


def test_every_file_beside_the_code_is_in_a_page() -> None:
    names = {path.name for path in ASSETS.rglob("*.*") if path.suffix in (".html", ".css", ".js")}

    scripts = {f"{name}.js" for several in SCRIPTS.values() for name in several}
    shared = {"page.html", "zoom.html", "player.css"}
    assert names == scripts | {f"{kind}.html" for kind in SCRIPTS} | shared


def test_a_title_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="a title is a str, got int 3"):
        play(Value(2.0) * 3, title=3)
