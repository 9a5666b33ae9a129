"""An explanation as people read one: a bill of the paths, and what each factor is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tinygrad_bp.basics.escapes import code, markdown
from tinygrad_bp.core.value import Value
from tinygrad_bp.look.explain.factors import Factor
from tinygrad_bp.look.explain.path_sum import PathSum, Term
from tinygrad_bp.look.explain.sentences import how_many, in_all, more_paths, remarks, rounded
from tinygrad_bp.look.explain.writing import DIGITS, Writing, spelled
from tinygrad_bp.look.words import latex
from tinygrad_bp.look.words.text import columns, plain, signed

__all__ = ["Derivation"]

MOST_FACTORS = 6
"""Of a path with more the two ends are written."""
WIDEST = 100
"""Columns of a path, before its factors' names give way to those of its nodes."""
MOST_LINES = 24
"""Of more factors, and of more definitions, the first are written."""


@dataclass
class Derivation:
    """Writes an explanation."""

    of: PathSum

    @property
    def writing(self) -> Writing:
        """Names and formulas."""
        return self.of.writing

    # Text --------------------------------------------------------------------------------

    def lines(self) -> Iterator[str]:
        """For the terminal."""
        yield f"{self._name} = {self._plain(self.of.gradient)}, {how_many(self.of)}"
        if self.of.terms and self.of.terms[0].factors:
            yield ""
            yield from self._bill()
            yield ""
            yield from self._factors()
            yield from self._where()
        yield from remarks(self.of, self._target)

    def _bill(self) -> Iterator[str]:
        products = list(map(self._product, self.of.terms))
        if max(map(columns, products)) > WIDEST:
            products = list(map(self._chain, self.of.terms))
        numbers = [signed(term.number) for term in self.of.terms]
        items = [*zip(numbers, products, strict=True), *self._rest]
        sum_of_all = signed(self.of.gradient)
        width = max(len(number) for number, _ in [*items, (sum_of_all, "")])
        for number, words in items:
            yield f"  {number:>{width}}  {words}"
        yield f"  {'─' * width}"
        yield f"  {sum_of_all:>{width}}  {in_all(self.of)}"

    def _product(self, term: Term) -> str:
        """The factors by their names."""
        names = [self.writing.name(factor) for factor in term.factors]
        return " · ".join(_ends(names)) + _spoilt(term)

    def _chain(self, term: Term) -> str:
        """The nodes on the way: half as long, where names are long."""
        steps = [self.writing.step(factor) for factor in term.factors]
        return (
            f"{spelled(self.writing.names[self.of.output])} ← "
            + " ← ".join(_ends(steps))
            + _spoilt(term)
        )

    @cached_property
    def _rest(self) -> list[tuple[str, str]]:
        """The paths that are not written, in one line or two."""
        of, paths = self.of, self.of.paths
        finite = paths.finite - sum(term.exact is not None for term in of.terms)
        others = of.remaining - finite
        lines = [("?", f"and {more_paths(others)}, not finite")] if others else []
        if finite:
            last = of.terms[-1]
            flowing = paths.flowing - sum(bool(term.exact) for term in of.terms)
            bound = f", each at most {plain(abs(last.number))}" if last.exact is not None else ""
            words = (
                f"and {more_paths(finite)}{bound}"
                if flowing
                else f"and {more_paths(finite)} with a 0 in it"
            )
            lines.append((signed(rounded(of.remainder)), words))
        return lines

    def _factors(self) -> Iterator[str]:
        rows = [(self.writing.name(factor), self._equation(factor)) for factor in self._formulas]
        width = max(columns(name) for name, _ in rows)
        for name, equation in rows:
            yield f"{name}{' ' * (width - columns(name))} = {equation}"
        hidden = len(self._shown_factors) - len(rows)
        if hidden:
            yield f"… and {hidden:,} more"

    def _equation(self, factor: Factor) -> str:
        number = self._plain(self._number(factor))
        formula = self.writing.text(self._formulas[factor])
        if not formula:
            return f"{number}, a product of {len(factor):,} partials"
        return number if formula == number else f"{formula} = {number}"

    def _where(self) -> Iterator[str]:
        for index, (node, formula) in enumerate(self._definitions.items()):
            name, text = self.writing.names[node], self.writing.text(formula)
            yield f"{'and' if index else 'where':>5} {name} = {text} = {self._plain(node.data)}"

    # Markdown and LaTeX -------------------------------------------------------------------

    def markdown(self) -> str:
        """For a notebook or a page."""
        of = self.of
        head = f"$$\n{self.latex()}\n$$\n"
        notes = map(markdown, remarks(self.of, self._target))
        if not (of.terms and of.terms[0].factors):
            return "\n".join([head, f"{how_many(self.of)}.".capitalize(), *notes, ""])
        rows = [(signed(term.number), code(self._product(term))) for term in of.terms]
        rows += [*self._rest, (f"**{signed(of.gradient)}**", in_all(self.of))]
        table = ["| contribution | of the path |", "|---:|:---|"]
        table += [f"| {number} | {words} |" for number, words in rows]
        return "\n".join([head, *table, "", *notes, ""])

    def latex(self) -> str:
        """Equations: the sum over the paths, then each factor."""
        return latex.aligned(self._equations())

    def _equations(self) -> Iterator[tuple[str, str]]:
        whole = latex.derivative(self._in_latex(self.of.output), self._in_latex(self.of.target))
        total = latex.number(self._plain(self.of.gradient))
        terms = [term for term in self.of.terms if term.factors]
        for index, term in enumerate(terms):
            names = [self._derivative(factor) for factor in term.factors]
            half = MOST_FACTORS // 2
            names[half:-half] = [r"\cdots"] if len(names) > MOST_FACTORS else names[half:-half]
            product = r" \cdot ".join(names)
            yield ("" if index else whole), f"{'+ ' if index else ''}{product}"
        if terms and self.of.remaining:
            yield "", rf"+ \text{{{more_paths(self.of.remaining)}}}"
        yield ("" if terms else whole), f"= {total}" if terms else total
        yield from self._equations_of_factors()

    def _equations_of_factors(self) -> Iterator[tuple[str, str]]:
        for factor, formula in self._formulas.items():
            number = self._plain(self._number(factor))
            equal = "" if formula in ("", number) else f"{self.writing.latex(formula)} = "
            yield self._derivative(factor), equal + latex.number(number)
        for node, formula in self._definitions.items():
            yield self._in_latex(node), self.writing.latex(formula)

    def _derivative(self, factor: Factor) -> str:
        of, by = factor[0].node, factor[-1].parent
        return latex.derivative(self._in_latex(of), self._in_latex(by))

    def _in_latex(self, node: Value) -> str:
        return latex.name(self.writing.names[node])

    # Words --------------------------------------------------------------------------------

    @cached_property
    def _shown_factors(self) -> list[Factor]:
        """Those of the terms that are written out, each once."""
        found: dict[Factor, None] = {}
        half = MOST_FACTORS // 2
        for term in self.of.terms:
            many = len(term.factors) > MOST_FACTORS
            ends = term.factors[:half] + term.factors[-half:] if many else term.factors
            found.update(dict.fromkeys(ends))
        return list(found)

    @cached_property
    def _formulas(self) -> dict[Factor, str]:
        """The formulas of those that have a line."""
        return {f: self.writing.formula(f) for f in self._shown_factors[:MOST_LINES]}

    @cached_property
    def _definitions(self) -> dict[Value, str]:
        """What is behind the names that nobody gave."""
        ends = [factor[-1].parent for factor in self._formulas]
        unnamed = [node for node in ends if node not in self.writing.given]
        forks = [
            node for node in self.of.folding.forks if node in {f[0].node for f in self._formulas}
        ]
        return self.writing.definitions(self._formulas.values(), [*forks, *unnamed])

    def _number(self, factor: Factor) -> float:
        partials = [edge.partial for edge in factor]
        if all(map(math.isfinite, partials)):
            return float(self.of.paths.product(partials))
        return math.prod(partials)

    def _plain(self, number: float) -> str:
        return plain(number, DIGITS)

    @property
    def _name(self) -> str:
        return f"d_{spelled(self.writing.names[self.of.output])}_d_{self._target}"

    @property
    def _target(self) -> str:
        return spelled(self.writing.names[self.of.target])


def _ends(names: list[str]) -> list[str]:
    """The names, of many only the first and the last."""
    half, hidden = MOST_FACTORS // 2, len(names) - MOST_FACTORS
    return names if hidden <= 0 else [*names[:half], f"({hidden:,} more)", *names[-half:]]


def _spoilt(term: Term) -> str:
    partials = {edge.partial for edge in term.path}
    return "   (0 · inf)" if 0.0 in partials and any(map(math.isinf, partials)) else ""
