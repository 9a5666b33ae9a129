"""What a terminal can show, and what stands there if it cannot."""

import io

import pytest
from hypothesis import given, strategies as st

from tinygrad_bp.look.words.terminal import can_show, fitted, in_ascii, rich_text


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding, *, is_tty=True):
        super().__init__(io.BytesIO(), encoding=encoding)
        self.is_tty = is_tty

    def isatty(self):
        return self.is_tty


@pytest.fixture(autouse=True)
def _a_clever_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")


def test_what_the_encoding_has_stays():
    assert fitted("a → b", Terminal("utf-8")) == "a → b"
    assert fitted("2·x", Terminal("latin-1")) == "2·x"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_what_the_encoding_lacks_becomes_ascii(encoding):
    assert fitted("└─ a → b", Terminal(encoding)) == "`- a -> b"


def test_a_dumb_terminal_gets_ascii_and_a_file_does_not(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")

    assert fitted("½·x", Terminal("utf-8")) == "1/2*x"
    assert fitted("½·x", Terminal("utf-8", is_tty=False)) == "½·x"


def test_standard_output_decides(monkeypatch):
    monkeypatch.setattr("sys.stdout", Terminal("ascii"))
    assert fitted("∂") == "d"

    monkeypatch.setattr("sys.stdout", None)
    assert fitted("∂") == "∂"


@given(st.text())
def test_ascii_is_what_every_terminal_can_show(text):
    assert can_show(in_ascii(text), Terminal("ascii"))
    assert in_ascii(in_ascii(text)) == in_ascii(text)


def test_trees_and_columns_keep_their_width():
    lines = "├─│└┌┐┘┬┴┼━•○▼·×"

    assert len(in_ascii(lines)) == len(lines)


def test_rich_gets_styles_and_no_markup():
    pytest.importorskip("rich", reason="rich shows the colours")

    text = rich_text("w[0] = [red]5", {r"(\S+) =": "bold", r"\d$": "blue"})

    assert text.plain == "w[0] = [red]5"
    assert [(span.start, span.end, span.style) for span in text.spans] == [
        (0, 4, "bold"),
        (12, 13, "blue"),
    ]
