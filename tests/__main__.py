"""`python3 tests` runs the whole suite; with arguments it is pytest, with those arguments."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Only of the whole suite can it be said that it covers everything.
COVERED = ["--cov", "--cov-report=term", "--cov-fail-under=100"]


def workers() -> list[str]:
    """A process for each core that we may use; for one core none, which pytest calls 0.

    A file goes to one process: the blocks of a page share their names, top to bottom.
    """
    usable = getattr(os, "sched_getaffinity", None)
    cores = len(usable(0)) if usable else os.cpu_count() or 1
    return ["-n", str(cores if cores > 1 else 0), "--dist", "loadfile"]


def main() -> int:
    """Start up, and hand over to pytest."""
    # `python3 tests` puts `tests/` on the path; the checkout, one up, is what has the packages.
    sys.path.insert(0, str(ROOT))
    from demos.start import start

    start("plot", "test")
    import pytest

    arguments = sys.argv[1:]
    if not any(Path(argument.partition("::")[0]).exists() for argument in arguments):
        os.chdir(ROOT)  # No path is named: the suite, from wherever it is asked for.
    return pytest.main(arguments or [*COVERED, *workers()])


if __name__ == "__main__":
    sys.exit(main())
