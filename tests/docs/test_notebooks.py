"""The notebooks: what stands on the page, in cells that run and show something."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from docs import notebook

NOTEBOOKS = list(notebook.files())
CELL = re.compile(r"^# %%(.*)\n", re.MULTILINE)


def code_cells(path: Path) -> list[str]:
    """The code of a notebook, as an editor that knows the percent format finds it."""
    _, *parts = CELL.split(path.read_text("utf-8"))
    return [text for mark, text in zip(parts[::2], parts[1::2], strict=True) if not mark]


def shown(cell: str, names: dict[str, Any]) -> Any:
    """Run a cell; the value of its last expression, which a notebook shows."""
    tree = ast.parse(cell)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_from_top_to_bottom_and_shows_pictures(path: Path) -> None:
    names: dict[str, Any] = {}

    results = [shown(cell, names) for cell in code_cells(path)]

    rich = [result for result in results if hasattr(result, "_repr_html_")]
    assert len(rich) > 5
    assert all("<" in result._repr_html_() for result in rich)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_the_cells_are_those_of_the_page(path: Path) -> None:
    page = (notebook.DOCS / f"{path.stem}.md").read_text("utf-8")

    assert len(code_cells(path)) == page.count("```") // 2 + page.count("<!-- show: ")
    assert ">>>" not in path.read_text("utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_links_lead_to_pages(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8"))

    assert links
    assert all((path.parent / link).exists() for link in links)


@pytest.mark.skipif(not importlib.util.find_spec("jupytext"), reason="jupytext converts it")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_jupytext_finds_the_same_cells(path: Path) -> None:
    import jupytext  # type: ignore[import-not-found, unused-ignore]  # may be there, untyped

    found = jupytext.read(path).cells

    code = [cell.source.strip() for cell in found if cell.cell_type == "code"]
    assert [text.strip() for text in code_cells(path)] == [cell for cell in code if cell]


def test_a_session_loses_its_prompts_and_its_answers() -> None:
    page = "Text, see [there](x.md).\n\n```pycon\n>>> if 1:\n...     2\n2\n```\n\n![a](b.svg)\n"

    assert [(cell.kind, cell.text) for cell in notebook.cells(page)] == [
        ("markdown", "Text, see [there](../x.md)."),
        ("code", "if 1:\n    2"),
    ]
