"""The reading order in `how-it-works.md`: every file after those that it uses, with its first line.

>>> depth_first(["c"], {"a": [], "b": ["a"], "c": ["b", "a"]})
['a', 'b', 'c']
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.house.sources import PACKAGE, ROOT, imports, module_files

PAGE = Path(__file__).with_name("how-it-works.md")
BEGIN, END = "<!-- begin: made by `python3 docs` -->\n", "<!-- end -->\n"

# Where a reader starts; whatever else there is comes where it is first needed, or at the end.
STARTS = (
    *("primitives", "operand", "graph", "node", "sweep", "value"),
    *("functional", "reductions", "registry"),
)
FOLDERS = ("arrays", "tape", "nn", "look", "check")


def files() -> dict[Path, str]:
    """The page's path, and what should stand in it."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return {PAGE: f"{before}{BEGIN}{''.join(lines())}{END}{after}"}


def lines() -> Iterable[str]:
    """One line of the list for each file, in the order in which to read them."""
    modules = module_files()
    starts = [f"{PACKAGE}.{name}" for name in STARTS]
    inside = [m for f in FOLDERS for m in sorted(modules) if m.startswith(f"{PACKAGE}.{f}.")]
    for module in depth_first([*starts, *inside, *sorted(modules)], uses(modules)):
        path = modules[module].relative_to(ROOT).as_posix()
        name = path.removeprefix(f"{PACKAGE}/")
        yield f"1. [`{name}`](../{path}): {first_line(modules[module])}\n"


def uses(modules: Mapping[str, Path]) -> dict[str, list[str]]:
    """The package's modules, each with those that it imports, in the order of the file."""
    return {
        module: [used for used, _ in imports(path, set(modules)) if used in modules]
        for module, path in modules.items()
    }


def depth_first(names: Sequence[str], needs: Mapping[str, Sequence[str]]) -> list[str]:
    """The names and all that they need, each after what it needs."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in order:
            for needed in needs[name]:
                visit(needed)
            order[name] = None

    for name in names:
        visit(name)
    return list(order)


def first_line(path: Path) -> str:
    """What a file says that it is."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ")
