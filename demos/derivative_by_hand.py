"""A derivative by hand, and by the engine: f(x) = x sin(x) + x², at 2."""

from __future__ import annotations

import math
from typing import Any

from demos.report import BY_HAND, Claim, Picture, Report, Table
from tinygrad_bp import Value, jvp, local_partials, sin, topological_order
from tinygrad_bp.look import draw

AT = 2.0
STEPS = (1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11)


def main() -> Report:
    """The rules of a calculus book, the engine both ways, and small differences."""
    x = Value(AT, label="x")
    y = f(x)
    y.backward()

    by_hand = math.sin(AT) + AT * math.cos(AT) + 2 * AT
    _, forward = jvp(f, (AT,), (1.0,))
    return Report(
        title="A derivative by hand",
        idea="f(x) = x sin(x) + x x. By the rules of a calculus book it is sin(x) + x cos(x) + 2x; "
        "the engine gets there by multiplying along every path from y to x, and adding up.",
        claims=[
            Claim(
                "f(2), against sin(2)",
                repr(AT * math.sin(AT) + AT * AT),
                BY_HAND,
                repr(y.data),
                is_close(y.data, AT * math.sin(AT) + AT * AT),
            ),
            Claim(
                "backward, against the rules",
                repr(by_hand),
                BY_HAND,
                repr(x.grad),
                is_close(x.grad, by_hand),
            ),
            Claim(
                "forward, against the rules",
                repr(by_hand),
                BY_HAND,
                repr(forward),
                is_close(forward, by_hand),
            ),
        ],
        parts=[
            Picture(
                "`x` is used four times, so four contributions add up to its gradient",
                draw(y, edges="contribution").svg(),
            ),
            nodes_table(y),
            differences_table(by_hand),
        ],
        numbers={"by hand": by_hand, "backward": x.grad, "forward": forward},
    )


def f(x: Any) -> Any:
    """Of a float or of a `Value`."""
    return x * sin(x) + x * x


def is_close(number: float, truth: float) -> bool:
    """The same but for a last digit."""
    return math.isclose(number, truth, rel_tol=1e-15)


def nodes_table(y: Value) -> Table:
    """Every node on the way back, from y to x."""
    return Table(
        "Backwards, node by node: each sends its gradient, times a partial derivative, to each of "
        "its parents.",
        ("node", "value", "gradient", "partial derivatives"),
        [
            (
                formula(node),
                f"{node.data:.6f}",
                f"{node.grad:.6f}",
                "  ".join(f"{partial:.6f}" for partial in local_partials(node)),
            )
            for node in reversed(topological_order(y))
        ],
    )


def differences_table(truth: float) -> Table:
    """Why small differences are no way to differentiate: they lose digits at both ends."""
    rows = []
    for h in STEPS:
        quotient = (f(AT + h) - f(AT - h)) / (2 * h)
        rows.append((f"{h:g}", f"{quotient:.15f}", f"{abs(quotient - truth):.1e}"))
    return Table(
        "(f(x + h) − f(x − h)) / 2h: a large h is inexact, a small one drowns in rounding. The "
        "engine has no h.",
        ("h", "quotient", "off by"),
        rows,
    )


def formula(node: Value) -> str:
    """A node's name, or how it was made, with dots for what has no name."""
    if node.op is None:
        return node.label
    return node.op.write(*(parent.label or "·" for parent in node.parents))
