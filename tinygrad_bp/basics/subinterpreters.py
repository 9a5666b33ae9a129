"""Only the main interpreter of a process is served: in others NumPy may hang, or crash later.

Imported before NumPy, so that nothing has happened yet when it refuses.
"""

from __future__ import annotations

import importlib
from typing import Any

MODULES = ("_interpreters", "_xxsubinterpreters")
"""Where Python from 3.13 on, and before, says which interpreter is running."""


def refuse(names: tuple[str, ...] = MODULES) -> None:
    """Raise `ImportError` in a subinterpreter."""
    if _is_subinterpreter(names):
        raise ImportError(
            "tinygrad_bp runs in the main interpreter of a process only, as NumPy does; "
            "use threads, or processes, in place of subinterpreters"
        )


def _is_subinterpreter(names: tuple[str, ...]) -> bool:
    for name in names:
        try:
            module: Any = importlib.import_module(name)
        except ImportError:
            continue
        return bool(module.get_current() != module.get_main())
    return False  # a Python that has none


refuse()
