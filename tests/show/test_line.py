"""One line, cut or broken to a window's width."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dopejar_tracing.show.line import Line, cropped, fitted, plain, wrapped

LINES = st.lists(
    st.tuples(st.text("ab日→ ", max_size=30), st.sampled_from(["", "time"])), min_size=1, max_size=6
)


class TestFitted:
    """Cut."""

    @pytest.mark.parametrize(
        ("width", "text"),
        [
            (60, "  └─[mem] write: altitude.session → written (3ms)"),
            (40, "  └─[mem] write: altitu… → written (3ms)"),
            (30, "  └─[mem] write:… → wri… (3ms)"),
            (20, "  └─[mem] wri… (3ms)"),
        ],
    )
    def test_words(self, width: int, text: str) -> None:
        """The longest texts give way; layer and time stay as long as there is room."""
        line = [
            ("  └─", "branch"),
            ("[mem]", "memory"),
            (" write: altitude.session", ""),
            (" → written", ""),
            (" (3ms)", "time"),
        ]
        shown = plain(fitted(line, width))
        assert cell_len(shown) <= width
        assert shown == text

    @given(LINES, st.integers(1, 60))
    def test_width(self, line: Line, width: int) -> None:
        """It is never wider, and what fits is left alone."""
        shown = plain(fitted(line, width))
        assert cell_len(shown) <= width
        if cell_len(plain(line)) <= width:
            assert shown == plain(line)


class TestCropped:
    """Cut at the end."""

    @given(LINES, st.integers(1, 60))
    def test_width(self, line: Line, width: int) -> None:
        """It is the beginning of the line, never wider, and ends with `…` if that is not all."""
        shown = plain(cropped(line, width))
        assert cell_len(shown) <= width
        if cell_len(plain(line)) <= width:
            assert shown == plain(line)
        else:
            assert shown.endswith("…")
            assert plain(line).startswith(shown[:-1].rstrip())


class TestWrapped:
    """Broken."""

    @given(LINES, st.integers(2, 60))
    def test_rows(self, line: Line, width: int) -> None:
        """Nothing is lost, no row is wider, and each is as full as the next character lets it be."""
        rows = [plain(row) for row in wrapped(line, width)]
        assert "".join(rows) == plain(line)
        for row, following in pairwise(rows):
            assert cell_len(row) <= width
            assert cell_len(row + following[0]) > width
