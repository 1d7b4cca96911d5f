"""A compressed file."""

from __future__ import annotations

import errno
import gzip
import os
import zlib

from dopejar_tracing.read.follow.source import CHUNK
from dopejar_tracing.read.follow.splitter import Splitter

MAGIC = b"\x1f\x8b"
"""The first bytes of one."""


class PackedFile:
    """A compressed file, which nobody writes to.

    Args:
        number: the descriptor, which is closed at the end or by `close`.
        offset: bytes of what was compressed that are left out.
    """

    is_final = True

    def __init__(self, number: int, offset: int = 0) -> None:
        status = os.fstat(number)
        self._identity = status.st_dev, status.st_ino
        self._raw = open(number, "rb")  # noqa: SIM115  # until the end
        self._unpacked = gzip.GzipFile(fileobj=self._raw)
        self._offset = offset
        self._splitter = Splitter()
        self.is_at_end = False

    def look(self, status: os.stat_result | None = None) -> None:
        """It never changes."""

    def is_same(self, status: os.stat_result) -> bool:
        """Whether the status is that of this file."""
        return (status.st_dev, status.st_ino) == self._identity

    def read(self) -> list[bytes]:
        """The next lines; OSError if it is damaged."""
        self.is_at_end = True  # also if it is damaged
        try:
            if self._offset:
                self._unpacked.seek(self._offset)
                self._offset = 0
            data = self._unpacked.read(CHUNK)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.close()
            raise OSError(errno.EIO, f"is damaged: {error}") from error
        self.is_at_end = not data
        if self.is_at_end:
            self.close()
        return self._splitter.feed(data)

    def close(self) -> None:
        """Let go of the descriptor."""
        self._unpacked.close()
        self._raw.close()
