"""What was found → what stdout gets."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from dopejar_tracing.model.forest import Absent, Node
from dopejar_tracing.read.find.search import Found
from dopejar_tracing.settings import load
from dopejar_tracing.show import found
from dopejar_tracing.show.line import Line
from dopejar_tracing.show.terminal import Painter, painted_lines
from dopejar_tracing.show.text import visible_json


class Drawing:
    """Draws for stdout, with the colours that it can show.

    Args:
        look: how it is drawn.
        as_json: lines stay as they are.

    Attributes:
        paint: lines with roles → text.
    """

    def __init__(self, look: found.Look, *, as_json: bool = False) -> None:
        self.paint = Painter(sys.stdout, load(lenient=True).settings.styles())
        self._look = look
        self._as_json = as_json
        self._is_terminal = sys.stdout.isatty()

    def trees(self, tops: Iterable[Node | Absent]) -> Iterator[Line]:
        """The lines of the trees."""
        return found.trees(tops, self._look)

    def head(self) -> bytes:
        """What stands above all rows."""
        return b"" if self._as_json else self.painted([found.table_head(self._look)])

    def row(self, each: Found) -> bytes:
        """One match, as a row of the table or as the line that it is."""
        if not self._as_json:
            return self.painted([found.table_row(each.event, self._look)])
        if not self._is_terminal:
            return each.line + b"\n"
        return _encoded(f"{visible_json(each.line.decode(errors='backslashreplace'))}\n")

    def painted(self, lines: Iterable[Line]) -> bytes:
        """The lines, as stdout's encoding has them."""
        return _encoded(painted_lines(self.paint, lines))


def _encoded(text: str) -> bytes:
    return text.encode(sys.stdout.encoding, "backslashreplace")
