"""Bytes → blocks of whole lines, from either end of what is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

BLOCK = 1 << 17
"""Bytes read at once; what was decoded of them still fits into the processor's cache."""
MAX_LINE = 1 << 24
"""Bytes of a line. Ours have 64 KiB of metadata; what is longer than this is not held in memory."""
UNREADABLE = b"\0\n"
"""Stands for a line that cannot be had. No JSON: it is counted as what it stands for is, a bad line."""
_BOM = b"\xef\xbb\xbf"


class Block(msgspec.Struct, frozen=True):
    """Whole lines, each with its newline; the last of a file may have none."""

    data: bytes
    offset: int
    """Bytes of the file before it."""


def forward(read: Callable[[int], bytes], broken: tuple[type[Exception], ...] = ()) -> Iterator[Block]:
    """The blocks of what is read, in order.

    Args:
        read: returns at most so many bytes; none at the end.
        broken: what it raises where the rest cannot be read.
    """
    pieces: list[bytes] = []  # of a line whose end has not come
    held = offset = 0
    while True:
        try:
            data = read(BLOCK)
        except broken:
            pieces.append(b"" if any(pieces) else UNREADABLE)
            break
        if not data:
            break
        end = data.rfind(b"\n") + 1
        if end:
            yield _block(_whole(pieces, held, data[:end]), offset)
            offset += held + end
            pieces, held = [], 0
        pieces.append(data[end:])
        held += len(pieces[-1])
        if held > MAX_LINE:
            pieces = [pieces[-1]]
    if any(pieces):
        yield _block(_whole(pieces, held, b""), offset)


def _block(data: bytes, offset: int) -> Block:
    """A byte order mark is no part of the first line."""
    mark = offset == 0 and data.startswith(_BOM)
    return Block(data[len(_BOM) :], len(_BOM)) if mark else Block(data, offset)


def _whole(pieces: list[bytes], held: int, data: bytes) -> bytes:
    if held <= MAX_LINE:
        return b"".join((*pieces, data)) if pieces else data
    return UNREADABLE + data[data.find(b"\n") + 1 :]


def backward(file: BinaryIO, end: int) -> Iterator[Block]:
    """The blocks of a file before a byte of it, the last first.

    Args:
        file: that can be read from anywhere.
        end: where a line ends.
    """
    pieces: list[bytes] = []  # of a line whose beginning has not come, the last first
    held = 0
    while end:
        start = max(0, end - BLOCK)
        file.seek(start)
        data = file.read(end - start)
        cut = data.find(b"\n") + 1 if start else 0
        if cut or not start:
            yield _block(_joined(data[cut:], pieces, held), start + cut)
            pieces, held = [], 0
            data = data[:cut]
        pieces.append(data)
        held += len(data)
        if held > MAX_LINE:
            pieces = []
        end = start


def _joined(lines: bytes, pieces: list[bytes], held: int) -> bytes:
    if held <= MAX_LINE:
        return b"".join((lines, *reversed(pieces)))
    return lines[: lines.rfind(b"\n") + 1] + UNREADABLE
