"""Names that are hard on generated source, and operations under such names."""

# Letters that look like others are what this is about.
# ruff: noqa: RUF001

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import strategies as st

from tinygrad_bp import register
from tinygrad_bp.basics.identifiers import is_name
from tinygrad_bp.core.registry import _own
from tinygrad_bp.rows.operand import Operand
from tinygrad_bp.rows.primitive import BY_NAME, Primitive

HARD = (
    *("µ", "μ", "ﬁ2", "fi2", "𝐭2", "t2", "h₁", "h1", "x²", "x2", "½", "Ⅷ", "VIII", "ſ", "s"),
    *(
        "e\u0301",
        "é",
        "x\u0302",
        "\u0302",
        "x·",
        "_",
        "__",
        "_x",
        "1",
        "٣",
        "1_",
        "",
        " ",
        "--",
        "∇",
    ),
    *(
        "class",
        "lambda",
        "match",
        "case",
        "type",
        "None",
        "𝐍one",
        "𝐢𝐟",
        "__debug__",
        "__builtins__",
    ),
    *("print", "abs", "pow", "pow_", "exp", "exp_", "tanh", "sum", "sum_", "float", "inf", "nan"),
    *("array", "expect", "named", "Value", "replay", "rows", "captured", "sum_0", "expression"),
    *("output", "x", "X", "x_2", "y", "z", "t", "t1", "x0", "c0", "x_0", "a\nb", "a'b", 'a"b', "#"),
    *("\\", "w[0, 1]", "\ud800", "long" * 2_500, "long" * 2_500 + "er"),
)

hard = st.sampled_from(HARD) | st.text(st.characters(exclude_categories=()), max_size=5)
"""Any text at all, but mostly what Python takes for something else."""
hard_identifiers = st.sampled_from([name for name in HARD if is_name(name)]) | st.from_regex(
    r"[^\W\d]\w*", fullmatch=True
).filter(is_name)


@contextmanager
def operation(name: str) -> Iterator[Primitive]:
    """An operation under a name, for as long as the test needs it; `ValueError` if it is taken."""
    own = register(name, f"{name}({{}})", lambda x: x * 3.0, lambda *_: (3.0,))
    try:
        yield own
    finally:
        del BY_NAME[own.name]
        delattr(Operand, own.name)
        _own.discard(own.name)
