"""Hostile texts, and every way on which they leave: what each public name says of them.

A text is a label, a key, a name in `names=`, a file, a line, a name in a saved tape. A view gives
all that comes out of it, each with the language that it is in.
"""

from __future__ import annotations

import functools
import io
import json
import linecache
import operator
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

import tinygrad_bp as tg
from tests.look.browser import Page
from tinygrad_bp import check, look, nn, tape
from tinygrad_bp.basics.public import public as names_of_the_stub
from tinygrad_bp.core.value import Value
from tinygrad_bp.rows.primitive import Primitive

HOSTILE = (
    '<img src=x onerror="hit()"><b data-hit>b</b>',
    "</script><script>hit()</script></title></style></svg></iframe><b data-hit>",
    "`<b data-hit>` ``|<b data-hit>|`` \\`<b data-hit>\\`",
    "|<b data-hit>\\|<b data-hit>\\\\|<b data-hit>",
    "$$<b data-hit>$$ $\\href{javascript:hit()}{x}$ \\(x\\) \\begin{equation}x\\end{equation}",
    "[x](javascript:hit()) ![x](y) <javascript:hit()> [x]: y **b** _i_ ~~s~~",
    "]]><b data-hit>--><b data-hit>\"'><b data-hit>'><b data-hit onclick='hit()'>",
    "&lt;b data-hit&gt; &#60;b data-hit&#62;",
    "\x1b]0;title\x07\x1b[31m\x9b2J\x00\x7f\x85\r",
    "\u202eevil\u2066\u200f\u200b\u2028\U000e0041",
    "half \ud800 and \udfff",
    "x\nraise SystemExit('hit')\n#",
    "');raise SystemExit('hit')#\"\"\"'''{0}${x}%(x)s",
    '\\N\\G\\l\\" ]; evil [label=x] /* */',
    "#2, _{x}^2 % \\end{aligned} \\\\ & x",
    "_",
)
FILE = "<b data-hit>\x1b[31m\u202e.py"
FORBIDDEN = (
    "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e"
    "\\u2066-\\u2069\\ud800-\\udfff]"
)
TERMINAL, HTML, MARKDOWN, LATEX, SVG, DOT, PAGE, PYTHON = (
    *("terminal", "html", "markdown", "latex", "svg", "dot", "page", "python"),
)


class Said(NamedTuple):
    """What came out, and in which language."""

    language: str
    text: str


EXITS: dict[str, str | None] = {
    "text": TERMINAL,
    "markdown": MARKDOWN,
    "latex": LATEX,
    "svg": SVG,
    "html": PAGE,
    "_repr_html_": HTML,
    "_repr_markdown_": MARKDOWN,
    "_repr_latex_": LATEX,
    "_repr_svg_": SVG,
    "_repr_image_svg_xml": SVG,
    # What graphviz makes of what is above, with `dot`.
    **dict.fromkeys(("_repr_mimebundle_", "_repr_image_jpeg", "_repr_image_png")),
}


def all_of(thing: Any) -> Iterator[Said]:
    """All that a thing says of itself; a new kind of `_repr_..._` is an error here."""
    yield Said(TERMINAL, repr(thing))
    yield Said(DOT if isinstance(thing, look.Drawing) else TERMINAL, str(thing))
    for name in dir(thing):
        if name in EXITS or name.startswith("_repr_"):
            language, found = EXITS[name], getattr(thing, name)
            if language:
                yield Said(language, found() if callable(found) else found)


def error(kind: type[Exception], action: Callable[[], Any]) -> Said:
    """What an error says."""
    try:
        action()
    except kind as found:
        return Said(TERMINAL, str(found))
    raise AssertionError(f"no {kind.__name__}")


def graph(text: str) -> tuple[Value, Value]:
    """A leaf and an output with that name, and between them another that `names=` names so."""
    x = Value(2.0, label=text)
    z = (x * 3.0 + x) * x
    z.label = text + "2"
    z.backward()
    return x, z


def bad(text: str) -> Any:
    """A pole, with that name, in a file and a line that are hostile too."""
    code = "def f(x):\n    return log(x) * 2.0\n"
    names = {"log": tg.log}
    exec(compile(code, FILE, "exec"), names)
    line = text.replace("\n", "\r") + "\n"
    linecache.cache[FILE] = (2, None, ["def f(x):\n", line], FILE)
    with tg.source_lines():
        return names["f"](Value(0.0, label=text))


def loaded(text: str) -> tg.Tape:
    """A tape out of a file that somebody else has written."""

    def f(x: Any, y: Any) -> Any:
        return tg.sin(x) * y if x > y else x

    path = Path(tempfile.mkdtemp(), "tape.json")
    tape.save(tg.record(f, 2.0, 1.0), path)
    facts = json.loads(path.read_text())
    facts["names"] = [f"{text}{i}" for i, _ in enumerate(facts["names"])]
    facts["guards"][0][-1] = text
    path.write_text(json.dumps(facts))
    return tape.load(path)


def model(text: str) -> nn.MLP:
    """A model of that name."""
    return nn.MLP(2, [2, 1], activation="relu", seed=0).rename(text)


DATA = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]


def trained(text: str) -> tuple[nn.MLP, nn.History]:
    """One that has been trained."""
    own = model(text)
    settings: Any = {"loss": "mse", "optimizer": nn.SGD(0.1), "epochs": 2, "snapshots": 1}
    return own, nn.fit(own, *DATA, progress=False, compiled=False, **settings)


# The views: from a hostile text to all that comes out of it -----------------------------------


def of_autopsy(text: str) -> Iterator[Said]:
    found = tg.autopsy(bad(text), names={text: bad(text)})
    yield from all_of(found)
    yield from all_of(found.draw())


def of_lint(text: str) -> Iterator[Said]:
    yield from all_of(tg.lint(bad(text), names={text: Value(1.0), text + "2": Value(1.0, text)}))
    yield from all_of(tg.lint(model(text), *DATA, loss="mse"))


def of_draw(text: str) -> Iterator[Said]:
    x, z = graph(text)
    for settings in ({"edges": "partial"}, {"edges": "contribution"}, {"collapse": "neurons"}):
        drawing = tg.draw([z, x], names={text: x}, title=text, **settings)
        yield Said(DOT, drawing.source)
        yield from all_of(drawing)
    for made in (model(text)([1.0, 0.0]), loaded(text)):
        yield Said(DOT, tg.draw(made).source)
        yield from all_of(tg.draw(made))


def of_explain(text: str) -> Iterator[Said]:
    x, z = graph(text)
    y = tg.exp(x) * x
    y.data = 1.0  # so that it is outdated, and said to be
    for output, target in ((z, None), (z, x), (y, None), (y, x), (z, z), (z, Value(1.0, text))):
        yield from all_of(tg.explain(output, target, names={text: y}))


def of_play(text: str) -> Iterator[Said]:
    _, z = graph(text)
    yield from all_of(tg.play(z, names={text: z.parents[0]}, title=text))
    own, history = trained(text)
    settings: Any = {"model": own, "inputs": DATA[0], "targets": DATA[1], "loss": "mse"}
    yield from all_of(tg.play(history, **settings, names=(text, text), title=text))


def of_provenance(text: str) -> Iterator[Said]:
    x, z = graph(text)
    yield from all_of(tg.provenance(z, x, names={text: z.parents[0]}))


def of_step(text: str) -> Iterator[Said]:
    output = bad(text)
    steps = tg.step(output, names={text + "2": output})
    steps.run_to(text)
    for moment in (steps.now, *steps):
        yield from all_of(moment)
        yield from all_of(steps.frontier)
        yield from all_of(steps.gradients)
    yield from all_of(steps)
    yield error(ValueError, lambda: steps.run_to(text + "?"))


def of_tree(text: str) -> Iterator[Said]:
    x, z = graph(text)
    yield from all_of(tg.tree(z, names={text: x, text + "3": z.parents[0]}))


def of_what_if(text: str) -> Iterator[Said]:
    x, z = graph(text)
    found = tg.what_if(z, {x: 0.5}, names={text: z.parents[0]})
    yield from all_of(found)
    found.plot(title=text).savefig(io.BytesIO(), format="svg")


def of_strict(text: str) -> Iterator[Said]:
    def strictly() -> Any:
        with tg.strict():
            return bad(text)

    yield error(tg.NonFiniteError, strictly)


def of_values(text: str) -> Iterator[Said]:
    yield from all_of(tg.values(np.ones(2), text))
    yield from all_of(tg.array([Value(1.0, text)]))
    for value in (Value(1.0, text), tg.constant(1.0, text), tg.values({text: 1.0}, text)[text]):
        yield from all_of(value)
        yield error(TypeError, lambda value=value: float(value))
    yield error(TypeError, lambda: Value(text))
    yield error(TypeError, lambda: Value(1.0) * text)
    yield error(TypeError, lambda: tg.autopsy(text))
    yield error(TypeError, lambda: Value(1.0, [text]))


def of_tape(text: str) -> Iterator[Said]:
    found = loaded(text)
    yield from all_of(found)
    yield Said(TERMINAL, found.table())
    yield Said(TERMINAL, found.table(direction=(1.0, 0.0), adjoint=True))
    yield Said(PYTHON, found.source())
    yield error(tg.BranchError, lambda: found(1.0, 2.0))
    names: dict[str, Any] = {}
    exec(found.source(), names)
    yield error(tg.BranchError, lambda: names["f"](1.0, 2.0))


def of_loading(text: str) -> Iterator[Said]:
    path = Path(tempfile.mkdtemp(), "\x1b[31m\u202e.json")
    path.write_text(json.dumps({"format": text}))
    yield error(ValueError, lambda: tape.load(path))


def of_source_line(text: str) -> Iterator[Said]:
    line = tg.source_line(bad(text))
    for found in (line, tg.SourceLine(text, 1, text, text)):
        yield from (Said(TERMINAL, told) for told in (str(found), repr(found), found.brief))


def of_recording(text: str) -> Iterator[Said]:
    x = Value(1.0, text)
    yield error(tg.RecordingError, lambda: tg.record(lambda y: y * x.data, 1.0))


def of_structures(text: str) -> Iterator[Said]:
    compiled = tg.compile(lambda p: p[text] * 2.0)
    compiled({text: 1.0})
    yield from all_of(compiled)
    recorded = tg.record(operator.itemgetter(text), {text: 1.0})
    yield Said(PYTHON, recorded.source())
    yield error(ValueError, lambda: recorded({text + "2": 1.0}))
    gradient = tg.grad(lambda p: p[text] ** 2)
    yield Said(TERMINAL, repr(gradient({text: 1.0})))
    yield error(ValueError, lambda: tg.jvp(lambda p: p[text], ({text: 1.0},), ({"": 1.0},)))
    yield error(TypeError, lambda: tg.grad(lambda _: text)(1.0))


def of_register(text: str) -> Iterator[Said]:
    for notation in (text, "{}" + text):
        if not notation.isprintable() or "{}" not in notation:
            yield error(ValueError, lambda n=notation: tg.register("hostile", n, abs, abs))
    yield error(ValueError, lambda: tg.register(text + "?", "{}", abs, abs))


def of_operation(text: str) -> Iterator[Said]:
    """A notation that the door lets in."""
    notation = "".join(c for c in text if c.isprintable() and c not in "{}") + "({})"
    row = Primitive("hostile", notation, lambda x: x, lambda *_: (1.0,))
    x = Value(1.0, text)
    z = row(x) * x
    yield from all_of(row)
    for view in (tg.explain(z), tg.explain(z, x), tg.tree(z), tg.draw(z), tg.play(z), tg.step(z)):
        yield from all_of(view)


def of_checking(text: str) -> Iterator[Said]:
    def function(p: dict[str, Any]) -> Any:
        made = p[text] * 3.0
        made.label = text
        return made * p[text]

    function.__name__ = text
    report = tg.check_gradient(function, {text: 2.0}, gradient=lambda p: {text: 3.0 * p[text]})
    yield from all_of(report)
    yield error(KeyError, lambda: report[text])
    yield error(TypeError, lambda: tg.check_gradient(lambda _: text, 1.0))
    yield from all_of(check.Culprit(*_culprit(text)))


def _culprit(text: str) -> tuple[Any, ...]:
    return tg.sin, (1.0,), (0,), 1.0, 2.0, 0.0, str(tg.source_line(bad(text))), text


def of_models(text: str) -> Iterator[Said]:
    own, history = trained(text)
    yield from all_of(history)
    for module in (own, own.layers[0], own.layers[0].neurons[0]):
        yield from all_of(module)
    yield error(ValueError, lambda: own.load_state_dict({text: 1.0}))
    own.parameters()[0].data = float("nan")
    yield error(ValueError, lambda: nn.fit(own, *DATA, loss="mse", optimizer=nn.SGD(0.1), epochs=1))

    class Odd(nn.Module):
        def __init__(self) -> None:
            self.part = {text: Value(1e200, text)}

        def __call__(self, inputs: Any) -> Any:
            return self.part[text] * inputs[0] * 1e150

    yield from all_of(Odd())
    settings: Any = {"loss": "mse", "optimizer": nn.SGD(1e200), "epochs": 3, "progress": False}
    for compiled in (True, False):
        yield error(
            (FloatingPointError, ValueError),
            lambda c=compiled: nn.fit(Odd(), [[1.0]], [0.0], compiled=c, **settings),
        )
    yield error(ValueError, lambda: nn.fit(own, *DATA, loss=text, optimizer=nn.SGD(0.1), epochs=1))


def of_plots(text: str) -> Iterator[Said]:
    figure = look.plot_history({text: [1.0, 0.5], text + "2": [1.0, 0.1]}, title=text)
    figure.savefig(io.BytesIO(), format="svg")
    figure = look.plot_regions(model(text), *DATA, names=(text, text), title=text)
    figure.savefig(io.BytesIO(), format="svg")
    axes = figure.axes[0]
    yield from (Said(TERMINAL, t) for t in (axes.get_xlabel(), axes.get_title(loc="left")))


VIEWS: dict[str, Callable[[str], Iterator[Said]]] = {
    name.removeprefix("of_"): view for name, view in list(globals().items()) if name[:3] == "of_"
}


@functools.cache
def said(view: str, text: str) -> tuple[Said, ...]:
    """What a view says, found once for all tests."""
    return tuple(VIEWS[view](text))


# Each public name: the view in which it speaks. Functions of numbers speak in errors only, as
# any operation does.
SPEAKS_IN: dict[str, str] = {
    **dict.fromkeys(("BranchError", "Tape", "record", "Instruction", "Guard", "save"), "tape"),
    **dict.fromkeys(("NonFiniteError", "strict"), "strict"),
    **dict.fromkeys(("Value", "constant", "values", "array", "Array", "leaves"), "values"),
    "topological_order": "values",
    **dict.fromkeys(("source_line", "source_lines", "SourceLine"), "source_line"),
    **dict.fromkeys(("RecordingError", "no_grad"), "recording"),
    **dict.fromkeys(("compile", "Compiled", "grad", "gradient", "hessian", "hvp"), "structures"),
    **dict.fromkeys(("jacobian", "jvp", "value_and_grad", "vjp", "local_partials"), "structures"),
    **dict.fromkeys(("draw", "Drawing", "DotNotFound"), "draw"),
    **dict.fromkeys(("play", "Player"), "play"),
    **dict.fromkeys(("plot_history", "plot_regions"), "plots"),
    **dict.fromkeys(("check_gradient", "assert_gradients_agree", "Report"), "checking"),
    **dict.fromkeys(("Verdict", "Culprit", "check_operation", "Examination"), "checking"),
    **dict.fromkeys(("dot", "logsumexp", "norm", "prod", "softmax", "sum"), "strict"),
    **dict.fromkeys(("Layer", "MLP", "Module", "Neuron", "History", "fit"), "models"),
    **dict.fromkeys(("batch_loss", "loss_and_gradient", "predict", "Optimizer"), "models"),
    "Primitive": "operation",
    "register": "register",
    "load": "loading",
    "lint": "lint",
    "autopsy": "autopsy",
    "explain": "explain",
    "provenance": "provenance",
    "step": "step",
    "tree": "tree",
    "what_if": "what_if",
}
# No text of somebody's goes in: numbers, programs that Hypothesis drew, settings.
SILENT = {
    *("Expression", "TrainingRun", "define", "engine_machine", "Strayed"),
    *("Adam", "AdamW", "SGD", "Constant", "Cosine", "Exponential", "PerEpoch", "StepDecay"),
    *("WarmUp", "he_normal", "he_uniform", "normal", "uniform", "xavier_normal"),
    *("xavier_uniform", "zeros", "binary_cross_entropy", "binary_cross_entropy_from_logits"),
    *("cross_entropy", "hinge", "huber", "linear", "mse", "squared_error", "polygamma"),
}


def public() -> Iterator[str]:
    """The public names that are neither operations nor modules of them."""
    for package in (tg, look, check, nn, tape):
        # Not `__all__`, which leaves out what has a name of Python's own.
        for name in names_of_the_stub(package.__name__):
            if not isinstance(getattr(package, name), Primitive | ModuleType):
                yield name


def opened(page: Page, path: Path, markup: str) -> None:
    """A page of this markup, in which `hit` tells that something of a text's has run."""
    script = "<script>var hits = 0; function hit() { hits++ }</script>"
    head = f"<!doctype html><meta charset=utf-8>{script}<body>"
    path.write_text(head + markup, encoding="utf-8")
    page.open(path.as_uri())


def harm(page: Page) -> list[Any]:
    """What a text has done to a page: scripts that ran, elements, handlers, hidden characters."""
    found: list[Any] = page.evaluate(
        "(() => { const made = [...document.querySelectorAll('*')].filter((e) =>"
        " e.hasAttribute('data-hit') || ['IMG', 'A', 'EM', 'STRONG', 'S'].includes(e.tagName)"
        "   && !e.closest('[data-ours], .ours, svg') ||"
        " [...e.attributes].some((a) => /^on/.test(a.name) || /^javascript:/.test(a.value)));"
        f" const shown = document.body.textContent.match(new RegExp('{FORBIDDEN}', 'u'));"
        " return [...made.map((e) => e.outerHTML.slice(0, 200)),"
        " ...(window.hits ? [`${window.hits} scripts ran`] : []),"
        " ...(shown ? [`character ${shown[0].codePointAt(0).toString(16)}`] : [])]; })()"
    )
    return found


def formulas(page: Page) -> list[str]:
    """What MathJax would take for a formula, but for those that stand in `.ours`."""
    found: list[str] = page.evaluate(
        "(() => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);"
        " const found = []; while (walk.nextNode()) { const node = walk.currentNode;"
        " if (!node.parentElement.closest('code, pre, script, .mathjax_ignore, .ours')"
        " && /\\$[^$]+\\$|\\\\\\(|\\\\\\[|\\\\begin/.test(node.data)) found.push(node.data); }"
        " return found; })()"
    )
    return found
