"""What one file has to offer to who reads on in it."""

from __future__ import annotations

import os
from typing import Protocol

import msgspec

CHUNK = 1 << 16
"""Bytes that are read at once: so much of each file is held while files are merged."""


class Mark(msgspec.Struct, frozen=True):
    """Where reading goes on.

    Attributes:
        device: with `inode`, what tells the file from all others (`st_dev`, `st_ino`).
        inode: see there.
        offset: bytes that were read, to the end of a line.
    """

    device: int
    inode: int
    offset: int

    def is_of(self, status: os.stat_result) -> bool:
        """Whether it lies in the file that has this status."""
        return status.st_ino == self.inode and status.st_dev == self.device


class Source(Protocol):
    """Lines that come one after the other.

    Attributes:
        is_at_end: nothing more is there now.
        is_final: nor will there ever be.
    """

    is_at_end: bool
    is_final: bool

    def look(self, status: os.stat_result | None = None) -> None:
        """Find out whether there is more; OSError as the system raises it."""

    def is_same(self, status: os.stat_result) -> bool:
        """Whether the status is that of this file."""

    def read(self) -> list[bytes]:
        """The next lines; none if it is at its end, or has not come to the end of a line.

        Raises:
            OSError: it cannot be read.
        """

    def close(self) -> None:
        """Let go of the descriptor."""
