"""What each row of the table should give: its definition, to as many digits as are asked for.

The definitions are written from the book, in mpmath, and not from the rows. No formula for a
derivative stands here, so none has to be believed: derivatives are differences, which lose
nothing where digits are plenty.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinygrad_bp.basics.optional import mpmath
from tinygrad_bp.rows.primitive import Primitive

Truth = Callable[..., Any]
"""mpmath's numbers in, one of them out; at a pole or outside its domain it may raise."""
VANISHED = -1e6 - 0.3
"""Below it exp counts as 0; at a number that nobody comes upon, for it is a step."""


def is_installed() -> bool:
    """Whether there is an mpmath to compute with."""
    try:
        mpmath()
    except ImportError:
        return False
    return True


@functools.cache
def truths() -> Mapping[str, Truth]:
    """The definition of each row, by its name.

    >>> truths()["sigmoid"](0)
    mpf('0.5')
    """
    mp = mpmath()

    def exp(x: Any) -> Any:
        # What is left there is below 1e-434294, and mpmath slow.
        return mp.mpf(0) if x < VANISHED else mp.exp(x)

    def log_sum_exp(*xs: Any) -> Any:
        *others, largest = sorted(xs)  # whose exp may be slow, too
        return largest + mp.log1p(mp.fsum([exp(x - largest) for x in others]))

    def erfc(x: Any) -> Any:
        # Beyond 50 what is left is below 1e-1080, and mpmath slow.
        return mp.erfc(x) if abs(x) < 50 else mp.mpf(2 if x < 0 else 0)

    def probability_below(x: Any) -> Any:
        return erfc(-x / mp.sqrt(2)) / 2

    def logistic(x: Any) -> Any:
        return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))

    def remainder(x: Any, y: Any) -> Any:
        with mp.extraprec(max(0, mp.mag(x / y))):  # which the difference loses
            rest = x - y * mp.floor(x / y)
        return +rest

    return {
        "add": lambda x, y: x + y,
        "subtract": lambda x, y: x - y,
        "multiply": lambda x, y: x * y,
        "divide": lambda x, y: x / y,
        "pow": mp.power,
        "pow_constant": mp.power,
        "power_slope": lambda x, y: y * mp.power(x, y - 1),
        "power_log": lambda x, y, m: mp.power(x, y) * mp.power(mp.log(x), m),
        "remainder": remainder,
        "floor_divide": lambda x, y: mp.floor(x / y),
        "fmod": lambda x, y: mp.sign(x) * remainder(abs(x), abs(y)),
        "negative": lambda x: -x,
        "positive": lambda x: x,
        "abs": lambda x: mp.sqrt(x * x),
        "exp": exp,
        "exp2": lambda x: mp.mpf(2) ** x,
        "expm1": lambda x: mp.mpf(-1) if x < VANISHED else mp.expm1(x),
        "log": mp.log,
        "log1p": mp.log1p,
        "log2": lambda x: mp.log(x) / mp.log(2),
        "log10": lambda x: mp.log(x) / mp.log(10),
        "xlogy": lambda x, y: x * mp.log(y),
        "entr": lambda x: -x * mp.log(x),
        "logit": lambda x: mp.log(x / (1 - x)),
        "sqrt": mp.sqrt,
        "cbrt": lambda x: mp.sign(x) * mp.root(abs(x), 3),
        "hypot": lambda x, y: mp.sqrt(x * x + y * y),
        "hypot_slope": lambda x, y: x / mp.sqrt(x * x + y * y),
        "sin": mp.sin,
        "cos": mp.cos,
        "tan": mp.tan,
        "asin": mp.asin,
        "acos": mp.acos,
        "atan": mp.atan,
        "atan_slope": lambda x: 1 / (1 + x * x),
        "atan2": mp.atan2,
        "sinh": mp.sinh,
        "cosh": mp.cosh,
        "tanh": mp.tanh,
        "tanh_slope": lambda x: 4 * logistic(2 * x) * logistic(-2 * x),
        "asinh": mp.asinh,
        "acosh": mp.acosh,
        "atanh": mp.atanh,
        "if_defined": lambda _, y: y,
        "one_less_square": lambda x: 1 - x * x,
        "gaussian": lambda x: exp(-x * x / 2),
        "gaussian_slope": lambda x: -x * exp(-x * x / 2),
        "normal_cdf": probability_below,
        "erf": lambda x: 1 - erfc(x) if abs(x) > 1 else mp.erf(x),
        "erfc": erfc,
        "erfinv": mp.erfinv,
        "digamma": mp.digamma,
        "lgamma": mp.loggamma,
        "sinc": mp.sincpi,
        "sigmoid": logistic,
        "sigmoid_slope": lambda _, x: logistic(x) * logistic(-x),
        "log_sigmoid": lambda x: -log_sum_exp(mp.mpf(0), -x),
        "softplus": lambda x: log_sum_exp(mp.mpf(0), x),
        "relu": lambda x: x if x > 0 else x * 0,
        "leaky_relu": lambda x, a: x if x > 0 else a * x,
        "elu": lambda x, a: x if x > 0 else a * (exp(x) - 1),
        "gelu": lambda x: x * probability_below(x),
        "silu": lambda x: x * logistic(x),
        "floor": mp.floor,
        "ceil": mp.ceil,
        "trunc": lambda x: mp.sign(x) * mp.floor(abs(x)),
        "round": mp.nint,
        "copysign": lambda x, y: abs(x) * (1 if y > 0 else -1),
        "silu_slope": lambda x: logistic(x) * (1 + x * logistic(-x)),
        "maximum": max,
        "minimum": min,
        "clip": lambda x, low, high: min(max(x, low), high),
        "where": lambda condition, x, y: y if condition == 0 else x,
        "straight": lambda condition, x, y: y if condition == 0 else x,
        "sign": mp.sign,
        "heaviside": lambda x, at_zero: at_zero if x == 0 else mp.mpf(x > 0),
        "equal": lambda x, y: mp.mpf(x == y),
        "exp_gap": lambda x, y: exp(x - y),
        "gap": lambda x, y: x - y,
        "logaddexp": log_sum_exp,
        "sum": lambda *xs: mp.fsum(xs),
        "prod": lambda *xs: mp.fprod(xs),
        "dot": lambda *xs: mp.fdot(xs[: len(xs) // 2], xs[len(xs) // 2 :]),
        "norm": lambda *xs: mp.sqrt(mp.fsum([x * x for x in xs])),
        "direction": lambda *xs: xs[0] / mp.sqrt(mp.fsum([x * x for x in xs])),
        "logsumexp": log_sum_exp,
        "share": lambda x, y: x / (x + y),
        "softmax": lambda *xs: exp(xs[0] - log_sum_exp(*xs)),
    }


_OWN: dict[str, Truth] = {}


def define(operation: Primitive, truth: Truth) -> None:
    """State what an operation of your own should give, in mpmath's numbers.

    >>> from tinygrad_bp import register
    >>> cube = register("a_cube", "a_cube({})", lambda x: x**3, lambda z, x: (3 * x * x,))
    >>> define(cube, lambda x: x**3)

    From then on `check_gradient` knows it to 50 digits. Without a definition it takes
    differences of the operation's own value, which are good to about ten.
    """
    _OWN[operation.name] = truth


def has_definition(operation: Primitive) -> bool:
    """Whether anybody has said what the operation should give."""
    return operation.name in _OWN or operation.name in truths()


def definition(operation: Primitive) -> Truth:
    """What the operation should give. Raises `LookupError` where nobody has said it."""
    try:
        return _OWN.get(operation.name) or truths()[operation.name]
    except KeyError:
        raise LookupError(
            f"{operation!r} has no definition in mpmath; state one with define(...)"
        ) from None


def real(truth: Truth, operands: Sequence[Any]) -> Any:
    """The value of a definition on the real line: `nan` where mpmath raises or turns complex."""
    mp = mpmath()
    try:
        result = truth(*operands)
    except (ValueError, ArithmeticError):  # mpmath's poles; an overflow of the exponent
        return mp.nan
    return result if isinstance(result, mp.mpf) else _real_part(result)


def _real_part(result: Any) -> Any:
    mp = mpmath()
    return mp.nan if isinstance(result, mp.mpc) else mp.mpf(result)
