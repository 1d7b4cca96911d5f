"""A file that may grow, or be cut short: what comes next in it."""

from __future__ import annotations

import os
import time

from dopejar_tracing.read.follow.source import CHUNK
from dopejar_tracing.read.follow.splitter import BEGIN, KEPT, Splitter

_TICK = 50_000_000
"""Nanoseconds in which a file system may give two changes the same time."""
_BOM = b"\xef\xbb\xbf"


class OpenFile:
    """A file that somebody may still write to.

    Its size alone does not tell whether it was truncated: it may have grown again beyond where reading
    stands. So what stands before that is compared with what was read. A torn line at the end may have been
    taken away alone, by whoever goes on writing: then the lines before it are not read again.

    Args:
        number: the descriptor, which is closed by `close`.
        offset: where reading begins; if no line ends there, at the beginning.
    """

    is_final = False

    def __init__(self, number: int, offset: int = 0) -> None:
        self.is_at_end = False
        self._number = number
        self._splitter = Splitter()
        self._start = offset  # of the line whose piece waits in the splitter
        self._anchor = os.pread(number, min(KEPT, offset), max(0, offset - KEPT))  # what stands before that
        self._head = os.pread(number, min(BEGIN, offset), 0)
        if offset and not self._anchor.endswith(b"\n"):
            self._forget()
        status = os.fstat(number)
        self._identity = status.st_dev, status.st_ino
        self._state: tuple[int, int] | None = None  # at the last look

    def look(self, status: os.stat_result | None = None) -> None:
        """Find out whether it changed."""
        status = status or os.fstat(self._number)
        state = status.st_size, status.st_mtime_ns
        if state != self._state:
            is_settled = abs(time.time_ns() - status.st_mtime_ns) > _TICK
            self._state = state if is_settled else None
            self.is_at_end = False

    def is_same(self, status: os.stat_result) -> bool:
        """Whether the status is that of this file: its inode is not used again while it is open."""
        return (status.st_dev, status.st_ino) == self._identity

    def begins(self, begin: bytes, size: int) -> bool:
        """Whether it has this size, but for multiples of 4 GiB, and begins so."""
        is_long = os.fstat(self._number).st_size & 0xFFFF_FFFF == size
        return is_long and os.pread(self._number, len(begin), 0) == begin

    def read(self) -> list[bytes]:
        """The next lines, from where the file still is what it was."""
        self.is_at_end = True  # also if it cannot be read: until it changes
        data = self._next()
        while not self._is_what_it_was():
            self._step_back()
            data = self._next()
        self.is_at_end = not data
        return self._take(data) if data else []

    def close(self) -> None:
        """Let go of the descriptor."""
        os.close(self._number)

    def _next(self) -> bytes:
        return os.pread(self._number, CHUNK, self._start + self._splitter.pending)

    def _is_what_it_was(self) -> bool:
        """Asked after reading: what was read of a file that was truncated in between is thrown away."""
        begin, tail = self._splitter.begin, self._splitter.tail
        end = self._start + self._splitter.pending
        return (
            self._has(self._anchor + begin, self._start - len(self._anchor))
            and self._has(self._head, 0)
            and self._has(tail, end - len(tail))
        )

    def _has(self, data: bytes, offset: int) -> bool:
        return not data or os.pread(self._number, len(data), offset) == data

    def _step_back(self) -> None:
        if self._splitter.pending:
            self._splitter.forget()
            self._head = self._head[: self._start]
        else:
            self._forget()

    def _forget(self) -> None:
        self._start, self._head, self._anchor = 0, b"", b""

    def _take(self, data: bytes) -> list[bytes]:
        end = data.rfind(b"\n") + 1
        is_first = self._start == 0
        before = self._anchor + self._splitter.tail
        if end:
            self._start += self._splitter.pending + end
        lines = self._splitter.feed(data)
        if end:
            self._anchor = (before + data[:end])[-min(KEPT, self._start) :]
            if is_first:
                lines[0] = lines[0].removeprefix(_BOM)
        if len(self._head) < BEGIN:
            known = self._start + self._splitter.pending
            self._head = os.pread(self._number, min(BEGIN, known), 0)
        return lines
