"""Proof of gradients: a checker with a verdict, and what property-based testing needs.

`check_gradient` decides whether a gradient is right, and says why; what tests need beside it is in
the modules of this package. mpmath, Hypothesis and pytest are imported where they are used, so
this package can be imported without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinygrad_bp.check.checker import assert_gradients_agree, check_gradient
    from tinygrad_bp.check.culprit import Culprit
    from tinygrad_bp.check.examination import Examination
    from tinygrad_bp.check.expression import Expression
    from tinygrad_bp.check.learning import TrainingRun
    from tinygrad_bp.check.machine import engine_machine
    from tinygrad_bp.check.operation import check_operation
    from tinygrad_bp.check.truths import define
    from tinygrad_bp.check.verdict import Report, Verdict

__all__ = [
    "Culprit",
    "Examination",
    "Expression",
    "Report",
    "TrainingRun",
    "Verdict",
    "assert_gradients_agree",
    "check_gradient",
    "check_operation",
    "define",
    "engine_machine",
]

LATE = {
    "Culprit": "culprit",
    "Examination": "examination",
    "Expression": "expression",
    "Report": "verdict",
    "TrainingRun": "learning",
    "Verdict": "verdict",
    "assert_gradients_agree": "checker",
    "check_gradient": "checker",
    "check_operation": "operation",
    "define": "truths",
    "engine_machine": "machine",
}


def __getattr__(name: str) -> Any:
    if name in LATE:
        return getattr(import_module(f"{__name__}.{LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    # What a prompt completes, and Python's "Did you mean": with what is not imported yet.
    return sorted({*globals(), *LATE})
