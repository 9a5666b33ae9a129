"""A parameter that had moved before it was used for the gradient of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tinygrad_bp.check.mistakes.chain import Chain, Factors, Numbers, partials_at


def factors_after_moves(
    chain: Chain, blocks: Mapping[str, Sequence[int]], gave: Numbers
) -> dict[str, Factors]:
    """The factors as they are once a block has gone one step down what was given for it."""
    return {
        block: _moved(chain, {chain.leaves[i]: gave[i] for i in indices})
        for block, indices in blocks.items()
    }


def _moved(chain: Chain, directions: Mapping[int, Numbers]) -> Factors:
    factors = dict(chain.factors)
    for node, place in chain.factors:
        operation, parents = chain.operations[node], chain.parents[node]
        if operation is None or not any(parent in directions for parent in parents):
            continue
        operands = [chain.values[p] - directions.get(p, 0.0) for p in parents]
        columns = zip(chain.values[node], zip(*operands, strict=True), strict=True)
        factors[node, place] = np.array(
            [partials_at(operation, z, column)[place] for z, column in columns]
        )
    return factors
