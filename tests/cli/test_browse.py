"""dopejar-trace browse, driven by Textual's pilot, and in a real terminal."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT, clean_environment
from terminal import Terminal
from textual.pilot import Pilot
from traces import event, line, write

from dopejar_tracing.cli.browse.app import Browser
from dopejar_tracing.cli.browse.help import KEYS
from dopejar_tracing.cli.browse.rows import UNFOLDED
from dopejar_tracing.cli.browse.trace import Trace
from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.read.input.files import find_sources
from dopejar_tracing.show.line import plain

EVENTS = [
    event("mem_1_c", "foc_1_b", 3, operation="write", metadata={"key": "altitude.session"}),
    event("foc_1_b", "alt_1_a", 2, operation="gate_check", input_summary="WriteApprovalGate"),
    event("rsn_1_d", "alt_1_a", 4, operation="decide", status="error",
          metadata={"error": "disk full", "error_type": "OSError"}),
    event("alt_1_a", None, 1, operation="transition", input_summary="L3→L2", duration_ms=5),
    event("foc_2_f", "alt_2_e", 11, operation="consent_check", status="blocked",
          metadata={"reason": "no consent"}),
    event("alt_2_e", None, 10, operation="transition", input_summary="L2→L1"),
    event("sys_3_g", None, 20, operation="log", input_summary="plan ready"),
]  # fmt: skip
"""Three requests, children before their parents."""
ERROR_ROW = "    └─[rsn] decide → error [OSError: disk full]"


class Seen:
    """A browser and what is seen of it.

    Args:
        app: that runs.
        pilot: who presses its keys.
    """

    def __init__(self, app: Browser, pilot: Pilot[None]) -> None:
        self.app = app
        self._pilot = pilot

    @property
    def screen(self) -> list[str]:
        """Everything, row by row."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def rows(self) -> list[str]:
        """The outline alone."""
        outline = self.app.outline
        rows = (outline.render_line(y).text.rstrip() for y in range(outline.size.height))
        return [row for row in rows if row]

    @property
    def chosen(self) -> str:
        """The row that is chosen."""
        outline = self.app.outline
        return outline.render_line(outline.cursor - outline.scroll_offset.y).text.rstrip()

    @property
    def details(self) -> str:
        """All lines of the details, in sight or not."""
        return "\n".join(plain(line).rstrip() for line in self.app.details._lines)

    @property
    def state(self) -> str:
        """The line that says how things stand."""
        return self.app.status.render_line(0).text.rstrip()

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until all is done."""
        await self._pilot.press(*keys)
        await self._pilot.pause()

    async def type(self, text: str) -> None:
        """Type into the filter."""
        await self.press("slash")
        await self.press(*text)

    async def until(self, there: Callable[[], object]) -> None:
        """Wait until something is there; the test fails if it does not come in time."""
        deadline = time.monotonic() + 60
        while not there():
            assert time.monotonic() < deadline, "waited in vain; seen:\n" + "\n".join(self.screen)
            await self._pilot.pause(0.02)


@asynccontextmanager
async def browsing(*paths: Path | str, size: tuple[int, int] = (100, 30)) -> AsyncIterator[Seen]:
    """A browser that has read everything."""
    groups = find_sources([str(path) for path in paths], stdin=sys.stdin.buffer)
    app = Browser(Trace(groups), Layers(), {})
    async with app.run_test(size=size) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: app.shown.settled)
        await pilot.pause()
        yield seen


def played(scene: Callable[[Any, Path], Coroutine[Any, Any, None]]) -> Callable[[Any, Path], None]:
    """A test of a scene that needs a loop."""

    @wraps(scene)
    def test(self: object, tmp_path: Path) -> None:
        asyncio.run(scene(self, tmp_path))

    return test


def trace(folder: Path, events: Iterable[TraceEvent] = EVENTS) -> Path:
    """A file of events, by its name in the current folder, which is short wherever the tests run."""
    return write(folder / "trace.jsonl", events).relative_to(folder)


def operation(row: str) -> str:
    """Of the event in a row."""
    return row.partition("] ")[2].split()[0]


class TestOutline:
    """Rows, folded and unfolded."""

    @played
    async def test_folded(self, tmp_path: Path) -> None:
        """At first there are the requests, each with what is folded into it."""
        async with browsing(trace(tmp_path)) as seen:
            assert seen.rows == [
                "▸ [alt] transition: L3→L2 (5ms) · 3 below, 1 error",
                "▸ [alt] transition: L2→L1 · 1 below, 1 blocked",
                "  [sys] log: plan ready",
            ]

    @played
    async def test_unfold(self, tmp_path: Path) -> None:
        """Enter unfolds a row and folds it again; what was unfolded below it still is, the next time."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.press("enter", "j", "space")
            unfolded = [
                "▾ [alt] transition: L3→L2 (5ms)",
                "▾   ├─[foc] gate_check: WriteApprovalGate",
                "    │   └─[mem] write",
                "    └─[rsn] decide → error [OSError: disk full]",
                "▸ [alt] transition: L2→L1 · 1 below, 1 blocked",
                "  [sys] log: plan ready",
            ]
            assert seen.rows == unfolded
            await seen.press("k", "enter")
            assert len(seen.rows) == 3
            await seen.press("enter")
            assert seen.rows == unfolded

    @played
    async def test_left_and_right(self, tmp_path: Path) -> None:
        """Right unfolds, then enters; left folds, or goes to what a row hangs under."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.press("right", "right", "right", "right")
            assert seen.chosen == "    │   └─[mem] write"
            await seen.press("left")
            assert seen.chosen == "▾   ├─[foc] gate_check: WriteApprovalGate"
            await seen.press("left")
            assert seen.chosen == "▸   ├─[foc] gate_check: WriteApprovalGate · 1 below"
            await seen.press("left", "left", "left")
            assert len(seen.rows) == 3

    @played
    async def test_all_below(self, tmp_path: Path) -> None:
        """E unfolds all below a row, C folds it."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.press("E")
            assert len(seen.rows) == 6
            await seen.press("C", "enter")
            assert seen.rows[1] == "▸   ├─[foc] gate_check: WriteApprovalGate · 1 below"

    @played
    async def test_far(self, tmp_path: Path) -> None:
        """Among many rows the cursor stays in sight, wherever it goes."""
        path = trace(tmp_path, (event(f"sys_1_{n}", None, n, operation=f"op{n}") for n in range(5_000)))
        async with browsing(path, size=(60, 12)) as seen:
            await seen.press("G")
            assert seen.chosen == "  [sys] op4999"
            await seen.press("pageup", "k", "ctrl+u")
            assert seen.chosen.startswith("  [sys] op49")
            assert seen.chosen in seen.rows
            await seen.press("g", "pagedown", "j", "ctrl+d")
            assert seen.chosen in seen.rows
            assert seen.app.outline.cursor > 8
            await seen.press("home")
            assert seen.rows[0] == seen.chosen == "  [sys] op0"

    @played
    async def test_many_children(self, tmp_path: Path) -> None:
        """A request of 100,000 children is folded and unfolded; only what is in sight is drawn."""
        children = (event(f"sys_1_{n}", "alt_1_a", n, operation=f"op{n}") for n in range(100_000))
        async with browsing(trace(tmp_path, [*children, event("alt_1_a")])) as seen:
            assert seen.rows == ["▸ [alt] plan · 100,000 below"]
            await seen.press("enter", "G")
            assert seen.chosen == "    └─[sys] op99999"
            await seen.press("left", "left")
            assert seen.rows == ["▸ [alt] plan · 100,000 below"]

    @played
    async def test_click(self, tmp_path: Path) -> None:
        """A click chooses a row; at its mark, or when it is chosen already, it unfolds it."""
        async with browsing(trace(tmp_path)) as seen:
            await seen._pilot.click("Outline", offset=(20, 1))
            assert seen.chosen.startswith("▸ [alt] transition: L2→L1")
            await seen._pilot.click("Outline", offset=(20, 1))
            assert seen.chosen.startswith("▾ [alt] transition: L2→L1")
            await seen._pilot.click("Outline", offset=(0, 0))
            assert seen.chosen.startswith("▾ [alt] transition: L3→L2")

    @played
    async def test_absent(self, tmp_path: Path) -> None:
        """Events whose parent has no line stand under a row that says so."""
        path = trace(tmp_path, [event("mem_1_c", "foc_1_b", 3), event("sys_1_a", None, 1)])
        async with browsing(path) as seen:
            assert seen.rows == ["  [sys] plan", "▸ [foc] … (no line of foc_1_b) · 1 below"]
            await seen.press("j", "E", "y")
            assert seen.rows[-1] == "    └─[mem] plan"
            assert "No line has this ID" in seen.details
            assert seen.app.clipboard == "foc_1_b"

    @played
    async def test_odd(self, tmp_path: Path) -> None:
        """Two events with one ID, and parents in a circle, are there and marked."""
        path = trace(
            tmp_path,
            [event("sys_1_a", None, 1), event("sys_1_a", None, 2), event("sys_1_b", "sys_1_c", 3),
             event("sys_1_c", "sys_1_b", 4)],
        )  # fmt: skip
        async with browsing(path) as seen:
            assert seen.rows == [
                "  [sys] plan",
                "  [sys] plan [another event has this ID]",
                "▸ [sys] plan [its parents lead back to it] · 1 below",
            ]

    @played
    async def test_small(self, tmp_path: Path) -> None:
        """In 40 columns and 10 rows there is room for all that matters."""
        async with browsing(trace(tmp_path), size=(40, 10)) as seen:
            assert seen.screen[0] == "▸ [alt] transi… (5ms) · 3 below, 1 error"
            assert seen.screen[-2:] == [
                "trace.jsonl · 7 events · 3 requests",
                " / filter  n error  q quit  ? help",
            ]
            assert all(len(row) <= 40 for row in seen.screen)
            await seen.press("tab")
            assert seen.screen[0] == "trace_id        alt_1_a"
            await seen.press("tab")
            assert seen.screen[0].startswith("▸ [alt]")

    @played
    async def test_large(self, tmp_path: Path) -> None:
        """In 200 columns the details stand beside the rows."""
        async with browsing(trace(tmp_path), size=(200, 60)) as seen:
            assert seen.screen[0].startswith("▸ [alt] transition: L3→L2 (5ms) · 3 below, 1 error")
            assert seen.screen[0].endswith("trace_id        alt_1_a")


class TestDetails:
    """All that is known of an event."""

    @played
    async def test_fields(self, tmp_path: Path) -> None:
        """All eleven keys, the time in this machine's zone, and metadata with all that is in it."""
        metadata = {"reason": "user asked", "code": "45", "deep": {"list": [1, {"x": None}], "none": []},
                    "error": "Traceback:\n  File x\nOSError"}  # fmt: skip
        path = trace(tmp_path, [event("alt_1_a", None, 5, output_summary="done", metadata=metadata)])
        async with browsing(path) as seen:
            lines = seen.details.splitlines()
            labels = [text.split()[0] for text in lines if text[:1].strip()]
            assert labels == [
                "trace_id", "parent_id", "timestamp", "local", "hrm_layer", "operation", "component",
                "input_summary", "output_summary", "duration_ms", "status", "metadata",
            ]  # fmt: skip
            local = event(at=5).began.astimezone().strftime("%Y-%m-%d %H:%M:%S.000005 %Z")
            assert f"local time      {local}" in lines
            assert lines[lines.index("metadata") + 1 :] == [
                "  reason: user asked",
                '  code: "45"',
                "  deep:",
                "    list:",
                "      - 1",
                "      -",
                "        x: null",
                "    none: []",
                "  error:",
                "    Traceback:",
                "      File x",
                "    OSError",
            ]

    @played
    async def test_scroll(self, tmp_path: Path) -> None:
        """Tab goes to the details, where the same keys scroll; what is wide is wrapped, not cut."""
        path = trace(
            tmp_path, [event("alt_1_a", metadata={"text": "word " * 200 + "end"}), event("sys_1_b", None, 9)]
        )
        async with browsing(path, size=(50, 24)) as seen:
            await seen.press("tab", "G")
            assert any(row.endswith("end") for row in seen.screen)
            assert seen.app.outline.cursor == 0
            await seen.press("tab", "j")
            assert "sys_1_b" in seen.details
            assert any("sys_1_b" in row for row in seen.screen)

    @played
    async def test_unreadable(self, tmp_path: Path) -> None:
        """A line that is none after all is shown as it is."""
        path = tmp_path / "trace.jsonl"
        path.write_bytes(line(event("alt_1_a")).replace(b'"metadata":{}', b'"metadata":[]'))
        async with browsing(path) as seen:
            assert seen.rows == ["  (this line cannot be read)"]
            assert '"metadata":[]' in seen.details.replace("\n", "")


class TestFilter:
    """As it is typed."""

    @played
    async def test_expression(self, tmp_path: Path) -> None:
        """Matches are shown with what they hang under, which is dim; all of it is unfolded."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.type('status == "error"')
            await seen.until(lambda: "1 match" in seen.state)
            await seen.until(lambda: len(seen.rows) == 2)
            assert seen.rows == [
                "▾ [alt] transition: L3→L2 (5ms)",
                "    └─[rsn] decide → error [OSError: disk full]",
            ]
            await seen.press("enter", "j")
            above, match = (seen.app.outline.render_line(y) for y in (0, 1))
            assert all(segment.style and segment.style.dim for segment in above if segment.text.strip())
            assert seen.chosen == ERROR_ROW
            assert not any(segment.style and segment.style.dim for segment in match)

    @played
    async def test_incomplete(self, tmp_path: Path) -> None:
        """While the expression is none, a caret shows why, and the last filter stays."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.type('layer == "mem"')
            await seen.until(lambda: len(seen.rows) == 3)
            await seen.press(*" and")
            await seen.until(lambda: any("expected" in row for row in seen.screen))
            at = seen.screen.index('/ layer == "mem" and')
            assert seen.screen[at + 1].strip() == "^"
            assert seen.screen[at + 2].startswith("  expected an expression")
            assert len(seen.rows) == 3
            await seen.press(*' operation == "read"')
            await seen.until(lambda: seen.rows == ["nothing matches; Esc clears the filter"])
            await seen.until(lambda: not any("expected" in row for row in seen.screen))

    @pytest.mark.parametrize(
        ("typed", "rows"),
        [
            pytest.param("SESSION", 3, id="metadata"),
            pytest.param("disk full", 2, id="two words"),
            pytest.param('"status"', 0, id="in quotes"),
            pytest.param("writeapproval", 2, id="summary"),
            pytest.param("a.b", 0, id="literally"),
        ],
    )
    def test_words(self, typed: str, rows: int, tmp_path: Path) -> None:
        """Words that are no expression are looked for in summaries and metadata, in upper and lower case."""

        async def scene() -> None:
            async with browsing(trace(tmp_path)) as seen:
                await seen.type(typed)
                await seen.until(lambda: "match" in seen.state and "%" not in seen.state)
                await seen.until(lambda: len(seen.app.rows) == rows)

        asyncio.run(scene())

    @played
    async def test_clear(self, tmp_path: Path) -> None:
        """Enter leaves the filter as it is; Esc clears it, and all is as unfolded as it was."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.press("j", "E")
            before = seen.rows
            await seen.type("ready")
            await seen.press("enter")
            await seen.until(lambda: seen.rows == ["  [sys] log: plan ready"])
            await seen.press("j", "escape")
            await seen.until(lambda: seen.rows == before)
            assert not any(row.startswith("/ ") for row in seen.screen)

    @played
    async def test_keys_are_typed(self, tmp_path: Path) -> None:
        """Keys that do something elsewhere are letters here."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.type("qnbfyjkgE?/")
            await seen.until(lambda: "/ qnbfyjkgE?/" in seen.screen)

    @played
    async def test_folded(self, tmp_path: Path) -> None:
        """A row that is folded while there is a filter tells of what matches."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.type("disk full")
            await seen.press("enter")
            await seen.until(lambda: len(seen.rows) == 2)
            await seen.press("g", "enter")
            assert seen.rows == ["▸ [alt] transition: L3→L2 (5ms) · 1 match below, 1 error"]

    @played
    async def test_many(self, tmp_path: Path) -> None:
        """Of many thousands, all matches are found; the requests of those after the first are folded."""
        pairs = ((event(f"mem_1_{n}", f"alt_1_{n}", n), event(f"alt_1_{n}", None, n)) for n in range(6_000))
        path = trace(tmp_path, (one for pair in pairs for one in pair))
        async with browsing(path) as seen:
            await seen.type("layer == 'mem'")
            await seen.until(lambda: "6,000 matches" in seen.state and "%" not in seen.state)
            await seen.until(lambda: len(seen.app.rows) > 6_000)
            await seen.press("enter", "G")
            assert seen.chosen == "▸ [alt] plan · 1 match below"


class TestJump:
    """To the next that alarms."""

    @played
    async def test_next_error(self, tmp_path: Path) -> None:
        """The next error is unfolded and chosen; after the last it goes on from the top, and says so."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.press("n")
            assert seen.chosen == ERROR_ROW
            await seen.press("n")
            assert seen.chosen == ERROR_ROW
            assert seen.state == "no error further down: went on from the top"

    @played
    async def test_all_in_order(self, tmp_path: Path) -> None:
        """Down and up, all errors come in the order of the rows, whatever is folded."""
        events = [
            event(f"sys_1_{n}", f"sys_1_{n // 3}" if n % 10 else None, n, operation=f"op{n}",
                  status="error" if n % 4 == 1 else "success") for n in range(40)
        ]  # fmt: skip
        async with browsing(trace(tmp_path, events), size=(120, 60)) as seen:
            down: list[str] = []
            while "went on" not in seen.state:
                await seen.press("n")
                down.append(operation(seen.chosen))
            up = [down[0]]
            for _ in down[1:]:
                await seen.press("N")
                up.append(operation(seen.chosen))
            await seen.press("g", *["E", "j"] * len(events))
            rows = [operation(row) for row in seen.rows if "error" in row]
            assert len(rows) == len({*rows}) == len(events) // 4
            assert down == [*rows, rows[0]]
            assert up[1:] == rows[::-1]

    @played
    async def test_previous(self, tmp_path: Path) -> None:
        """N looks above, and goes on from the end."""
        events = [
            event(f"sys_1_{n}", None, n, status="error" if n in {2, 5} else "success") for n in range(9)
        ]
        async with browsing(trace(tmp_path, events)) as seen:
            chosen = []
            for _ in range(3):
                await seen.press("N")
                chosen.append(seen.app.outline.cursor)
            assert chosen == [5, 2, 5]
            assert seen.state == "no error further up: went on from the end"

    @played
    async def test_blocked(self, tmp_path: Path) -> None:
        """The key b does so for what was blocked."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.press("b")
            assert seen.chosen == "    └─[foc] consent_check → blocked [no consent]"

    @played
    async def test_none(self, tmp_path: Path) -> None:
        """Where there is none, that is said; what the filter hides does not count."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.type("ready")
            await seen.press("enter")
            await seen.until(lambda: len(seen.rows) == 1)
            await seen.press("n")
            assert seen.state == "no error among all that matches"


class TestFollow:
    """What is written meanwhile."""

    @played
    async def test_grows(self, tmp_path: Path) -> None:
        """New lines come in, and the last row stays chosen; without f nothing comes."""
        path = trace(tmp_path)
        async with browsing(path) as seen:
            await seen.press("G", "f")
            assert seen.state.endswith("following")
            with path.open("ab") as file:
                file.write(line(event("sys_4_h", None, 30, operation="later")) + b"\n")
            await seen.until(lambda: seen.chosen == "  [sys] later")
            await seen.press("f")
            assert not seen.state.endswith("following")
            with path.open("ab") as file:
                file.write(line(event("sys_5_i", None, 40, operation="last")) + b"\n")
            await seen.press("f")
            await seen.until(lambda: seen.chosen == "  [sys] last")
            assert len(seen.rows) == 5

    @played
    async def test_elsewhere(self, tmp_path: Path) -> None:
        """Who looks at something else is not disturbed. Children come, and their parent after them."""
        path = trace(tmp_path)
        async with browsing(path) as seen:
            await seen.press("enter", "j", "f")
            chosen = seen.chosen
            with path.open("ab") as file:
                file.write(line(event("sys_9_y", "alt_9_x", 31)) + b"\n")
                file.flush()
                await seen.until(lambda: seen.rows[-1] == "▸ [alt] … (no line of alt_9_x) · 1 below")
                file.write(line(event("alt_9_x", None, 30)) + b"\n")
            await seen.until(lambda: seen.rows[-1] == "▸ [alt] plan · 1 below")
            assert seen.chosen == chosen

    @played
    async def test_filtered(self, tmp_path: Path) -> None:
        """What comes in goes through the filter."""
        path = trace(tmp_path)
        async with browsing(path) as seen:
            await seen.type("needle")
            await seen.press("enter", "f")
            with path.open("ab") as file:
                file.write(line(event("sys_4_h", None, 30)) + b"\n")
                file.write(line(event("sys_5_i", None, 31, input_summary="Needle")) + b"\n")
            await seen.until(lambda: seen.rows == ["  [sys] plan: Needle"])
            assert "1 match ·" in seen.state

    @played
    async def test_torn(self, tmp_path: Path) -> None:
        """A line that was torn when the file was opened comes when it is whole."""
        path = trace(tmp_path)
        whole = line(event("sys_4_h", None, 30, operation="later"))
        with path.open("ab") as file:
            file.write(whole[:50])
        async with browsing(path) as seen:
            await seen.press("f")
            with path.open("ab") as file:
                file.write(whole[50:] + b"\n")
            await seen.until(lambda: seen.rows[-1] == "  [sys] later")

    @played
    async def test_impossible(self, tmp_path: Path) -> None:
        """What is compressed cannot be followed."""
        path = tmp_path / "trace.jsonl.gz"
        path.write_bytes(gzip.compress(line(event())))
        async with browsing(path) as seen:
            await seen.press("f")
            assert seen.state == "only files that are not compressed can be followed"


class TestCopy:
    """An ID for elsewhere."""

    @played
    async def test_copy(self, tmp_path: Path) -> None:
        """The key y puts the ID on the clipboard and shows it."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.press("j", "y")
            assert seen.app.clipboard == "alt_2_e"
            assert seen.state == "copied alt_2_e"


class TestHostile:
    """What others wrote."""

    EVIL = "\x1b[31m[red]x[/red]\u202e\u009b2J\x07"
    SHOWN = r"\e[31m[red]x[/red]\u202e\x9b2J\x07"

    @played
    async def test_drawn_harmlessly(self, tmp_path: Path) -> None:
        """Escape sequences, markup and bidirectional controls are written out, everywhere."""
        evil, shown = TestHostile.EVIL, TestHostile.SHOWN
        events = [
            event(f"alt_{evil}", f"foc_{evil}", 1, operation=evil, input_summary=evil, component=evil,
                  status=f"error{evil}", hrm_layer=evil,
                  metadata={evil: {evil: [evil]}, "text": f"a\n{evil}"}),
        ]  # fmt: skip
        path = write(tmp_path / f"t[red]{evil[5:]}".replace("/", ""), events)
        async with browsing(path, size=(150, 40)) as seen:
            await seen.press("E")
            assert seen.rows[0] == f"▾ [foc] … (no line of foc_{shown})"
            assert seen.rows[1].startswith(f"    └─[alt] {shown}: {shown}")
            await seen.press("j", "y")
            assert seen.app.clipboard == f"alt_{evil}"
            assert seen.state == f"copied alt_{shown}"
            text = "".join(seen.details.split("\n")).replace(" ", "")
            assert f"{shown}:{shown}:-{shown}" in text
            whole = "\n".join(seen.screen)
            assert not set(whole) & {"\x1b", "\u202e", "\x9b", "\x07"}


class TestSources:
    """What is browsed."""

    @pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
    def test_compressed(self, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
        """Compressed files are, all the same."""

        async def scene() -> None:
            path = tmp_path / "trace"
            path.write_bytes(pack(trace(tmp_path).read_bytes()))
            async with browsing(path) as seen:
                await seen.press("E")
                assert len(seen.rows) == 6

        asyncio.run(scene())

    @played
    async def test_several(self, tmp_path: Path) -> None:
        """Several files are one trace."""
        one, other = write(Path("a"), EVENTS[:2]), write(Path("b"), EVENTS[2:])
        async with browsing(one, other) as seen:
            assert len(seen.rows) == 3
            assert seen.state == "a and 1 more · 7 events · 3 requests"

    @played
    async def test_empty(self, tmp_path: Path) -> None:
        """An empty file says so, and no key does harm."""
        async with browsing(trace(tmp_path, [])) as seen:
            await seen.press("n", "b", "y", "enter", "right", "left", "E", "G", "pagedown")
            assert seen.rows == ["trace.jsonl is empty; f follows what is written to it"]

    @played
    async def test_bad_lines(self, tmp_path: Path) -> None:
        """Bad lines are counted, with the place of the first."""
        path = trace(tmp_path)
        path.write_bytes(path.read_bytes() + b"torn\n\xff\n")
        async with browsing(path) as seen:
            assert "2 bad lines, the first at trace.jsonl:8" in seen.state

    @played
    async def test_written_over(self, tmp_path: Path) -> None:
        """A file that becomes something else while it is browsed does no harm."""
        path = trace(tmp_path)
        async with browsing(path) as seen:
            path.write_bytes(b"x" * 100)
            await seen.press("G")
            assert seen.chosen == "  (this line cannot be read)"


class TestHelp:
    """The keys."""

    @played
    async def test_help(self, tmp_path: Path) -> None:
        """? says what they do, until one is pressed."""
        async with browsing(trace(tmp_path)) as seen:
            await seen.press("question_mark")
            assert any("next error, previous error" in row for row in seen.screen)
            await seen.press("q")
            assert seen.screen[0].startswith("▸ [alt]")


class TestDocs:
    """docs/browse.md."""

    TEXT = (ROOT / "docs/browse.md").read_text("utf-8")

    @played
    async def test_picture(self, tmp_path: Path) -> None:
        """The picture is what the browser draws."""
        async with browsing(ROOT / "tests/corpora/two_requests.jsonl") as seen:
            await seen.press("enter")
            assert f"```text\n{chr(10).join(seen.rows)}\n```" in self.TEXT

    def test_keys(self) -> None:
        """The keys are those of the help."""
        for key, _ in KEYS:
            assert f"| `{key}` |" in self.TEXT

    def test_bound(self) -> None:
        """The bound is that of the code."""
        assert f"up to {UNFOLDED:,} rows" in self.TEXT


BROWSE = "from dopejar_tracing.cli import main; sys.exit(main(['browse', *{files!r}]))"


def run(cwd: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run it without a terminal."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {code}"], cwd=cwd, env=clean_environment(),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, start_new_session=True,
    )  # fmt: skip


class TestCommand:
    """The command itself."""

    def test_without_textual(self, tmp_path: Path) -> None:
        """One line says what to install."""
        done = run(tmp_path, f"sys.modules['textual'] = None; {BROWSE.format(files=['x'])}")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "Error: browse needs Textual: pip install 'dopejar-tracing[browse]'\n"

    def test_without_terminal(self, tmp_path: Path) -> None:
        """One line says that it needs one."""
        done = run(tmp_path, BROWSE.format(files=[str(trace(tmp_path))]))
        assert done.returncode == 2
        assert "browse needs a terminal" in done.stderr

    def test_missing(self, tmp_path: Path) -> None:
        """A file that is not there is named, on a screen that was left alone."""
        with Terminal(BROWSE.format(files=["gone.jsonl"]), tmp_path) as terminal:
            assert terminal.ended(60) == 2
            assert "gone.jsonl" in terminal.text
            assert b"\x1b[" not in terminal.raw


class TestTerminal:
    """In a real one."""

    def is_left_alone(self, terminal: Terminal) -> None:
        """All modes are as they were, what stood on the screen before stands there, and keys are echoed."""
        assert terminal.screen.mode == Terminal.MODES
        assert terminal.raw.rindex(b"\x1b[?1049l") > terminal.raw.rindex(b"\x1b[?1049h")
        assert termios.tcgetattr(terminal._leader)[3] & (termios.ECHO | termios.ICANON | termios.ISIG) == (
            termios.ECHO | termios.ICANON | termios.ISIG
        )

    def test_session(self, tmp_path: Path) -> None:
        """It shows the picture, hears the keys, and leaves the terminal as it was."""
        trace(tmp_path)
        env = {"DOPEJAR_TRACE_OUTPUT": "trace.jsonl"}  # browsed where no file is named
        with Terminal(BROWSE.format(files=[]), tmp_path, env=env) as terminal:
            terminal.until("▸ [alt] transition: L3→L2 (5ms) · 3 below, 1 error", 60)
            terminal.type("n")
            terminal.until(ERROR_ROW, 60)
            terminal.type("/session")
            terminal.until("1 match", 60)
            terminal.type("\rq")
            assert terminal.ended(60) == 0
            self.is_left_alone(terminal)

    def test_ctrl_c(self, tmp_path: Path) -> None:
        """Ctrl-C ends it, with exit status 130, also while a filter is typed."""
        path = trace(tmp_path)
        with Terminal(BROWSE.format(files=[str(path)]), tmp_path) as terminal:
            terminal.until("7 events", 60)
            terminal.type("/plan")
            terminal.until("/ plan", 60)
            terminal.type("\x03")
            assert terminal.ended(60) == 130
            self.is_left_alone(terminal)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_signal(self, number: int, tmp_path: Path) -> None:
        """A signal that asks it to end does so, and the terminal is as it was."""
        path = trace(tmp_path)
        with Terminal(BROWSE.format(files=[str(path)]), tmp_path) as terminal:
            terminal.until("7 events", 60)
            os.kill(terminal.pid, number)
            assert terminal.ended(60) == 128 + number
            self.is_left_alone(terminal)

    def test_standard_input(self, tmp_path: Path) -> None:
        """What comes through a pipe is shown as it comes, while the keys come from the terminal."""
        code = f"""
reader, writer = os.pipe()
os.dup2(reader, 0)
os.write(writer, {line(EVENTS[-1])!r} + b"\\n" + {line(event("mem_1_c", "foc_1_b", 30))!r} + b"\\n")
{BROWSE.format(files=["-"])}
"""
        with Terminal(code, tmp_path) as terminal:
            terminal.until("[sys] log: plan ready", 60)
            terminal.until("standard input · 2 events, reading …", 60)
            terminal.until("▸ [foc] … (no line of foc_1_b) · 1 below", 60)
            terminal.type("q")  # though the pipe has no end
            assert terminal.ended(60) == 0
