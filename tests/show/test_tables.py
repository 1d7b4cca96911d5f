"""Rows in columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dopejar_tracing.show.tables import GAP, aligned

words = st.text(st.sampled_from("ab日😀é"), min_size=1, max_size=8)


class TestAligned:
    """Plain text with columns."""

    @pytest.mark.parametrize(
        ("rows", "table"),
        [
            ([], ""),
            ([["alone"]], "alone"),
            ([["key", "value"], ["k", "v"]], "key  value\nk    v"),
            ([["日本", "x"], ["abc", "y"]], "日本  x\nabc   y"),
            ([["a", "", "c"], ["", "b", ""]], "a     c\n   b"),
            ([["a\nb", "\x1b[0m"], ["c", "d"]], "a\\nb  \\e[0m\nc     d"),
        ],
    )
    def test_examples(self, rows: list[list[str]], table: str) -> None:
        """Columns begin one below the other, no line ends in blanks, and nothing acts on the terminal."""
        assert aligned(rows) == table

    @given(st.lists(st.tuples(words, words, words), min_size=1))
    def test_columns(self, rows: list[tuple[str, str, str]]) -> None:
        """In every row a column begins behind the widest cells of those before it, as a terminal counts."""
        widths = [max(cell_len(row[at]) for row in rows) for at in range(2)]
        starts = (widths[0] + len(GAP), sum(widths) + 2 * len(GAP))
        for row, line in zip(rows, aligned(rows).splitlines(), strict=True):
            for cell, start in zip(row[1:], starts, strict=True):
                before = next(at for at in range(len(line)) if cell_len(line[:at]) == start)
                assert line[before:].startswith(cell)

    def test_uneven(self) -> None:
        """Rows of different lengths are a mistake of the caller."""
        with pytest.raises(ValueError, match="shorter"):
            aligned([["a", "b"], ["c"]])
