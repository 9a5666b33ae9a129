"""Slopes by an imaginary step, for analytic functions: no difference is taken.

f(x + ih) is f(x) + ih f'(x) to first order, so the slope stands alone in the imaginary part, where
no subtraction takes digits from it (Squire and Trapp 1998).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.check.truth.slopes import Slope
from tinygrad_bp.check.truth.subject import Subject, one_number

STEP = 1e-30
DIGITS_KEPT = 1e-13
"""How far off such a slope may be, as a share of it."""


def imaginary_slopes(subject: Subject) -> list[Slope]:
    """The slope by each input, if the function is analytic, which it may not be.

    Raises `TypeError` where it does not give complex numbers, and whatever it raises itself.
    """
    found = []
    for index, scale in enumerate(subject.scales):
        numbers: list[complex] = list(map(complex, subject.numbers))
        numbers[index] += 1j * STEP * scale
        result = one_number(_called(subject, numbers), subject.name)
        if not isinstance(result, complex | np.complexfloating):
            raise TypeError("a function of complex numbers that gives none is not analytic")
        slope = float(result.imag) / (STEP * scale)
        bar = max(DIGITS_KEPT * abs(slope), math.ulp(0.0) / (STEP * scale))
        found.append(Slope.smooth(slope, bar))
    return found


def _called(subject: Subject, numbers: Sequence[complex]) -> Any:
    arguments = structure.with_numbers(subject.inputs, numbers)
    blocks = [
        block.astype(complex) if isinstance(block, np.ndarray) else block
        for block in structure.blocks(arguments)
    ]
    with np.errstate(all="ignore"):
        return subject.function(*structure.rebuilt(arguments, iter(blocks)))
