r"""Pages as notebooks: the same text and the same code, in the percent format.

Jupyter opens such a file through jupytext, and so do VS Code, PyCharm and Spyder by themselves.

>>> page = "# Sums\n\n```pycon\n>>> 1 + 1\n2\n```\n\n<!-- show: total -->\n"
>>> [(cell.kind, cell.text) for cell in cells(page)]
[('markdown', '# Sums'), ('code', '1 + 1'), ('code', 'total')]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

DOCS = Path(__file__).parent
PAGES = ("seeing",)

HEAD = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# *Made from [the page](../{name}.md) by `python3 docs`.*
"""

BLOCK = re.compile(
    r"```(?P<language>\w+)\n(?P<code>.*?)\n```\n|<!-- show: (?P<shown>.*?) -->\n", re.S
)
PICTURE = re.compile(r"!\[[^]]*\]\([^)]*\)\n*")
NEIGHBOUR = re.compile(r"\]\((?!https?:|#)")


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook."""

    kind: Literal["markdown", "code"]
    text: str


def files() -> dict[Path, str]:
    """Each notebook's path, and what should stand in it."""
    return {
        DOCS / "notebooks" / f"{name}.py": notebook(name, (DOCS / f"{name}.md").read_text("utf-8"))
        for name in PAGES
    }


def notebook(name: str, page: str) -> str:
    """The text of a file in the percent format."""
    return "\n".join([HEAD.format(name=name), *map(written, cells(page))])


def written(cell: Cell) -> str:
    """A cell under its marker; text is a comment."""
    if cell.kind == "code":
        return f"# %%\n{cell.text}\n"
    lines = (f"# {line}".rstrip() for line in cell.text.splitlines())
    return "# %% [markdown]\n" + "\n".join(lines) + "\n"


def cells(page: str) -> Iterator[Cell]:
    """A page's paragraphs and blocks, in order; what a comment says is shown has a cell."""
    end = 0
    for block in BLOCK.finditer(page):
        yield from markdown(page[end : block.start()])
        yield Cell("code", block["shown"] or code(block["language"], block["code"]))
        end = block.end()
    yield from markdown(page[end:])


def markdown(text: str) -> Iterator[Cell]:
    """A cell of text, unless there is none; without pictures, which the code there shows."""
    # The notebook lies in a folder beside the pages.
    found = NEIGHBOUR.sub("](../", PICTURE.sub("", text)).strip()
    if found:
        yield Cell("markdown", found)


def code(language: str, block: str) -> str:
    """What is typed; in a session without the prompts and without the answers."""
    if language != "pycon":
        return block
    return "\n".join(line[4:] for line in block.splitlines() if line[:4] in (">>> ", "... "))
