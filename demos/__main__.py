"""`python3 demos` runs every demo and leaves `out/index.html`; `python3 demos 002` runs one."""

import sys
from pathlib import Path


def main() -> int:
    """Start up, and hand over to the gallery."""
    # `python3 demos` puts `demos/` on the path; the checkout, one up, is what has the packages.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from demos.start import start

    start("jit", "plot")
    from demos import gallery

    return gallery.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
