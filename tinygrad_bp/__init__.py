"""A scalar autograd engine in which nothing about back-propagation is hidden.

>>> from tinygrad_bp import Value
>>> x = Value(3.0, label="x")
>>> y = x * x + 2 * x
>>> y.backward()
>>> x.grad
8.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tinygrad_bp import subinterpreters as subinterpreters  # before all that needs NumPy
from tinygrad_bp.arrays.array import Array
from tinygrad_bp.functional import (
    grad,
    gradient,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from tinygrad_bp.graph import leaves, topological_order
from tinygrad_bp.lines import SourceLine
from tinygrad_bp.modes import (
    NonFiniteError,
    RecordingError,
    no_grad,
    source_line,
    source_lines,
    strict,
)
from tinygrad_bp.plugin import register_strategies as _register_strategies
from tinygrad_bp.primitive import Primitive
from tinygrad_bp.primitives import abs_ as abs  # noqa: A004  # the array API's name
from tinygrad_bp.primitives import (
    acos,
    acosh,
    add,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cbrt,
    ceil,
    clip,
    copysign,
    cos,
    cosh,
    digamma,
    divide,
    elu,
    entr,
    equal,
    erf,
    erfc,
    erfinv,
    exp,
    exp2,
    expm1,
    floor,
    floor_divide,
    fmod,
    gap,
    gaussian,
    gelu,
    heaviside,
    hypot,
    leaky_relu,
    lgamma,
    log,
    log1p,
    log2,
    log10,
    log_sigmoid,
    logaddexp,
    logit,
    maximum,
    minimum,
    multiply,
    negative,
    normal_cdf,
    positive,
    relu,
    remainder,
    sigmoid,
    sign,
    silu,
    sin,
    sinc,
    sinh,
    softplus,
    sqrt,
    straight,
    subtract,
    tan,
    tanh,
    trunc,
    where,
    xlogy,
)
from tinygrad_bp.primitives import pow_ as pow  # noqa: A004  # the array API's name
from tinygrad_bp.primitives import round_ as round  # noqa: A004  # the array API's name
from tinygrad_bp.reductions import dot, logsumexp, norm, polygamma, prod, softmax, sum  # noqa: A004
from tinygrad_bp.registry import register
from tinygrad_bp.sweep import local_partials
from tinygrad_bp.tape import BranchError, Tape, record
from tinygrad_bp.tape import compile as compile  # noqa: A004  # hides Python's, as few need both
from tinygrad_bp.value import Value, array, constant, values

if TYPE_CHECKING:
    from tinygrad_bp.check.checker import assert_gradients_agree, check_gradient
    from tinygrad_bp.look.diagnosis.autopsy import autopsy
    from tinygrad_bp.look.diagnosis.lint import lint
    from tinygrad_bp.look.draw import draw
    from tinygrad_bp.look.explain import explain
    from tinygrad_bp.look.player.play import play
    from tinygrad_bp.look.provenance import provenance
    from tinygrad_bp.look.stepper import step
    from tinygrad_bp.look.tree import tree
    from tinygrad_bp.look.what_if import what_if

__all__ = [
    "Array",
    "BranchError",
    "NonFiniteError",
    "Primitive",
    "RecordingError",
    "SourceLine",
    "Tape",
    "Value",
    "abs",
    "acos",
    "acosh",
    "add",
    "array",
    "asin",
    "asinh",
    "assert_gradients_agree",
    "atan",
    "atan2",
    "atanh",
    "autopsy",
    "cbrt",
    "ceil",
    "check_gradient",
    "clip",
    "compile",
    "constant",
    "copysign",
    "cos",
    "cosh",
    "digamma",
    "divide",
    "dot",
    "draw",
    "elu",
    "entr",
    "equal",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "explain",
    "expm1",
    "floor",
    "floor_divide",
    "fmod",
    "gap",
    "gaussian",
    "gelu",
    "grad",
    "gradient",
    "heaviside",
    "hessian",
    "hvp",
    "hypot",
    "jacobian",
    "jvp",
    "leaky_relu",
    "leaves",
    "lgamma",
    "lint",
    "local_partials",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_sigmoid",
    "logaddexp",
    "logit",
    "logsumexp",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "no_grad",
    "norm",
    "normal_cdf",
    "play",
    "polygamma",
    "positive",
    "pow",
    "prod",
    "provenance",
    "record",
    "register",
    "relu",
    "remainder",
    "round",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinc",
    "sinh",
    "softmax",
    "softplus",
    "source_line",
    "source_lines",
    "sqrt",
    "step",
    "straight",
    "strict",
    "subtract",
    "sum",
    "tan",
    "tanh",
    "topological_order",
    "tree",
    "trunc",
    "value_and_grad",
    "values",
    "vjp",
    "what_if",
    "where",
    "xlogy",
]


# Pictures and the like take longer to import than all the rest, and many programs need none.
LATE = {
    "assert_gradients_agree": "check.checker",
    "autopsy": "look.diagnosis.autopsy",
    "check_gradient": "check.checker",
    "draw": "look.draw",
    "explain": "look.explain",
    "lint": "look.diagnosis.lint",
    "play": "look.player.play",
    "provenance": "look.provenance",
    "step": "look.stepper",
    "tree": "look.tree",
    "what_if": "look.what_if",
}


def __getattr__(name: str) -> Any:
    if name in LATE:
        return getattr(import_module(f"{__name__}.{LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    # What a prompt completes, and Python's "Did you mean": with what is not imported yet.
    return sorted({*globals(), *LATE})


# If Hypothesis was imported before. If it comes later, it asks by itself.
_register_strategies()
