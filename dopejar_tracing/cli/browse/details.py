"""The details: all that is known of one event."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dopejar_tracing.cli.browse.fields import laid_out
from dopejar_tracing.cli.browse.paint import Palette
from dopejar_tracing.show.line import Line


class Details(ScrollView, can_focus=True):
    """Fields of an event, wrapped, to scroll through.

    Args:
        palette: of the theme.
    """

    DEFAULT_CSS = """
    Details { overflow-x: hidden; overflow-y: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up"),
        Binding("down,j", "scroll_down"),
        Binding("pageup,ctrl+b", "page_up"),
        Binding("pagedown,ctrl+f,space", "page_down"),
        Binding("home,g", "scroll_home"),
        Binding("end,G", "scroll_end"),
    ]

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self._fields: list[tuple[str, Line]] = []
        self._lines: list[Line] = []

    def show(self, fields: list[tuple[str, Line]]) -> None:
        """Show these instead, from the top; the same stay where they are."""
        if fields != self._fields:
            self._fields = fields
            self.scroll_to(y=0, animate=False, immediate=True)
            self._lay_out()

    def render_line(self, y: int) -> Strip:
        """A line that is in sight."""
        at = y + self.scroll_offset.y
        line = self._lines[at] if at < len(self._lines) else []
        return self._palette.strip(line, self.scrollable_content_region.width)

    def on_resize(self) -> None:
        """Lines are broken where the pane ends."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        self._lines = laid_out(self._fields, width)
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()
