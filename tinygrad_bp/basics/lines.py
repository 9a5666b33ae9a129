"""The user's own source lines: the one that is running, and the one that made a value."""

from __future__ import annotations

import functools
import linecache
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

from tinygrad_bp.basics.beside import Beside
from tinygrad_bp.basics.escapes import visible

NOT_THE_USERS = (
    str(Path(__file__).parents[1]) + os.sep,
    str(Path(np.__file__).parent) + os.sep,
    functools.__file__,  # a `cached_property` of this package stands between it and its user
)
"""Folders and files whose lines are not what a message should point at."""


@dataclass(frozen=True)
class SourceLine:
    """A line of a program.

    >>> line = SourceLine("train.py", 12, "loss_of", "return log(p)")
    >>> print(line)
    train.py, line 12: return log(p)
    """

    file: str
    line: int
    function: str
    """The innermost function around it, `<module>` outside of all."""
    text: str = field(compare=False)
    """What stands there, without the space around it; empty where the file cannot be read."""

    def __str__(self) -> str:
        return self._told(self.file)

    @property
    def brief(self) -> str:
        """The same without the file's folders: what a tape keeps, which goes to others."""
        return self._told(Path(self.file).name)

    def _told(self, file: str) -> str:
        return visible(f"{file}, line {self.line}{f': {self.text}' if self.text else ''}")


Place = tuple[CodeType, int]
"""A piece of code, and where in it: what finding a line needs, and quick to keep."""

_places: Beside[Place] = Beside()
"""Where values were made. Beside the values, so that those of no interest stay small."""


def user_line() -> SourceLine:
    """The innermost line outside this package and NumPy that the running call comes from."""
    return _line_at(*_place_of(_users_frame()))


def remember(value: Any) -> None:
    """Keep the user's running line as the one that made the value."""
    _places[value] = _place_of(_users_frame())


def line_of(value: Any) -> SourceLine | None:
    """The line that made the value, if it was kept."""
    place = _places.get(value)
    return place and _line_at(*place)


def _users_frame() -> FrameType:
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(NOT_THE_USERS):
        frame = frame.f_back
    return frame


def _place_of(frame: FrameType) -> Place:
    # Not frame.f_lineno, which goes through a table of the whole function to find it.
    return frame.f_code, frame.f_lasti


def _line_at(code: CodeType, instruction: int) -> SourceLine:
    # An instruction that stands for no line has none.
    lines = (line for start, end, line in code.co_lines() if start <= instruction < end)
    number = next(lines, None) or code.co_firstlineno
    text = linecache.getline(code.co_filename, number).strip()
    return SourceLine(code.co_filename, number, code.co_name, text)
