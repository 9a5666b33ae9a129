"""`check_gradient`: whether a gradient is right, and if it is not, who is to blame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_bp.basics import structure
from tinygrad_bp.check.candidates import ByEngine, ByHand
from tinygrad_bp.check.judge import judged
from tinygrad_bp.check.truth.references import KINDS
from tinygrad_bp.check.truth.subject import Subject
from tinygrad_bp.check.verdict import Report
from tinygrad_bp.core.value import Value


def check_gradient(
    function: Callable[..., Any],
    *inputs: Any,
    gradient: Callable[..., Any] | None = None,
    order: int = 1,
    reference: str | None = None,
    tolerance: float = 1e-7,
) -> Report:
    """Whether a gradient is right at these inputs, with the evidence.

    >>> from tinygrad_bp import sin
    >>> report = check_gradient(lambda x: x * sin(x), 2.0)
    >>> report.verdict, bool(report), report["x"].ulps
    ('right', True, 2.0)

    The gradient is the engine's; or one that was written by hand, a function of the same
    inputs that gives a number for each number in them:

    >>> report = check_gradient(lambda x: x**3, 2.0, gradient=lambda x: 3 * x)
    >>> report.verdict
    'wrong'

    For each input the verdict is one of

    * *right*;
    * *wrong*: the report then names the operation whose rule is wrong, or what the mistake in
      a derivation looks like;
    * *kink*: there is no derivative, since the slopes on either side differ. The report says
      whether what was given lies between them, and then counts as true;
    * *unstable*: floats cannot tell. The reference is not known well enough, or the
      gradient's formula is right and rounding leaves nothing of it. It counts as true where
      it is as near to the truth as the terms allow that it is the sum of.

    `inputs` are numbers, sequences, arrays and nested structures of them. `order` 2 and 3
    check second and third derivatives. `reference` asks for one way to the truth:
    `"replay"`, `"complex step"` or `"differences"`; else it is the best there is.
    `tolerance` is what a gradient may be off, relative to the truth.

    A wrong gradient raises nothing: see `assert_gradients_agree`. What the function raises
    comes out as it is.
    """
    _check_settings(function, inputs, gradient, order, reference, tolerance)
    subject = Subject(function, inputs)
    candidate = ByHand(subject, order, gradient) if gradient else ByEngine(subject, order)
    return judged(candidate, reference, tolerance)


def assert_gradients_agree(
    function: Callable[..., Any],
    *inputs: Any,
    gradient: Callable[..., Any] | None = None,
    order: int = 1,
    reference: str | None = None,
    tolerance: float = 1e-7,
) -> None:
    """Raise `AssertionError`, with the verdict as its message, unless the gradient is right.

    >>> assert_gradients_agree(lambda x, y: x * y, 2.0, 3.0)

    It takes what `check_gradient` takes. At a kink a slope between those of the two sides
    passes.
    """
    __tracebackhide__ = True  # pytest shows the line that called, and the verdict
    report = check_gradient(
        function,
        *inputs,
        gradient=gradient,
        order=order,
        reference=reference,
        tolerance=tolerance,
    )
    if not report:
        raise AssertionError(str(report))


def _check_settings(
    function: object,
    inputs: tuple[Any, ...],
    gradient: Callable[..., Any] | None,
    order: int,
    reference: str | None,
    tolerance: float,
) -> None:
    if not callable(function):
        raise TypeError(
            f"expected a function, and then the inputs to check its gradient at, got {function!r} "
            "where the function should be: check_gradient(f, 3.0)"
        )
    if not inputs:
        raise ValueError("expected inputs to check the gradient at, got none")
    given = next((x for x in structure.numbers(inputs) if isinstance(x, Value)), None)
    if given is not None:
        raise TypeError(f"expected numbers as inputs, got {given!r}: pass its .data")
    if gradient is not None and not callable(gradient):
        raise TypeError(f"expected a function of the inputs as gradient, got {gradient!r}")
    if order not in (1, 2, 3):
        raise ValueError(f"expected 1, 2 or 3 as order, got {order!r}")
    if reference is not None and reference not in KINDS:
        raise ValueError(f"expected one of {', '.join(KINDS)} as reference, got {reference!r}")
    if not 0.0 <= tolerance < 1.0:
        raise ValueError(f"expected a tolerance between 0 and 1, got {tolerance!r}")
