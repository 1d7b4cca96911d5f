"""The terminal as the host leaves it: what stands in its last line, and whose turn it is.

What ended before the host prints stands above what it prints, the live region is gone before it comes, and a
last line without a newline stays the host's.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from rich.cells import cell_len

from dopejar_tracing.sinks.console.children import Children
from dopejar_tracing.sinks.console.screen import ERASE_BELOW, hanging, send
from dopejar_tracing.sinks.console.streams import Streams, Write

_PATIENCE = 1.0
"""Seconds that the host waits for a frame that is being written; a stopped terminal stops the host too."""
_REMEMBERED = 16_384
"""Bytes of the host's last line."""
_BURST_NS = 5_000_000
"""Nanoseconds; what the host writes in quicker succession finds the region gone until the next frame."""

# Up, down, to a place, insert, delete, scroll, margins, save, restore: the host draws a picture of its own.
_MOVES = re.compile(rb"\x1b(?:\[[\d;]*[ABEFHfdJLMSTrsu]|[78DEM])")
_OTHER_SCREEN = re.compile(rb"\x1b\[\?(?:1049|1047|47)([hl])")
_ESCAPES = re.compile(r"\x1b(?:\[[\d;?]*[ -/]*[@-~]|\].*?(?:\x07|\x1b\\)|.)")


class Host:
    """Watches the host, and knows what it did.

    Args:
        before: called when the host is about to write, by its thread.

    Attributes:
        region: painted rows of ours that stand below the cursor.
        width: columns of the window, as of the last frame.
        moved_at: seconds of the monotonic clock, when it last moved the cursor away from its line.
        touched_ns: nanoseconds of `perf_counter`, when it last wrote or flushed.
        elsewhere: it has switched to the other screen, as editors do.
        shares: a parent process may have a region on this terminal.
    """

    def __init__(self, before: Callable[[], None]) -> None:
        self._before = before
        self.streams = Streams(self._write, self._touch)
        self.children = Children(self._step_aside)
        self.turn = threading.RLock()
        """Whoever writes holds it; re-entrant, for signal handlers that print."""
        self.region: list[str] = []
        self.width = 80
        self.moved_at = float("-inf")
        self.touched_ns = 0
        self.elsewhere = False
        self.shares = False
        self._line = b""
        self._terminal: int | None = None

    def watch_terminal(self, terminal: int) -> None:
        """Begin, on a terminal.

        Args:
            terminal: descriptor of stderr.
        """
        self._terminal = terminal
        self.streams.watch(terminal)
        self.children.watch()

    def release(self) -> None:
        """Leave everything as it was."""
        self.streams.release()
        self.children.release()

    def columns(self) -> int | None:
        """Columns that the host's last line would take in an endless window; None if it is empty."""
        return _columns(self._line) if self._line else None

    def erase(self, terminal: int) -> None:
        """Take the region away, so that what comes next stands on empty rows."""
        with self._my_turn():
            self._erase(terminal)

    def after_fork(self) -> None:
        """In the child: the lock may be held by a thread that is not there; the region is the parent's."""
        self.turn = threading.RLock()
        self.shares = self._terminal is not None
        self.region = []

    def _write(self, number: int, data: Any, write: Write) -> Any:
        """The host writes; the region goes before, and comes again below."""
        pause_ns = time.perf_counter_ns() - self.touched_ns
        self._touch()
        with self._my_turn():
            region = self.region
            if not self._stays_in_its_row(bytes(data)):
                self._erase(number)
            self._note(bytes(data))
            written = write(data)
            if region and not self.region and pause_ns > _BURST_NS and not self.is_moving(1):
                self.region = region
                with suppress(OSError):
                    send(number, hanging(region).encode("utf-8", "backslashreplace"))
            return written

    def is_moving(self, seconds: float) -> bool:
        """Whether it moved the cursor within so many seconds, or is about to, at the edge of the window."""
        columns = self.columns()
        return time.monotonic() - self.moved_at < seconds or bool(columns and columns % self.width == 0)

    def is_printing(self, seconds: float) -> bool:
        """Whether it has begun a line within so many seconds, and not ended it."""
        return bool(self._line) and time.perf_counter_ns() - self.touched_ns < seconds * 1e9

    def _touch(self) -> None:
        self.touched_ns = time.perf_counter_ns()
        self._before()

    def _step_aside(self) -> None:
        """A program is about to start on our terminal."""
        self._touch()
        if self._terminal is not None:
            self.erase(self._terminal)

    def _erase(self, number: int) -> None:
        if self.region or self.shares:
            self.region = []
            with suppress(OSError):
                send(number, ERASE_BELOW.encode())

    def _stays_in_its_row(self, data: bytes) -> bool:
        """Whether this leaves what stands below alone: a word of an answer that comes word by word."""
        return b"\n" not in data and b"\x1b" not in data and _columns(self._line + data) < self.width

    def _note(self, data: bytes) -> None:
        _, newline, after = data.rpartition(b"\n")
        self._line = (after if newline else self._line + after)[-_REMEMBERED:]
        if b"\x1b" in data:
            if _MOVES.search(data):
                self.moved_at = time.monotonic()
            for switch in _OTHER_SCREEN.finditer(data):
                self.elsewhere = switch[1] == b"h"

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        turn = self.turn
        held = turn.acquire(timeout=_PATIENCE)
        try:
            yield
        finally:
            if held:
                turn.release()


def _columns(line: bytes) -> int:
    text = _ESCAPES.sub("", line.decode("utf-8", "replace"))
    return max(map(cell_len, text.split("\r")))
