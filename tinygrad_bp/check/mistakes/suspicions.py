"""The mistakes that derivations by hand are made of, wherever they can be made in a chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinygrad_bp.check.mistakes.chain import Chain
from tinygrad_bp.check.mistakes.segments import Segment, segments
from tinygrad_bp.check.mistakes.suspicion import Suspicion
from tinygrad_bp.check.mistakes.suspicious_functions import of_a_segment, of_an_inside
from tinygrad_bp.check.mistakes.suspicious_products import of_products
from tinygrad_bp.check.mistakes.suspicious_sums import of_a_sum


def suspicions(chain: Chain) -> Iterator[Suspicion]:
    """All there are in a chain, the most usual ones first."""
    found = segments(chain)
    known = _largest([segment for segment in found if segment.by_result])
    inside = {node for segment in known for node, _ in segment.edges}
    for segment in found:
        yield from of_a_segment(segment, is_known=segment in known)
    activations = {node for segment in known for node in segment.tops}
    for family in chain.families.values():
        if family[0] not in inside:
            yield from of_products(chain, family, activations)
    for family in chain.families.values():
        yield from of_a_sum(chain, family)
        yield from of_an_inside(chain, family)


def _largest(found: Sequence[Segment]) -> list[Segment]:
    """Those that are no part of others."""
    edges = [set(segment.edges) for segment in found]
    return [
        segment
        for segment, own in zip(found, edges, strict=True)
        if not any(own < other for other in edges)
    ]
