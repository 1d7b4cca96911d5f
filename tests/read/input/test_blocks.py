"""Bytes → blocks of whole lines, from either end."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dopejar_tracing.read.input import blocks
from dopejar_tracing.read.input.blocks import UNREADABLE, Block, backward, forward

files = st.lists(st.sampled_from([b"a", b"bcd", b"\n", b"\r\n", b"efghijklmnop", b""]), max_size=30).map(
    b"".join
)
small = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def in_pieces(data: bytes, sizes: list[int]) -> Callable[[int], bytes]:
    """A reader that returns less than was asked for, as pipes do."""
    stream = BytesIO(data)
    left = iter(sizes)
    return lambda size: stream.read(min(size, next(left, size)))


@pytest.fixture(params=[1, 2, 7, 64])
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of so many bytes."""
    monkeypatch.setattr(blocks, "BLOCK", request.param)


@pytest.mark.usefixtures("_size")
class TestBothWays:
    """What is read forward and backward."""

    @small
    @given(files, st.lists(st.integers(1, 9)))
    def test_forward(self, data: bytes, sizes: list[int]) -> None:
        """All bytes come, each block begins where it says, and ends with a line."""
        found = list(forward(in_pieces(data, sizes)))
        assert b"".join(block.data for block in found) == data
        for block in found:
            assert data.startswith(block.data, block.offset)
        assert all(block.data.endswith(b"\n") for block in found[:-1])

    @small
    @given(files, st.data())
    def test_backward(self, data: bytes, more: st.DataObject) -> None:
        """From behind it is the same, from the end of any line."""
        ends = [at + 1 for at, byte in enumerate(data) if byte == 10]
        end = more.draw(st.sampled_from([0, *ends, len(data)]))
        found = list(backward(BytesIO(data), end))[::-1]
        assert b"".join(block.data for block in found) == data[:end]
        for block in found:
            assert data.startswith(block.data, block.offset)
        assert all(block.data.endswith(b"\n") for block in found[:-1] if block.data)

    def test_byte_order_mark(self) -> None:
        """A byte order mark is no part of the first line."""
        data = b"\xef\xbb\xbfone\ntwo\n"
        for found in (list(forward(BytesIO(data).read)), list(backward(BytesIO(data), len(data)))[::-1]):
            assert b"".join(block.data for block in found) == b"one\ntwo\n"


class TestLongLines:
    """Lines that are not held in memory."""

    @pytest.fixture(autouse=True)
    def _sizes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(blocks, "BLOCK", 8)
        monkeypatch.setattr(blocks, "MAX_LINE", 20)

    @pytest.mark.parametrize("length", [21, 22, 29, 40, 400])
    @pytest.mark.parametrize("before", [b"", b"a\n", b"abcdefg\n"])
    @pytest.mark.parametrize("after", [b"", b"\n", b"\nz\n", b"\nz\nabcdefgh\n"])
    def test_left_out(self, length: int, before: bytes, after: bytes) -> None:
        """A line that is too long becomes one that cannot be read; those around it stay."""
        data = before + b"x" * (length + blocks.BLOCK) + after
        ahead = b"".join(block.data for block in forward(BytesIO(data).read))
        behind = b"".join(block.data for block in list(backward(BytesIO(data), len(data)))[::-1])
        for found in (ahead, behind):
            assert found.splitlines() == [*before.split(), UNREADABLE.strip(), *after.split()]


class TestBroken:
    """What cannot be read to its end."""

    @pytest.mark.parametrize(
        ("data", "expected"), [(b"a\nb", b"a\nb"), (b"a\n", b"a\n" + UNREADABLE), (b"", UNREADABLE)]
    )
    def test_ends_early(self, data: bytes, expected: bytes) -> None:
        """The rest is one bad line: what is torn, or what stands for it."""
        stream = BytesIO(data)

        def read(size: int) -> bytes:
            found = stream.read(size)
            if not found:
                raise EOFError
            return found

        assert b"".join(block.data for block in forward(read, (EOFError,))) == expected

    def test_offsets(self) -> None:
        """A block knows where it begins."""
        assert list(forward(in_pieces(b"ab\ncd\nef", [4, 3]))) == [
            Block(b"ab\n", 0),
            Block(b"cd\n", 3),
            Block(b"ef", 6),
        ]
