"""A drawing: a `graphviz.Digraph` that can draw itself where the `dot` program is not installed.

>>> from tinygrad_bp.look.picture.picture import Node, Picture, Row
>>> drawing = Drawing(Picture((Node("n0", "leaf", (Row("x", "leaf"),)),)))
>>> drawing.svg().startswith("<svg ")
True
>>> "n0 [label=" in drawing.source
True
"""

import os
import shutil
from pathlib import Path
from typing import Any

import graphviz

from tinygrad_bp.basics.files import write
from tinygrad_bp.basics.words import counted
from tinygrad_bp.look.picture.dot import write_source
from tinygrad_bp.look.picture.picture import Picture
from tinygrad_bp.look.picture.svg import svg

__all__ = ["DotNotFound", "Drawing"]

# `dot` took 44 s for 6,469 nodes, our own layout 2 s.
LARGE = 1_500

Path_ = str | os.PathLike[str]


class DotNotFound(graphviz.ExecutableNotFound):  # type: ignore[misc]  # graphviz has no types
    """A format was asked for that only the `dot` program can write, and there is none."""

    def __init__(self, wanted: str) -> None:
        RuntimeError.__init__(
            self,
            f"{wanted!r} needs the program `dot`, which is not on the PATH: install Graphviz "
            "(https://graphviz.org/download, `apt install graphviz`, `brew install graphviz`), "
            "or use SVG, which needs nothing: .save_svg('graph.svg')",
        )


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A picture of a graph: shows itself in a notebook, saves SVG, and with `dot` PNG and PDF.

    `svg`, `save_svg` and the notebook use the project's own layout, the same to the byte on every
    machine.  What a `graphviz.Digraph` has (`render`, `pipe`, `view`) uses `dot` where there is one
    and the graph has at most 1,500 nodes, and otherwise gives the same SVG.
    """

    def __init__(self, picture: Picture | None = None, **settings: Any) -> None:
        super().__init__(**{"format": "svg", **settings})
        self.picture = picture or Picture()
        if settings.get("body") is None:  # else it is a copy, already written
            write_source(self, self.picture)

    def svg(self) -> str:
        """The drawing as the text of an SVG document.

        Raises ValueError where graphviz's own methods have changed the drawing since.
        """
        if not self._is_as_made():
            raise ValueError(
                "this drawing was changed with graphviz's own methods, which only `dot` can lay "
                "out: use .render() or .pipe() where `dot` is installed, or draw it again"
            )
        return svg(self.picture)

    def save_svg(self, path: Path_) -> Path:
        """Write the SVG document to a file, making folders as needed; its path."""
        return write(path, self.svg())

    def copy(self) -> "Drawing":
        """An independent drawing of the same picture."""
        copied: Drawing = super().copy()
        copied.picture = self.picture
        return copied

    def pipe(
        self,
        format: str | None = None,  # noqa: A002  # graphviz's signature
        renderer: str | None = None,
        formatter: str | None = None,
        neato_no_op: bool | int | None = None,  # noqa: FBT001  # graphviz's signature
        quiet: bool = False,  # noqa: FBT001, FBT002  # graphviz's signature
        *,
        engine: str | None = None,
        encoding: str | None = None,
    ) -> bytes | str:
        """The rendered drawing: bytes, or text if an encoding is given, as graphviz does it."""
        if self._is_for_dot(format or self.format, engine, renderer):
            rendered: bytes | str = super().pipe(
                format=format,
                renderer=renderer,
                formatter=formatter,
                neato_no_op=neato_no_op,
                quiet=quiet,
                engine=engine,
                encoding=encoding,
            )
            return rendered
        return self.svg() if encoding else self.svg().encode()

    def render(
        self,
        filename: Path_ | None = None,
        directory: Path_ | None = None,
        view: bool = False,  # noqa: FBT001, FBT002  # graphviz's signature
        cleanup: bool = False,  # noqa: FBT001, FBT002  # graphviz's signature
        format: str | None = None,  # noqa: A002  # graphviz's signature
        renderer: str | None = None,
        *,
        outfile: Path_ | None = None,
        engine: str | None = None,
        quiet_view: bool = False,
        **settings: Any,
    ) -> str:
        """Save the source, render it beside it, and return the rendered file's path."""
        wanted = format or (Path(outfile).suffix[1:] if outfile else "") or self.format
        if self._is_for_dot(wanted, engine, renderer):
            path: str = super().render(
                filename,
                directory=directory,
                view=view,
                cleanup=cleanup,
                format=format,
                renderer=renderer,
                outfile=outfile,
                engine=engine,
                quiet_view=quiet_view,
                **settings,
            )
            return path
        if outfile is not None:
            target = Path(outfile) if directory else Path(self.directory, outfile)
            filename = filename or target.with_suffix(".gv")
        source = self.save(filename, directory=directory)
        rendered = os.fspath(self.save_svg(target if outfile is not None else f"{source}.svg"))
        if cleanup:
            Path(source).unlink()
        if view or quiet_view:
            self._view(rendered, format="svg", quiet=quiet_view)
        return rendered

    def __repr__(self) -> str:
        size = counted(len(self.picture.nodes), "node")
        return f"Drawing({size}; .save_svg('graph.svg') saves it, a notebook shows it)"

    def _repr_image_svg_xml(self) -> str:
        """What a notebook shows: our own picture, unless graphviz's methods have changed it."""
        return self.svg() if self._is_as_made() else str(self.pipe("svg", encoding="utf-8"))

    _repr_svg_ = _repr_image_svg_xml

    def _is_as_made(self) -> bool:
        fresh = Drawing(self.picture, name=self.name, comment=self.comment)
        return bool(self.source == fresh.source)

    def _is_for_dot(self, wanted: str, engine: str | None, renderer: str | None) -> bool:
        """Whether `dot` draws; raises DotNotFound where it must and there is none."""
        is_ours = wanted == "svg" and renderer is None and (engine or self.engine) == "dot"
        if is_ours and len(self.picture.nodes) > LARGE:
            return False
        if shutil.which("dot"):
            return True
        if is_ours:
            return False
        raise DotNotFound(wanted)
