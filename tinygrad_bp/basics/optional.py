"""Packages that only checking needs, imported when they are asked for."""

from __future__ import annotations

import importlib
import sys
from typing import Any


def hypothesis() -> Any:
    """The package Hypothesis."""
    return _imported("hypothesis", "strategies")


def mpmath() -> Any:
    """The package mpmath."""
    # Asked for at every step of a computation, so by the quickest way there is.
    return sys.modules.get("mpmath") or _imported("mpmath", "50 digits")


def _imported(name: str, what: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{what} need {name}, which is not installed here: pip install 'tinygrad_bp[check]'",
            name=error.name,
        ) from error
