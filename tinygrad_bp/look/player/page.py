"""A page that needs nothing but itself: one file, which its own policy keeps from any network.

>>> text = page("passes", "a < b", {"stage": "<p></p>"}, {"x": "</script>"})
>>> "<h1>a &lt; b</h1>" in text, text.count("</script>")
(True, 2)
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from tinygrad_bp.basics.escapes import javascript, xml
from tinygrad_bp.look.words.text import title_of

__all__ = ["page"]

# In this order: a class stands before what uses it.
SHARED = ("transport", "card", "view")
SCRIPTS = {
    "passes": (*SHARED, "state", "picture", "words", "table", "passes"),
    "training": (*SHARED, "plane", "neuron", "graph", "training"),
}


def page(kind: str, title: str, parts: Mapping[str, str], data: Any, *, note: str = "") -> str:
    """The page of that kind: its title, the markup of its parts, and what its script reads."""
    style = read("pages/player.css")
    script = "".join(read(f"scripts/{name}.js") for name in SCRIPTS[kind])
    body = Template(read(f"pages/{kind}.html")).substitute(
        parts, zoom=read("pages/zoom.html").rstrip()
    )
    note = f'<p class="note">{xml(note)}</p>' if note else ""
    return Template(read("pages/page.html")).substitute(
        kind=kind,
        title=xml(title_of(title)),
        style=style,
        style_hash=digest(style),
        script=script,
        script_hash=digest(script),
        note=note,
        body=body,
        data=javascript(data),
    )


def digest(text: str) -> str:
    """By what a content security policy knows an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def read(name: str) -> str:
    """One of the files that lie in the folders beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
