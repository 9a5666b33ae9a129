"""A pytest plug-in: every Python block in README.md and docs/ runs, and its output is compared.

The blocks of a page share their names, top to bottom, as a reader would type them.
"""

from __future__ import annotations

import doctest
from collections.abc import Iterable
from pathlib import Path

from sybil import Document, Region, Sybil
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.parsers.abstract.doctest import DocTestStringParser
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).resolve().parent.parent

sessions = CodeBlockParser("pycon", DocTestEvaluator(doctest.ELLIPSIS))
prompts = DocTestStringParser(DocTestEvaluator(doctest.ELLIPSIS))


def parse_sessions(document: Document) -> Iterable[Region]:
    """The prompts in ```pycon blocks: sybil looks for them in ```python blocks only."""
    for block in sessions(document):
        for prompt in prompts(block.parsed, document.path):
            prompt.adjust(block, block.parsed)
            yield prompt


pytest_collect_file = Sybil(
    path=str(ROOT),
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS),
        parse_sessions,
        SkipParser(),
    ],
).pytest()
