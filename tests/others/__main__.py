"""Run the suite of another engine on this one: `python3 -m tests.others NAME PATH`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

SUITES = ("hips", "mygrad", "jax", "chainrules", "stan", "torch")


def main() -> int:
    """Print the counts; 1 if there is a difference that no decision explains."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.others", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("checkout", type=Path)
    asked = parser.parse_args()
    suite = importlib.import_module(f"tests.others.{asked.suite}")
    counts = suite.run(asked.checkout.resolve(strict=True))
    print(counts.report(suite.DECISIONS))
    return 1 if counts.unexplained(suite.DECISIONS) else 0


if __name__ == "__main__":
    raise SystemExit(main())
