"""Lines of a block, and a glance at them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import event, line

from dopejar_tracing.read.input.blocks import Block
from dopejar_tracing.read.input.lines import Bad, Glance, lines_of, read_event, read_events, split_lines

GOOD = line(event("alt_1_a"))
OTHER = line(event("alt_1_b", status="error"))
BAD = [
    b"not ours", b"{}", b"[1]", b'{"trace_id": "torn', b"\x00" + GOOD, b"[" * 100_000,
    GOOD + OTHER, GOOD.replace(b"plan.py", b"plan\xff.py"), GOOD.replace(b'"metadata":{}', b'"metadata":[]'),
]  # fmt: skip


def block(*lines: bytes, offset: int = 0) -> Block:
    """A block of these lines."""
    return Block(b"".join(one + b"\n" for one in lines), offset)


class TestReadEvents:
    """Whole lines."""

    def test_counted(self) -> None:
        """Good lines come, blank ones are none, bad ones are counted with the place of the first."""
        bad = Bad()
        events = list(
            read_events([block(GOOD, b"", b" \r", GOOD + b"\r"), block(*BAD, OTHER, offset=1000)], bad)
        )
        assert [one.trace_id for one in events] == ["alt_1_a", "alt_1_a", "alt_1_b"]
        assert (bad.count, bad.first) == (len(BAD), 1000)

    def test_extra_keys(self) -> None:
        """Keys beside the eleven, in any order, do not harm; nor do spaces."""
        fields = {**msgspec.to_builtins(event()), "extra": 1}
        text = b" , ".join(
            b'"%s" : %s' % (key.encode(), msgspec.json.encode(fields[key])) for key in reversed(fields)
        )
        assert read_event(b"{ " + text + b" }") == event()


class TestGlance:
    """Parts of lines."""

    fields = st.sets(
        st.sampled_from(["trace_id", "parent_id", "status", "metadata", "duration_ms", "timestamp"])
    )

    @given(fields, st.lists(st.sampled_from([GOOD, OTHER, b"", b"\r"])))
    def test_quick(self, fields: set[str], lines: Sequence[bytes]) -> None:
        """What was asked for of each line that is not blank."""
        glances = Glance(fields).quick(block(*lines)) or []
        expected = [one for text in lines if (one := read_event(text)) is not None]
        for name in fields | {"trace_id"}:
            assert [getattr(each, name) for each in glances] == [getattr(one, name) for one in expected]

    @pytest.mark.parametrize("bad", [b"not ours", b"{}", b"\x00" + GOOD, b'{"trace_id": 3}'])
    def test_one_by_one(self, bad: bytes) -> None:
        """If one is bad, each is read by itself."""
        found, glance = Bad(), Glance(["status"])
        with_bad = block(GOOD, bad, OTHER, offset=50)
        assert glance.quick(with_bad) is None
        glances, lines = glance.one_by_one(with_bad, found)
        assert [each.status for each in glances] == ["success", "error"]
        assert lines == [GOOD, OTHER]
        assert (found.count, found.first) == (1, 50 + len(GOOD) + 1)


class TestSplit:
    """Lines of a block."""

    @given(st.lists(st.sampled_from([b"a", b"bc", b"", b"\r", b"d\r"])), st.booleans())
    def test_same(self, lines: list[bytes], ended: bool) -> None:
        """Both ways of taking a block apart agree on what a line is."""
        data = b"\n".join(lines) + (b"\n" if ended else b"")
        found = [one for _, one in lines_of(Block(data, 7))]
        assert found == [one for one in lines if one.strip()]
        assert split_lines(data) == found
        for offset, one in lines_of(Block(data, 7)):
            assert data[offset - 7 :].startswith(one)
