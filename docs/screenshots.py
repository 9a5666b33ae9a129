"""`python -m docs.screenshots` photographs the player for the pages; it needs a browser.

Not a part of `python3 docs`: two browsers draw two pictures.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from demos import document_001
from docs.pictures import IMAGES
from tests.look.browser import Browser
from tinygrad_bp import nn, play

START = np.random.default_rng(9).standard_normal(9)


def main() -> int:
    """Make all of them anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        passes, training = pages(folder)
        browser = Browser(folder / "profile")
        try:
            for address, target, scheme, size in (
                (f"{passes}#step=25", "player.webp", "light", (1280, 680)),
                (f"{training}#step=31", "player-training.webp", "dark", (1280, 900)),
            ):
                with browser.page(
                    prefers_color_scheme=scheme, prefers_reduced_motion="reduce"
                ) as page:
                    page.resize(*size)
                    page.open(address)
                    page.evaluate("document.fonts.ready.then(() => 0)")
                    (IMAGES / target).write_bytes(page.picture("webp"))
                    sys.stdout.write(f"{IMAGES / target}\n")
        finally:
            browser.close()
    return 0


def pages(folder: Path) -> tuple[str, str]:
    """Both passes over a loss of document 001's network; and how a network learns exclusive or."""
    loss = (document_001.network(START)([-2.0, -1.0]) - 1.0) ** 2
    loss.label = "loss"
    play(loss, folder / "passes.html", title="A loss of document 001's network")
    model = nn.MLP(2, [3, 1], activation="tanh", output_activation="sigmoid", seed=3)
    inputs, labels = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    history = nn.fit(
        model,
        inputs,
        labels,
        loss="binary_cross_entropy",
        optimizer=nn.SGD(0.5),
        epochs=2000,
        snapshots=np.geomspace(1, 2000, 60).astype(int),
    )
    play(
        history,
        folder / "training.html",
        model=model,
        inputs=inputs,
        targets=labels,
        loss="binary_cross_entropy",
        title="Exclusive or, learnt",
    )
    return (folder / "passes.html").as_uri(), (folder / "training.html").as_uri()


if __name__ == "__main__":
    sys.exit(main())
