"""Names in generated Python: for whatever a thing is called one identifier, which is its own.

Python reads names in their normal form, NFKC (PEP 3131): `ﬁ` and `fi` are one variable to it. So
names are brought into that form first, and only then is asked whether they are taken.
"""

from __future__ import annotations

import builtins
import keyword
from collections import Counter
from collections.abc import Iterable
from unicodedata import normalize

RESERVED = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "__builtins__"}
LONGEST = 80
"""Characters that are kept of a name."""


def as_read(name: str) -> str:
    """A name as Python reads it.

    >>> as_read("ﬁ₂")
    'fi2'
    """
    return normalize("NFKC", name)


def is_name(text: str) -> bool:
    """Whether Python takes the text for a name; generated source has no others.

    >>> is_name("loss"), is_name("class"), is_name("w.0"), is_name("h₁")
    (True, False, False, False)
    """
    return text.isidentifier() and not keyword.iskeyword(as_read(text))


class Identifiers:
    """Gives each name of one text once, and none that is reserved: it stays what it means.

    >>> name = Identifiers(reserved=["exp"])
    >>> [name(label) for label in ("h₁", "h1", "w[0, 1]", "½", "lambda", "exp", "∇", "exp")]
    ['h1', 'h1_2', 'w_0_1', '_1_2', 'lambda_', 'exp_', 't', 'exp_2']
    """

    def __init__(self, reserved: Iterable[str]) -> None:
        self._reserved = {*RESERVED, *reserved}
        self._taken = set(self._reserved)
        self._numbers = Counter[str]()

    def __call__(self, label: str) -> str:
        """An identifier like the label: numbered where it is taken, `t` where nothing is left."""
        wanted = _identifier(label)
        name = f"{wanted}_" if wanted in self._reserved else wanted
        while name in self._taken:
            # Counted on, not from the start: a layer may label 100,000 nodes `h`.
            self._numbers[wanted] += 1
            name = f"{wanted}_{self._numbers[wanted] + 1}"
        self._taken.add(name)
        return name


def _identifier(label: str) -> str:
    """The label with `_` for what no name may hold, in normal form."""
    name = as_read(label)
    if not name.isidentifier():
        allowed = "".join(c if f"a{c}".isidentifier() else " " for c in name)
        name = "_".join(allowed.split()) or "t"
    return (name if name.isidentifier() else f"_{name}")[:LONGEST]
