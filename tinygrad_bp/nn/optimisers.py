"""Optimisers: each a pure rule on one scalar parameter, and the state that it owns.

>>> SGD(0.1).rule(2.0, 5.0, (), 1, 0.1)
(1.5, ())

A rule is generic arithmetic: on floats it gives numbers, on `Value`s graph. An optimiser
that is used again goes on where it stopped: its moments, and its place in the learning-rate
schedule, belong to the object. Make a new one to start afresh.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_bp.basics.beside import Beside
from tinygrad_bp.core.value import Value
from tinygrad_bp.nn.module import Module
from tinygrad_bp.nn.schedules import Schedule, rate_at
from tinygrad_bp.nn.settings import between
from tinygrad_bp.rows.primitives import sqrt

INFINITY = float("inf")

State = tuple[Any, ...]
"""The numbers that a rule keeps for one parameter; all are 0 at first."""

Cell = list[Any]
"""Where an optimiser keeps them: [how many updates the parameter has had, *state]."""


class Optimizer(ABC):
    """A rule for one scalar, the learning rate, and what the rule remembers.

    `lr` is a number, or a schedule: a function of the number of updates made so far.
    """

    def __init__(self, lr: float | Schedule) -> None:
        self.lr = lr if callable(lr) else between(lr, 0.0, INFINITY, "a learning rate")
        self.updates = 0
        """How many updates it has made."""
        self._cells: Beside[Cell] = Beside()

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many numbers of state the rule keeps for a parameter."""

    @abstractmethod
    def rule(
        self, parameter: Any, gradient: Any, state: State, step: Any, lr: Any
    ) -> tuple[Any, State]:
        """The new parameter and its new state; `step` counts its updates from 1."""

    def step(self, parameters: Sequence[Value]) -> None:
        """Update the parameters by the gradients in their `grad`.

        >>> w = Value(3.0)
        >>> (w * w).backward()
        >>> SGD(0.25).step([w])
        >>> w.data
        1.5
        """
        change = Stepper(self, parameters).change([parameter.grad for parameter in parameters])
        change.make()

    def learning_rate(self) -> float:
        """The rate of the next update."""
        return self._rate(self.updates)

    def _rate(self, update: int) -> float:
        rate = rate_at(self.lr, update)
        return between(rate, 0.0, INFINITY, f"the learning rate for update {update}")

    def learning_rates(self, count: int) -> list[float]:
        """The rates of the next updates.

        >>> SGD(0.5).learning_rates(3)
        [0.5, 0.5, 0.5]
        """
        if not callable(self.lr):
            return [self.lr] * count
        return [self._rate(self.updates + ahead) for ahead in range(count)]

    def cell(self, parameter: Value) -> Cell:
        """What is kept for a parameter."""
        cell = self._cells.get(parameter)
        if cell is None:
            cell = self._cells[parameter] = [0, *[0.0] * self.slots]
        return cell

    def state_dict(self, model: Module) -> dict[str, Any]:
        """Its state for the parameters of a model, by their paths: ready for JSON.

        >>> from tinygrad_bp import nn
        >>> nn.Adam(0.1).state_dict(nn.Neuron(1))
        {'updates': 0, 'state': {'w.0': [0, 0.0, 0.0], 'b': [0, 0.0, 0.0]}}
        """
        named = model.named_parameters()
        state = {path: list(self.cell(parameter)) for path, parameter in named}
        return {"updates": self.updates, "state": state}

    def load_state_dict(self, state: Mapping[str, Any], model: Module) -> None:
        """Put back what `state_dict` gave for a model with the same parameters.

        Raises `ValueError` if the paths or the kind of optimiser differ.
        """
        parameters = dict(model.named_parameters())
        numbers = state["state"]
        if set(numbers) != set(parameters):
            differing = sorted(set(numbers) ^ set(parameters))
            raise ValueError(f"this state is of another model: it differs in {differing}")
        if any(len(kept) != 1 + self.slots for kept in numbers.values()):
            raise ValueError(
                f"this state is of another optimiser: {type(self).__name__} keeps "
                f"{1 + self.slots} numbers for each parameter"
            )
        self.updates = state["updates"]
        for path, parameter in parameters.items():
            self.cell(parameter)[:] = numbers[path]

    def __getstate__(self) -> dict[str, Any]:
        """Its settings and state; the parameters go along, as they are the keys."""
        return {**vars(self), "_cells": self._cells.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _cells=Beside(state["_cells"]))

    def __repr__(self) -> str:
        settings = {name: x for name, x in vars(self).items() if name not in _NOT_SETTINGS}
        return f"{type(self).__name__}({', '.join(f'{n}={x!r}' for n, x in settings.items())})"


_NOT_SETTINGS = ("updates", "_cells")


class SGD(Optimizer):
    """Gradient descent, with momentum, Nesterov's momentum and weight decay as in PyTorch.

    >>> SGD(0.5)
    SGD(lr=0.5, momentum=0.0, nesterov=False, weight_decay=0.0)

    g = gradient + weight_decay * parameter;  v = momentum * v + g;
    parameter -= lr * v, or with Nesterov lr * (g + momentum * v).

    Sutskever et al., "On the importance of initialization and momentum in deep learning"
    (2013), in the form of `torch.optim.SGD`.
    """

    def __init__(
        self,
        lr: float | Schedule = 0.01,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(lr)
        self.momentum = between(momentum, 0.0, 1.0, "momentum")
        self.nesterov = nesterov
        self.weight_decay = between(weight_decay, 0.0, INFINITY, "weight_decay")
        if nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0")

    @property
    def slots(self) -> int:
        """The velocity, if there is momentum."""
        return 1 if self.momentum else 0

    def rule(
        self,
        parameter: Any,
        gradient: Any,
        state: State,
        step: Any,  # noqa: ARG002
        lr: Any,
    ) -> tuple[Any, State]:
        """The new parameter, and its velocity if there is momentum."""
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameter
        if not self.momentum:
            return parameter - lr * gradient, ()
        (velocity,) = state
        velocity = self.momentum * velocity + gradient
        direction = gradient + self.momentum * velocity if self.nesterov else velocity
        return parameter - lr * direction, (velocity,)


class Adam(Optimizer):
    """Adam, with weight decay as in PyTorch's: added to the gradient.

    >>> Adam(0.001)
    Adam(lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0)

    m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g**2;
    parameter -= lr * (m / (1 - beta1**step)) / (sqrt(v / (1 - beta2**step)) + eps).

    Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1, as in
    `torch.optim.Adam`.
    """

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(lr)
        beta1, beta2 = betas
        self.betas = between(beta1, 0.0, 1.0, "beta1"), between(beta2, 0.0, 1.0, "beta2")
        self.eps = between(eps, 0.0, INFINITY, "eps")
        self.weight_decay = between(weight_decay, 0.0, INFINITY, "weight_decay")

    @property
    def slots(self) -> int:
        """The mean of the gradient and that of its square."""
        return 2

    def rule(
        self, parameter: Any, gradient: Any, state: State, step: Any, lr: Any
    ) -> tuple[Any, State]:
        """The new parameter and its moments."""
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameter
        return self._moved(parameter, gradient, state, step, lr)

    def _moved(
        self, parameter: Any, gradient: Any, state: State, step: Any, lr: Any
    ) -> tuple[Any, State]:
        beta1, beta2 = self.betas
        mean, square = state
        mean = beta1 * mean + (1.0 - beta1) * gradient
        square = beta2 * square + (1.0 - beta2) * (gradient * gradient)
        unbiased_mean = mean / (1.0 - beta1**step)
        unbiased_square = square / (1.0 - beta2**step)
        moved = parameter - lr * unbiased_mean / (sqrt(unbiased_square) + self.eps)
        return moved, (mean, square)


class AdamW(Adam):
    """Adam with decoupled weight decay: the parameter shrinks by lr * weight_decay first.

    >>> AdamW(0.001)
    AdamW(lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01)

    Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2, as
    in `torch.optim.AdamW`.
    """

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def rule(
        self, parameter: Any, gradient: Any, state: State, step: Any, lr: Any
    ) -> tuple[Any, State]:
        """The new parameter and its moments."""
        shrunk = parameter - lr * self.weight_decay * parameter
        return self._moved(shrunk, gradient, state, step, lr)


class Stepper:
    """An optimiser at work on certain parameters, whose state it has at hand."""

    def __init__(self, optimizer: Optimizer, parameters: Sequence[Value]) -> None:
        self.optimizer = optimizer
        self.parameters = parameters
        self.cells = [optimizer.cell(p) for p in parameters] if optimizer.slots else []

    def updates_made(self) -> int | None:
        """How many updates the parameters have had, if they all have had as many."""
        counts = {cell[0] for cell in self.cells} or {self.optimizer.updates}
        return counts.pop() if len(counts) == 1 else None

    def change(self, gradients: Sequence[float]) -> Change:
        """What the rule makes of these gradients; nothing is written yet."""
        optimizer, parameters, cells = self.optimizer, self.parameters, self.cells
        rule, lr = optimizer.rule, optimizer.learning_rate()
        if not cells:
            numbers = [
                rule(parameter._data, gradient, (), optimizer.updates + 1, lr)[0]
                for parameter, gradient in zip(parameters, gradients, strict=True)
            ]
            return Change(self, numbers, [], optimizer.updates + 1)
        numbers, contents = [], []
        for parameter, gradient, (step, *state) in zip(parameters, gradients, cells, strict=True):
            number, kept = rule(parameter._data, gradient, tuple(state), step + 1, lr)
            numbers.append(number)
            contents.append([step + 1, *kept])
        return Change(self, numbers, contents, optimizer.updates + 1)


class Change:
    """One update of all parameters and of the optimiser's state, made as a whole."""

    def __init__(
        self, stepper: Stepper, numbers: list[float], contents: list[Cell], updates: int
    ) -> None:
        self.stepper = stepper
        self.numbers = numbers
        self.contents = contents
        self.updates = updates

    def make(self) -> None:
        """Write it all. An interruption in the middle is let through when all is written."""
        try:
            self._write()
        except BaseException:
            self._write()
            raise

    def _write(self) -> None:
        for parameter, number in zip(self.stepper.parameters, self.numbers, strict=True):
            parameter._data = number
        for cell, content in zip(self.stepper.cells, self.contents, strict=True):
            cell[:] = content
        self.stepper.optimizer.updates = self.updates


__all__ = ["SGD", "Adam", "AdamW", "Change", "Optimizer", "State", "Stepper"]
