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

# `.venv` may be somebody else's (uv and poetry make one too): then ours takes the second name.
FOLDERS = (".venv", f".venv-{PROJECT}")
# Present from the first moment in a folder that is ours; held while somebody installs into it.
LOCK = f"{PROJECT}.lock"
# Written last, so that an interrupted installation never counts as a finished one.
STAMP = f"{PROJECT}.json"
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
        folder = environment_folder(ROOT)
        if is_inside(folder) and is_ready(folder, extras):
            return
        if not is_inside(folder) and is_installed_here(extras):
            return  # An environment with this checkout installed in it is its owner's choice.
        if not is_ready(folder, extras):
            prepare(folder, extras)
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


def environment_folder(root: Path) -> Path:
    """The first of our names that is free or already ours."""
    folders = [root / name for name in FOLDERS]
    return next(filter(is_ours, folders), folders[-1])


def is_ours(folder: Path) -> bool:
    """Absent, empty or marked; anything else belongs to somebody."""
    if not folder.is_dir():
        return not os.path.lexists(folder)
    return (folder / LOCK).exists() or not any(folder.iterdir())


def python_of(folder: Path) -> Path:
    """Where an environment keeps its Python."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_inside(folder: Path) -> bool:
    """Does this very process run in `folder`?"""
    return Path(sys.prefix).resolve() == folder.resolve()


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


def stamp_in(folder: Path) -> dict[str, Any]:
    """The stamp of a finished environment; empty if there is none."""
    try:
        stamp: dict[str, Any] = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    # A link to a Python that has since been removed is no environment.
    return stamp if python_of(folder).exists() else {}


def is_ready(folder: Path, extras: Sequence[str]) -> bool:
    """Was it made from this very project, by this kind of Python, with at least these extras?"""
    stamp = stamp_in(folder)
    made_with = stamp.get("extras", [])
    return set(extras) <= set(made_with) and stamp == stamp_for(made_with)


def is_of_this_python(stamp: dict[str, Any]) -> bool:
    """May it be brought up to date? One made by another Python, or moved, is made anew."""
    now = stamp_for([])
    return all(stamp.get(key) == now[key] for key in ("python", "platform", "root"))


# Installing


def prepare(folder: Path, extras: Sequence[str]) -> None:
    """Install into `folder`, unless another start has just done so."""
    with holding(folder) as log:
        if not is_ready(folder, extras):
            install(folder, extras, log)


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[IO[str]]:
    """Mark `folder` as ours, keep other starts out of it, and give the file to log to."""
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / LOCK).open("a")
    except OSError as error:
        raise Trouble(
            f"The folder {folder} cannot be written: {error.strerror}.\n"
            "Copy the checkout to a folder of yours and run the same command there.\n"
            f"{OWN_ENVIRONMENT}"
        ) from error
    with lock:
        wait_for(lock)
        if os.name != "nt":
            # pip inherits the lock: were this process killed, pip would go on and still hold it.
            os.set_inheritable(lock.fileno(), True)  # noqa: FBT003  takes no keyword
        with (folder / LOG).open("w+", encoding="utf-8", errors="replace") as log:
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


def install(folder: Path, extras: Sequence[str], log: IO[str]) -> None:
    """Make the environment, or bring it up to date, and stamp it."""
    old = stamp_in(folder)
    with contextlib.suppress(FileNotFoundError):
        (folder / STAMP).unlink()

    if is_of_this_python(old):
        wanted = sorted({*extras, *old["extras"]})
        with progress(f"bringing {folder.name} up to date, some seconds"):
            install_project(folder, wanted, log)
    else:
        wanted = sorted(extras)
        with progress(f"installing into {folder.name}, about half a minute, this once"):
            make_environment(folder, log)
            install_project(folder, wanted, log)

    write_whole(folder / STAMP, json.dumps(stamp_for(wanted), indent=2) + "\n")


def install_project(folder: Path, extras: Sequence[str], log: IO[str]) -> None:
    """The checkout, editable: what runs is what stands in the files."""
    try:
        install_editable(folder, extras, log)
    except Trouble:
        # Machine code changes no number, so where nobody has built its wheel it is left out.
        if FASTER not in extras:
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
    empty(folder)
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


def empty(folder: Path) -> None:
    """Remove what an unfinished or outdated environment left, but not the files held open."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in (LOCK, LOG):
            path.unlink()


def run_logged(command: Sequence[str], log: IO[str]) -> None:
    """Run silently; if it fails, show the end of what it said."""
    log.write(f"$ {' '.join(command)}\n")
    log.flush()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment(PIP_USER="0"),  # Whoever set `--user` did not mean it for a venv.
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
        f"The installation failed. Its last lines:\n\n  {end}\n\n"
        f"All of them: {log}\n{way_out}\n{OWN_ENVIRONMENT}"
    )


def write_whole(path: Path, text: str) -> None:
    """Write so that a reader sees all of it or nothing."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


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
