"""Lines of a picture → what Textual draws, in the colours of the settings' theme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.scrollbar import ScrollBarRender
from textual.strip import Strip

from dopejar_tracing.show.line import Line, fitted, plain
from dopejar_tracing.show.theme import OTHER, STYLES

CURSOR = Style(reverse=True)
"""Of the row that is chosen. One style for all of it: reversed colours are a patchwork."""
RESTING = Style(reverse=True, dim=True)
"""The same, while the keys go elsewhere."""


class WholeCells(ScrollBarRender):
    """A scrollbar without eighths of a cell, which need colours that a terminal's own sixteen do not have."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]


class Palette:
    """Roles → styles.

    Args:
        theme: role or layer → style, over those of `theme.STYLES`.
    """

    def __init__(self, theme: Mapping[str, str]) -> None:
        self._styles = {role: Style.parse(style) for role, style in {**STYLES, **theme}.items()}
        self._other = self._styles[OTHER]
        self._styles[""] = Style.null()

    def strip(self, line: Line, width: int) -> Strip:
        """The line in just so many columns."""
        fits = fitted(line, width) if line else []
        segments = [Segment(text, self._styles.get(role, self._other)) for text, role in fits if text]
        return Strip(segments).adjust_cell_length(width)

    def bar(self, line: Line, width: int, style: Style) -> Strip:
        """The line as a bar of one style."""
        text = plain(fitted(line, width))
        return Strip([Segment(text + " " * max(0, width - cell_len(text)), style)])
