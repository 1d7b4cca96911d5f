"""What the keys do."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen

from dopejar_tracing.cli.browse.lines import Lines
from dopejar_tracing.cli.browse.paint import Palette
from dopejar_tracing.show.line import Line

KEYS = (
    ("↑ ↓  j k", "one row"),
    ("PgUp PgDn", "one page; Ctrl-U Ctrl-D: half of one"),
    ("g G", "first row, last row"),
    ("Enter Space", "fold, unfold"),
    ("→ ←  l h", "unfold and enter; fold and leave"),
    ("E C", "unfold, fold all below"),
    ("n N", "next error, previous error"),
    ("b B", "next blocked, previous blocked"),
    ("/", 'filter: status == "error", or words'),
    ("Esc", "clear the filter"),
    ("f", "follow: show what is written from now on"),
    ("y", "copy the ID"),
    ("Tab", "to the details and back"),
    ("q  Ctrl-C", "quit"),
)
FOOTER = {
    "/": "filter", "n": "error", "b": "blocked", "f": "follow", "y": "copy ID", "Tab": "details", "q": "quit",
    "?": "help",
}  # fmt: skip
_SPARED = ("b", "y", "f", "Tab", "n", "/", "q")
"""What is left out where there is no room, in this order."""


def help_lines() -> list[Line]:
    """All keys, one below the other."""
    return [[(f" {key:<13}", "open"), (what, "")] for key, what in KEYS]


def footer_line(width: int) -> Line:
    """The main keys, as many as there is room for."""
    shown = dict(FOOTER)
    for key in _SPARED:
        if sum(len(f" {key} {what} ") for key, what in shown.items()) > width:
            del shown[key]
    return [part for key, what in shown.items() for part in ((f" {key}", "open"), (f" {what} ", "note"))]


class Help(ModalScreen[None]):
    """The keys, above everything else, until one is pressed.

    Args:
        palette: of the theme.
    """

    CSS = """
    Help { align: center middle; background: ansi_default; }
    Help > VerticalScroll {
        width: 64; max-width: 100%; height: auto; max-height: 100%; border: round ansi_default; padding: 0 1;
        background: ansi_default; scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "app.interrupt", priority=True)]
    _SCROLLING = frozenset({"up", "down", "pageup", "pagedown", "home", "end"})

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette

    def compose(self) -> ComposeResult:
        """The lines in a box."""
        with VerticalScroll():
            yield Lines(self._palette, help_lines())

    def on_key(self, event: Key) -> None:
        """Go away with any key that does not scroll."""
        if event.key not in self._SCROLLING:
            event.stop()
            self.dismiss()
