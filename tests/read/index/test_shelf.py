"""Lines that can be had again."""

from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path

from dopejar_tracing.read.index.shelf import Shelf
from dopejar_tracing.read.input.blocks import Block
from dopejar_tracing.read.input.source import Source


class TestShelf:
    """From files, and from the copy."""

    def test_file(self, tmp_path: Path) -> None:
        """What stands in a file just so is read from there, and not copied."""
        path = tmp_path / "a"
        path.write_bytes(b"one\ntwo\n")
        shelf = Shelf()
        place = shelf.put(str(path), Block(b"two\n", 4))
        path.write_bytes(b"one\nTWO\n")
        assert shelf.line(place) == b"TWO"
        assert shelf.status(str(path)) is not None
        shelf.close()

    def test_compressed(self, tmp_path: Path) -> None:
        """What was compressed is copied."""
        path = tmp_path / "a.gz"
        path.write_bytes(gzip.compress(b"one\ntwo\n"))
        shelf = Shelf()
        with closing(Source(str(path))) as source:
            (block,) = source.forward()
        place = shelf.put(str(path), block)
        assert shelf.read(place, 8) == b"one\ntwo\n"
        assert shelf.status(str(path)) is None
        shelf.close()

    def test_no_file(self) -> None:
        """What came through a pipe is copied, and its last line ended."""
        shelf = Shelf()
        place, other = shelf.put("-", Block(b"one\ntwo", 0)), shelf.put("-", Block(b"three", 7))
        assert [shelf.line(place), shelf.line(place + 4), shelf.line(other)] == [b"one", b"two", b"three"]
        shelf.close()

    def test_long_line(self) -> None:
        """A line may be longer than what is read at once, and need no end."""
        shelf = Shelf()
        place = shelf.copy(b"x" * 100_000)
        assert shelf.line(place) == b"x" * 100_000
        assert shelf.line(place + 100_001) == b""
        shelf.close()
