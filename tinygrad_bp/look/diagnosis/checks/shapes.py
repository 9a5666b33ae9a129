"""Arrays that do not fit and were made to: each prediction compared with every target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.diagnosis.finding import Finding, Subject
from tinygrad_bp.look.words.sheet import listed
from tinygrad_bp.rows import primitives

__all__ = ["all_pairs"]

FEW = 3
"""Of fewer values a table of all differences is nothing special."""


def all_pairs(subject: Subject) -> Iterator[Finding]:
    """As many values as targets, and each of them less all of the targets."""
    targets: dict[Value, list[Hashable]] = defaultdict(list)
    for node in subject.nodes:
        if node.op is primitives.subtract:
            one, other = node.parents
            for value, target in ((one, other), (other, one)):
                if value.parents and not target.parents:
                    targets[value].append(target._data if target.is_constant else target)
    tables: dict[tuple[Hashable, ...], list[Value]] = defaultdict(list)
    for value, met in targets.items():
        tables[tuple(met)].append(value)
    for row, values in tables.items():
        if len(values) == len(row) >= FEW and len(set(row)) > 1:
            count = len(row)
            yield Finding(
                "all-pairs",
                listed(list(map(subject.name, values))),
                f"{count} values less {count} targets made {count * count} differences, each "
                "value less every target",
                "the loss is smallest where all values are one and the same, the mean target",
                f"make the shapes alike: NumPy stretches ({count}, 1) and ({count},) to "
                f"({count}, {count})",
                tuple(values),
            )
