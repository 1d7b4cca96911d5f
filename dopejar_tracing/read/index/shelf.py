"""Where lines are, so that any of them can be had again: in their files, or in a copy of what is in none."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import IO

from dopejar_tracing.read.input.blocks import MAX_LINE, Block

_BITS = 44
"""A place is a file's number, and a byte of it in so many bits: 16 TiB."""
_COPY = 0
"""Number of the temporary file."""
_BYTE = (1 << _BITS) - 1
_STEP = 1 << 12
"""Bytes that are read at first where a line begins whose end is not known."""


class Shelf:
    """Lines by their places, which are single integers.

    A block that stands in a file just so is read from there when it is wanted. What came through a pipe, was
    compressed, or is in a file that may be rotated away, goes to an unnamed temporary file.
    """

    def __init__(self) -> None:
        self._copy: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # it is closed with the rest
        self._copied = 0
        self._files: list[IO[bytes]] = [self._copy]
        self._numbers: dict[str, int] = {}

    def close(self) -> None:
        """Let the files go."""
        for file in self._files:
            file.close()

    def put(self, name: str, block: Block) -> int:
        """The place of a block's first byte.

        Args:
            name: of the file that it was read from, or of what is no file.
            block: that was read.
        """
        number = self._number(name)
        place = (number << _BITS) + block.offset
        if number != _COPY and self.read(place, len(block.data)) == block.data:
            return place
        self._numbers[name] = _COPY
        return self.copy(block.data)

    def copy(self, data: bytes) -> int:
        """The place of lines that are kept here from now on."""
        place = self._copied
        whole = data if data.endswith(b"\n") else data + b"\n"
        self._copy.write(whole)
        self._copy.flush()
        self._copied += len(whole)
        return place

    def status(self, name: str) -> os.stat_result | None:
        """Of a file whose lines stand in it just so, as far as they were put; None for any other."""
        number = self._number(name)
        return os.fstat(self._files[number].fileno()) if number != _COPY else None

    def read(self, place: int, size: int) -> bytes:
        """So many bytes from a place on; less at the end of its file."""
        return os.pread(self._files[place >> _BITS].fileno(), size, place & _BYTE)

    def line(self, place: int) -> bytes:
        """The line that begins at a place, without its newline."""
        size = _STEP
        while True:
            data = self.read(place, size)
            line, newline, _ = data.partition(b"\n")
            if newline or len(data) < size or size > MAX_LINE:
                return line
            size *= 4

    def _number(self, name: str) -> int:
        """Of a file that can be read from anywhere; _COPY if it cannot."""
        if name not in self._numbers:
            self._numbers[name] = _COPY
            path = Path(name)
            if path.exists() and stat.S_ISREG(path.stat().st_mode):
                self._files.append(path.open("rb"))
                self._numbers[name] = len(self._files) - 1
        return self._numbers[name]
