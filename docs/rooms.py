"""The rooms in `how-it-works.md`: every folder of the package, below those that use it.

>>> print("".join(lines("tinygrad_bp.nn")), end="")
* [`nn/fit`](../tinygrad_bp/nn/fit): Training: epochs, batches, and the ways through them.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tests.house.rooms import FLOORS, MODULES, between_rooms, in_order, own_imports
from tests.house.sources import PACKAGE, ROOT

PAGE = Path(__file__).with_name("how-it-works.md")
BEGIN, END = "<!-- begin: made by `python3 docs` -->\n", "<!-- end -->\n"


def files() -> dict[Path, str]:
    """The page's path, and what should stand in it."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return {PAGE: f"{before}{BEGIN}{''.join(lines(PACKAGE))}{END}{after}"}


def lines(folder: str) -> Iterator[str]:
    """One line for each room, from the lowest to the highest, with the rooms inside it."""
    for name in in_order(between_rooms(folder, own_imports()), FLOORS.get(folder, ())):
        module = f"{folder}.{name}"
        path = MODULES[module]
        if path.name == "__init__.py":
            place = path.parent.relative_to(ROOT).as_posix()
            name = place.removeprefix(f"{PACKAGE}/")
            yield f"* [`{name}`](../{place}): {first_line(path)}\n"
            yield textwrap.indent("".join(lines(module)), "  ")


def first_line(path: Path) -> str:
    """What a file says that it is."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ")
