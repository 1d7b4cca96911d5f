"""Words and numbers, as a terminal may show them (contract §6)."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.show.text import duration, visible, visible_json

REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
MARKS = "\u061c\u200e\u200f"  # which reorder without being of such a class


def acts(character: str) -> bool:
    """Whether a terminal obeys it instead of showing it."""
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(character) in REORDERING
        or character in MARKS
    )


class TestVisible:
    """Texts of strangers."""

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain, L3→L2 … 日本語 é 😀", "plain, L3→L2 … 日本語 é 😀"),
            ("\x1b[31mred\x1b[0m", r"\e[31mred\e[0m"),
            ("\x1b]0;title\x07", r"\e]0;title\x07"),
            ("a\nb\r\nc\td", r"a\nb\r\nc\td"),
            ("\x9b31m\x85", r"\x9b31m\x85"),
            ("\x00\x08\x7f", r"\x00\x08\x7f"),
            ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
            ("\u2028\u200b\ufeff\xad", r"\u2028\u200b\ufeff\xad"),
            ("\ud800", r"\ud800"),
        ],
    )
    def test_written_out(self, text: str, shown: str) -> None:
        """What could act on a terminal, or hide, is written out; all else stays as it is."""
        assert visible(text) == shown

    def test_every_character(self) -> None:
        """No character that a terminal obeys is left, of all that there are."""
        everything = "".join(map(chr, range(0x110000)))
        assert not [character for character in visible(everything) if acts(character)]

    @given(st.text(st.characters(exclude_categories=())))
    def test_any_text(self, text: str) -> None:
        """What is shown can be sent to any terminal, on one line, and is safe as it is."""
        shown = visible(text)
        assert shown.encode().decode().splitlines() in ([shown], [])
        assert visible(shown) == shown


class TestVisibleJson:
    """Lines of strangers."""

    @given(st.dictionaries(st.text(), st.text(st.characters(exclude_categories=["Cs"]))), st.booleans())
    def test_same(self, data: dict[str, str], compact: bool) -> None:
        """It says the same, and does not act on the terminal."""
        line = json.dumps(data, ensure_ascii=False, separators=(",", ":") if compact else None)
        assert json.loads(visible_json(line)) == data
        assert not any(map(acts, visible_json(line)))

    def test_white_space(self) -> None:
        """White space between the values is no text."""
        assert visible_json('{\t"a":\t1}\r') == '{\t"a":\t1}'


class TestDuration:
    """Times as a person reads them."""

    @pytest.mark.parametrize(
        ("microseconds", "text"),
        [
            (0, "0µs"),
            (24, "24µs"),
            (999, "999µs"),
            (1_000, "1ms"),
            (5_999, "5ms"),
            (999_999, "999ms"),
            (1_000_000, "1.0s"),
            (1_299_999, "1.2s"),
            (59_999_999, "59.9s"),
            (60_000_000, "1m00s"),
            (192_000_000, "3m12s"),
            (3_599_999_999, "59m59s"),
            (3_600_000_000, "1h00m"),
            (90_061_000_000, "25h01m"),
        ],
    )
    def test_units(self, microseconds: int, text: str) -> None:
        """Each time has its unit; whole units are cut, not rounded."""
        assert duration(microseconds) == text

    @given(st.integers(0, 10**13), st.integers(0, 10**13))
    def test_order(self, one: int, other: int) -> None:
        """A longer time never reads shorter."""
        assert microseconds_of(min(one, other)) <= microseconds_of(max(one, other))


def microseconds_of(microseconds: int) -> float:
    """A time, read back from its text."""
    units = {"µs": 1, "ms": 1e3, "s": 1e6, "m": 60e6, "h": 3_600e6}
    parts = re.findall(r"([\d.]+)(µs|ms|s|m|h)", duration(microseconds))
    return sum(float(number) * units[unit] for number, unit in parts)
