"""Two traces side by side, as text and as a table."""

from __future__ import annotations

from io import StringIO

import msgspec
import pytest
from rich.console import Console

from dopejar_tracing.model.report import Compared, Figures
from dopejar_tracing.show.changes import change_text, changes_table

EVIL = "\x1b[2J\x9b31m\u202e\r\n[red]x[/red]\u2028"
SHOWN = r"\e[2J\x9b31m\u202e\r\n[red]x[/red]\u2028"
NONE = Figures(("memory",), 0, 0, 0, 0, None, None, None, None, None, 0, 0)
SOME = Figures(
    ("altitude",), 1_150, 1_100, 2, 1, 8_000, 7_000, 20_000, 40_000, 45_000, 8_800_000, 4_400_000
)  # fmt: skip


def rendered(compared: Compared, *by: str, width: int) -> list[str]:
    """What stands on a terminal of so many columns, row by row."""
    console = Console(file=StringIO(), width=width, color_system=None)
    with console.capture() as capture:
        console.print(changes_table([compared], by, {}, width))
    return [row.rstrip() for row in capture.get().splitlines()]


class TestChanges:
    """Two traces."""

    SLOWER = msgspec.structs.replace(
        SOME, events=1_200, errors=5, p50_us=14_000, p95_us=20_000, max_us=45_100
    )

    def compared(self, confidence: float | None = 0.99999) -> Compared:
        """A change."""
        return Compared(SOME.key, SOME, self.SLOWER, confidence)

    @pytest.mark.parametrize(
        ("confidence", "said"),
        [(0.99999, "99.9% sure"), (1.0, "99.9% sure"), (0.95, "95.0% sure"), (0.9499, "may be"),
         (0.0, "may be"), (None, "too few")],
    )  # fmt: skip
    def test_text(self, confidence: float | None, said: str) -> None:
        """A line says what moved, by how much, and how sure that is."""
        assert change_text(self.compared(confidence)) == (
            "- altitude: p50 7ms → 14ms (+100%), p95 20ms → 20ms (+0%), max 45ms → 45ms (+0%), errors 2 → 5;"
            f" noise? {said}"
        )

    def test_new_and_gone(self) -> None:
        """What is on one side only."""
        none = msgspec.structs.replace(NONE, key=SOME.key)
        assert change_text(Compared(SOME.key, none, SOME, None)) == "- altitude: new"
        assert change_text(Compared(SOME.key, SOME, none, None)) == "- altitude: gone"
        rows = rendered(Compared(SOME.key, none, SOME, None), "layer", width=120)
        assert rows[1].split() == "altitude 0 → 1,150 0 → 2 → 7ms → 20ms → 45ms new".split()

    def test_no_spans(self) -> None:
        """Groups of events have no times."""
        one, other = (msgspec.structs.replace(NONE, events=count) for count in (1, 2))
        assert change_text(Compared(NONE.key, one, other, None)) == "- memory: errors 0 → 0; noise? too few"

    def test_table(self) -> None:
        """Side by side."""
        rows = rendered(self.compared(), "layer", width=120)
        assert rows[0].split() == ["layer", "count", "errors", "p50", "p95", "max", "noise?"]
        assert rows[1] == (
            "altitude  1,150 → 1,200   2 → 5"
            "  7ms → 14ms (+100%)  20ms → 20ms (+0%)  45ms → 45ms (+0%)  99.9% sure"
        )

    @pytest.mark.parametrize("width", [40, 60, 80, 100])
    def test_fits(self, width: int) -> None:
        """What there is no room for is left out; the verdict is always there, however long the names are."""
        compared = Compared(("x" * 200, "altitude"), SOME, self.SLOWER, 0.99999)
        rows = rendered(compared, "operation", "layer", width=width)
        assert max(map(len, rows)) <= width
        assert rows[1].endswith("99.9% sure")
        assert sum(row.count("x") for row in rows) == 200
        if width >= 80:
            assert "7ms → 14ms (+100%)" in rows[1]

    def test_hostile(self) -> None:
        """Names are text."""
        compared = Compared((EVIL,), SOME, self.SLOWER, 0.5)
        assert change_text(compared).startswith(f"- {SHOWN}: ")
        assert rendered(compared, "operation", width=200)[1].startswith(f"{SHOWN}  ")
