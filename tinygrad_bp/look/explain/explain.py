"""`explain`: where a gradient comes from, or the whole evaluation trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import overload

from tinygrad_bp.core.value import Value
from tinygrad_bp.look.explain.evaluation import Direction, Evaluation
from tinygrad_bp.look.explain.explanation import Explanation

__all__ = ["explain"]


@overload
def explain(
    output: Value,
    target: None = None,
    *,
    direction: Direction = None,
    names: Mapping[str, object] | None = None,
    most: int | None = None,
) -> Evaluation: ...


@overload
def explain(
    output: Value,
    target: Value,
    *,
    names: Mapping[str, object] | None = None,
    most: int | None = None,
) -> Explanation: ...


def explain(
    output: Value,
    target: Value | None = None,
    *,
    direction: Direction = None,
    names: Mapping[str, object] | None = None,
    most: int | None = None,
) -> Explanation | Evaluation:
    """The gradient of an output by one node, as the sum over all paths between them.

    >>> x = Value(3.0, label="x")
    >>> y = x * x + 2.0 * x
    >>> y.backward()
    >>> explain(y, x, names={"y": y})
    d_y_d_x = 8, the sum over 3 paths
    <BLANKLINE>
      +3  d_y_d_v1 · d_v1_d_x (1st of 2 uses)
      +3  d_y_d_v1 · d_v1_d_x (2nd of 2 uses)
      +2  d_y_d_v2 · d_v2_d_x
      ──
      +8  the sum, and what backward computes, to the last bit
    <BLANKLINE>
    d_y_d_v1                 = 1
    d_v1_d_x (1st of 2 uses) = x = 3
    d_v1_d_x (2nd of 2 uses) = x = 3
    d_y_d_v2                 = 1
    d_v2_d_x                 = 2
    where y = x * x + 2 * x = 15
      and v1 = x * x = 9
      and v2 = 2 * x = 6

    Without a target it is the evaluation trace of the textbooks: each node with its value
    (primal), how it moves as the inputs move in a `direction` (tangent), and how the output
    moves with it (adjoint). The direction is a node, or numbers by node; the first input is
    what moves if nothing is said.

    `names` are names for nodes without a label, such as `locals()`. `most` limits how many
    paths (8) or rows (40) are written; all of them are counted and added up, exactly, however
    many there are. In a notebook the result shows as formulas and tables; `.text`,
    `.markdown()` and `.latex()` are their sources.

    Raises `TypeError` for what is not a `Value`, `ValueError` for a constant.
    """
    if target is None:
        return Evaluation(output, direction, names=names, most=40 if most is None else most)
    if not isinstance(target, Value):
        raise TypeError(
            f"a gradient is by a Value, got {type(target).__name__} {target!r}; "
            "names for the nodes go to names="
        )
    if target.is_constant:
        raise ValueError(f"{target!r} gets no gradient; to differentiate by it, make it a Value")
    if direction is not None:
        raise TypeError("a direction is for the evaluation trace: explain(output, direction=...)")
    return Explanation(output, target, names=names, most=8 if most is None else most)
