"""Where a filter is typed, and what is wrong with it as long as it is none."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from dopejar_tracing.cli.browse.lines import Lines
from dopejar_tracing.cli.browse.paint import Palette
from dopejar_tracing.cli.browse.words import read_filter
from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.read.query.filters import Filter
from dopejar_tracing.show.line import Line
from dopejar_tracing.show.text import visible

_PROMPT = "/ "


class FilterBar(Vertical):
    """A line to type in; hidden until it is opened, and again when it is cleared.

    Args:
        palette: of the theme.
        layers: whose spellings are known.
    """

    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; }
    FilterBar Horizontal { height: 1; }
    FilterBar Horizontal Lines { width: 2; }
    FilterBar Input { width: 1fr; height: 1; border: none; padding: 0; }
    FilterBar Input:focus { border: none; }
    """

    class Changed(Message):
        """Something else is looked for."""

        def __init__(self, condition: Filter | None) -> None:
            super().__init__()
            self.condition = condition
            """What; None: everything."""

    def __init__(self, palette: Palette, layers: Layers) -> None:
        super().__init__()
        self._palette = palette
        self._layers = layers
        self._input = Input(placeholder='status == "error", or words', select_on_focus=False)
        self._input.cursor_blink = False
        self._complaint = Lines(palette)

    def compose(self) -> ComposeResult:
        """The input, and below it the complaint."""
        with Horizontal():
            yield Lines(self._palette, [[(_PROMPT, "open")]])
            yield self._input
        yield self._complaint

    @property
    def is_typing(self) -> bool:
        """Whether keys go here."""
        return self.screen.focused is self._input

    def open(self) -> None:
        """Let somebody type."""
        self.display = True
        self.screen.set_focus(self._input)

    def clear(self) -> None:
        """Look for nothing, once what was typed has arrived."""
        self.display = False
        self._input.call_later(self._input.clear)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed; while that is no filter yet, the last one stays."""
        event.stop()
        text = event.value
        self._complaint.show([])
        try:
            self.post_message(self.Changed(read_filter(text, self._layers) if text.strip() else None))
        except QueryError as error:
            self._complaint.show(complaint_lines(text, error, self.size.width))


def complaint_lines(text: str, error: QueryError, width: int) -> list[Line]:
    """What is wrong with a filter: a caret under the spot, below that the reason.

    Args:
        text: as it stands in the input.
        error: about it.
        width: columns that there are.
    """
    reason, *spot = str(error).splitlines()
    is_in_sight = len(_PROMPT) + len(text) < width and spot[0] == f"  {text.rstrip()}"
    shown = spot[1:] if is_in_sight else spot
    return [*([(visible(line), "error")] for line in shown), [("  " + visible(reason), "note")]]
