"""Files and streams, from both ends, compressed or not."""

from __future__ import annotations

import bz2
import gzip
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import BinaryIO

import pytest

from dopejar_tracing.read.input import blocks
from dopejar_tracing.read.input.blocks import UNREADABLE, Block
from dopejar_tracing.read.input.source import Source, UnreadableError

LINES = [f"line {number}\n".encode() for number in range(1000)]
DATA = b"".join(LINES)


def zstd(data: bytes) -> bytes:
    """Compressed by zstd, in two frames."""
    import zstandard

    half = len(data) // 2
    return zstandard.compress(data[:half]) + zstandard.compress(data[half:])


def whole(found: Iterable[Block]) -> bytes:
    """All bytes of some blocks."""
    return b"".join(block.data for block in found)


def piped(data: bytes) -> BinaryIO:
    """A pipe that has these bytes."""
    reader, writer = os.pipe()

    def feed() -> None:
        with os.fdopen(writer, "wb") as file:
            file.write(data)

    threading.Thread(target=feed, daemon=True).start()
    return os.fdopen(reader, "rb")


@pytest.fixture
def opened() -> Iterator[Callable[..., Source]]:
    """Makes sources that are closed in the end, with what they were given."""
    with ExitStack() as stack:

        def make(name: str, stream: BinaryIO | None = None) -> Source:
            if stream is not None:
                stack.enter_context(stream)
            return stack.enter_context(closing(Source(name, stream)))

        yield make


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 1000)


class TestKinds:
    """Whatever it is, it is read the same."""

    @pytest.fixture(params=["plain", "gzip", "bzip2", "zstd", "pipe", "redirected"])
    def source(self, request: pytest.FixtureRequest, tmp_path: Path, opened: Callable[..., Source]) -> Source:
        """Each kind, named so that its name says nothing."""
        pack: dict[str, Callable[[bytes], bytes]] = {
            "gzip": gzip.compress,
            "bzip2": bz2.compress,
            "zstd": zstd,
        }
        path = tmp_path / "trace.jsonl"
        path.write_bytes(pack.get(request.param, bytes)(DATA))
        if request.param == "pipe":
            return opened("-", piped(DATA))
        return opened("-", path.open("rb")) if request.param == "redirected" else opened(str(path))

    def test_ways(self, source: Source) -> None:
        """Forward, again, backward, and forward once more."""
        assert whole(source.forward()) == DATA
        assert whole(source.forward()) == DATA
        assert whole(list(source.backward())[::-1]) == DATA
        assert whole(source.forward()) == DATA

    def test_backward_first(self, source: Source) -> None:
        """From the end, and on from a place found there."""
        found = list(source.backward())
        assert whole(found[::-1]) == DATA
        assert whole(source.forward(found[2].offset)) == whole(found[2::-1])
        assert whole(list(source.backward(found[2].offset))[::-1]) == whole(found[:2:-1])

    def test_line_number(self, source: Source) -> None:
        """The number of the line at a byte."""
        assert [source.line_number(len(b"".join(LINES[:at]))) for at in (0, 1, 499, 999)] == [1, 2, 500, 1000]


class TestDamaged:
    """Compressed files that end early, or are none."""

    @pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstd])
    def test_cut(self, tmp_path: Path, opened: Callable[..., Source], pack: Callable[[bytes], bytes]) -> None:
        """What is there is read; the rest is one bad line."""
        path = tmp_path / "trace.jsonl.gz"
        data = pack(DATA * 50)
        path.write_bytes(data[:-10])
        found = whole(opened(str(path)).forward())
        lines = found.splitlines(keepends=True)
        assert lines[:-1] == (LINES * 50)[: len(lines) - 1]
        assert len(lines) < 50_000 or lines[-1] == UNREADABLE

    def test_not_compressed(self, tmp_path: Path, opened: Callable[..., Source]) -> None:
        """A name alone compresses nothing."""
        path = tmp_path / "trace.jsonl.gz"
        path.write_bytes(DATA)
        assert whole(opened(str(path)).forward()) == DATA

    def test_without_zstd(
        self, tmp_path: Path, opened: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where zstd cannot be read, it is said what to install."""
        path = tmp_path / "trace.jsonl.zst"
        path.write_bytes(zstd(DATA))
        monkeypatch.setitem(sys.modules, "zstandard", None)
        with pytest.raises(
            UnreadableError, match=r"trace\.jsonl\.zst: .* pip install 'dopejar-tracing\[zst\]'"
        ):
            list(opened(str(path)).forward())

    @pytest.mark.parametrize(
        ("name", "said"),
        [("missing", "No such file or directory"), (".", "Is a directory"), ("a\0b", "null")],
    )
    def test_unreadable(self, opened: Callable[..., Source], name: str, said: str) -> None:
        """What cannot be opened is named, and why."""
        with pytest.raises(UnreadableError, match=said):
            list(opened(name).forward())


class TestRotated:
    """Rotated files that change meanwhile."""

    def test_compressed_a_moment_ago(self, tmp_path: Path, opened: Callable[..., Source]) -> None:
        """What was listed, and is compressed before it is opened, is read all the same."""
        path = tmp_path / "trace.jsonl.20260113T140000.000000.gz"
        path.write_bytes(gzip.compress(DATA))
        assert whole(opened(str(path).removesuffix(".gz")).forward()) == DATA


class TestStop:
    """Reading no further than what was there at a moment."""

    @pytest.mark.parametrize("torn", [b"", b"torn"])
    def test_later_lines(self, tmp_path: Path, opened: Callable[..., Source], torn: bytes) -> None:
        """What comes later, and a line that is not whole, is left to whoever reads on."""
        path = tmp_path / "trace.jsonl"
        path.write_bytes(DATA + torn)
        source = opened(str(path))
        status = path.stat()
        assert source.stop() == (status.st_dev, status.st_ino, len(DATA))
        with path.open("ab") as file:
            file.write(b" mended\nlater\n" * 1000)
        assert whole(source.forward()) == DATA
        assert whole(list(source.backward())[::-1]) == DATA

    def test_nothing(self, tmp_path: Path, opened: Callable[..., Source]) -> None:
        """Of a file without a whole line, nothing is read."""
        path = tmp_path / "trace.jsonl"
        path.write_bytes(b"torn")
        source = opened(str(path))
        stopped = source.stop()
        assert stopped is not None
        assert stopped[2] == 0
        assert whole(source.forward()) == b""

    def test_not_growing(self, tmp_path: Path, opened: Callable[..., Source]) -> None:
        """Streams and compressed files are read to their end."""
        path = tmp_path / "trace.jsonl.gz"
        path.write_bytes(gzip.compress(DATA))
        assert opened(str(path)).stop() is None
        assert opened("-", piped(b"")).stop() is None
