"""The player as a person meets it: keys pressed and words read in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.look.browser import Browser, Page
from tinygrad_bp import Value, nn, play, relu, where

HOSTILE = "</script><img src=http://example.org/x.png onerror=alert(1)>\"'`&amp;\u2028重み\u202e"


def line() -> dict[str, Value]:
    w, x, b = Value(2.0), Value(3.0), Value(-5.0)
    y = w * x + b
    loss = (y - 3) ** 2
    return {"w": w, "x": x, "b": b, "y": y, "loss": loss}


@pytest.fixture
def address(tmp_path: Path) -> str:
    names = line()
    play(names["loss"], tmp_path / "line.html", names=names)
    return (tmp_path / "line.html").as_uri()


def where_it_is(page: Page) -> str:
    return page.text("#where")


def test_keys_go_through_the_steps(page: Page, address: str) -> None:
    page.open(address)
    found = [where_it_is(page)]
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home", "PageDown", "PageUp"):
        page.press(key)
        found.append(where_it_is(page).partition(" of")[0])

    assert found[0] == "Step 0 of 9 · start"
    assert found[1:] == [f"Step {n}" for n in (1, 2, 1, 9, 0, 9, 0)]


def test_a_step_forward_says_what_is_computed(page: Page, address: str) -> None:
    page.open(address)
    page.press("ArrowRight")

    assert page.words("#words") == "→ multiply computes v1v1 = w * x = 2 * 3 = 6"


def test_a_step_back_says_the_chain_rule_in_words_and_numbers(page: Page, address: str) -> None:
    page.open(address + "#step=9")

    assert page.words("#words li") == (
        "to wdloss/dv1 × ∂v1/∂w = -4 × x = -4 × 3 = -12"
        "v1 changes 3 times as fast as w, and loss -4 times as fast as v1: that makes -12."
        "gradient of w: -12 (complete: its only use)"
    )
    assert page.text("#n0 .grad") == "-12"


def test_gradients_fill_in_and_are_taken_back(page: Page, address: str) -> None:
    page.open(address)
    page.press("End")
    filled = page.evaluate("[...document.querySelectorAll('#graph .grad')].map(e => e.textContent)")
    page.press("ArrowLeft", 9)
    empty = page.evaluate("[...document.querySelectorAll('#graph .grad')].map(e => e.textContent)")

    assert filled == ["-12", "-8", "-4", "-4", "-4", "-4", "+1"]
    assert empty == ["·"] * 7


def test_going_somewhere_shows_the_same_whatever_the_way(page: Page, address: str) -> None:
    page.open(address)
    look = "document.querySelector('#graph').outerHTML + document.querySelector('#words').innerHTML"
    for _ in range(6):
        page.press("ArrowRight")
    stepped = page.evaluate(look)
    page.press("End")
    page.press("ArrowLeft", 3)

    assert page.evaluate(look) == stepped


def test_the_address_says_the_step_and_is_obeyed(page: Page, address: str) -> None:
    page.open(address + "#step=4")
    asked = where_it_is(page)
    page.press("ArrowRight")
    page.until("location.hash === '#step=5'")
    page.evaluate("location.hash = '#step=2'")
    page.until("document.querySelector('#where').textContent.startsWith('Step 2')")

    assert asked.startswith("Step 4")


@pytest.mark.parametrize("wrong", ["#step=", "#step=-1", "#step=x", "#other", "#step=1e3"])
def test_an_address_that_says_no_step_is_the_start(page: Page, address: str, wrong: str) -> None:
    page.open(address + wrong)

    assert where_it_is(page).startswith("Step 0")


def test_an_address_beyond_the_end_is_the_end(page: Page, address: str) -> None:
    page.open(address + "#step=99999")

    assert where_it_is(page).startswith("Step 9")


def test_a_click_on_a_node_goes_to_its_step_and_one_more_to_the_other(page, address) -> None:
    page.open(address)
    found = []
    for node in ("#n2", "#n4", "#n4", "#n2", "#n0"):
        page.click(f"{node} .name")
        found.append(where_it_is(page).partition(" of")[0])

    # v1 forward; y forward; y once more, so back; v1 back; w's gradient is complete.
    assert found == [f"Step {n}" for n in (1, 2, 8, 9, 9)]


def test_the_node_and_the_edges_of_the_step_are_lit(page: Page, address: str) -> None:
    page.open(address + "#step=8")
    lit = page.evaluate("[...document.querySelectorAll('.node.now')].map(e => e.id)")
    operands = page.evaluate("[...document.querySelectorAll('.node.with')].map(e => e.id)")
    edges = page.evaluate("document.querySelectorAll('.edge.now.back').length")
    chips = page.evaluate("[...document.querySelectorAll('#chips text')].map(e => e.textContent)")

    assert (lit, operands, edges, chips) == (["n4"], ["n2", "n3"], 2, ["← -4", "← -4"])


def test_buttons_and_slider_do_what_keys_do(page: Page, address: str) -> None:
    page.open(address)
    found = []
    for button in ("#next", "#next", "#back", "#last", "#first"):
        page.click(button)
        found.append(where_it_is(page).partition(" of")[0])
    page.evaluate(
        "slider.value = 7, slider.dispatchEvent(new Event('input', {bubbles: true}))".replace(
            "slider", "document.querySelector('#slider')"
        )
    )

    assert found == [f"Step {n}" for n in (1, 2, 1, 9, 0)]
    assert where_it_is(page).startswith("Step 7")


def test_space_plays_to_the_end_and_pauses(page: Page, address: str) -> None:
    page.open(address)
    page.evaluate("document.querySelector('#speed').value = '20'")
    page.press(" ")
    playing = page.evaluate("document.querySelector('#play').getAttribute('aria-label')")
    page.until("document.querySelector('#where').textContent.startsWith('Step 9')")

    assert playing == "Pause"
    assert page.evaluate("document.querySelector('#play').getAttribute('aria-label')") == "Play"


def test_any_key_that_moves_stops_the_playing(page: Page, address: str) -> None:
    page.open(address)
    page.press(" ")
    page.press("ArrowRight")

    assert page.evaluate("document.body.classList.contains('playing')") is False


def test_space_on_a_button_is_the_buttons(page: Page, address: str) -> None:
    page.open(address)
    page.evaluate("document.querySelector('#next').focus()")
    page.press(" ")

    assert where_it_is(page).startswith("Step 1 ")


def test_all_can_be_done_with_the_keyboard_alone(page: Page, address: str) -> None:
    page.open(address)
    reached = []
    for _ in range(20):
        page.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))

    controls = {"smaller", "whole", "larger", "words", "SUMMARY", "next", "play", "last", "slider"}
    assert controls | {"speed"} <= set(reached)


def test_the_focus_can_be_seen(page: Page, address: str) -> None:
    page.open(address)
    page.press("Tab")
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")

    assert (style, width >= 2) == ("solid", True)


def test_every_control_has_a_name_for_a_screen_reader(page: Page, address: str) -> None:
    page.open(address)
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    kinds = ("button", "slider", "combobox", "DisclosureTriangle")
    controls = [node for node in tree if node.get("role", {}).get("value") in kinds]

    assert len(controls) >= 10
    assert [node for node in controls if not node.get("name", {}).get("value")] == []


def test_each_step_is_told_to_a_screen_reader(page: Page, address: str) -> None:
    page.open(address + "#step=8")
    page.press("ArrowRight")
    page.until("document.querySelector('#live').textContent.startsWith('Step 9')")

    assert page.text("#live") == (
        "Step 9 of 9, backward. multiply passes back -4. "
        "To w: -4 times 3 is -12; its gradient is -12, complete: its only use. "
        "To x: -4 times 2 is -8; its gradient is -8, complete: its only use."
    )
    assert page.evaluate("document.querySelector('#slider').ariaValueText") == (
        "Step 9 of 9 · backward"
    )


def test_the_table_has_it_all_without_the_picture(page: Page, address: str) -> None:
    page.open(address)
    page.press("End")
    page.click("summary")
    page.until("document.querySelectorAll('#table tbody tr').length === 9")
    row = page.words("#table tbody tr:nth-child(5)")
    page.click("#table tbody tr:nth-child(5) button:nth-of-type(2)")

    assert row == "yv1 + b1-4→ ←"
    assert where_it_is(page).startswith("Step 8")


@pytest.mark.parametrize(("wish", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_by_itself_for_those_who_asked(browser, address, wish, moves) -> None:
    with browser.page(prefers_reduced_motion=wish) as page:
        page.open(address + "#step=8")

        assert bool(page.evaluate("document.getAnimations().length")) == moves


def test_the_picture_follows_the_step(browser: Browser, tmp_path: Path) -> None:
    model = nn.MLP(3, [4, 4, 1], activation="tanh", seed=0)
    play(nn.batch_loss(model, [[1, 0, 1]], [1], loss="mse"), tmp_path / "large.html")
    inside = (
        "((mark, frame) => mark.left >= frame.left && mark.right <= frame.right"
        " && mark.top >= frame.top && mark.bottom <= frame.bottom)"
        "(document.querySelector('.node.now').getBoundingClientRect(),"
        " document.querySelector('#paper').getBoundingClientRect())"
    )

    with browser.page(prefers_reduced_motion="reduce") as page:
        page.resize(800, 600)
        page.open((tmp_path / "large.html").as_uri() + "#step=1")
        for _ in range(25):
            assert page.evaluate(inside)
            page.press("ArrowRight", 4)


def test_the_picture_can_be_made_larger_smaller_and_whole(page: Page, address: str) -> None:
    page.open(address)
    width = "document.querySelector('#graph').getBoundingClientRect().width"
    first = page.evaluate(width)
    page.press("+")
    larger = page.evaluate(width)
    page.click("#smaller")
    page.click("#smaller")
    smaller = page.evaluate(width)
    page.press("0")

    assert smaller < first < larger
    assert page.evaluate(width) <= page.evaluate("document.querySelector('#paper').clientWidth")


def test_the_mouse_pulls_the_picture_and_that_is_no_click(page: Page, address: str) -> None:
    page.open(address)
    page.press("+", 6)
    scrolled = "document.querySelector('#paper').scrollLeft"
    page.evaluate("document.querySelector('#paper').scrollTo(200, 0)")
    for kind, x in (("mousePressed", 300), ("mouseMoved", 250), ("mouseReleased", 250)):
        buttons = {"button": "left", "buttons": 1, "clickCount": 1}
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=300, **buttons)

    assert page.evaluate(scrolled) == 250
    assert where_it_is(page).startswith("Step 0")


def test_two_thousand_nodes_can_be_gone_through(page: Page, tmp_path: Path) -> None:
    leaves = [Value(0.001 * n, label=f"x{n}") for n in range(667)]
    total = leaves[0]
    for leaf in leaves[1:]:
        total = total * leaf + leaf
    player = play(total, tmp_path / "many.html")
    page.open((tmp_path / "many.html").as_uri())
    page.press("End")
    end = page.text("#graph")
    page.press("ArrowLeft", 5)
    page.press("ArrowRight", 5)

    assert player.about == "2,665 steps"
    assert page.text("#graph") == end
    assert page.complaints() == []


def test_a_node_waits_for_all_its_uses(page: Page, tmp_path: Path) -> None:
    x = Value(3.0, label="x")
    play(x * x + x, tmp_path / "x.html")
    page.open((tmp_path / "x.html").as_uri() + "#step=4")
    waiting = page.words("#n0")
    page.press("ArrowRight")

    assert "grad 1/3+1" in waiting
    assert "grad+7" in page.words("#n0")
    assert "gradient of x: 1 + 3 = 4 (2 of 3 uses have arrived)" in page.words("#words")
    assert "gradient of x: 4 + 3 = 7 (complete: all 3 uses)" in page.words("#words")


def test_what_gets_no_gradient_says_so(page: Page, tmp_path: Path) -> None:
    x, y = Value(3.0, label="x"), Value(4.0, label="y")
    play(where(x, x * 2, y * 3), tmp_path / "where.html")
    page.open((tmp_path / "where.html").as_uri() + "#step=5")
    chosen = page.words("#words")
    page.press("ArrowRight")
    untaken = page.words("#words")
    page.press("End")

    assert "Nothing flows to" in chosen
    assert "No gradient has reached" in untaken + page.words("#words")
    assert page.evaluate("[...document.querySelectorAll('.grad')].map(e => e.textContent)") == [
        "+2",
        "+1",
        "none",
        "none",
        "+1",
    ]


def test_a_use_along_which_nothing_flows_leaves_the_gradient(page: Page, tmp_path: Path) -> None:
    x, y = Value(3.0, label="x"), Value(4.0, label="y")
    play(where(x, x, y) + y, tmp_path / "where.html")
    page.open((tmp_path / "where.html").as_uri() + "#step=4")
    waiting = page.words("#n1")
    page.press("ArrowRight")

    assert "grad 1/2+1" in waiting
    assert "grad+1" in page.words("#n1")


def test_a_formula_that_is_a_number_is_written_once(page: Page, address: str) -> None:
    page.open(address + "#step=8")

    assert page.words("#words li .chain") == "dloss/dy × ∂y/∂v1 = -4 × 1 = -4"


def test_what_is_not_finite_is_marked_by_more_than_colour(page: Page, tmp_path: Path) -> None:
    x = Value(0.0, label="x")
    play(x.sqrt(), tmp_path / "alarm.html")
    page.open((tmp_path / "alarm.html").as_uri() + "#step=3")

    assert "⚠ grad+inf" in page.words("#n0")


def test_labels_are_text_and_nothing_else(page: Page, tmp_path: Path) -> None:
    x = Value(3.0, label=HOSTILE)
    y = relu(x * 2)
    y.label = HOSTILE + "\x00\ud800\n"
    play(y, tmp_path / "hostile.html", title=HOSTILE)
    page.open((tmp_path / "hostile.html").as_uri() + "#step=4")
    page.click("summary")

    assert page.evaluate("document.images.length") == 0
    assert page.text("#words code").startswith("</script><img src=http://example.org/x.png")
    assert page.complaints() == []
    assert len(page.requests()) == 1


def test_a_page_asks_for_nothing_but_itself(page: Page, address: str) -> None:
    page.open(address)
    page.press("ArrowRight", 4)
    page.click("#last")

    assert page.requests() == [address]
    assert page.complaints() == []


def test_the_policy_forbids_what_the_page_does_not_need(page: Page, address: str) -> None:
    page.open(address)
    page.evaluate(
        "document.body.append(Object.assign(new Image(), {src: 'http://example.org/x.png'}))"
    )
    page.evaluate("fetch('http://example.org/y').catch(() => 0)")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'x = 1'}))"
    )

    # This is also how a complaint is found to be heard.
    assert len([text for text in page.complaints() if "Content Security Policy" in text]) >= 3
    assert page.evaluate("typeof x") == "undefined"


def test_several_in_a_notebook_do_not_meet(browser, page: Page, tmp_path: Path) -> None:
    frames = [play(Value(n, label="x") * 2)._repr_html_() for n in (1.0, 5.0)]
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{''.join(frames)}", encoding="utf-8")
    page.open(path.as_uri())
    page.until("document.querySelectorAll('iframe').length === 2")
    first, second = browser.frames()
    first.until("document.querySelector('#where')?.textContent")
    second.until("document.querySelector('#where')?.textContent")
    first.evaluate("document.querySelector('#next').click()")

    assert where_it_is(first) == "Step 1 of 3 · forward"
    assert where_it_is(second) == "Step 0 of 3 · start"
    assert first.complaints() + second.complaints() + page.complaints() == []


# A training run


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> str:
    inputs, labels = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    model = nn.MLP(2, [2, 1], activation="tanh", output_activation="sigmoid", seed=3)
    history = nn.fit(
        model, inputs, labels, loss="mse", optimizer=nn.SGD(0.5), epochs=1_200, snapshots=300
    )
    path = tmp_path_factory.mktemp("course") / "course.html"
    play(history, path, model=model, inputs=inputs, targets=labels, loss="mse")
    return path.as_uri()


def test_keys_go_through_a_training_run(page: Page, course: str) -> None:
    page.open(course)
    found = [where_it_is(page)]
    for key in ("ArrowRight", "End", "ArrowLeft", "Home"):
        page.press(key)
        found.append(where_it_is(page))

    assert found[:2] == ["Before the first epoch", "After epoch 300 of 1,200"]
    assert found[2:] == ["After epoch 1,200 of 1,200", "After epoch 900 of 1,200", found[0]]


def test_every_panel_moves_with_the_moment(page: Page, course: str) -> None:
    page.open(course)
    look = (
        "[document.querySelector('#mark circle').getAttribute('cx'),"
        " document.querySelector('#loss').textContent,"
        " document.querySelector('#map canvas').toDataURL(),"
        " document.querySelector('#neuron tbody').textContent,"
        " document.querySelector('#graph').textContent]"
    )
    first = page.evaluate(look)
    page.press("End")
    last = page.evaluate(look)
    page.press("Home")

    assert all(before != after for before, after in zip(first, last, strict=True))
    assert page.evaluate(look) == first


def test_the_plane_is_drawn_as_the_network_sees_it(page: Page, course: str) -> None:
    page.open(course + "#step=4")
    # The four corners of the exclusive or, in the middle of each quarter of the plane.
    pixel = (
        "((x, y) => [...document.querySelector('#map canvas').getContext('2d')"
        ".getImageData(420 * x, 420 * y, 1, 1).data])"
    )
    corners = [page.evaluate(f"{pixel}({x}, {y})") for x in (1 / 6, 5 / 6) for y in (5 / 6, 1 / 6)]

    is_blue = [blue > red for red, _, blue, _ in corners]
    assert is_blue == [False, True, True, False]


def test_any_neuron_can_be_chosen(page: Page, course: str) -> None:
    page.open(course)
    rows = "document.querySelectorAll('#neuron tbody tr').length"
    first = page.words("#neuron tbody")
    page.evaluate("document.querySelector('#neurons').focus()")
    page.press("ArrowDown", 2)
    page.until("document.querySelector('#neurons').value === '2'")

    assert page.evaluate(rows) == 3
    assert page.words("#neuron tbody") != first
    assert page.evaluate("getComputedStyle(document.querySelector('#border')).display") == "none"


def test_a_neuron_of_the_first_layer_divides_the_plane(page: Page, tmp_path: Path) -> None:
    neuron = nn.Neuron(2, "sigmoid", init=([1.0, 1.0], -1.0))
    inputs, labels = [[0, 0], [1, 1]], [0, 1]
    history = nn.fit(
        neuron, inputs, labels, loss="mse", optimizer=nn.SGD(1e-9), epochs=1, snapshots=1
    )
    play(history, tmp_path / "line.html", model=neuron, inputs=inputs, targets=labels)
    page.open((tmp_path / "line.html").as_uri())
    ends = page.evaluate(
        "['x1', 'y1', 'x2', 'y2'].map((n) => +document.querySelector('#border').getAttribute(n))"
    )

    # Where x1 + x2 = 1, from corner to corner.
    assert sorted(map(round, ends)) == [0, 0, 320, 320]
    assert page.evaluate("getComputedStyle(document.querySelector('#border')).display") == "inline"


def test_a_click_on_the_loss_goes_to_the_nearest_moment(page: Page, course: str) -> None:
    page.open(course)
    page.click("#curve")

    assert where_it_is(page) == "After epoch 600 of 1,200"


def test_a_training_run_plays_by_itself(page: Page, course: str) -> None:
    page.open(course)
    page.evaluate("document.querySelector('#speed').value = '20'")
    page.press(" ")
    page.until("document.querySelector('#where').textContent.startsWith('After epoch 1,200')")
    page.until("document.querySelector('#live').textContent.startsWith('After epoch 1,200')")

    assert page.text("#live").startswith("After epoch 1,200: the loss in it was ")


def test_the_page_of_a_training_run_asks_for_nothing(page: Page, course: str) -> None:
    page.open(course)
    page.press("ArrowRight", 3)

    assert page.requests() == [course]
    assert page.complaints() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_day_and_night_differ(browser: Browser, course: str, scheme: str) -> None:
    with browser.page(prefers_color_scheme=scheme) as page:
        page.open(course)
        red, *_ = page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
        )

        assert (red > 128) == (scheme == "light")


@pytest.mark.parametrize("size", [(1200, 700), (700, 900), (360, 640)])
@pytest.mark.parametrize("kind", ["passes", "training"])
def test_no_screen_is_too_small(page: Page, address: str, course: str, kind: str, size) -> None:
    page.resize(*size)
    page.open({"passes": address, "training": course}[kind])
    page.press("End")
    box = page.evaluate("document.querySelector('#next').getBoundingClientRect().toJSON()")

    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert box["bottom"] <= size[1]
