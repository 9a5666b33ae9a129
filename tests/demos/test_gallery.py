"""`python3 demos`: which demos run, what they leave, and how it ends."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from demos import gallery
from demos.report import Claim, Page, Picture, Prose, Report, Table, Timing, Transcript, largest_gap

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'


def a_report(*, holds: bool = True, title: str = "A title") -> Report:
    return Report(
        title,
        "an `idea` < 1",
        [Claim("figure", "1.0", "by hand", "2.0", holds, "output 3")],
        parts=[
            Prose("Heading", "words"),
            Table("a table", ("a", "b"), [("1", "x < y")]),
            Table("a long table", ("n",), [(str(n),) for n in range(100)]),
            Picture("a picture", SVG),
            Page("a page", "beside", "<p>a page of its own</p>", "open it"),
            Transcript("a session", ">>> 1 < 2\nTrue"),
        ],
        timings=[Timing("work", 2.0, 1.0, "a class")],
        gap=1e-12,
    )


@pytest.fixture
def demos(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts demos of the test's own in place of the real ones."""

    def put(**mains: Callable[[], Report]) -> None:
        monkeypatch.setattr(gallery, "DEMOS", tuple(mains))
        for name, main in mains.items():
            module = ModuleType(f"demos.{name}")
            module.main = main  # type: ignore[attr-defined]
            monkeypatch.setitem(sys.modules, f"demos.{name}", module)

    return put


def fail() -> Report:
    raise ZeroDivisionError("no luck")


def interrupt() -> Report:
    signal.raise_signal(signal.SIGINT)
    return a_report()


def swallow_an_interrupt() -> Report:
    try:
        interrupt()
    except KeyboardInterrupt:
        return a_report(title="unfinished")
    return a_report()


def test_every_demo_that_is_listed_is_there() -> None:
    folder = Path(gallery.__file__).parent

    assert [name for name in gallery.DEMOS if not (folder / f"{name}.py").exists()] == []


def test_all_run_and_leave_a_page(demos, tmp_path: Path, capsys) -> None:
    demos(document_000=a_report, one_neuron=a_report)
    target = tmp_path / "out" / "index.html"

    assert gallery.main([], target=target) == 0
    assert 'id="document_000"' in target.read_text(encoding="utf-8")
    assert 'id="one_neuron"' in target.read_text(encoding="utf-8")
    assert (
        "figure  1.0           by hand               2.0         holds" in capsys.readouterr().out
    )


@pytest.mark.parametrize("name", ["000", "0", "document_000", "document-000", "document_000.py"])
def test_one_runs_by_its_name(demos, tmp_path: Path, name: str) -> None:
    demos(document_000=a_report, one_neuron=fail)
    target = tmp_path / "index.html"

    assert gallery.main([name], target=target) == 0
    assert 'id="one_neuron"' not in target.read_text(encoding="utf-8")


def test_some_run_once_each_and_in_the_order_of_the_page(demos, tmp_path: Path, capsys) -> None:
    demos(document_000=a_report, document_001=fail, one_neuron=a_report)

    assert gallery.main(["one_neuron", "000", "000"], target=tmp_path / "index.html") == 0
    assert re.findall(r"\] (\w+)", capsys.readouterr().err) == ["document_000", "one_neuron"]


def test_a_wrong_name_lists_the_right_ones(tmp_path: Path, capsys) -> None:
    target = tmp_path / "index.html"

    assert gallery.main(["007", "one_neuron", "tree"], target=target) == 2
    assert not target.exists()
    error = capsys.readouterr().err
    assert "'007', 'tree'" in error
    assert "document_002" in error


def test_help_lists_the_demos(capsys) -> None:
    assert gallery.main(["--help"]) == 0
    assert "document_004" in capsys.readouterr().out


def test_a_claim_that_fails_is_shown_and_counted(demos, tmp_path: Path, capsys) -> None:
    demos(document_000=lambda: a_report(holds=False), one_neuron=a_report)
    target = tmp_path / "index.html"

    assert gallery.main([], target=target) == 1
    assert "<b>1</b> of 2 figures" in target.read_text(encoding="utf-8")
    assert "FAILS" in capsys.readouterr().out


def test_a_demo_that_fails_does_not_lose_the_others(demos, tmp_path: Path, capsys) -> None:
    demos(document_000=fail, one_neuron=a_report)
    target = tmp_path / "index.html"

    assert gallery.main([], target=target) == 1
    text = target.read_text(encoding="utf-8")
    assert "This demo failed: ZeroDivisionError: no luck" in text
    assert "A title" in text
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("interrupted", [interrupt, swallow_an_interrupt])
def test_ctrl_c_leaves_what_is_finished(demos, tmp_path: Path, interrupted) -> None:
    demos(document_000=a_report, document_001=interrupted, one_neuron=fail)
    target = tmp_path / "index.html"
    handler = signal.getsignal(signal.SIGINT)

    assert gallery.main([], target=target) == 130
    text = target.read_text(encoding="utf-8")
    assert "A title" in text
    assert "unfinished" not in text
    assert "Not finished: document_001, one_neuron." in text
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_before_anything_is_finished_still_leaves_a_page(demos, tmp_path: Path) -> None:
    demos(document_000=interrupt)
    target = tmp_path / "index.html"

    assert gallery.main([], target=target) == 130
    assert "was interrupted" in target.read_text(encoding="utf-8")


def test_a_page_of_a_demos_own_stands_beside_it(demos, tmp_path: Path) -> None:
    demos(document_000=a_report, document_001=fail)
    gallery.main([], target=tmp_path / "index.html")

    beside = tmp_path / "document_000-beside.html"
    assert beside.read_text(encoding="utf-8") == "<p>a page of its own</p>"
    assert sorted(path.name for path in tmp_path.iterdir()) == [beside.name, "index.html"]


def test_the_page_needs_nothing_but_itself_and_those_beside_it(demos, tmp_path: Path) -> None:
    demos(document_000=a_report)
    target = tmp_path / "index.html"
    gallery.main([], target=target)
    text = target.read_text(encoding="utf-8")

    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', text))
    links = [link for link in re.findall(r'href="([^"]*)"', text) if not link.startswith("#")]
    assert links == ["document_000-beside.html"]
    assert "<script" not in text
    assert "@import" not in text


def test_words_of_a_report_are_not_markup(demos, tmp_path: Path) -> None:
    demos(document_000=a_report)
    target = tmp_path / "index.html"
    gallery.main([], target=target)
    text = target.read_text(encoding="utf-8")

    assert "an <code>idea</code> &lt; 1" in text
    assert "x &lt; y" in text
    assert "<b>&gt;&gt;&gt; 1 &lt; 2</b>" in text


def test_a_long_table_waits_behind_its_title(demos, tmp_path: Path) -> None:
    demos(document_000=a_report)
    target = tmp_path / "index.html"
    gallery.main([], target=target)

    assert target.read_text(encoding="utf-8").count("<details>") == 1


def test_nan_is_no_agreement() -> None:
    assert largest_gap([1.0, float("nan")], [1.0, 1.0]) == float("inf")
