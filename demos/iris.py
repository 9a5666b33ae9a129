"""Fisher's Iris: 150 flowers of three species, ready for a network to learn from.

``iris.csv`` holds the measurements as Fisher printed them ("The use of multiple measurements in
taxonomic problems", Annals of Eugenics 7, 1936), in centimetres, one decimal each, 50 rows a
species. It is the version that scikit-learn and R carry. The copy in the UCI Machine Learning
Repository (https://doi.org/10.24432/C56C76, CC BY 4.0) differs from Fisher in two rows: number 35
should read 0.2 in its fourth column, and number 38 should read 3.6 and 1.4 in its second and
third; here they do. Measurements are facts: UCI's licence, which asks for the attribution just
given, is the strictest claim known on the data.

>>> flowers = load()
>>> flowers.measurements.shape, flowers.species[:2]
((150, 4), ('setosa', 'setosa'))
>>> flowers.measurements[[34, 37]].tolist()
[[4.9, 3.1, 1.5, 0.2], [4.9, 3.6, 1.4, 0.1]]
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

FILE = Path(__file__).with_name("iris.csv")
SPECIES = ("setosa", "versicolor", "virginica")


class Flowers(NamedTuple):
    """Measurements (m, 4): sepal length and width, petal length and width; and m species' names."""

    measurements: Array
    species: tuple[str, ...]


def load(*, species: Sequence[str] = SPECIES) -> Flowers:
    """The flowers of these species, in the file's order."""
    with FILE.open(newline="", encoding="utf-8") as lines:
        _header, *rows = csv.reader(lines)
    chosen = [row for row in rows if row[-1] in species]
    return Flowers(
        np.array([row[:-1] for row in chosen], dtype=float), tuple(row[-1] for row in chosen)
    )


def one_hot(species: Sequence[str]) -> Array:
    """A target (m, kinds) for each flower: 1 in its species' column, 0 in the others.

    Columns stand in order of name.

    >>> one_hot(["versicolor", "virginica"]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return np.array([[float(name == kind) for kind in sorted(set(species))] for name in species])


def folds(
    species: Sequence[str], *, rng: np.random.Generator, count: int = 5
) -> Iterator[tuple[Indices, Indices]]:
    """Rows to train on and rows to hold out, ``count`` times.

    Each fold has its share of every species. Every row is held out once; both lists come shuffled.

    >>> train, held_out = next(folds(["a"] * 4 + ["b"] * 4, rng=np.random.default_rng(0), count=2))
    >>> sorted(int(row) // 4 for row in held_out)
    [0, 0, 1, 1]
    """
    names = np.array(species)
    # Each species dealt out in turn, like cards.
    dealt = [rng.permutation(np.flatnonzero(names == kind)) for kind in sorted(set(species))]
    for fold in range(count):
        held_out = np.concatenate([rows[fold::count] for rows in dealt])
        yield (
            rng.permutation(np.setdiff1d(np.arange(len(names)), held_out)),
            rng.permutation(held_out),
        )


def standardised(rows: Array, *, by: Array) -> Array:
    """Each column of ``rows`` less that column's mean in ``by``, in units of its deviation there.

    ``by`` is the training rows: a held-out flower must not help to choose its own scale.
    """
    result: Array = (rows - by.mean(axis=0)) / by.std(axis=0)
    return result
