"""The files that stood at one path, in the order of their lines: which is read next, and which let go of."""

from __future__ import annotations

import os
from collections.abc import Iterable

from dopejar_tracing.read.follow.aside import RotatedSource
from dopejar_tracing.read.follow.complaints import Complaints
from dopejar_tracing.read.follow.source import Source

LATE = 5.0
"""Seconds without a new line after which a file that was set aside is let go of."""
MANY = 64
"""Files that were set aside and are held at most, once they are read."""


class Files:
    """Files, of which the last may stand at the path, and the others were set aside.

    Args:
        path: as a person named it.
        complaints: take what stands in the way.

    Attributes:
        current: the one that stands at the path.
    """

    def __init__(self, path: str, complaints: Complaints) -> None:
        self.current: Source | None = None
        self._path = path
        self._complaints = complaints
        self._files: list[Source] = []
        self._quiet: dict[Source, float] = {}  # since when nothing came of one that was set aside

    @property
    def unread(self) -> list[Source]:
        """Those in which there is more."""
        return [file for file in self._files if not file.is_at_end]

    def replace(self, between: Iterable[Source], new: Source | None) -> None:
        """Set the current one aside; others follow, then the new one."""
        self._files += between
        if new is not None:
            self._files.append(new)
        self.current = new

    def take_out(self, status: os.stat_result) -> Source | None:
        """The file of this status, if it is held; it has no place among the others any more."""
        held = next((file for file in self._files if file.is_same(status)), None)
        if held is not None:
            self._files.remove(held)
            self._quiet.pop(held, None)
        return held

    def look_at_current(self, status: os.stat_result | None = None) -> None:
        """Find out whether there is more in it."""
        if self.current is not None:
            self._look_at(self.current, status)

    def look_at_old(self, now: float) -> None:
        """Find out whether there is more in the others; let go of those that have been quiet."""
        for file in tuple(self._files):
            if file is self.current:
                continue
            self._look_at(file)
            if not file.is_at_end:
                self._quiet.pop(file, None)
            elif now - self._quiet.setdefault(file, now) >= LATE or file.is_final:
                self._drop(file)

    def read(self, file: Source) -> list[bytes]:
        """The next lines; what cannot be read is at its end, until it changes."""
        try:
            return file.read()
        except OSError as error:
            file.is_at_end = True
            self._complaints.add(file.path if isinstance(file, RotatedSource) else self._path, error)
            return []

    def finish(self, file: Source) -> None:
        """Hold a file that was read for a while, but not too many of them."""
        if file is self.current:
            return
        if file.is_final:
            self._drop(file)
        old = [each for each in self._files if each.is_at_end and each is not self.current]
        for each in old[:-MANY]:
            self._drop(each)

    def close(self) -> None:
        """Let go of all descriptors."""
        for file in self._files:
            file.close()
        self._files, self.current, self._quiet = [], None, {}

    def _look_at(self, file: Source, status: os.stat_result | None = None) -> None:
        try:
            file.look(status)
        except OSError as error:
            self._complaints.add(self._path, error)

    def _drop(self, file: Source) -> None:
        file.close()
        self._files.remove(file)
        self._quiet.pop(file, None)
