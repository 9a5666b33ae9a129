"""What the package gives at its top level."""

from __future__ import annotations

import subprocess
import sys

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
