"""The host's own output to the terminal, seen where it leaves Python.

Every `print`, handler, `rich` console or `buffer.write` ends in the `write` of a raw file, whatever object
the host took hold of earlier. It is watched there, on the instance: what ended before stands above what is
printed now, the live region is gone before it comes, and a last line without a newline stays the host's.

What goes around Python's files (a child process, `os.write`) is not seen. It can share a row with the region
until the next frame, and is never erased.
"""

from __future__ import annotations

import io
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from rich.cells import cell_len

from dopejar_tracing.sinks.console.screen import ERASE_BELOW, send

_PATIENCE = 1.0
"""Seconds that the host waits for a frame that is being written; a stopped terminal stops the host too."""
_REMEMBERED = 16_384
"""Bytes of the host's last line."""

# Up, down, to a place, insert, delete, scroll, margins, save, restore: the host draws a picture of its own.
_MOVES = re.compile(rb"\x1b(?:\[[\d;]*[ABEFHfdJLMSTrsu]|[78DEM])")
_OTHER_SCREEN = re.compile(rb"\x1b\[\?(?:1049|1047|47)([hl])")
_ESCAPES = re.compile(r"\x1b(?:\[[\d;?]*[ -/]*[@-~]|\].*?(?:\x07|\x1b\\)|.)")


class Host:
    """The terminal as the host leaves it.

    Args:
        before: called when the host is about to write, by its thread.

    Attributes:
        region: rows of ours that stand below the cursor; empty as soon as the host writes.
        moved_at: seconds of the monotonic clock, when it last moved the cursor away from its line.
        touched_ns: nanoseconds of `perf_counter`, when it last wrote or flushed.
        elsewhere: it has switched to the other screen, as editors do.
        shares: another process may have a region on this terminal.
    """

    def __init__(self, before: Callable[[], None]) -> None:
        self._before = before
        self.turn = threading.RLock()
        """Whoever writes holds it; re-entrant, for signal handlers that print."""
        self.region: list[str] = []
        self.moved_at = float("-inf")
        self.touched_ns = 0
        self.elsewhere = False
        self.shares = False
        self._line = b""
        self._watched: dict[int, tuple[Any, str, Callable[..., Any]]] = {}

    def watch(self, terminal: int) -> None:
        """Watch what goes to this terminal through the streams that the host has now.

        Args:
            terminal: descriptor of stderr.
        """
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            raw = _raw_of(stream)
            if raw is not None and id(raw) not in self._watched and _same_device(raw, terminal):
                self._watch_writes(raw)
                self._watch_flushes(stream)

    def release(self) -> None:
        """Leave the streams as they were."""
        while self._watched:
            _, (owner, name, ours) = self._watched.popitem()
            if vars(owner).get(name) is ours:
                delattr(owner, name)  # the instance's, behind which the type's own is again

    def columns(self) -> int | None:
        """Columns that the host's last line would take in an endless window; None if it is empty."""
        if not self._line:
            return None
        text = _ESCAPES.sub("", self._line.decode("utf-8", "replace"))
        return max(map(cell_len, text.split("\r")))

    def erase(self, terminal: int) -> None:
        """Take the region away, so that what comes next stands on empty rows."""
        with self._my_turn():
            self._erase(terminal)

    def after_fork(self) -> None:
        """In the child: the lock may be held by a thread that is not there; the region is the parent's."""
        self.turn = threading.RLock()
        self.shares = self.shares or bool(self._watched)
        self.region = []

    def _erase(self, number: int) -> None:
        if self.region or self.shares:
            self.region = []
            with suppress(OSError):
                send(number, ERASE_BELOW.encode())

    def _watch_writes(self, raw: io.FileIO) -> None:
        number = raw.fileno()
        write = raw.write

        def watched_write(data: Any, /) -> Any:
            self._touch()
            with self._my_turn():
                self._erase(number)
                self._note(bytes(data))
                return write(data)

        self._put(raw, "write", watched_write)

    def _watch_flushes(self, stream: Any) -> None:
        """`input` flushes the streams before its prompt, which it writes in C."""
        flush = stream.flush

        def watched_flush() -> None:
            self._touch()
            flush()

        self._put(stream, "flush", watched_flush)

    def _touch(self) -> None:
        self.touched_ns = time.perf_counter_ns()
        self._before()

    def _put(self, owner: Any, name: str, ours: Callable[..., Any]) -> None:
        setattr(owner, name, ours)
        self._watched[id(owner)] = owner, name, ours

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
        held = self.turn.acquire(timeout=_PATIENCE)
        try:
            yield
        finally:
            if held:
                self.turn.release()


def _raw_of(stream: object) -> io.FileIO | None:
    """The raw file at the bottom of a text stream, if that is what it is and it is open."""
    if not isinstance(stream, io.TextIOWrapper) or stream.closed:
        return None
    raw = getattr(stream.buffer, "raw", stream.buffer)  # under -u there is no buffer between
    return raw if isinstance(raw, io.FileIO) else None


def _same_device(raw: io.FileIO, terminal: int) -> bool:
    try:
        return os.fstat(raw.fileno()).st_rdev == os.fstat(terminal).st_rdev
    except OSError:
        return False
