"""The door of a package: each public name stands once, in the stub beside its `__init__.py`.

The stub is what type checkers and editors read, and what is imported is read from it, so that no
list of names can differ from another.
"""

from __future__ import annotations

import ast
import builtins
import pkgutil
import sys
from collections.abc import Callable, Collection
from importlib import import_module
from typing import Any

Homes = dict[str, tuple[str, str]]
"""For each public name the module that has it, and what it is called there."""

Door = tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]
"""A package's `__getattr__`, its `__dir__` and its `__all__`."""


def door(package: str, *, later: Collection[str] = ()) -> Door:
    """The door of a package whose `__init__.pyi` lists what is public.

    What comes from the packages named `later`, and modules, are imported when they are first
    asked for: pictures take longer to import than all the rest, and many programs need none.
    A name of Python's own, such as `sum`, can be asked for, but `import *` leaves it out.
    """
    homes, module = public(package), sys.modules[package]

    def attribute(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home, its_name = homes[name]
        things = vars(import_module(home))
        if its_name not in things:  # a module, which its package has once it is imported
            import_module(f"{home}.{its_name}")
        thing = things[its_name]
        setattr(module, name, thing)  # so that nobody has to ask again
        return thing

    for name, (home, _) in homes.items():
        if home != package and not home.startswith(tuple(later)):
            attribute(name)
    names = sorted(homes)
    shown = sorted({*names, *(n for n in vars(module) if n.startswith("__"))})
    return attribute, lambda: shown, [n for n in names if not hasattr(builtins, n)]


def public(package: str) -> Homes:
    """The public names of a package, from its stub: `from home import name as name`.

    One with another name at home is `from home import its_name`, and then `name = its_name`.

    >>> public("tinygrad_bp")["abs"]
    ('tinygrad_bp.rows.primitives', 'abs_')
    """
    homes: Homes = {}
    hidden: Homes = {}
    for statement in ast.parse(pkgutil.get_data(package, "__init__.pyi") or b"").body:
        match statement:
            case ast.ImportFrom(module=str(home), names=names):
                for alias in names:
                    (homes if alias.asname else hidden)[alias.name] = (home, alias.name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=its_name)):
                homes[name] = hidden[its_name]
    return homes
