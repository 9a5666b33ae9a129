"""`python3 docs` makes anew what is generated: the table of rules, pictures, notebooks."""

import sys
from pathlib import Path


def main() -> int:
    """Start up, and write every generated file."""
    # `python3 docs` puts `docs/` on the path; the checkout, one up, is what has the packages.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from demos.start import start

    start("plot", "test")
    from docs import arrays, notebook, pictures, rooms, rules

    made = arrays.files() | rules.files() | rooms.files() | pictures.files() | notebook.files()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
