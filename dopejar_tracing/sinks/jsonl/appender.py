"""Lines at the end of the file that stands at a path, whatever becomes of that."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from dopejar_tracing.sinks.jsonl.archive import Archive
from dopejar_tracing.sinks.jsonl.descriptor import Descriptor, is_standard
from dopejar_tracing.sinks.jsonl.reading import tail_of
from dopejar_tracing.sinks.jsonl.rotation import Rotation
from dopejar_tracing.sinks.jsonl.torn import End, ends_within_a_line
from dopejar_tracing.sinks.jsonl.writing import are_signals_ignored, write_carefully, write_rest

if TYPE_CHECKING:
    from dopejar_tracing.settings.rotate import Rotate

LOOK, PAUSE = 200e-6, 17e-6
"""Seconds after which the path is looked at again before a line is written; and how many there may be between
the beginnings of two writes, else it is looked at at once. Looking takes longer than writing, and when lines
come this fast, one look serves several."""
_CLOSE_LOOK = 20e-6
"""The first, where the file is rotated."""
_PATIENCE = 0.1
"""Seconds until a path that cannot be looked at, or opened, is tried again; and that a fork waits."""
_TAIL = 65_536  # bytes that others may have written behind a line since
_CLOSING = 0.5
"""Seconds that the end waits for a thread that is opening the file."""


class Appender:
    """Appends lines. A file that was rotated, moved or deleted is opened anew.

    Before a line is written the path is looked at, unless that was just done. Lines written since the last
    look are kept until the next: if the file had been deleted by then, they are written again.

    Args:
        path: of the file, from the root.
        rule: when to rotate it; None for never.
        lose: told of a line that could not be written again.
        mended: told that a piece of a line was taken away from the end.
    """

    def __init__(
        self,
        path: str,
        rule: Rotate | None,
        lose: Callable[[OSError], None],
        mended: Callable[[], None],
    ) -> None:
        self._path = path
        self._lose = lose
        self._mended = mended
        self._file: Descriptor | None = None
        self._lock = threading.RLock()  # re-entrant: a signal handler may trace while its thread is in here
        self._has_lock = False
        self._archive: Archive | None = None
        self._rotation = Rotation(path, None)
        self.adopt(rule)

    def adopt(self, rule: Rotate | None) -> None:
        """Take another rule."""
        if is_standard(self._path):
            rule = None
        if rule == self._rotation.rule:
            return
        self._rotation = Rotation(self._path, rule)
        if self._archive is not None:
            self._archive.rest(0)
        self._archive = Archive(self._path, rule) if rule else None
        if self._archive is not None and self._file is not None:
            self._archive.tidy()
        self.mind()

    def append(self, encoded: bytes) -> None:
        """Write a line.

        Raises:
            OSError: it is not in the file, or not whole; then the next one begins on a line of its own.
        """
        size = len(encoded)
        file = self._file
        now = monotonic()
        if file is None or file.look_at < now or file.pause_at < now or file.size + size > file.limit:
            file = self._just_looked() or self._made_ready(size)
            now = monotonic()  # again: a look is no pause
        file.pause_at = now + file.pause
        file.size += size
        try:
            written = os.write(file.number, encoded) if file.is_plain else write_carefully(file, encoded)
            if written != size:
                write_rest(file, encoded, written)
        except BaseException as error:
            file.size -= size  # if it was written nevertheless, the next look finds more than there should be
            if not isinstance(error, OSError) or error.errno != errno.EBADF:
                raise
            file.disown()  # the host closed it
            if self._file is file:
                self._file = None
            file = self._made_ready(size)
            write_carefully(file, encoded)
            file.size += size
        file.unsure.append(encoded)
        file.least += size
        if file is not self._file:  # replaced in the meantime, by a thread that could not know of this line
            self._rescue(file)

    def has(self, encoded: bytes) -> bool:
        """Whether a line was written just now, by whoever was interrupted while doing so."""
        file = self._file
        return file is not None and (
            encoded in file.unsure or encoded in tail_of(self._path, 2 * len(encoded) + _TAIL)
        )

    def mind(self) -> None:
        """Look at everything before the next line."""
        if self._file is not None:
            self._file.look_at = 0.0

    def before_fork(self) -> None:
        """Let nothing be half done that a child would hold for ever; but do not wait for long."""
        if self._archive is not None:
            self._archive.rest(0)
        self._has_lock = self._lock.acquire(timeout=_PATIENCE)

    def after_fork(self, *, child: bool) -> None:
        """The lock and the lines in doubt are the parent's; the descriptor is shared."""
        if child:
            self._lock = threading.RLock()
            if self._file is not None:
                self._file.unsure = []
                self._file.size = self._file.least = 0  # unknown: another thread may have been writing
        elif self._has_lock:
            self._lock.release()
        if self._archive is not None:
            self._archive.after_fork(child=child)

    def close(self) -> None:
        """Let go of the file; a later line opens it again."""
        if self._file is not None and self._file.unsure and self._lock.acquire(timeout=_CLOSING):
            try:
                with contextlib.suppress(OSError):
                    self._look(self._file, 0)
            finally:
                self._lock.release()
        self._file = None
        if self._archive is not None:
            self._archive.rest()

    def _just_looked(self) -> Descriptor | None:
        """The file, if it is where it was and nothing else is to be asked: the short way."""
        file = self._file
        if file is None or not file.is_plain or self._rotation.rule is not None or not are_signals_ignored():
            return None
        has_lock = self._lock.acquire(False)  # else another thread looks just now; that is not waited for
        try:
            written, least = len(file.unsure), file.least
            status = os.stat(self._path)
            if status.st_ino != file.inode or status.st_dev != file.device:
                return None
            if not least <= status.st_size <= file.size:
                return None
            if has_lock:
                del file.unsure[:written]  # they are where they belong
            file.look_at = monotonic() + LOOK
            return file
        except OSError:
            return None
        finally:
            if has_lock:
                self._lock.release()

    def _made_ready(self, size: int) -> Descriptor:
        """The file that stands at the path, ready for a line of this size."""
        with self._lock:
            file = self._look(self._file or self._open(), size)
            if file.end is End.MENDED:
                file.end = End.WHOLE
                self._mended()
            return file

    def _open(self) -> Descriptor:
        self._file = Descriptor(self._path)
        if self._archive is not None:
            self._archive.tidy()
        return self._file

    def _look(self, file: Descriptor, size: int) -> Descriptor:
        written, least = len(file.unsure), file.least
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            return self._replace(file)
        except OSError:  # the folder cannot be read any more: what is open still serves
            return _left_alone(file, written)
        if not file.is_same(status) or self._was_rotated(status, size):
            return self._replace(file)
        del file.unsure[:written]
        others_write = not least <= status.st_size <= file.size and stat.S_ISREG(status.st_mode)
        unsure = others_write and file.end is End.WHOLE
        if unsure and ends_within_a_line(file.number, self._path, status.st_size):
            file.end = End.TORN  # a neighbour was killed there, or its disk was full
        file.is_plain = file.end is End.WHOLE and are_signals_ignored()
        if others_write:  # said last: whoever finds the size right writes at once
            file.size = file.least = status.st_size
        file.limit = self._rotation.limit
        file.look_at = monotonic() + (LOOK if self._rotation.rule is None else _CLOSE_LOOK)
        file.pause = PAUSE
        return file

    def _was_rotated(self, status: os.stat_result, size: int) -> bool:
        if not self._rotation.is_due(status, size):
            return False
        try:
            rotated = self._rotation.rotate(status)
        except OSError as error:
            self._rotation.complain(error)
            return False
        if rotated and self._archive is not None:
            self._archive.tidy()
        return rotated

    def _replace(self, file: Descriptor) -> Descriptor:
        """Another file, or none, stands at the path: from now on lines go there."""
        try:
            new = Descriptor(self._path)
        except OSError as error:
            if file.is_deleted():
                self._file = None
                if file.lost_its_end():
                    self._lose_all(file, error)
                raise
            return _left_alone(file, len(file.unsure))  # it was moved, and no line is lost there
        self._file = new
        self._rescue(file)
        return new

    def _lose_all(self, file: Descriptor, error: OSError) -> None:
        """Count the lines that went into a file that had been deleted already; each once."""
        while file.unsure:
            with contextlib.suppress(IndexError):  # another thread does the same
                file.unsure.pop()
                self._lose(error)

    def _rescue(self, file: Descriptor) -> None:
        """Write again what went into a file that had been deleted already."""
        is_lost = file.lost_its_end()
        while file.unsure:
            try:
                encoded = file.unsure.pop(0)
            except IndexError:  # another thread does the same
                return
            if is_lost:
                try:
                    self.append(encoded)
                except OSError as error:
                    self._lose(error)


def _left_alone(file: Descriptor, written: int) -> Descriptor:
    """The file as it is, and for a while no other is asked for."""
    if not file.is_deleted():
        del file.unsure[:written]
    file.limit = float("inf")
    file.look_at = monotonic() + _PATIENCE
    file.pause = _PATIENCE
    return file
