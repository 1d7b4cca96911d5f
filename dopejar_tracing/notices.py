"""What the tracing itself has to say, on stderr, in one line each.

Tracing does not raise into the application (contract §4); this is the other half of that promise.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import sys
import time
from collections import deque

import msgspec

from dopejar_tracing.show.text import visible

QUIET = 10.0
"""Seconds between two notices of losses in one place: a disk that is nearly full takes some lines."""


def say(text: str) -> None:
    """Write one line to stderr; if there is no stderr that takes it at once, nobody can be told."""
    with contextlib.suppress(Exception):
        with contextlib.suppress(AttributeError, ValueError):  # no file: a StringIO, say
            if not _takes_a_line(sys.stderr.fileno()):
                return
        sys.stderr.write(f"dopejar_tracing: {visible(' '.join(text.splitlines()))}\n")
        sys.stderr.flush()


def _takes_a_line(number: int) -> bool:
    """Whether a line can be written without waiting for a reader; OSError if it is closed.

    If it is, what stays in Python's buffer would be an error at the exit.
    """
    os.fstat(number)
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return all(event == select.POLLOUT for _, event in poll.poll(0) or [(number, 0)])


class Gap(msgspec.Struct, frozen=True):
    """What was lost in a row."""

    count: int
    reason: str
    """Why the first was."""
    began_ns: int
    """When the first was: nanoseconds since the epoch."""


class Losses:
    """Counts what one place could not deliver; speaks when it begins, when it is over, and at the end.

    There is no lock, as a signal handler may lose something while its thread is in here, and hold a lock that
    others wait for.

    Args:
        where: the place, as a person knows it: `trace.jsonl`.
        what: what is counted, in the singular: `line`.
    """

    def __init__(self, where: str, what: str = "line") -> None:
        self.where = where
        self.what = what
        self.is_open = False
        """Something was lost, and it is not over."""
        self._numbers = itertools.count()  # whose next() is one step, whatever other threads do
        self._over = 0
        self._told = 0
        self._reason = ""
        self._began_ns = 0
        self._spoke_at: float | None = None
        self._announced = False

    @property
    def count(self) -> int:
        """How many were lost in all."""
        return int(repr(self._numbers)[len("count(") : -1])  # the only way to look without taking one

    @property
    def gap(self) -> Gap | None:
        """What was lost since it was last over."""
        count = self.count - self._over
        return Gap(count, self._reason, self._began_ns) if count else None

    def add(self, why: object, count: int = 1) -> None:
        """Count a loss; the first in a row is told at once, with its reason."""
        first = next(self._numbers) == self._over
        self.note(count - 1)
        if first:
            self._reason = str(why.strerror if isinstance(why, OSError) and why.strerror else why)
            self._began_ns = time.time_ns()
            self._announce()
        self.is_open = True

    def note(self, count: int) -> None:
        """Count losses that are told at the end alone."""
        deque(itertools.islice(self._numbers, count), maxlen=0)

    def _announce(self) -> None:
        now = time.monotonic()
        self._announced = self._spoke_at is None or now - self._spoke_at > QUIET
        if self._announced:
            self._spoke_at = now
            say(f"{self.where}: {self._reason}; {self.what}s are being lost, the application goes on")

    def end(self, gap: Gap) -> None:
        """The place delivers again, after a gap that is known to whoever reads there."""
        self._over += gap.count
        self._began_ns = time.time_ns()
        self.is_open = self.gap is not None
        if self._announced:
            say(f"{self.where}: it goes on; {self._number(gap.count)} lost")

    def tell(self) -> None:
        """Say how many were lost since this was last said, if any were."""
        count = self.count
        new, self._told = count - self._told, count
        if new:
            say(f"{self.where}: {self._number(new)} lost")

    def _number(self, count: int) -> str:
        return numbered(count, self.what)


def numbered(count: int, what: str) -> str:
    """`1 line`, `1,649 lines`."""
    return f"{count:,} {what}{'s' if count > 1 else ''}"
