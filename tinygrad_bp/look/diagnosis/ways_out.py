"""What helps against a number that is not finite, by the operation that made it.

>>> from tinygrad_bp import Value
>>> from tinygrad_bp.look.diagnosis.story import story_of
>>> way_out(story_of(Value(0.0).log())).split(":")[0]
'take the log of what is above 0 for certain'
"""

from __future__ import annotations

from tinygrad_bp.look.diagnosis.story import Story

__all__ = ["way_out"]

LOG = (
    "take the log of what is above 0 for certain: log_sigmoid(z), softplus(z), logsumexp(zs) and "
    "the losses of nn from_logits start from the logit z"
)
EXP = (
    "logsumexp, softmax, softplus, sigmoid and tanh never leave the range of floats on the way; "
    "or keep the operand below 709, by scaled inputs or smaller weights"
)
DIVISOR = "keep the divisor away from 0, or choose what stands there with where(...)"
ROOT = (
    "for lengths use hypot, which has a gradient at 0; else add something small under the root, or "
    "choose what happens at 0 with where(...)"
)
POWER = (
    "keep the base above 0, by abs(...) or by adding something small: negative numbers have powers "
    "with whole exponents only, and 0 has none that are negative"
)
CHOOSE = (
    "choose before, with where(condition, a, b), instead of multiplying by 0: the branch that is "
    "not taken gets no gradient, not even 0 times infinity"
)
SMALLER = "scale the inputs, start from smaller weights, or lower the learning rate"
INSIDE = "keep the operands where it is defined, by clip(...), or choose before with where(...)"

BY_OPERATION = {
    **dict.fromkeys(("log", "log2", "log10", "log1p"), LOG),
    **dict.fromkeys(("exp", "expm1", "cosh", "sinh"), EXP),
    **dict.fromkeys(("divide", "remainder", "floor_divide"), DIVISOR),
    **dict.fromkeys(("sqrt", "cbrt"), ROOT),
    **dict.fromkeys(("pow", "pow_constant"), POWER),
    **dict.fromkeys(("add", "subtract", "multiply", "sum", "prod", "dot"), SMALLER),
}
"""Where the operation made it of finite numbers; of others that they be defined."""

BY_KIND = {
    "given": "see where that number comes from; numpy.isfinite finds such numbers in data",
    "outdated": "run the forward pass again after changing data",
}


def way_out(story: Story) -> str:
    """A sentence that says what to do instead."""
    cause, *others = story.events
    if cause.kind in BY_KIND:
        return BY_KIND[cause.kind]
    if cause.kind == "derivative" and any(event.node is cause.node for event in others):
        return CHOOSE  # the 0 came from above: a mask
    if cause.kind == "gradient" or cause.node.op is None:
        return SMALLER
    return BY_OPERATION.get(cause.node.op.name, INSIDE)
