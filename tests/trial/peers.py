"""`python3 -m tests.trial.peers` compares random programs with PyTorch, JAX and HIPS autograd.

Numbers after it: how many programs, and the number of the first. Where a peer finds another
gradient, the truth is computed to 50 digits, and the program is printed with who was wrong.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tinygrad_bp as tg
from tests.page import put_section
from tests.table.agreement import bounds, built, central_difference
from tests.trial.drawn import expression
from tinygrad_bp.check.programs.expression import Expression

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
COMMAND = "python3 -m tests.trial.peers"
SAME = 1e-9
"""Of a gradient, or of 1: what is further apart is looked into. A wrong rule is further apart."""

words = str.split
Rows = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Peer:
    """An engine: what it has for each row, and the gradient of a function by all its inputs."""

    name: str
    rows: Rows
    gradient: Callable[[Callable[..., Any], Sequence[float]], Sequence[float]]


def main(arguments: Sequence[str]) -> int:
    """Compare, then write what was found."""
    count, first = [*map(int, arguments), *(10_000, 0)[len(arguments) :]]
    counts: dict[str, Counter[str]] = {}
    for peer in (torch(), jax(), autograd()):
        counts[peer.name] = Counter()
        for seed in range(first, first + count):
            counts[peer.name].update(compared(peer, seed))
    put_section(PAGE, COMMAND, "\n".join(table(count, counts)))
    return int(any(found["this engine is wrong"] for found in counts.values()))


def compared(peer: Peer, seed: int) -> Iterator[str]:
    """What there is to count about one program."""
    program = expression(seed)
    if not all(step.row in peer.rows for step in program.steps):
        yield "programs with an operation that it lacks"
        return
    leaves, output = built(program)
    mine = tg.gradient(output, leaves)
    theirs = peer.gradient(lambda *xs: by_rows(program, peer.rows, xs), program.inputs)
    yield "programs compared"
    for index, (one, other) in enumerate(zip(mine, theirs, strict=True)):
        yield "derivatives compared"
        if not abs(one - other) <= SAME * (1.0 + abs(one)):
            yield "disagreements"
            exact = float(central_difference(program, index))
            bound = bounds(program)[index] + 1e-300
            wrong = "it is wrong" if abs(one - exact) <= bound else "this engine is wrong"
            sys.stdout.write(
                f"{peer.name}, program {seed}, input {index}: {wrong}; "
                f"ours {one!r}, theirs {other!r}, truth {exact!r}\n{program!r}\n"
            )
            yield wrong


def by_rows(program: Expression, rows: Rows, inputs: Sequence[Any]) -> Any:
    """The output, as the peer computes it."""
    return program.run(inputs, lambda name, *operands: rows[name](*operands))[-1]


# The peers ----------------------------------------------------------------------------------


def torch() -> Peer:
    """PyTorch, on tensors without dimensions."""
    import torch

    torch.set_num_threads(1)
    nn = torch.nn.functional

    def tensor(x: Any) -> Any:
        return x if isinstance(x, torch.Tensor) else torch.tensor(x, dtype=torch.float64)

    def of_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *xs: function(*map(tensor, xs))

    def stacked(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *xs: function(torch.stack(list(map(tensor, xs))))

    def gradient(function: Callable[..., Any], inputs: Sequence[float]) -> Sequence[float]:
        leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
        output = tensor(function(*leaves))
        if not output.requires_grad:
            return [0.0] * len(leaves)
        found = torch.autograd.grad(output, leaves, allow_unused=True)
        return [0.0 if slope is None else slope.item() for slope in found]

    names = words(
        "add subtract multiply divide remainder exp expm1 log log1p log2 log10 sqrt hypot sin cos "
        "tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc sigmoid maximum "
        "minimum where sign logaddexp negative positive abs"
    )
    special = {
        "pow": torch.pow,
        "pow_constant": torch.pow,
        "normal_cdf": torch.special.ndtr,
        "log_sigmoid": nn.logsigmoid,
        # Its softplus gives up the last digits above 20.
        "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
        "relu": nn.relu,
        "leaky_relu": lambda x, a: torch.where(x > 0, x, a * x),
        "elu": lambda x, a: torch.where(x > 0, x, a * torch.expm1(x)),
        "gelu": nn.gelu,
        "silu": nn.silu,
        "gap": torch.subtract,
        "floor_divide": lambda x, y: torch.floor(x / y),
        "clip": lambda x, low, high: torch.minimum(torch.maximum(x, low), high),
        "where": lambda c, x, y: torch.where(c != 0, x, y),
    }
    rows = {name: of_tensors(getattr(torch, name)) for name in names if name not in special}
    rows |= {name: of_tensors(function) for name, function in special.items()}
    rows |= {
        "sum": stacked(torch.sum),
        "prod": stacked(torch.prod),
        "logsumexp": stacked(lambda xs: torch.logsumexp(xs, 0)),
        "softmax": stacked(lambda xs: torch.softmax(xs, 0)[0]),
        "dot": stacked(lambda xs: torch.dot(*xs.reshape(2, -1))),
    }
    return Peer("PyTorch", completed(rows), gradient)


def jax() -> Peer:
    """JAX with 64 bits, operation by operation."""
    import jax
    import jax.numpy as np

    jax.config.update("jax_enable_x64", True)

    def gradient(function: Callable[..., Any], inputs: Sequence[float]) -> Sequence[float]:
        found = jax.grad(lambda *xs: np.asarray(function(*xs), float), tuple(range(len(inputs))))
        return [float(slope) for slope in found(*inputs)]

    nn = jax.nn
    rows = array_rows(np, jax.scipy.special) | {
        "cbrt": np.cbrt,
        "sigmoid": nn.sigmoid,
        "log_sigmoid": nn.log_sigmoid,
        "softplus": nn.softplus,
        "relu": nn.relu,
        "leaky_relu": nn.leaky_relu,
        "elu": nn.elu,
        "gelu": lambda x: nn.gelu(x, approximate=False),
        "silu": nn.silu,
        "heaviside": np.heaviside,
        "hypot": np.hypot,
        "normal_cdf": jax.scipy.special.ndtr,
        "softmax": lambda *xs: nn.softmax(np.stack(xs))[0],
    }
    return Peer("JAX", completed(rows), gradient)


def autograd() -> Peer:
    """HIPS autograd, on NumPy's numbers."""
    import autograd
    import autograd.numpy as np
    from autograd.scipy import special

    def gradient(function: Callable[..., Any], inputs: Sequence[float]) -> Sequence[float]:
        found = autograd.grad(lambda xs: function(*xs) + 0.0 * np.sum(xs))
        return [float(slope) for slope in found(np.array(inputs))]

    rows = array_rows(np, special) | {"sigmoid": special.expit}
    return Peer("HIPS autograd", completed(rows), gradient)


def array_rows(np: Any, special: Any) -> dict[str, Callable[..., Any]]:
    """What the two have under NumPy's and SciPy's names."""
    same = words(
        "add subtract multiply divide exp expm1 log log1p log2 log10 sqrt sin cos tan sinh cosh "
        "tanh maximum minimum sign logaddexp negative abs"
    )
    arcs = {name: f"arc{name[1:]}" for name in words("asin acos atan asinh acosh atanh")}
    return {
        **{name: getattr(np, name) for name in same},
        **{name: getattr(np, other) for name, other in arcs.items()},
        "atan2": np.arctan2,
        "floor_divide": lambda x, y: np.floor(x / y),
        "positive": lambda x: x,
        "pow": np.power,
        "pow_constant": np.power,
        "remainder": np.mod,
        "erf": special.erf,
        "erfc": special.erfc,
        "gap": np.subtract,
        "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
        "where": lambda c, x, y: np.where(c != 0, x, y),
        "sum": lambda *xs: np.sum(np.stack(xs)),
        "prod": lambda *xs: np.prod(np.stack(xs)),
        "dot": lambda *xs: np.dot(np.stack(xs[: len(xs) // 2]), np.stack(xs[len(xs) // 2 :])),
        "logsumexp": lambda *xs: special.logsumexp(np.stack(xs)),
    }


def completed(rows: dict[str, Callable[..., Any]]) -> Rows:
    """The rows, and what is missing by its formula from those that are there."""
    r = rows
    formulas = {
        "gaussian": lambda x: r["exp"](-x * x / 2),
        "cbrt": lambda x: r["sign"](x) * r["pow"](r["abs"](x), 1 / 3),
        "hypot": lambda x, y: r["pow"](x * x + y * y, 0.5),
        "normal_cdf": lambda x: r["erfc"](-x / 2**0.5) / 2,
        "sigmoid": lambda x: r["exp"](-r["logaddexp"](0.0, -x)),
        "softplus": lambda x: r["logaddexp"](0.0, x),
        "log_sigmoid": lambda x: -r["logaddexp"](0.0, -x),
        "relu": lambda x: r["maximum"](x, 0.0),
        "leaky_relu": lambda x, a: r["maximum"](x, 0.0) + a * r["minimum"](x, 0.0),
        "elu": lambda x, a: r["maximum"](x, 0.0) + a * r["expm1"](r["minimum"](x, 0.0)),
        "gelu": lambda x: x * r["erfc"](-x / 2**0.5) / 2,
        "silu": lambda x: x * r["sigmoid"](x),
        "heaviside": lambda x, _: (r["sign"](x) + 1.0) / 2.0,
        "equal": lambda x, y: 1.0 - r["abs"](r["sign"](x - y)),
        "softmax": lambda *xs: r["exp"](xs[0] - r["logsumexp"](*xs)),
    }
    for name, formula in formulas.items():
        rows.setdefault(name, formula)
    return rows


# The table ----------------------------------------------------------------------------------

COUNTED = (
    "programs compared",
    "programs with an operation that it lacks",
    "derivatives compared",
    "disagreements",
    "it is wrong",
    "this engine is wrong",
)


def table(programs: int, counts: Mapping[str, Counter[str]]) -> Iterator[str]:
    """The counts; a peer that lacks many operations is compared on fewer programs."""
    yield f"{programs:,} programs.\n"
    yield f"| peer | {' | '.join(COUNTED)} |"
    yield "|" + " --- |" * (1 + len(COUNTED))
    for name, found in counts.items():
        yield f"| {name} | {' | '.join(f'{found[what]:,}' for what in COUNTED)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
