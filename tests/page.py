"""Parts of a page in docs/ that a long run writes, each between marks that name its command."""

from __future__ import annotations

from pathlib import Path


def marks(command: str) -> tuple[str, str]:
    """What stands before and after the part that a command writes."""
    return f"<!-- written by {command} -->\n", f"\n<!-- end of {command} -->"


def section(page: Path, command: str) -> str:
    """The part of the page that the command wrote."""
    before, after = marks(command)
    text = page.read_text(encoding="utf-8")
    return text[text.index(before) + len(before) : text.index(after)]


def put_section(page: Path, command: str, part: str) -> None:
    """Write the part anew; the page must have its marks."""
    before, after = marks(command)
    text = page.read_text(encoding="utf-8")
    start, stop = text.index(before) + len(before), text.index(after)
    page.write_text(f"{text[:start]}{part}{text[stop:]}", encoding="utf-8")
