"""Text on its way out, for all texts."""

import json

from hypothesis import given, strategies as st
from markdown_it import MarkdownIt

from tinygrad_bp.basics.escapes import code, html, javascript, lines, markdown, visible

# With surrogates, which Hypothesis leaves out unless asked.
ANY = st.text(st.characters(codec=None, exclude_categories=()))
READER = MarkdownIt("commonmark", {"html": True}).enable("table")


@given(ANY)
def test_what_is_visible_can_be_seen_and_stays_so(text):
    shown = visible(text)

    assert shown.isprintable()
    assert visible(shown) == shown


@given(ANY)
def test_lines_stay_lines(text):
    assert lines(text).count("\n") == text.count("\n")
    assert html(text).count("\n") == text.count("\n")


@given(ANY)
def test_a_script_reads_what_was_written(text):
    assert json.loads(javascript({text: [text]})) == {text: [text]}
    assert not set("<>&") & set(javascript(text))


@given(st.text(st.sampled_from("`|$\\<>&*_[]~ ax!;#")))
def test_a_reader_of_markdown_sees_the_text(text):
    table = READER.parse(f"| a |\n|---|\n| {code('x' + text + 'x')} |")
    inline = [token for token in table if token.type == "inline"][-1]
    line = READER.parseInline(f"x{markdown(text)}x")[0]

    assert _seen(inline) == f"x{visible(text)}x"
    assert _seen(line) == f"x{visible(text)}x"
    assert {t.type for t in line.children} <= {"text", "html_inline", "text_special"}


def _seen(token):
    """The text in a line of Markdown; of the elements in it those are left out that are ours."""
    ours = ("<span>", "</span>", "<code>", "</code>")
    parts = [t.content.replace("&#36;", "$") for t in token.children if t.content not in ours]
    return "".join(parts)
