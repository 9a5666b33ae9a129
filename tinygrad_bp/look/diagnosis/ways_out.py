"""What helps against a number that is not finite, by the operation that made it.

>>> from tinygrad_bp import Value
>>> from tinygrad_bp.look.diagnosis.story import story_of
>>> way_out(story_of(Value(0.0).log()))[:33]
'take the log of what is never 0: '
"""

from __future__ import annotations

from tinygrad_bp.look.diagnosis.story import Story

__all__ = ["way_out"]

LOG = (
    "take the log of what is never 0: log_sigmoid(z), softplus(z) and logsumexp(zs) start from "
    "the logits, and so do the losses of nn that end in from_logits"
)
EXP = (
    "logsumexp, softmax, softplus, sigmoid and tanh never leave the range of floats on the way; "
    "or keep the operand below 709, by scaled inputs or smaller weights"
)
CHOOSE = (
    "choose before, with where(condition, a, b), instead of multiplying by 0: the branch that is "
    "not taken gets no gradient, not even 0 times infinity"
)
SMALLER = "scale the inputs, start from smaller weights, or lower the learning rate"

BY_OPERATION = {
    **dict.fromkeys(("log", "log2", "log10", "log1p"), LOG),
    **dict.fromkeys(("exp", "expm1", "cosh", "sinh"), EXP),
    "divide": "keep the divisor away from 0, or choose what stands there with where(...)",
    "sqrt": "for lengths use hypot; else add something small under the root, or choose what "
    "happens at 0 with where(...)",
    "multiply": SMALLER,
}
"""Where the operation made it of finite numbers."""

BY_KIND = {
    "given": "see where that number comes from; numpy.isfinite finds such numbers in data",
    "outdated": "run the forward pass again after changing data",
}


def way_out(story: Story) -> str:
    """A sentence that says what to do instead."""
    cause, *others = story.events
    if cause.kind in BY_KIND:
        return BY_KIND[cause.kind]
    if cause.kind == "derivative" and any(event.kind == "gradient" for event in others):
        return CHOOSE
    if cause.kind == "gradient" or cause.node.op is None:
        return SMALLER
    return BY_OPERATION.get(cause.node.op.name, SMALLER)
