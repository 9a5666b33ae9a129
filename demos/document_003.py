"""Document 003: mini-batch gradient descent, stated there and never run, on Fisher's Iris.

The document states the algorithm, builds a [4, 5, 2] network, prints its numbers and stops. Four
inputs are what a flower of Iris has: two outputs tell two species apart, three all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat

import numpy as np

from demos import iris
from demos.reference import document_003 as reference
from demos.report import (
    THRESHOLD,
    Claim,
    Prose,
    Report,
    Table,
    Timing,
    Transcript,
    graphs,
    largest_gap,
    last,
    linted,
    plot,
    same,
    timed,
    within,
)
from tinygrad_bp import Value, nn
from tinygrad_bp.look import plot_history

TWO = iris.SPECIES[1:]
BATCH = 5
ENOUGH = 0.93


@dataclass(frozen=True)
class Batches:
    """What to train on, and how."""

    inputs: np.ndarray
    targets: np.ndarray
    rate: float
    epochs: int


@dataclass(frozen=True)
class Fold:
    """What came of one fold: the history, the held-out targets and the outputs for them."""

    history: nn.History
    targets: np.ndarray
    outputs: np.ndarray
    gap: float
    cost: float
    reference_cost: float
    reference_seconds: float

    @property
    def right(self) -> int:
        """How many held-out flowers the largest output names rightly."""
        return int((self.outputs.argmax(axis=1) == self.targets.argmax(axis=1)).sum())


def main(*, epochs: int = 30) -> Report:
    """Three five-fold cross-validations."""
    two = cross_validated([4, 5, 2], TWO, rate=3.0, epochs=epochs)
    three = cross_validated([4, 5, 3], iris.SPECIES, rate=3.0, epochs=epochs)
    printed = cross_validated([4, 5, 2], TWO, rate=1.0, epochs=epochs, start=reference.PRINTED)
    gap = max(fold.gap for fold in [*two, *three, *printed])
    return Report(
        title="003: mini-batches, on Iris",
        idea="The document states mini-batch descent for a network [4, 5, 2], prints its random "
        "start and never trains it. Here it is trained to tell versicolor from virginica, and as "
        f"[4, 5, 3] all three species: batches of {BATCH}, {epochs} epochs, quadratic cost, every "
        "flower held out once in five folds, inputs standardised by the flowers trained on.",
        claims=[
            accuracy_claim("[4, 5, 2], two species", two),
            accuracy_claim("[4, 5, 3], all species", three),
            accuracy_claim(
                "[4, 5, 2] from the document's printed numbers",
                printed,
                "output 15, 16, not trained there",
            ),
            within(1e-9, gap, "in all 15 folds"),
            cost_claim("[4, 5, 3], all species", three),
        ],
        timings=[
            timing("[4, 5, 2], five folds", two),
            timing("[4, 5, 3], five folds", three),
        ],
        parts=[
            confusion_table("Held-out flowers, [4, 5, 2].", two, TWO),
            confusion_table("Held-out flowers, [4, 5, 3].", three, iris.SPECIES),
            plot("The cost of [4, 5, 3] in each fold", plot_history(curves(three))),
            plot("The cost of [4, 5, 2] in each fold", plot_history(curves(two))),
            Prose(
                "From the document's own numbers",
                "The weights that it prints, trained at rate 1; untrained they name "
                f"{untrained()} of 100 flowers rightly.",
            ),
            *graphs("[4, 5, 2] at the document's numbers", first_cost()),
            checked(),
        ],
        gap=gap,
        numbers={"two": accuracy(two), "three": accuracy(three), "printed": accuracy(printed)},
    )


def cross_validated(
    sizes: list[int],
    species: Sequence[str],
    *,
    rate: float,
    epochs: int,
    start: reference.Network | None = None,
) -> list[Fold]:
    """Each fold trained from a start of its own, or all from the one that is given."""
    flowers = iris.load(species=species)
    targets = iris.one_hot(flowers.species)
    rng = np.random.default_rng(0)
    folds = []
    for rows, held_out in iris.folds(flowers.species, rng=rng):
        inputs = iris.standardised(flowers.measurements, by=flowers.measurements[rows])
        begin = start or reference.start(sizes, rng)
        model = network(begin)
        batches = Batches(inputs[rows], targets[rows], rate, epochs)
        history = train(model, batches)
        weights, seconds = timed(partial(train_in_numpy, begin, batches))
        folds.append(
            Fold(
                history,
                targets[held_out],
                nn.predict(model, inputs[held_out]),
                largest_gap(model.parameters(), by_neuron(weights)),
                nn.batch_loss(model, inputs[held_out], targets[held_out], loss=cost).data,
                cost_in_numpy(weights, inputs[held_out], targets[held_out]),
                seconds,
            )
        )
    return folds


def network(layers: reference.Network) -> nn.MLP:
    """Sigmoids with biases, from these numbers."""
    return nn.MLP(
        layers[0].weights.shape[1],
        [len(layer.biases) for layer in layers],
        activation="sigmoid",
        output_activation="sigmoid",
        init=[(layer.weights, layer.biases) for layer in layers],
    )


def train(model: nn.MLP, batches: Batches) -> nn.History:
    """The document's algorithm: the mean gradient of each batch, in the order of the rows."""
    return nn.fit(
        model,
        batches.inputs,
        batches.targets,
        loss=cost,
        optimizer=nn.SGD(batches.rate),
        epochs=batches.epochs,
        batch_size=BATCH,
    )


def train_in_numpy(start: reference.Network, batches: Batches) -> reference.Network:
    """The same without the engine."""
    order = np.arange(len(batches.inputs))
    end: reference.Network = last(
        reference.trajectory(
            start,
            batches.inputs,
            batches.targets,
            orders=repeat(order, batches.epochs),
            batch_size=BATCH,
            rate=batches.rate,
        )
    )
    return end


def cost_in_numpy(layers: reference.Network, inputs: np.ndarray, targets: np.ndarray) -> float:
    """The mean of that cost over some flowers."""
    outputs = reference.predictions(layers, inputs)
    return float(np.square(outputs - targets).sum(axis=1).mean() / 2)


def cost(outputs: Sequence[Value], target: Sequence[float]) -> Value:
    """Half the squared distance, the cost of the book that the document quotes."""
    half: Value = nn.squared_error(outputs, target) / 2
    return half


def by_neuron(layers: reference.Network) -> list[object]:
    """Each neuron's weights, then its bias: the model's order."""
    return [
        [weights, bias]
        for layer in layers
        for weights, bias in zip(layer.weights, layer.biases, strict=True)
    ]


def accuracy(folds: Sequence[Fold]) -> float:
    """The share of flowers that were named rightly when they were held out."""
    return sum(fold.right for fold in folds) / sum(len(fold.targets) for fold in folds)


def accuracy_claim(what: str, folds: Sequence[Fold], where: str = "") -> Claim:
    """Enough held-out flowers are named rightly."""
    right, flowers = sum(fold.right for fold in folds), sum(len(fold.targets) for fold in folds)
    return Claim(
        f"{what}: held-out flowers named rightly",
        f"at least {ENOUGH:.0%}",
        THRESHOLD,
        f"{right} of {flowers}, {accuracy(folds):.1%}",
        right >= ENOUGH * flowers,
        where,
    )


def cost_claim(what: str, folds: Sequence[Fold]) -> Claim:
    """The cost of the flowers held out is NumPy's, too."""
    ours, theirs = (sum(getattr(f, name) for f in folds) for name in ("cost", "reference_cost"))
    return same(f"{what}: cost of held-out flowers", ours / len(folds), theirs / len(folds))


def timing(what: str, folds: Sequence[Fold]) -> Timing:
    """All folds together."""
    return Timing(
        what,
        sum(fold.history.seconds for fold in folds),
        sum(fold.reference_seconds for fold in folds),
        "the algorithm that the document states, in our NumPy",
        " and ".join(dict.fromkeys(fold.history.route for fold in folds)),
    )


def curves(folds: Sequence[Fold]) -> dict[str, nn.History]:
    """A curve for each fold."""
    return {f"fold {number}": fold.history for number, fold in enumerate(folds, 1)}


def confusion_table(title: str, folds: Sequence[Fold], species: Sequence[str]) -> Table:
    """How many of each species were taken for which."""
    is_ = np.concatenate([fold.targets.argmax(axis=1) for fold in folds])
    named = np.concatenate([fold.outputs.argmax(axis=1) for fold in folds])
    rows = [
        (f"is {kind}", *(str(((is_ == i) & (named == j)).sum()) for j in range(len(species))))
        for i, kind in enumerate(species)
    ]
    return Table(title, ("", *(f"named {kind}" for kind in species)), rows)


def untrained() -> int:
    """How many of the two species' flowers the document's numbers name rightly as they stand."""
    inputs, targets = two_species()
    outputs = nn.predict(network(reference.PRINTED), inputs)
    return int((outputs.argmax(axis=1) == targets.argmax(axis=1)).sum())


def first_cost() -> Value:
    """The cost of the first flower at the document's own numbers."""
    inputs, targets = two_species()
    outputs: list[Value] = network(reference.PRINTED)(inputs[0])
    return cost(outputs, targets[0].tolist())


def checked() -> Transcript:
    """Whether anything about that network and its flowers looks like a mistake."""
    return linted("[4, 5, 2] on standardised flowers", network(reference.PRINTED), *two_species())


def two_species() -> tuple[np.ndarray, np.ndarray]:
    """The flowers of two species, standardised, and which species they are."""
    flowers = iris.load(species=TWO)
    inputs = iris.standardised(flowers.measurements, by=flowers.measurements)
    return inputs, iris.one_hot(flowers.species)
