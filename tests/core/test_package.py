"""What the package gives at its top level."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import tinygrad_bp
from tinygrad_bp.look.draw import draw


def test_every_public_name_is_there() -> None:
    assert all(hasattr(tinygrad_bp, name) for name in tinygrad_bp.__all__)


def test_draw_is_imported_when_it_is_asked_for() -> None:
    program = (
        "import sys, tinygrad_bp;"
        "assert 'tinygrad_bp.look' not in sys.modules;"
        "tinygrad_bp.draw;"
        "assert 'tinygrad_bp.look' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

    assert tinygrad_bp.draw is draw


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'drow'"):
        tinygrad_bp.drow  # noqa: B018


@pytest.mark.parametrize("package", ["tinygrad_bp", "tinygrad_bp.check"])
def test_a_prompt_completes_names_that_are_not_imported_yet(package: str) -> None:
    program = (
        f"import {package} as package;"
        "late = set(package.LATE);"
        "assert late - set(vars(package));"
        "assert late <= set(dir(package))"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
    module = import_module(package)
    assert set(module.LATE) <= set(dir(module))
