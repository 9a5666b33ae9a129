"""What the five documents have in common: an array, and the logistic function.

>>> float(sigmoid(np.array(0.0)))
0.5
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sigmoid(z: Any) -> Array:
    """1 / (1 + e^-z), in these very operations: rearranged, the documents' last digits change."""
    result: Array = 1 / (1 + np.exp(-z))
    return result


def transposed(matrix: Array) -> Array:
    """The matrix transposed; of a stack, each one."""
    return np.swapaxes(matrix, -1, -2)
