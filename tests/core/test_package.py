"""What the package gives at its top level."""

from __future__ import annotations

import builtins
import subprocess
import sys
from importlib import import_module, metadata
from inspect import ismodule

import pytest

import tinygrad_bp
from tinygrad_bp.basics.public import public

PACKAGES = ["tinygrad_bp", *(f"tinygrad_bp.{name}" for name in ("check", "look", "nn", "tape"))]


def test_every_public_name_is_there() -> None:
    assert all(hasattr(tinygrad_bp, name) for name in tinygrad_bp.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'drow'"):
        tinygrad_bp.drow  # noqa: B018


@pytest.mark.parametrize("package", PACKAGES)
def test_the_public_names_are_those_of_the_stub(package: str) -> None:
    module = import_module(package)
    names = set(public(package))

    assert {name for name in dir(module) if not name.startswith("__")} == names
    assert set(module.__all__) == {name for name in names if not hasattr(builtins, name)}
    assert all(getattr(module, name) is not None for name in names)


def test_an_import_of_everything_hides_nothing_of_pythons() -> None:
    space: dict[str, object] = {}
    exec("from tinygrad_bp import *", space)

    assert space["Value"] is tinygrad_bp.Value
    assert "compile" in dir(tinygrad_bp)
    assert not {name for name in vars(builtins).keys() & space.keys() if name[0] != "_"}


def test_the_top_level_shows_three_modules_and_no_others() -> None:
    shown = {name for name in dir(tinygrad_bp) if ismodule(getattr(tinygrad_bp, name))}

    assert shown - {"__builtins__"} == {"check", "look", "nn"}


def test_pictures_and_checks_wait_until_they_are_asked_for() -> None:
    program = (
        "import sys, tinygrad_bp as tg;"
        "wait = {'tinygrad_bp.look.graphs', 'tinygrad_bp.check.checker'};"
        "assert not wait & sys.modules.keys();"
        "assert {'draw', 'check_gradient', 'nn'} <= set(dir(tg));"
        "tg.draw, tg.check_gradient, tg.nn.MLP, tg.look.play, tg.check.define;"
        "assert wait <= sys.modules.keys()"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_module_of_a_room_is_imported_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tinygrad_bp.check import programs, strategies

    monkeypatch.delitem(sys.modules, strategies.__name__)
    monkeypatch.delattr(programs, "strategies")

    assert (
        import_module("tinygrad_bp.check").__getattr__("strategies").__name__ == strategies.__name__
    )


def test_the_version_is_that_of_the_distribution() -> None:
    assert tinygrad_bp.__version__ == metadata.version("tinygrad_bp")
