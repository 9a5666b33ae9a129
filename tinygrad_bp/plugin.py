"""What pytest and Hypothesis load when they start: tiny, and it imports nothing of the engine.

They load it as `_tinygrad_bp_plugin`, a file beside the package. pytest imports its
plug-ins at every start, in projects too that have this package installed and do not use it; and
to import `tinygrad_bp.plugin` Python imports `tinygrad_bp` first, and NumPy with it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def pytest_configure(config: Any) -> None:
    """Add the fixtures."""
    config.pluginmanager.register(_fixtures(), "tinygrad_bp.fixtures")


def _fixtures() -> ModuleType:
    import pytest

    # For the session: Hypothesis refuses fixtures that a test may expect anew for each example.
    @pytest.fixture(scope="session")
    def check_gradient() -> Callable[..., Any]:
        """`tinygrad_bp.check.check_gradient`: whether a gradient is right, and why not."""
        from tinygrad_bp.check import check_gradient

        return check_gradient

    @pytest.fixture(scope="session")
    def assert_gradients_agree() -> Callable[..., None]:
        """`tinygrad_bp.check.assert_gradients_agree`: the same as an assertion."""
        from tinygrad_bp.check import assert_gradients_agree

        return assert_gradients_agree

    found = ModuleType("tinygrad_bp_fixtures")  # pytest looks for them in modules and classes
    vars(found).update(check_gradient=check_gradient, assert_gradients_agree=assert_gradients_agree)
    return found


def register_strategies() -> None:
    """Tell Hypothesis how to draw a `Value`, once both are imported.

    Both call it, Hypothesis through its entry point: the second one finds the first.
    """
    strategies = sys.modules.get("hypothesis.strategies")
    engine = sys.modules.get("tinygrad_bp.core.value")
    if strategies and engine:
        strategies.register_type_strategy(engine.Value, _values)


def _values(_type: type) -> Any:
    from tinygrad_bp.check.programs.strategies import values

    return values()
