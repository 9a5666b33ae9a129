"""Files that are there whole or not at all: written beside, and renamed."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def write(path: str | os.PathLike[str], content: str | bytes, *, mode: int = 0o666) -> Path:
    r"""Put the content into a file, making folders as needed; its path.

    >>> import tempfile
    >>> write(Path(tempfile.mkdtemp(), "new", "note.txt"), "a line\n").read_text()
    'a line\n'

    If anything stops it, a full disk or Ctrl-C, what was there before is still there, whole. A
    file that is replaced keeps its mode, and a new one gets `mode` less the umask. Through a
    link it is the file at its end that is written. A device or a pipe is written to directly.

    Raises `OSError` with this path where it cannot be written.
    """
    target = Path(os.path.realpath(path))
    data = content.encode() if isinstance(content, str) else content
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target, data, mode)
    except OSError as error:  # which may name the draft
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None
    return Path(path)


def _replace(target: Path, data: bytes, mode: int) -> None:
    draft = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(draft, flags, mode), "wb") as file:
            file.write(data)
        with suppress(FileNotFoundError), target.open("r+b"):  # what may not be written, stays
            draft.chmod(stat.S_IMODE(target.stat().st_mode))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
