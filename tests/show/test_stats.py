"""Statistics as text, and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import msgspec
import pytest
from rich.console import Console, RenderableType
from traces import event

from dopejar_tracing.model.report import Fault, Figures, Report, Slow
from dopejar_tracing.show.line import plain
from dopejar_tracing.show.stats import Tables, path_lines, seed_text
from dopejar_tracing.show.tree import MAX_INDENT

EVIL = "\x1b[2J\x9b31m\u202e\r\n[red]x[/red]\u2028"
SHOWN = r"\e[2J\x9b31m\u202e\r\n[red]x[/red]\u2028"
NONE = Figures(("memory",), 0, 0, 0, 0, None, None, None, None, None, 0, 0)
SOME = Figures(
    ("altitude",), 1_150, 1_100, 2, 1, 8_000, 7_000, 20_000, 40_000, 45_000, 8_800_000, 4_400_000,
    (1, 0, 50, 0, 0, 100, 0, 0, 0, 0, 0, 0),
)  # fmt: skip


def report(*groups: Figures, by: Sequence[str] = ("layer",), **changes: object) -> Report:
    """A report of these groups."""
    axis = (1_000, *range(2_000, 13_000, 1_000)) if any(group.histogram for group in groups) else ()
    whole = Report(tuple(by), sum(each.events for each in groups), "", "", axis, groups, (), ())
    return msgspec.structs.replace(whole, **changes)


def rendered(table: RenderableType, width: int = 80) -> list[str]:
    """What stands on a terminal of so many columns, row by row."""
    console = Console(file=StringIO(), width=width, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return [row.rstrip() for row in capture.get().splitlines()]


def headings(*groups: Figures, width: int) -> list[str]:
    """The columns of a table of groups that are shown."""
    return rendered(Tables({}, width).groups(report(*groups)), width)[0].split("  ")[0:]


class TestSeedText:
    """The seed's text."""

    def test_words(self) -> None:
        """Ones and many; a group without spans took no time."""
        groups = [
            SOME,
            msgspec.structs.replace(NONE, events=1, errors=1),
            msgspec.structs.replace(SOME, key=("focus",), mean_us=24, events=2, errors=0),
        ]
        slow = Slow(45_000, "", "alt_1_a", "altitude", "transition", "L4→L2 skip")
        without = Slow(24, "", "mem_1_a", "memory", "write", "")
        assert list(seed_text(report(*groups, slowest=(slow, without)), "last 1000 events")) == [
            "HRM Layer Stats (last 1000 events):",
            "- altitude: 1150 ops, avg 8ms, 2 errors",
            "- memory: 1 op, avg 0ms, 1 error",
            "- focus: 2 ops, avg 24µs, 0 errors",
            "",
            "Slowest operations:",
            "1. alt_transition: 45ms (L4→L2 skip)",
            "2. mem_write: 24µs",
        ]

    def test_by(self) -> None:
        """Other groups have another title; without spans there is no second part."""
        group = msgspec.structs.replace(NONE, key=("memory", "write"), events=1)
        assert list(seed_text(report(group, by=("layer", "operation")), "all events")) == [
            "Stats by layer, operation (all events):",
            "- memory write: 1 op, avg 0ms, 0 errors",
        ]

    def test_hostile(self) -> None:
        """What could act on a terminal is written out."""
        group = msgspec.structs.replace(SOME, key=(EVIL,))
        slow = Slow(5, "", f"{EVIL}_1", "altitude", EVIL, EVIL)
        lines = list(seed_text(report(group, slowest=(slow,)), "all events"))
        assert lines[1].startswith(f"- {SHOWN}: ")
        assert lines[-1] == f"1. {SHOWN}_{SHOWN}: 5µs ({SHOWN})"


class TestGroups:
    """The table of groups."""

    def test_wide(self) -> None:
        """All figures, and the histogram, in a row."""
        head, row = rendered(Tables({}, 120).groups(report(SOME)), 120)
        assert head.split() == [
            "layer", "count", "errors", "blocked", "p50", "p95", "p99", "max", "total", "self",
            "1ms", "…", "45ms",
        ]  # fmt: skip
        assert row.split()[:10] == [
            "altitude",
            "1,150",
            "2",
            "1",
            "7ms",
            "20ms",
            "40ms",
            "45ms",
            "8.8s",
            "4.4s",
        ]
        assert row.endswith("  ▁ ▄  █")

    @pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
    @pytest.mark.parametrize("longest", [45_000, 10**15])
    def test_fits(self, width: int, longest: int) -> None:
        """What there is no room for is left out: no row is broken; counts and bars are always there."""
        group = msgspec.structs.replace(SOME, max_us=longest, p99_us=longest)
        rows = rendered(Tables({}, width).groups(report(group, NONE)), width)
        assert len(rows) == 3
        assert max(map(len, rows)) <= width
        assert "count" in rows[0]
        assert "1,150" in rows[1]
        assert "…" not in rows[1]
        assert "▁ ▄  █" in rows[1]

    def test_importance(self) -> None:
        """What matters most is left out last."""
        columns = {width: " ".join(headings(SOME, width=width)).split()[1:-3] for width in (40, 60, 120)}
        assert columns[40] == ["count", "errors"]
        assert columns[60] == ["count", "errors", "p50", "p95", "max"]
        assert len(columns[120]) == 9

    def test_long_names(self) -> None:
        """Long names are folded, they do not push the figures out."""
        group = msgspec.structs.replace(SOME, key=("x" * 300, "界" * 100))
        rows = rendered(Tables({}, 80).groups(report(group, by=("operation", "component"))))
        assert rows[1].count("x") >= 5
        assert "1,150" in rows[1]
        assert sum(row.count("x") for row in rows) == 300
        assert sum(row.count("界") for row in rows) == 100

    def test_no_spans(self) -> None:
        """Without spans there are neither times nor bars."""
        rows = rendered(Tables({}, 120).groups(report(msgspec.structs.replace(NONE, events=3))), 120)
        assert rows[1].split() == ["memory", "3", "0", "0", "0µs", "0µs"]

    def test_nothing(self) -> None:
        """Of nothing, the head alone."""
        assert len(rendered(Tables({}, 80).groups(report()))) == 1

    def test_hostile(self) -> None:
        """Names are text, neither commands to the terminal nor rich's."""
        group = msgspec.structs.replace(SOME, key=(EVIL, ":smile:"))
        rows = rendered(Tables({}, 300).groups(report(group, by=("operation", "component"))), 300)
        assert rows[1].startswith(f"{SHOWN}  :smile:")

    def test_colours(self) -> None:
        """Layers have their hues, errors theirs, and a theme's come first."""
        console = Console(file=StringIO(), width=100, color_system="standard", force_terminal=True)
        with console.capture() as capture:
            console.print(Tables({"altitude": "green"}, 100).groups(report(SOME)))
        assert "\x1b[32maltitude" in capture.get()
        assert "\x1b[1;31m" in capture.get()

    def test_bars(self) -> None:
        """What is not nothing can be seen; the highest is as high as can be."""
        group = msgspec.structs.replace(SOME, histogram=(1, 0, 1_000_000, 500_000, *[0] * 8))
        assert rendered(Tables({}, 120).groups(report(group)), 120)[1].endswith("  ▁ █▄")


class TestSlowest:
    """The table of the slowest."""

    def test_rows(self) -> None:
        """With the ID that the viewer takes."""
        slowest = [
            Slow(45_000, "", "alt_1_a", "altitude", "transition", "L4→L2"),
            Slow(24, "", "mem_1_b", "memory", EVIL, EVIL),
        ]
        title, first, second = rendered(Tables({}, 200).slowest(slowest), 200)
        assert title == "Slowest operations"
        assert first.split() == ["1.", "45ms", "alt_transition", "alt_1_a", "L4→L2"]
        assert second.split() == ["2.", "24µs", f"mem_{SHOWN}", "mem_1_b", SHOWN]


class TestFaults:
    """The table of errors."""

    FAULTS = (
        Fault("OSError", "manager.py:42", 1_200, "2026-01-13", "2026-01-14", "mem_1_a", "disk full"),
        Fault(EVIL, EVIL, 1, "[red]", "[red]", EVIL, EVIL),
    )

    def test_wide(self) -> None:
        """Type and place, first and last, the ID and the words of the last."""
        rows = rendered(Tables({}, 300).faults(self.FAULTS, str), 300)
        assert rows[1].split() == "count type place first last ID of the last what it says".split()
        assert (
            rows[2].split() == "1,200 OSError manager.py:42 2026-01-13 2026-01-14 mem_1_a disk full".split()
        )
        assert rows[3].split() == ["1", SHOWN, SHOWN, "[red]", "[red]", SHOWN, SHOWN]

    @pytest.mark.parametrize("width", [40, 80])
    def test_narrow(self, width: int) -> None:
        """On a narrow terminal there is less, and no row is too wide."""
        rows = rendered(Tables({}, width).faults(self.FAULTS, str), width)
        assert "what it says" not in rows[1]
        assert max(map(len, rows)) <= width


class TestPath:
    """The critical path."""

    def test_lines(self) -> None:
        """Each span with what of the path is its own, and its share."""
        root = event(
            "alt_1_a", operation="transition", input_summary="L3→L2", metadata={"duration_us": 8_000}
        )
        below = event("mem_1_b", operation="write", metadata={"duration_us": 6_000})
        assert [plain(line) for line in path_lines([(root, 0, 2_000), (below, 1, 6_000)])] == [
            "   own       critical path, 8ms",
            "   2ms  25%  [alt] transition: L3→L2 (8ms)",
            "   6ms  75%    [mem] write (6ms)",
        ]

    def test_no_time(self) -> None:
        """A root that took no time is no division by it."""
        assert len(list(path_lines([(event("alt_1_a", metadata={"duration_us": 0}), 0, 0)]))) == 2

    def test_deep(self) -> None:
        """A deep tree is not drawn ever further to the right."""
        steps = [(event("alt_1_a"), depth, 1) for depth in range(1_000)]
        assert max(len(plain(line)) for line in path_lines(steps)) < MAX_INDENT + 40
