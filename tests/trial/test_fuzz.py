"""The fuzzer, for a moment, and that it would notice."""

from __future__ import annotations

import builtins
import random
from pathlib import Path

import pytest

import tinygrad_bp as tg
from tests.trial import fuzz


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_bad_input_is_refused_or_right(target: str) -> None:
    for seed in range(20):
        fuzz.TARGETS[target](random.Random(f"{target} {seed}"))


def test_a_file_that_is_run_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def running(_path: Path) -> tg.Tape:
        exec(fuzz.CODE)
        raise ValueError

    monkeypatch.setattr(fuzz, "load", running)

    assert fuzz.piece("tape", 0) == fuzz.PIECE
    assert "code in a file was run" in capsys.readouterr().out
    assert not hasattr(builtins, fuzz.RAN)


def test_a_wrong_answer_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fuzz, "doubled", lambda xs: xs * 2.0 + random.random())
    monkeypatch.setattr(fuzz, "PIECE", 20)

    assert fuzz.piece("boundary", 0) > 0
    assert "gives" in capsys.readouterr().out
