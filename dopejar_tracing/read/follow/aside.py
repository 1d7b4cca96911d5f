"""The files that one file was rotated into: which of them are new, and what is in them."""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import zlib

from dopejar_tracing.read.follow.openfile import OpenFile
from dopejar_tracing.read.follow.opening import open_file
from dopejar_tracing.read.follow.packed import PackedFile
from dopejar_tracing.read.follow.source import Mark, Source
from dopejar_tracing.settings.rotated import surely_rotated

_COMPARED = 1 << 16


class RotatedSource:
    """A rotated file, compressed or not by the time its turn comes; opened only then.

    Args:
        path: of it, as it is called before it is compressed.
        mark: where reading goes on, if it is the file that this lies in.
    """

    def __init__(self, path: str, mark: Mark | None = None) -> None:
        self.path = path
        self.is_at_end = False
        self.is_final = False
        self._mark = mark
        self._file: OpenFile | PackedFile | None = None

    def look(self, status: os.stat_result | None = None) -> None:
        """Others may still write to it for a moment; and what could not be opened is tried again."""
        if self._file is None:
            self.is_at_end = self.is_final
        else:
            self._file.look(status)
            self.is_at_end = self._file.is_at_end

    def is_same(self, status: os.stat_result) -> bool:
        """Whether the status is that of this file, as far as it was opened."""
        return self._file is not None and self._file.is_same(status)

    def read(self) -> list[bytes]:
        """The next lines; OSError if it is gone, or damaged."""
        if self._file is None:
            self._file = self._opened()
            self.is_final = self._file.is_final
        lines = self._file.read()
        self.is_at_end = self._file.is_at_end
        return lines

    def close(self) -> None:
        """Let go of the descriptor."""
        if self._file is not None:
            self._file.close()

    def _opened(self) -> OpenFile | PackedFile:
        """Compressing makes the one, then takes the other away: one is there, unless both were deleted."""
        with contextlib.suppress(FileNotFoundError):
            return open_file(self.path, self._mark)
        packed = f"{self.path}.gz"
        try:
            return open_file(packed, self._mark_in(packed))
        except FileNotFoundError:
            self.is_final = True
            raise FileNotFoundError(errno.ENOENT, "was deleted before it was read") from None

    def _mark_in(self, packed: str) -> Mark | None:
        """The mark, in what the file was compressed to."""
        if self._mark is None:
            return None
        status = os.stat(packed)
        return Mark(status.st_dev, status.st_ino, self._mark.offset)


class Siblings:
    """The rotated files of one file: which are there, and which of those were not there before.

    Args:
        path: of the file itself.

    Attributes:
        wanted: stamps of those that are read although they were there from the beginning; so are later ones.
        since: seconds since the epoch: so are those that were written to after that.
    """

    def __init__(self, path: str) -> None:
        self.wanted: set[str] = set()
        self.since = float("inf")
        self._path = path
        self._known: set[str] | None = None

    def listed(self) -> list[str]:
        """The stamps of those that are there; OSError if that cannot be seen."""
        try:
            return sorted({file.stamp for file in surely_rotated(self._path)})
        except (FileNotFoundError, NotADirectoryError):
            return []

    def begin(self, stamps: list[str], mark: Mark | None = None) -> list[RotatedSource] | None:
        """What is to be read before the file itself, the first time.

        Args:
            stamps: of those that are there.
            mark: where reading goes on, if not in the file itself; else None.

        Returns:
            None if the mark is in none of them.
        """
        self._known = set(stamps)
        if mark is None:
            return [self._source(stamp) for stamp in stamps if self._is_wanted(stamp)]
        for index, stamp in enumerate(stamps):
            if _stands_at(self._name(stamp), mark):
                return [RotatedSource(self._name(stamp), mark), *map(self._source, stamps[index + 1 :])]
        return None

    def unread(self, stamps: list[str], held: Source | None) -> list[RotatedSource]:
        """Those that came since the last time, the oldest first.

        Args:
            stamps: of those that are there.
            held: the file that stood at the path until now; it may be one of them, and is left out.
        """
        known, self._known = self._known, set(stamps)
        if known is None:  # it could not be seen: what is there now may have been read
            return []
        new = [stamp for stamp in stamps if stamp not in known]
        if held is not None:
            own = next((stamp for stamp in new if self._is(stamp, held)), None)
            new = [stamp for stamp in new if stamp != own]
        return [self._source(stamp) for stamp in new]

    def lose_sight(self) -> None:
        """The folder cannot be listed."""
        self._known = None

    def _is_wanted(self, stamp: str) -> bool:
        if stamp in self.wanted or stamp > max(self.wanted, default=stamp):
            return True
        for name in (self._name(stamp), f"{self._name(stamp)}.gz"):
            with contextlib.suppress(OSError):
                return os.stat(name).st_mtime > self.since
        return False

    def _name(self, stamp: str) -> str:
        return f"{self._path}.{stamp}"

    def _source(self, stamp: str) -> RotatedSource:
        return RotatedSource(self._name(stamp))

    def _is(self, stamp: str, held: Source) -> bool:
        """Whether the rotated file is the one that is open, or what that was compressed to."""
        try:
            return held.is_same(os.stat(self._name(stamp)))
        except OSError:
            return isinstance(held, OpenFile) and _is_copy(f"{self._name(stamp)}.gz", held)


def _stands_at(path: str, mark: Mark) -> bool:
    with contextlib.suppress(OSError):
        return mark.is_of(os.stat(path))
    return False


def _is_copy(path: str, held: OpenFile) -> bool:
    """Whether this was compressed from a file that is open, but has no name any more.

    The size stands in its last four bytes, and the first line of ours is unlike any other.
    """
    try:
        with open(path, "rb") as raw:
            raw.seek(-4, os.SEEK_END)
            size = int.from_bytes(raw.read(), "little")
            raw.seek(0)
            return held.begins(gzip.GzipFile(fileobj=raw).read(_COMPARED), size)
    except (OSError, EOFError, zlib.error):
        return False
