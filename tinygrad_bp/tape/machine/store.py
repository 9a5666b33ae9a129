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
import warnings
from contextlib import suppress
from pathlib import Path

from tinygrad_bp.basics.files import write

FORMAT = b"tinygrad_bp code 1\n"
CODE_LENGTH = 32
READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
SUFFIX = ".tinygrad_bp"
LIMIT = 2**28
"""Bytes that a folder may hold; what was used longest ago is removed first."""


class Store:
    """Pieces of machine code in a folder, by name.

    >>> import tempfile
    >>> folder = Store(tempfile.mkdtemp(), secret=b"known to all")
    >>> folder.save("square", b"...")
    >>> folder.load("square"), folder.load("cube")
    (b'...', None)

    Any number of threads and processes may use a folder, and files may be removed at any time.

    Raises `OSError` where the folder cannot be made, `PermissionError` where others could
    have read the secret, `RuntimeError` where the user has no home for it.
    """

    def __init__(self, folder: str | os.PathLike[str], *, secret: bytes = b"") -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._secret = secret or users_secret()
        self._takes_more = True

    def load(self, name: str) -> bytes | None:
        """What was kept under that name; `None` for nothing, and for what is not ours."""
        path = self._path(name)
        try:
            content = _content(path)
        except OSError:
            return None
        with suppress(OSError):  # in a folder that can only be read
            os.utime(path)
        start = len(FORMAT) + CODE_LENGTH
        given, data = content[len(FORMAT) : start], content[start:]
        is_ours = content.startswith(FORMAT) and hmac.compare_digest(given, self._code(name, data))
        return data if is_ours else None

    def save(self, name: str, data: bytes) -> None:
        """Keep it; where that fails, as on a full disk, warn, and keep nothing more."""
        if not self._takes_more:
            return
        try:
            write(self._path(name), FORMAT + self._code(name, data) + data)
            self._make_room()
        except OSError as error:
            self._takes_more = False
            _warn(self.folder, error)

    def _make_room(self) -> None:
        files = []
        for path in self.folder.glob(f"*{SUFFIX}"):
            with suppress(FileNotFoundError):  # another process makes room, too
                facts = path.stat()
                files.append((facts.st_mtime, facts.st_size, path))
        room = LIMIT
        for _, size, path in sorted(files, reverse=True):
            room -= size
            if room < 0:
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def _code(self, name: str, data: bytes) -> bytes:
        return hmac.digest(self._secret, name.encode() + b"\0" + data, hashlib.sha256)


def opened(folder: str | os.PathLike[str]) -> Store | None:
    """The store there; where there can be none, a warning, and `None`: it only saves time."""
    try:
        return Store(folder)
    except (OSError, RuntimeError) as error:
        _warn(folder, error)
        return None


def _warn(folder: str | os.PathLike[str], error: Exception) -> None:
    warnings.warn(
        f"compiled code is not kept in {os.fspath(folder)!r}: {error}", RuntimeWarning, stacklevel=2
    )


def _content(path: Path) -> bytes:
    """The bytes of a file; not of a pipe, which would keep us waiting, nor of a huge one."""
    handle = os.open(path, READING)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LIMIT:
            raise OSError(f"{path} is no file of machine code")
        return file.read()


# The secret -------------------------------------------------------------------------------


def users_secret() -> bytes:
    """The user's 32 bytes, made when they are first asked for."""
    path = secret_path()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Of two who come at once the later one has made it: code of the other is no longer ours.
        write(path, secrets.token_bytes(CODE_LENGTH), mode=0o600)
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


def _refuse_shared(path: Path, facts: os.stat_result) -> None:
    if not hasattr(os, "getuid"):  # Windows: the folder is the user's own by inheritance
        return
    if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o077:
        raise PermissionError(REFUSAL.format(path=path))
