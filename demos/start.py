"""Make an environment for this checkout and go on inside it: what both commands do first.

Needs nothing but a Python: only the standard library is imported here, and the file still
parses on Python 3.7, so that an old Python gets a sentence and not a traceback.

`python3 demos/start.py lint` makes the environment ready with that extra and prints its Python.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "tinygrad_bp"
OLDEST = (3, 10)
NEWER = [f"python3.{minor}" for minor in range(20, OLDEST[1] - 1, -1)]

# Ours alone, with a folder for each environment, which is never changed once it is finished.
HOME = ROOT / f".venv-{PROJECT}"
LINK = ROOT / ".venv"  # for people: a link to the one in use, unless the name is somebody else's
KEPT = 3  # those used last, so that an older commit finds its own
LOCK = f"{PROJECT}.lock"  # held while somebody installs
STAMP = f"{PROJECT}.json"  # written last: an environment without it is not finished
LOG = f"{PROJECT}.log"

PIP_INSTALL = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
FASTER = "jit"
UNREACHABLE = re.compile(
    r"Max retries|NewConnection|No matching distribution|Read timed out|ReadTimeout|ProxyError"
    r"|Connection(Reset|Refused|Timeout)|SSLError|name resolution|Network is unreachable"
)

OWN_ENVIRONMENT = (
    "Or use an environment of your own: `python -m pip install -e '.[plot,test]'` in it, "
    "then this command with its Python."
)
NO_PIP = (
    "This Python has neither `ensurepip` nor `pip`, so nothing can be installed with it.\n"
    "Debian and Ubuntu: `apt install python3-venv`. Others: the package that holds pip.\n"
    f"Then run the same command again.\n{OWN_ENVIRONMENT}"
)


class Trouble(Exception):  # noqa: N818  a sentence for a person, not an error to handle
    """Why this cannot start, and the way out."""


def start(*extras: str) -> None:
    """Return inside an environment that holds the project and its `extras`.

    Anywhere else, make that environment if need be, and run this program again inside it.
    """
    try:
        require_supported_python()
        here = Path(sys.prefix).resolve()
        if here.parent != HOME.resolve() and is_installed_here(extras):
            return  # An environment with this checkout installed in it is its owner's choice.
        folder = ready(extras) or prepare(extras)
        show(folder)
        if folder.resolve() != here:
            run_again(folder)
    except Trouble as trouble:
        sys.exit(f"{PROJECT}: cannot start.\n{trouble}")
    except KeyboardInterrupt:
        say("interrupted; the same command starts over")
        sys.exit(130)


def require_supported_python() -> None:
    """Say so if this Python is too old, and name one that is not."""
    if sys.version_info >= OLDEST:
        return
    newer = next(filter(runs, NEWER), None)
    way_out = (
        f"This machine has one: run the same command with `{newer}`."
        if newer
        else "Install a newer Python, and run the same command with it."
    )
    raise Trouble(
        f"This is Python {platform.python_version()}, and {PROJECT} needs "
        f"{OLDEST[0]}.{OLDEST[1]} or newer.\n{way_out}"
    )


def runs(python: str) -> bool:
    """Does such a Python run? One that is found may be a version manager's empty promise."""
    if shutil.which(python) is None:
        return False
    return subprocess.call([python, "-c", ""], stderr=subprocess.DEVNULL) == 0


# Which environment


def python_of(folder: Path) -> Path:
    """Where an environment keeps its Python."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def finished() -> dict[Path, dict[str, Any]]:
    """The environments that are finished, with their stamps, those used last first."""
    found = []
    for path in HOME.glob(f"*/{STAMP}"):
        with contextlib.suppress(OSError, ValueError):
            stamp = json.loads(path.read_text(encoding="utf-8"))
            # One whose Python has since been removed from the machine is none.
            if python_of(path.parent).exists():
                found.append((path.stat().st_mtime, path.parent, stamp))
    return {folder: stamp for _, folder, stamp in sorted(found, reverse=True)}


def ready(extras: Sequence[str]) -> Path | None:
    """The one made from this very project, by this kind of Python, with at least these extras."""
    for folder, stamp in finished().items():
        if set(extras) <= set(stamp["extras"]) and stamp == stamp_for(stamp["extras"]):
            return folder
    return None


def is_installed_here(extras: Sequence[str]) -> bool:
    """Does the running Python have this very checkout, editable, and all that `extras` need?"""
    # Imported late: old Pythons have none.
    from importlib import metadata

    try:
        project = metadata.distribution(PROJECT)
        for name in names_of_requirements(project.requires or [], extras):
            metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    origin = json.loads(project.read_text("direct_url.json") or "{}")
    editable = origin.get("dir_info", {}).get("editable", False)
    return bool(editable) and origin.get("url") == ROOT.as_uri()


def names_of_requirements(requirements: Sequence[str], extras: Sequence[str]) -> list[str]:
    """`["numpy>=1", "ruff; extra == 'lint'"], []` gives `["numpy"]`."""
    pattern = re.compile(r"([\w.-]+)(?:.*extra\s*==\s*['\"]([\w-]+))?")
    found = [match.groups() for match in map(pattern.match, requirements) if match]
    return [name for name, extra in found if extra is None or extra in extras]


# Whether it is finished


def stamp_for(extras: Sequence[str]) -> dict[str, Any]:
    """What an environment is made of. If any of it changes, the environment is out of date."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return {
        "python": sys.implementation.cache_tag,
        "platform": [sys.platform, platform.machine()],
        # An editable installation points at the checkout: a moved one needs a new pointer.
        "root": str(ROOT),
        "project": hashlib.sha256(what_is_installed(project).encode()).hexdigest(),
        "extras": sorted(extras),
    }


def what_is_installed(project: str) -> str:
    """The tables of pyproject.toml but for those of tools: a lint rule changes no environment."""
    tables = re.split(r"^(?=\[)", project, flags=re.MULTILINE)
    return "".join(table for table in tables if not re.match(r"\[+tool\.(?!hatch\b)", table))


# Installing


def prepare(extras: Sequence[str]) -> Path:
    """A new environment, unless another start has just made one."""
    with holding() as log:
        return ready(extras) or install(extras, log)


@contextlib.contextmanager
def holding() -> Iterator[IO[str]]:
    """Keep other starts out, and give the file to log to."""
    try:
        HOME.mkdir(exist_ok=True)
        lock = (HOME / LOCK).open("a")
    except OSError as error:
        raise Trouble(
            f"The folder {HOME} cannot be written: {error.strerror}.\n"
            "Copy the checkout to a folder of yours and run the same command there.\n"
            f"{OWN_ENVIRONMENT}"
        ) from error
    with lock:
        wait_for(lock)
        if os.name != "nt":
            # pip inherits the lock: were this process killed, pip would go on and still hold it.
            os.set_inheritable(lock.fileno(), True)  # noqa: FBT003  takes no keyword
        with (HOME / LOG).open("w+", encoding="utf-8", errors="replace") as log:
            yield log


def wait_for(lock: IO[str]) -> None:
    """Take the lock. The system releases it when its last holder ends, however that ends."""
    if took(lock):
        return
    say("another start is installing; waiting for it")
    while not took(lock):
        time.sleep(0.2)


def took(lock: IO[str]) -> bool:
    """Take the lock if it is free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def install(extras: Sequence[str], log: IO[str]) -> Path:
    """Make an environment beside those that are there, and only then remove the oldest."""
    known = finished()
    for folder in folders():
        if folder not in known:  # interrupted, or its Python is gone
            remove(folder)
    wanted = sorted({*extras, *(known[next(iter(known))]["extras"] if known else ())})
    folder = HOME / str(1 + max((int(path.name) for path in folders()), default=0))
    with progress(f"installing into {folder.relative_to(ROOT)}, about half a minute"):
        make_environment(folder, log)
        install_project(folder, wanted, log)
    draft = folder / f"{STAMP}.draft"
    draft.write_text(json.dumps(stamp_for(wanted), indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / STAMP)
    for old in [*finished()][KEPT:]:
        remove(old)
    return folder


def folders() -> list[Path]:
    """All environments, finished or not."""
    return [path for path in HOME.iterdir() if path.name.isdecimal()]


def remove(folder: Path) -> None:
    """Remove an environment, but not the one that this very process runs in."""
    if folder.resolve() != Path(sys.prefix).resolve():
        shutil.rmtree(folder, ignore_errors=True)


def show(folder: Path) -> None:
    """Let `.venv` be a link to it, where that name is free or ours and there are links."""
    with contextlib.suppress(OSError):
        os.utime(folder / STAMP)  # used last
        if (LINK / LOCK).is_file():  # as it was made before there were several
            remove(LINK)
        is_ours = LINK.is_symlink() and LINK.resolve().parent == HOME
        if LINK.resolve() != folder and (is_ours or not os.path.lexists(LINK)):
            draft = HOME / f"link-{os.getpid()}"
            draft.symlink_to(Path(HOME.name, folder.name))
            draft.replace(LINK)


def install_project(folder: Path, extras: Sequence[str], log: IO[str]) -> None:
    """The checkout, editable: what runs is what stands in the files."""
    try:
        install_editable(folder, extras, log)
    except Trouble as trouble:
        # Machine code changes no number, so where nobody has built its wheel it is left out.
        if FASTER not in extras or "llvmlite" not in str(trouble):
            raise
        install_editable(folder, [extra for extra in extras if extra != FASTER], log)
        print(file=sys.stderr)  # The line that says what is going on is not at its end.
        say(f"without the extra '{FASTER}', which could not be installed: same numbers, slower")


def install_editable(folder: Path, extras: Sequence[str], log: IO[str]) -> None:
    """What pip is asked. It would try for minutes to build llvmlite, which needs an LLVM."""
    project = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    options = ["--only-binary", "llvmlite", "--editable", project]
    run_logged([str(python_of(folder)), *PIP_INSTALL, *options], log)


def make_environment(folder: Path, log: IO[str]) -> None:
    """An environment with nothing but pip in it."""
    make = [sys.executable, "-m", "venv", str(folder)]
    if not has("venv") or not (has("ensurepip") or has("pip")):
        raise Trouble(NO_PIP)
    if has("ensurepip"):
        run_logged(make, log)
        return
    # Debian takes ensurepip out of Python, and has its pip refuse to install for the system.
    # But any pip may install a pip into a folder (`pip --python` would need 22.3).
    run_logged([*make, "--without-pip"], log)
    ask = [str(python_of(folder)), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site_packages = subprocess.check_output(ask, universal_newlines=True).strip()
    run_logged([sys.executable, *PIP_INSTALL, "--target", site_packages, "pip"], log)


def has(module: str) -> bool:
    """Has the running Python such a module?"""
    return importlib.util.find_spec(module) is not None


def run_logged(command: Sequence[str], log: IO[str]) -> None:
    """Run silently; if it fails, show the end of what it said."""
    log.write(f"$ {' '.join(command)}\n")
    log.flush()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        # `--user` was not meant for a venv. Without a network, pip would go on trying for long.
        env=environment(PIP_USER="0", PIP_RETRIES=os.environ.get("PIP_RETRIES", "2")),
        close_fds=os.name == "nt",  # Elsewhere it inherits the lock: see `holding`.
    )
    try:
        code = process.wait()
    finally:
        process.kill()  # An interrupted one; does nothing to one that has ended.
        process.wait()
    if code != 0:
        log.seek(0)
        raise Trouble(explanation(log.read(), log.name))


def explanation(output: str, log: str) -> str:
    """The last lines of a failed installation, and the likeliest way out."""
    lines = [line for line in output.splitlines() if not line.startswith("WARNING")]
    end = "\n  ".join(lines[-8:])
    way_out = (
        "It looks as if the package index could not be reached. With a network (and pip's "
        "proxy settings, where there is a proxy), run the same command again."
        if UNREACHABLE.search(output)
        else "With that put right, run the same command again."
    )
    return (
        f"The installation failed; what was installed before is as it was. "
        f"Its last lines:\n\n  {end}\n\n"
        f"All of them: {log}\n{way_out}\n{OWN_ENVIRONMENT}"
    )


# Going on


def run_again(folder: Path) -> NoReturn:
    """Run this same command in the environment, and end as it ends."""
    command = [str(python_of(folder)), *sys.argv]
    if os.name != "nt":
        # The same process goes on: its signals, its exit code and its terminal stay its own.
        os.execve(command[0], command, environment())
    # Windows has no exec. Ctrl-C reaches the child too, which alone decides what it means.
    with subprocess.Popen(command, env=environment()) as process:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                sys.exit(process.wait())


def environment(**more: str) -> dict[str, str]:
    """The variables of this process, without those that leak other packages into ours."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH")}
    return {**kept, **more}


@contextlib.contextmanager
def progress(what: str) -> Iterator[None]:
    """One line that says what is going on, and at its end how long it took."""
    began = time.monotonic()
    say(f"{what} ...", end="")
    try:
        yield
    except BaseException:
        print(file=sys.stderr)
        raise
    print(f" {time.monotonic() - began:.0f} s", file=sys.stderr)


def say(text: str, end: str = "\n") -> None:
    """On stderr: stdout belongs to the program that is being started."""
    print(f"{PROJECT}: {text}", end=end, file=sys.stderr, flush=True)


def main() -> None:
    """Make the environment ready with the extras that were named, and print its Python."""
    start(*sys.argv[1:])
    print(sys.executable)


if __name__ == "__main__":
    main()
