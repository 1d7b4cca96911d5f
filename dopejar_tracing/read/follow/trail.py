"""One path, and the files that stood there one after the other."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable

from dopejar_tracing.read.follow.aside import RotatedSource, Siblings
from dopejar_tracing.read.follow.complaints import Complaints
from dopejar_tracing.read.follow.files import Files
from dopejar_tracing.read.follow.opening import Stands, open_file, stands, status_of
from dopejar_tracing.read.follow.source import CHUNK, Mark, Source

AGAIN = 1.0
"""Seconds until a path where nothing can be read is looked into again, unless something else stands there."""
_ATTEMPTS = 10


class Budget:
    """Bytes that one poll may still read; it may go over by a chunk or a line."""

    def __init__(self, left: int) -> None:
        self.left = left


class Trail:
    """What comes at one path, whatever becomes of the file there.

    A file that is renamed or deleted is read to its end, and for a moment longer, since others go on writing
    to it until they notice. Files that were rotated between two looks come next, then the new one.

    Args:
        path: as a person named it.
        mark: where reading goes on; None: at the beginning of what stands at the path.
        complain: told once of what stands in the way.

    Attributes:
        lines: that were read, and wait until it is their turn.
        has_begun: it was looked at.
    """

    def __init__(self, path: str, mark: Mark | None, complain: Callable[[str], None]) -> None:
        self.path = path
        self.lines: deque[bytes] = deque()
        self.has_begun = False
        self._mark = mark
        self._complaints = Complaints(complain)
        self._siblings = Siblings(path)
        self._files = Files(path, self._complaints)
        self._stood: Stands = None
        self._look_again = float("-inf")
        self._is_settled = False

    @property
    def is_at_end(self) -> bool:
        """Whether every whole line was taken that was there at the last look."""
        return self._is_settled and not self.lines and not self._files.unread

    @property
    def has_mark(self) -> bool:
        """Whether reading goes on at a mark that has not been looked for yet."""
        return self._mark is not None

    def want(self, stamp: str) -> None:
        """Read a rotated file, too, that is there before the first look."""
        self._siblings.wanted.add(stamp)

    def want_since(self, seconds: float) -> None:
        """Read those, too, that were written to after a moment: seconds since the epoch."""
        self._siblings.since = seconds

    def look(self, now: float) -> None:
        """See what became of the files.

        Args:
            now: seconds of a clock that never goes back.
        """
        self._is_settled = True
        self._files.look_at_old(now)
        try:
            status = status_of(self.path)
        except OSError as error:  # the folder cannot be entered: what is open still serves
            self._complaints.add(self.path, error)
            self._files.look_at_current()
            return
        current = self._files.current
        if current is not None and status is not None and current.is_same(status):
            self._files.look_at_current(status)
        elif current is not None or stands(status) != self._stood or now >= self._look_again:
            self._look_again = now + AGAIN
            self._is_settled = self._follow(status)

    def fill(self, budget: Budget) -> bool:
        """Read until there is a line that waits; whether there is one."""
        if self.lines:
            return True
        for file in self._files.unread:
            self._fill_from(file, budget)
            if file.is_at_end:
                self._files.finish(file)
            if self.lines or not file.is_at_end:
                break
        return bool(self.lines)

    def close(self) -> None:
        """Let go of all descriptors."""
        self._files.close()

    def _fill_from(self, file: Source, budget: Budget) -> None:
        while not self.lines and not file.is_at_end and budget.left > 0:
            self.lines.extend(self._files.read(file))
            if not self.lines and not file.is_at_end:  # within a long line
                budget.left -= CHUNK

    def _follow(self, status: os.stat_result | None) -> bool:
        """Go over to what stands at the path now; whether it stood still for as long as that took.

        What is listed while one file stands there was written before that one.
        """
        self._files.look_at_current()
        for _ in range(_ATTEMPTS):
            new = self._opened(status)
            try:
                stamps, after = self._listed(), status_of(self.path)
            except OSError as error:  # at the next look it may be otherwise; until then what is open serves
                self._complaints.add(self.path, error)
                _close(new)
                return True
            if _is_still(new, status, after):
                self._stood = stands(after)
                self._take(new, stamps, after)
                return True
            _close(new)
            status = after
        return False

    def _opened(self, status: os.stat_result | None) -> Source | None:
        if status is None:
            return None
        try:
            return open_file(self.path, self._mark)
        except FileNotFoundError:  # since a moment ago
            return None
        except OSError as error:
            self._complaints.add(self.path, error)
            return None

    def _listed(self) -> list[str] | None:
        """The stamps of rotated files; None if nobody may see them, OSError if that may soon be otherwise."""
        try:
            return self._siblings.listed()
        except PermissionError as error:
            folder = os.path.dirname(self.path) or "."
            self._complaints.add(f"{folder}: what is rotated between two looks is missed", error)
            return None

    def _take(self, new: Source | None, stamps: list[str] | None, status: os.stat_result | None) -> None:
        self._files.look_at_current()
        between = self._between(stamps, status)
        held = self._files.take_out(status) if status is not None and new is not None else None
        if held is not None:  # it was moved back
            _close(new)
            new = held
        self._files.replace(between, new)
        if new is not None or status is None:  # else it cannot be opened yet
            self._mark = None
        if new is not None and stamps is not None:
            self._complaints.clear()

    def _between(self, stamps: list[str] | None, status: os.stat_result | None) -> list[RotatedSource]:
        """The rotated files that are to be read before what stands at the path now."""
        mark = self._mark
        is_first, self.has_begun = not self.has_begun, True
        if stamps is None:
            self._siblings.lose_sight()
            return []
        if not is_first:
            return self._siblings.unread(stamps, self._files.current)
        if mark is not None:  # whoever read up to there has read the older ones
            self._siblings.wanted.clear()
            self._siblings.since = float("inf")
        if status is not None and mark is not None and mark.is_of(status):
            mark = None
        found = self._siblings.begin(stamps, mark)
        if found is None:
            self._complaints.say(f"{self.path}: the file that was read is gone, and what came since with it")
        return found or []


def _is_still(new: Source | None, before: os.stat_result | None, after: os.stat_result | None) -> bool:
    if new is None:
        return stands(before) == stands(after)
    return after is not None and new.is_same(after)


def _close(file: Source | None) -> None:
    if file is not None:
        file.close()
