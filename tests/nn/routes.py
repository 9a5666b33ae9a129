"""The three ways to train, asked for by name."""

from __future__ import annotations

from typing import Any

import pytest

from tinygrad_bp import nn
from tinygrad_bp.nn.fit import courses

ROUTES = ("eager", "source", "machine code")
RECORDED = ROUTES[1:]


def fit(route: str, model: Any, *data: Any, **settings: Any) -> nn.History:
    """`nn.fit` by this route."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(courses, "has_llvm", lambda: route == "machine code")
        history = nn.fit(model, *data, compiled=route != "eager", **settings)
    assert history.route == route
    return history
