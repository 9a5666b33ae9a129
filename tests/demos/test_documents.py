"""Every demo reaches what it claims.

Long schedules are shortened here; `python3 demos` runs them in full and fails where a claim does.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from demos import (
    derivative_by_hand,
    document_000,
    document_001,
    document_002,
    document_003,
    document_004,
    iris,
    one_neuron,
    stepping_in_a_repl,
)
from demos.document_002_factors import hidden_chain, one_mistake_table, perceptron_chain
from demos.reference import document_002 as reference_002
from demos.report import Page, Picture, Report, Table, Transcript
from tinygrad_bp import gradient

SHORT = {
    "000": lambda: document_000.main(epochs=1_000),
    "001": document_001.main,
    "002": document_002.main,
    "003": lambda: document_003.main(epochs=10),
    "004": lambda: document_004.main(epochs=1_000),
}


@cache
def report(document: str) -> Report:
    return SHORT[document]()


def claimed(document: str, words: str) -> bool:
    (claim,) = (claim for claim in report(document).claims if words in claim.what)
    return claim.holds


@pytest.mark.parametrize("document", SHORT)
def test_weights_are_those_of_numpy(document: str) -> None:
    assert report(document).gap <= 1e-9


@pytest.mark.parametrize("document", SHORT)
def test_the_network_is_played_explained_and_linted(document: str) -> None:
    parts = report(document).parts

    assert any(isinstance(part, Page) and part.name.startswith("backprop-") for part in parts)
    lints = [p.text for p in parts if isinstance(p, Transcript) and "`lint`" in p.title]
    assert all(text.startswith("lint of MLP(") for text in lints)
    assert lints
    explanations = [p.text for p in parts if isinstance(p, Transcript) and "Why" in p.title]
    assert all(re.search("the sum, and what backward computes", text) for text in explanations)
    assert explanations


def test_lint_and_autopsy_tell_the_story_of_document_002() -> None:
    texts = {p.title: p.text for p in report("002").parts if isinstance(p, Transcript)}
    raw = texts["What `lint` says of the 3-1 perceptron on the raw inputs"]
    after = texts["What `autopsy` says of a weight after 6 steps"]

    assert "saturated" in raw
    assert "unscaled-inputs" in raw
    assert "too large for a float" in after
    assert "return z * (1 - z)" in after
    assert texts["What `lint` says of 3-1 on standardised inputs"].endswith("nothing to report")


@pytest.mark.parametrize("document", SHORT)
def test_the_networks_players_play_in_a_browser(document: str, browser, tmp_path: Path) -> None:
    for part in report(document).parts:
        if isinstance(part, Page):
            path = tmp_path / f"{part.name}.html"
            path.write_text(part.html, encoding="utf-8", newline="")
            with browser.page() as page:
                play_to_the_end(page, path.as_uri())


def play_to_the_end(page, address: str) -> None:
    """Every step by the right arrow key, back to the start at once, and to the end at once."""
    seen = "['#graph', 'header'].map((part) => document.querySelector(part).textContent).join()"
    page.open(address)
    start = page.evaluate(seen)
    page.press("ArrowRight", int(page.evaluate("document.querySelector('#slider').max")))
    end = page.evaluate(seen)
    page.press("Home")
    assert page.evaluate(seen) == start
    page.press("End")
    assert page.evaluate(seen) == end != start
    assert page.evaluate("document.querySelector('#next').disabled")
    assert page.requests() == [address]
    assert page.complaints() == []


@pytest.mark.parametrize("document", SHORT)
def test_the_trained_network_shows_its_graph_its_curve_and_its_time(document: str) -> None:
    pictures = [part for part in report(document).parts if isinstance(part, Picture)]

    assert all(picture.svg.startswith("<svg ") for picture in pictures)
    assert any("every node" in picture.title for picture in pictures)
    assert any("loss" in p.title or "cost" in p.title or "error" in p.title for p in pictures)
    assert all(timing.speed > 0 for timing in report(document).timings)


@pytest.mark.parametrize("document", ["001", "002", "003", "004"])
def test_every_claim_holds(document: str) -> None:
    assert report(document).holds, report(document).text()


@pytest.mark.parametrize("document", SHORT)
def test_training_is_compiled(document: str) -> None:
    assert all(timing.route not in ("", "eager") for timing in report(document).timings)


def test_000_learns_and_its_second_regime_goes_on_where_the_first_ends() -> None:
    numbers = report("000").numbers

    assert numbers["one by one"] < numbers["together"] < 2e-3


def test_000_does_not_claim_what_a_short_run_has_not_reached() -> None:
    assert not report("000").holds


def test_001_gives_the_four_figures_to_the_last_digit() -> None:
    figures = [claim.here for claim in document_001.fixed_claims()]

    assert figures == ["0.9990889488055994", "0.9933071490757153", "0.7216325609518421", "0.5"]


def test_001_reaches_its_loss() -> None:
    assert report("001").numbers["loss"] < 0.002


def test_002_prints_what_the_document_prints() -> None:
    assert claimed("002", "5 finite steps")
    assert claimed("002", "other 5 steps")
    assert claimed("002", "all 10 steps")


def test_002_a_number_that_differs_in_a_printed_digit_does_not_agree() -> None:
    printed = document_002.PRINTED_HIDDEN

    assert document_002.agreement(printed, printed) == 12
    assert document_002.agreement(printed * (1 + 1e-8), printed) == 0


@pytest.mark.parametrize("inputs", [reference_002.INPUTS, reference_002.standardised()])
def test_002_the_engines_factors_multiply_to_the_right_gradient(inputs: np.ndarray) -> None:
    by_w = reference_002.right_perceptron_gradient(reference_002.perceptron_start(), inputs)
    by_hidden, by_v = reference_002.right_hidden_gradient(reference_002.hidden_start(), inputs)
    perceptron, hidden = perceptron_chain(inputs), hidden_chain(inputs)
    wholes = [perceptron[-1].right[0], hidden[-3].right[0], hidden[-1].right[0]]

    # NumPy's 1 - s is 0 where s is within rounding of 1; the engine's slope there is tiny.
    assert wholes == pytest.approx([by_w[0, 0], by_hidden[0, 0], by_v[0, 0]], rel=1e-9, abs=1e-20)


def test_002_the_written_factors_multiply_to_the_written_step() -> None:
    hidden, output = reference_002.hidden_start()
    moved = reference_002.hidden_as_written(hidden, output)
    chain = hidden_chain(reference_002.INPUTS)

    assert hidden[0, 0] + 0.5 * chain[-3].written[0] == pytest.approx(moved.hidden_weights[0, 0])
    assert output[0, 0] + 0.5 * chain[-1].written[0] == pytest.approx(moved.output_weights[0, 0])


def test_002_only_the_factor_that_is_an_input_is_right() -> None:
    chain = hidden_chain(reference_002.standardised())
    right = [factor.name for factor in chain if np.allclose(factor.written, factor.right)]

    assert right == ["∂z₁/∂W₁₁"]


def test_003_names_held_out_flowers() -> None:
    assert report("003").numbers["two"] >= 0.93
    assert report("003").numbers["three"] >= 0.93
    assert report("003").numbers["printed"] >= 0.93


def test_003_holds_every_flower_out_once() -> None:
    species = iris.load().species
    held_out = [rows for _, rows in iris.folds(species, rng=np.random.default_rng(0))]

    assert sorted(np.concatenate(held_out)) == list(range(150))


def test_004_gives_the_error_of_the_update_order() -> None:
    assert report("004").numbers["order"] == pytest.approx(0.3138, abs=1e-4)


def test_004_pulls_back_through_the_moved_weights_what_a_changed_graph_passes_on() -> None:
    model = document_004.network()
    hidden, output = (layer.parameters() for layer in model.layers)

    for _ in range(50):
        step = document_004.step_as_written(*(weight.data for weight in model.parameters()))
        loss = document_004.half_squared_error(model)
        document_004.descend(output, gradient(loss, output))
        document_004.descend(hidden, gradient(loss, hidden))

        assert step == [*(weight.data for weight in model.parameters()), loss.data]


def test_004_fits_with_settings_of_our_choosing() -> None:
    assert report("004").numbers["momentum"] < 1e-3


def test_a_neuron_gives_the_documents_figure() -> None:
    assert one_neuron.main().holds


def test_the_derivative_by_hand_is_the_engines() -> None:
    assert derivative_by_hand.main().holds


def test_differences_lose_what_the_engine_keeps() -> None:
    tables = [part for part in derivative_by_hand.main().parts if isinstance(part, Table)]
    (differences,) = (table for table in tables if "off by" in table.header)

    assert min(float(row[-1]) for row in differences.rows) > 1e-13


def test_the_session_really_ran() -> None:
    result = stepping_in_a_repl.main()
    (transcript,) = (part for part in result.parts if isinstance(part, Transcript))

    assert result.holds
    assert ">>> w.grad, x.grad\n(-1.0, 3.0)\n" in transcript.text
    assert "Traceback" not in transcript.text


def test_002_one_mistake_is_enough() -> None:
    right = {row[0]: row[-1] for row in one_mistake_table().rows}

    assert right.pop("none") == "4 of 4"
    assert "4 of 4" not in right.values()
