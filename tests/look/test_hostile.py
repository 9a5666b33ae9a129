"""Whatever a text is, no view makes more of it than a text."""

from __future__ import annotations

import ast
import math
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.look.browser import Page
from tests.look.hostile import (
    DOT,
    HOSTILE,
    HTML,
    LATEX,
    MARKDOWN,
    PAGE,
    PYTHON,
    SILENT,
    SPEAKS_IN,
    SVG,
    VIEWS,
    Said,
    formulas,
    harm,
    loaded,
    opened,
    public,
    said,
)
from tinygrad_bp import Value, draw, play, tape

# As notebooks read it: HTML goes through.
NOTEBOOK = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")


def shown(one: Said) -> str:
    """As a notebook shows it; Markdown as a reader that knows no formulas."""
    if one.language == SVG:  # an image
        return f'<div class="mathjax_ignore">{one.text}</div>'
    if one.language == HTML:
        return one.text
    markdown = f"$$\n{one.text}\n$$" if one.language == LATEX else one.text
    html = NOTEBOOK.render(markdown)
    html = re.sub(r"<p>(\$\$\n.*?\n\$\$)</p>", r'<p class="ours">\1</p>', html, flags=re.DOTALL)
    # The sum at the end of the table.
    return re.sub(r"<strong>(\S+)</strong></td>", r"<strong data-ours>\1</strong></td>", html)


def test_every_public_name_has_a_view_or_takes_no_text() -> None:
    names = set(public())

    assert names == set(SPEAKS_IN) | SILENT
    assert not set(SPEAKS_IN) & SILENT
    assert set(SPEAKS_IN.values()) == set(VIEWS)


@pytest.mark.parametrize("view", VIEWS)
def test_what_is_printed_can_be_seen_and_written(view: str) -> None:
    for text in HOSTILE:
        for one in said(view, text):
            printed = one.text.replace("\n", "")

            assert printed.replace("\t", "").isprintable(), (text, one)


@pytest.mark.parametrize("view", VIEWS)
def test_a_browser_shows_the_text_and_nothing_else(view: str, page: Page, tmp_path: Path) -> None:
    every = [one for text in HOSTILE for one in said(view, text)]
    parts = [shown(one) for one in every if one.language in (HTML, SVG, MARKDOWN, LATEX)]
    opened(page, tmp_path / "notebook.html", "\n".join(parts))

    assert harm(page) == []
    assert formulas(page) == []
    for one in every:
        if one.language == PAGE:
            (tmp_path / "page.html").write_text(one.text, encoding="utf-8")
            page.open((tmp_path / "page.html").as_uri())

            assert harm(page) == []
            assert page.complaints() == []


@pytest.mark.parametrize("view", ["draw", "autopsy", "play"])
def test_pictures_are_xml(view: str) -> None:
    for text in HOSTILE:
        for one in said(view, text):
            if one.language == SVG:
                ET.fromstring(one.text)


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program `dot` is not installed")
def test_dot_draws_the_text_and_nothing_else(page: Page, tmp_path: Path) -> None:
    for text in HOSTILE:
        for one in said("draw", text):
            if one.language == DOT:
                found = subprocess.run(
                    ["dot", "-Tsvg"], input=one.text.encode(), capture_output=True, check=True
                )
                opened(page, tmp_path / "dot.html", found.stdout.decode())

                assert found.stderr == b""
                assert "evil" not in page.evaluate(
                    "[...document.querySelectorAll('.node title')].map((e) => e.textContent).join()"
                )
                assert harm(page) == [], text


def test_generated_python_does_what_the_tape_does() -> None:
    for text in HOSTILE:
        for view in ("tape", "structures"):
            for one in said(view, text):
                if one.language == PYTHON:
                    names = {n.id for n in ast.walk(ast.parse(one.text)) if type(n) is ast.Name}

                    assert not {"hit", "SystemExit"} & names, text
        found = loaded(text)
        names = {}
        exec(found.source(), names)
        assert found(2.0, 1.0) == math.sin(2.0)


def test_files_can_be_written(tmp_path: Path) -> None:
    for text in HOSTILE:
        x = Value(1.0, text)
        play(x * x, tmp_path / "play.html", title=text)
        draw(x * x, title=text).save_svg(tmp_path / "graph.svg")
        draw(x * x, title=text).save(tmp_path / "graph.gv")
        tape.save(loaded(text), tmp_path / "tape.json")

        assert tape.load(tmp_path / "tape.json").names == loaded(text).names


def test_a_long_text_is_drawn_at_once() -> None:
    x = Value(1.0, "\\" * 20_000)
    start = time.perf_counter()
    drawing = draw(x * x)
    assert drawing.source
    assert drawing.svg()

    assert time.perf_counter() - start < 10.0  # graphviz' own quoting takes minutes


# The checks can fail.


@pytest.mark.parametrize(
    "markup",
    [
        "<img src=x onerror='hit()'>",
        "<script>hit()</script>",
        "<b data-hit>",
        "<svg><g onclick='hit()'/></svg>",
        "<a href='javascript:hit()'>x</a>",
        "<p>\u202e</p>",
    ],
)
def test_harm_is_seen(markup: str, page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path / "page.html", markup)

    assert harm(page) != []


def test_a_formula_is_seen(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path / "page.html", "<p>$x$</p><code>$y$</code>")

    assert formulas(page) == ["$x$"]
