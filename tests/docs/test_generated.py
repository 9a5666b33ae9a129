"""What `python3 docs` makes is what is committed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from docs import arrays, notebook, pictures, rooms, rules
from tests.house.sources import ROOT
from tinygrad_bp.rows import primitives
from tinygrad_bp.rows.primitive import BY_NAME

GENERATED = {
    **arrays.files(),
    **rules.files(),
    **rooms.files(),
    **pictures.files(),
    **notebook.files(),
}


@pytest.mark.parametrize(
    "path", GENERATED, ids=lambda path: path.relative_to(ROOT / "docs").as_posix()
)
def test_a_generated_file_is_up_to_date(path: Path) -> None:
    hint = "run `python3 docs` and commit what it changes"

    assert path.read_text(encoding="utf-8") == GENERATED[path], hint


def test_every_picture_is_made_by_the_command() -> None:
    assert set((ROOT / "docs" / "images").glob("*.svg")) == set(pictures.files())


@pytest.mark.parametrize("path", pictures.files(), ids=lambda path: path.name)
def test_a_picture_is_drawn_and_is_xml(path: Path) -> None:
    assert len(list(ET.fromstring(GENERATED[path]).iter("{http://www.w3.org/2000/svg}text"))) >= 10


# The table of rules


def test_every_row_of_the_table_stands_under_one_heading() -> None:
    found = [name for _, names in rules.sections() for name in names]

    assert sorted(found) == sorted(set(found))
    assert len(found) == rules.SOURCE.count(' = row("') + rules.SOURCE.count(' = family("')
    assert set(found) <= set(BY_NAME)


def test_formulas_that_repeat_get_names() -> None:
    _, formulas, definitions = rules.partials(BY_NAME["logsumexp"])

    assert formulas == ("c / (c + (a + b))", "a / (a + (c + b))", "b / (b + (c + a))")
    assert definitions["c"] == "exp(gap(x, z))"


def test_a_condition_on_an_operand_is_spelt_out() -> None:
    _, formulas, _ = rules.partials(BY_NAME["where"])

    assert formulas == ("None", "1 if c else None", "1 if equal(c, 0) else None")


@pytest.mark.parametrize("name", ["tanh", "gelu", "divide", "pow", "logaddexp", "atan2"])
def test_a_printed_formula_computes_the_partial(name: str) -> None:
    primitive = BY_NAME[name]
    names, formulas, definitions = rules.partials(primitive)
    operands = (1.25, 0.75)[: primitive.arity]
    known = {**BY_NAME, **vars(primitives), **dict(zip(names, operands, strict=True))}
    known["z"] = primitive(*operands)
    for letter, formula in definitions.items():
        known[letter] = eval(formula, known)

    computed = [eval(formula, known) for formula in formulas]

    assert computed == list(primitive.partials(known["z"], *operands))
