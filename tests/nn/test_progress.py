"""The progress bar: there when somebody looks and it takes long, on stderr only."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from tinygrad_bp import nn
from tinygrad_bp.nn.fit import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def fitted(**changes: Any) -> nn.History:
    return nn.fit(
        nn.Neuron(1, seed=0),
        [1.0, 2.0],
        [1.0, 2.0],
        loss="mse",
        optimizer=nn.SGD(0.01),
        epochs=4,
        batch_size=1,
        **changes,
    )


def terminal_for(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    found = Terminal()  # not as a fixture: pytest sets stderr once more before the test starts
    monkeypatch.setattr(sys, "stderr", found)
    return found


def test_a_wanted_bar_counts_batches_and_tells_the_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_for(monkeypatch)
    history = fitted(progress=True)

    assert "8/8" in terminal.getvalue()
    assert f"loss {history.loss:.4g}" in terminal.getvalue()


def test_an_unwanted_bar_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch)
    fitted(progress=False)

    assert terminal.getvalue() == ""


def test_short_work_has_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch)
    fitted()

    assert terminal.getvalue().strip() == ""


def test_long_work_in_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    fitted()

    assert "8/8" in terminal.getvalue()


def test_nothing_is_drawn_into_a_file(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    fitted()

    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]  # it is a StringIO
    assert capfd.readouterr() == ("", "")


def test_somebody_looks_at_a_terminal_or_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert progress.is_interactive()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not progress.is_interactive()
    monkeypatch.setattr(sys, "stderr", None)
    assert not progress.is_interactive()
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert progress.is_interactive()
