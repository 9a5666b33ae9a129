"""The glossary defines the words that the project uses."""

from __future__ import annotations

import re

import pytest

from tests.house.sources import ROOT

TERMS = re.findall(
    r"^\*\*(.+?)\*\*", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE
)


@pytest.mark.parametrize(
    "term",
    [
        *("value", "data", "grad", "parents", "leaf", "constant", "primitive", "row", "partial"),
        *("upstream gradient", "contribution", "seed", "tangent", "cotangent", "jvp", "vjp"),
        *("backward mode", "forward mode", "topological order", "kink", "singular point"),
        *("step", "moment", "frontier", "arrival", "provenance"),
        *("epoch", "batch", "loss", "learning rate", "activation", "neuron", "layer"),
    ],
)
def test_a_word_of_the_project_is_defined(term: str) -> None:
    assert term in TERMS


def test_terms_stand_in_alphabetical_order_once() -> None:
    in_order = sorted(set(TERMS), key=str.lower)

    assert in_order == TERMS
