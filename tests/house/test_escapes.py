"""Text leaves by one file: nothing else in the package escapes, or knows how."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import PACKAGE, module_files

HOME = f"{PACKAGE}.basics.escapes"
MODULES = {name: path for name, path in module_files().items() if name != HOME}
# What knows the marks of some language.
IMPORTS = {"html", "xml.sax.saxutils", "urllib.parse", "cgi", "shlex"}
CALLS = {"escape", "unescape", "quote", "quoteattr", "nohtml", "unicode_escape"}
# A text that leaves as JSON in a page; a file of JSON is data.
MARKS = {"<", ">", "&", '"', "'", "\\", "`", "|", "$", "\x1b", "&lt;", "&gt;", "&amp;", "&quot;"}


def ways_out(tree: ast.AST) -> Iterator[str]:
    """Each place where a program escapes something by itself."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name in IMPORTS)
            case ast.ImportFrom(module=module) if module in IMPORTS:
                yield str(module)
            case ast.Attribute(attr=name) if name in CALLS and _owner(node) != "re":
                yield f".{name}"
            case ast.Call(func=ast.Attribute(attr="replace"), args=[ast.Constant(value=old), *_]):
                yield from {f".replace({old!r})"} if old in MARKS else set()
            case ast.Call(func=ast.Attribute(attr="maketrans"), args=arguments):
                yield from (f".maketrans of {mark!r}" for mark in _keys(arguments) & MARKS)


def _owner(attribute: ast.Attribute) -> str:
    return attribute.value.id if isinstance(attribute.value, ast.Name) else ""


def _keys(trees: list[ast.expr]) -> set[object]:
    """What a table of characters replaces."""
    tables = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    keys = [key for table in tables for key in table.keys]
    return {key.value for key in keys if isinstance(key, ast.Constant)}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_file_but_one_escapes(module: str) -> None:
    assert list(ways_out(ast.parse(Path(MODULES[module]).read_text(encoding="utf-8")))) == []


# The checker can fail.


@pytest.mark.parametrize(
    "source",
    [
        "import html",
        "from html import escape",
        "from xml.sax.saxutils import escape",
        "from urllib.parse import quote",
        "text.replace('&', '&amp;')",
        "graphviz.escape(text)",
        "str.maketrans({'<': '&lt;'})",
    ],
)
def test_a_way_out_is_found(source: str) -> None:
    assert list(ways_out(ast.parse(source))) != []


@pytest.mark.parametrize("source", ["re.escape(x)", "path.replace('a', 'b')", "import json"])
def test_what_escapes_nothing_is_left_alone(source: str) -> None:
    assert list(ways_out(ast.parse(source))) == []
