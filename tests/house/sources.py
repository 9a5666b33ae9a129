"""What the package's source files import, read and not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "tinygrad_bp"


class Import(NamedTuple):
    """One imported module, and whether importing the file that says so imports it at once."""

    module: str
    at_once: bool


def module_files(package: Path = ROOT / PACKAGE) -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    return {dotted(path.relative_to(package.parent)): path for path in package.rglob("*.py")}


def dotted(path: Path) -> str:
    """`a/b.py` is `a.b`, and `a/__init__.py` is `a`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, modules: set[str]) -> list[Import]:
    """What a file imports; `from package import name` is `package.name` if that is a module."""
    return [
        Import(f"{module}.{name}" if f"{module}.{name}" in modules else module, at_once)
        for module, name, at_once in statements(ast.parse(path.read_text(encoding="utf-8")))
    ]


def statements(tree: ast.AST, at_once: bool = True) -> Iterator[tuple[str, str, bool]]:
    """Each (module, name, at once) that a tree imports, for annotations too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "", at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: write the import in full"
            yield from ((str(node.module), alias.name, at_once) for alias in node.names)
        elif (
            isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        ) or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from statements(node, at_once=False)
        else:
            yield from statements(node, at_once)
