"""The branches of a function that have been recorded, each with its route."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_bp.basics import structure
from tinygrad_bp.basics.door import as_float
from tinygrad_bp.basics.locks import Lock
from tinygrad_bp.core.value import Value, values
from tinygrad_bp.graph.guard import BranchError
from tinygrad_bp.tape.record import record
from tinygrad_bp.tape.routes.arguments import columns_of
from tinygrad_bp.tape.routes.boundary import Folder, OtherBranch
from tinygrad_bp.tape.routes.routes import Route, route_for
from tinygrad_bp.tape.routes.strayed import Strayed

MOST = 16
"""Branches of a function that are compiled, for one structure of arguments."""


class Branches:
    """What has been recorded for one structure of arguments: a route for each branch taken."""

    fast = False
    strayed = Strayed()

    def __init__(self, function: Callable[..., Any], example: Any, cache: Folder) -> None:
        self._function = function
        self._example = example
        self._cache = cache
        self._routes: tuple[Route, ...] = ()
        self._lock = Lock()

    def run(self, numbers: Any) -> Any:
        """The result for these numbers, by the first route that has it."""
        for route in self._routes:
            try:
                return route(numbers)
            except OtherBranch:
                continue
        with self._lock.held:
            return self._run_anew(numbers)

    _found = run

    def _run_anew(self, numbers: Any) -> Any:
        arguments = structure.with_numbers(self._example, list(map(float, numbers)))
        if len(self._routes) >= MOST:
            return eager(self._function, arguments)
        route = route_for(record(self._function, *arguments), fast=self.fast, cache=self._cache)
        # Another thread may have been faster; then this one is tried after its equal.
        self._routes += (route,)
        try:
            return route(numbers)
        except OtherBranch:  # its fast numbers compare otherwise than those recorded
            return eager(self._function, arguments)

    def map(self, columns: Any) -> Any:
        """The results for the columns, one after the other where branches differ."""
        first = self._found(columns[:, 0].tolist())
        rows = columns.shape[1]
        results = np.empty((len(structure.numbers(first)), rows))
        start = 0
        while start < rows:
            try:
                self._routes[0].rows(columns, results, start)
                break
            except OtherBranch as other:
                for row in range(other.row, other.stop):
                    results[:, row] = self._row(columns[:, row].tolist(), row, first)
                start = other.stop
        return _batch(first, results)

    def _row(self, numbers: list[float], row: int, first: Any) -> list[float]:
        try:
            result = self._found(numbers)
        except BranchError as error:  # of a tape, which cannot record itself anew
            raise BranchError(f"in row {row} of the batch: {error}") from None
        if structure.outline(result) != structure.outline(first):
            raise ValueError(
                f"in row 0 of the batch the function gives {structure.outline(first)}, "
                f"in row {row} {structure.outline(result)}; a batch needs one structure"
            )
        return structure.numbers(result)


class FastBranches(Branches):
    """Routes that stray, and how far."""

    fast = True

    def __init__(self, function: Callable[..., Any], example: Any, cache: Folder) -> None:
        super().__init__(function, example, cache)
        self.strayed = Strayed()
        self._calls = 0

    def run(self, numbers: Any) -> Any:
        """The result, at some calls compared."""
        found = super().run(numbers)
        for _ in self._due(1):
            self._compare(numbers, structure.numbers(found))
        return found

    def map(self, columns: Any) -> Any:
        """The results for the columns, some compared."""
        found = super().map(columns)
        each = np.concatenate([columns_of(b, columns.shape[1]) for b in structure.blocks(found)])
        for row in self._due(columns.shape[1]):
            self._compare(columns[:, row].tolist(), each[:, row].tolist())
        return found

    def _due(self, calls: int) -> list[int]:
        """Which of so many calls more are compared: those numbered by powers of two."""
        before, self._calls = self._calls, self._calls + calls
        powers = (1 << bit for bit in range(before.bit_length(), self._calls.bit_length()))
        return [power - before - 1 for power in powers]

    def _compare(self, numbers: Any, found: list[float]) -> None:
        arguments = structure.with_numbers(self._example, list(map(float, numbers)))
        exact = structure.numbers(eager(self._function, arguments))
        if len(exact) != len(found):  # of other branches
            found, exact = [math.nan], [0.0]
        self.strayed = self.strayed.with_pairs(zip(found, exact, strict=True))


def eager(function: Callable[..., Any], arguments: Any) -> Any:
    """What the function gives for values, as numbers."""
    result = function(*values(arguments))
    return structure.mapped(lambda n: n.data if isinstance(n, Value) else as_float(n), result)


def _batch(first: Any, results: Any) -> Any:
    """The structure of one result, with arrays over the batch in place of its numbers."""
    parts, start = [], 0
    for block in structure.blocks(first):
        shape = structure.shape(block)
        stop = start + len(structure.elements(block))
        own = results[start:stop].T.reshape(results.shape[1], *shape)
        parts.append(np.ascontiguousarray(own))
        start = stop
    return structure.rebuilt(first, iter(parts))
