"""What the tracing itself has to say, on stderr, in one line each.

Tracing does not raise into the application (contract §4); this is the other half of that promise.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time

import msgspec

from dopejar_tracing.show.text import visible

QUIET = 10.0
"""Seconds between two notices of losses in one place: a disk that is nearly full takes some lines."""


def say(text: str) -> None:
    """Write one line to stderr; if there is no stderr to write to, nobody can be told."""
    with contextlib.suppress(Exception):
        with contextlib.suppress(AttributeError, ValueError):  # no file: a StringIO, say
            os.fstat(
                sys.stderr.fileno()
            )  # if it is closed: what stays in its buffer would be an error at the exit
        sys.stderr.write(f"dopejar_tracing: {visible(' '.join(text.splitlines()))}\n")
        sys.stderr.flush()


class Gap(msgspec.Struct, frozen=True):
    """What was lost in a row."""

    count: int
    reason: str
    """Why the first was."""
    began_ns: int
    """When the first was: nanoseconds since the epoch."""


class Losses:
    """Counts what one place could not deliver; speaks when it begins, when it is over, and at the end.

    Args:
        where: the place, as a person knows it: `trace.jsonl`.
        what: what is counted, in the singular: `line`.
    """

    def __init__(self, where: str, what: str = "line") -> None:
        self.where = where
        self.what = what
        self.count = 0
        self.gap: Gap | None = None
        self._told = 0
        self._spoke_at: float | None = None
        self._announced = False
        self._lock = threading.RLock()  # re-entrant: a signal handler may lose something as well

    def add(self, why: object, count: int = 1) -> None:
        """Count a loss; the first in a row is told at once, with its reason."""
        with self._lock:
            self.count += count
            if self.gap is None:
                reason = str(why.strerror if isinstance(why, OSError) and why.strerror else why)
                self.gap = Gap(count, reason, time.time_ns())
                self._announce(reason)
            else:
                self.gap = msgspec.structs.replace(self.gap, count=self.gap.count + count)

    def _announce(self, reason: str) -> None:
        now = time.monotonic()
        self._announced = self._spoke_at is None or now - self._spoke_at > QUIET
        if self._announced:
            self._spoke_at = now
            say(f"{self.where}: {reason}; {self.what}s are being lost, the application goes on")

    def end(self, gap: Gap) -> None:
        """The place delivers again, after a gap that is known to whoever reads there."""
        with self._lock:
            more = self.gap.count - gap.count if self.gap else 0
            self.gap = msgspec.structs.replace(gap, count=more, began_ns=time.time_ns()) if more else None
            if self._announced:
                say(f"{self.where}: it goes on; {self._number(gap.count)} lost")

    def tell(self) -> None:
        """Say how many were lost since this was last said, if any were."""
        new = self.count - self._told
        self._told = self.count
        if new:
            say(f"{self.where}: {self._number(new)} lost")

    def _number(self, count: int) -> str:
        return f"{count:,} {self.what}{'s' if count > 1 else ''}"
