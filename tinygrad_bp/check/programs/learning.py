"""Strategies for what learns: networks, data sets, and whole trainings."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tinygrad_bp.basics.optional import hypothesis
from tinygrad_bp.check.programs.floats import numbers
from tinygrad_bp.nn.fit.fit import fit
from tinygrad_bp.nn.fit.history import History
from tinygrad_bp.nn.layers import MLP
from tinygrad_bp.nn.optimisers import SGD, Adam, AdamW, Optimizer

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

Table = list[list[float]]
"""A row for each example."""

ACTIVATIONS = ("linear", "tanh", "sigmoid", "relu", "softplus")
SEEDS = 1000


@dataclass(frozen=True)
class TrainingRun:
    """A network, examples, and how to train the one on the other.

    >>> run = TrainingRun((1, 1), "linear", 0, [[1.0], [2.0]], [[2.0], [4.0]], "mse", SGD(0.25), 20)
    >>> network, history = run.fit()
    >>> history
    History(20 epochs, loss 7.448 to 0.01466, finished)
    """

    sizes: tuple[int, ...]
    """Inputs, then the neurons of each layer."""
    activation: str
    seed: int
    inputs: Table
    targets: Table
    loss: str
    optimizer: Optimizer
    epochs: int
    batch_size: int | None = None
    shuffle: bool = False
    reduction: str = "mean"

    def network(self) -> MLP:
        """The network before training, a new one at each call."""
        return MLP(self.sizes[0], self.sizes[1:], activation=self.activation, seed=self.seed)

    def fit(self, **changes: Any) -> tuple[MLP, History]:
        """A network after training, and its history; the same at each call.

        `changes` are settings of `nn.fit`, such as `compiled=True`.
        """
        network = self.network()
        settings: dict[str, Any] = {
            "loss": self.loss,
            "optimizer": copy.deepcopy(self.optimizer),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "seed": self.seed,
            "reduction": self.reduction,
            "progress": False,
            **changes,
        }
        return network, fit(network, self.inputs, self.targets, **settings)


def networks(
    inputs: int | None = None,
    outputs: int | None = None,
    *,
    max_layers: int = 3,
    max_width: int = 4,
    activations: Sequence[str] = ACTIVATIONS,
) -> SearchStrategy[MLP]:
    """Multi-layer perceptrons; how many inputs and outputs is drawn where it is not given.

    >>> from hypothesis import find
    >>> find(networks(2), lambda network: len(network.layers) > 1)
    MLP(2, [1, 1], activation='linear', output_activation='linear')

    The weights come from a seed, which is drawn as well.
    """
    st = hypothesis().strategies
    width = st.integers(1, max_width)
    hidden = st.lists(width, max_size=max_layers - 1)
    last = width if outputs is None else st.just(outputs)
    made: SearchStrategy[MLP] = st.builds(
        MLP,
        width if inputs is None else st.just(inputs),
        st.tuples(hidden, last).map(lambda sizes: [*sizes[0], sizes[1]]),
        activation=st.sampled_from(activations),
        seed=st.integers(0, SEEDS),
    )
    return made


def datasets(
    inputs: int = 2, outputs: int = 1, *, max_examples: int = 8, targets: Any = None
) -> SearchStrategy[tuple[Table, Table]]:
    """Inputs and targets, a row of each for every example.

    >>> from hypothesis import find
    >>> find(datasets(), lambda data: len(data[0]) > 1)
    ([[0.5, 0.5], [0.5, 0.5]], [[0.5], [0.5]])

    `targets` is a strategy for one number of them, such as `sampled_from([0.0, 1.0])`.
    """
    st = hypothesis().strategies
    number = numbers(2.0)
    example = st.tuples(
        st.lists(number, min_size=inputs, max_size=inputs),
        st.lists(number if targets is None else targets, min_size=outputs, max_size=outputs),
    )
    examples = st.lists(example, min_size=1, max_size=max_examples)
    tables: SearchStrategy[tuple[Table, Table]] = examples.map(
        lambda rows: ([x for x, _ in rows], [y for _, y in rows])
    )
    return tables


def training_runs(*, max_epochs: int = 3) -> SearchStrategy[TrainingRun]:
    """Trainings of small networks, with every kind of loss, optimiser and batch.

    >>> from hypothesis import given, settings
    >>> @settings(max_examples=10)
    ... @given(training_runs())
    ... def test_training_is_reproducible(run):
    ...     assert run.fit()[1].losses == run.fit()[1].losses
    >>> test_training_is_reproducible()
    """
    st = hypothesis().strategies
    two = st.sampled_from((0.0, 1.0))
    losses = {
        "mse": numbers(2.0),
        "squared_error": numbers(2.0),
        "huber": numbers(2.0),
        "hinge": two.map(lambda x: 2.0 * x - 1.0),
        "binary_cross_entropy_from_logits": two,
    }

    def run(draw: DrawFn) -> TrainingRun:
        sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
        loss = draw(st.sampled_from(list(losses)))
        inputs, targets = draw(datasets(sizes[0], sizes[-1], targets=losses[loss]))
        return TrainingRun(
            tuple(sizes),
            draw(st.sampled_from(ACTIVATIONS)),
            draw(st.integers(0, SEEDS)),
            inputs,
            targets,
            loss,
            draw(_optimizers()),
            draw(st.integers(1, max_epochs)),
            draw(st.none() | st.integers(1, len(inputs))),
            draw(st.booleans()),
            draw(st.sampled_from(("mean", "sum"))),
        )

    drawn: SearchStrategy[TrainingRun] = st.composite(run)()
    return drawn


def _optimizers() -> Any:
    st = hypothesis().strategies
    rate = st.sampled_from((0.125, 0.0625, 0.01))
    return st.one_of(
        st.builds(SGD, rate, momentum=st.sampled_from((0.0, 0.5))),
        st.builds(Adam, rate),
        st.builds(AdamW, rate),
    )
