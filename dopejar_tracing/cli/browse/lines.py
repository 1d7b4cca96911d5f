"""Single lines around the outline: what is typed, what is wrong with it, how things stand, the keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip
from textual.widget import Widget

from dopejar_tracing.cli.browse.paint import Palette
from dopejar_tracing.show.line import Line


class Lines(Widget):
    """A few lines of a picture, as high as they are many.

    Args:
        palette: of the theme.
        lines: at first.
        id: of the widget.
    """

    DEFAULT_CSS = """
    Lines { width: 1fr; height: auto; }
    """

    def __init__(self, palette: Palette, lines: Sequence[Line] = (), *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._palette = palette
        self._lines = lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show these instead."""
        if lines != self._lines:
            self.refresh(layout=len(lines) != len(self._lines))
            self._lines = lines

    def get_content_height(self, *_: object) -> int:
        """A row a line."""
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        """One of them."""
        line = self._lines[y] if y < len(self._lines) else []
        return self._palette.strip(line, self.size.width)
