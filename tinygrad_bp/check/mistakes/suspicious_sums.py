"""What goes wrong with a sum over examples: averages taken too early, errors for derivatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tinygrad_bp.check.mistakes.chain import Chain, Numbers, Override
from tinygrad_bp.check.mistakes.suspicion import AXIS, QUANTITY, Suspicion, is_too_much
from tinygrad_bp.rows.primitives import subtract

ERROR = "error"


def of_a_sum(chain: Chain, family: Sequence[int]) -> Iterator[Suspicion]:
    """Of what was made for each example: a mean where each has its own, an error unsquared."""
    operation = chain.operations[family[0]]
    if len(family) < 2 or operation is None:
        return
    derivatives = chain.adjoints()
    mean = np.mean([derivatives.get(node, 0.0) for node in family], axis=0)
    text = f"the derivative by {operation.name} is averaged over all {len(family)} too early"
    yield Suspicion(AXIS, text, family[0], overrides=_all(family, mean))
    labels = _labels(chain, family)
    if labels:
        outputs = [chain.variables(node)[0] for node in family]
        result = chain.values[-1]
        text = "the error itself stands in place of its derivative"
        yield Suspicion(QUANTITY, text, family[0], dict, _all(outputs, result), ERROR)
        yield from _of_every_pair(chain, family, labels, outputs)


def _all(nodes: Sequence[int], numbers: Numbers) -> dict[int, Override]:
    return dict.fromkeys(nodes, lambda _node, _adjoint: numbers)


def _labels(chain: Chain, family: Sequence[int]) -> list[int]:
    """The constants, one for each node, that results are compared with; none if they are not."""
    if chain.operations[family[0]] is not subtract:
        return []
    found = [[p for p in chain.parents[node] if p in chain.constants] for node in family]
    if any(len(constants) != 1 for constants in found):
        return []
    labels = [c[0] for c in found]
    return labels if len({float(chain.values[label][0]) for label in labels}) > 1 else []


def _of_every_pair(
    chain: Chain, family: Sequence[int], labels: Sequence[int], outputs: Sequence[int]
) -> Iterator[Suspicion]:
    """Outputs of shape (n, 1) less labels of shape (n,) are a table of n by n."""
    if is_too_much(chain, len(labels)):
        return
    turned = []
    for turn in range(len(labels)):
        numbers = [chain.values[label] for label in [*labels[turn:], *labels[:turn]]]
        turned.append(chain.with_values(dict(zip(labels, numbers, strict=True))))
    error = np.mean([one.values[-1] for one in turned], axis=0)
    text = "the error, of every result with every label, stands in place of its derivative"
    yield Suspicion(QUANTITY, text, family[0], dict, _all(outputs, error), ERROR)
    slopes = [one.adjoints() for one in turned]
    overrides: dict[int, Override] = {}
    for node in outputs:
        overrides |= _all([node], np.mean([found.get(node, 0.0) for found in slopes], axis=0))
    text = "every result is compared with every label: their shapes broadcast"
    yield Suspicion(AXIS, text, family[0], dict, overrides, ERROR)
