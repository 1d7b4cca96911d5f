"""The application: the outline, the details, the filter, and what the keys do."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from typing import ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.scrollbar import ScrollBar

from dopejar_tracing.cli.browse.details import Details
from dopejar_tracing.cli.browse.fields import fields_of
from dopejar_tracing.cli.browse.filterbar import FilterBar
from dopejar_tracing.cli.browse.help import Help, footer_line
from dopejar_tracing.cli.browse.intake import Intake
from dopejar_tracing.cli.browse.jump import find
from dopejar_tracing.cli.browse.lines import Lines
from dopejar_tracing.cli.browse.outline import Outline
from dopejar_tracing.cli.browse.pace import Pace
from dopejar_tracing.cli.browse.paint import Palette, WholeCells
from dopejar_tracing.cli.browse.rows import Rows
from dopejar_tracing.cli.browse.shown import Shown
from dopejar_tracing.cli.browse.status import Status, empty_text, state_line
from dopejar_tracing.cli.browse.trace import Trace
from dopejar_tracing.errors import TracingError
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.read.index.index import BLOCKED, ERROR
from dopejar_tracing.read.index.links import NONE

BEAT = 0.1
"""Seconds between two looks at what has come."""
SETTLE = 1.0
"""Seconds without anything new, as through a pipe, until what has no line is taken to have none."""
_FLAGS = {"error": ERROR, "blocked": BLOCKED}


class Browser(App[None]):
    """Browses a trace.

    Args:
        trace: that is browsed.
        layers: whose spellings a filter knows.
        theme: role or layer → style, as in the settings.
    """

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # as Textual declares them
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit"),
        Binding("ctrl+c", "interrupt", priority=True),
        Binding("ctrl+z", "suspend_process", priority=True),
        # What moves the focus has priority: then the next key goes there, however fast it comes.
        Binding("slash", "filter", priority=True),
        Binding("enter", "leave_filter", priority=True),
        Binding("escape", "clear", priority=True),
        Binding("n", "jump('error', 'down')"),
        Binding("N", "jump('error', 'up')"),
        Binding("b", "jump('blocked', 'down')"),
        Binding("B", "jump('blocked', 'up')"),
        Binding("f", "follow"),
        Binding("y", "copy"),
        Binding("tab,shift+tab", "switch", priority=True),
        Binding("question_mark", "help"),
    ]

    def __init__(self, trace: Trace, layers: Layers, theme: Mapping[str, str]) -> None:
        super().__init__(ansi_color=True)
        ScrollBar.renderer = WholeCells
        self.trace = trace
        self.pace = Pace(self._draw)
        self.intake = Intake(trace, self.pace.grown)
        self.shown = Shown(trace.index)
        self.rows = Rows(self.shown)
        self._palette = Palette(theme)
        self.outline = Outline(trace, self.rows, self._palette)
        self.details = Details(self._palette)
        self.filter_bar = FilterBar(self._palette, layers)
        self.status = Status(self._palette)
        self._footer = Lines(self._palette, [[]])

    def compose(self) -> ComposeResult:
        """The outline and the details; below, what is typed and how things stand."""
        with Container(id="panes"):
            yield self.outline
            yield self.details
        yield self.filter_bar
        yield self.status
        yield self._footer

    def on_mount(self) -> None:
        """Begin to read."""
        self.outline.focus()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._end_by, number)
        self._read()
        self.set_interval(BEAT, self._beat)

    def on_unmount(self) -> None:
        """Let all files go."""
        self.intake.close()

    def on_resize(self, event: Resize) -> None:
        """As many keys as there is room for."""
        self._footer.show([footer_line(event.size.width)])
        self._tell()

    @work(group="read")
    async def _read(self) -> None:
        try:
            await self.intake.read()
        except (TracingError, OSError) as error:
            self.status.say(str(error))
        self.shown.settled = True
        self.pace.draw()

    @work(group="sift", exclusive=True)
    async def _sift(self) -> None:
        await self.intake.sift()

    def _beat(self) -> None:
        if self.intake.is_over:
            self.intake.poll()
        if not self.shown.settled and self.pace.quiet > SETTLE:
            self.shown.settled = True
            self.pace.draw()
        self.pace.beat()

    def _draw(self) -> None:
        is_other = self.shown.sieve is not self.intake.sieve
        if is_other:
            self.rows.sift(self.intake.sieve)
        sticks = self.intake.is_following and self.outline.is_at_end and not is_other
        self.outline.reload(to_end=sticks)
        self._tell()

    def _tell(self) -> None:
        self.outline.empty = empty_text(self.trace, self.intake)
        self.status.tell(state_line(self.trace, self.intake, self.size.width))

    def on_outline_moved(self) -> None:
        """Show all that is known of the chosen event."""
        self.details.show(fields_of(self.trace, self.outline.node))

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Look for something else; what was found before stays for a moment, until there is more to see."""
        self.intake.filter_by(event.condition)
        if event.condition is None:
            self.pace.draw()
        else:
            self.pace.hold()
            self.pace.grown()
        self._sift()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """While a filter is typed, a slash is a slash; only then Enter leaves it."""
        is_typing = self.filter_bar.is_typing
        return is_typing if action == "leave_filter" else action != "filter" or not is_typing

    def action_filter(self) -> None:
        """Type a filter."""
        self._show_details(False)
        self.filter_bar.open()

    def action_leave_filter(self) -> None:
        """Back to the outline; the filter stays."""
        self._show_details(False)

    def action_clear(self) -> None:
        """Clear the filter; from the details, only go back."""
        if not self.details.has_focus:
            self.filter_bar.clear()
        self._show_details(False)

    def action_jump(self, what: str, way: str) -> None:
        """To the next event that ended so, whatever it is folded into."""
        if self.outline.node == NONE:
            return
        self.pace.catch_up()
        jump = find(self.shown, self.outline.node, _FLAGS[what], backward=way == "up")
        if jump is None:
            among = "all that matches" if self.intake.sieve else "all"
            self.status.say(f"no {what} among {among}")
            return
        self.outline.reveal(jump.node)
        if jump.has_wrapped:
            self.status.say(f"no {what} further {way}: went on from the {'end' if way == 'up' else 'top'}")

    def action_follow(self) -> None:
        """Show what is written from now on; or no longer."""
        if self.intake.is_over:
            self.intake.follow(self.status.say)
            self._tell()
        else:
            self.status.say("all must be read before it can be followed")

    def action_copy(self) -> None:
        """Put the ID on the clipboard."""
        if self.outline.node != NONE:
            trace_id = self.trace.trace_id(self.outline.node)
            self.copy_to_clipboard(trace_id)
            self.status.say(f"copied {trace_id}")

    def action_switch(self) -> None:
        """From the outline to the details, and back."""
        self._show_details(not self.details.has_focus)

    def _show_details(self, shown: bool) -> None:
        self.screen.set_class(shown, "-details")
        self.screen.set_focus(self.details if shown else self.outline)

    def action_help(self) -> None:
        """Say what the keys do."""
        self.push_screen(Help(self._palette))

    def action_interrupt(self) -> None:
        """Ctrl-C."""
        self._end_by(signal.SIGINT)

    def _end_by(self, number: int) -> None:
        """As a shell says it of what a signal has ended (contract §7: 130)."""
        self.exit(return_code=128 + number)
