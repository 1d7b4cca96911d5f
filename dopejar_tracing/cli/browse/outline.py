"""The outline: requests and what is below them, of which only the rows in sight are ever drawn."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dopejar_tracing.cli.browse.paint import CURSOR, RESTING, Palette
from dopejar_tracing.cli.browse.picture import row_line
from dopejar_tracing.cli.browse.rows import Rows
from dopejar_tracing.cli.browse.trace import Trace
from dopejar_tracing.read.index.links import NONE
from dopejar_tracing.show.text import visible


class Outline(ScrollView, can_focus=True):
    """Rows of a trace, with a cursor.

    Args:
        trace: that is browsed.
        rows: which of it are there.
        palette: of the theme.

    Attributes:
        cursor: the row that is chosen.
        empty: what is said where there are no rows.
    """

    DEFAULT_CSS = """
    Outline { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)"),
        Binding("down,j", "move(1)"),
        Binding("pageup,ctrl+b", "page(-1)"),
        Binding("pagedown,ctrl+f", "page(1)"),
        Binding("ctrl+u", "page(-0.5)"),
        Binding("ctrl+d", "page(0.5)"),
        Binding("home,g", "first"),
        Binding("end,G", "last"),
        Binding("enter,space", "turn"),
        Binding("right,l", "unfold"),
        Binding("left,h", "fold"),
        Binding("E", "choose_all(True)"),
        Binding("C", "choose_all(False)"),
    ]

    class Moved(Message):
        """Another event is chosen, or what is known of it has changed."""

    def __init__(self, trace: Trace, rows: Rows, palette: Palette) -> None:
        super().__init__()
        self.cursor = 0
        self.empty = ""
        self._is_untouched = True
        self._trace = trace
        self._rows = rows
        self._palette = palette

    @property
    def node(self) -> int:
        """The event that is chosen, or NONE."""
        nodes = self._rows.nodes
        return nodes[self.cursor] if self.cursor < len(nodes) else NONE

    @property
    def is_at_end(self) -> bool:
        """Whether the last row is chosen."""
        return self.cursor >= len(self._rows) - 1

    def render_line(self, y: int) -> Strip:
        """A row that is in sight."""
        width = self.scrollable_content_region.width
        row = y + self.scroll_offset.y
        if row >= len(self._rows):
            said = self.empty if row == 0 else ""
            return self._palette.strip([(visible(said), "note")], width)
        line = row_line(self._trace, self._rows, row, width)
        if row == self.cursor:
            return self._palette.bar(line, width, CURSOR if self.has_focus else RESTING)
        return self._palette.strip(line, width)

    def reload(self, *, to_end: bool = False) -> None:
        """Show the rows as they are by now; the chosen event stays chosen, and where it is on the screen.

        Args:
            to_end: choose the last.
        """
        node, height = self.node, self.cursor - self.scroll_offset.y
        self._rows.refresh()
        self._fit()
        if to_end:
            self._go(len(self._rows) - 1)
        else:
            self._go(0 if self._is_untouched else self._rows.row_of(node))
            self.scroll_to(y=self.cursor - height, animate=False, immediate=True)

    def choose(self, row: int) -> None:
        """Move the cursor to a row, and that into sight."""
        self._is_untouched = False
        self._go(row)

    def _go(self, row: int) -> None:
        self.cursor = max(0, min(row, len(self._rows) - 1))
        height = max(1, self.scrollable_content_region.height)
        top = self.scroll_offset.y
        if not top <= self.cursor < top + height:
            near = self.cursor - (height - 1 if self.cursor >= top else 0)
            # A neighbour moves into sight; what is far away, to where there is something around it.
            far = self.cursor - height // 2
            is_near = abs(self.cursor - top) <= height or self.is_at_end
            self.scroll_to(y=near if is_near else far, animate=False, immediate=True)
        self.refresh()
        self.post_message(self.Moved())

    def reveal(self, node: int) -> None:
        """Choose an event, whatever it is folded into."""
        row = self._rows.reveal(node)
        self._fit()
        self.choose(row)

    def action_move(self, rows: int) -> None:
        """Up or down."""
        self.choose(self.cursor + rows)

    def action_page(self, pages: float) -> None:
        """Up or down by what is in sight."""
        rows = int(pages * max(1, self.scrollable_content_region.height - 1))
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False, immediate=True)
        self.choose(self.cursor + rows)

    def action_first(self) -> None:
        """To the top."""
        self.choose(0)

    def action_last(self) -> None:
        """To the end."""
        self.choose(len(self._rows) - 1)

    def action_turn(self) -> None:
        """Fold or unfold."""
        if self.node != NONE:
            (self._rows.fold if self._rows.is_open(self.cursor) else self._rows.unfold)(self.cursor)
            self._changed()

    def action_unfold(self) -> None:
        """Unfold; what is unfolded already is entered."""
        if self.node == NONE:
            return
        if self._rows.is_open(self.cursor):
            self.choose(self.cursor + 1)
        else:
            self._rows.unfold(self.cursor)
            self._changed()

    def action_fold(self) -> None:
        """Fold; from what is folded already, go to what it hangs under."""
        if self.node == NONE:
            return
        if self._rows.is_open(self.cursor):
            self._rows.fold(self.cursor)
            self._changed()
        else:
            self.choose(self._rows.parent_row(self.cursor))

    def action_choose_all(self, unfolded: bool) -> None:
        """Fold or unfold the row and all below it."""
        if self.node != NONE:
            self._rows.choose_all(self.cursor, unfolded=unfolded)
            self._changed()

    def on_resize(self) -> None:
        """Rows are as wide as the window."""
        self._fit()
        self.choose(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """Choose the row; what is chosen already, or clicked at its mark, is folded or unfolded."""
        row = event.y + self.scroll_offset.y
        if row < len(self._rows):
            is_chosen = row == self.cursor
            self.choose(row)
            if is_chosen or event.x < len("▸ "):
                self.action_turn()

    def _changed(self) -> None:
        self._fit()
        self.choose(self.cursor)

    def _fit(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows))
