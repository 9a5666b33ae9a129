"""Reports as one page of HTML: self-contained, for a wide screen, a phone, by day and by night."""

from __future__ import annotations

import base64
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from demos.report import (
    CLAIM_HEADER,
    Claim,
    Page,
    Part,
    Picture,
    Prose,
    Report,
    Table,
    Timing,
    Transcript,
    seconds,
    speed,
)

STYLE = Path(__file__).with_name("page.css")
# A table of more rows waits behind its title; a picture of more pixels gets more of the screen.
LONG, WIDE = 10, 700
WIDTH = re.compile(r'<svg [^>]*?\bwidth="([\d.]+)')
NUMBER = re.compile(r"[-+−]?[\d.,]+(e[-+]?\d+)?%?|[-+−]?inf|nan|")


@dataclass(frozen=True)
class Entry:
    """A demo of the page: its name, and its report or in one line why there is none."""

    name: str
    report: Report | None = None
    trouble: str = ""

    @property
    def title(self) -> str:
        """What it is called on the page."""
        return self.report.title if self.report else self.name

    @property
    def pages(self) -> list[Page]:
        """Its pages beside this one."""
        return [part for part in self.report.parts if isinstance(part, Page)] if self.report else []

    @property
    def summary(self) -> str:
        """How it went, for a terminal."""
        return self.report.text() if self.report else f"{self.name}: {self.trouble}"


def page(entries: Sequence[Entry], *, note: str = "") -> str:
    """The whole page; `note` says on top what is special about it."""
    body = "\n".join(
        [
            head(entries),
            f'<p class="note">{code(note)}</p>' if note else "",
            contents(entries),
            *map(section, entries),
            foot(),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        "<title>tinygrad_bp: the demos</title>\n"
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def head(entries: Sequence[Entry]) -> str:
    """What this is, and how it went."""
    claims = [claim for entry in entries if entry.report for claim in entry.report.claims]
    held = sum(claim.holds for claim in claims)
    return (
        '<header>\n<p class="mark">tinygrad_bp</p>\n<h1>The demos</h1>\n'
        "<p>What the engine gives for the figures of the five documents, and the graphs "
        "that it differentiates: each node with its value and its gradient.</p>\n"
        f'<p class="tally"><b>{held}</b> of {len(claims)} figures are what they should be.</p>\n'
        "</header>"
    )


def contents(entries: Sequence[Entry]) -> str:
    """One row for each demo."""
    rows = "\n".join(map(contents_row, entries))
    return (
        '<nav aria-label="The demos"><div class="scroll"><table>\n'
        "<thead><tr><th>demo</th><th>figures</th><th>largest gap to NumPy</th>"
        "<th>speed, the document's NumPy = 1</th></tr></thead>\n"
        f"<tbody>\n{rows}\n</tbody>\n</table></div></nav>"
    )


def contents_row(entry: Entry) -> str:
    """A demo's name and how it went."""
    link = f'<a href="#{entry.name}">{code(entry.title)}</a>'
    report = entry.report
    if report is None:
        return f'<tr><td>{link}</td><td colspan="3">{sign(holds=False)} did not finish</td></tr>'
    held = sum(claim.holds for claim in report.claims)
    gap = f"{report.gap:.1e}" if report.gap is not None else ""
    speeds = ", ".join(map(speed, report.timings))
    return (
        f"<tr><td>{link}</td><td>{sign(holds=report.holds)} {held} of {len(report.claims)}</td>"
        f'<td class="number">{gap}</td><td class="number">{speeds}</td></tr>'
    )


def section(entry: Entry) -> str:
    """A demo in full."""
    report = entry.report
    if report is None:
        inside = f'<h2>{escape(entry.name)}</h2>\n<p class="note">{code(entry.trouble)}</p>'
    else:
        inside = "\n".join(
            [
                f"<h2>{code(report.title)}</h2>",
                f'<p class="idea">{code(report.idea)}</p>',
                claims_table(report.claims),
                timings_list(report.timings) if report.timings else "",
                *(part(content, entry.name) for content in report.parts),
            ]
        )
    return f'<section id="{entry.name}">\n{inside}\n</section>'


def claims_table(claims: Iterable[Claim]) -> str:
    """What each figure should be, who says so, and what the engine gives."""
    rows = "\n".join(
        f"<tr><th scope=row>{code(claim.what)}{where(claim)}</th>{cell(claim.expected)}"
        f"<td>{escape(claim.whose)}</td>{cell(claim.here)}<td>{sign(holds=claim.holds)}</td></tr>"
        for claim in claims
    )
    header = "".join(f"<th>{name}</th>" for name in (*CLAIM_HEADER, ""))
    return (
        '<div class="scroll"><table class="claims">\n<thead><tr>'
        f"{header}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def where(claim: Claim) -> str:
    """Where the document's figure stands in it."""
    return f"<small>{code(claim.where)}</small>" if claim.where else ""


def sign(*, holds: bool) -> str:
    """Whether it holds, as a word, a shape and a colour."""
    return (
        '<span class="holds" role="img" aria-label="holds">✓</span>'
        if holds
        else '<span class="fails" role="img" aria-label="fails">✗</span>'
    )


def timings_list(timings: Iterable[Timing]) -> str:
    """How long each schedule took, as a ratio first."""
    rows = "\n".join(
        f"<li>{code(timing.what)}: <b>{speed(timing)}</b> times the speed of {code(timing.peer)}: "
        f"{code(seconds(timing))}</li>"
        for timing in timings
    )
    return f'<ul class="timings">\n{rows}\n</ul>'


def part(content: Part, name: str) -> str:
    """A paragraph, a table, a picture, a transcript, or the way to a page of the demo's own."""
    if isinstance(content, Prose):
        return f"<h3>{code(content.title)}</h3>\n<p>{code(content.text)}</p>"
    if isinstance(content, Picture):
        return picture(content)
    caption = code(content.title)
    if isinstance(content, Page):
        return (
            f'<p class="way">{caption}.<br><a href="{address(name, content)}">'
            f"{escape(content.invitation)}</a></p>"
        )
    if isinstance(content, Table) and len(content.rows) > LONG:
        shown = f"<summary>{caption} <small>{len(content.rows)} rows</small></summary>"
        return f"<figure><details>{shown}\n{table(content)}\n</details></figure>"
    inside = table(content) if isinstance(content, Table) else transcript(content)
    return f"<figure>\n<figcaption>{caption}</figcaption>\n{inside}\n</figure>"


def address(name: str, content: Page) -> str:
    """Where a demo's own page is, from this one."""
    return f"{name}-{content.name}.html"


def picture(content: Picture) -> str:
    """An SVG as data, so that its ids and styles stay its own; a click shows it in full size."""
    data = base64.b64encode(content.svg.encode()).decode()
    name = escape(content.title.replace("`", ""))
    width = WIDTH.search(content.svg)
    kind = ' class="wide"' if width and float(width[1]) > WIDE else ""
    return (
        f"<figure{kind}>\n<figcaption>{code(content.title)}</figcaption>\n"
        '<label class="picture"><input type="checkbox" aria-label="full size">'
        f'<img alt="{name}" src="data:image/svg+xml;base64,{data}"></label>\n</figure>'
    )


def table(content: Table) -> str:
    """Rows under a header; what is a number stands to the right."""
    header = "".join(f"<th>{code(text)}</th>" for text in content.header)
    rows = "\n".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in content.rows)
    return (
        f'<div class="scroll"><table>\n<thead><tr>{header}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def cell(text: str) -> str:
    """One cell."""
    kind = ' class="number"' if all(map(NUMBER.fullmatch, text.split())) else ""
    return f"<td{kind}>{code(text)}</td>"


def transcript(content: Transcript) -> str:
    """Lines as they stand; what a person types stands out."""
    lines = (
        f"<b>{escape(line)}</b>" if line.startswith((">>>", "...")) else escape(line)
        for line in content.text.splitlines()
    )
    return f"<pre>{chr(10).join(lines)}</pre>"


def code(text: str) -> str:
    """Escaped, with `code` between backticks."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def foot() -> str:
    """What it was made with."""
    return (
        f"<footer><p>Made by <code>python3 demos</code>, with Python {platform.python_version()} "
        f"and NumPy {np.__version__}. Times were measured in this run, one after the other, on "
        "the same machine; what carries over to others is at most their ratio.</p></footer>"
    )
