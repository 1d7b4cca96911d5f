"""Frames, on an emulator: the host's line is never touched, whatever stands around it."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.sinks.console.screen import ERASE_BELOW, frame

ROWS = st.lists(st.text("abc→", min_size=1, max_size=20), max_size=30)


class TestFrame:
    """One frame after another."""

    @given(
        st.integers(3, 12),
        st.integers(0, 15),
        st.integers(0, 45),
        st.lists(st.tuples(ROWS, ROWS), max_size=4),
    )
    def test_host_line(
        self, height: int, before: int, typed: int, frames: list[tuple[list[str], list[str]]]
    ) -> None:
        """Rows go above the host's line in order, the region below it, and the cursor stays where it was."""
        screen = pyte.HistoryScreen(20, height, history=10_000, ratio=0.5)
        stream = pyte.Stream(screen)
        host = [f"host {number}" for number in range(before)]
        stream.feed("".join(f"{line}\r\n" for line in host))
        # At the very edge a terminal has yet to wrap, which no movement brings back: nothing is drawn then.
        line = "x" * min(typed - (typed % 20 == 0), 20 * (height - 2) - 1)
        stream.feed(line)
        column = screen.cursor.x
        host_rows = max(1, -(-len(line) // 20))
        expected = list(host)
        for above, wanted in frames:
            below = wanted[: height - host_rows]
            stream.feed(ERASE_BELOW + frame(above, below, height, host_rows))
            expected += above
            shown = [row.rstrip() for row in screen.display]
            top = screen.cursor.y - host_rows + 1
            history = ["".join(row[x].data for x in range(20)).rstrip() for row in screen.history.top]
            assert screen.cursor.x == column
            assert "".join(shown[top : screen.cursor.y + 1]) == line
            assert shown[screen.cursor.y + 1 :][: len(below)] == below
            assert not any(shown[screen.cursor.y + 1 + len(below) :])
            # Empty rows that the window began with may have been scrolled away above nothing of ours.
            assert [*history, *shown[:top]] == expected

    def test_empty_line(self) -> None:
        """Where the host's line is empty, what is finished is plain text and nothing else."""
        assert frame(["one", "two"], [], 24, 0) == "one\ntwo\n"
