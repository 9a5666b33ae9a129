"""What `play` returns: a page that shows itself in a notebook, and saves itself.

>>> Player("<!doctype html>", "2 steps")
Player(2 steps, 15 bytes; .save('play.html') saves it, a notebook shows it)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tinygrad_bp.basics.escapes import document, xml
from tinygrad_bp.basics.files import write

__all__ = ["Player"]


@dataclass(frozen=True, repr=False)
class Player:
    """A page that plays; `html` is all of it."""

    html: str
    about: str = ""
    """How much there is to play."""
    height: int = 640
    """Of its frame in a notebook, in pixels."""

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file, making folders as needed; its path."""
        return write(path, self.html)

    def __repr__(self) -> str:
        size = f"{len(self.html.encode()):,} bytes"
        return f"Player({self.about}, {size}; .save('play.html') saves it, a notebook shows it)"

    def _repr_html_(self) -> str:
        """A frame of its own for each: ids, styles and keys of several never meet."""
        return (
            f'<iframe title="{xml(self.about)}" sandbox="allow-scripts" width="100%"'
            f' height="{self.height}" style="border:0" srcdoc="{document(self.html)}"></iframe>'
        )
