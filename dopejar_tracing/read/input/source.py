"""A file or stream that can be read several times and from both ends, compressed or not."""

from __future__ import annotations

import bz2
import gzip
import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

from dopejar_tracing.errors import TracingError
from dopejar_tracing.read.input.blocks import BLOCK, Block, backward, forward
from dopejar_tracing.settings.rotated import rotated_from

_GZIP, _BZIP2, _ZSTD = b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"
_LONGEST_MAGIC = _ZSTD
_Errors = tuple[type[Exception], ...]
_BROKEN: _Errors = (EOFError, OSError, zlib.error)
"""What Python's modules raise where compressed data ends early, or is damaged."""


class UnreadableError(TracingError):
    """A file that cannot be opened or read."""


class Source:
    """A file, or a stream, that can be read several times and from both ends.

    What comes through a pipe, or is compressed and wanted from its end, is kept in an unnamed temporary file.

    Args:
        name: as a person wrote it.
        stream: what is read instead of a file of that name.
    """

    def __init__(self, name: str, stream: BinaryIO | None = None) -> None:
        self.name = name
        self._plain: BinaryIO | None = None  # what can be read from anywhere
        self._mine: list[BinaryIO] = []
        self._end: int | None = None
        self._is_copied = False
        self._stream = stream
        self._looked_at = stream is None  # whether it is known that it is not compressed
        if stream is not None and stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            self._plain, self._stream = stream, None

    def close(self) -> None:
        """Let go of what is open; not of what was handed over open."""
        for file in self._mine:
            file.close()

    def release(self) -> None:
        """Let go of it until it is read again, if it is a file that can then be opened again."""
        if self._stream is None and self._looked_at and not self._is_copied:
            self.close()
            self._mine, self._plain = [], None

    def forward(self, start: int = 0) -> Iterator[Block]:
        """All blocks from a byte on, where a line begins.

        Args:
            start: bytes to leave out; only of what was read backward before.

        Raises:
            UnreadableError: it cannot be opened or read.
        """
        with _complaining(self.name):
            read, broken = self._reader(start)
            for block in forward(read, broken):
                yield Block(block.data, block.offset + start)

    def backward(self, end: int | None = None) -> Iterator[Block]:
        """All blocks, or those before a byte where a line begins, the last first."""
        with _complaining(self.name):
            read, broken = self._reader(0)
            file = self._plain or self._unpack(read, broken)
            whole = file.seek(0, os.SEEK_END) if self._end is None else self._end
            yield from backward(file, whole if end is None else end)

    def hold(self) -> os.stat_result | None:
        """Open it now, so that it is this file that is read, whatever it is called by then; what it is."""
        with suppress(UnreadableError), _complaining(self.name):
            if self._stream is None:
                self._reader(0)
        return os.fstat(self._mine[0].fileno()) if self._mine else None

    def stop(self) -> tuple[int, int, int] | None:
        """Read no further than the last line that is whole now; returns (device, inode, bytes).

        None for what does not grow, or is not read from its path: streams, compressed files.
        """
        with _complaining(self.name):
            self._reader(0)
            file = self._plain
            if file is None:
                return None
            status = os.fstat(file.fileno())
            for block in backward(file, status.st_size):
                end = block.data.rfind(b"\n") + 1
                if end:
                    self._end = block.offset + end
                    break
            else:
                self._end = 0
            return status.st_dev, status.st_ino, self._end

    @property
    def size(self) -> int:
        """Bytes on the disk; 0 of what comes through a pipe."""
        with _complaining(self.name):
            self._reader(0)
            return os.stat(self._mine[0].fileno()).st_size if self._mine else 0

    def limit(self, end: int) -> None:
        """Read no further than a byte, where a line ends."""
        self._end = end

    def next_line(self, offset: int) -> int | None:
        """Where the first line after a byte begins; None if it cannot be read from there."""
        with _complaining(self.name):
            self._reader(0)
            file = self._plain
            if file is None:
                return None
            file.seek(offset)
            while data := file.read(BLOCK):
                if (at := data.find(b"\n")) >= 0:
                    return offset + at + 1
                offset += len(data)
            return offset

    def line_number(self, offset: int) -> int:
        """Number of the line that begins at a byte, from 1."""
        number = 1
        for block in self.forward():
            if block.offset + len(block.data) > offset:
                return number + block.data.count(b"\n", 0, max(0, offset - block.offset))
            number += block.data.count(b"\n")
        return number

    def _reader(self, start: int) -> tuple[Callable[[int], bytes], _Errors]:
        """What reads it from a byte on, and what that raises where the data is damaged."""
        if not self._looked_at:
            self._look_at_stream()
        if self._plain is None and self._stream is None:
            file = self._opened(_open(self.name))
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                unpacked, broken = _unpacked(file, self.name)
                if broken:
                    return _salvaging(self._opened(unpacked), broken), broken
                self._plain = file
            else:
                self._stream = file
        file = self._plain or self._copy
        file.seek(start)
        if self._plain is None:
            return self._received, ()
        end = self._end
        return (
            file.read if end is None else lambda size: file.read(max(0, min(size, end - file.tell())))
        ), ()

    def _look_at_stream(self) -> None:
        """What was handed over open may be compressed as well: then all of it is read and unpacked now."""
        self._looked_at = True
        file = self._plain or self._copy
        file.seek(0)
        while self._plain is None and file.tell() < len(_LONGEST_MAGIC) and self._received(BLOCK):
            pass
        file.seek(0)
        if not _is_packed(file.read(len(_LONGEST_MAGIC))):
            return
        file.seek(0)
        while self._plain is None and self._received(BLOCK):
            pass
        file.seek(0)
        unpacked, broken = _unpacked(file, self.name)
        self._stream = None
        self._unpack(_salvaging(unpacked, broken), broken)

    def _unpack(self, read: Callable[[int], bytes], broken: _Errors) -> BinaryIO:
        """Copy what is read to where it can be read from anywhere."""
        copy = self._temporary()
        for block in forward(read, broken):
            copy.write(block.data)
        self._plain, self._is_copied = copy, True
        return copy

    def _received(self, size: int) -> bytes:
        """What has come before, then what comes: as much as there is, as somebody may look at it live."""
        data = self._copy.read(size)
        if not data and self._stream is not None:
            data = os.read(self._stream.fileno(), size)
            self._copy.write(data)
        return data

    @cached_property
    def _copy(self) -> BinaryIO:
        return self._temporary()

    def _temporary(self) -> BinaryIO:
        return self._opened(cast("BinaryIO", tempfile.TemporaryFile()))

    def _opened(self, file: BinaryIO) -> BinaryIO:
        self._mine.append(file)
        return file


def _open(name: str) -> BinaryIO:
    """The file; or what became of a rotated one that was compressed a moment ago."""
    with suppress(FileNotFoundError):
        return Path(name).open("rb")
    packed = f"{name}.gz"
    return Path(packed if rotated_from(name) != name and os.path.exists(packed) else name).open("rb")


@contextmanager
def _complaining(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        msg = f"{name}: {getattr(error, 'strerror', None) or error}"
        raise UnreadableError(msg) from error


def _salvaging(file: Any, broken: _Errors) -> Callable[[int], bytes]:
    """Reads all that can be had before the damage; `file.read` would lose the last of it."""
    damage: list[Exception] = []

    def read(size: int) -> bytes:
        pieces: list[bytes] = []
        while size and not damage:
            try:
                data = file.read1(size)
            except broken as error:
                damage.append(error)
                break
            if not data:
                break
            pieces.append(data)
            size -= len(data)
        if damage and not pieces:
            raise damage[0]
        return b"".join(pieces)

    return read


def _is_packed(magic: bytes) -> bool:
    return magic.startswith((_GZIP, _BZIP2, _ZSTD))


def _unpacked(file: BinaryIO, name: str) -> tuple[BinaryIO, _Errors]:
    """The file as it was before it was compressed, known by its first bytes, not by its name."""
    magic = file.read(len(_LONGEST_MAGIC))
    file.seek(0)
    if magic.startswith(_GZIP):
        return cast("BinaryIO", gzip.GzipFile(fileobj=file)), _BROKEN
    if magic.startswith(_BZIP2):
        return cast("BinaryIO", bz2.BZ2File(file)), _BROKEN
    if magic.startswith(_ZSTD):
        return _zstd(file, name)
    return file, ()


def _zstd(file: BinaryIO, name: str) -> tuple[BinaryIO, _Errors]:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.ZstdFile(file), (*_BROKEN, zstd.ZstdError)
    try:
        import zstandard
    except ImportError:
        msg = f"{name}: zstd is read by Python 3.14, or with: pip install 'dopejar-tracing[zst]'"
        raise UnreadableError(msg) from None
    reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return cast("BinaryIO", reader), (*_BROKEN, zstandard.ZstdError)
