"""dopejar-trace stats, and its older spelling."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, pairwise
from math import ceil
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from commands import Run, run_apart, run_here
from helpers import clean_environment, wait_until
from spans import covered, span
from terminal import Terminal, golden
from traces import BEGIN, event, line, write

from dopejar_tracing.cli import main, summing
from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.read.sums import summing as processes

EVIL = "\x1b[2J\x9b31m\u202e\r\n[red]x[/red]\u2028"
SHOWN = r"\e[2J\x9b31m\u202e\r\n[red]x[/red]\u2028"
ON_TERMINAL = {"DOPEJAR_TRACE_OUTPUT": "", "COLORTERM": "", "COLUMNS": "", "LINES": ""}
CODE = "import sys\nfrom dopejar_tracing.cli import main\nsys.exit(main(['stats', '--utc', *{arguments}]))"
FOLLOWS = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # the background jobs of some shells do not
from dopejar_tracing.cli import main
from dopejar_tracing.cli.follow import Following
polls = Following.polls
def told(following):
    # When more is asked for, all that came before has been added up.
    count = 0
    for lines in polls(following):
        yield lines
        count += len(lines)
        Path("polled").write_text(f"{count}.")
Following.polls = told
sys.exit(main(sys.argv[1:]))
"""
"""The command, which writes into a file how many lines it has followed."""


@pytest.fixture
def stats(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; returns its exit status, stdout and stderr."""
    return run_here("stats", capfd)


command = partial(run_apart, module="dopejar_tracing stats")
"""Runs it in a process of its own."""


def seed_events() -> list[TraceEvent]:
    """The seed's 1,000 events, as the seed writes them, after others that do not count any more."""
    random, numbers = Random(7), count()

    def made(layer: str, operation: str, milliseconds: int, **changes: Any) -> TraceEvent:
        at = next(numbers)
        fields = {"timestamp": (BEGIN + timedelta(seconds=at)).replace(tzinfo=None).isoformat(), **changes}
        trace_id = f"{layer[:3]}_{1768312800 + at}_{at:04x}"
        return event(
            trace_id, hrm_layer=layer, operation=operation, duration_ms=milliseconds, component="x.py",
            **fields,
        )  # fmt: skip

    older = [made("focus", "gate_check", 5_000, status="error") for _ in range(300)]
    wanted = [
        *[("altitude", "transition", 8, {}) for _ in range(110)],
        *[("altitude", "evaluate", 7, {}) for _ in range(37)],
        *[("altitude", "plan", 8, {"status": "error"}) for _ in range(2)],
        ("altitude", "transition", 45, {"input_summary": "L4→L2 skip"}),
        *[("focus", "gate_check", each, {}) for each in (2, 3, 4, 3) for _ in range(100)],
        *[("memory", "read", 2, {}) for _ in range(448)],
        ("memory", "read", 2, {"status": "error"}),
        ("memory", "write", 23, {"input_summary": "cold tier archive"}),
    ]
    random.shuffle(wanted)
    return [*older, *[made(layer, name, took, **rest) for layer, name, took, rest in wanted]]


def some_events(number: int = 200, seed: int = 1) -> list[TraceEvent]:
    """Requests, each a root with children, some of which fail; every line a millisecond after the last."""
    random, events = Random(seed), []
    for at in range(number):
        start = at * 90_000_000
        root = f"alt_{1768312800 + at * 90}_{at:04x}"
        for child in range(random.randrange(4)):
            begin = start + random.randrange(50_000)
            status = random.choice(["success", "success", "error", "blocked"])
            failed = {"error_type": "OSError", "error": f"disk {at}", "error_at": f"m.py:{at % 2}"}
            name = f"{random.choice(['foc', 'mem'])}_{1768312800 + at * 90}_{at:02x}{child:02x}"
            events.append(
                span(name, root, begin, begin + random.randrange(30_000), status=status,
                     operation=random.choice(["read", "write"]), component=random.choice(["a.py", "b.py"]),
                     metadata=failed if status == "error" else {})
            )  # fmt: skip
        events.append(span(root, None, start, start + 60_000 + random.randrange(9_000), operation="plan"))
        events.append(event(f"sys_{1768312800 + at * 90}_{at:04x}", None, start + 70_000, operation="log"))
    return events


SOME = some_events()


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A file of them."""
    return write(tmp_path / "trace.jsonl", SOME)


def figures(events: Sequence[TraceEvent], *by: str) -> dict[tuple[str, ...], dict[str, int | None]]:
    """The figures of each group, counted naively; own times as if all lay within one file."""
    children = defaultdict(list)
    for one in events:
        if one.duration_us is not None:
            start = (one.began - BEGIN) // timedelta(microseconds=1)
            children[one.parent_id].append((start, start + one.duration_us))
    groups = defaultdict(list)
    for one in events:
        values = {"layer": one.hrm_layer, "operation": one.operation, "component": one.component,
                  "status": one.status, "hour": one.timestamp[:13]}  # fmt: skip
        groups[tuple(values[name] for name in by)].append(one)
    found = {}
    for key, members in groups.items():
        lengths = sorted(one.duration_us for one in members if one.duration_us is not None)
        own = 0
        for one in members:
            if one.duration_us is not None:
                start = (one.began - BEGIN) // timedelta(microseconds=1)
                own += one.duration_us - covered(children[one.trace_id], start, start + one.duration_us)

        def rank(part: float, lengths: list[int] = lengths) -> int | None:
            return lengths[ceil(part * len(lengths)) - 1] if lengths else None

        found[key] = {
            "events": len(members), "spans": len(lengths),
            "errors": sum(one.status == "error" for one in members),
            "blocked": sum(one.status == "blocked" for one in members),
            "mean_us": sum(lengths) // len(lengths) if lengths else None,
            "p50_us": rank(0.5), "p95_us": rank(0.95), "p99_us": rank(0.99),
            "max_us": lengths[-1] if lengths else None, "total_us": sum(lengths), "self_us": own,
        }  # fmt: skip
    return found


def same(found: dict[str, Any], expected: dict[str, int | None]) -> None:
    """All figures are equal, percentiles to half a percent."""
    for name, value in expected.items():
        if name.startswith("p") and value is not None:
            assert abs(found[name] - value) <= 0.005 * value, name
        else:
            assert found[name] == value, name


class TestSeed:
    """The seed's words."""

    @pytest.mark.parametrize("module", ["dopejar_tracing stats", "dopejar_tracing.stats"])
    def test_text(self, tmp_path: Path, module: str) -> None:
        """Piped, without options: the seed's text over the last 1,000 events, to the character."""
        write(tmp_path / "trace.jsonl", seed_events())
        done = command(cwd=tmp_path, module=module)
        assert (done.returncode, done.stderr) == (0, b"")
        golden("stats/seed", done.stdout.decode())

    def test_older_lines(self, stats: Run, tmp_path: Path) -> None:
        """Events that do not count any more do with --all."""
        write(tmp_path / "trace.jsonl", seed_events())
        assert "- focus: 700 ops, avg 2.1s, 300 errors\n" in stats("--all")[1]
        assert stats("--last", "1000") == stats()

    def test_rotated(self, stats: Run, tmp_path: Path) -> None:
        """The last 1,000 may begin in what the file was rotated into."""
        events = seed_events()
        whole = write(tmp_path / "whole.jsonl", events)
        older = tmp_path / "trace.jsonl.20260113T140000.000000.gz"
        older.write_bytes(gzip.compress(b"".join(line(one) + b"\n" for one in events[:900])))
        write(tmp_path / "trace.jsonl", events[900:])
        assert stats() == stats(str(whole))
        assert "- memory: " in stats("--no-rotated")[1]
        assert stats("--no-rotated", "--csv", "--by", "status")[1] != stats("--csv", "--by", "status")[1]


class TestForms:
    """What it looks like."""

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("text", ""),
            ("text-by", "--by operation,status --sort count --slowest 3"),
            ("table", "--table --slowest 5"),
            ("table-by", "--table --by layer,operation,component,status,hour --status error --last 20"),
            ("path", "--trace-id alt_1768312890_0001"),
            ("csv", "--csv"),
            ("compare", "--compare trace.jsonl slower.jsonl"),
            ("compare-table", "--compare trace.jsonl slower.jsonl --table"),
        ],
    )
    @pytest.mark.parametrize("columns", ["80", "130"])
    def test_golden(
        self,
        stats: Run,
        trace: Path,
        name: str,
        arguments: str,
        columns: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Every form, as it was blessed; only tables mind how many columns there are."""
        monkeypatch.setenv("COLUMNS", columns)
        slower = [
            span(one.trace_id, one.parent_id, 0, (one.duration_us or 0) * 2, operation=one.operation)
            for one in SOME
            if one.hrm_layer != "system"
        ]
        write(trace.with_name("slower.jsonl"), slower)
        status, out, err = stats(*arguments.split())
        assert (status, err) == (0, "")
        golden(f"stats/{name}-{columns}" if "table" in name else f"stats/{name}", out)

    def test_help(self) -> None:
        """The help, with its examples."""
        golden("stats/help", command("--help", cwd=Path.cwd(), COLUMNS="80").stdout.decode())

    @pytest.mark.parametrize(
        "by", ["layer", "operation", "layer,status", "hour,layer,operation,component,status"]
    )
    def test_json(self, stats: Run, trace: Path, by: str) -> None:
        """All figures, those of a naive count."""
        names = by.split(",")
        status, out, _ = stats("--all", "--json", "--by", by)
        whole = json.loads(out)
        assert (status, whole["by"], whole["events"]) == (0, names, len(SOME))
        assert (whole["first"], whole["last"]) == (
            min(one.timestamp for one in SOME), max(one.timestamp for one in SOME),
        )  # fmt: skip
        expected = figures(SOME, *names)
        assert {tuple(group[name] for name in names) for group in whole["groups"]} == expected.keys()
        for group in whole["groups"]:
            same(group, expected[tuple(group[name] for name in names)])
            assert sum(group["histogram"]) == group["spans"]
        slowest = sorted((one.duration_us or 0 for one in SOME), reverse=True)
        assert [slow["duration_us"] for slow in whole["slowest"]] == slowest[:10]
        errors = [one for one in SOME if one.status == "error"]
        assert sum(fault["count"] for fault in whole["faults"]) == len(errors)
        for fault in whole["faults"]:
            those = [one for one in errors if one.metadata["error_at"] == fault["place"]]
            assert fault["type"] == "OSError"
            assert fault["count"] == len(those)
            assert fault["first"] == min(one.timestamp for one in those)
            assert fault["last"] == max(one.timestamp for one in those)
            assert fault["message"] == max(those, key=lambda one: one.timestamp).metadata["error"]

    @pytest.mark.parametrize("by", ["layer", "operation,layer"])
    def test_csv(self, stats: Run, trace: Path, by: str) -> None:
        """The figures of the groups, those of a naive count."""
        names = by.split(",")
        rows = list(csv.DictReader(io.StringIO(stats("--all", "--csv", "--by", by)[1])))
        expected = figures(SOME, *names)
        assert len(rows) == len(expected)
        for row in rows:
            key = tuple(row[name] for name in names)
            same({name: int(row[name]) if row[name] else None for name in expected[key]}, expected[key])

    def test_encoding(self, trace: Path) -> None:
        """Where the encoding lacks a character, another stands there."""
        for option in ("--table", "--text", "--csv", "--json"):
            done = command(option, cwd=trace.parent, PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
            assert (done.returncode, done.stderr) == (0, b"")


class TestOptions:
    """Each option."""

    @pytest.mark.parametrize(
        ("option", "figure"),
        [("count", "events"), ("events", "events"), ("errors", "errors"), ("blocked", "blocked"),
         ("mean", "mean_us"), ("avg", "mean_us"), ("p50", "p50_us"), ("p95", "p95_us"), ("p99", "p99_us"),
         ("max", "max_us"), ("total", "total_us"), ("self", "self_us")],
    )  # fmt: skip
    @pytest.mark.parametrize("form", ["--json", "--csv", "--text"])
    def test_sort(self, stats: Run, trace: Path, option: str, figure: str, form: str) -> None:
        """Groups from the largest figure to the smallest."""
        out = stats("--all", "--by", "layer,operation", "--sort", option, form)[1]
        if form == "--json":
            names = [(group["layer"], group["operation"]) for group in json.loads(out)["groups"]]
        elif form == "--csv":
            names = [(row["layer"], row["operation"]) for row in csv.DictReader(io.StringIO(out))]
        else:
            rows = [row for row in out.splitlines() if row.startswith("- ")]
            names = [(row.split()[1], row.split()[2].rstrip(":")) for row in rows]
        expected = figures(SOME, "layer", "operation")
        values = [expected[name][figure] or 0 for name in names]
        assert all(one >= other * 0.99 for one, other in pairwise(values))
        assert len(names) == len(expected)

    def test_by(self, stats: Run, trace: Path) -> None:
        """Several at once, by commas or by the option twice, each once; --hrm's name too."""
        expected = stats("--json", "--by", "layer,status")[1]
        assert stats("--json", "--by", "layer", "--by", "status")[1] == expected
        assert stats("--json", "--by", "hrm, status,layer")[1] == expected
        assert stats("--json", "--by", "status,layer")[1] != expected

    @pytest.mark.parametrize("number", [0, 1, 4, 10_000])
    @pytest.mark.parametrize("form", ["--text", "--table", "--json"])
    def test_slowest(self, stats: Run, trace: Path, number: int, form: str) -> None:
        """So many, if there are."""
        out = stats("--all", "--slowest", str(number), form)[1]
        spans = sum(one.duration_us is not None for one in SOME)
        if form == "--json":
            assert len(json.loads(out)["slowest"]) == min(number, spans)
        else:
            assert out.count("_plan") == min(number, 200)
            assert ("Slowest" in out) == bool(number)

    @pytest.mark.parametrize(
        "filters",
        ["--hrm alt", "--layer memory,foc", "--status error,blocked", "--operation read",
         "--operation memory.*",
         "--component a.py", "--since 2026-01-13T15:00Z", "--until 2026-01-13T15:00Z", "--longer-than 20ms",
         "--grep DISK.1 -i", "--where status!='success'", "--hrm mem --status error --last 7", "--last 33"],
    )  # fmt: skip
    def test_filters(self, stats: Run, trace: Path, filters: str, capfd: pytest.CaptureFixture[str]) -> None:
        """They mean what they mean in view; own times are of the whole tree all the same."""
        assert main(["view", "--json", "--utc", *filters.split()]) == 0
        shown = {json.loads(text)["trace_id"] for text in capfd.readouterr().out.splitlines()}
        everything = [] if "--last" in filters else ["--all"]
        whole = json.loads(stats("--json", *everything, *filters.split())[1])
        counted = [one for one in SOME if one.trace_id in shown]
        assert whole["events"] == len(shown)
        all_owns = {one.trace_id: figures_of_one(one) for one in counted}
        for group in whole["groups"]:
            members = [one for one in counted if one.hrm_layer == group["layer"]]
            expected = figures(members, "layer")[(group["layer"],)]
            same(group, {**expected, "self_us": sum(all_owns[one.trace_id] for one in members)})

    def test_both_spellings(self, stats: Run, tmp_path: Path) -> None:
        """A layer is one group, however it is spelt; so is one that the settings declare."""
        Path("settings.yaml").write_text("tracing: {layers: {tools: tol}, output: trace.jsonl}\n", "utf-8")
        names = ["alt", "altitude", "tol", "tools"]
        write(tmp_path / "trace.jsonl", [event(f"x_1_{name}", hrm_layer=name) for name in names])
        assert stats()[1].splitlines()[1:] == [
            "- altitude: 2 ops, avg 0ms, 0 errors", "- tools: 2 ops, avg 0ms, 0 errors",
        ]  # fmt: skip
        assert stats("--fail-if", "tol: events > 1")[0] == 1

    @pytest.mark.parametrize("jobs", ["1", "2", "3", "1000"])
    def test_jobs(self, stats: Run, trace: Path, jobs: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many processes read, all figures are the same."""
        expected = stats("--all", "--json", "--jobs", "1")
        monkeypatch.setattr(processes, "WORTHWHILE", 40_000)
        assert stats("--all", "--json", "--jobs", jobs) == expected

    def test_local_time(self, trace: Path) -> None:
        """Tables have this machine's time; --utc is another. Hours that are grouped by are those of UTC."""
        zone = "CET-1CEST,M3.5.0,M10.5.0/3"
        done = command("--all", "--table", "--by", "hour", cwd=trace.parent, TZ=zone)
        assert b"from 2026-01-13 15:00:00 to" in done.stdout
        assert b"2026-01-13T14" in done.stdout
        assert (
            b"from 2026-01-13 14:00:00 to"
            in command("--all", "--table", "--utc", cwd=trace.parent, TZ=zone).stdout
        )

    def test_several_files(self, stats: Run, tmp_path: Path) -> None:
        """Files and patterns, merged."""
        for at in range(3):
            write(tmp_path / f"part{at}.jsonl", SOME[at::3])
        whole = json.loads(stats("--all", "--json", "part*.jsonl")[1])
        for group in whole["groups"]:
            expected = figures(SOME, "layer")[(group["layer"],)]
            same({**group, "self_us": expected["self_us"]}, expected)
        assert json.loads(stats("--json", "--last", "50", "part*.jsonl")[1])["events"] == 50

    def test_standard_input(self, trace: Path) -> None:
        """`-`, by a pipe, compressed or not."""
        expected = command("--all", "--json", cwd=trace.parent).stdout
        assert command("--all", "--json", "-", cwd=trace.parent, said=trace.read_bytes()).stdout == expected
        packed = trace.with_name("packed")
        packed.write_bytes(gzip.compress(trace.read_bytes()))
        assert command("--all", "--json", "packed", cwd=trace.parent).stdout == expected
        last = command("--last", "9", "--json", "-", cwd=trace.parent, said=trace.read_bytes())
        assert json.loads(last.stdout)["events"] == 9


def figures_of_one(one: TraceEvent) -> int:
    """Its own time, children of all kinds counted."""
    if one.duration_us is None:
        return 0
    start = (one.began - BEGIN) // timedelta(microseconds=1)
    below = [
        ((other.began - BEGIN) // timedelta(microseconds=1), other.duration_us)
        for other in SOME
        if other.parent_id == one.trace_id and other.duration_us is not None
    ]
    stretches = [(begin, begin + took) for begin, took in below]
    return one.duration_us - covered(stretches, start, start + one.duration_us)


class TestDuckDB:
    """The same questions, asked of another program."""

    def test_same(self, stats: Run, tmp_path: Path) -> None:
        """On 100,000 lines everything is exactly what DuckDB says, percentiles to half a percent."""
        path = tmp_path / "trace.jsonl"
        random = Random(3)
        layers, statuses = ["altitude", "focus", "memory"], ["success"] * 8 + ["error", "blocked"]
        write(
            path,
            (
                event(
                    f"alt_{1768312800 + at // 25}_{at:05x}", None, 40_000 * at,
                    hrm_layer=random.choice(layers),
                    operation=f"op{random.randrange(7)}", status=random.choice(statuses),
                    metadata={"duration_us": int(random.lognormvariate(8, 2))} if at % 5 else {},
                )
                for at in range(100_000)
            ),
        )  # fmt: skip
        names, rows = self.asked(f"""
            WITH lines AS (
                SELECT *, hrm_layer AS layer, substr(timestamp, 1, 13) AS hour,
                    CAST(metadata->>'duration_us' AS BIGINT) AS took
                FROM read_json('{path}', format = 'newline_delimited', columns = {{
                    trace_id: 'VARCHAR', timestamp: 'VARCHAR', hrm_layer: 'VARCHAR', operation: 'VARCHAR',
                    status: 'VARCHAR', metadata: 'JSON'}})
            )
            SELECT layer, operation, hour, count(*) AS events, count(took) AS spans,
                count(*) FILTER (status = 'error') AS errors, count(*) FILTER (status = 'blocked') AS blocked,
                CAST(sum(took) // count(took) AS BIGINT) AS mean_us,
                quantile_disc(took, 0.5) AS p50_us, quantile_disc(took, 0.95) AS p95_us,
                quantile_disc(took, 0.99) AS p99_us,
                max(took) AS max_us, CAST(sum(took) AS BIGINT) AS total_us,
                CAST(sum(took) AS BIGINT) AS self_us
            FROM lines GROUP BY ALL
        """)
        expected = {row[:3]: dict(zip(names[3:], row[3:], strict=True)) for row in rows}
        whole = json.loads(stats("--all", "--json", "--by", "layer,operation,hour", "--slowest", "50")[1])
        assert whole["events"] == 100_000
        assert len(whole["groups"]) == len(expected)
        for group in whole["groups"]:
            same(group, expected[group["layer"], group["operation"], group["hour"]])
        _, slowest = self.asked(f"""
            SELECT trace_id FROM read_json('{path}', format = 'newline_delimited',
                columns = {{trace_id: 'VARCHAR', timestamp: 'VARCHAR', metadata: 'JSON'}})
            ORDER BY CAST(metadata->>'duration_us' AS BIGINT) DESC NULLS LAST, timestamp DESC LIMIT 50
        """)
        assert [(slow["trace_id"],) for slow in whole["slowest"]] == slowest

    def asked(self, question: str) -> tuple[list[str], list[Any]]:
        """The answer: (names of columns, rows)."""
        found = duckdb.sql(question)
        assert found is not None
        return found.columns, found.fetchall()


class TestCriticalPath:
    """`--trace-id`."""

    EVENTS = (
        span("foc_1_b", "alt_1_a", 10_000, 30_000, operation="gate_check"),
        span("mem_1_c", "alt_1_a", 40_000, 90_000, operation="write"),
        span("mem_1_d", "alt_1_a", 45_000, 60_000, operation="read"),
        event("sys_1_e", "alt_1_a", 50_000, operation="log"),
        span("alt_1_a", None, 0, 100_000, operation="transition"),
    )

    def test_json(self, stats: Run, tmp_path: Path) -> None:
        """Each span on it, with its own time."""
        write(tmp_path / "trace.jsonl", self.EVENTS)
        status, out, err = stats("--trace-id", "alt_1_a", "--json")
        assert (status, err) == (0, "")
        steps = json.loads(out)
        assert [(step["trace_id"], step["depth"], step["own_us"]) for step in steps] == [
            ("alt_1_a", 0, 30_000), ("foc_1_b", 1, 20_000), ("mem_1_c", 1, 50_000),
        ]  # fmt: skip
        assert steps[0] == {
            "trace_id": "alt_1_a", "layer": "altitude", "operation": "transition", "depth": 0,
            "own_us": 30_000,
            "duration_us": 100_000,
        }  # fmt: skip

    def test_inner(self, stats: Run, tmp_path: Path) -> None:
        """A span inside a request has a path of its own."""
        write(tmp_path / "trace.jsonl", self.EVENTS)
        assert stats("--trace-id", "mem_1_c")[1] == (
            "   own       critical path, 50ms\n  50ms 100%  [mem] write (50ms)\n"
        )

    @pytest.mark.parametrize(
        ("trace_id", "said"),
        [("alt_1_zzzz", "no line has the ID 'alt_1_zzzz'\n"), ("", "no line has the ID ''\n"),
         ("sys_1_e", "no span, but an event has the ID 'sys_1_e'\n")],
    )  # fmt: skip
    def test_none(self, stats: Run, tmp_path: Path, trace_id: str, said: str) -> None:
        """What is not there, or took no time."""
        write(tmp_path / "trace.jsonl", self.EVENTS)
        assert stats("--trace-id", trace_id) == (1, "", said)

    def test_bad_lines(self, stats: Run, tmp_path: Path) -> None:
        """Lines of it that are none of ours are counted."""
        path = write(tmp_path / "trace.jsonl", self.EVENTS)
        with path.open("ab") as file:
            file.write(b'{"trace_id":"mem_1_x","parent_id":"alt_1_a"}\n')
        status, _, err = stats("--trace-id", "alt_1_a")
        assert (status, err) == (0, "trace.jsonl: 1 bad line skipped, the first at trace.jsonl:6\n")


class TestFailIf:
    """`--fail-if`."""

    @pytest.fixture
    def failing(self, tmp_path: Path) -> Path:
        """One error in altitude, one slow span in memory."""
        events = [span(f"alt_1_{at}", None, 0, 5_000) for at in range(9)]
        events += [event("alt_1_x", status="error"), span("mem_1_a", None, 0, 90_000, operation="write")]
        return write(tmp_path / "trace.jsonl", events)

    @pytest.mark.parametrize(
        ("limits", "lines"),
        [
            (["errors > 1", "p95 > 90ms"], []),
            (["errors > 0"], ["altitude: errors is 1, which breaks 'errors > 0'"]),
            (["errors > 5%"], ["altitude: errors is 1 of 10, which breaks 'errors > 5%'"]),
            (["max > 4ms"],
             ["altitude: max is 5ms, which breaks 'max > 4ms'",
              "memory: max is 90ms, which breaks 'max > 4ms'"]),
            (["alt: max > 4ms", "memory:errors>0"], ["altitude: max is 5ms, which breaks 'alt: max > 4ms'"]),
            (["focus: errors > 0"], ["no events of 'focus', which 'focus: errors > 0' is about"]),
            (["self > 80ms", "errors > 0"],
             ["memory: self is 90ms, which breaks 'self > 80ms'",
              "altitude: errors is 1, which breaks 'errors > 0'"]),
        ],
    )  # fmt: skip
    def test_limits(self, stats: Run, failing: Path, limits: list[str], lines: list[str]) -> None:
        """Exit status 1 if one is broken, and a line on stderr for each that says by whom."""
        options = [word for limit in limits for word in ("--fail-if", limit)]
        status, out, err = stats(*options)
        assert err.splitlines() == lines
        assert status == (1 if lines else 0)
        assert out == stats()[1]

    def test_per_group(self, stats: Run, failing: Path) -> None:
        """The groups are those that were asked for."""
        limit = "--fail-if", "memory write: max > 80ms"
        assert stats("--by", "layer,operation", *limit)[2].startswith("memory write: max is 90ms")
        assert stats("--by", "layer,operation", "--fail-if", "mem write: max > 80ms")[0] == 1
        assert stats("--hrm", "alt", "--fail-if", "max > 80ms")[0] == 0

    def test_hostile(self, stats: Run, tmp_path: Path) -> None:
        """Names in a complaint are text."""
        write(tmp_path / "trace.jsonl", [event("alt_1_a", operation=EVIL)])
        _, _, err = stats("--by", "operation", "--fail-if", "events > 0", "--fail-if", f"{EVIL}y: errors > 0")
        assert err.splitlines()[0] == f"{SHOWN}: events is 1, which breaks 'events > 0'"
        assert not set(err) & {"\x1b", "\x9b", "\u202e", "\r", "\u2028"}


class TestCompare:
    """`--compare`."""

    @pytest.fixture
    def traces(self, tmp_path: Path) -> tuple[str, str]:
        """The second is slower in memory, and fails in focus."""
        random = Random(5)

        def spans(name: str, least: int, **changes: Any) -> list[TraceEvent]:
            return [
                span(f"{name}_{at}_x", None, at, at + least + random.randrange(999), **changes)
                for at in range(60)
            ]

        same_as_ever = spans("alt", 5_000)
        write(tmp_path / "before.jsonl", [*same_as_ever, *spans("mem", 5_000), *spans("foc", 1_000)])
        write(
            tmp_path / "after.jsonl",
            [*same_as_ever, *spans("mem", 8_000), *spans("foc", 1_000, status="error"), event("lrn_1_a")],
        )
        return "before.jsonl", "after.jsonl"

    def test_text(self, stats: Run, traces: tuple[str, str]) -> None:
        """What moved first, side by side, with how sure it is."""
        status, out, err = stats("--compare", *traces)
        assert (status, err) == (0, "")
        rows = out.splitlines()
        assert [row.split(":")[0] for row in rows] == ["- learning", "- focus", "- memory", "- altitude"]
        assert rows[0] == "- learning: new"
        assert rows[1].endswith("errors 0 → 60; noise? may be")
        assert rows[2].startswith("- memory: p50 5ms → 8ms (+5")
        assert rows[2].endswith("errors 0 → 0; noise? 99.9% sure")
        assert rows[3].endswith("errors 0 → 0; noise? may be")

    def test_json(self, stats: Run, traces: tuple[str, str]) -> None:
        """All figures of both."""
        groups = json.loads(stats("--compare", *traces, "--json", "--by", "layer,operation")[1])
        before, after = (json.loads(stats("--all", "--json", name)[1])["groups"] for name in traces)
        for group in groups:
            for side, all_of_it in (("before", before), ("after", after)):
                expected = [each for each in all_of_it if each["layer"] == group["layer"]]
                if expected:
                    names = group[side].keys() - {"histogram"}
                    assert {name: group[side][name] for name in names} == {
                        name: expected[0][name] for name in names
                    }
                else:
                    assert group[side]["events"] == 0
        assert groups[2]["confidence"] > 0.999
        assert groups[0]["confidence"] is None

    def test_csv(self, stats: Run, traces: tuple[str, str]) -> None:
        """A row for each group, with the figures of both."""
        rows = list(csv.DictReader(io.StringIO(stats("--compare", *traces, "--csv")[1])))
        assert [row["layer"] for row in rows] == ["learning", "focus", "memory", "altitude"]
        assert (rows[1]["errors_before"], rows[1]["errors_after"]) == ("0", "60")
        assert float(rows[2]["confidence"]) > 0.999
        assert rows[0]["p50_us_after"] == ""

    @pytest.mark.parametrize(
        ("limit", "said"),
        [
            ("p95 > +20%", "memory: p95 is 8ms, was 5ms (+"),
            ("p95 > +1ms", "memory: p95 is 8ms, was 5ms, which breaks 'p95 > +1ms'\n"),
            ("errors > +0", "focus: errors is 60, was 0, which breaks 'errors > +0'\n"),
            ("errors > 0", "focus: errors is 60, which breaks 'errors > 0'\n"),
            ("mem: p50 > +20%", "memory: p50 is 8ms, was 5ms (+"),
            ("altitude: p50 > +1%", ""),
            ("p95 > +90%", ""),
        ],
    )
    def test_limits(self, stats: Run, traces: tuple[str, str], limit: str, said: str) -> None:
        """Limits of changes, and of what is now."""
        status, _, err = stats("--compare", *traces, "--fail-if", limit)
        assert status == (1 if said else 0)
        assert err.startswith(said)
        assert err.count("\n") == bool(said)

    def test_compressed(self, stats: Run, traces: tuple[str, str], tmp_path: Path) -> None:
        """Either may be compressed."""
        expected = stats("--compare", *traces)
        before, after = (tmp_path / name for name in traces)
        before.with_name("before.gz").write_bytes(gzip.compress(before.read_bytes()))
        assert stats("--compare", "before.gz", after.name) == expected

    @pytest.mark.parametrize("option", ["--text", "--json", "--csv", "--table"])
    def test_empty(self, stats: Run, traces: tuple[str, str], tmp_path: Path, option: str) -> None:
        """An empty one is said, and no success: a check must not pass for want of events."""
        write(tmp_path / "empty.jsonl", [])
        for pair in (("before.jsonl", "empty.jsonl"), ("empty.jsonl", "after.jsonl")):
            status, out, err = stats("--compare", *pair, option)
            assert (status, err) == (1, "no events in empty.jsonl\n")
            assert option != "--text" or "gone" in out or "new" in out
        status, out, err = stats("--compare", "empty.jsonl", "empty.jsonl", option)
        assert (status, err) == (1, "no events in empty.jsonl\n" * 2)
        status, _, err = stats("--compare", *traces, "--hrm", "lrn", "--by", "layer")
        assert (status, err) == (1, "no events match in before.jsonl\n")

    def test_missing(self, stats: Run, traces: tuple[str, str]) -> None:
        """One that is not there."""
        status, out, err = stats("--compare", traces[0], "nope.jsonl")
        assert (status, out, err) == (2, "", "nope.jsonl: No such file or directory\n")


class TestWrong:
    """What cannot be done."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--by", "layr"],
             "--by: expected one of layer, operation, component, status, hour; got 'layr' (did you mean"),
            (["--sort", "p96"], "--sort: expected one of name, count, errors, blocked, mean, p50, p95, p99"),
            (["--fail-if", "p95 > 5"], "--fail-if: expected a duration such as"),
            (["--fail-if", "p95 > +5%"], "--fail-if: a change such as +5% needs --compare\n"),
            (["--status", "eror"], "--status: expected one of success, error, blocked; got 'eror'"),
            (["--last", "0"], "--last"),
            (["--slowest", "-1"], "--slowest"),
            (["--jobs", "0"], "--jobs"),
            (["--compare", "a.jsonl"], "--compare"),
            (["nope.jsonl"], "nope.jsonl: No such file or directory\n"),
            (["nope-*.jsonl"], "nope-*.jsonl: no file has such a name\n"),
            (["--nope"], "--nope"),
            (["--json", "--csv"], "--json and --csv do not go together"),
            (["--last", "5", "--all"], "--last and --all do not go together"),
            (["--compare", "a", "b", "c"], "--compare and FILE do not go together"),
            (["--compare", "a", "b", "--trace-id", "c"], "--compare and --trace-id do not go together"),
            (["--compare", "a", "b", "--follow"], "--compare and --follow do not go together"),
            (["--follow", "--fail-if", "errors > 0"], "--follow and --fail-if do not go together"),
            (["--follow", "--trace-id", "x"], "--follow and --trace-id do not go together"),
            (["--trace-id", "x", "--fail-if", "errors > 0"], "--trace-id and --fail-if do not go together"),
            (["--trace-id", "x", "--csv"], "--trace-id and --csv do not go together"),
        ],
    )  # fmt: skip
    def test_usage(self, stats: Run, trace: Path, arguments: list[str], said: str) -> None:
        """Exit status 2, and on stderr what was found, and what is allowed."""
        status, out, err = stats(*arguments)
        assert (status, out) == (2, "")
        assert said in err

    def test_no_output(self, stats: Run) -> None:
        """Without a FILE, and without one in the settings."""
        Path("settings.yaml").write_text("tracing: {output: null}\n", "utf-8")
        assert stats()[:2] == (2, "")


class TestLittle:
    """Traces in which there is little to sum up."""

    @pytest.mark.parametrize("form", ["--text", "--table", "--json", "--csv"])
    @pytest.mark.parametrize("data", [b"", b"\n \n", b"torn"])
    def test_empty(self, stats: Run, tmp_path: Path, data: bytes, form: str) -> None:
        """Without events it says so."""
        (tmp_path / "trace.jsonl").write_bytes(data)
        status, out, err = stats(form)
        assert (status, out) == (1, "")
        assert err.endswith("no events\n")

    def test_no_match(self, stats: Run, trace: Path) -> None:
        """Or that none is looked for."""
        assert stats("--hrm", "learning") == (1, "", "no events match\n")

    @pytest.mark.parametrize("form", ["--text", "--table", "--json", "--csv"])
    def test_no_spans(self, stats: Run, tmp_path: Path, form: str) -> None:
        """Without spans there are counts, and no times."""
        write(tmp_path / "trace.jsonl", [event("alt_1_a"), event("alt_1_b", status="error")])
        status, out, err = stats(form)
        assert (status, err) == (0, "")
        assert "Slowest" not in out
        if form == "--text":
            assert out == "HRM Layer Stats (last 1000 events):\n- altitude: 2 ops, avg 0ms, 1 error\n"

    def test_future(self, stats: Run, tmp_path: Path) -> None:
        """A trace from tomorrow is asked about; what is a minute ahead is not."""
        for ahead, asked in ((timedelta(days=1), True), (timedelta(minutes=1), False)):
            moment = (datetime.now(UTC) + ahead).isoformat(timespec="microseconds")
            write(tmp_path / "trace.jsonl", [event("alt_1_a", timestamp=moment)])
            status, out, _ = stats("--table")
            assert status == 0
            assert ("future" in out) is asked

    @pytest.mark.parametrize("form", ["--text", "--table", "--json", "--csv"])
    def test_no_times(self, stats: Run, tmp_path: Path, form: str) -> None:
        """Timestamps that are none are left out; whatever they are, they are text."""
        times = ["", "soon", EVIL, "9999-99-99T99:99:99.999999+00:00", "x" * 26 + "+00:00"]
        events = [event(f"alt_1_{at}", timestamp=time, status="error") for at, time in enumerate(times)]
        write(tmp_path / "trace.jsonl", events)
        status, out, err = stats(form)
        assert (status, err) == (0, "")
        assert "5" in out

    @pytest.mark.parametrize("form", ["--text", "--table", "--json", "--csv"])
    def test_odd_durations(self, stats: Run, tmp_path: Path, form: str) -> None:
        """Durations of any kind and size are no trouble."""
        odd: list[Any] = [10**30, -5, True, 1.5, "5", None, [1], {"a": 1}, 2**63, 0]
        events = [event(f"alt_1_{at}", metadata={"duration_us": each}) for at, each in enumerate(odd)]
        write(tmp_path / "trace.jsonl", [*events, event("alt_1_x", duration_ms=10**25)])
        assert stats(form, "--slowest", "0")[0] == 0
        status, out, err = stats(form, "--slowest", "20")
        assert (status, err) == (0, "")
        assert "rue" not in out
        if form == "--json":
            (group,) = json.loads(out)["groups"]
            assert (group["spans"], group["max_us"]) == (5, 10**15)

    def test_bad_lines(self, stats: Run, trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """They are skipped, counted, and the count said on stderr with the first place."""
        expected = stats("--all", "--json")[1]
        with trace.open("ab") as file:
            file.write(b"torn\n\n{}\n")
        said = f"trace.jsonl: 2 bad lines skipped, the first at trace.jsonl:{len(SOME) + 1}\n"
        assert stats("--all", "--json") == (0, expected, said)
        monkeypatch.setattr(processes, "WORTHWHILE", 40_000)
        assert stats("--all", "--json", "--jobs", "3") == (0, expected, said)


class TestHostile:
    """Text that would act on the terminal."""

    @pytest.mark.parametrize(
        "arguments",
        [["--table"], ["--text"], ["--json"], ["--csv"], ["--trace-id", f"alt_1_{EVIL}"],
         ["--compare", "trace.jsonl", "trace.jsonl"], ["--compare", "trace.jsonl", "trace.jsonl", "--text"],
         ["--compare", "trace.jsonl", "trace.jsonl", "--csv"]],
    )  # fmt: skip
    def test_escaped(self, tmp_path: Path, arguments: list[str]) -> None:
        """Nothing of it reaches the terminal, in whatever form."""
        by = [] if "--trace-id" in arguments else ["--by", "layer,operation,component,status,hour"]
        events = [
            event(
                f"alt_1_{EVIL}", EVIL, hrm_layer=EVIL, status=status, operation=EVIL, component=EVIL,
                input_summary=EVIL, timestamp=EVIL if by and status == "error" else BEGIN.isoformat(),
                metadata={"duration_us": 5, "error": EVIL, "error_type": EVIL, "error_at": EVIL},
            )
            for status in (EVIL, "error")
        ]  # fmt: skip
        write(tmp_path / "trace.jsonl", events)
        code = CODE.format(arguments=[*by, *arguments])
        with Terminal(code, tmp_path, columns=400, env=ON_TERMINAL) as terminal:
            assert terminal.ended(60) == 0
            shown = terminal.raw.decode().replace("\r\n", "\n")
        assert not set(shown) & {"\x1b", "\x9b", "\u202e", "\r", "\u2028"}
        assert "x[/red]" in shown


class TestTerminal:
    """On a terminal."""

    @pytest.mark.parametrize("columns", [40, 80])
    def test_table(self, trace: Path, columns: int) -> None:
        """Tables, with the IDs for the viewer, no wider than the window."""
        code = CODE.format(arguments=["--all", "--slowest", "3"])
        with Terminal(code, trace.parent, rows=40, columns=columns, env=ON_TERMINAL) as terminal:
            assert terminal.ended(60) == 0
            assert b"\x1b" not in terminal.raw
            golden(f"stats/terminal-{columns}", terminal.text)

    def test_colours(self, trace: Path) -> None:
        """Layers have the console's colours, where colour is wanted."""
        code = CODE.format(arguments=["--all"])
        with Terminal(code, trace.parent, env={**ON_TERMINAL, "NO_COLOR": ""}) as terminal:
            assert terminal.ended(60) == 0
            assert b"\x1b[36maltitude" in terminal.raw

    def test_path(self, trace: Path) -> None:
        """The critical path."""
        code = CODE.format(arguments=["--trace-id", "alt_1768312890_0001"])
        with Terminal(code, trace.parent, env={**ON_TERMINAL, "NO_COLOR": ""}) as terminal:
            assert terminal.ended(60) == 0
            assert "critical path, 6" in terminal.text
            assert b"\x1b[36m[alt]" in terminal.raw

    def test_progress(self, trace: Path) -> None:
        """A long read says how far it is, on stderr, if that is a terminal, and leaves nothing there."""
        long = f"from dopejar_tracing.cli import summing\nsumming.LONG = summing._OFTEN = 0\n{CODE}"
        for jobs in ("1", "3"):
            few = "import dopejar_tracing.read.sums.summing as s\ns.WORTHWHILE = 40_000\ns._OFTEN = 10_000\n"
            code = few + long.format(arguments=["--all", "--jobs", jobs])
            with Terminal(code, trace.parent, rows=40, env=ON_TERMINAL) as terminal:
                assert terminal.ended(60) == 0
                assert "━".encode() in terminal.raw
                assert "━" not in terminal.text
                assert terminal.text.startswith("layer ")

    def test_no_progress(self, stats: Run, trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Elsewhere it does not."""
        monkeypatch.setattr(summing, "LONG", 0)
        assert stats("--all")[2] == ""


class TestPipe:
    """Into a pipe."""

    @pytest.mark.parametrize("option", ["--text", "--table", "--json", "--csv", "--follow"])
    def test_closed(self, trace: Path, option: str) -> None:
        """A reader that has seen enough is no error, also while more comes."""
        asked = f"dopejar_tracing stats --by hour --all {option}"
        shell = f"{sys.executable} -m {asked} | true; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", shell], cwd=trace.parent, env=clean_environment(), capture_output=True, timeout=300
        )
        assert (done.stdout, done.stderr) == (b"0\n", b"")


class TestInterrupted:
    """Ctrl-C."""

    def test_several_processes(self, tmp_path: Path) -> None:
        """It ends all processes without a word, and with 130, also while they are being started."""
        write(tmp_path / "trace.jsonl", some_events(500))
        code = (
            "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "import dopejar_tracing.read.sums.summing as s\ns.WORTHWHILE = 1\n"
            "s.sum_up = lambda *_: signal.pause()  # long work\n"
            "from dopejar_tracing.cli import main\nsys.exit(main(sys.argv[1:]))"
        )
        for started in (1, 2, 3, 4, 16):
            with subprocess.Popen(
                [sys.executable, "-c", code, "stats", "--all", "--jobs", "16", "--json"],
                cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True,
            ) as process:  # fmt: skip
                self.wait_for_children(process, started)
                os.killpg(process.pid, signal.SIGINT)
                out, err = process.communicate(timeout=300)
            assert (process.returncode, out, err) == (130, b"", b"")

    def wait_for_children(self, process: subprocess.Popen[bytes], count: int) -> None:
        """Until it has started so many processes."""
        wait_until(lambda: self.children(process.pid) >= count, 60)

    def children(self, pid: int) -> int:
        """How many processes it has started."""
        return len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


class TestFollow:
    """`--follow`."""

    @pytest.fixture
    def following(self, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
        """Starts the command, into a file."""
        started: list[subprocess.Popen[bytes]] = []

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            with (tmp_path / "out").open("wb") as out:
                process = subprocess.Popen(
                    [sys.executable, "-c", FOLLOWS, "stats", "--follow", *arguments],
                    cwd=tmp_path, env=clean_environment(), stdout=out, stderr=subprocess.PIPE,
                )  # fmt: skip
            started.append(process)
            return process

        yield start
        for process in started:
            process.kill()
            process.communicate()

    def append(self, path: Path, *events: TraceEvent) -> None:
        """More lines."""
        with path.open("ab") as file:
            file.write(b"".join(line(one) + b"\n" for one in events))

    def until_row(self, terminal: Terminal, layer: str, count: int) -> None:
        """Until the layer's row has that count."""
        terminal.until(lambda: re.search(rf"{layer} +{count} ", terminal.text), 60)

    def test_terminal(self, tmp_path: Path) -> None:
        """The table is kept up to date, through rotation; Ctrl-C leaves it, with exit status 130."""
        path = write(tmp_path / "trace.jsonl", [span("mem_1_a", "alt_1_r", 0, 4_000, operation="write")])
        code = CODE.format(arguments=["--follow"])
        with Terminal(code, tmp_path, rows=24, columns=100, env=ON_TERMINAL) as terminal:
            self.until_row(terminal, "memory", 1)
            terminal.until("last 1000 events, and what came since: 1 from", 60)
            self.append(path, span("alt_1_r", None, 0, 9_000, operation="plan"))
            self.until_row(terminal, "altitude", 1)
            path.rename(tmp_path / "trace.jsonl.20260114T140000.000000")
            self.append(path, span("alt_1_s", None, 1, 7_001, status="error", operation="plan"))
            self.until_row(terminal, "altitude", 2)
            self.append(path, *[span(f"lrn_1_{at}", None, 0, 5) for at in range(3)])
            self.until_row(terminal, "learning", 3)
            terminal.until(lambda: terminal.text.endswith(" alt_1_s\n"), 60)  # the whole picture is there
            terminal.type("\x03")
            assert terminal.ended(60) == 130
            golden("stats/followed", terminal.text)

    def test_not_there_yet(self, tmp_path: Path) -> None:
        """A file that does not exist yet is waited for; meanwhile the table is empty."""
        code = CODE.format(arguments=["--follow", "later.jsonl"])
        with Terminal(code, tmp_path, env=ON_TERMINAL) as terminal:
            terminal.until("what came since: 0", 60)
            self.append(tmp_path / "later.jsonl", event("alt_1_a"))
            self.until_row(terminal, "altitude", 1)
            terminal.type("\x03")
            assert terminal.ended(60) == 130

    @pytest.mark.parametrize("option", ["--text", "--json", "--csv"])
    def test_pipe(
        self, tmp_path: Path, following: Callable[..., subprocess.Popen[bytes]], option: str, stats: Run
    ) -> None:
        """What is no table comes once, at the end; the filters hold for what comes."""
        path = write(tmp_path / "trace.jsonl", SOME[:5])
        process = following("--all", "--hrm", "alt,mem", option, "--utc")
        self.wait_for(tmp_path, 0)
        self.append(path, *SOME[5:])
        self.wait_for(tmp_path, len(SOME) - 5)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
        found = (tmp_path / "out").read_text("utf-8").replace(", and what came since", "")
        assert found == stats("--all", "--hrm", "alt,mem", option)[1]

    def wait_for(self, folder: Path, count: int) -> None:
        """Until it has added up so many lines that came."""
        polled = folder / "polled"
        wait_until(lambda: polled.exists() and polled.read_text() == f"{count}.", 60)

    def test_standard_input(self, trace: Path) -> None:
        """A pipe is read to its end; on a terminal, too, the table stands there then."""
        done = command("--all", "--follow", "--json", "-", cwd=trace.parent, said=trace.read_bytes())
        assert done.returncode == 0
        assert json.loads(done.stdout)["events"] == len(SOME)
        done = command("--all", "--follow", "--table", "-", cwd=trace.parent, said=trace.read_bytes())
        assert b"altitude" in done.stdout

    def test_no_rotated(self, tmp_path: Path, following: Callable[..., subprocess.Popen[bytes]]) -> None:
        """What came before the file is left out, if so wished."""
        write(tmp_path / "trace.jsonl.20260113T140000.000000", SOME[:50])
        write(tmp_path / "trace.jsonl", SOME[50:53])
        process = following("--all", "--no-rotated", "--json")
        self.wait_for(tmp_path, 0)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert json.loads((tmp_path / "out").read_text("utf-8"))["events"] == 3
