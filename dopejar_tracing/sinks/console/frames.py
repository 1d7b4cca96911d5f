"""A frame: what is finished, put above the host's line, and what is open, below it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from enum import Enum
from typing import IO

from dopejar_tracing.model.foreign import is_foreign
from dopejar_tracing.model.growth import Gap, Growth, Piece
from dopejar_tracing.model.values import complaint
from dopejar_tracing.notices import Losses
from dopejar_tracing.show.line import Line, wrapped
from dopejar_tracing.show.live import Scrollback, region_lines
from dopejar_tracing.show.terminal import Painter, painted_lines
from dopejar_tracing.sinks.console.host import Host
from dopejar_tracing.sinks.console.prompt import somebody_reads
from dopejar_tracing.sinks.console.screen import (
    ERASE_BELOW,
    Screen,
    descriptor_of,
    frame,
    is_pipe,
    look,
    send,
)

AFTER_NS = 200_000_000
"""A root that is open for less never flickers up."""
LONG_NS = 10_000_000_000
"""What finishes in a span that is open for longer, or across a prompt, is not kept until it ends."""
MANY, FEW = 1_000, 100
"""Events drawn in one frame, about 5 ms of work in which the application gets less of the interpreter; and
those drawn when the host prints, who waits for them."""
MAX_ROWS = 16
"""Rows of the live region; never more than half of the window."""
STILL, APART = 1.0, 10.0
"""Seconds after a host moved the cursor: in which nothing is written, as its picture may not be complete; and
in which there is no live region, as something of its own may stand below."""
PATIENCE = 0.05
"""Seconds that who draws, or prints, waits for a frame that somebody else is drawing."""
LAST = 0.8
"""Seconds that the last frame may take."""


class Occasion(Enum):
    """Why a frame is drawn."""

    TICK = "it is time"
    PRINT = "the host is about to print, and waits"
    END = "the process ends, or the console is closed"


class Frames:
    """Draws frames on whatever stderr is at that moment.

    Args:
        growth: what there is to draw.
        state: the lock that guards it.
        host: the terminal as the host leaves it.
        theme: role or layer → style.
        regions: whether there may be a live region.
    """

    def __init__(
        self, growth: Growth, state: threading.RLock, host: Host, theme: Mapping[str, str], *, regions: bool
    ) -> None:
        self.drawing = threading.Lock()
        self._drawn_by: int | None = None
        self._deadline: float | None = None
        self._taken = 0  # events of the frame that is being drawn
        self.away = False
        """The process is about to stop."""
        self.losses = Losses("console", "event")
        self._growth = growth
        self._state = state
        self._host = host
        self._theme = theme
        self._regions = regions
        self.live = regions
        """Open spans are shown."""
        self._scrollback = Scrollback()
        self._painters: dict[bool, Painter] = {}
        self._prompted_ns: int | None = None  # when somebody began to wait for a person
        self._swept_at = 0

    def finish(self) -> None:
        """Draw all there is, in `LAST` seconds at most."""
        self._deadline = time.monotonic() + LAST
        while self.draw(Occasion.END) and self._growth.is_ready and time.monotonic() < self._deadline:
            pass

    def draw(self, occasion: Occasion) -> bool:
        """Draw a frame; returns whether it went well. Never raises; what was not taken stays where it is."""
        if self._drawn_by == threading.get_ident():  # a signal handler that prints, or our own voice
            return False
        held: list[bool] = []
        try:
            # By way of C, so that no signal handler can raise between the taking and the note of it.
            held.extend(map(self.drawing.acquire, (True,), (PATIENCE,)))
            if not held[0]:
                return False
            self._drawn_by = threading.get_ident()
            if occasion is not Occasion.PRINT or self._growth.is_ready:
                self._draw(occasion)
            return True
        except Exception as error:  # a pipe that was closed; nor may a fault of ours do harm
            if not is_foreign(error):
                raise
            self.losses.add(error if isinstance(error, OSError) else complaint(error), self._taken)
            return False
        finally:
            if held and held[0]:
                self._taken = 0
                self._drawn_by = None
                self.drawing.release()

    def _draw(self, occasion: Occasion) -> None:
        stream: IO[str] | None = getattr(sys, "stderr", None)
        screen = look(stream)
        self.live = self._regions and screen is not None
        number = descriptor_of(stream)
        if number is not None and occasion is not Occasion.END:
            self._host.streams.watch(number)
        # Who prints does not read; with one thread beside ours there is nobody else to ask about.
        alone = occasion is Occasion.PRINT and threading.active_count() <= 2
        asked = screen is not None and not alone and somebody_reads(screen.number)
        if screen is None:
            self._host.erase()
        else:
            self._host.width = screen.width
        if occasion is not Occasion.END and self._must_wait(screen, occasion, asked=asked):
            return
        now_ns = time.perf_counter_ns()
        self._age(now_ns, asked=asked)
        pieces = self._take(MANY if occasion is Occasion.TICK else FEW)
        lines = self._lines(pieces, now_ns)
        if screen is None or stream is None:
            self._write(stream, lines)
        else:
            below = self._open(screen, now_ns, asked=asked) if occasion is Occasion.TICK else []
            # Somebody types, another program writes, or the kernel has echoed a ^C: unseen by us.
            unsure = asked or self._host.children.are_running or any(map(_was_interrupted, pieces))
            self._show(screen, stream, lines, below, unsure=unsure)

    @property
    def is_busy(self) -> bool:
        """Somebody draws a frame."""
        return self._drawn_by is not None

    def _must_wait(self, screen: Screen | None, occasion: Occasion, *, asked: bool) -> bool:
        """Whether somebody else has the terminal, or the host is in the middle of something."""
        if screen is None:
            return self._host.is_printing(STILL)
        edited = asked and "readline" in sys.modules  # one line, which it redraws from where the cursor is
        return (
            self.away
            or not (screen.cooked or edited)
            or (screen.tostop and not screen.foreground)
            or self._host.elsewhere
            or self._host.is_moving(STILL)
            or (occasion is Occasion.PRINT and self._host.columns() is not None)
            or self._host.rows() > max(screen.height - 4, screen.height > 2)
        )

    def _age(self, now_ns: int, *, asked: bool) -> None:
        """Let parts be handed out of what has been open for long, or across a prompt."""
        if not asked:
            self._prompted_ns = None
        elif self._prompted_ns is None:
            self._prompted_ns = self._host.touched_ns  # `input` flushes the streams before its prompt
        with self._state:
            self._growth.lengthen(max(self._prompted_ns or 0, now_ns - LONG_NS) if self.live else 0)
            if now_ns - self._swept_at > 1_000_000_000:
                self._swept_at = now_ns
                self._growth.forget_the_dead()

    def _take(self, events: int) -> list[Piece | Gap]:
        with self._state:
            pieces = list(self._growth.take(events))
        self._taken = sum(piece.count for piece in pieces if isinstance(piece, Piece))
        return pieces

    def _lines(self, pieces: list[Piece | Gap], now_ns: int) -> list[Line]:
        """Lines for the scrollback."""
        lines: list[Line] = []
        for piece in pieces:
            lines += self._scrollback.lines(piece, now_ns)
            time.sleep(0)  # whoever waits for the interpreter gets it now, not in 5 ms
        return lines

    def _open(self, screen: Screen, now_ns: int, *, asked: bool) -> list[Line]:
        """Lines for the live region."""
        rows = min(MAX_ROWS, screen.height // 2)
        ours = self._regions and screen.foreground and screen.cooked and not self._host.children.are_running
        # Whoever reads the pipe may write what comes through it to this terminal, unseen by us.
        if not ours or self._host.is_moving(APART) or rows < 2 or is_pipe(sys.stdout):
            return []
        with self._state:
            glimpses = self._growth.glimpse(now_ns, AFTER_NS, rows, busy_only=asked)
            open_count = self._growth.open_count
        return region_lines(glimpses, now_ns, rows, screen.width - 1, open_count)

    def _show(
        self,
        screen: Screen,
        stream: IO[str],
        lines: list[Line],
        open_now: list[Line],
        *,
        unsure: bool,
    ) -> None:
        paint = self._painter(stream, terminal=True)
        below = [paint(line) for line in open_now]
        with self._host.turn:
            if not lines and below == self._host.region:
                return
            sure = screen.cooked and not unsure
            host_rows = max(self._host.rows(), 0 if sure else 1)
            above = [
                paint(row) for line in lines for row in (wrapped(line, screen.width) if host_rows else [line])
            ]
            erased = ERASE_BELOW if self._host.region or self._host.shares else ""
            text = erased + frame(above, below, screen.height, host_rows)
            self._host.region = below
            self._send(screen.number, text, stream)

    def _write(self, stream: IO[str] | None, lines: list[Line]) -> None:
        """To what is no terminal, or one that cannot move its cursor."""
        if not lines:
            return
        if stream is None:
            msg = "there is no stderr"
            raise OSError(msg)
        text = painted_lines(self._painter(stream, terminal=False), lines)
        if self._host.columns() is not None:  # it has left its line as it is
            text = f"\n{text}"
        number = descriptor_of(stream)
        if number is None:
            stream.write(text)
            stream.flush()
        else:  # not through the stream's buffer, whose lock would then hold up the host and its exit
            self._send(number, text, stream)

    def _send(self, number: int, text: str, stream: IO[str]) -> None:
        encoding = getattr(stream, "encoding", None)
        data = text.encode(encoding if isinstance(encoding, str) else "utf-8", "backslashreplace")
        patience = (
            None if self._regions else LAST
        )  # in a forked child it is the application itself that draws
        if self._deadline is not None:
            patience = max(0, self._deadline - time.monotonic())
        send(number, data, patience)

    def restyle(self, theme: Mapping[str, str]) -> None:
        """Use another theme from now on."""
        self._theme = theme
        self._painters = {}

    def _painter(self, stream: IO[str], *, terminal: bool) -> Painter:
        painters = self._painters
        if terminal not in painters:
            painters[terminal] = Painter(stream, self._theme)
        return painters[terminal]


def _was_interrupted(piece: Piece | Gap) -> bool:
    event = piece.top.event if isinstance(piece, Piece) else None
    return event is not None and event.metadata.get("error_type") == "KeyboardInterrupt"
