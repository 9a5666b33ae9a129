"""Stepping through a gradient in a REPL: the session below is typed into a real interpreter."""

from __future__ import annotations

import code
import contextlib
import io
from collections.abc import Sequence

from demos.report import BY_HAND, Claim, Picture, Report, Transcript

SESSION = """\
from tinygrad_bp import Value, provenance, step
w, x = Value(3.0, label="w"), Value(-2.0, label="x")
product = w * x
y = product + w
steps = step(y, names=locals())
steps
steps.next()
steps.run_to(y)
steps.next()
steps.next()
steps.frontier
steps.next()
steps.back().position, steps.gradients[w]
steps.run_to(x).position, steps.gradients[w]
w.grad, x.grad
steps.commit()
w.grad, x.grad
provenance(y, w, names=locals())
w.data -= 0.1 * w.grad
(w * x + w).data
""".splitlines()

# At w = 3 and x = -2: y is -6 + 3; dy/dw is x + 1, for w is used twice, and dy/dx is w.
Y = -3.0
SLOPES = (-1.0, 3.0)


def main() -> Report:
    """Type the session, line by line, and keep what appears."""
    console = code.InteractiveConsole()
    transcript = typed(console, SESSION)
    w, x, y, steps = (console.locals[name] for name in ("w", "x", "y", "steps"))
    walked = steps.gradients[w], steps.gradients[x]
    committed = w.grad, x.grad
    return Report(
        title="Stepping in a REPL",
        idea="`y = w x + w`, one step of back-propagation at a time, forwards and backwards: what "
        "is computed, what flows where, and who still waits. The graph does not change until the "
        "walk is committed.",
        claims=[
            Claim("y, in the session", str(Y), BY_HAND, str(y.data), y.data == Y),
            Claim(
                "dy/dw and dy/dx, walked in the session",
                str(SLOPES),
                BY_HAND,
                str(walked),
                walked == SLOPES,
            ),
            Claim(
                "what the walk stored in `.grad`",
                str(SLOPES),
                BY_HAND,
                str(committed),
                committed == SLOPES,
            ),
        ],
        parts=[
            Transcript("The session, as it ran", transcript),
            Picture("Step 4: w has one of its two uses", steps.goto(4).draw().svg()),
        ],
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
