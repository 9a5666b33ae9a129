"""The drawing as a `graphviz.Digraph`, with `dot` and without."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import graphviz
import pytest

from tests.look.graphs import chain, network, points, square_plus_triple
from tinygrad_bp import Value
from tinygrad_bp.basics.escapes import visible
from tinygrad_bp.look import DotNotFound, Drawing, draw

HOSTILE = "<b>&\"'\\n\n\x00\ud800]]>--></svg> 重み é"
needs_dot = pytest.mark.skipif(
    shutil.which("dot") is None, reason="the program `dot` is not installed"
)


def test_a_prompt_shows_what_to_do_with_a_drawing():
    _, y = square_plus_triple()
    how = ".save_svg('graph.svg') saves it, a notebook shows it)"

    assert repr(draw(y)) == f"Drawing(5 nodes; {how}"
    assert repr(draw(Value(1.0))) == f"Drawing(1 node; {how}"


@pytest.fixture
def without_dot(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def fake_dot(monkeypatch, tmp_path):
    """A program named `dot` that writes where it was told to, and says that it was here."""
    program = tmp_path / "dot"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "suffix = [a[2:] for a in sys.argv if a.startswith('-T')][0]\n"
        "out = open(f'{sys.argv[-1]}.{suffix}', 'w') if '-O' in sys.argv else sys.stdout\n"
        "sys.stdin.read() if '-O' not in sys.argv else None\n"
        "print('dot was here', file=out)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


def square():
    return draw(square_plus_triple()[1], edges="contribution", title="x*x + 3x")


# The source -----------------------------------------------------------------------------


def test_a_drawing_is_a_digraph():
    assert isinstance(square(), graphviz.Digraph)


def test_the_source_has_ids_labels_colours_and_both_edges():
    source = square().source

    assert source.count("n0 -> n1") == 2
    assert "id=n0" in source
    assert "2 * 1 = +2" in source
    assert "#0072b2" in source


def test_boxes_are_clusters():
    source = draw(network([2, 2, 1], points(1, 2))).source

    assert source.count("subgraph cluster_b") == 5


def test_ortho_is_never_asked_for():
    assert "ortho" not in square().source


@needs_dot
@pytest.mark.parametrize("label", ["", HOSTILE, "\\", "<i>x</i>", '"'])
def test_dot_accepts_the_source(label):
    x = Value(-0.5, label=label)
    z = x * x
    z.label = label
    z.backward()
    source = draw([z, x], edges="partial", title=label, names={label: z}).source

    run = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True)
    assert run.stderr == b""
    assert visible(label) in "".join(ET.fromstring(run.stdout).itertext())


@needs_dot
def test_dot_draws_summaries_and_clusters():
    outputs = network([2, 3, 1], points(2, 2))
    source = draw(outputs, collapse="neurons", direction="TB").source

    subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True)


# The SVG --------------------------------------------------------------------------------


def test_the_svg_survives_hostile_labels():
    x = Value(1.0, label=HOSTILE)
    tree = ET.fromstring(draw(x, title=HOSTILE).svg().encode())

    assert HOSTILE[:8] in "".join(tree.itertext())


def test_ids_are_unique_and_plain():
    tree = ET.fromstring(draw(network([2, 2, 1], points(2, 2))).svg())

    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(name.replace("_", "").isalnum() for name in ids)


def test_each_node_has_a_tip():
    tree = ET.fromstring(square().svg())
    tips = [t.text for t in tree.iter("{http://www.w3.org/2000/svg}title")]

    assert "x; value 2.0; gradient 7.0" in tips


def test_the_svg_refers_to_nothing_outside_itself():
    text = square().svg().replace("http://www.w3.org/2000/svg", "")

    assert not any(word in text for word in ("http", "url(", "href", "<style", "<script"))


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_source_and_svg_say_the_same(direction):
    drawing = draw(network([2, 2, 1], points(1, 2)), edges="partial", direction=direction)
    text = drawing.svg()

    for node in drawing.picture.nodes:
        for row in node.rows:
            assert row.left in text
            assert row.left in drawing.source


def test_text_fits_its_card():
    wide = Value(1.0, label="重み" * 6)
    tree = ET.fromstring(draw(wide).svg())
    group = next(g for g in tree.iter() if g.get("id") == "n0")
    card = next(group.iter("{http://www.w3.org/2000/svg}rect"))

    assert float(card.get("width")) > (24 + 2 + 4) * 7.2


def test_an_alarm_a_summary_and_a_broken_edge_have_their_keys():
    x = Value(1.0)
    y = (x**2) * 1.0
    y.grad = float("nan")
    text = draw(y).svg()

    assert "not a finite number" in text
    assert "no gradient flows back" in text
    assert "several nodes" in draw(chain(400)[1]).svg()


# Rendering without dot ------------------------------------------------------------------


def test_svg_needs_no_dot(without_dot, tmp_path):
    drawing = square()

    assert drawing.pipe(format="svg", encoding="utf-8") == drawing.svg()
    assert drawing.pipe() == drawing.svg().encode()
    assert drawing._repr_mimebundle_() == {"image/svg+xml": drawing.svg()}
    assert drawing._repr_svg_() == drawing.svg()


def test_save_svg_makes_folders(tmp_path):
    drawing = square()
    path = drawing.save_svg(tmp_path / "new" / "square.svg")

    assert path.read_bytes() == drawing.svg().encode()


def test_render_writes_beside_the_source(without_dot, tmp_path):
    path = square().render("square.gv", directory=tmp_path)

    assert path == str(tmp_path / "square.gv.svg")
    assert (tmp_path / "square.gv").exists()


def test_render_cleans_up(without_dot, tmp_path):
    square().render(tmp_path / "square.gv", cleanup=True)

    assert [file.name for file in tmp_path.iterdir()] == ["square.gv.svg"]


def test_render_writes_to_an_outfile(without_dot, tmp_path):
    path = square().render(outfile=tmp_path / "square.svg")

    assert path == str(tmp_path / "square.svg")
    assert (tmp_path / "square.svg").exists()


def test_view_opens_the_svg(without_dot, tmp_path, monkeypatch):
    opened = []
    drawing = square()
    monkeypatch.setattr(drawing, "_view", lambda path, **_: opened.append(path))
    drawing.view(tmp_path / "square.gv")

    assert opened == [str(tmp_path / "square.gv.svg")]


@pytest.mark.parametrize("wanted", ["png", "pdf"])
def test_other_formats_without_dot_name_the_way_out(without_dot, tmp_path, wanted):
    with pytest.raises(DotNotFound, match=rf"'{wanted}' needs .*install Graphviz.*save_svg"):
        square().render(tmp_path / "square.gv", format=wanted)
    with pytest.raises(graphviz.ExecutableNotFound):
        square().pipe(format=wanted)
    with pytest.raises(DotNotFound):
        square().render(outfile=tmp_path / f"square.{wanted}")


def test_other_engines_need_graphviz(without_dot):
    with pytest.raises(DotNotFound):
        square().pipe(engine="neato")


# Rendering with dot ---------------------------------------------------------------------


def test_dot_renders_where_it_is_on_the_path(fake_dot, tmp_path):
    drawing = square()
    path = drawing.render("square.gv", directory=tmp_path, format="png")

    assert drawing.pipe(encoding="utf-8").strip() == "dot was here"
    assert path == str(tmp_path / "square.gv.png")
    assert (tmp_path / "square.gv.png").read_text().strip() == "dot was here"


@needs_dot
def test_dot_renders_where_it_is_installed(tmp_path):
    assert square().pipe(format="png").startswith(b"\x89PNG")
    assert square().render(tmp_path / "square.gv", format="pdf").endswith(".pdf")
    assert "generated by graphviz" in square().pipe(encoding="utf-8")[:300].lower()


def test_large_graphs_are_not_left_to_dot(fake_dot):
    drawing = draw(chain(1_600)[1], collapse=None)

    assert drawing.pipe(encoding="utf-8") == drawing.svg()


# As a digraph ---------------------------------------------------------------------------


def test_a_copy_is_the_same_drawing():
    drawing = square()
    copied = drawing.copy()

    assert copied.svg() == drawing.svg()
    assert copied.source == drawing.source


def test_a_drawing_changed_by_hand_is_only_for_dot():
    drawing = square()
    with drawing.subgraph(name="cluster_mine") as mine:
        mine.node("extra")

    with pytest.raises(ValueError, match="changed with graphviz's own methods"):
        drawing.svg()


def test_a_drawing_changed_by_hand_shows_what_dot_makes_of_it(fake_dot):
    drawing = square()
    drawing.node("extra")

    assert "dot was here" in drawing._repr_svg_()


def test_a_notebook_shows_the_same_with_dot_and_without():
    drawing = square()

    assert drawing._repr_mimebundle_() == {"image/svg+xml": drawing.svg()}


def test_an_empty_drawing_is_blank():
    assert Drawing().svg().startswith("<svg ")
