"""A frame: what is finished, put above the host's line, and what is open, below it."""

from __future__ import annotations

import sys
import threading
import time
from enum import Enum
from typing import IO, Any

import msgspec

from dopejar_tracing.model.branch import Gap, Piece
from dopejar_tracing.model.foreign import is_foreign
from dopejar_tracing.model.glimpse import glimpse
from dopejar_tracing.model.growth import Growth
from dopejar_tracing.model.values import complaint
from dopejar_tracing.notices import Losses
from dopejar_tracing.show.line import Line
from dopejar_tracing.show.live import Scrollback, region_lines
from dopejar_tracing.sinks.console.host import APART, Host
from dopejar_tracing.sinks.console.outlet import Outlet
from dopejar_tracing.sinks.console.prompt import somebody_reads
from dopejar_tracing.sinks.console.screen import Screen, descriptor_of, is_pipe, look, stderr

AFTER_NS = 200_000_000
"""A root that is open for less never flickers up."""
LONG_NS = 10_000_000_000
"""What finishes in a span that is open for longer, or across a prompt, is not kept until it ends."""
MANY, FEW = 1_000, 100
"""Events drawn in one frame, about 5 ms of work in which the application gets less of the interpreter; and
those drawn when the host prints, who waits for them."""
MAX_ROWS = 16
"""Rows of the live region; never more than half of the window."""
STILL = 1.0
"""Seconds after a host moved the cursor in which nothing is written: its picture may not be complete."""
PATIENCE = 0.05
"""Seconds that who draws, or prints, waits for a frame that somebody else is drawing."""


class Occasion(Enum):
    """Why a frame is drawn."""

    TICK = "it is time"
    PRINT = "the host is about to print, and waits"
    END = "the process ends, or the console is closed"


class _Scene(msgspec.Struct, frozen=True):
    """What there is to draw on, and who else is there."""

    stream: Any
    screen: Screen | None
    asked: bool
    """Somebody waits for a person at the terminal."""
    rows: int
    """Room for the live region."""


class Frames:
    """Draws frames on whatever stderr is at that moment.

    Args:
        growth: what there is to draw.
        state: the lock that guards it.
        host: the terminal as the host leaves it.
        outlet: writes.
        regions: whether there may be a live region.
    """

    def __init__(
        self, growth: Growth, state: threading.RLock, host: Host, outlet: Outlet, *, regions: bool
    ) -> None:
        self.drawing = threading.Lock()
        self.away = False
        """The process is about to stop."""
        self.live = regions
        """Open spans are shown."""
        self.losses = Losses("console", "event")
        self._growth = growth
        self._state = state
        self._host = host
        self._outlet = outlet
        self._regions = regions
        self._scrollback = Scrollback()
        self._drawn_by: int | None = None
        self._taken = 0  # events of the frame that is being drawn
        self._prompted_ns: int | None = None  # when somebody began to wait for a person
        self._swept_at = 0

    @property
    def is_busy(self) -> bool:
        """Somebody draws a frame."""
        return self._drawn_by is not None

    def finish(self, seconds: float) -> None:
        """Draw all there is, in so many seconds at most."""
        self._outlet.deadline = time.monotonic() + seconds
        self.draw(Occasion.END)
        while self._growth.is_ready and time.monotonic() < self._outlet.deadline:
            self.draw(Occasion.END)

    def draw(self, occasion: Occasion) -> None:
        """Draw a frame. Never raises; what was not taken stays where it is."""
        if self._drawn_by == threading.get_ident():  # a signal handler that prints, or our own voice
            return
        held: list[bool] = []
        try:
            # By way of C, so that no signal handler can raise between the taking and the note of it.
            held.extend(map(self.drawing.acquire, (True,), (PATIENCE,)))
            if held[0]:
                self._drawn_by = threading.get_ident()
                if occasion is not Occasion.PRINT or self._growth.is_ready:
                    self._draw(occasion)
        except Exception as error:  # a pipe that was closed; nor may a fault of ours do harm
            if not is_foreign(error):
                raise
            self.losses.add(error if isinstance(error, OSError) else complaint(error), self._taken)
        finally:
            if held and held[0]:
                self._taken = 0
                self._drawn_by = None
                self.drawing.release()

    def _draw(self, occasion: Occasion) -> None:
        scene = self._look_around(occasion)
        if occasion is not Occasion.END and self._must_wait(scene, occasion):
            return
        now_ns = time.perf_counter_ns()
        self._age(now_ns, asked=scene.asked)
        # Nothing but what has just been looked at decides from here on, so that what is taken is written.
        pieces = self._take(MANY if occasion is Occasion.TICK else FEW)
        lines = self._lines(pieces, now_ns)
        if scene.screen is None:
            self._outlet.write(scene.stream, lines)
            return
        # Somebody types, another program writes, or the kernel has echoed a ^C: unseen by us.
        sure = not (scene.asked or self._host.children.are_running or any(map(_was_interrupted, pieces)))
        region = self._region(scene, scene.screen, now_ns) if occasion is Occasion.TICK else []
        self._outlet.show(scene.screen, scene.stream, lines, region, sure=sure)

    def _look_around(self, occasion: Occasion) -> _Scene:
        stream: IO[str] | None = stderr()
        screen = look(stream)
        number = descriptor_of(stream)
        if number is not None and occasion is not Occasion.END:
            self._host.streams.watch(number)
        self.live = self._regions and screen is not None
        if screen is None:
            self._host.erase()
            return _Scene(stream, None, asked=False, rows=0)
        self._host.width = screen.width
        # Who prints does not read; with one thread beside ours there is nobody else to ask about.
        alone = occasion is Occasion.PRINT and len(sys._current_frames()) <= 2
        return _Scene(stream, screen, not alone and somebody_reads(screen.number), self._rows(screen))

    def _rows(self, screen: Screen) -> int:
        """Room for the live region; 0 where there must be none."""
        ours = self._regions and screen.foreground and screen.cooked and not self._host.children.are_running
        # Whoever reads the pipe may write what comes through it to this terminal, unseen by us.
        if not ours or self._host.is_moving(APART) or is_pipe(getattr(sys, "stdout", None)):
            return 0
        rows = min(MAX_ROWS, screen.height // 2)
        return rows if rows > 1 else 0

    def _must_wait(self, scene: _Scene, occasion: Occasion) -> bool:
        """Whether somebody else has the terminal, or the host is in the middle of something."""
        screen, host = scene.screen, self._host
        if screen is None:
            return host.is_printing(STILL)
        edited = (
            scene.asked and "readline" in sys.modules
        )  # one line, which it redraws from where the cursor is
        return (
            self.away
            or not (screen.cooked or edited)
            or (screen.tostop and not screen.foreground)
            or host.elsewhere
            or host.is_moving(STILL)
            or (occasion is Occasion.PRINT and host.has_line)
            or host.rows() > _most_rows(screen.height)
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
        self._taken = sum(piece.count for piece in pieces)
        return pieces

    def _lines(self, pieces: list[Piece | Gap], now_ns: int) -> list[Line]:
        """Lines for the scrollback."""
        lines: list[Line] = []
        for piece in pieces:
            lines += self._scrollback.lines(piece, now_ns)
            time.sleep(0)  # whoever waits for the interpreter gets it now, not in 5 ms
        return lines

    def _region(self, scene: _Scene, screen: Screen, now_ns: int) -> list[Line]:
        """Lines for the live region."""
        if not scene.rows:
            return []
        with self._state:
            looks = glimpse(self._growth.roots, now_ns, AFTER_NS, scene.rows, busy_only=scene.asked)
            open_count = self._growth.open_count
        return region_lines(looks, now_ns, scene.rows, screen.width - 1, open_count)


def _most_rows(height: int) -> int:
    """Rows that the host's line may take in a window, so that there is room to insert above it."""
    if height < 3:
        return 0
    return max(1, height - 4)


def _was_interrupted(piece: Piece | Gap) -> bool:
    event = piece.top.event if isinstance(piece, Piece) else None
    return event is not None and event.metadata.get("error_type") == "KeyboardInterrupt"
