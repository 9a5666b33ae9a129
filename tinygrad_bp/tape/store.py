"""A folder of compiled code: what this user has kept there, and nothing that anybody else has.

Machine code that is loaded is run, so a file is believed only if it carries a code that nobody
can make who does not have the user's secret: HMAC-SHA256 (RFC 2104) over the name that the
code is asked for by and the code itself. The secret is 32 random bytes that stand elsewhere,
readable by this user alone. What is damaged, cut short, renamed, or made by others is as if it
were not there.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

FORMAT = b"tinygrad_bp code 1\n"
CODE_LENGTH = 32
READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
LARGEST = 2**30
"""Bytes of a file that is still read."""


class Store:
    """Pieces of machine code in a folder, by name.

    >>> folder = Store(tempfile.mkdtemp(), secret=b"known to all")
    >>> folder.save("square", b"...")
    >>> folder.load("square"), folder.load("cube")
    (b'...', None)

    Any number of threads and processes may use a folder: a file is written under another name
    first. Files may be removed at any time.

    Raises `OSError` where the folder can not be made, `PermissionError` where others could
    have read the secret.
    """

    def __init__(self, folder: str | os.PathLike[str], *, secret: bytes = b"") -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._secret = secret or users_secret()

    def load(self, name: str) -> bytes | None:
        """What was kept under that name; `None` for nothing, and for what is not ours."""
        try:
            content = _content(self._path(name))
        except OSError:
            return None
        start = len(FORMAT) + CODE_LENGTH
        given, data = content[len(FORMAT) : start], content[start:]
        is_ours = content.startswith(FORMAT) and hmac.compare_digest(given, self._code(name, data))
        return data if is_ours else None

    def save(self, name: str, data: bytes) -> None:
        """Keep it; warn where that fails, as on a full disk."""
        try:
            handle, path = tempfile.mkstemp(dir=self.folder)
        except OSError as error:
            _warn(error)
            return
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(FORMAT + self._code(name, data) + data)
            Path(path).replace(self._path(name))
        except OSError as error:
            with suppress(OSError):
                Path(path).unlink()
            _warn(error)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.code"

    def _code(self, name: str, data: bytes) -> bytes:
        return hmac.digest(self._secret, name.encode() + b"\0" + data, hashlib.sha256)


def _warn(error: OSError) -> None:
    warnings.warn(f"compiled code was not kept: {error}", RuntimeWarning, stacklevel=5)


def _content(path: Path) -> bytes:
    """The bytes of a file; not of a pipe, which would keep us waiting, nor of a huge one."""
    handle = os.open(path, READING)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST:
            raise OSError(f"{path} is no file of machine code")
        return file.read()


# The secret -------------------------------------------------------------------------------


def users_secret() -> bytes:
    """The user's 32 bytes, made when they are first asked for."""
    path = secret_path()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(path)
    try:
        handle = os.open(path, READING | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise PermissionError(REFUSAL.format(path=path)) from error
    with os.fdopen(handle, "rb") as file:  # what is looked at is what is read
        _refuse_shared(path, os.fstat(handle))
        found = file.read(CODE_LENGTH + 1)
    if len(found) != CODE_LENGTH:
        raise PermissionError(f"{path} is not what was written there: remove it")
    return found


REFUSAL = (
    "{path} must be a file that only you can read, for whoever knows what is in it can "
    "make machine code that will be run here: remove it, and what was compiled so far"
)


def secret_path() -> Path:
    """Where the secret stands: in the folder for data of programs, not of documents."""
    home = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    folder = Path(home) if home else Path.home() / ".local" / "share"
    return folder / "tinygrad_bp" / "secret"


def _make(path: Path) -> None:
    """Write it under another name and link it: whoever comes second finds a whole one."""
    handle, new = tempfile.mkstemp(dir=path.parent)  # only the user can read it
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(CODE_LENGTH))
    with suppress(FileExistsError):
        os.link(new, path)
    Path(new).unlink()


def _refuse_shared(path: Path, facts: os.stat_result) -> None:
    if not hasattr(os, "getuid"):  # Windows: the folder is the user's own by inheritance
        return
    if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o077:
        raise PermissionError(REFUSAL.format(path=path))
