"""`python3 -m tests.check.confusion` tries the checker on all labelled gradients, and counts.

The tables are Markdown, so that what is printed is what a page quotes. Some minutes.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.check.cases import Case, cases
from tests.check.derivations import Derivation, derivations
from tinygrad_bp.check import Report, check_gradient
from tinygrad_bp.check.verdict import KINK, RIGHT, UNSTABLE, WRONG

CASES, DERIVATIONS = 2_600, 400
VERDICTS = (RIGHT, WRONG, KINK, UNSTABLE)


def main() -> int:
    """Print the three counts."""
    said, named = verdicts(cases(CASES))
    print(f"### {said.total()} gradients: what is true, and what is said\n")
    show(["", *VERDICTS], rows(said, VERDICTS))
    print(f"\n### Planted in rules: {named[True]} of {named.total()} named\n")
    kinds = mistakes(derivations(DERIVATIONS))
    found = sorted({kind for _, kind in kinds})
    print(f"### {kinds.total()} derivations: the mistake made, and the mistake named\n")
    show(["", *found], rows(kinds, found))
    return 0


def verdicts(labelled: Iterable[Case]) -> tuple[Counter[tuple[str, str]], Counter[bool]]:
    """How often a label got a verdict; of the rules planted, how many were named."""
    said: Counter[tuple[str, str]] = Counter()
    named: Counter[bool] = Counter()
    for case in labelled:
        report = check_gradient(case.function, *case.inputs, gradient=case.gradient)
        said[case.label, report.verdict] += 1
        if case.culprit:
            named[is_named(case, report)] += 1
    return said, named


def is_named(case: Case, report: Report) -> bool:
    """Whether the operation is among those found, at its operands, and by the right one."""
    found = [(one.operation.name, one.operands, *one.by) for one in report.findings]
    return case.culprit in found


def mistakes(labelled: Iterable[Derivation]) -> Counter[tuple[str, str]]:
    """How often a kind of mistake was taken for which."""
    said: Counter[tuple[str, str]] = Counter()
    for one in labelled:
        report = check_gradient(one.function, *one.inputs, gradient=one.gradient)
        found = {kind for mistake in report.findings for kind in mistake.kinds}
        said[one.kind, " and ".join(sorted(found)) or report.verdict] += 1
    return said


def rows(counts: Counter[tuple[str, str]], columns: Sequence[str]) -> list[list[str]]:
    """A row for each label, in the order of the first of each."""
    labels = sorted({label for label, _ in counts})
    return [[label, *(str(counts[label, c] or "") for c in columns)] for label in labels]


def show(head: Sequence[str], body: Iterable[Sequence[str]]) -> None:
    """A table in Markdown."""
    for row in (head, ["---"] * len(head), *body):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    sys.exit(main())
