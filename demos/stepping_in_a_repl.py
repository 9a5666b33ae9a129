"""Stepping through a gradient in a REPL: the session below is typed into a real interpreter."""

from __future__ import annotations

import code
import contextlib
import io
from collections.abc import Sequence

from demos.report import Claim, Report, Transcript

SESSION = """\
from tinygrad_bp import Value, local_partials, topological_order
w, x = Value(3.0, label="w"), Value(-2.0, label="x")
y = w * x + w
y.data
order = topological_order(y)
for node in order:
    print(node.label or node.op, node.data, local_partials(node))

adjoint = dict.fromkeys(order, 0.0)
adjoint[y] = 1.0
for node in reversed(order):
    for parent, partial in zip(node.parents, local_partials(node)):
        adjoint[parent] += partial * adjoint[node]
        print(node.op, "sends", partial * adjoint[node], "to", parent.label or parent.op)

adjoint[w], adjoint[x]
y.backward()
w.grad, x.grad
w.data -= 0.1 * w.grad
(w * x + w).data
""".splitlines()

# At w = 3 and x = -2: dy/dw is x + 1, for w is used twice, and dy/dx is w.
BY_HAND = (-1.0, 3.0)


def main() -> Report:
    """Type the session, line by line, and keep what appears."""
    console = code.InteractiveConsole()
    transcript = typed(console, SESSION)
    w, x, adjoint = (console.locals[name] for name in ("w", "x", "adjoint"))
    walked, engine = (adjoint[w], adjoint[x]), (w.grad, x.grad)
    return Report(
        title="Stepping in a REPL",
        idea="`y = w x + w`, walked backwards by hand: every node can be asked for its operation, "
        "its parents and its partial derivatives, and that is all that back-propagation needs.",
        claims=[
            Claim(
                "dy/dw and dy/dx, walked in the session",
                str(BY_HAND),
                str(walked),
                walked == BY_HAND,
            ),
            Claim("dy/dw and dy/dx, by `backward`", str(BY_HAND), str(engine), engine == BY_HAND),
        ],
        parts=[Transcript("The session, as it ran", transcript)],
        against="by hand",
        numbers={"dy/dw": w.grad, "dy/dx": x.grad},
    )


def typed(console: code.InteractiveConsole, lines: Sequence[str]) -> str:
    """What a screen would show: prompts, what is typed, and what comes back."""
    screen = io.StringIO()
    is_open = False
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        for line in lines:
            print(f"{'...' if is_open else '>>>'} {line}".rstrip())
            is_open = console.push(line)
    return screen.getvalue()
