"""Files → as much of each line as an index needs, and where the line is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import accumulate
from typing import NamedTuple

import msgspec

from dopejar_tracing.read.follow import Mark
from dopejar_tracing.read.index.shelf import Shelf
from dopejar_tracing.read.input.blocks import Block
from dopejar_tracing.read.input.lines import BAD_LINE, lines_of
from dopejar_tracing.read.input.source import Source


class Head(msgspec.Struct, frozen=True, gc=False):
    """What of a line decides where it stands in a tree, and whether it alarms."""

    trace_id: str
    parent_id: str | None
    timestamp: str
    status: str


class Scanned(NamedTuple):
    """What was found in a block."""

    heads: list[Head]
    places: list[int]
    """Of the lines of these heads, on the shelf."""


_decoder = msgspec.json.Decoder(Head)


class Scanner:
    """Reads what is given to it once, block by block, and puts the lines on a shelf.

    Attributes:
        bad_lines: how many lines were none of ours.
        first_bad: where the first of them is: `trace.jsonl:17`.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.bad_lines = 0
        self.first_bad = ""
        self._shelf = shelf
        self._ends: dict[str, int] = {}

    def scan(self, sources: Iterable[Source]) -> Iterator[Scanned]:
        """All blocks of the sources, one source after the other.

        Raises:
            UnreadableError: one of them cannot be read.
        """
        for source in sources:
            with closing(source):
                yield from self._scan(source)

    def mark(self, name: str) -> Mark | None:
        """Where a file is read on; None for what is no file, or was compressed."""
        status = self._shelf.status(name)
        return None if status is None else Mark(status.st_dev, status.st_ino, self._ends.get(name, 0))

    def scan_lines(self, name: str, lines: Iterable[bytes]) -> Scanned:
        """Lines that came later, and are copied: their file may be rotated away."""
        data = b"".join(line.rstrip(b"\n") + b"\n" for line in lines)
        return self._scanned(Block(data, 0), self._shelf.copy(data), name, None)

    def _scan(self, source: Source) -> Iterator[Scanned]:
        before = 0
        for block in source.forward():
            yield self._scanned(block, self._shelf.put(source.name, block), source.name, before)
            before += block.data.count(b"\n")
            self._ends[source.name] = block.offset + _whole_lines(block.data)

    def _scanned(self, block: Block, place: int, name: str, before: int | None) -> Scanned:
        """The heads of a block; `before` is how many lines stand before it, if that is known."""
        try:
            heads = _decoder.decode_lines(block.data)
        except BAD_LINE:
            return self._one_by_one(block, place, name, before)
        lines = block.data.removesuffix(b"\n").split(b"\n")
        if len(lines) != len(heads):  # a blank line, two events in a line, or an event in two
            return self._one_by_one(block, place, name, before)
        places = list(accumulate((len(line) + 1 for line in lines[:-1]), initial=place))
        return Scanned(heads, places)

    def _one_by_one(self, block: Block, place: int, name: str, before: int | None) -> Scanned:
        heads, places = [], []
        for offset, line in lines_of(block):
            try:
                heads.append(_decoder.decode(line))
            except BAD_LINE:
                self.bad_lines += 1
                number = block.data.count(b"\n", 0, offset - block.offset) + 1
                where = name if before is None else f"{name}:{before + number}"
                self.first_bad = self.first_bad or where
            else:
                places.append(place + offset - block.offset)
        return Scanned(heads, places)


def _whole_lines(data: bytes) -> int:
    """Bytes of the lines that have their ends; a last one may be whole without it."""
    end = data.rfind(b"\n") + 1
    try:
        _decoder.decode(data[end:])
    except BAD_LINE:
        return end
    return len(data)
