"""Rotation: the file is set aside under another name, and old ones are compressed and deleted.

Several processes append to one file, and each may rotate it. The rename is done by one of them at a time,
under a lock on a file beside it; the others go on writing to the renamed file until they notice, and lose
nothing by that, since it is neither compressed nor deleted as long as anybody has it open (see `Descriptor`).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from dopejar_tracing.notices import say
from dopejar_tracing.settings.rotate import Rotate
from dopejar_tracing.settings.rotated import STAMP, rotated
from dopejar_tracing.sinks.jsonl.reading import close

_PERIODS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 7 * 86_400}
_MONDAY = 4 * 86_400  # the epoch was a Thursday
_SOON, _AGAIN = 0.001, 0.05
"""Seconds until a rotation is tried again which another process is doing, or which failed."""


class Rotation:
    """Rotates one file, as the settings say.

    Args:
        path: of the file, from the root.
        rule: when; None for never.
        clock: seconds since the epoch.
    """

    def __init__(self, path: str, rule: Rotate | None, clock: Callable[[], float] = time.time) -> None:
        self.rule = rule
        self._path = path
        self._clock = clock
        self._not_before = 0.0
        self._complained = False
        self._overdue: tuple[int, int] | None = None

    @property
    def limit(self) -> float:
        """Bytes that the file may have."""
        if self.rule is None or self.rule.max_bytes is None or time.monotonic() < self._not_before:
            return float("inf")
        return self.rule.max_bytes

    def is_due(self, status: os.stat_result, more: int) -> bool:
        """Whether the file is to be rotated before so many bytes more are written to it."""
        if self.rule is None or not more or not status.st_size or not stat.S_ISREG(status.st_mode):
            return False
        if time.monotonic() < self._not_before:
            return False
        if self.rule.every is not None:
            seconds = _PERIODS[self.rule.every]
            last, now = ((at + 7 * 86_400 - _MONDAY) // seconds for at in (status.st_mtime, self._clock()))
            if last < now:
                self._overdue = status.st_dev, status.st_ino
            if self._overdue == (status.st_dev, status.st_ino):  # though a line was written since
                return True
        return status.st_size + more > self.limit

    def rotate(self, seen: os.stat_result) -> bool:
        """Set the file aside, unless another process is doing so, or has done it.

        Args:
            seen: what stood at the path when it was found to be due.

        Returns:
            Whether another file stands there now, or none.

        Raises:
            OSError: it cannot be renamed, or the lock not be had.
        """
        self._not_before = time.monotonic() + _AGAIN
        with self._alone() as alone:
            if not alone:
                self._not_before = time.monotonic() + _SOON
                return False
            with contextlib.suppress(FileNotFoundError):  # another process has renamed it just now
                if os.path.samestat(os.stat(self._path), seen):
                    os.rename(self._path, self._free_name())
        self._not_before = 0.0
        return True

    def complain(self, error: OSError) -> None:
        """Say once that the file cannot be rotated; it is written to as before."""
        if not self._complained:
            self._complained = True
            say(f"{os.path.basename(self._path)}: cannot be rotated: {error.strerror or error}; it grows")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        folder, name = os.path.split(self._path)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        number = os.open(os.path.join(folder, f".{name}.lock"), flags, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            close(number)
            if error.errno not in {errno.EWOULDBLOCK, errno.EINTR}:
                raise
            yield False
            return
        try:
            yield True
        finally:
            # Unlocked by hand: a child that was forked in the meantime has it open as well.
            with contextlib.suppress(OSError):
                fcntl.flock(number, fcntl.LOCK_UN)
            close(number)

    def _free_name(self) -> str:
        """A name that sorts behind those of all that were rotated before, whatever the clock says."""
        stamp = f"{datetime.fromtimestamp(self._clock(), UTC):{STAMP}}"
        latest = max((file.stamp for file in rotated(self._path)), default="")
        if stamp <= latest:
            stamp = _next(latest)
        return f"{self._path}.{stamp}"


def _next(stamp: str) -> str:
    """The stamp of a microsecond later."""
    try:
        return f"{datetime.strptime(stamp, STAMP) + timedelta(microseconds=1):{STAMP}}"  # noqa: DTZ007
    except (ValueError, OverflowError):  # digits, but no date
        return stamp + "0"
