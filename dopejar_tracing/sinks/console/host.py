"""The terminal as the host leaves it: what stands in its last line, and whose turn it is.

What ended before the host prints stands above what it prints, the live region is gone before it comes, and a
last line without a newline stays the host's.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from rich.cells import cell_len

from dopejar_tracing.show.line import wrapped
from dopejar_tracing.sinks.console.children import Children
from dopejar_tracing.sinks.console.screen import ERASE_BELOW, hanging, send
from dopejar_tracing.sinks.console.streams import Streams

_REMEMBERED = 4_096
"""Bytes of the host's last line."""
_PATIENCE = 0.2
"""Seconds that the region may be waited for to go; a stopped terminal keeps it."""
_BURST_NS = 5_000_000
"""Nanoseconds; what the host writes in quicker succession finds the region gone until the next frame."""

APART = 10.0
"""Seconds after it moved the cursor in which nothing below is drawn or erased: something may stand there."""

# Up, down, to a place, insert, delete, scroll, margins, save, restore: the host draws a picture of its own.
_MOVES = re.compile(rb"\x1b(?:\[[\d;]*[ABEFHfdJLMSTrsu]|[78DEM])")
_OTHER_SCREEN = re.compile(rb"\x1b\[\?(?:1049|1047|47)([hl])")
_CLEARED = re.compile(rb"\x1b\[[23]J(?:\x1b\[(?:1;1)?H)?")
_ESCAPES = re.compile(r"\x1b(?:\[[\d;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")


class Host:
    """Watches the host, and knows what it did.

    Args:
        before: called when the host is about to write, by its thread.

    Attributes:
        region: painted rows of ours that stand below the cursor.
        width: columns of the window, as of the last frame.
        encoding: of the stream that leads to it.
        touched_ns: nanoseconds of `perf_counter`, when it last wrote or flushed.
        elsewhere: it has switched to the other screen, as editors do.
        shares: a parent process may have a region on this terminal.
    """

    def __init__(self, before: Callable[[], None]) -> None:
        self._before = before
        self.streams = Streams(self._touch, self._write)
        self.children = Children(self._step_aside)
        self.turn = threading.RLock()
        """Whoever writes holds it; re-entrant, for signal handlers that print."""
        self.region: list[str] = []
        self.width = 80
        self.encoding = "utf-8"
        self.touched_ns = 0
        self.elsewhere = False
        self.shares = False
        self._line = b""
        self._measured: int | None = None  # its columns
        self._moved_at = float("-inf")  # when it last moved the cursor away from its line
        self._parked = False  # it has left the cursor there, and something may stand below
        self._wrote_ns = 0
        self._terminal: int | None = None

    def watch_terminal(self, terminal: int) -> None:
        """Begin, on a terminal.

        Args:
            terminal: descriptor of stderr.
        """
        self._terminal = _copy_of(terminal)
        self.children.watch()

    def release(self) -> None:
        """Leave everything as it was."""
        self.streams.release()
        self.children.release()
        self._close()

    @property
    def has_line(self) -> bool:
        """It has begun a line, and not ended it."""
        return bool(self._line)

    def columns(self) -> int:
        """Columns that its last line would take in an endless window."""
        if self._measured is None:
            self._measured = cell_len(_shown(self._line))
        return self._measured

    def rows(self) -> int:
        """Rows of the window that its last line takes; 0 if it is empty."""
        return len(wrapped([(_shown(self._line), "")], self.width)) if self._line else 0

    def end_line(self) -> bool:
        """Somebody else ends its line; returns whether it had begun one."""
        had, self._line, self._measured = self.has_line, b"", None
        return had

    def encoded(self, text: str) -> bytes:
        """The text as its stream would send it."""
        return text.encode(self.encoding, "backslashreplace")

    def erase(self) -> None:
        """Take the region away, so that what comes next stands on empty rows."""
        turn = self.turn
        held: list[bool] = []
        try:
            held.extend(map(turn.acquire, (True,), (_PATIENCE,)))  # by way of C: see `Frames.draw`
            if held[0] and self._terminal is not None:
                self._erase(self._terminal)
        finally:
            if held and held[0]:
                turn.release()

    def after_fork(self) -> None:
        """In the child: the lock may be held by a thread that is not there; the region is the parent's."""
        self.turn = threading.RLock()
        self.shares = self.shares or self._terminal is not None
        self.region = []
        self._close()  # a daemon must not keep a terminal open

    def _write(self, number: int, data: bytes, write: Callable[[], object]) -> None:
        """The host writes; the region goes before, and comes again below."""
        pause_ns, self._wrote_ns = time.perf_counter_ns() - self._wrote_ns, time.perf_counter_ns()
        with self.turn:
            region = self.region
            if not self._stays_in_its_row(data):
                self._erase(number)
            self._note(data)
            write()
            kept = pause_ns > _BURST_NS and not self.elsewhere and not self.is_moving(1)
            if region and not self.region and kept:
                self.region = region
                with suppress(OSError):
                    send(number, self.encoded(hanging(region)))

    def is_moving(self, seconds: float) -> bool:
        """Whether it moved the cursor within so many seconds, left it there, or stands at the edge."""
        at_edge = self.has_line and self.columns() > 0 and self.columns() % self.width == 0
        return self._parked or at_edge or time.monotonic() - self._moved_at < seconds

    def is_printing(self, seconds: float) -> bool:
        """Whether it has begun a line within so many seconds, and not ended it."""
        return self.has_line and time.perf_counter_ns() - self.touched_ns < seconds * 1e9

    def _touch(self) -> None:
        self.touched_ns = time.perf_counter_ns()
        self._before()

    def _step_aside(self) -> None:
        """A program is about to start on our terminal."""
        self._touch()
        self.erase()

    def _erase(self, number: int) -> None:
        # A child cannot know whether its parent has a region there; it leaves a picture of its own alone.
        if self.region or (self.shares and not self.is_moving(APART)):
            self.region = []
            with suppress(OSError):
                send(number, ERASE_BELOW.encode())

    def _stays_in_its_row(self, data: bytes) -> bool:
        """Whether this leaves what stands below alone: a word of an answer that comes word by word."""
        quiet = b"\n" not in data and b"\x1b" not in data
        return quiet and bool(self.region) and cell_len(_shown(self._line + data)) < self.width

    def _note(self, data: bytes) -> None:
        _, newline, after = data.rpartition(b"\n")
        self._line = (after if newline else self._line + after)[-_REMEMBERED:]
        self._measured = None
        if b"\x1b" in data:
            for switch in _OTHER_SCREEN.finditer(data):
                self.elsewhere = switch[1] == b"h"
            if _MOVES.search(data):
                self._moved_at = time.monotonic()
                self._parked = bool(_MOVES.search(_CLEARED.split(data)[-1]))
                return
        if newline:
            self._parked = False

    def _close(self) -> None:
        number, self._terminal = self._terminal, None
        if number is not None:
            with suppress(OSError):
                os.close(number)


def _copy_of(number: int) -> int | None:
    """A descriptor of our own, which leads to the terminal when the host's no longer does."""
    try:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 100)
    except OSError:  # there are too many
        return None


def _shown(line: bytes) -> str:
    """What is seen of a line, of all that was written over itself the longest."""
    text = _ESCAPES.sub("", line.decode("utf-8", "replace")).expandtabs(8)
    return max(text.split("\r"), key=cell_len)
