"""The checker on a sample of the labelled gradients; `tests.check.confusion` tries them all."""

from __future__ import annotations

import numpy as np
import pytest

from tests.check import confusion
from tests.check.cases import cases
from tests.check.derivations import formulas


def test_sample_of_gradients_gets_the_verdicts_that_it_should() -> None:
    said, named = confusion.verdicts(cases(90))

    for label, verdict in said:
        expected = {"cancellation": "unstable"}.get(label, label.split()[0])
        assert verdict == expected, (label, verdict)
    assert said.total() > 40
    assert named[True] > 8
    assert not named[False]


def test_sample_of_mistakes_is_named() -> None:
    said = confusion.mistakes(formulas(np.random.default_rng(1)))

    assert said.total() > 10
    for made, named in said:
        assert named == made


def test_tables_are_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    counts = confusion.Counter({("right", "right"): 3, ("kink", "kink"): 2})

    confusion.show(["", *confusion.VERDICTS], confusion.rows(counts, confusion.VERDICTS))

    assert capsys.readouterr().out == (
        "|  | right | wrong | kink | unstable |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| kink |  |  | 2 |  |\n"
        "| right | 3 |  |  |  |\n"
    )
