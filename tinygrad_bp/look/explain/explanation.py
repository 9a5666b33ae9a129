"""An explanation: a gradient as a sum over paths, as text, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Iterator

from tinygrad_bp.look.explain.derivation import Derivation
from tinygrad_bp.look.explain.path_sum import PathSum
from tinygrad_bp.look.words.terminal import Printed

__all__ = ["Explanation"]

STYLES = {r"^\S+ = .*, .*path.*": "bold", r"\bd_\S+_d_\S+": "cyan", r"^ *where .*": "dim"}
"""For rich."""


class Explanation(PathSum, Printed):
    """Why a gradient is what it is: what `explain(output, target)` returns.

    Printed it is text, in a notebook formulas and a table; `text`, `markdown()` and `latex()`
    are their sources.
    """

    _styles = STYLES

    def _lines(self) -> Iterator[str]:
        return Derivation(self).lines()

    def markdown(self) -> str:
        """Its Markdown: the formulas in LaTeX between dollars, and a table of the paths."""
        return Derivation(self).markdown()

    def latex(self) -> str:
        """The gradient as a sum of products, and each factor of these."""
        return Derivation(self).latex()

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"
